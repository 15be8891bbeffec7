"""Addresses read by the kernel are those that ``standardise`` reads; all that it does not read, it says so."""

from __future__ import annotations

import csv
import random
import threading
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mpi.columns.address_book import LONGEST_BEGINNING, OTHER, WHOLE, AddressBook, AddressLessons, find
from mpi.columns.address_places import is_office, read_places
from mpi.columns.addresses import IRREGULAR, LONGEST, READ, ROOM_FOR_TEXT, SCRATCH, UNKNOWN, read_address
from mpi.columns.characters import Points
from mpi.columns.jit import kernel
from mpi.columns.layout import ADDRESS, CELLS, Raw
from mpi.records import Address
from mpi.standardise import addresses, han_addresses
from mpi.standardise.han_addresses import NUMERALS, OFFICES, decided_division, read_division, tidy
from mpi.standardise.placeholders import is_placeholder_address
from mpi.standardise.table_files import word_lists
from training.population import generate

Text = tuple[str, str]  # text, division

SEED, PERSONS, MUTATED = 20_26, 800, 4_000
GOLDEN = Path(__file__).parents[1] / "golden" / "addresses.csv"
MEANINGFUL = """
号 栋 幢 单元 室 楼 层 组 社 队 附 之 弄 # - -- A b c f no 0 1 2 3 12 305 1204 一 二 十 百 零 〇 两 三十二
村 社区 居委会 村民 小组 小 镇 街道 街道办 路 街 道 大道 巷 胡同 支路 段 小区 期 区 县 市 ３ １２ Ａ 号楼 号院
号附 单 元 门 房 户 座 院 线 库 3-2-1204 2-12-4 12号附3号 3# （ ） ( ) 【 】 ， , 、 。 . : ; ~ _ / — – · ＃ －
6组 村6组 村民委会 1单元 12f (3) 中国 中华人民共和国 重庆市 渝中区 重慶 縣 區 號 樓 棟 單元 四川省 成都 市辖区
花园 公寓 同上 不详 无 é ㎡ ½ 𠮷
"""
TOKENS = [*MEANINGFUL.split(), " ", "\u3000", "\t"]
DIVISIONS = ("", "500103", "500112", "50", "510202", "500103001", "５００１０３", "0", "999999", "重庆")
DETAIL = "0123456789" * 3 + "abfno-##" + "号栋单元室楼层组社弄附之门房户区期小村民座院"
HEADS = ("石家村", "石家村6组", "渝中区石油路", "黄岭正街", "北城天街社区", "北城天街社区石油路", "龙湖花园", "中国", "")

detail = st.text(st.sampled_from(DETAIL), max_size=14)
text = st.one_of(
    st.lists(st.sampled_from(TOKENS), max_size=12).map("".join),
    st.tuples(st.sampled_from(HEADS), detail).map("".join),
    st.tuples(st.sampled_from(HEADS), st.lists(st.sampled_from(TOKENS), max_size=8).map("".join)).map("".join),
)


@kernel
def _read_all(book: AddressBook, raw: Raw, points: Points, texts: npt.NDArray[np.uint32], out: npt.NDArray[np.int64]) -> None:
    for q in range(len(raw.cells)):
        out[q, 0], out[q, 1], out[q, 2] = read_address(book, raw, q, ADDRESS, points, texts[q])


def received(items: list[Text]) -> Raw:
    data, cells = bytearray(), np.zeros((len(items), CELLS), np.int32)
    for q, item in enumerate(items):
        for column, value in zip((ADDRESS, ADDRESS + 2), item, strict=True):
            encoded = value.encode()
            cells[q, column : column + 2] = len(data), len(encoded)
            data += encoded
    return Raw(np.array([*data, 0], np.uint8), cells)


def read(book: AddressBook, items: list[Text]) -> list[tuple[int, str, int]]:
    """(status, text, division) of each, in one call of the kernel."""
    texts, out = np.zeros((len(items), ROOM_FOR_TEXT), np.uint32), np.zeros((len(items), 3), np.int64)
    scratch = np.full(SCRATCH + 100, 7, np.uint32)
    _read_all(book, received(items), scratch, texts, out)
    assert scratch[SCRATCH:].tolist() == [7] * 100
    return [
        (status, "".join(map(chr, row[:length])), division)
        for (status, length, division), row in zip(out.tolist(), texts, strict=True)
    ]


@cache
def lessons() -> AddressLessons:
    return AddressLessons()


