"""Requests for the kernels that read them, plain and strange, and what the ordinary way makes of them."""

from __future__ import annotations

import xxhash
from google.protobuf.message import DecodeError
from hypothesis import strategies as st

from mpi.columns import fields
from mpi.columns.check import check
from mpi.columns.layout import REGULAR
from mpi.columns.payload import payloads
from mpi.columns.wire import BatchRequest, read_request
from mpi.errors import InputError
from mpi.records import PatientRecord
from mpi.registry.writes import ENCODER, microseconds
from mpi.service import requests
from mpi.standardise.dates import read_date
from mpi.v1 import identity_pb2 as pb

REQUEST_ID = "0a6f3f1e-7c1d-4b5a-9a53-AF0123456789"
ODD_TEXTS = ["", " ", "\u3000", "张三", '"', "\\", 'a"b\\c', "\n", "\0", "\x7f", "\x85", "é", "𠮷", "\ufffe", "x" * 129]
ODD_TEXTS += ["中" * 128, "中" * 400, "x" * 1001, '"' * 1000]
DATES = ["1980-05-03", "2024-02-29", "2023-02-29", "1900-01-01", "1849-12-31", "2999-01-01", "1980-05", "1980/05/03"]
MOMENTS = ["2024-05-03T10:20:30+08:00", "2024-05-03 10:20:30Z", "2024-05-03T10:20:30", "2024-05-03", "2024-05-03T24:00:00Z"]
MOMENTS += ["2024-05-03T10:20:30.5Z", "1969-12-31T23:59:59Z", "2024-05-03T10:20:30-24:00", "2999-01-01T00:00:00Z"]
NUMBERS = [0, 1, 2, 3, 4, 6, 7, 8, 16, 17, -1, 2**31 - 1, -(2**31)]

clean_texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('"\\'), max_size=8)
texts = clean_texts | clean_texts | clean_texts | st.sampled_from(ODD_TEXTS) | st.text(max_size=6)
dates = st.sampled_from(DATES + MOMENTS) | clean_texts | st.dates().map(str) | st.datetimes().map(lambda d: d.isoformat())


def timeless_hash(record: PatientRecord) -> bytes:
    """The hash of a record's content by encoding it anew without its moment."""
    from msgspec.structs import replace

    return xxhash.xxh3_128_digest(ENCODER.encode(replace(record, recorded_at="")))


@st.composite
def messages_of(draw, descriptor, *, plain=True):
    """A message of a descriptor as a dict of its fields; ``plain`` False: with all fields, else as a rule plain ones."""
    odd = {"deceased_date", "attributes", "period", "country"}
    made = {}
    for field in descriptor.fields:
        if field.name == "attributes":
            if not plain:
                made[field.name] = draw(st.dictionaries(texts, texts, max_size=2))
            continue
        if (plain and field.name in odd) or not draw(st.booleans()):
            continue
        if field.message_type is not None:
            value = messages_of(field.message_type, plain=plain)
        elif field.type == field.TYPE_STRING and plain and field.name in ("birth_date", "recorded_at"):
            value = st.sampled_from((DATES if field.name == "birth_date" else MOMENTS)[: draw(st.sampled_from([2, 9]))])
        elif field.type == field.TYPE_STRING:
            value = dates if field.name.endswith(("date", "_at", "start", "end")) else texts
        else:
            value = st.sampled_from(NUMBERS[:4] if plain else NUMBERS)
        most = (1 if field.name == "names" else 2) if plain else 4
        made[field.name] = draw(st.lists(value, max_size=most) if field.is_repeated else value)
    return made


def varint(number: int) -> bytes:
    """A number as protobuf writes it."""
    number &= (1 << 64) - 1
    octets = bytearray()
    while number >= 0x80:
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(octets) + bytes([number])


def delimited(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def number_field(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)


contents = st.sampled_from([t.encode() for t in ODD_TEXTS + DATES + MOMENTS]) | st.binary(max_size=4)
plain_contents = st.sampled_from(["", "x", "张三", 'a"b\\c', "𠮷", " y "]).map(str.encode)
plain_dates = {5: st.sampled_from(DATES[:2]).map(str.encode), 13: st.sampled_from(MOMENTS[:4]).map(str.encode)}
KEYS = delimited(1, b"cqmu1") + delimited(2, b"7")

_numbers = st.integers(0, 15) | st.sampled_from([16, 99])
odd_fields = (
    st.builds(delimited, _numbers, contents)
    | st.builds(number_field, _numbers, st.sampled_from(NUMBERS))
    | st.builds(lambda n, wire: varint(n << 3 | wire) + bytes(8), _numbers, st.sampled_from([1, 3, 4, 5, 6, 7]))
)


@st.composite
def wire_messages(draw, kind=fields.RECORD):
    """Bytes of a message: fields in any order, some with defaults, now and then one that is not plain or comes twice."""
    known = [field for field in fields.FIELDS[kind] if kind != fields.RECORD or field.number > 2]
    pieces = [KEYS] if kind == fields.RECORD else []
    for field in draw(st.permutations(known))[: draw(st.integers(0, 6))]:
        if field.what == fields.NUMBER:
            pieces.append(number_field(field.number, draw(st.integers(0, field.most))))
            continue
        inner = plain_contents if field.what in (fields.TEXT, fields.TEXTS) else wire_messages(field.kind)
        if kind == fields.RECORD:
            inner = plain_dates.get(field.number, inner)
        pieces += [delimited(field.number, draw(inner)) for _ in range(draw(st.integers(1, field.most)))]
    if draw(st.integers(0, 9)) == 9:
        pieces.append(draw(odd_fields))
    return b"".join(draw(st.permutations(pieces)))


def same(batch: BatchRequest) -> int:
    """Check and compare a batch with the ordinary way; returns how many records are regular. Raises AssertionError."""
    checked, written, count = check(batch.raw), payloads(batch.raw), 0
    for q, made in enumerate(written):
        assert (made is None) == (not batch.raw.cells[q, REGULAR])
        if made is None:
            assert not checked.birth_date[q]
            assert not checked.recorded_day[q]
            assert not checked.recorded_at[q]
            continue
        message = pb.ResolveRequest.FromString(batch.message(q))
        record = requests.valid_record(message.record)
        start, length = batch.request_ids[q].tolist()
        agree = (
            made.payload == ENCODER.encode(record),
            made.content == timeless_hash(record),
            checked.birth_date[q] == read_date(record.birth_date).value,
            checked.recorded_day[q] == read_date(record.recorded_at).value,
            checked.recorded_at[q] == microseconds(record.recorded_at),
            batch.data[start : start + length].decode() == message.request_id,
            requests.request_id(message.request_id) == message.request_id.lower(),
        )
        assert agree == (True,) * len(agree), q
        count += 1
    return count


def regular(request: bytes) -> bool:
    """Whether a ResolveRequest is regular; if so, both ways have been compared."""
    batch = read_request(request)
    assert batch is not None
    return same(batch) == 1


def accepted(request: bytes) -> bool:
    """Whether the ordinary way accepts a ResolveRequest."""
    try:
        message = pb.ResolveRequest.FromString(request)
        requests.request_id(message.request_id)
        requests.valid_record(message.record)
    except (DecodeError, InputError):
        return False
    return True
