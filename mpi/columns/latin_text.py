"""Free text of an address in ASCII letters in a kernel: where its parts stand, as ``standardise.latin_addresses`` reads them.

The grammar is that of its regular expressions, each of which is read straight on: where one would give a character back, what
must follow (the end of a word) cannot stand there, except behind a range of numbers (12-14th), which then is none.
"""

from __future__ import annotations

import numpy as np

from mpi.columns.characters import Bytes
from mpi.columns.jit import inner, leaf, wide
from mpi.columns.latin_tables import STREET_MASK, STREET_SHIFT, LatinTables, bits_of, is_letter
from mpi.columns.latin_words import (
    BEGIN,
    CITY,
    END,
    FLAT,
    HOUSE_NUMBER,
    JOINED,
    LOCALITY,
    POSTCODE,
    REGION,
    ROAD,
    ROOM,
    SCRATCH,
    SPANS,
    Letters,
    is_alnum,
    is_digit,
    put_alnum,
)

_BLANK, _COMMA, _POINT, _HASH, _HYPHEN, _SLASH, _UNDERLINE = (ord(character) for character in " ,.#-/_")
_N, _O = ord("n"), ord("o")
_UNIT_WORDS = ["unit", "flat", "apartment", "apt", "suite", "ste", "room", "rm", "shop", "villa", "u"]
_WIDEST = max(map(len, _UNIT_WORDS))
_UNITS = np.array([[len(word), *word.encode().ljust(_WIDEST, b"\0")] for word in _UNIT_WORDS], np.uint8)
_NUMBER = np.frombuffer(b"number", np.uint8)


@leaf
def _is_gap(character: int) -> bool:
    return character == _BLANK or character == _COMMA


@leaf
def _digits(text: Bytes, at: int, end: int) -> int:
    while at < end and is_digit(text[at]):
        at += 1
    return at


@leaf
def _blanks(text: Bytes, at: int, end: int) -> int:
    while at < end and text[at] == _BLANK:
        at += 1
    return at


@leaf
def _last_word(text: Bytes, start: int, end: int) -> tuple[int, int]:
    """Where the last word begins, and the blanks and commas before it; (end, end) where nothing stands before it."""
    word = end
    while word > start and not _is_gap(text[word - 1]):
        word -= 1
    if word == start or word == end:
        return end, end
    gap = word
    while gap > start and _is_gap(text[gap - 1]):
        gap -= 1
    return word, gap


@leaf
def _is_postcode(text: Bytes, word: int, end: int) -> bool:
    """Four to six digits, perhaps with a hyphen and four more."""
    behind = _digits(text, word, end)
    if not 4 <= behind - word <= 6:
        return False
    return behind == end or (text[behind] == _HYPHEN and end - behind == 5 and _digits(text, behind + 1, end) == end)


@inner
def read_tail(letters: Letters, start: int, end: int) -> int:
    """Note postcode and state of a text that is tidied, in its own case; returns where the rest ends."""
    text, cells = letters.text, letters.cells
    word, gap = _last_word(text, start, end)
    if word < end and _is_postcode(text, word, end):
        cells[SPANS + POSTCODE, BEGIN], cells[SPANS + POSTCODE, END] = word, end
        end = gap
    word, gap = _last_word(text, start, end)
    if 2 <= end - word <= 3:
        for k in range(word, end):
            if not 65 <= text[k] <= 90:
                return end
        cells[SPANS + REGION, BEGIN], cells[SPANS + REGION, END] = word, end
        return gap
    return end


@inner
def _behind_unit_word(text: Bytes, at: int, end: int) -> int:
    """Where a word for a unit ends that begins at a place; ``at`` where none does."""
    behind = at
    while behind < end and is_alnum(text[behind]):
        behind += 1
    for word in range(len(_UNITS)):
        if behind - at == _UNITS[word, 0]:
            same = True
            for k in range(behind - at):
                same = same and text[at + k] == _UNITS[word, 1 + k]
            if same:
                return behind
    return at


@inner
def _unit_at(text: Bytes, at: int, end: int) -> tuple[int, int]:
    """What names the unit that is told at a place (unit 3, apt. #3b, # c): where it begins and ends; the same without one."""
    if text[at] == _HASH:
        begin = _blanks(text, at + 1, end)
    else:
        begin = _behind_unit_word(text, at, end)
        if begin == at:
            return at, at
        if begin < end and text[begin] == _POINT:
            begin += 1
        begin = _blanks(text, begin, end)
        if begin < end and text[begin] == _HASH:
            begin = _blanks(text, begin + 1, end)
    behind = _digits(text, begin, end)
    if behind > begin:
        return begin, behind + 1 if behind < end and is_letter(text[behind]) else behind
    if begin < end and is_letter(text[begin]) and not (begin + 1 < end and is_letter(text[begin + 1])):
        return begin, begin + 1
    return at, at


@inner
def _take_unit(letters: Letters, start: int, end: int) -> None:
    """Note the first unit and leave commas in its place."""
    text, cells = letters.text, letters.cells
    for at in range(start, end):
        if text[at] != _HASH and (not is_letter(text[at]) or (at > start and is_alnum(text[at - 1]))):
            continue
        begin, behind = _unit_at(text, at, end)
        if behind > begin:
            copy = wide(FLAT * ROOM + JOINED)
            for k in range(behind - begin):
                text[copy + k] = text[begin + k]
            for k in range(at, behind):
                text[k] = _COMMA
            cells[SPANS + FLAT, BEGIN], cells[SPANS + FLAT, END] = copy, copy + behind - begin
            return