def taught(items: list[Text], own: AddressLessons | None = None) -> list[tuple[int, str, int]]:
    """As ``read`` when all that was UNKNOWN has been taught."""
    own = lessons() if own is None else own
    own.teach([item for item, (status, _, _) in zip(items, read(own.book, items), strict=True) if status == UNKNOWN])
    return read(own.book, items)


def check(items: list[Text]) -> float:
    """Each address is read as ``standardise`` reads it, or is irregular; returns the share of those read."""
    found = taught(items)
    for (text, division), (status, standard_text, standard_division) in zip(items, found, strict=True):
        assert status in (READ, IRREGULAR), (text, division)
        if status == READ:
            reading = addresses.read_address(Address(text=text, division=division, postcode="400010"))
            assert reading.address is not None
            assert not reading.placeholder, (text, division)
            expected = (reading.address.text, reading.address.division)
            assert (standard_text, standard_division) == expected, (text, division)
    return sum(status == READ for status, _, _ in found) / max(len(items), 1)


@cache
def synthetic() -> list[Text]:
    print(f"seed {SEED}")
    population = generate(PERSONS, seed=SEED)
    return [(address.text, address.division) for record in population.records for address in record.addresses]


def mutated(items: list[Text], count: int) -> list[Text]:
    """Some tokens put in, put in another's place, or cut out."""
    chance, made = random.Random(SEED), []
    for _ in range(count):
        text, division = chance.choice(items)
        for _ in range(chance.choice((1, 1, 2, 3))):
            at = chance.randrange(len(text) + 1)
            text = text[:at] + chance.choice((*TOKENS, "", "")) + text[at + chance.choice((0, 0, 1, 2)) :]
        made.append((text, division if chance.random() < 0.8 else chance.choice(DIVISIONS)))
    return made


def test_synthetic_addresses_are_read_as_ever():
    """At least 96 % by the kernel."""
    assert len(synthetic()) > 1_000
    assert check(synthetic()) >= 0.96


def test_mutated_addresses_are_read_as_ever():
    assert check(mutated(synthetic(), MUTATED)) > 0.5


def test_golden_addresses_are_read_as_ever():
    with GOLDEN.open(encoding="utf-8", newline="") as file:
        items = [(row["text"], row["division"]) for row in csv.DictReader(file)]
    check(items)
    check(mutated(items, MUTATED))


@given(st.lists(st.tuples(text, st.sampled_from(DIVISIONS)), min_size=1, max_size=20))
@example([("石家村6组", ""), ("石家村6组黄岭路12号", ""), ("石家村6组12号", ""), ("石家村6社-3", "")])
@example([("中国", ""), ("中国1", ""), ("中国12号", ""), ("中国街3", "500103"), ("中国街", "500103")])
@example([("石油路12号附3号4栋5楼6号", ""), ("石油路12弄3号", ""), ("石油路12弄3", ""), ("石油路12-345", "")])
@example([("石油路3-2-12-4", ""), ("石油路3栋12-4", ""), ("石油路3楼4", ""), ("石油路3楼3-2-4", ""), ("石油路1-2-3-4-5", "")])
@example(
    [("石油路12号b区3#", ""), ("石油路12号花园b区3#", ""), ("石油路b区", ""), ("龙湖3b区", ""), ("石油路12号3区b区", "")]
)
@example(
    [("龙湖花园b区3b座", ""), ("龙湖3区", ""), ("龙湖3区a区2-", ""), ("龙湖花园no12号", ""), ("北城天街社区龙湖花园3#楼", "")]
)
@example(
    [("重慶市渝中區石油路１２號Ａ栋", ""), ("石油路十二号二十三栋一百零五室", ""), ("石家村二〇三室", ""), ("石家三社区", "")]
)
@example([("石油路12 号 3，4", ""), ("石油路(12号)3--4【", ""), ("（石油路）12号", "500103"), ("石油路12、b-", "")])
def test_any_text_of_meaningful_tokens_is_read_as_ever(items: list[Text]):
    check(items)


@given(st.lists(st.tuples(st.text(max_size=12), st.sampled_from(DIVISIONS)), min_size=1, max_size=20))
def test_any_text_is_read_as_ever(items: list[Text]):
    check([(text.encode("utf-8", "ignore").decode(), division) for text, division in items])


