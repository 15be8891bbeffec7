"""Tidies an address in a kernel, as ``mpi.standardise.han_addresses.tidy`` does: what each character becomes, and its part.

Only characters that are cleaned one by one are known here (common Han, ASCII and its full-width forms, some punctuation): no
two of them join into a third in NFKC, so that the form of a text is the forms of its characters.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt

from mpi.columns.characters import TABLE, Points
from mpi.columns.jit import inner, leaf, wide
from mpi.standardise.han_addresses import NUMERALS, numeral_value
from mpi.standardise.hanzi import simplify

Characters = npt.NDArray[np.uint32]

# Parts of a character, as bits of a cell of ``characters`` above the 16 of its form.
REJECTED, CHANGED, ALNUM, DASH, NOISE, BETWEEN, OPENING, CLOSING, NUMERAL, COUNTED, HAN = (1 << bit for bit in range(11))
FORM_BITS, PART_BITS = 16, 12
FORM_MASK = (1 << FORM_BITS) - 1
PART_MASK = (1 << PART_BITS) - 1
TEN, HUNDRED = 10, 11  # above the parts: a numeral's value, these two as written here
REMOVED = NOISE | BETWEEN | OPENING | CLOSING
LONGEST_NUMERAL = 9  # characters: more would not fit an integer

_PUNCTUATION = "\u3000、。—–·《》【】〔〕「」『』“”‘’"
_BETWEEN_DIGITS, _OPENING, _CLOSING, _COUNTED = " ,.、;:/_~—–", "([{【《<", ")]}】》>", "号栋幢室楼层座组队弄"
_DASH = ord("-")
_ZERO = ord("0")
_UNIT_FIRST, _UNIT_SECOND = ord("单"), ord("元")
_SOCIETY, _DISTRICT = ord("社"), ord("区")  # 三社 is a village team, 三社区 is none


@cache
def characters() -> Characters:
    """uint32[65536]: of each character its form (16 bits), its parts (12 bits) and, of a Han numeral, its value (4 bits)."""
    table = np.full(TABLE, REJECTED << FORM_BITS, np.uint32)
    known = [*range(0x20, 0x7F), *range(0xFF01, 0xFF5F), *map(ord, _PUNCTUATION), ord("〇"), *range(0x4E00, 0xA000)]
    for point in known:
        form = simplify(unicodedata.normalize("NFKC", chr(point))).casefold()
        if len(form) == 1 and ord(form) < TABLE and simplify(form) == form:
            changed = CHANGED if form != chr(point) else 0
            table[point] = ord(form) | (_parts(form) | changed | _value(form) << PART_BITS) << FORM_BITS
    return table


def _parts(form: str) -> int:
    if form == "-":
        return DASH
    if form in _BETWEEN_DIGITS:
        return BETWEEN
    if form in _OPENING or form in _CLOSING:
        return OPENING if form in _OPENING else CLOSING
    if not form.isalnum():
        return 0 if form == "#" else NOISE
    return (ALNUM if form.isascii() else HAN) | (NUMERAL if form in NUMERALS else 0) | (COUNTED if form in _COUNTED else 0)


def _value(form: str) -> int:
    return {"十": TEN, "百": HUNDRED}.get(form) or numeral_value(form) if form in NUMERALS else 0


@leaf
def part(characters: Characters, point: int) -> int:
    """Parts of a character (below 65,536)."""
    return wide(characters[point]) >> FORM_BITS & PART_MASK


@inner
def fold(characters: Characters, points: Points, count: int, form: Points) -> int:
    """The form of each of ``count`` characters into ``form``; returns the parts that occur."""
    seen = 0
    for i in range(count):
        if points[i] >= TABLE:
            return REJECTED
        cell = wide(characters[points[i]])
        form[i] = cell & FORM_MASK
        seen |= cell >> FORM_BITS
    return seen & PART_MASK


@inner
def remove_punctuation(characters: Characters, form: Points, count: int) -> int:
    """Brackets with what they hold, then blanks and punctuation, all in place; returns how many characters are left."""
    return _remove_noise(characters, form, _join_digits(characters, form, _remove_brackets(characters, form, count)))


@inner
def _remove_brackets(characters: Characters, form: Points, count: int) -> int:
    """From an opening bracket to the first closing one, of whatever kind."""
    i = kept = wide(0)
    while i < count:
        if part(characters, form[i]) & OPENING != 0:
            closing = i + 1
            while closing < count and part(characters, form[closing]) & CLOSING == 0:
                closing += 1
            if closing < count:
                i = closing + 1
                continue
        form[kept] = form[i]
        kept += 1
        i += 1
    return kept


@inner
def _join_digits(characters: Characters, form: Points, count: int) -> int:
    """Blanks and punctuation between a digit and a digit or letter become one dash."""
    i = kept = wide(0)
    while i < count:
        after = i
        if i > 0 and _ZERO <= form[i - 1] < _ZERO + 10:
            while after < count and part(characters, form[after]) & BETWEEN != 0:
                after += 1
        if after > i and after < count and part(characters, form[after]) & ALNUM != 0:
            form[kept] = _DASH
            i = after
        else:
            form[kept] = form[i]
            i += 1
        kept += 1
    return kept


@inner
def _remove_noise(characters: Characters, form: Points, count: int) -> int:
    """Punctuation, and dashes unless one stands alone between digits or letters."""
    kept = before = wide(0)
    for i in range(count):
        own = part(characters, form[i])
        after = part(characters, form[i + 1]) if i + 1 < count else 0
        if own & REMOVED == 0 and (own & DASH == 0 or before & after & ALNUM != 0):
            form[kept] = form[i]
            kept += 1
        before = own
    return kept


@inner
def numerals_as_digits(characters: Characters, form: Points, count: int, digits: Points) -> int:
    """``form`` into ``digits``, Han numerals before a counted unit as Arabic ones; how many characters, −1 where too long."""
    i = made = wide(0)
    while i < count:
        after = i
        while after < count and part(characters, form[after]) & NUMERAL != 0:
            after += 1
        if after > i and after < count and _counts(characters, form, after, count):
            if after - i > LONGEST_NUMERAL:
                return -1
            made = _write_number(_number(characters, form, i, after), digits, made)
            i = after
        for k in range(i, max(after, i + 1)):
            digits[made] = form[k]
            made += 1
        i = max(after, i + 1)
    return made


@leaf
def _counts(characters: Characters, form: Points, at: int, count: int) -> bool:
    """Whether a unit that is counted stands here."""
    if part(characters, form[at]) & COUNTED != 0:
        return True
    after = wide(form[at + 1]) if at + 1 < count else 0
    return (form[at] == _UNIT_FIRST and after == _UNIT_SECOND) or (form[at] == _SOCIETY and after != _DISTRICT)


@inner
def _number(characters: Characters, form: Points, start: int, end: int) -> int:
    """二十三 → 23, 一百零五 → 105, 一二 → 12: see ``numeral_value``."""
    total = current = joined = 0
    grouped = False
    for i in range(start, end):
        digit = wide(characters[form[i]]) >> (FORM_BITS + PART_BITS)
        if digit >= TEN:
            total += max(current, 1) * (10 if digit == TEN else 100)
            current = 0
            grouped = True
        else:
            current = digit
            joined = joined * 10 + digit
    return total + current if grouped else joined


@inner
def _write_number(number: int, digits: Points, at: int) -> int:
    """Decimal digits of a number; returns where they end."""
    power = 1
    while number // power >= 10:
        power *= 10
    while power > 0:
        digits[at] = _ZERO + number // power % 10
        at += 1
        power //= 10
    return at