@leaf
def _ends(text: Bytes, at: int, end: int) -> bool:
    """Whether no word goes on."""
    return at == end or not is_alnum(text[at])


@inner
def _number_at(text: Bytes, at: int, end: int, lettered: bool) -> int:
    """Where a number ends: 12, 12a, 12-14, and 12-14a where the range may be ``lettered``; ``at`` without one."""
    behind = _digits(text, at, end)
    if behind == at:
        return at
    if behind < end and is_letter(text[behind]):
        behind += 1
    dash = _blanks(text, behind, end)
    if dash < end and text[dash] == _HYPHEN:
        second = _blanks(text, dash + 1, end)
        further = _digits(text, second, end)
        if further > second:
            if lettered and further < end and is_letter(text[further]):
                further += 1
            if _ends(text, further, end):
                return further
    return behind if _ends(text, behind, end) else at


@inner
def _behind_number_word(text: Bytes, at: int, end: int) -> int:
    """no, no. or number, with blanks; ``at`` without one."""
    if at + 1 < end and text[at] == _N and text[at + 1] == _O:
        behind = at + 2
        if behind < end and text[behind] == _POINT:
            behind += 1
        return _blanks(text, behind, end)
    if end - at < len(_NUMBER):
        return at
    for k in range(len(_NUMBER)):
        if text[at + k] != _NUMBER[k]:
            return at
    return _blanks(text, at + len(_NUMBER), end)


@inner
def _leading_number(letters: Letters, at: int, end: int) -> int:
    """Note the number that a segment begins with, and the unit before it (3/12) if none is known; returns where it ends."""
    text, cells = letters.text, letters.cells
    behind = _digits(text, at, end)
    if behind > at:
        if behind < end and is_letter(text[behind]):
            behind += 1
        slash = _blanks(text, behind, end)
        if slash < end and text[slash] == _SLASH:
            number = _blanks(text, slash + 1, end)
            further = _number_at(text, number, end, False)
            if further > number:
                if cells[SPANS + FLAT, END] == cells[SPANS + FLAT, BEGIN]:
                    cells[SPANS + FLAT, BEGIN], cells[SPANS + FLAT, END] = at, behind
                cells[SPANS + HOUSE_NUMBER, BEGIN], cells[SPANS + HOUSE_NUMBER, END] = number, further
                return further
    number = _behind_number_word(text, at, end)
    behind = _number_at(text, number, end, True)
    if behind == number:
        return at
    cells[SPANS + HOUSE_NUMBER, BEGIN], cells[SPANS + HOUSE_NUMBER, END] = number, behind
    return behind


@inner
def _road(tables: LatinTables, letters: Letters, at: int, end: int) -> int:
    """Note the road, up to a word for a street that is not the first word, or all behind a number; returns where it ends."""
    text, cells = letters.text, letters.cells
    first, word = at, at
    while word < end:
        behind = word
        while behind < end and text[behind] != _BLANK:
            behind += 1
        if word > first:
            scratch = wide(SCRATCH * ROOM)
            letters_end = put_alnum(text, word, behind, scratch)
            if bits_of(tables, text, scratch, letters_end) >> STREET_SHIFT & STREET_MASK:
                cells[SPANS + ROAD, BEGIN], cells[SPANS + ROAD, END] = first, behind
                return behind
        word = behind + 1
    if cells[SPANS + HOUSE_NUMBER, END] > cells[SPANS + HOUSE_NUMBER, BEGIN]:
        cells[SPANS + ROAD, BEGIN], cells[SPANS + ROAD, END] = first, end
        return end
    return at


@leaf
def _says_nothing(text: Bytes, start: int, end: int) -> bool:
    for k in range(start, end):
        if is_alnum(text[k]):
            return False
    return True


@inner
def _read_segment(tables: LatinTables, letters: Letters, start: int, end: int) -> None:
    """What stands between two commas, blanks around it aside."""
    cells = letters.cells
    if cells[SPANS + ROAD, END] == cells[SPANS + ROAD, BEGIN]:
        if cells[SPANS + HOUSE_NUMBER, END] == cells[SPANS + HOUSE_NUMBER, BEGIN]:
            start = _blanks(letters.text, _leading_number(letters, start, end), end)
        start = _blanks(letters.text, _road(tables, letters, start, end), end)
    if start < end:
        place = LOCALITY if cells[SPANS + LOCALITY, END] == cells[SPANS + LOCALITY, BEGIN] else CITY
        if cells[SPANS + place, END] == cells[SPANS + place, BEGIN]:
            cells[SPANS + place, BEGIN], cells[SPANS + place, END] = start, end


@inner
def read_body(tables: LatinTables, letters: Letters, start: int, end: int) -> None:
    """Note unit, number, road and places of what ``read_tail`` has left, in lower case; the unit in it is lost."""
    text = letters.text
    _take_unit(letters, start, end)
    while start < end:
        behind = start
        while behind < end and text[behind] != _COMMA:
            behind += 1
        first, last = _blanks(text, start, behind), behind
        while last > first and text[last - 1] == _BLANK:
            last -= 1
        if not _says_nothing(text, first, last):
            _read_segment(tables, letters, first, last)
        start = behind + 1


@inner
def has_underline(text: Bytes, start: int, end: int) -> bool:
    """An underline is part of a word for a regular expression: it is left to the ordinary way."""
    for k in range(start, end):
        if text[k] == _UNDERLINE:
            return True
    return False
