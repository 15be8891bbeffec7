"""Two values → agreement level: ``number_kind_level`` first; for names and texts that differ ``name_level``, ``text_level``.

Integers are compared first: equal codes are level 1 and a 0 on either side is missing, without touching text. All leaves are
symmetric. Names, order and descriptions of the levels are in levels.py; digits.py has the levels of the integer kinds.
"""

from __future__ import annotations

import numpy as np

from mpi.linkage.digits import category_level, date_level, identifier_level, number_level, phone_level
from mpi.linkage.jit import leaf
from mpi.linkage.levels import (
    CATEGORY,
    DATE,
    DERIVED_BIT,
    IDENTIFIER,
    KIND_CODES,
    LEVEL_DESCRIPTIONS,
    LEVELS,
    NUMBER,
    PHONE,
)
from mpi.linkage.strings import Chars, common_prefix, is_part, jaro_winkler, rotated, within_one_edit
from mpi.linkage.values import (
    CODE,
    FOLD,
    LENGTH,
    OFFSET,
    SKETCH,
    SKETCH_HIGH,
    SOUND,
    Values,
    identifier_kind,
    resident_birth_date,
    resident_check_ok,
)

__all__ = [
    "DERIVED_BIT",
    "KIND_CODES",
    "LEVELS",
    "LEVEL_DESCRIPTIONS",
    "category_level",
    "date_level",
    "identifier_kind",
    "identifier_level",
    "name_level",
    "number_kind_level",
    "number_level",
    "phone_level",
    "resident_birth_date",
    "resident_check_ok",
    "sketch_similarity",
    "text_level",
]

SIMILAR = 0.92  # Jaro-Winkler; both as in Splink's name comparison
SOMEWHAT_SIMILAR = 0.8
SIMILAR_LENGTH = 3  # below it Jaro-Winkler says only that one is the beginning of the other: that is a part

# Dice of address sketches, measured on FEBRL 4 (29 characters a text) and on tagged Chinese addresses (16 characters):
#                                      share ≥ .85     share ≥ .6
#     one typing error                 .98  Han .77    1.00  Han 1.00
#     other house number               .95  Han .22    1.00  Han  .97   (a sketch hardly sees digits: number is its own kind)
#     other room                            Han .08          Han  .98
#     community or room left out             Han .16          Han  .94 – .99
#     same person's other address text .72             .95
#     other street, same number        .000             .03
#     same road, other address              Han .000         Han  .03
#     random pair                      .000 Han .001    .007 Han  .001
VERY_SIMILAR_TEXT = 0.85
SIMILAR_TEXT = 0.6

FIRST_DIVISION, LAST_DIVISION = 100_000, 999_999  # six-digit codes of GB/T 2260

ONE, TWO, FOUR = np.uint64(1), np.uint64(2), np.uint64(4)
ODD_BITS = np.uint64(0x5555555555555555)
PAIRS = np.uint64(0x3333333333333333)
NIBBLES = np.uint64(0x0F0F0F0F0F0F0F0F)


@leaf
def is_ideograph(point: int) -> bool:
    """Whether a code point is a Han character (URO, Extension A, compatibility ideographs, supplementary planes)."""
    return 0x3400 <= point <= 0x9FFF or 0xF900 <= point <= 0xFAFF or 0x20000 <= point <= 0x3FFFF


@leaf
def chars_of(values: Values, slot: int) -> Chars:
    """Code points of a slot."""
    start = values.cells[slot, OFFSET]
    return values.chars[start : start + values.cells[slot, LENGTH]]


@leaf
def name_level(va: Values, i: int, vb: Values, j: int, counterpart_equal: bool) -> int:
    """Level of two names by their slots. ``counterpart_equal``: each stands in the other's counterpart field."""
    code_a, code_b = va.cells[i, CODE], vb.cells[j, CODE]
    if code_a == 0 or code_b == 0:
        return 0
    if code_a == code_b:
        return 1
    if va.cells[i, SOUND] == vb.cells[j, SOUND] and va.cells[i, SOUND] != 0:
        return 2
    if va.cells[i, FOLD] == vb.cells[j, FOLD] and va.cells[i, FOLD] != 0:
        return 3
    a, b = chars_of(va, i), chars_of(vb, j)
    if short_form(a, b):
        return 3
    if counterpart_equal:
        return 4
    # A canonical order: greedy matching is not proved symmetric (no counterexample among 3.2 million short pairs).
    first, second = (a, b) if code_a < code_b else (b, a)
    return spelling_level(first, second)


