"""From nouns: records that are in memory already → ``Raw``, for files of records that are read by the million.

``msgspec`` writes all of them as one MessagePack message in about a microsecond each; that form states the length of every
text before it and escapes nothing, so that a kernel finds the texts as it does on the wire. What the table of fields does not
have, or has with another limit, makes the record irregular. The bytes come from ``msgspec`` alone: they are well-formed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from mpi.columns.fields import FIELDS, NOTHING, NUMBER, PART, RECORD, TEXTS
from mpi.columns.jit import inner, kernel, leaf, wide
from mpi.columns.layout import CELLS, REGULAR, Raw
from mpi.linkage.jit import direct
from mpi.records import PatientRecord

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int32]
Stack = npt.NDArray[np.int64]

LONGEST_NAME, FIRST_LETTER, LETTERS = 31, 0x61, 26  # of a field, which MessagePack writes behind one byte

# Columns of PLAIN.
_WHAT, _COLUMN, _MOST, _KIND, _WIDTH = range(5)
DEPTH = 2  # messages around the innermost one: a record's guardian's document


def _plain() -> npt.NDArray[np.int64]:
    table = np.zeros((len(FIELDS), LONGEST_NAME + 1, LETTERS, 5), np.int64)
    for kind, fields in FIELDS.items():
        for field in fields:
            place = table[kind, len(field.name), ord(field.name[-1]) - FIRST_LETTER]
            assert not place.any(), "two plain fields of one kind differ in length or last letter"
            place[:] = (field.what, field.column, field.most, field.kind, field.width)
    return table


PLAIN = _plain()
"""int64[kinds, length, letter, 5]: what the field holds whose name has this length and last letter, and the rest of
``fields.Field``. No field of a noun that is not plain shares both with one that is (a test says so)."""


@leaf
def text_at(data: Bytes, at: int) -> tuple[int, int]:
    """(where the text that stands at ``at`` begins, its length in bytes); a length of -1 where it needs four bytes."""
    first = wide(data[at])
    if 0xA0 <= first <= 0xBF:
        return at + 1, first & 31
    if first == 0xD9:
        return at + 2, wide(data[at + 1])
    if first == 0xDA:
        return at + 3, wide(data[at + 1]) << 8 | wide(data[at + 2])
    return at, -1


@leaf
def number_of_parts(data: Bytes, at: int) -> int:
    """Entries of the map, or elements of the array, that begins with one byte; -1 for more than fifteen."""
    first = wide(data[at])
    return first & 15 if 0x80 <= first <= 0x9F else -1


@inner
def skip(data: Bytes, at: int) -> int:
    """Where the value that begins at ``at`` ends."""
    left = 1
    while left > 0:
        first = wide(data[at])
        left -= 1
        if first < 0x80 or first >= 0xE0 or first == 0xC0:  # a small number, nothing
            at += 1
        elif first < 0xA0:
            left += (first & 15) * (2 if first < 0x90 else 1)
            at += 1
        elif first <= 0xBF or 0xD9 <= first <= 0xDA:
            begin, length = text_at(data, at)
            at = begin + length
        elif first == 0xDB:
            at += 5 + (wide(data[at + 1]) << 24 | wide(data[at + 2]) << 16 | wide(data[at + 3]) << 8 | wide(data[at + 4]))
        elif first >= 0xDC:  # an array or a map, its size in two bytes or four
            size, width = wide(0), 2 if first == 0xDC or first == 0xDE else 4
            for k in range(at + 1, at + 1 + width):
                size = size << 8 | wide(data[k])
            left += size * (2 if first >= 0xDE else 1)
            at += 1 + width
        else:  # a number of one to eight bytes: 0xCC … 0xCF, 0xD0 … 0xD3
            at += 1 + (1 << (first & 3))
    return at


@inner
def texts_at(data: Bytes, at: int, row: Integers, column: int, count: int) -> int:
    """Write ``count`` texts that follow each other as spans; returns where they end, -1 where one is too long."""
    for n in range(count):
        begin, length = text_at(data, at)
        if length < 0:
            return -1
        row[column + 2 * n], row[column + 2 * n + 1] = begin, length
        at = begin + length
    return at


@inner
def parse_noun(data: Bytes, at: int, row: Integers, outer: Stack) -> int:
    """The record that begins at ``at`` into a zeroed row; returns where it ends, -1 where it is not plain.

    ``outer`` int64[DEPTH, 5]: what to go on with behind an inner message.
    """
    kind, base, left, more, width, depth = RECORD, 0, number_of_parts(data, at), 0, 0, 0
    at += 1
    while left >= 0:
        if left == 0 and more > 0:  # the next message of a list
            more, base, left = more - 1, base + width, number_of_parts(data, at)
            at += 1
            continue
        if left == 0:
            if depth == 0:
                return at
            depth -= 1
            kind, base, left, more, width = outer[depth]
            continue
        left -= 1
        begin, length = text_at(data, at)
        if length < 1 or length > LONGEST_NAME:
            return -1
        letter = wide(data[begin + length - 1]) - FIRST_LETTER
        if letter < 0 or letter >= LETTERS:
            return -1
        what, column, most, inside, step = PLAIN[kind, length, letter]
        column += base
        at = begin + length
        if what == NOTHING:
            return -1
        if what == NUMBER:
            if wide(data[at]) > most:  # most is below 128: the byte is the number
                return -1
            row[column] = wide(data[at])
            at += 1
            continue
        count = wide(1)
        if what == TEXTS or what > PART:
            count = number_of_parts(data, at)
            at += 1
            if count < 0 or count > most:
                return -1
        if what <= TEXTS:
            if what == TEXTS:
                row[column] = count
                column += 1
            at = texts_at(data, at, row, column, count)
            if at < 0:
                return -1
            continue
        row[column] = count
        if count > 0:
            for k, value in enumerate((kind, base, left, more, width)):
                outer[depth, k] = value
            depth += 1
            kind, base, left, more, width = inside, column + 1, number_of_parts(data, at), count - 1, step
            at += 1
    return -1


@kernel
def parse_nouns(data: Bytes, at: int, cells: Integers) -> None:
    """As many records as ``cells`` has rows (zeroed int32[Q, CELLS]), which follow each other from ``at`` on."""
    outer = np.zeros((DEPTH, 5), np.int64)
    for q in range(len(cells)):
        end = parse_noun(data, at, cells[q], outer)
        cells[q, REGULAR] = end >= 0
        at = end if end >= 0 else skip(data, at)


def raw_of(records: Sequence[PatientRecord]) -> Raw | None:
    """Columns of records in their order; None where a text holds half a character, which no encoding can write."""
    try:
        written = _WRITER.encode(records)
    except UnicodeEncodeError:
        return None
    data = np.frombuffer(written, np.uint8)
    cells = np.zeros((len(records), CELLS), np.int32)
    header = 1 if len(records) < 16 else 3 if len(records) < 1 << 16 else 5
    _entry()(data, header, cells)
    return Raw(data, cells)


_WRITER = msgspec.msgpack.Encoder()


@cache
def _entry() -> Any:
    """Compiled parse_nouns without Numba's dispatcher."""
    parse_nouns(np.frombuffer(b"", np.uint8), 1, np.zeros((0, CELLS), np.int32))
    return direct(parse_nouns)
