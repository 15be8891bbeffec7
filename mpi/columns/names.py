"""Personal names of two to four common Han characters: family and given name, sound and dialect-folded sound.

What ``standardise.names`` does with nearly every name. All else is learnt: the ordinary way reads it once, and its reading is
kept by the name as written (``lessons.Lessons``).
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.columns.characters import TABLE, Bytes, Points, usual
from mpi.columns.hashing import xxh3
from mpi.columns.jit import inner, wide
from mpi.columns.lessons import new_table, note
from mpi.columns.side import Side, add, packed_han, positive
from mpi.linkage.hashtable import Table, get
from mpi.linkage.values import text_code
from mpi.standardise.hanzi import common_readings, is_usual, simplify, surname_readings
from mpi.standardise.names import OF_NO_NAME
from mpi.standardise.pinyin import SYLLABLES, fold_sound
from mpi.standardise.table_files import word_lists
from mpi.standardise.tibetan import han_elements

SINGLE, NO_NAME, VOWEL, USUAL = 1, 2, 4, 8  # bits of NameTables.kinds
COMPOUND, PLACEHOLDER, ELEMENT, READ_OTHERWISE = 1, 2, 4, 8  # bits of NameTables.words
MOST = 4  # characters of a plain name
UNREAD = -1  # instead of a number of characters: one of them is not plain Han
_LETTERS = 8  # of a syllable, at most
_BLANK, _WIDE_BLANK = 0x20, 0x3000
_WORDS_OF_NO_NAME = ("生儿", "宝宝", "毛毛", "宝贝", "先生", "女士", "小姐")
_OF_NEWBORNS = np.array([ord(character) for character in "之的婴某"], np.uint32)
_PAIRS = np.array([[ord(character) for character in word] for word in _WORDS_OF_NO_NAME], np.uint32)
"""What each placeholder of ``standardise.newborns`` holds one of."""


class NameTables(NamedTuple):
    """By character of the basic plane unless said otherwise.

    forms     uint16[65536]    the character in simplified form; 0 for one that kernels do not read
    kinds     uint8[65536]     SINGLE: a family name; NO_NAME: in a placeholder; VOWEL: its reading begins with a, e or o;
                               USUAL: common Han in simplified form
    readings  int16[65536, 2]  number of the syllable: ordinary, and as a family name of one character; −1 where it has none
    letters   uint8[S, 2, 9]   a syllable and its folded form: number of letters, then the letters
    apart     bool[S, S]       whether two syllables are told apart in their joined letters
    words     Table            packed text → bits: COMPOUND family name, PLACEHOLDER word, Tibetan ELEMENT, READ_OTHERWISE
    """

    forms: npt.NDArray[np.uint16]
    kinds: npt.NDArray[np.uint8]
    readings: npt.NDArray[np.int16]
    letters: npt.NDArray[np.uint8]
    apart: npt.NDArray[np.bool_]
    words: Table


@cache
def name_tables() -> NameTables:
    """The tables of ``mpi.standardise`` in the form kernels read. Made once (0.2 s)."""
    surnames, syllables = word_lists("surnames"), sorted(SYLLABLES)
    number = {syllable: n for n, syllable in enumerate(syllables)}
    kinds = np.where(usual(), np.uint8(USUAL), np.uint8(0))
    kinds[[ord(c) for c in surnames["single"]]] |= SINGLE
    kinds[[ord(c) for c in OF_NO_NAME]] |= NO_NAME
    readings = np.full((TABLE, 2), -1, np.int16)
    for point, reading in common_readings().items():
        if point < TABLE and reading in number:
            readings[point] = number[reading]
            kinds[point] |= VOWEL if reading[0] in "aeo" else 0
    letters = np.zeros((len(syllables), 2, _LETTERS + 1), np.uint8)
    for n, syllable in enumerate(syllables):
        for form, text in enumerate((syllable, fold_sound(syllable))):
            letters[n, form, 0] = len(text)
            letters[n, form, 1 : len(text) + 1] = list(text.encode())
    for han, reading in surname_readings().items():
        if len(han) == 1:
            readings[ord(han), 1] = number.get(reading, -1)
    return NameTables(_forms(), kinds, readings, letters, _apart(syllables), _words(surnames["compound"]))


def _forms() -> npt.NDArray[np.uint16]:
    forms = np.zeros(TABLE, np.uint16)
    for point in range(0x4E00, 0xA000):
        form = simplify(chr(point))
        if is_usual(form):
            forms[point] = ord(form)
    return forms


def _apart(syllables: list[str]) -> npt.NDArray[np.bool_]:
    apart = np.ones((len(syllables), len(syllables)), np.bool_)
    for b, second in enumerate(syllables):
        if second[0] in "aeo":
            apart[:, b] = [fold_sound(first + second) == fold_sound(first) + fold_sound(second) for first in syllables]
    return apart


def _words(compound: frozenset[str]) -> Table:
    placeholders = word_lists("placeholders")
    bits: dict[int, int] = {}
    longer = {han for han in surname_readings() if len(han) > 1}
    for texts, bit in (
        (compound, COMPOUND),
        (placeholders["any"] | placeholders["name"], PLACEHOLDER),
        (han_elements(), ELEMENT),
        (longer, READ_OTHERWISE),
    ):
        for text in texts:
            if (code := text_code(text)) > 0:
                bits[code] = bits.get(code, 0) | bit
    table = new_table(len(bits))
    for code, value in bits.items():
        note(table, code, value)
    return table


@inner
def _bits(tables: NameTables, points: Points, start: int, length: int) -> int:
    """Bits of a word; 0 for one that is none."""
    return max(get(tables.words, packed_han(points, wide(start), wide(length))), 0)


@inner
def put_in_form(tables: NameTables, points: Points, count: int) -> tuple[int, bool, bool]:
    """Drop the blanks and simplify each character, in place.

    Returns how many are left (UNREAD where one is not read here), whether one was simplified, and whether one is NO_NAME.
    """
    kept, simplified, no_name = wide(0), False, False
    for k in range(count):
        point = points[k]
        if point in (_BLANK, _WIDE_BLANK):
            continue
        form = tables.forms[point] if point < TABLE else np.uint16(0)
        if form == 0:
            return wide(UNREAD), False, False
        simplified |= form != point
        no_name |= tables.kinds[point] & NO_NAME != 0
        points[kept] = form
        kept += 1
    return kept, bool(simplified), bool(no_name)


@inner
def holds_no_placeholder(points: Points, length: int) -> bool:
    """Whether no newborn's or masked name is written in the characters, whatever they begin and end with."""
    for k in range(length):
        for point in _OF_NEWBORNS:
            if points[k] == point:
                return False
        for n in range(len(_PAIRS)):
            if k > 0 and points[k - 1] == _PAIRS[n, 0] and points[k] == _PAIRS[n, 1]:
                return False
    return True