@pytest.mark.parametrize(
    ("text", "division", "expected"),
    [
        ("重庆市渝中区石油路12号龙湖时代天街3栋2单元12-4", "", "石油路12号龙湖时代天街3栋2单元1204室"),
        ("渝中区石油路１２号三栋二单元B1", "", "石油路12号3栋2单元b1室"),
        ("重慶市渝中區石油路12號", "", "石油路12号"),
        ("石油路 12号（后门）", "500103", "石油路12号"),
        ("忠县汝溪镇九亭村四组12号", "", "12号九亭村4组"),
        ("", "500103", ""),
    ],
)
def test_common_forms_are_read_by_the_kernel(text: str, division: str, expected: str):
    assert taught([(text, division)])[0][:2] == (READ, expected)


@pytest.mark.parametrize(
    "item",
    [
        ("", ""),
        ("", "999999"),
        ("不详", ""),
        ("不详", "500103"),
        ("（不详）", "500103"),
        ("12 Main Street", "500103"),
        ("石油路\t12号", ""),
        ("石油路½号", ""),
        ("石油路𠮷12号", ""),
        ("石家村6组黄岭路12号", ""),
        ("石" * (LONGEST + 1), ""),
        ("石" * (LONGEST_BEGINNING + 1) + "1号", ""),
        ("石油路12号", "5" * 25),
        ("十" * 10 + "号", ""),
    ],
)
def test_what_is_out_of_the_ordinary_is_irregular(item: Text):
    assert taught([item])[0][0] == IRREGULAR


