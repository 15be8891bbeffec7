"""Words of ASCII letters in kernels: what ``standardise.latin`` makes of names and of the words of addresses.

    as received ─ tidy ─▶ lower case ─ read_tokens ─▶ tokens ─ put_latin ─▶ text, sound, fold

Everything is ASCII: what is not is left to the ordinary way before it comes here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.columns.characters import Bytes
from mpi.columns.hashing import xxh3
from mpi.columns.jit import inner, leaf, wide
from mpi.columns.latin_tables import (
    FULL_SHIFT,
    PARTICLE,
    LatinTables,
    bits_of,
    is_letter,
    put_spelling,
)
from mpi.columns.metaphone import metaphone
from mpi.columns.pinyin_letters import LONGEST_PINYIN, SPLITS, put_syllables
from mpi.columns.side import positive

LONGEST_PART = 100  # bytes of a name's or an address's part
MOST_TOKENS = 100

# Places: the first lines of Letters.cells, each with a stretch of ROOM bytes of Letters.text: the fields of StandardAddress,
# then the parts of a name, then what is only read.
TEXT, DIVISION, REGION, CITY, LOCALITY, ROAD, HOUSE_NUMBER, COMMUNITY, BUILDING, FLAT, POSTCODE = range(11)
FIELDS = 11
FAMILY, GIVEN, FORM, WHOLE, SCRATCH = range(FIELDS, FIELDS + 5)
PLACES = FIELDS + 5
ROOM = 1024
# Within a stretch: letters and digits, joined pinyin, joined tokens.
_PINYIN, JOINED = 128, 256
assert LONGEST_PART + 16 < _PINYIN
assert _PINYIN + LONGEST_PINYIN < JOINED

START, LENGTH, SOUND, FOLD = range(4)  # columns of Letters.cells: of values
BEGIN, END, BITS = range(3)  # of tokens and of spans
SPANS = PLACES  # first line of Letters.cells for spans, by field
TOKENS = SPANS + FIELDS  # … for tokens
assert TOKENS + MOST_TOKENS < SPLITS

AS_GIVEN, AS_CHINESE = 1, 2  # how a value is read

_BLANK, _HYPHEN, _APOSTROPHE, _GRAVE = 0x20, 0x2D, 0x27, 0x60
_X, _Z, _H = ord("x"), ord("z"), ord("h")


class Letters(NamedTuple):
    """Working memory for texts of ASCII letters.

    text   uint8[PLACES × ROOM]
    cells  int64[n, 4]   by place where its value's text stands, its length (0: missing), codes of sound and fold; from SPANS
                         on, of an address, where the text that a field is read from begins and ends; from TOKENS on where
                         each token begins, ends, and its bits; from SPLITS on what ``pinyin_letters`` notes
    """

    text: Bytes
    cells: npt.NDArray[np.int64]

    def __repr__(self) -> str:
        return "Letters(…)"


def new_letters() -> Letters:
    return Letters(np.zeros(PLACES * ROOM, np.uint8), np.zeros((SPLITS + LONGEST_PINYIN + 1, 4), np.int64))


@leaf
def is_digit(character: int) -> bool:
    """0 to 9."""
    return 48 <= character <= 57


@leaf
def is_alnum(character: int) -> bool:
    """a to z, 0 to 9."""
    return is_letter(character) or is_digit(character)


@leaf
def lower(character: int) -> int:
    return character + 32 if 65 <= character <= 90 else character


@leaf
def is_ascii(data: Bytes, offset: int, length: int) -> bool:
    for k in range(offset, offset + length):
        if data[k] >= 0x80:
            return False
    return True


@inner
def tidy(data: Bytes, span: tuple[int, int], text: Bytes, at: int, cased: bool) -> int:
    """``clean`` of ASCII without controls: runs of blanks as one, none at the ends; in lower case unless ``cased``.

    Returns where it ends in ``text``.
    """
    start = at
    for k in range(span[0], span[0] + span[1]):
        character = wide(data[k]) if cased else lower(wide(data[k]))
        if character != _BLANK or (at > start and text[at - 1] != _BLANK):
            text[at] = character
            at += 1
    return at - 1 if at > start and text[at - 1] == _BLANK else at


@inner
def lower_case(text: Bytes, start: int, end: int) -> None:
    for k in range(start, end):
        text[k] = lower(wide(text[k]))


@inner
def put_alnum(text: Bytes, start: int, end: int, at: int) -> int:
    """``letters_and_digits`` of text[start:end], in lower case already; returns where they end."""
    for k in range(start, end):
        if is_alnum(text[k]):
            text[at] = text[k]
            at += 1
    return at


@leaf
def _behind_hyphen(text: Bytes, at: int, end: int) -> int:
    """Where the word goes on whose first part ends at ``at``, behind a hyphen and perhaps blanks; ``at`` without one."""
    k = at + 1 if text[at] == _BLANK else at
    if k >= end or text[k] != _HYPHEN:
        return at
    k += 1
    if k < end and text[k] == _BLANK:
        k += 1
    return k if k < end and is_letter(text[k]) else at


@inner
def read_tokens(tables: LatinTables, letters: Letters, start: int, end: int, place: int) -> tuple[int, int]:
    """``latin_tokens`` of tidied lower-case text, joined, into a place's stretch: (how many, all their bits).

    −1 where there are too many.
    """
    text, cells = letters.text, letters.cells
    at = place * ROOM + JOINED
    begin, count, seen, i = at, wide(0), wide(0), start
    while i <= end:
        run = i
        while i < end and is_letter(text[i]):
            text[at] = text[i]
            at, i = at + 1, i + 1
        if i < end and (text[i] == _APOSTROPHE or text[i] == _GRAVE):
            i += 1
            continue
        further = i
        if run < i < end:
            further = _behind_hyphen(text, i, end)
            if further > i and not bits_of(tables, text, run, i) & PARTICLE:
                i = further
                continue
        if at > begin:
            if count == MOST_TOKENS:
                return wide(-1), seen
            bits = bits_of(tables, text, begin, at)
            cells[TOKENS + count, BEGIN], cells[TOKENS + count, END], cells[TOKENS + count, BITS] = begin, at, bits
            seen |= bits
            count, begin = count + 1, at
        i = further if further > i else i + 1
    return count, seen


@leaf
def sound_of(text: Bytes, start: int, end: int) -> int:
    """``sound_code``."""
    return positive(xxh3(text, start, end - start)) if end > start else wide(0)


@inner
def phonetic(text: Bytes, start: int, end: int) -> int:
    """Code of the phonetic code of letters (a to z)."""
    at = wide(SCRATCH * ROOM)
    return sound_of(text, at, metaphone(text, start, end, text, at))


@inner
def _unmistakable(text: Bytes, start: int, end: int) -> bool:
    """Whether x or zh is written."""
    for k in range(start, end):
        if text[k] == _X or (text[k] == _Z and k + 1 < end and text[k + 1] == _H):
            return True
    return False


@inner
def put_latin(tables: LatinTables, letters: Letters, place: int, span: tuple[int, int], how: int) -> bool:
    """``latin_value`` of tokens, (first, how many ≥ 1), into a place; returns whether they were read as pinyin."""
    text, cells, first, count = letters.text, letters.cells, TOKENS + span[0], span[1]
    start, end = cells[first, BEGIN], cells[first + count - 1, END]
    full = cells[first, BITS] >> FULL_SHIFT if how & AS_GIVEN else wide(0)
    if how & AS_CHINESE or _unmistakable(text, start, end):
        at = wide(place * ROOM + _PINYIN)
        syllables, behind = put_syllables(tables, text, (start, end), cells, at, wide(0))
        if syllables > 0 and (full == 0 or (how & AS_CHINESE and syllables == 1)):
            scratch = wide(SCRATCH * ROOM)
            _, folded = put_syllables(tables, text, (at, behind), cells, scratch, wide(1))
            cells[place, START], cells[place, LENGTH], cells[place, SOUND] = at, behind - at, sound_of(text, at, behind)
            cells[place, FOLD] = sound_of(text, scratch, folded)
            return True
    cells[place, START], cells[place, LENGTH] = start, end - start
    cells[place, SOUND] = cells[place, FOLD] = phonetic(text, start, end)
    core = first
    while core < first + count - 1 and cells[core, BITS] & PARTICLE:
        core += 1
    if full > 0:
        scratch = wide(SCRATCH * ROOM + ROOM // 2)
        at = put_spelling(tables, full, text, scratch)
        for k in range(cells[first, END], end):
            text[at] = text[k]
            at += 1
        cells[place, FOLD] = phonetic(text, scratch, at)
    elif core > first:
        cells[place, FOLD] = phonetic(text, wide(cells[core, BEGIN]), end)
    return False