@inner
def begins_as_tibetan(tables: NameTables, points: Points, length: int) -> bool:
    first = wide(0)
    bits = _bits(tables, points, first, wide(2)) if length > 1 else wide(0)
    return bool((bits | (_bits(tables, points, first, wide(3)) if length > 2 else wide(0))) & ELEMENT != 0)


@inner
def is_placeholder(tables: NameTables, points: Points, length: int) -> bool:
    """One of the words for "not known"."""
    return bool(_bits(tables, points, wide(0), length) & PLACEHOLDER != 0)


@inner
def is_compound(tables: NameTables, points: Points, length: int) -> bool:
    """A family name of several characters."""
    return bool(length > 1 and _bits(tables, points, wide(0), length) & COMPOUND != 0)


@inner
def split(tables: NameTables, points: Points, length: int) -> int:
    """Characters of the family name that a whole name of two to four characters begins with; 0 where there is none.

    The name does not begin as a Tibetan one.
    """
    for size in range(length - 1, 1, -1):
        if is_compound(tables, points, size):
            return size
    if length == MOST and _bits(tables, points, wide(2), wide(2)) & ELEMENT:
        return wide(0)
    return wide(1 if tables.kinds[points[0]] & SINGLE else 0)


@inner
def parts_are_plain(tables: NameTables, points: Points, family: int, length: int) -> bool:
    """Whether family name (the first characters) and given name stand as they were given.

    Neither repeats the other, and neither is a placeholder.
    """
    given = length - family
    if (_bits(tables, points, wide(0), family) | _bits(tables, points, family, given)) & PLACEHOLDER:
        return False
    if given > family:  # the whole name in the field of the given one
        for k in range(family):
            if points[k] != points[family + k]:
                return True
        return False
    if family > given:  # the given name at the end of the family name's field
        for k in range(given):
            if points[family - given + k] != points[family + k]:
                return True
        return False
    return True


@inner
def _told_apart(tables: NameTables, points: Points, start: int, length: int) -> bool:
    """Whether a text's sound, which is its joined letters, is read as its characters' syllables again.

    Where a syllable begins with a vowel, other ones may be read; what more than two make together is not told here.
    """
    for k in range(start + 1, start + length):
        before, after = tables.readings[points[k - 1], 0], tables.readings[points[k], 0]
        if before < 0 or after < 0:
            return False
        if tables.kinds[points[k]] & VOWEL and (length > 2 or not tables.apart[before, after]):
            return False
    return True


@inner
def _sound(tables: NameTables, points: Points, span: tuple[int, int], how: tuple[int, int], scratch: Bytes) -> np.uint64:
    """Hash of the joined letters of a text's syllables; 0 where it cannot be told here.

    ``how``: 0 the letters, 1 the folded ones; 0 the ordinary readings, 1 those of family names.
    """
    start, length = span
    at = 0
    for k in range(start, start + length):
        syllable = tables.readings[points[k], how[1]]
        if syllable < 0:
            return np.uint64(0)
        letters = tables.letters[syllable, how[0]]
        for n in range(letters[0]):
            scratch[at + n] = letters[1 + n]
        at += letters[0]
    return xxh3(scratch, wide(0), wide(at))


@inner
def add_part(tables: NameTables, side: Side, points: Points, span: tuple[int, int, int], scratch: Bytes) -> int:
    """Add a part of a plain name, (start, length, as family name); returns its slot, 0 if its sound cannot be told here."""
    start, length, as_family = span
    if as_family and length > 1 and _bits(tables, points, start, length) & READ_OTHERWISE:
        return 0
    if not _told_apart(tables, points, start, length):
        return 0
    reading = wide(1 if as_family and length == 1 else 0)
    sound = _sound(tables, points, (start, length), (wide(0), reading), scratch)
    if sound == 0:
        return 0
    fold = _sound(tables, points, (start, length), (wide(1), reading), scratch)
    return add(side, points, (start, length), (packed_han(points, start, length), positive(sound), positive(fold)))
