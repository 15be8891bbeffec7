"""Levels of the integer kinds: a case for each level, and edits found wherever they are."""

from __future__ import annotations

import jellyfish
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpi.linkage import digits
from mpi.linkage.comparison import (
    DERIVED_BIT,
    LEVELS,
    category_level,
    date_level,
    identifier_level,
    number_level,
    phone_level,
)
from mpi.linkage.values import BASE, identifier_code, number_code
from mpi.records import IdentifierType, StandardIdentifier

COMPILES = settings(deadline=None, max_examples=200)  # a first call compiles


def resident(body: str) -> int:
    """Code of a resident number; a body of 17 digits gets its right check character."""
    if len(body) == 17:
        total = sum(int(d) * w for d, w in zip(body, (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), strict=True))
        body += "10X98765432"[total % 11]
    return identifier_code(StandardIdentifier(type=IdentifierType.RESIDENT_ID, value=body))


def identifier(kind: IdentifierType, value: str, issuer: str = "") -> int:
    return identifier_code(StandardIdentifier(type=kind, value=value, issuer=issuer))


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
        (resident("110105194912310038"), resident("110105194912310083"), "slip"),
        (resident("110105194912310038"), resident("110105194912310183"), "different"),
        (resident("110105194912310038"), resident("110105194912310053"), "different"),
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


@COMPILES
@given(st.sampled_from(sorted(INTEGERS)).flatmap(lambda k: st.tuples(st.just(k), INTEGERS[k], INTEGERS[k])))
def test_levels_are_symmetric_bounded_and_the_same_compiled(case: tuple[str, int, int]) -> None:
    kind, a, b = case
    leaf = getattr(digits, f"{kind}_level")
    level = leaf(a, b)
    assert level == leaf(b, a) == leaf.py_func(a, b)
    assert 0 <= level < len(LEVELS[kind])
    if a == 0 or b == 0:
        assert level == 0
    elif kind in ("number", "phone"):
        assert (level == 1) == (a == b)
    assert LEVELS[kind][leaf(a, a)] in ("missing", "exact", "same", "partial")


SHORT = st.text("012AB", min_size=1, max_size=8)


@st.composite
def one_step(draw: st.DrawFn) -> tuple[str, str]:
    """A short text and the same after one insertion, deletion, replacement or swap."""
    text = draw(SHORT)
    at = draw(st.integers(0, len(text)))
    new = draw(st.sampled_from("012AB"))
    swapped = text[:at] + text[at : at + 2][::-1] + text[at + 2 :]
    others = [text[:at] + new + text[at:], text[:at] + text[at + 1 :], text[:at] + new + text[at + 1 :], swapped]
    return text, draw(st.sampled_from(others))


@COMPILES
@given(st.one_of(st.tuples(SHORT, SHORT), one_step()))
def test_one_edit_of_packed_text_is_one_edit_of_the_text(pair: tuple[str, str]) -> None:
    a, b = pair
    expected = a != "" != b and max(len(a), len(b)) > 1 and jellyfish.damerau_levenshtein_distance(a, b) <= 1
    for left, right in ((a, b), (b, a)):
        assert digits.one_edit(number_code(left), number_code(right), BASE) == expected
        assert digits.one_edit.py_func(number_code(left), number_code(right), BASE) == expected


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


def national_level(a: str, b: str) -> int:
    """Level of two national numbers without a check digit."""
    kind = IdentifierType.NATIONAL_OTHER
    return identifier_level(identifier(kind, a), identifier(kind, b))


@given(st.text("0123456789", min_size=6, max_size=9), st.data())
def test_two_edits_are_seen_wherever_they_are(text: str, data: st.DataObject) -> None:
    other = text
    for _ in range(2):
        at = data.draw(st.integers(0, len(other) - 2))
        kind = data.draw(st.sampled_from("rad"))
        digit = data.draw(st.sampled_from("0123456789"))
        edited = {
            "r": other[:at] + digit + other[at + 1 :],
            "a": other[:at] + digit + other[at:],
            "d": other[:at] + other[at + 1 :],
        }[kind]
        other = edited
    assert national_level(text, other) in (1, 2, 4) or len(other) < 6


@given(st.text("0123456789", min_size=6, max_size=9), st.text("0123456789", min_size=6, max_size=9))
def test_two_slips_are_never_further_than_two_edits(a: str, b: str) -> None:
    level = national_level(a, b)
    assert level == national_level(b, a)
    if level == 4:
        assert jellyfish.damerau_levenshtein_distance(a, b) <= 2
    if level == 5:
        assert jellyfish.damerau_levenshtein_distance(a, b) >= 2
