"""String comparators against jellyfish, on random, Han and adversarial text; plain function and compiled kernel agree."""

from __future__ import annotations

import jellyfish
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpi.linkage import strings

COMPILES = settings(deadline=None, max_examples=300)  # a first call compiles

ALPHABETS = ("ab", "abc ", "abcdefghijklmnopqrstuvwxyz", "王建国军伟明华丽芳娟", "a王\U00020000\U0002f800")
NAME = st.sampled_from(ALPHABETS).flatmap(lambda alphabet: st.text(alphabet, max_size=12))
LONG = st.sampled_from(ALPHABETS).flatmap(lambda alphabet: st.text(alphabet, min_size=50, max_size=64))
ANY = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)


@st.composite
def near(draw: st.DrawFn) -> tuple[str, str]:
    """A text and the same after up to three edits, swaps of neighbours included."""
    text = draw(st.one_of(NAME, LONG.map(lambda t: t[:60])))
    other = text
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(other)))
        insert = draw(st.sampled_from(["", "a", "b", "王", "\U00020000"]))
        how = draw(st.sampled_from(["insert", "replace", "delete", "swap"]))
        if how == "swap" and at + 1 < len(other):
            other = other[:at] + other[at + 1] + other[at] + other[at + 2 :]
        elif how == "insert":
            other = other[:at] + insert + other[at:]
        else:
            other = other[:at] + (insert if how == "replace" else "") + other[at + 1 :]
    return text, other


PAIRS = st.one_of(st.tuples(NAME, NAME), st.tuples(LONG, LONG), st.tuples(NAME, LONG), st.tuples(ANY, ANY), near())

ADVERSARIAL = [
    ("", ""),
    ("", "a"),
    ("a", "a"),
    ("a", "b"),
    ("ab", "ba"),
    ("abc", "abc"),
    ("ca", "abc"),
    ("aaaa", "aaaaaaa"),
    ("a" * 64, "a" * 64),
    ("a" * 64, "b" + "a" * 63),
    ("ab" * 32, "ba" * 32),
    ("a" * 63 + "b", "b" + "a" * 63),
    ("abcdefgh" * 8, "hgfedcba" * 8),
    ("martha", "marhta"),
    ("dixon", "dicksonx"),
    ("dwayne", "duane"),
    ("jellyfish", "smellyfish"),
    ("aabbcc", "ccbbaa"),
    ("王建国", "王国建"),
    ("阿卜杜拉买买提", "阿布都拉买买提"),
    ("\U00020000\U00020001", "\U00020001\U00020000"),
    ("a\u0301b", "ab"),
    ("maria del carmen", "maria carmen del"),
]


def chars(text: str) -> np.ndarray:
    return np.frombuffer(bytearray(text.encode("utf-32-le")), np.uint32)


def both(name: str, *texts: str) -> object:
    """Result of a kernel, after checking that its plain function gives the same."""
    kernel = getattr(strings, name)
    arguments = [chars(t) for t in texts]
    result = kernel(*arguments)
    assert kernel.py_func(*arguments) == result
    return result


def as_letters(*texts: str) -> list[str]:
    """The texts with each distinct code point replaced by a Han character of its own.

    The measures ask only which code points are equal. Jellyfish would count a letter and its combining accent as one.
    """
    letters = {point: chr(0x4E00 + k) for k, point in enumerate(sorted(set("".join(texts))))}
    return ["".join(letters[point] for point in text) for text in texts]


def check_jaro_winkler(a: str, b: str) -> None:
    result = both("jaro_winkler", a, b)
    assert result == jellyfish.jaro_winkler_similarity(*as_letters(a, b))
    assert 0.0 <= result <= 1.0


def check_edits(a: str, b: str) -> None:
    distance = both("damerau_levenshtein", a, b)
    assert distance == jellyfish.damerau_levenshtein_distance(*as_letters(a, b))
    assert both("within_one_edit", a, b) == (distance <= 1)
    assert both("within_one_edit", b, a) == (distance <= 1)


@COMPILES
@given(PAIRS)
def test_jaro_winkler_is_that_of_jellyfish(pair: tuple[str, str]) -> None:
    check_jaro_winkler(*pair)


@COMPILES
@given(PAIRS)
def test_edit_distances_are_those_of_jellyfish(pair: tuple[str, str]) -> None:
    check_edits(*pair)


@pytest.mark.parametrize(("a", "b"), ADVERSARIAL)
def test_adversarial_pairs(a: str, b: str) -> None:
    for left, right in ((a, b), (b, a)):
        check_jaro_winkler(left, right)
        check_edits(left, right)


def test_jaro_winkler_looks_at_the_first_64_code_points() -> None:
    assert both("jaro_winkler", "a" * 64 + "x" * 9, "a" * 64 + "y") == 1.0


@pytest.mark.parametrize(
    ("name", "a", "b", "expected"),
    [
        ("is_part", "王建国", "王", True),
        ("is_part", "王建国", "建国", True),
        ("is_part", "王建国", "建", False),
        ("is_part", "john", "j", True),
        ("is_part", "john", "john", False),
        ("is_part", "john", "", False),
        ("is_part", "jo", "john", False),
        ("rotated", "ann mary", "mary ann", True),
        ("rotated", "ann mary lou", "lou ann mary", True),
        ("rotated", "ann mary lou", "mary lou ann", True),
        ("rotated", "ann mary lou", "lou mary ann", False),
        ("rotated", "ann mary", "mary anne", False),
        ("rotated", "annmary", "maryann", False),
        ("rotated", "ann", "ann", False),
        ("rotated", " ", " ", False),
        ("rotated", "", "", False),
    ],
)
def test_parts_and_rotations(name: str, a: str, b: str, expected: bool) -> None:
    assert both(name, a, b) == expected


@COMPILES
@given(PAIRS)
def test_prefix_suffix_and_part_are_those_of_python(pair: tuple[str, str]) -> None:
    a, b = pair
    front = both("common_prefix", a, b)
    back = both("common_suffix", a, b)
    assert a[:front] == b[:front]
    assert a[front : front + 1] != b[front : front + 1] or front == min(len(a), len(b))
    assert a[len(a) - back :] == b[len(b) - back :]
    assert back == min(len(a), len(b)) or a[len(a) - back - 1] != b[len(b) - back - 1]
    assert both("is_part", a, b) == (0 < len(b) < len(a) and (a.startswith(b) or a.endswith(b)))
    assert both("equal", a, b) == (a == b)


@COMPILES
@given(st.lists(st.text("ab", min_size=1, max_size=3), min_size=2, max_size=4), st.integers(1, 3))
def test_words_in_another_order_are_rotated(words: list[str], cut: int) -> None:
    a, b = " ".join(words), " ".join(words[cut:] + words[:cut])
    if 0 < cut < len(words):
        assert both("rotated", a, b)
        assert both("rotated", b, a)
