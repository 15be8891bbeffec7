"""The JSON of regular records as received, byte for byte what ``msgspec`` makes of the noun, and the hash of their content.

The hash leaves the moment of recording out, so that the same content sent again is known as such. ``recorded_at`` is the last
field that a regular record has, so its JSON without it is the JSON up to there and a brace.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import xxhash

from mpi.columns.fields import FIELDS, NUMBER, PART, RECORD, TEXT, TEXT_COLUMNS, TEXTS
from mpi.columns.hashing import LANES, Lanes, put_digest, xxh3_pair
from mpi.columns.jit import inner, kernel, unlocked, wide
from mpi.columns.layout import CELLS, RECORDED_AT, REGULAR, Raw
from mpi.linkage.borrow import borrow
from mpi.linkage.jit import direct

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int32]
Offsets = npt.NDArray[np.int64]

QUOTE, BACKSLASH, COMMA, ZERO = 0x22, 0x5C, 0x2C, 0x30
OPEN, OPEN_LIST, CLOSE = 0x7B, 0x5B, 0x7D
DIGITS = 10  # of a number that fits into a cell
MOMENT = len(',"recorded_at":""')

# Columns of places: where a record's JSON begins, where its moment of recording begins, where the JSON ends.
START, CUT, END = 0, 1, 2

# A step of writing: what it does, with which column, …
PUT_NUMBER, PUT_TEXT, PUT_ELEMENT, BEGIN, FINISH = range(5)


class Step(NamedTuple):
    """One step of writing a record.

    PUT_NUMBER, PUT_TEXT  literal (the field's name) and value, unless it is 0 or empty
    PUT_ELEMENT           a text of a list, even if it is empty
    BEGIN                 literal, if the column is at least ``least``; otherwise go on after ``skip`` further steps
    FINISH                literal
    """

    what: int
    column: int
    literal: bytes
    least: int = 0
    skip: int = 0


def _steps(kind: int, base: int) -> list[Step]:
    """How a message whose columns begin at ``base`` is written, braces aside: all its parts in a row, to be skipped."""
    steps: list[Step] = []
    for field in FIELDS[kind]:
        column, key = base + field.column, f'"{field.name}":'
        if field.what in (NUMBER, TEXT):
            steps.append(Step(PUT_TEXT if field.what == TEXT else PUT_NUMBER, column, key.encode()))
            continue
        inside: list[Step] = []
        for part in range(field.most):
            first = column + 1 + part * field.width
            if field.what == TEXTS:
                inside += [Step(BEGIN, column, b"", part + 1, 1), Step(PUT_ELEMENT, first, b"")]
                continue
            fields = [*_steps(field.kind, first), Step(FINISH, 0, b"}")]
            inside += [Step(BEGIN, column, b"{", part + 1, len(fields)), *fields]
        if field.what == PART:
            begin = inside[0]
            steps += [begin._replace(literal=key.encode() + begin.literal), *inside[1:]]
        else:
            steps += [Step(BEGIN, column, f"{key}[".encode(), 1, len(inside) + 1), *inside, Step(FINISH, 0, b"]")]
    return steps


def _compiled(steps: list[Step]) -> tuple[npt.NDArray[np.int64], Bytes]:
    rows, literals = [], b""
    for step in steps:
        begin, literals = len(literals), literals + step.literal
        comma = step.what != FINISH and (step.what == PUT_ELEMENT or len(step.literal) > 0)
        rows.append((step.what, step.column, begin, len(literals), step.least, step.skip, comma))
    return np.array(rows, np.int64), np.frombuffer(literals, np.uint8).copy()


STEPS, LITERALS = _compiled([*_steps(RECORD, 0), Step(FINISH, 0, b"}")])
"""int64[S, 7]: how a record goes on behind its brace, with the columns named below; uint8[n]: the literals."""
_WHAT, _COLUMN, _LITERAL, _LITERAL_END, _LEAST, _SKIP, _COMMA = range(7)
MOST = len("{") + len(LITERALS) + len(STEPS) * (len(',""') + DIGITS)
"""Bytes that a record's JSON has at most, texts aside."""


@inner
def put_text(out: Bytes, at: int, data: Bytes, offset: int, length: int) -> int:
    """A text in quotes, with the two characters escaped that a text without control characters may need escaped."""
    out[at] = QUOTE
    at += 1
    for place in range(offset, offset + length):
        byte = wide(data[place])
        if byte in (QUOTE, BACKSLASH):
            out[at] = BACKSLASH
            at += 1
        out[at] = byte
        at += 1
    out[at] = QUOTE
    return at + 1


@inner
def put_number(out: Bytes, at: int, value: int) -> int:
    """A number ≥ 0."""
    size, rest = 1, value // 10
    while rest:
        size, rest = size + 1, rest // 10
    for place in range(at + size - 1, at - 1, -1):
        out[place] = ZERO + value % 10
        value //= 10
    return at + size


@inner
def put_literal(out: Bytes, at: int, start: int, end: int) -> int:
    """LITERALS[start:end]."""
    for place in range(start, end):
        out[at] = LITERALS[place]
        at += 1
    return at


@inner
def put_record(out: Bytes, at: int, data: Bytes, row: Integers) -> int:
    """One record; fields that are missing are left out."""
    out[at] = OPEN
    at, step = at + 1, 0
    while step < len(STEPS):
        what, column = STEPS[step, _WHAT], STEPS[step, _COLUMN]
        value, size = wide(row[column]), wide(row[column + 1])
        step += 1
        if what == BEGIN and value < STEPS[step - 1, _LEAST]:
            step += STEPS[step - 1, _SKIP]
            continue
        if (what == PUT_NUMBER and value == 0) or (what == PUT_TEXT and size == 0):
            continue
        if STEPS[step - 1, _COMMA] and out[at - 1] != OPEN and out[at - 1] != OPEN_LIST:
            out[at] = COMMA
            at += 1
        at = put_literal(out, at, STEPS[step - 1, _LITERAL], STEPS[step - 1, _LITERAL_END])
        if what == PUT_NUMBER:
            at = put_number(out, at, value)
        elif what in (PUT_TEXT, PUT_ELEMENT):
            at = put_text(out, at, data, value, size)
    return at


@kernel
def room(cells: Integers) -> int:
    """Bytes that the JSON of the regular records needs at most."""
    total = 0
    for q in range(len(cells)):
        if cells[q, REGULAR]:
            total += MOST
            for i in range(len(TEXT_COLUMNS)):
                total += 2 * cells[q, TEXT_COLUMNS[i] + 1]
    return total


@inner
def put_rows(data: Bytes, cells: Integers, out: Bytes, places: Offsets) -> None:
    """The JSON of the regular records, one behind the other; ``out`` has room for them, ``places`` is int64[Q, 3]."""
    at = 0
    for q in range(len(cells)):
        places[q, START] = at
        if cells[q, REGULAR]:
            at = put_record(out, at, data, cells[q])
            moment = wide(cells[q, RECORDED_AT + 1])
            places[q, CUT] = at - 1 - (moment + MOMENT if moment else 0)
        else:
            places[q, CUT] = at
        places[q, END] = at


@kernel
def put_records(data: Bytes, cells: Integers, out: Bytes, places: Offsets) -> None:
    """``put_rows``."""
    put_rows(borrow(data), borrow(cells), borrow(out), borrow(places))


@inner
def put_all(data: Bytes, cells: Integers, out: Bytes, offsets: Offsets, contents: Bytes, lanes: Lanes) -> None:
    """The JSON of the n regular records one behind the other, its offsets (int64[n + 1]), content hashes (uint8[n, 16])."""
    at, n = 0, 0
    for q in range(len(cells)):
        if cells[q, REGULAR] == 0:
            continue
        start = at
        at = put_record(out, at, data, cells[q])
        moment = wide(cells[q, RECORDED_AT + 1])
        cut = at - 1 - (moment + MOMENT if moment else 0)
        kept = out[cut]
        out[cut] = CLOSE  # what is hashed is the JSON without the moment
        put_digest(xxh3_pair(out, start, cut + 1 - start, lanes), contents[n])
        out[cut] = kept
        n += 1
        offsets[n] = at


@unlocked
def put_columns(data: Bytes, cells: Integers, out: Bytes, offsets: Offsets, contents: Bytes) -> None:
    """``put_all``, whose ``offsets`` are zeroed."""
    lanes = np.empty(LANES, np.uint64)
    put_all(borrow(data), borrow(cells), borrow(out), borrow(offsets), borrow(contents), borrow(lanes))


class Payload(NamedTuple):
    """What the journal keeps of a record as received."""

    payload: bytes  # JSON
    content: bytes  # hash (16 bytes) of the JSON without recorded_at

    def __repr__(self) -> str:
        return f"Payload({len(self.payload)} bytes)"


def payloads(raw: Raw) -> list[Payload | None]:
    """JSON and content hash of each regular record of a batch that ``check`` has seen; None for irregular ones.

    The list has the order of ``raw``. A source or local_id that is empty (in a search) is left out.
    """
    measure, put = _entries()
    out, places = np.empty(measure(raw.cells), np.uint8), np.empty((len(raw.cells), 3), np.int64)
    put(raw.data, raw.cells, out, places)
    rows = places.tolist()
    text = out[: rows[-1][END]].tobytes() if rows else b""
    digest = xxhash.xxh3_128_digest
    return [Payload(text[start:end], digest(text[start:cut] + b"}")) if end > start else None for start, cut, end in rows]


class PayloadColumns(NamedTuple):
    """What the journal keeps of the n regular records of a batch, in order, without an object for each.

    data      uint8[m]       their JSON as received, one behind the other
    offsets   int64[n + 1]   where each begins, and where the last one ends
    contents  uint8[n, 16]   hashes of the JSON without recorded_at
    """

    data: Bytes
    offsets: Offsets
    contents: Bytes

    def __repr__(self) -> str:
        return f"PayloadColumns({len(self.contents)} records)"


def payload_columns(raw: Raw) -> PayloadColumns:
    """``payloads`` of the regular records as columns. Gives up the GIL: several threads may write batches at once."""
    regular = int(np.count_nonzero(raw.cells[:, REGULAR]))
    out, offsets = np.empty(_entries()[0](raw.cells), np.uint8), np.zeros(regular + 1, np.int64)
    contents = np.empty((regular, 16), np.uint8)
    _column_entry()(raw.data, raw.cells, out, offsets, contents)
    return PayloadColumns(out[: offsets[-1]], offsets, contents)


@cache
def _column_entry() -> Any:
    """Compiled put_columns without Numba's dispatcher."""
    none, nothing = np.zeros((0, CELLS), np.int32), np.zeros(0, np.uint8)
    put_columns(np.frombuffer(b"", np.uint8), none, nothing, np.zeros(1, np.int64), np.zeros((0, 16), np.uint8))
    return direct(put_columns)


@cache
def _entries() -> tuple[Any, Any]:
    """Compiled room and put_records without Numba's dispatcher."""
    none = np.zeros((0, CELLS), np.int32)
    room(none)
    put_records(np.frombuffer(b"", np.uint8), none, np.zeros(0, np.uint8), np.zeros((0, 3), np.int64))
    return direct(room), direct(put_records)
