"""A record's addresses in kernels: Chinese ones by text and division, Latin ones by every field; a value for each feature."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mpi.columns import layout as at
from mpi.columns.address_book import AddressBook
from mpi.columns.addresses import READ as ADDRESS_READ
from mpi.columns.addresses import UNKNOWN as ADDRESS_UNKNOWN
from mpi.columns.addresses import read_address
from mpi.columns.characters import Bytes
from mpi.columns.hashing import xxh3
from mpi.columns.jit import inner, leaf, wide
from mpi.columns.latin_addresses import NOTHING, has_parts, is_latin, read_latin_address
from mpi.columns.latin_addresses import READ as LATIN_READ
from mpi.columns.latin_tables import LatinTables
from mpi.columns.latin_words import FOLD, LENGTH, ROOM, SCRATCH, SOUND, START, TEXT, is_digit
from mpi.columns.layout import Raw
from mpi.columns.line import (
    ADDRESS,
    AS_CATEGORY,
    AS_NUMBER,
    AS_TEXT,
    COUNTS,
    FORMS,
    FROM_ADDRESS,
    FROM_DIVISION,
    FROM_PLACE,
    IRREGULAR,
    PLACES,
    READ,
    SLOT,
    UNKNOWN_ADDRESS,
    VALUE,
    Books,
    Work,
    span,
)
from mpi.columns.side import Side, add, add_letters, add_sketch, letters_code, text_code
from mpi.linkage.values import BASE, NUMBER_HASHED, PACKED_LENGTH
from mpi.linkage.values import CODE as TEXT_CODE

Plan = npt.NDArray[np.int64]

_CATEGORY, _CATEGORY_BITS = 1 << 30, np.uint64((1 << 30) - 1)
_HYPHEN, _SLASH = ord("-"), ord("/")


@leaf
def _same_bytes(data: Bytes, a: tuple[int, int], b: tuple[int, int]) -> bool:
    if a[1] != b[1]:
        return False
    for k in range(a[1]):
        if data[a[0] + k] != data[b[0] + k]:
            return False
    return True


@inner
def _is_the_first(raw: Raw, q: int, column: int) -> bool:
    """Whether an address is written as the record's first one is."""
    cells, same = raw.cells[q], True
    for part in range(0, at.ADDRESS_WIDTH, 2):
        same = same and _same_bytes(raw.data, span(cells, at.ADDRESS + part), span(cells, column + part))
    return same


@leaf
def _capital(character: int) -> int:
    return character - 32 if 97 <= character <= 122 else character


@inner
def _number_code(text: Bytes, start: int, length: int) -> int:
    """``number_code`` of ASCII; at least one character."""
    code, scratch = wide(0), wide(SCRATCH * ROOM)
    plain = length <= PACKED_LENGTH
    for k in range(length):
        character = _capital(wide(text[start + k]))
        text[scratch + k] = character
        if is_digit(character):
            digit = character - 47
        elif 65 <= character <= 90:
            digit = character - 54
        else:
            digit = wide(37 if character == _HYPHEN else 38)
            plain = plain and (character == _HYPHEN or character == _SLASH)
        code = code * BASE + digit if plain else wide(0)
    return code if plain else wide(xxh3(text, scratch, length) >> np.uint64(2)) | NUMBER_HASHED


@inner
def _put_values(plan: Plan, side: Side, work: Work, n: int) -> None:
    """Each feature's value of address n, from the values of its fields."""
    letters = work.letters
    for f in range(len(plan)):
        source = plan[f]
        if source < FROM_ADDRESS:
            continue
        work.places[n, f, VALUE] = work.places[n, f, SLOT] = 0
        field = wide(TEXT) if source == FROM_ADDRESS else (source - FROM_PLACE) // FORMS
        form = wide(AS_TEXT) if source == FROM_ADDRESS else (source - FROM_PLACE) % FORMS
        if source == FROM_DIVISION or letters.cells[field, LENGTH] == 0:
            continue
        start, length = wide(letters.cells[field, START]), wide(letters.cells[field, LENGTH])
        if form == AS_NUMBER:
            work.places[n, f, VALUE] = _number_code(letters.text, start, length)
        elif form == AS_CATEGORY:
            work.places[n, f, VALUE] = _CATEGORY | wide(xxh3(letters.text, start, length) & _CATEGORY_BITS)
        else:
            slot = add_letters(
                side, letters.text, (start, length), (wide(letters.cells[field, SOUND]), wide(letters.cells[field, FOLD]))
            )
            work.places[n, f, VALUE], work.places[n, f, SLOT] = side.cells[slot, TEXT_CODE], slot
            if form == AS_TEXT:
                for k in range(length):
                    work.points[k] = letters.text[start + k]
                add_sketch(side, slot, work.points, length)


