"""The JSON that kernels write is that of the nouns, byte for byte, and never longer than the room made for it."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_kernels import Guarded, GuardedBuffer, plain
from wire_messages import KEYS, REQUEST_ID, clean_texts, delimited, number_field, same, timeless_hash

from mpi.client import messages
from mpi.columns import payload as room
from mpi.columns.check import check
from mpi.columns.layout import CELLS, REGULAR, Raw
from mpi.columns.payload import MOST, payload_columns, payloads
from mpi.columns.wire import read_batch, read_request
from mpi.records import Address, Guardian, HumanName, Identifier, IdentifierType, NameUse, PatientRecord, Sex
from mpi.registry.writes import ENCODER, resolve_write

REFERENCE = plain(room)


def full(text: str, *, parts: int = 3) -> PatientRecord:
    """A record with every field that a plain one may have, and as many parts."""
    document = Identifier(type=IdentifierType.NATIONAL_OTHER, value=text, issuer=text)
    return PatientRecord(
        source="s" + text,
        local_id="l" + text,
        names=(HumanName(text=text, family=text, given=text, use=NameUse.OLD),),
        sex=Sex.OTHER,
        birth_date="1980-05-03",
        identifiers=(document,) * parts,
        phones=(text,) * parts,
        addresses=(Address(**dict.fromkeys(Address.__struct_fields__[:-1], text)),) * min(parts, 2),
        ethnicity=text,
        guardian=Guardian(name=text, phone=text, identifier=document, relationship=text),
        multiple_birth_order=16,
        recorded_at="2024-05-03T10:20:30+08:00",
    )


def written(*records: PatientRecord) -> list[bytes]:
    """The JSON of plain records that came over the wire."""
    batch = read_batch(messages.batch_resolve(records, [REQUEST_ID] * len(records), explain=False).SerializeToString())
    assert batch is not None
    assert same(batch) == len(records)
    return [made.payload for made in payloads(batch.raw) if made is not None]


@pytest.mark.parametrize("parts", range(4))
@pytest.mark.parametrize("text", ["", "x", "张三", '"', "\\", '\\"', "é𠮷", '"' * 120])
def test_all_fields_are_written_as_the_noun_is(text, parts):
    record = full(text, parts=parts)
    assert written(record) == [ENCODER.encode(record)]


@pytest.mark.parametrize("field", PatientRecord.__struct_fields__[2:])
def test_each_field_alone_and_each_left_out(field):
    if field in ("deceased_date", "attributes"):
        return
    everything = full("x")
    alone = PatientRecord(source="a", local_id="b", **{field: getattr(everything, field)})
    default = getattr(PatientRecord(source="a", local_id="b"), field)
    without = msgspec.structs.replace(everything, **{field: default})
    assert written(alone, without) == [ENCODER.encode(alone), ENCODER.encode(without)]


def test_empty_parts_are_written():
    record = PatientRecord(
        source="a",
        local_id="b",
        names=(HumanName(),),
        identifiers=(Identifier(), Identifier()),
        phones=("", "", ""),
        addresses=(Address(),),
        guardian=Guardian(identifier=Identifier()),
    )
    batch = read_request(
        delimited(
            1,
            delimited(1, b"a")
            + delimited(2, b"b")
            + delimited(3, b"")
            + delimited(6, b"") * 2
            + delimited(7, b"") * 3
            + delimited(8, b"")
            + delimited(10, delimited(3, b"")),
        )
    )
    assert same(batch) == 1
    assert payloads(batch.raw)[0].payload == ENCODER.encode(record)


@given(st.lists(st.tuples(clean_texts, st.integers(0, 3)), min_size=1, max_size=4))
def test_any_clean_text_is_written_as_the_noun_is(drawn):
    records = [full(text, parts=parts) for text, parts in drawn]
    assert written(*records) == [ENCODER.encode(record) for record in records]


def test_what_a_write_keeps_is_the_same():
    for record in (full("x"), msgspec.structs.replace(full('"\\,"recorded_at":"'), recorded_at="")):
        write = resolve_write(record, request_id="", deadline=None, explain=False)
        batch = read_request(messages.resolve(record, None).SerializeToString())
        check(batch.raw)
        assert payloads(batch.raw) == [(write.payload, write.content)]
        assert write.content == timeless_hash(record)


def test_irregular_records_have_none():
    data = b"".join(delimited(1, delimited(1, keys)) for keys in (KEYS, b"", KEYS))
    batch = read_batch(data)
    check(batch.raw)
    first, second, third = payloads(batch.raw)
    assert (first, second) == (third, None)
    assert repr(first) == "Payload(33 bytes)"
    assert payloads(Raw(batch.raw.data, np.zeros((0, CELLS), np.int32))) == []


def test_the_longest_json_fits_into_its_room():
    record = full('"' * 120)
    batch = read_request(messages.resolve(record, None).SerializeToString())
    check(batch.raw)
    out, places = np.zeros(room.room.py_func(batch.raw.cells), np.uint8).view(GuardedBuffer), np.zeros((1, 3), np.int64)
    REFERENCE.put_rows(Guarded(batch.data), batch.raw.cells, out, places)
    assert bytes(out[: places[0, 2]]) == ENCODER.encode(record)
    assert len(ENCODER.encode(full(""))) <= MOST


@pytest.mark.parametrize("number", [0, 9, 10, 16, 99, 100, 2**31 - 1])
def test_numbers_of_any_size_are_written(number):
    out = np.zeros(12, np.uint8).view(GuardedBuffer)
    end = REFERENCE.put_number(out, 1, number)
    assert bytes(out[1:end]) == str(number).encode()


def test_cells_of_other_makers_are_given_the_room_they_need():
    batch = read_request(delimited(1, KEYS + delimited(9, b'"' * 900) + number_field(4, 1)))
    cells = np.repeat(batch.raw.cells, 50, axis=0)  # all over the same bytes
    cells[:, REGULAR] = 1
    assert len({made.payload for made in payloads(Raw(batch.raw.data, cells))}) == 1


def test_columns_are_the_payloads_of_the_regular_records():
    records = [full(text, parts=parts) for text in ("", "x", "张三", '"' * 120) for parts in range(4)]
    records.append(msgspec.structs.replace(full("x"), recorded_at=""))
    requests = [messages.resolve(record, None).SerializeToString() for record in records]
    requests.insert(3, delimited(1, b""))
    batch = read_batch(b"".join(delimited(1, request) for request in requests))
    check(batch.raw)
    made = [found for found in payloads(batch.raw) if found is not None]
    columns = payload_columns(batch.raw)
    assert len(made) == len(records) == len(columns.contents)
    offsets = columns.offsets.tolist()
    found = [columns.data[begin:end].tobytes() for begin, end in pairwise(offsets)]
    assert found == [each.payload for each in made]
    assert [content.tobytes() for content in columns.contents] == [each.content for each in made]
    assert repr(columns) == f"PayloadColumns({len(records)} records)"


def test_columns_of_nothing_are_empty():
    columns = payload_columns(Raw(np.zeros(0, np.uint8), np.zeros((0, CELLS), np.int32)))
    assert (columns.data.shape, columns.offsets.tolist(), columns.contents.shape) == ((0,), [0], (0, 16))
