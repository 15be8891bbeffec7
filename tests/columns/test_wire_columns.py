"""Requests read by kernels are what protobuf reads, or left to it; no bytes whatever make a kernel read outside them."""

from __future__ import annotations

import random
from functools import cache

import numpy as np
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_kernels import Guarded, plain
from wire_messages import (
    KEYS,
    REQUEST_ID,
    accepted,
    delimited,
    messages_of,
    number_field,
    odd_fields,
    regular,
    same,
    texts,
    varint,
    wire_messages,
)

from benchmarks.messages import batch_request, match_request, resolve_request
from benchmarks.people import corpus
from mpi.columns import wire
from mpi.columns.fields import TEXT_COLUMNS
from mpi.columns.layout import CELLS, REGULAR
from mpi.columns.wire import BatchRequest, read_batch, read_request, read_search
from mpi.v1 import identity_pb2 as pb
from mpi.v1 import records_pb2

SEED = 20_250_611
REFERENCE = plain(wire)
PERIOD = records_pb2.Identifier(value="1", period=records_pb2.Period()).SerializeToString()
ADDRESS_PARTS = set(records_pb2.Address.DESCRIPTOR.fields_by_name) - {"country"}


@cache
def people():
    found = corpus("chongqing", loaded=3000, known=300, fresh=700)
    return found.loaded + found.known + found.fresh


def request(*fields: bytes) -> bytes:
    """A ResolveRequest of a record with both keys and more fields."""
    return delimited(1, KEYS + b"".join(fields))


# --- synthetic people -------------------------------------------------------------------------------------------------


def test_nearly_all_of_a_population_is_regular_and_the_same():
    records = people()
    batch = read_batch(batch_request(records))
    assert batch is not None
    assert len(batch.raw.cells) == len(records) >= 4000
    assert same(batch) >= 0.97 * len(records)


def test_a_request_of_its_own_is_read_as_in_a_batch():
    records = people()[:300]
    batch = read_batch(batch_request(records))
    for q, record in enumerate(records):
        alone = read_request(resolve_request(record))
        assert alone.data == batch.message(q)
        moved = batch.raw.cells[q].copy()
        filled = TEXT_COLUMNS[moved[TEXT_COLUMNS + 1] > 0]
        moved[filled] -= batch.messages[q, 0]
        assert np.array_equal(alone.raw.cells[0], moved)


def test_a_search_is_read_with_its_options():
    for record in people()[:200]:
        message = pb.MatchPersonsRequest.FromString(match_request(record))
        message.limit, message.only_certain, message.include_near_misses, message.include_reasons = 7, True, False, True
        search = read_search(message.SerializeToString())
        if search is None:
            continue
        assert search[1:] == (True, 7, False, True)
        alone = read_request(delimited(1, message.record.SerializeToString()))
        assert search.raw.cells[0, REGULAR] == 1
        assert np.array_equal(search.raw.cells[0, TEXT_COLUMNS + 1], alone.raw.cells[0, TEXT_COLUMNS + 1])


def test_a_search_needs_no_record_and_no_keys():
    assert read_search(b"").raw.cells[0, REGULAR] == 1
    assert read_search(delimited(1, b"")).raw.cells[0, REGULAR] == 1
    for strange in (
        number_field(3, -1),
        number_field(2, 2),
        number_field(6, 1),
        delimited(2, b"x"),
        delimited(1, b"") * 2,
        delimited(1, PERIOD)[:-1],
        delimited(1, delimited(12, b"2024-01-01")),
        b"\x80",
        b"\x08",
    ):
        assert read_search(strange) is None


# --- one by one -------------------------------------------------------------------------------------------------------

