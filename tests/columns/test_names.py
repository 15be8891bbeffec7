"""Names read by kernels, newborns' among them, come out as the ordinary way reads them, whatever is written around them."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from columns.test_reader import assert_same, new_reader
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mpi.columns.lessons import Lessons
from mpi.columns.names import name_tables
from mpi.records import Guardian, HumanName, PatientRecord
from mpi.standardise.hanzi import is_usual, simplify
from mpi.standardise.names import OF_NO_NAME
from mpi.standardise.newborns import masked_family, newborn_of
from mpi.standardise.pinyin import SYLLABLES, fold_sound
from mpi.standardise.table_files import word_lists

FAMILIES = """
王 李 张 陈 毛 安 欧 欧阳 司马 皇甫 尉迟 单 仇 曾 扎西 卓玛 罗桑 某 王某 某某 陳 張 劉 仝 龍 儿 生 宝 之 的 婴 小 女 子
𠮷 㐂 彭措 呷 石 歐陽
"""
GIVENS = """
芳 小芳 子安 建安 志恩 文伟 雨怡 梓欣 春生 海宝 宝宝 毛毛 宝贝 女士 先生 小姐 国士 姐 贝 梅 梅英 某 某某 婉儿 儿 生儿
新生儿 娥 玉 麗 秀蘭 傑 扎西 多吉 佳某 男 女 大 小 双 芳芳 之 的 婴 小燕子 王 木合塔尔 西安 先 无名 不详 患者
"""
ENDINGS = """
之子 之女 的女儿 之女婴 的孩子 之大 之小 之长子 之次女 之三女 之双胞胎 双胞胎 之女A 之子B 之女2 之子1 之甲女 之女乙
之女一 之大女 的大婴 之婴 之婴儿 之宝宝 的毛毛 之bb 之BB 之bB1 之 的 女婴 男婴 大婴 小婴 新生儿 婴儿 女 子 女A
之女x 之女* 之女（大） 之女Wang 之之女 的之子 之女之子 之某 之子女 之女女 之儿 之儿子 之女. 之女， 之女１ 之女Ａ
之兒子 之女嬰
"""
BLANKS = st.sampled_from(["", "", "", " ", "\u3000", "  ", "\t", "\u00a0", "\u200b"])
families, givens = st.sampled_from(FAMILIES.split()), st.sampled_from(GIVENS.split())
endings = st.sampled_from([*ENDINGS.split(), "之 女", "之 子 A", "之a b b a", "之女 ", "之女\u3000"]) | st.lists(
    st.sampled_from([*"之的大小长次男女子婴孩儿AaBb甲乙12一二", "新生儿", "宝宝"]), max_size=4
).map("".join)
whole = st.tuples(BLANKS, families, BLANKS, givens, BLANKS).map("".join)
newborns = st.tuples(BLANKS, families, BLANKS, givens | st.just(""), BLANKS, endings, BLANKS).map("".join)
common = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=4)
names = st.one_of(
    st.builds(HumanName, text=whole | newborns),
    st.builds(HumanName, text=st.tuples(common, st.just("") | endings).map("".join)),
    st.builds(
        HumanName, family=st.tuples(BLANKS, families, BLANKS).map("".join), given=st.tuples(BLANKS, givens).map("".join)
    ),
    st.builds(HumanName, family=common, given=common),
    st.builds(HumanName, family=st.just("") | BLANKS, given=whole | common),
    st.builds(HumanName, family=families, given=endings),
    st.builds(HumanName, family=whole, given=endings | st.just("")),
    st.builds(HumanName, text=whole, family=st.just("") | BLANKS | families, given=st.just("") | givens),
)
mothers = st.just("") | whole | families
READER = new_reader()


def named(name: HumanName, mother: str = "", *, just_born: bool = False) -> PatientRecord:
    return PatientRecord(
        source="a",
        local_id="1",
        names=(name,),
        birth_date="2024-12-20" if just_born else "1980-05-03",
        guardian=Guardian(name=mother) if mother else None,
        recorded_at="2024-12-28",
    )


records = st.builds(named, names, mothers, just_born=st.booleans())


def texts(*written: str) -> list[PatientRecord]:
    return [named(HumanName(text=text)) for text in written]


@settings(max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(records, min_size=1, max_size=6))
@example(texts("王芳之女", "欧阳芳之女", "欧阳之女", "芳之女", "尉迟之女", "单之女", "某之女", "王某之女", "𠮷之女"))
@example(texts("扎西之子", "扎西多吉之子", "王扎西之子", "仝芳之女", "陳芳之女", "欧阳文芳华之女", "王之之女", "之女"))
@example(texts("王芳之女A", "王芳之女a", "李芳之大", "李芳之双胞胎", "李芳之a b b a", "李芳 之 女", "李芳之女（大）"))
@example(texts("王宝宝", "毛毛", "毛文伟", "王海宝", "王女士", "王国士", "陈春生", "新生儿", "李婉儿", "李芳之女Wang"))
@example(texts("无名", "無名", "無名氏", "王女嬰", "餘瓊", "餘 瓊", "寶寶", "無 名 氏", "周嘉傑", "\u3000谭 梅"))
@example(texts("刘子安", "王西安", "安安", "张 志安", "王林安", "王林恩安", "林安之女"))
@example([named(HumanName(text="韩 红子"), "韩红"), named(HumanName(text="韓紅子"), "韩红")])
@example([named(HumanName(given="韩红子"), "韩红"), named(HumanName(given="不详"))])
@example([named(HumanName(family=" ", given="王芳")), named(HumanName(family="王", given=" "))])
@example([named(HumanName(family=pair[0], given=pair[1])) for pair in ("毛毛", "宝宝", "生儿", "宝贝", "先生")])
def test_names_are_read_as_ever(made: list[PatientRecord]) -> None:
    for _ in range(2):  # while it is learnt, and as it was learnt
        assert_same(made, READER)


@pytest.mark.parametrize(
    "name",
    [
        HumanName(text="李 芳"),
        HumanName(text="\u3000李小芳 "),
        HumanName(text="劉曉芳"),
        HumanName(text="毛春生"),
        HumanName(text="刘子安"),
        HumanName(family=" 劉", given="曉芳"),
        HumanName(given="刘子芳"),
    ],
)
def test_plain_names_need_no_lesson(name: HumanName) -> None:
    reader = new_reader()
    assert len(assert_same([named(name)], reader).places) == 1
    assert lessons_of(reader.lessons) == 0


def lessons_of(lessons: Lessons) -> int:
    return lessons._entries + lessons._words


def test_a_newborns_ending_is_learnt_once_for_all_mothers() -> None:
    reader = new_reader()
    assert_same(texts("王芳之女", "王芳之子A"), reader)
    learnt = lessons_of(reader.lessons)
    assert learnt == 4  # two names, two endings
    for first in ("李芳", "欧阳雪", "司马", " 陈 红", "劉麗", "张志安", "呷"):
        batch = assert_same([*texts(f"{first}之女", f"{first}之子A")], reader)
        assert len(batch.places) == 2
    assert lessons_of(reader.lessons) == learnt


def test_an_ending_is_learnt_only_where_it_is_one_behind_every_name() -> None:
    reader = new_reader()
    assert_same(texts("王之之女", "王芳之", "王芳之a b b a", "扎西之女Wang", "女婴", "之女"), reader)
    assert reader.lessons._words == 0


def test_many_endings_begin_the_words_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mpi.columns.lessons.WORDS", 2)
    reader = new_reader()
    for _ in range(2):
        for text in ("王芳之女", "王芳之子", "王芳的女儿", "李芳之长女"):
            assert len(assert_same(texts(text), reader).places) == 1
    assert reader.lessons._words <= 2


def words(*kinds: str) -> Iterable[str]:
    lists = word_lists("placeholders")
    return (word for kind in kinds for word in lists[kind])


def test_no_word_for_unknown_is_a_newborns_or_is_written_otherwise() -> None:
    """So an ending behind a mother's name tells enough, and placeholders may be looked up in simplified form."""
    assert [word for word in words("any", "name", "raw") if newborn_of(word) is not None] == []
    assert [word for word in words("any", "name") if simplify(word) != word] == []
    assert [word for word in words("raw") if not word.isascii()] == []