@leaf
def spelling_level(a: Chars, b: Chars) -> int:
    """Level 4 to 9 of two different names by their code points alone."""
    shorter = min(len(a), len(b))
    if shorter == 0:
        return 9
    if rotated(a, b):
        return 4
    if shorter >= (2 if is_ideograph(a[0]) and is_ideograph(b[0]) else 3) and within_one_edit(a, b):
        return 5
    similarity = jaro_winkler(a, b) if shorter >= SIMILAR_LENGTH else 0.0
    if similarity >= SIMILAR:
        return 6
    if similarity >= SOMEWHAT_SIMILAR:
        return 7
    return 8 if abbreviated(a, b) else 9


@leaf
def short_form(a: Chars, b: Chars) -> bool:
    """Whether one name has four Han characters and the other is how such names are shortened to two.

    They are Tibetan or of another people, or a whole name in one field: one half (扎西多吉, 扎西), or the first character and
    the third or the fourth (扎多, 扎吉).
    """
    whole, part = (a, b) if len(a) >= len(b) else (b, a)
    if len(whole) != 4 or len(part) != 2 or not (is_ideograph(whole[0]) and is_ideograph(part[0])):
        return False
    if part[0] == whole[0]:
        return bool(part[1] == whole[1] or part[1] == whole[2] or part[1] == whole[3])
    return bool(part[0] == whole[2] and part[1] == whole[3])


@leaf
def abbreviated(a: Chars, b: Chars) -> bool:
    """Whether one name is an initial or a leading or trailing part of the other. One Latin letter only leads."""
    whole, part = (a, b) if len(a) >= len(b) else (b, a)
    if len(part) == 1 and not is_ideograph(part[0]):
        return len(whole) > 1 and common_prefix(whole, part) == 1
    return is_part(whole, part)


@leaf
def set_bits(word: np.uint64) -> int:
    """Number of bits set (the additions of Hacker's Delight 5-1: no product that could overflow)."""
    word = word - ((word >> ONE) & ODD_BITS)
    word = (word & PAIRS) + ((word >> TWO) & PAIRS)
    word = (word + (word >> FOUR)) & NIBBLES
    word = word + (word >> np.uint64(8))
    word = word + (word >> np.uint64(16))
    word = word + (word >> np.uint64(32))
    return np.int64(word & np.uint64(0x7F))  # type: ignore[return-value]  # Numba needs the width


@leaf
def sketch_similarity(va: Values, i: int, vb: Values, j: int) -> float:
    """Dice coefficient of two sketches, 0 … 1: twice the common bigrams over all; 0 where both are empty."""
    a_low, a_high = np.uint64(va.cells[i, SKETCH]), np.uint64(va.cells[i, SKETCH_HIGH])
    b_low, b_high = np.uint64(vb.cells[j, SKETCH]), np.uint64(vb.cells[j, SKETCH_HIGH])
    total = set_bits(a_low) + set_bits(a_high) + set_bits(b_low) + set_bits(b_high)
    if total == 0:
        return 0.0
    return 2 * (set_bits(a_low & b_low) + set_bits(a_high & b_high)) / total


@leaf
def text_level(va: Values, i: int, vb: Values, j: int, div_a: int, div_b: int) -> int:
    """Level of two addresses by slots and divisions: a GB/T 2260 code, or any other code of a locality; 0 unknown."""
    code_a, code_b = va.cells[i, CODE], vb.cells[j, CODE]
    if code_a == 0 or code_b == 0:
        return 0
    if code_a == code_b:
        return 1
    similarity = sketch_similarity(va, i, vb, j)
    if similarity >= VERY_SIMILAR_TEXT:
        return 2
    if similarity >= SIMILAR_TEXT:
        return 3
    return place_level(div_a, div_b)


@leaf
def place_level(div_a: int, div_b: int) -> int:
    """4 same district, 5 same city, else 6. Trailing zeros of a division are unknown; a province alone says too little."""
    if div_a == 0 or div_b == 0:
        return 6
    official = FIRST_DIVISION <= div_a <= LAST_DIVISION and FIRST_DIVISION <= div_b <= LAST_DIVISION
    if not official:
        return 4 if div_a == div_b else 6
    if div_a == div_b and div_a % 100 != 0:
        return 4
    if div_a // 100 == div_b // 100 and div_a // 100 % 100 != 0:
        return 5
    return 6


@leaf
def number_kind_level(kind: int, a: int, b: int) -> int:
    """Agreement level of two values, neither missing, that their integers decide; −1 for names and texts that differ.

    ``kind``: ``KIND_CODES``. Equal dates that are partial agree only as far as known.
    """
    if kind == DATE:
        return date_level(a, b)
    if kind == CATEGORY:
        return category_level(a, b)
    if a == b:
        return 1
    if kind == IDENTIFIER:
        return identifier_level(a, b)
    if kind == PHONE:
        return phone_level(a, b)
    if kind == NUMBER:
        return number_level(a, b)
    return -1
