"""Agreement levels: a case for each level, and what must hold for any two values (symmetry, bounds, compiled = plain)."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpi.linkage import comparison
from mpi.linkage.borrow import borrow
from mpi.linkage.comparison import (
    DERIVED_BIT,
    KIND_CODES,
    LEVEL_DESCRIPTIONS,
    LEVELS,
    name_level,
    number_kind_level,
    sketch_similarity,
    text_level,
)
from mpi.linkage.jit import kernel
from mpi.linkage.values import CODE, ValueBuilder, Values, identifier_code, number_code
from mpi.records import IdentifierType, StandardIdentifier, StandardText

COMPILES = settings(deadline=None, max_examples=200)  # a first call compiles

Side = StandardText | str


def feature_level(
    kind: int,
    va: Values,
    i: int,
    vb: Values,
    j: int,
    a: int,
    b: int,
    counterpart_equal: bool,
    div_a: int,
    div_b: int,
    *,
    plain: bool = False,
) -> int:
    """A feature's level as a search finds it; ``plain``: by the functions as they are written, not as they are compiled."""

    def called(leaf: Any, *values: object) -> int:
        return int((leaf.py_func if plain else leaf)(*values))

    if a == 0 or b == 0:
        return 0
    level = called(number_kind_level, kind, a, b)
    if level >= 0:
        return level
    if kind == KIND_CODES["name"]:
        return called(name_level, va, i, vb, j, counterpart_equal)
    return called(text_level, va, i, vb, j, div_a, div_b)


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
        (han("扎西", "zhaxi"), han("扎西多吉", "zhaxiduoji"), False, "same_folded_sound"),
        (han("多吉", "duoji"), han("扎西多吉", "zhaxiduoji"), False, "same_folded_sound"),
        (han("扎多", "zhaduo"), han("扎西多吉", "zhaxiduoji"), False, "same_folded_sound"),
        (han("扎吉", "zhaji"), han("扎西多吉", "zhaxiduoji"), False, "same_folded_sound"),
        (han("西多", "xiduo"), han("扎西多吉", "zhaxiduoji"), False, "different"),
        (han("扎巴", "zhaba"), han("扎西多吉", "zhaxiduoji"), False, "different"),
        (han("扎多", "zhaduo"), han("扎西多", "zhaxiduo"), False, "one_edit"),
        ("ab", "abcd", False, "part"),
        (han("阿卜杜拉", "abudula"), han("阿布都拉力", "abudulali"), False, "different"),
        ("smith", "jones", False, "different"),
        ("smith", "史密斯", False, "different"),
    ],
)
def test_name_levels(a: Side, b: Side, swapped: bool, expected: str) -> None:
    assert name(a, b, swapped) == expected


def test_empty_sounds_never_agree() -> None:
    assert name(StandardText("wolfgang", "", ""), StandardText("bertram", "", "")) == "different"


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

IDENTIFIERS = (
    StandardIdentifier(type=IdentifierType.RESIDENT_ID, value="11010519491231002X"),
    StandardIdentifier(type=IdentifierType.RESIDENT_ID, value="110105194912310038"),
    StandardIdentifier(type=IdentifierType.PASSPORT, value="E12345678"),
    StandardIdentifier(type=IdentifierType.PASSPORT, value="E12345687"),
    StandardIdentifier(type=IdentifierType.HEALTH_CARD, value="123", issuer="cq"),
    StandardIdentifier(type=IdentifierType.HEALTH_CARD, value="123"),
)
LETTERS = st.sampled_from(["ab ", "王建国军", "a王\U00020000"]).flatmap(lambda a: st.text(a, max_size=7))
TEXTS = st.builds(StandardText, text=LETTERS, sound=st.sampled_from(["", "x", "y"]), fold=st.sampled_from(["", "f", "g"]))
INTEGERS = {
    "date": st.sampled_from([0, 19800512, 19801205, 19800500, 19800000, 19800512 | DERIVED_BIT]),
    "category": st.sampled_from([0, 1, 2, 1 | DERIVED_BIT]),
    "number": st.sampled_from(["", "12", "13", "1" * 12]).map(number_code),
    "identifier": st.sampled_from([0, *(identifier_code(i) for i in IDENTIFIERS)]),
    "phone": st.sampled_from([0, 13812345678, 13812345679, 2365412345, 5412345]),
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
        a, b = int(va.cells[i, CODE]), int(vb.cells[j, CODE])
    level = feature_level(kind, va, i, vb, j, a, b, flag, div_a, div_b)
    if names in INTEGERS:
        assert level == getattr(comparison, f"{names}_level")(a, b)
    assert level == feature_level(kind, vb, j, va, i, b, a, flag, div_b, div_a)
    assert level == feature_level(kind, va, i, vb, j, a, b, flag, div_a, div_b, plain=True)
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
@given(st.integers(0, 2**64 - 1))
def test_set_bits_counts_bits(word: int) -> None:
    assert comparison.set_bits(np.uint64(word)) == comparison.set_bits.py_func(np.uint64(word)) == word.bit_count()


def test_unknown_text_of_a_known_code_is_no_evidence() -> None:
    """A slot is 0 where a dictionary does not hold the text of a code."""
    va, i, vb, _ = sides("smith", "jones")
    for kind in ("name", "text"):
        assert feature_level(KIND_CODES[kind], va, i, vb, 0, int(va.cells[i, CODE]), -5, False, 0, 0) == 0


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
    assert bytes(va.chars).decode("utf-32-le").rstrip("\0") == "smith"