REGULAR_REQUESTS = {
    "the keys alone": request(),
    "numbers that are zero": request(number_field(4, 0), number_field(11, 0)),
    "texts that are empty": request(delimited(5, b""), delimited(9, b""), delimited(13, b"")),
    "an empty guardian": request(delimited(10, b"")),
    "an empty document of a guardian": request(delimited(10, delimited(3, b""))),
    "an empty name": request(delimited(3, b"")),
    "empty phones": request(delimited(7, b"") * 3),
    "empty documents and addresses": request(delimited(6, b"") * 3, delimited(8, b"") * 2),
    "a field order of its own": delimited(1, delimited(13, b"2024-05-03") + number_field(4, 2) + KEYS),
    "repeats apart from each other": request(delimited(7, b"1"), number_field(4, 1), delimited(7, b"2")),
    "the largest numbers": request(number_field(4, 3), number_field(11, 16), delimited(3, number_field(4, 6))),
    "the largest type": request(delimited(6, number_field(1, 7) + delimited(2, b"1"))),
    "a length in more bytes than needed": request(bytes([9 << 3 | 2, 0x81, 0x00]) + b"x"),
    "a request_id": request() + delimited(2, REQUEST_ID.encode()),
    **{
        f"an address with {part}": request(delimited(8, records_pb2.Address(**{part: "x"}).SerializeToString()))
        for part in sorted(ADDRESS_PARTS)
    },
    "a request_id before the record": delimited(2, REQUEST_ID.encode()) + request(),
    "an empty request_id": request() + delimited(2, b""),
    "text to be escaped": request(delimited(9, b'"\\"'), delimited(3, delimited(1, b'\\\\"'))),
}
IRREGULAR_REQUESTS = {
    "nothing": b"",
    "no record": delimited(2, REQUEST_ID.encode()),
    "no local_id": delimited(1, delimited(1, b"cqmu1")),
    "two names": request(delimited(3, b"") * 2),
    "four documents": request(delimited(6, b"") * 4),
    "four phones": request(delimited(7, b"") * 4),
    "three addresses": request(delimited(8, b"") * 3),
    "a period": request(delimited(6, PERIOD)),
    "a period of a guardian's document": request(delimited(10, delimited(3, PERIOD))),
    "an attribute": request(delimited(14, b"")),
    "a day of death": request(delimited(12, b"2024-05-03")),
    "an unknown field": request(delimited(15, b"")),
    "an unknown field of two bytes": request(number_field(99, 1)),
    "an unknown field of a name": request(delimited(3, delimited(5, b""))),
    "field number 0": request(number_field(0, 1)),
    "a group": request(bytes([9 << 3 | 3, 9 << 3 | 4])),
    "a text as a number": request(number_field(9, 0)),
    "a number as a text": request(delimited(4, b"")),
    "a fixed number": request(bytes([4 << 3 | 1]) + bytes(8)),
    "an unknown sex": request(number_field(4, 4)),
    "a negative sex": request(number_field(4, -1)),
    "an unknown use": request(delimited(3, number_field(4, 7))),
    "an unknown type": request(delimited(6, number_field(1, 8))),
    "a birth order too large": request(number_field(11, 17)),
    "a negative birth order": request(number_field(11, -1)),
    "a number of five bytes": request(number_field(11, 1 << 28)),
    "a number that wraps to a small one": request(number_field(11, (1 << 32) + 1)),
    "a text twice": request(delimited(9, b"x") * 2),
    "an empty text twice": request(delimited(9, b"") * 2),
    "a number twice": request(number_field(4, 0) * 2),
    "a guardian twice": request(delimited(10, b"") * 2),
    "a guardian's document twice": request(delimited(10, delimited(3, b"") * 2)),
    "the record twice": request() * 2,
    "the request_id twice": request() + delimited(2, b"") * 2,
    "a request_id that is none": request() + delimited(2, b"x" * 36),
    "a request_id with a hyphen elsewhere": request() + delimited(2, b"0a6f3f1e7-c1d-4b5a-9a53-af0123456789"),
    "an unknown field of the request": request() + delimited(3, b""),
    "a length beyond the record": request(bytes([9 << 3 | 2, 2]) + b"x"),
    "a length beyond all": request(bytes([9 << 3 | 2, 0xFF, 0xFF, 0xFF, 0x7F])),
    "a length of five bytes": request(bytes([9 << 3 | 2, 0x81, 0x80, 0x80, 0x80, 0x00]) + b"x"),
    "a length without an end": request(bytes([9 << 3 | 2, 0x80])),
    "a tag without a value": request(bytes([4 << 3])),
    "a country": request(delimited(8, records_pb2.Address(country="x").SerializeToString())),
}


