"""The agreement levels of each kind of feature: their names and the sentences stewards read.

A level is an index into these tuples. 0 is always "missing": no evidence, neither way. Among the others smaller is better,
and the first one that holds is taken. Names stand in model files; descriptions are shown after a feature's label, as in
"birth date: day and month swapped". The kernels that assign them are in comparison.py.
"""

from __future__ import annotations

KIND_CODES: dict[str, int] = {"name": 0, "date": 1, "category": 2, "number": 3, "identifier": 4, "phone": 5, "text": 6}
NAME, DATE, CATEGORY, NUMBER, IDENTIFIER, PHONE, TEXT = range(7)

DERIVED_BIT = 1 << 40  # set in a date or category that was read off an identity number: no evidence, counts as missing

_MISSING = ("missing", "not known on at least one side: no evidence either way")

_TABLE: dict[str, tuple[tuple[str, str], ...]] = {
    "name": (
        _MISSING,
        ("exact", "the same"),
        ("same_sound", "written differently, but sounds the same"),
        ("same_folded_sound", "sounds the same in south-western Mandarin, or is a short form of the same name"),
        ("swapped", "stands in the other name field, or has the same words in another order"),
        ("one_edit", "one character different, missing, added, or two neighbours swapped"),
        ("similar", "very similar spelling"),
        ("somewhat_similar", "somewhat similar spelling"),
        ("part", "one is an initial of the other, or the beginning or end of it"),
        ("different", "different"),
    ),
    "date": (
        _MISSING,
        ("exact", "the same day"),
        ("day_month_swapped", "day and month swapped"),
        ("one_digit", "one digit different, or two neighbouring digits swapped"),
        ("near", "the same month of the same year, or the same day one year apart"),
        ("partial", "only part of the date is known on one side, and that part agrees"),
        ("different", "different"),
    ),
    "category": (
        _MISSING,
        ("same", "the same"),
        ("different", "different"),
    ),
    "number": (
        _MISSING,
        ("exact", "the same"),
        ("one_edit", "one character different, missing, added, or two neighbours swapped"),
        ("different", "different"),
    ),
    "identifier": (
        _MISSING,
        ("exact", "the same number"),
        ("slip", "one character different or two neighbours swapped, and nothing shows that both numbers are real: a slip"),
        ("near_both_valid", "nearly the same number, but both are valid: two people, often twins or relatives"),
        ("two_slips", "two characters different, in a kind of number that has no check digit"),
        ("different", "different numbers"),
    ),
    "phone": (
        _MISSING,
        ("exact", "the same number"),
        ("one_digit", "one digit different, or two neighbouring digits swapped"),
        ("same_ending", "the last seven digits are the same"),
        ("different", "different numbers"),
    ),
    "text": (
        _MISSING,
        ("exact", "the same"),
        ("very_similar", "nearly the same text"),
        ("similar", "similar text"),
        ("same_district", "different text in the same district"),
        ("same_city", "different text and district in the same city"),
        ("different", "different"),
    ),
}

LEVELS: dict[str, tuple[str, ...]] = {kind: tuple(name for name, _ in rows) for kind, rows in _TABLE.items()}
LEVEL_DESCRIPTIONS: dict[str, tuple[str, ...]] = {kind: tuple(text for _, text in rows) for kind, rows in _TABLE.items()}
