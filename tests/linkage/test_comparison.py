"""Agreement levels: a case for each level, and what must hold for any two values (symmetry, bounds, compiled = plain)."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpi.linkage import comparison, digits
from mpi.linkage.borrow import borrow
from mpi.linkage.comparison import (
    DERIVED_BIT,
    KIND_CODES,
    LEVEL_DESCRIPTIONS,
    LEVELS,
    category_level,
    date_level,
    feature_level,
    identifier_level,
    name_level,
    number_level,
    phone_level,
    sketch_similarity,
    text_level,
)
from mpi.linkage.jit import kernel
from mpi.linkage.values import BASE, ValueBuilder, Values, identifier_code, number_code
from mpi.records import IdentifierType, StandardIdentifier, StandardText

COMPILES = settings(deadline=None, max_examples=200)  # a first call compiles

Side = StandardText | str


def resident(body: str) -> int:
    """Code of a resident number; a body of 17 digits gets its right check character."""
    if len(body) == 17:
        total = sum(int(d) * w for d, w in zip(body, (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), strict=True))
        body += "10X98765432"[total % 11]
    return identifier_code(StandardIdentifier(type=IdentifierType.RESIDENT_ID, value=body))


def identifier(kind: IdentifierType, value: str, issuer: str = "") -> int:
    return identifier_code(StandardIdentifier(type=kind, value=value, issuer=issuer))


def sides(a: Side, b: Side) -> tuple[Values, int, Values, int]:
    """The two values in buffers of their own, as a query and the dictionary hold them."""
    left, right = ValueBuilder(), ValueBuilder()
    right.add("in the way")
    (i, _), (j, _) = left.add(a), right.add(b)
    return left.build(), i, right.build(), j


def name(a: Side, b: Side, swapped: bool = False) -> str:
    va, i, vb, j = sides(a, b)
    level = name_level(va, i, vb, j, swapped)
    assert level == name_level(vb, j, va, i, swapped)
    assert level == name_level.py_func(va, i, vb, j, swapped)
    return LEVELS["name"][level]


def text(a: str, b: str, div_a: int = 0, div_b: int = 0) -> str:
    va, i, vb, j = sides(a, b)
    level = text_level(va, i, vb, j, div_a, div_b)
    assert level == text_level(vb, j, va, i, div_b, div_a)
    assert level == text_level.py_func(va, i, vb, j, div_a, div_b)
    return LEVELS["text"][level]


SOUND = {"建国": "jianguo", "健国": "jianguo", "王": "wang", "汪": "wang", "芳": "fang", "方": "fang"}


def han(given: str, sound: str = "", fold: str = "") -> StandardText:
    sound = sound or SOUND.get(given, "")
    return StandardText(text=given, sound=sound, fold=fold or sound)


@pytest.mark.parametrize(
    ("a", "b", "swapped", "expected"),
    [
        ("smith", "smith", False, "exact"),
        ("smith", "", False, "missing"),
        ("", "", False, "missing"),
        (han("建国"), han("健国"), False, "same_sound"),
        (han("建国"), han("健国"), True, "same_sound"),
        (StandardText("smith", "SM0", "SM0"), StandardText("smyth", "SM0", "SM0"), False, "same_sound"),
        (han("娜", "na", "la"), han("拉", "la", "la"), False, "same_folded_sound"),
        (StandardText("bob", "PP", "robert"), StandardText("robert", "RPRT", "robert"), False, "same_folded_sound"),
        ("john", "smith", True, "swapped"),
        ("ann mary", "mary ann", False, "swapped"),
        (han("建国"), han("建军", "jianjun"), False, "one_edit"),
        (han("建国"), han("国建", "guojian"), False, "one_edit"),
        (han("小建国", "xiaojianguo"), han("建国"), False, "one_edit"),
        (han("芳"), han("丽", "li"), False, "different"),
        (han("芳"), han("丽芳", "lifang"), False, "part"),
        (han("芳"), han("芳丽", "fangli"), False, "part"),
        (han("建国"), han("王", "wang"), False, "different"),
        ("jo", "jon", False, "part"),
        ("al", "la", False, "different"),
        ("li", "lu", False, "different"),
        ("li", "wu", False, "different"),
        ("jon", "john", False, "one_edit"),
        ("jon", "jan", False, "one_edit"),
        ("maria", "marai", False, "one_edit"),
        ("alexander", "aleksander", False, "similar"),
        ("dixon", "dicksonx", False, "somewhat_similar"),
        ("j", "john", False, "part"),
        ("n", "john", False, "different"),
        ("mary", "annabelmary", False, "part"),
        ("anna", "annabel maria", False, "somewhat_similar"),
        (han("扎西", "zhaxi"), han("扎西多吉", "zhaxiduoji"), False, "part"),
        (han("阿卜杜拉", "abudula"), han("阿布都拉力", "abudulali"), False, "different"),
        ("smith", "jones", False, "different"),
        ("smith", "史密斯", False, "different"),
    ],
)
def test_name_levels(a: Side, b: Side, swapped: bool, expected: str) -> None:
    assert name(a, b, swapped) == expected


def test_empty_sounds_never_agree() -> None:
    assert name(StandardText("wolfgang", "", ""), StandardText("bertram", "", "")) == "different"


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (19800512, 19800512, "exact"),
        (19800512, 19801205, "day_month_swapped"),
        (19800512, 19800513, "one_digit"),
        (19800512, 19900512, "one_digit"),
        (19800512, 19800521, "one_digit"),
        (19800512, 19080512, "one_digit"),
        (19800512, 19800527, "near"),
        (19791231, 19801231, "near"),
        (19800512, 19800000, "partial"),
        (19800500, 19800512, "partial"),
        (19800500, 19800500, "partial"),
        (19800000, 19800000, "partial"),
        (19800500, 19800000, "partial"),
        (19800500, 19800612, "different"),
        (19810000, 19800612, "different"),
        (19800512, 19930730, "different"),
        (19800512, 0, "missing"),
        (0, 0, "missing"),
        (19800512 | DERIVED_BIT, 19800512, "missing"),
        (19800512 | DERIVED_BIT, 19800512 | DERIVED_BIT, "missing"),
        (19800000, 512, "missing"),
        (512, 512, "partial"),
        (19800012, 19800512, "partial"),
    ],
)
def test_date_levels(a: int, b: int, expected: str) -> None:
    assert LEVELS["date"][date_level(a, b)] == LEVELS["date"][date_level(b, a)] == expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [(1, 1, "same"), (1, 2, "different"), (0, 1, "missing"), (0, 0, "missing"), (1 | DERIVED_BIT, 1, "missing")],
)
def test_category_levels(a: int, b: int, expected: str) -> None:
    assert LEVELS["category"][category_level(a, b)] == LEVELS["category"][category_level(b, a)] == expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("12", "12", "exact"),
        ("12a", "12A", "exact"),
        ("12", "13", "one_edit"),
        ("12", "21", "one_edit"),
        ("12", "2", "one_edit"),
        ("012", "12", "one_edit"),
        ("3-2-501", "3-2-507", "one_edit"),
        ("1", "2", "different"),
        ("12", "34", "different"),
        ("400010", "400100", "one_edit"),
        ("12", "", "missing"),
        ("a very long number", "a very long numbeR", "exact"),
        ("a very long number", "a very long numbex", "different"),
    ],
)
def test_number_levels(a: str, b: str, expected: str) -> None:
    x, y = number_code(a), number_code(b)
    assert LEVELS["number"][number_level(x, y)] == LEVELS["number"][number_level(y, x)] == expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (13812345678, 13812345678, "exact"),
        (13812345678, 13812345679, "one_digit"),
        (13812345678, 13812354678, "one_digit"),
        (2365412345, 5412345, "same_ending"),
        (13812345678, 13992345678, "same_ending"),
        (13812345678, 18698765432, "different"),
        (110, 120, "one_digit"),
        (12345, 130012345, "different"),
        (13812345678, 0, "missing"),
    ],
)
def test_phone_levels(a: int, b: int, expected: str) -> None:
    assert LEVELS["phone"][phone_level(a, b)] == LEVELS["phone"][phone_level(b, a)] == expected


BODY = "50010319800512002"
TWIN = "50010319800512004"
CARD, INSURANCE, PASSPORT = IdentifierType.HEALTH_CARD, IdentifierType.MEDICAL_INSURANCE, IdentifierType.PASSPORT


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (resident(BODY), resident(BODY), "exact"),
        (resident(BODY), 0, "missing"),
        (resident("11010519491231002X"), resident("11010519491231003X"), "slip"),
        (resident("11010519491231002X"), resident("110105194912310021"), "slip"),
        (resident("11010519491231002X"), resident("1101051949123100X2"), "different"),
        (resident("11010519491231002X"), resident("11010519491321002X"), "slip"),
        (resident(BODY), resident(TWIN), "near_both_valid"),
        (resident("50010319800512009"), resident("50010319800512011"), "near_both_valid"),
        (resident("50010319800512009"), resident("50010319800512030"), "different"),
        (resident(BODY), resident("50010319810512002"), "near_both_valid"),
        (resident("11010519491231002X"), resident("110105194912310047"), "different"),
        (resident(BODY), resident("51020219930730112"), "different"),
        (resident(BODY), resident("no number at all"), "different"),
        (resident("no number at all"), resident("no number at alk"), "different"),
        (resident(BODY), identifier(PASSPORT, "E12345678"), "missing"),
        (identifier(PASSPORT, "E12345678"), identifier(PASSPORT, "E12345687"), "slip"),
        (identifier(PASSPORT, "E12345678"), identifier(PASSPORT, "12345678"), "slip"),
        (identifier(PASSPORT, "E12345678"), identifier(PASSPORT, "G98765432"), "different"),
        (identifier(PASSPORT, "E12345678901234"), identifier(PASSPORT, "E12345678901235"), "different"),
        (identifier(PASSPORT, "E12345678"), identifier(PASSPORT, "E12345678901235"), "different"),
        (identifier(CARD, "00123456"), identifier(CARD, "00123456"), "exact"),
        (identifier(CARD, "00123456", "cq"), identifier(CARD, "00123456", "cq"), "exact"),
        (identifier(CARD, "00123456", "cq"), identifier(CARD, "00123456", "cd"), "missing"),
        (identifier(CARD, "00123456", "cq"), identifier(CARD, "00123456"), "exact"),
        (identifier(CARD, "00123456", "cq"), identifier(CARD, "00123457"), "missing"),
        (identifier(CARD, "00123456", "cq"), identifier(CARD, "00123457", "cq"), "different"),
        (identifier(CARD, "00123456"), identifier(CARD, "00123457"), "slip"),
        (identifier(INSURANCE, "500000123456789012", "cq"), identifier(INSURANCE, "500000123456789012"), "exact"),
        (identifier(INSURANCE, "500000123456789012"), identifier(INSURANCE, "500000123456789013"), "different"),
        (identifier(CARD, "00123456", "cq"), identifier(INSURANCE, "00123456", "cq"), "missing"),
    ],
)
def test_identifier_levels(a: int, b: int, expected: str) -> None:
    assert LEVELS["identifier"][identifier_level(a, b)] == LEVELS["identifier"][identifier_level(b, a)] == expected


HOME = "人民路12号阳光花园3栋2单元501"


@pytest.mark.parametrize(
    ("a", "b", "divisions", "expected"),
    [
        (HOME, HOME, (500103, 500106), "exact"),
        (HOME, "人民路12号阳光花圆3栋2单元501", (0, 0), "very_similar"),
        ("12 stanley street", "12 stanley stret", (0, 0), "very_similar"),
        (HOME, "人民路12号阳光花园", (0, 0), "similar"),
        (HOME, "中山路88号", (500103, 500103), "same_district"),
        (HOME, "中山路88号", (500103, 500106), "same_city"),
        (HOME, "中山路88号", (500100, 500100), "same_city"),
        (HOME, "中山路88号", (500103, 500100), "same_city"),
        (HOME, "中山路88号", (500000, 500000), "different"),
        (HOME, "中山路88号", (500103, 500233), "different"),
        (HOME, "中山路88号", (500103, 0), "different"),
        (HOME, "中山路88号", (0, 0), "different"),
        (HOME, "中山路88号", (-77, -77), "same_district"),
        (HOME, "中山路88号", (-77, -78), "different"),
        (HOME, "中山路88号", (-77, 500103), "different"),
        (HOME, "", (500103, 500103), "missing"),
    ],
)
def test_text_levels(a: str, b: str, divisions: tuple[int, int], expected: str) -> None:
    assert text(a, b, *divisions) == expected


def test_sketches_of_one_text_are_equal_and_of_unrelated_texts_are_not() -> None:
    va, i, vb, j = sides(HOME, HOME)
    assert sketch_similarity(va, i, vb, j) == sketch_similarity.py_func(va, i, vb, j) == 1.0
    assert sketch_similarity(va, i, vb, 1) < 0.3
    assert sketch_similarity(va, 0, vb, 0) == 0.0


def test_kinds_levels_and_descriptions_fit_together() -> None:
    assert sorted(KIND_CODES.values()) == list(range(len(KIND_CODES)))
    assert set(LEVELS) == set(KIND_CODES) == set(LEVEL_DESCRIPTIONS)
    for kind, names in LEVELS.items():
        assert names[0] == "missing"
        assert len(set(names)) == len(names) == len(LEVEL_DESCRIPTIONS[kind]) == len(set(LEVEL_DESCRIPTIONS[kind]))
        assert all(text.strip() == text != "" for text in LEVEL_DESCRIPTIONS[kind])


# --- what must hold for any two values --------------------------------------------------------------------------------

LETTERS = st.sampled_from(["ab ", "王建国军", "a王\U00020000"]).flatmap(lambda a: st.text(a, max_size=7))
TEXTS = st.builds(StandardText, text=LETTERS, sound=st.sampled_from(["", "x", "y"]), fold=st.sampled_from(["", "f", "g"]))
DATES = st.builds(
    lambda y, m, d, derived: y * 10000 + m * 100 + d + (DERIVED_BIT if derived else 0),
    st.sampled_from([0, 1979, 1980, 1981, 1990]),
    st.sampled_from([0, 1, 2, 11, 12]),
    st.sampled_from([0, 1, 2, 10, 11, 12, 21]),
    st.booleans(),
)
BODIES = st.tuples(st.sampled_from([BODY, TWIN]), st.text("0128", max_size=3)).map(lambda t: t[0][: 17 - len(t[1])] + t[1])
IDENTIFIERS = st.one_of(
    st.just(0),
    BODIES.map(resident),
    st.tuples(BODIES, st.sampled_from("01X")).map(lambda t: resident(t[0] + t[1])),
    st.builds(
        identifier,
        st.sampled_from([CARD, PASSPORT, INSURANCE, IdentifierType.OTHER]),
        st.one_of(st.text("01A", max_size=4), st.just("A" * 15), st.just("A" * 14 + "B")),
        st.sampled_from(["", "cq", "cd"]),
    ),
)
INTEGERS = {
    "date": DATES,
    "category": st.one_of(st.integers(0, 3), st.just(1 | DERIVED_BIT)),
    "number": st.one_of(st.text("12A", max_size=4), st.sampled_from(["1" * 12, "1" * 11 + "2"])).map(number_code),
    "identifier": IDENTIFIERS,
    "phone": st.one_of(st.integers(0, 200), st.integers(13800000000, 13800000200), st.integers(8000000, 8000200)),
}
DIVISIONS = st.sampled_from([0, 500000, 500100, 500103, 500106, 510100, -5])


@st.composite
def cells(draw: st.DrawFn) -> tuple[int, Side, Side, int, int, bool, int, int]:
    """(kind, texts and codes of both sides, counterpart_equal, divisions)"""
    kind = draw(st.sampled_from(sorted(KIND_CODES)))
    flag, div_a, div_b = draw(st.booleans()), draw(DIVISIONS), draw(DIVISIONS)
    if kind in INTEGERS:
        return KIND_CODES[kind], "", "", draw(INTEGERS[kind]), draw(INTEGERS[kind]), flag, div_a, div_b
    return KIND_CODES[kind], draw(TEXTS), draw(TEXTS), 0, 0, flag, div_a, div_b


@COMPILES
@given(cells())
def test_levels_are_symmetric_bounded_and_the_same_compiled(cell: tuple[int, Side, Side, int, int, bool, int, int]) -> None:
    kind, text_a, text_b, a, b, flag, div_a, div_b = cell
    va, i, vb, j = sides(text_a, text_b)
    names = list(LEVELS)[[KIND_CODES[k] for k in LEVELS].index(kind)]
    if names in ("name", "text"):
        a, b = int(va.code[i]), int(vb.code[j])
    level = feature_level(kind, va, i, vb, j, a, b, flag, div_a, div_b)
    assert level == feature_level(kind, vb, j, va, i, b, a, flag, div_b, div_a)
    assert level == feature_level.py_func(kind, va, i, vb, j, a, b, flag, div_a, div_b)
    assert 0 <= level < len(LEVELS[names])
    if a == 0 or b == 0:
        assert level == 0
    elif a == b and names not in ("date", "category"):
        assert level == 1
    elif a != b and names != "identifier":
        assert level != 1
    partial_or_derived = a != 0 and b != 0 and names in ("date", "category")
    assert level > 0 or a == 0 or b == 0 or partial_or_derived or names == "identifier"


@COMPILES
@given(st.sampled_from(sorted(INTEGERS)).flatmap(lambda k: st.tuples(st.just(k), INTEGERS[k])))
def test_a_value_agrees_with_itself(case: tuple[str, int]) -> None:
    kind, value = case
    values = ValueBuilder().build()
    level = feature_level(KIND_CODES[kind], values, 0, values, 0, value, value, False, 0, 0)
    assert LEVELS[kind][level] in ("missing", "exact", "same", "partial")


@COMPILES
@given(st.text("012AB", min_size=1, max_size=8), st.text("012AB", min_size=1, max_size=8))
def test_one_edit_of_packed_text_is_one_edit_of_the_text(a: str, b: str) -> None:
    from jellyfish import damerau_levenshtein_distance

    expected = max(len(a), len(b)) > 1 and damerau_levenshtein_distance(a, b) <= 1
    assert digits.one_edit(number_code(a), number_code(b), BASE) == expected
    assert digits.one_edit.py_func(number_code(a), number_code(b), BASE) == expected


@COMPILES
@given(st.integers(0, 10**11), st.integers(0, 10), st.integers(0, 9))
def test_one_replaced_digit_is_found_anywhere(number: int, place: int, digit: int) -> None:
    shown = f"{number:012d}"
    replaced = shown[:place] + str(digit) + shown[place + 1 :]
    swapped = shown[:place] + shown[place + 1] + shown[place] + shown[place + 2 :]
    for other in (replaced, swapped):
        assert digits.one_replaced(number, int(other), 10)
        assert digits.one_replaced.py_func(number, int(other), 10)
    two_apart = str((int(shown[0]) + 1) % 10) + shown[1:-1] + str((int(shown[-1]) + 1) % 10)
    assert not digits.one_replaced(number, int(two_apart), 10)


@COMPILES
@given(st.integers(0, 2**64 - 1))
def test_set_bits_counts_bits(word: int) -> None:
    assert comparison.set_bits(np.uint64(word)) == comparison.set_bits.py_func(np.uint64(word)) == word.bit_count()


def test_unknown_text_of_a_known_code_is_no_evidence() -> None:
    """A slot is 0 where a dictionary does not hold the text of a code."""
    va, i, vb, _ = sides("smith", "jones")
    for kind in ("name", "text"):
        assert feature_level(KIND_CODES[kind], va, i, vb, 0, int(va.code[i]), -5, False, 0, 0) == 0


# --- borrowed arrays ------------------------------------------------------------------------------------------------------


@kernel
def sum_of_lengths(pair: tuple[Values, Values], times: int) -> int:
    pair = borrow(pair)
    total = 0
    for _ in range(times):
        for k in range(2):
            total += len(comparison.chars_of(pair[k], 1))
    return total


def test_borrowed_arrays_hold_the_same_and_leave_their_owners_alone() -> None:
    va, _, vb, _ = sides("smith", "jones")
    before = [sys.getrefcount(a) for a in (*va, *vb)]
    assert sum_of_lengths((va, vb), 1000) == 1000 * (5 + len("in the way"))
    assert [sys.getrefcount(a) for a in (*va, *vb)] == before
    assert bytes(va.chars).decode("utf-32-le") == "smith"