@pytest.mark.parametrize("name", REGULAR_REQUESTS)
def test_what_is_plain_is_regular(name):
    assert regular(REGULAR_REQUESTS[name])


@pytest.mark.parametrize("name", IRREGULAR_REQUESTS)
def test_what_is_not_plain_is_irregular(name):
    assert not regular(IRREGULAR_REQUESTS[name])
    # A missing key is for ``check`` to find, everything else must be found before texts are read.
    assert read_request(IRREGULAR_REQUESTS[name]).raw.cells[0, REGULAR] == (name in ("nothing", "no record", "no local_id"))


def test_an_irregular_record_leaves_the_others_alone():
    odd = list(IRREGULAR_REQUESTS.values())
    batch = read_batch(b"".join(delimited(1, item) for one in odd for item in (request(), one)) + number_field(2, 1))
    assert batch.include_reasons
    assert batch.raw.cells[:, REGULAR].tolist()[::2] == [1] * len(odd)
    assert [batch.message(q) for q in range(1, 2 * len(odd), 2)] == odd
    assert same(batch) == len(odd)


@pytest.mark.parametrize(
    "data", [b"\x08", b"\x0a\x02\x00", b"\x0a\x80", b"\x10\x02", b"\x10", b"\x1a\x00", b"\x80\x80", b"\x08\x01", b"\x00"]
)
def test_a_batch_that_is_not_plain_as_a_whole_is_left_to_protobuf(data):
    assert read_batch(data) is None
    assert read_batch(delimited(1, request()) + data) is None


def test_an_empty_batch_has_no_records():
    batch = read_batch(b"")
    assert (len(batch.raw.cells), same(batch), batch.include_reasons) == (0, 0, False)
    assert read_batch(number_field(2, 1) + number_field(2, 0)).include_reasons is False


# --- made by chance ---------------------------------------------------------------------------------------------------


@settings(max_examples=250)
@given(messages_of(records_pb2.PatientRecord.DESCRIPTOR), texts, texts)
def test_messages_of_plain_fields_come_out_the_same(fields, source, local_id):
    keys = {"source": source.strip() or "cqmu1", "local_id": local_id.strip() or "7"}
    message = pb.ResolveRequest(record={**fields, **keys})
    data = message.SerializeToString()
    assert not regular(data) or accepted(data)


@settings(max_examples=100)
@given(messages_of(pb.ResolveRequest.DESCRIPTOR, plain=False))
def test_messages_of_all_fields_come_out_the_same(fields):
    data = pb.ResolveRequest(**fields).SerializeToString()
    assert not regular(data) or accepted(data)


@settings(max_examples=300)
@given(wire_messages(), st.sampled_from([b"", b"", delimited(2, REQUEST_ID.encode())]) | odd_fields)
def test_fields_in_any_order_and_number_come_out_the_same(record, behind):
    data = delimited(1, record) + behind
    assert not regular(data) or accepted(data)


@settings(max_examples=150)
@given(st.binary(max_size=40), st.booleans())
def test_any_bytes_are_read_within_their_bounds(data, wrap):
    read_guarded(delimited(1, delimited(1, KEYS + data)) if wrap else data)