@inner
def _latin(tables: LatinTables, plan: Plan, side: Side, raw: Raw, q: int, n: int, work: Work) -> int:
    """Read a Latin address."""
    line, letters, column = work.line, work.letters, at.ADDRESS + n * at.ADDRESS_WIDTH
    found = read_latin_address(tables, letters, raw, q, column)
    if found == NOTHING:
        return READ
    if found != LATIN_READ:
        return IRREGULAR
    code, count, length = wide(0), line[COUNTS + ADDRESS], wide(letters.cells[TEXT, LENGTH])
    if raw.cells[q, at.ADDRESSES] > 1 and length > 0:
        code = letters_code(letters.text, wide(letters.cells[TEXT, START]), length)
    if count > 0 and line[PLACES] == code and line[PLACES + 1] == 0:
        return READ if _is_the_first(raw, q, column) else IRREGULAR  # they may differ in what no feature sees
    line[PLACES], line[PLACES + 1] = code, 0
    _put_values(plan, side, work, count)
    line[COUNTS + ADDRESS] += 1
    return READ


@inner
def _chinese(book: AddressBook, plan: Plan, side: Side, raw: Raw, q: int, n: int, work: Work) -> int:
    """Read the text and division of a Chinese address."""
    line, column = work.line, at.ADDRESS + n * at.ADDRESS_WIDTH
    if has_parts(raw, q, column):
        return IRREGULAR
    found, length, division = read_address(book, raw, q, column, work.points, work.text)
    if found == ADDRESS_UNKNOWN:
        return UNKNOWN_ADDRESS << n
    if found != ADDRESS_READ:
        return IRREGULAR
    code = text_code(work.text, length, work.bytes) if length > 0 else wide(0)
    if length > 0 and code == 0:
        return IRREGULAR
    count = line[COUNTS + ADDRESS]
    if count > 0 and line[PLACES] == code and line[PLACES + 1] == division:
        return READ if _is_the_first(raw, q, column) else IRREGULAR  # they may differ in what no feature sees
    slot = add(side, work.text, (wide(0), length), (code, wide(0), wide(0))) if length > 0 else wide(0)
    if length > 0:
        add_sketch(side, slot, work.text, length)
    line[PLACES], line[PLACES + 1] = code, division
    for f in range(len(plan)):
        if plan[f] == FROM_ADDRESS:
            work.places[count, f, VALUE], work.places[count, f, SLOT] = code, slot
        elif plan[f] == FROM_DIVISION:
            work.places[count, f, VALUE], work.places[count, f, SLOT] = division, 0
        elif plan[f] >= FROM_PLACE:
            return IRREGULAR  # what the kernel does not tell apart
    line[COUNTS + ADDRESS] += 1
    return READ


@inner
def read_addresses(books: Books, plan: Plan, side: Side, raw: Raw, q: int, work: Work) -> int:
    """State of a record's addresses; ``work.places`` has the values of those that say something."""
    state = wide(READ)
    for n in range(raw.cells[q, at.ADDRESSES]):
        if is_latin(raw, q, at.ADDRESS + n * at.ADDRESS_WIDTH):
            state |= _latin(books.latin, plan, side, raw, q, n, work)
        else:
            state |= _chinese(books.addresses, plan, side, raw, q, n, work)
        if state & IRREGULAR:
            break
    return state
