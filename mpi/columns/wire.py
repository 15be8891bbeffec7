"""From the wire: protobuf bytes → ``Raw``, without a protobuf object.

A message is read by a table of its fields. What the table does not have (an unknown field, another wire type, a field that
comes twice, a number out of range) makes the record irregular: protobuf reads it from its own bytes. Nothing is looked at
here but the form: whether texts are UTF-8, and what they say, is for ``check``.

A record that overruns its own message, or whose text is no UTF-8, makes the *whole* request undecodable for protobuf. It is
irregular here; who reads it from its slice and fails must decode the request as a whole to get the ordinary error.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.columns.fields import FIELDS, NOTHING, NUMBER, NUMBERS, RECORD, TEXT, TEXTS
from mpi.columns.jit import inner, kernel, leaf, wide
from mpi.columns.layout import CELLS, REGULAR, Raw
from mpi.linkage.jit import direct

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int32]
Stack = npt.NDArray[np.int64]

MOST_BYTES = (1 << 31) - 1  # spans are int32
UUID_LENGTH = 36

VARINT, DELIMITED = 0, 2  # wire types
RECORD_TAG = REQUESTS_TAG = 1 << 3 | DELIMITED
REQUEST_ID_TAG = 2 << 3 | DELIMITED
BATCH_REASONS_TAG = 2 << 3 | VARINT

# Columns of a request: spans of the whole ResolveRequest and of its request_id.
MESSAGE, REQUEST_ID = 0, 2
REQUEST_COLUMNS = 4

# Columns of a search, by field number of MatchPersonsRequest.
ONLY_CERTAIN, LIMIT, NEAR_MISSES, REASONS = 2, 3, 4, 5
SEARCH_COLUMNS = 6
LARGEST_LIMIT = 1 << 20

# Columns of PLAIN.
_WHAT, _COLUMN, _MOST, _KIND, _WIDTH = range(5)


def _plain() -> npt.NDArray[np.int64]:
    table = np.zeros((len(FIELDS), NUMBERS, 5), np.int64)
    for kind, fields in FIELDS.items():
        for field in fields:
            table[kind, field.number] = (field.what, field.column, field.most, field.kind, field.width)
    return table


PLAIN = _plain()
"""int64[kinds, NUMBERS, 5]: what a field number holds in each kind of message, its column, limit, kind of parts, width."""


DEPTH = 2  # messages around the innermost one: a record's guardian's document


@leaf
def stack() -> Stack:
    """Room for what to go on with behind an inner message: end, kind, first column and fields seen of the outer ones."""
    return np.empty((DEPTH, 4), np.int64)


@leaf
def varint(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """A number of at most four bytes and where it ends; (0, -1) where there is none."""
    value = 0
    for shift in range(0, 28, 7):
        if at >= end:
            return 0, -1
        byte = wide(data[at])
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    return 0, -1


@inner
def parse_record(data: Bytes, at: int, end: int, row: Integers, outer: Stack) -> bool:
    """The PatientRecord in data[at:end] into a zeroed row; False where it is not plain. ``outer`` is ``stack()``."""
    kind, base, seen, depth = RECORD, 0, 0, 0
    while True:
        if at >= end:
            if depth == 0:
                return True
            depth -= 1
            end, kind, base, seen = outer[depth, 0], outer[depth, 1], outer[depth, 2], outer[depth, 3]
            continue
        tag = wide(data[at])
        number = tag >> 3 & (NUMBERS - 1)
        what, column = PLAIN[kind, number, _WHAT], base + PLAIN[kind, number, _COLUMN]
        value, at = varint(data, at + 1, end)
        if at < 0 or tag >= 0x80 or what == NOTHING or tag & 7 != (VARINT if what == NUMBER else DELIMITED):
            return False
        if value > (PLAIN[kind, number, _MOST] if what == NUMBER else end - at):
            return False
        if what <= TEXT and seen >> number & 1:
            return False
        seen |= 1 << number
        if what == NUMBER:
            row[column] = value
            continue
        if what > TEXT:
            count = wide(row[column])
            if count == PLAIN[kind, number, _MOST]:
                return False
            row[column] = count + 1
            column += 1 + count * PLAIN[kind, number, _WIDTH]
        if what <= TEXTS:
            row[column], row[column + 1] = at, value
            at += value
        else:
            outer[depth, 0], outer[depth, 1], outer[depth, 2], outer[depth, 3] = end, kind, base, seen
            depth += 1
            end, kind, base, seen = at + value, PLAIN[kind, number, _KIND], column, 0


@inner
def is_request_id(data: Bytes, at: int, length: int) -> bool:
    """Whether a text is empty or a UUID; any other is for the ordinary way to refuse."""
    if length == 0:
        return True
    if length != UUID_LENGTH:
        return False
    for place in range(length):
        character = wide(data[at + place])
        if place in (8, 13, 18, 23):
            if character != 0x2D:
                return False
        elif not (0x30 <= character <= 0x39 or 0x41 <= character <= 0x46 or 0x61 <= character <= 0x66):
            return False
    return True


@inner
def parse_one(data: Bytes, span: tuple[int, int], row: Integers, request: Integers, outer: Stack) -> bool:
    """The ResolveRequest in a span (begin, end) into one row of cells and of requests; False where it is not plain."""
    at, end = span
    request[MESSAGE], request[MESSAGE + 1] = at, end - at
    seen = 0
    while at < end:
        tag = wide(data[at])
        length, at = varint(data, at + 1, end)
        if at < 0 or length > end - at or seen >> (tag & 31) & 1:
            return False
        if tag == RECORD_TAG:
            if not parse_record(data, at, at + length, row, outer):
                return False
        elif tag == REQUEST_ID_TAG:
            if not is_request_id(data, at, length):
                return False
            request[REQUEST_ID], request[REQUEST_ID + 1] = at, length
        else:
            return False
        seen |= 1 << (tag & 31)
        at += length
    return True


@kernel
def count_requests(data: Bytes) -> int:
    """Twice the number of requests in a BatchResolveRequest, plus 1 with include_reasons; -1 where it is not plain."""
    at, end, count, reasons = 0, len(data), 0, 0
    while at < end:
        tag = wide(data[at])
        value, at = varint(data, at + 1, end)
        if at < 0:
            return -1
        if tag == REQUESTS_TAG and value <= end - at:
            at += value
            count += 1
        elif tag == BATCH_REASONS_TAG and value <= 1:
            reasons = value
        else:
            return -1
    return count << 1 | reasons


@kernel
def parse_requests(data: Bytes, cells: Integers, requests: Integers) -> None:
    """The requests of a batch whose length ``count_requests`` has told, into zeroed int32[Q, CELLS] and int32[Q, 4]."""
    at, end, count, outer = 0, len(data), 0, stack()
    while at < end and count < len(cells):
        tag = wide(data[at])
        value, at = varint(data, at + 1, end)
        if at < 0 or (value > end - at and tag == REQUESTS_TAG):
            return
        if tag == REQUESTS_TAG:
            cells[count, REGULAR] = parse_one(data, (at, at + value), cells[count], requests[count], outer)
            at += value
            count += 1


@kernel
def parse_request(data: Bytes, cells: Integers, requests: Integers) -> None:
    """A ResolveRequest into zeroed int32[1, CELLS] and int32[1, 4]."""
    cells[0, REGULAR] = parse_one(data, (0, len(data)), cells[0], requests[0], stack())


@kernel
def parse_search(data: Bytes, cells: Integers, search: Integers) -> bool:
    """A MatchPersonsRequest into zeroed int32[1, CELLS] and int32[SEARCH_COLUMNS]; False where it is not plain."""
    at, end, seen = 0, len(data), 0
    while at < end:
        tag = wide(data[at])
        value, at = varint(data, at + 1, end)
        if at < 0:
            return False
        if tag == RECORD_TAG:
            if seen or value > end - at or not parse_record(data, at, at + value, cells[0], stack()):
                return False
            seen = 1
            at += value
        elif tag & 7 == VARINT and ONLY_CERTAIN <= tag >> 3 <= REASONS:
            if value > (LARGEST_LIMIT if tag >> 3 == LIMIT else 1):
                return False
            search[tag >> 3] = value
        else:
            return False
    cells[0, REGULAR] = 1
    return True


class BatchRequest(NamedTuple):
    """One BatchResolveRequest, or one ResolveRequest as a batch of one.

    data             bytes                the request
    raw              Raw of Q records     over the same bytes
    requests         int32[Q, 4]          spans of each ResolveRequest and of its request_id
    include_reasons  bool
    """

    data: bytes
    raw: Raw
    requests: Integers
    include_reasons: bool

    @property
    def messages(self) -> Integers:
        """int32[Q, 2]: offset and length of each whole ResolveRequest, from which protobuf can read it alone (a view)."""
        return self.requests[:, MESSAGE : MESSAGE + 2]

    @property
    def request_ids(self) -> Integers:
        """int32[Q, 2]: offset and length of each request_id; of a regular record it is empty or a UUID (a view)."""
        return self.requests[:, REQUEST_ID : REQUEST_ID + 2]

    def message(self, position: int) -> bytes:
        """The ResolveRequest at a position as it came."""
        offset, length = self.messages[position].tolist()
        return self.data[offset : offset + length]

    def __repr__(self) -> str:
        return f"BatchRequest({len(self.requests)} requests)"


class Search(NamedTuple):
    """One MatchPersonsRequest; ``raw`` has one record, whose source and local_id may be empty."""

    raw: Raw
    only_certain: bool
    limit: int
    include_near_misses: bool
    include_reasons: bool


def read_batch(data: bytes) -> BatchRequest | None:
    """A BatchResolveRequest; None where it is not well-formed, or has anything but requests and include_reasons."""
    if len(data) > MOST_BYTES:
        return None
    count, parse, _, _ = _entries()
    octets = np.frombuffer(data, np.uint8)
    counted = count(octets)
    if counted < 0:
        return None
    cells, requests = np.zeros((counted >> 1, CELLS), np.int32), np.zeros((counted >> 1, REQUEST_COLUMNS), np.int32)
    parse(octets, cells, requests)
    return BatchRequest(data, Raw(octets, cells), requests, bool(counted & 1))


def read_request(data: bytes) -> BatchRequest | None:
    """A ResolveRequest as a batch of one, irregular where it is not well-formed; None where it is too long for spans."""
    if len(data) > MOST_BYTES:
        return None
    octets, cells, requests = np.frombuffer(data, np.uint8), np.zeros((1, CELLS), np.int32), np.zeros((1, 4), np.int32)
    _entries()[2](octets, cells, requests)
    return BatchRequest(data, Raw(octets, cells), requests, include_reasons=True)


def read_search(data: bytes) -> Search | None:
    """A MatchPersonsRequest; None where it is not well-formed or not plain."""
    if len(data) > MOST_BYTES:
        return None
    octets, cells, search = np.frombuffer(data, np.uint8), np.zeros((1, CELLS), np.int32), np.zeros(SEARCH_COLUMNS, np.int32)
    if not _entries()[3](octets, cells, search):
        return None
    _, _, certain, limit, near_misses, reasons = search.tolist()
    return Search(Raw(octets, cells), bool(certain), limit, bool(near_misses), bool(reasons))


@cache
def _entries() -> tuple[Any, Any, Any, Any]:
    """Compiled count_requests, parse_requests, parse_request and parse_search, without Numba's dispatcher."""
    octets, cells, requests = np.frombuffer(b"", np.uint8), np.zeros((1, CELLS), np.int32), np.zeros((1, 4), np.int32)
    count_requests(octets)
    parse_requests(octets, cells, requests)
    parse_request(octets, cells, requests)
    parse_search(octets, cells, requests[0])
    return direct(count_requests), direct(parse_requests), direct(parse_request), direct(parse_search)