def read_guarded(data: bytes) -> None:
    """Read by the plain functions, which check every index, and compare with the compiled ones."""
    count = REFERENCE.count_requests(Guarded(data))
    compiled = read_batch(data)
    assert (compiled is None) == (count < 0)
    if compiled is not None:
        cells, spans = np.zeros((count >> 1, CELLS), np.int32), np.zeros((count >> 1, 4), np.int32)
        REFERENCE.parse_requests(Guarded(data), cells, spans)
        assert np.array_equal(cells, compiled.raw.cells)
        assert np.array_equal(spans, compiled.requests)
        assert within(compiled)
    cells, spans = np.zeros((1, CELLS), np.int32), np.zeros((1, 4), np.int32)
    REFERENCE.parse_request(Guarded(data), cells, spans)
    alone = read_request(data)
    assert np.array_equal(cells, alone.raw.cells)
    assert within(alone)
    cells, search = np.zeros((1, CELLS), np.int32), np.zeros(wire.SEARCH_COLUMNS, np.int32)
    assert REFERENCE.parse_search(Guarded(data), cells, search) == (read_search(data) is not None)


def within(batch: BatchRequest) -> bool:
    """Whether every text of every record taken for plain lies within its own message, and that within the data."""
    cells, (begin, length) = batch.raw.cells, batch.messages.T
    starts, lengths = cells[:, TEXT_COLUMNS], cells[:, TEXT_COLUMNS + 1]
    inside = (lengths == 0) | (starts >= begin[:, None]) & (starts + lengths <= (begin + length)[:, None])
    return bool(inside[cells[:, REGULAR] == 1].all()) and bool((begin + length <= len(batch.data)).all())


def damaged(data: bytes, chance: random.Random) -> bytes:
    """The bytes with some bits flipped, cut off or doubled."""
    octets = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        octets[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)
    if chance.random() < 0.3:
        del octets[chance.randrange(len(octets)) :]
    if chance.random() < 0.1:
        at = chance.randrange(len(octets) + 1)
        octets[at:at] = octets[at : at + chance.randrange(8)]
    return bytes(octets)


def test_damaged_batches_come_out_the_same_or_irregular():
    chance, records = random.Random(SEED), people()
    whole = 0
    for _ in range(2000):
        data = damaged(batch_request(chance.sample(records, 3)), chance)
        batch = read_batch(data)
        if batch is None:
            continue
        assert within(batch)
        alike = same(batch)
        try:
            message = pb.BatchResolveRequest.FromString(data)
        except DecodeError:
            assert alike < len(batch.raw.cells)
            continue
        assert (len(message.requests), message.include_reasons) == (len(batch.raw.cells), batch.include_reasons)
        whole += 1
    assert whole > 200


def test_damaged_requests_are_read_within_their_bounds():
    chance, records = random.Random(SEED), people()
    odd = list(IRREGULAR_REQUESTS.values()) + list(REGULAR_REQUESTS.values())
    for number in range(400):
        data = resolve_request(chance.choice(records)) if number % 2 else chance.choice(odd) + request()
        read_guarded(damaged(data if number % 4 else delimited(1, data), chance))


def test_every_cut_of_a_batch_is_read_within_its_bounds():
    data = batch_request(people()[:2])
    for end in range(0, len(data), 3):
        read_guarded(data[:end])


@pytest.mark.parametrize("more", [1, 255])
def test_every_byte_of_a_request_one_off_is_read_within_its_bounds(more):
    data = REGULAR_REQUESTS["an empty document of a guardian"] + REGULAR_REQUESTS["a request_id"][2 + len(KEYS) :]
    for whole in (resolve_request(people()[1]), data, delimited(1, data) * 2):
        for at in range(len(whole)):
            changed = whole[:at] + bytes([(whole[at] + more) & 0xFF]) + whole[at + 1 :]
            read_guarded(changed)
            same(read_request(changed))


def test_a_varint_has_at_most_four_bytes():
    for number in (0, 1, 127, 128, (1 << 28) - 1):
        assert REFERENCE.varint(Guarded(varint(number)), 0, len(varint(number))) == (number, len(varint(number)))
    assert REFERENCE.varint(Guarded(varint(1 << 28)), 0, 5) == (0, -1)


def test_requests_show_no_values():
    batch = read_batch(delimited(1, request()))
    assert repr(batch) == "BatchRequest(1 requests)"
    assert "cqmu1" not in repr(read_search(request()))