@given(common | whole | newborns)
def test_placeholders_hold_a_character_that_names_seldom_do(text: str) -> None:
    compact = text.replace(" ", "").casefold()
    if all("\u4e00" <= character <= "\u9fff" for character in compact) and not set(OF_NO_NAME) & set(compact):
        assert newborn_of(compact) is None
        assert masked_family(compact) is None


def test_the_tables_hold_the_forms_of_all_common_characters() -> None:
    forms = name_tables().forms
    assert forms[: ord("一")].max() == forms[0xA000:].max() == 0
    for point in range(0x4E00, 0xA000):
        form = simplify(chr(point))
        assert chr(forms[point]) == (form if is_usual(form) else "\0")
    assert chr(forms[ord("傑")]) == "杰"


def test_the_tables_tell_which_syllables_are_told_apart() -> None:
    tables, syllables = name_tables(), sorted(SYLLABLES)
    for first, second in (("zi", "an"), ("lin", "an"), ("xian", "e"), ("zheng", "an"), ("fang", "ai"), ("a", "a")):
        expected = fold_sound(first + second) == fold_sound(first) + fold_sound(second)
        assert tables.apart[syllables.index(first), syllables.index(second)] == expected
    assert not tables.apart[syllables.index("lin"), syllables.index("an")]  # or li-nan