def test_longest_texts_fit():
    """A numeral and its unit may double, and words are put in."""
    items = [("百号" * (LONGEST // 2), ""), ("石油路1" + "十号" * 90 + "3-2-4-5", ""), ("号1" * 100, ""), ("1号" * 100, "")]
    check(items)
    assert max(len(text) for _, text, _ in taught(items)) <= ROOM_FOR_TEXT


def test_a_beginning_is_unknown_until_it_is_taught_and_its_doors_are_known_with_it():
    own = AddressLessons(16)
    doors = [("黄岭正街3号", "500101"), ("黄岭正街4号2栋", "500101"), ("黄岭正街", "500101")]
    assert [status for status, _, _ in read(own.book, doors)] == [UNKNOWN] * 3
    own.teach(doors[:1])
    assert read(own.book, doors) == [
        (READ, "黄岭正街3号", 500101),
        (READ, "黄岭正街4号2栋", 500101),
        (READ, "黄岭正街", 500101),
    ]
    assert read(own.book, [("黄岭正街3号", "500102")])[0][0] == UNKNOWN  # another division, another lesson
    own.teach(doors[1:2])
    assert own.entries == 1
    assert read(own.book, [("渝中区黄岭正街3号", "500103")])[0][0] == UNKNOWN
    own.teach([("渝中区北城路3号", "500103")])  # another street
    assert read(own.book, [("渝中区黄岭正街3号", "500103")]) == [(READ, "黄岭正街3号", 500103)]


CHAINS = (
    "",
    "重庆市",
    "重庆",
    "渝中区",
    "渝中",
    "万州",
    "万州区",
    "四川省",
    "成都市",
    "昌都市",
    "卡若区",
    "中国",
    "市辖区",
    "县",
)
TOWNS = (
    "",
    "石油路街道",
    "汝溪镇",
    "汝溪乡",
    "石油街道办",
    "石油街道办事处",
    "大镇",
    "东西乡",
    "社区镇",
    "镇",
    "乡",
    "路",
    "办",
)
after = st.text(st.sampled_from("路街巷大小花社东西南北中办事道园区村石油乡镇县市城桥关一1"), max_size=8)
starts = st.tuples(st.lists(st.sampled_from(CHAINS), max_size=4).map("".join), st.sampled_from(TOWNS), after).map("".join)


@given(starts, after, st.sampled_from(DIVISIONS))
def test_what_decides_the_divisions_decides_them_whatever_follows(start: str, other: str, division: str):
    given_code = addresses.given_division(division)
    decided = decided_division(start, given_code)
    if decided is not None:
        end, code, position = decided
        assert read_division(start, given_code) == (code, "", position)
        assert read_division(start[:end] + other, given_code) == (code, "", position)
        assert decided_division(start[:end] + other, given_code) == decided


@kernel
def _places(s: Points, start: int, count: int, out: npt.NDArray[np.int64]) -> None:
    village, road, left = read_places(s, start, count)
    out[0], out[1], out[2], out[3] = village, road, left, is_office(s, village, road)


PLACE_WORDS = """
街道办事处 街道办 街道 地区办事处 镇 乡 苏木 村民委会 村委会 居委会 社区 村 大道 大街 公路 路 街 巷 胡同 弄 道
支路 支巷 横街 后街 段 小区 公寓 花园 东 西 南 北 中 区 一区 九 大 小
办 事 处 民 委 会 居 社 公 胡 同 支 横 后 石 黄岭 石油天然气 abc #
"""
places = st.lists(st.sampled_from(PLACE_WORDS.split()), max_size=9).map("".join)


@settings(max_examples=2_000, deadline=None)
@given(places, st.sampled_from(["", "1", "12号", "3道"]), st.integers(0, 2))
@example("石油街道办路", "", 0)
@example("石油路街道", "1", 0)
@example("石居民委会", "", 0)
@example("石油道", "", 0)
@example("石油道", "3路", 0)
@example("石油路天街段", "", 0)
@example("一二三四五六七八镇一二三四五六七八村一二三四五六七八九十路一二三段", "", 0)
@example("一二三四五六七八九镇", "", 0)
@example("一二三四五六七八九十石路", "", 0)
def test_town_village_and_road_are_told_as_ever(text: str, behind: str, start: int):
    """Whatever stands before them; behind them stands a digit, or nothing."""
    s = np.array([*map(ord, "县" * start + text + behind), 0, 0], np.uint32)
    out = np.zeros(4, np.int64)
    _places(s, start, start + len(text), out)
    _, village, road, left = han_addresses.read_places(text)
    *found, office = out.tolist()
    left_start = start + len(text) - len(left)
    road_start = left_start - len(road)
    assert found == [road_start - len(village), road_start, left_start]
    assert bool(office) == village.endswith(OFFICES)


@given(st.lists(st.tuples(st.tuples(starts, detail).map("".join), st.sampled_from(DIVISIONS)), min_size=1, max_size=20))
@example([("万州区合街道石村1号", ""), ("万州区合街道办岩镇石村1号", ""), ("万州区合街道办事处石村1号", "")])
def test_parts_learnt_apart_are_put_together_as_ever(items: list[Text]):
    check(items)


def test_a_placeholder_before_a_digit_is_none():
    assert [status for status, _, _ in taught([("本地", ""), ("本地12号", "")])] == [IRREGULAR, READ]


def test_a_full_book_starts_over_and_the_old_one_stays_readable():
    own = AddressLessons(4)
    first = [(f"{name}路1号", "") for name in "甲乙丙丁"]
    assert all(status == READ for status, _, _ in taught(first, own))
    old = own.book
    fifth = ("戊路1号", "")
    own.teach([fifth])
    assert own.entries == 1
    assert [status for status, _, _ in read(own.book, [*first, fifth])] == [UNKNOWN] * 4 + [READ]
    assert [status for status, _, _ in read(old, [*first, fifth])] == [READ] * 4 + [UNKNOWN]


def test_long_keys_fill_a_book_early():
    own = AddressLessons(4)
    items = [(f"{name * LONGEST_BEGINNING}1号", "500103".rjust(24, "0")) for name in "甲乙丙丁"]
    for item in items:
        own.teach([item])
        assert read(own.book, [item])[0][0] == READ
    assert own.entries < len(items)


def test_another_beginning_with_the_same_hash_is_not_taken_for_it():
    own = AddressLessons(4)
    own.teach([("甲路1号", "")])
    own.book.keys[0] += 1
    beginning = np.array([ord(character) for character in "甲路"], np.uint32)
    assert _find(own.book, beginning, np.zeros(0, np.uint8)) == OTHER
    assert read(own.book, [("甲路1号", "")])[0][0] == IRREGULAR


@kernel
def _find(book: AddressBook, beginning: Points, division: npt.NDArray[np.uint8]) -> int:
    return find(book, WHOLE, beginning, len(beginning), division)


def test_several_threads_may_teach():
    own = AddressLessons(256)
    items = [(f"{chr(0x4E00 + 7 * n)}路{n}号", "") for n in range(200)]
    threads = [threading.Thread(target=lambda: [own.teach([item]) for item in items]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    known = [item for item, (status, _, _) in zip(items, read(own.book, items), strict=True) if status != UNKNOWN]
    assert known == items
    assert own.entries <= len(items)


def test_no_placeholder_has_a_digit_when_tidied():
    """So a text with a digit is none, even if the digit was a Han numeral or full-width: the kernel asks no further."""
    words = word_lists("placeholders")
    assert [word for word in words["any"] | words["address"] if any(map(str.isdigit, word))] == []
    counted = "号栋幢单室楼层座组社队弄"
    assert [word for word in words["any"] | words["address"] if set(word) & set(NUMERALS) and set(word) & set(counted)] == []
    assert not is_placeholder_address("三组")
    assert tidy("三组") == "3组"
