"""What the columns know of the wire, the nouns and their limits is what those say."""

from __future__ import annotations

import pytest

from mpi import records
from mpi.columns import check, fields, layout, wire
from mpi.standardise import dates, validation
from mpi.v1 import identity_pb2 as pb
from mpi.v1 import records_pb2

KINDS = {
    fields.RECORD: (records_pb2.PatientRecord, records.PatientRecord),
    fields.NAME: (records_pb2.HumanName, records.HumanName),
    fields.IDENTIFIER: (records_pb2.Identifier, records.Identifier),
    fields.ADDRESS: (records_pb2.Address, records.Address),
    fields.GUARDIAN: (records_pb2.Guardian, records.Guardian),
}
# Fields that make a record irregular. A new field of the .proto belongs here or into the table.
LEFT = {
    fields.RECORD: {"deceased_date", "attributes"},
    fields.NAME: set(),
    fields.IDENTIFIER: {"period"},
    fields.ADDRESS: {"country"},
    fields.GUARDIAN: set(),
}


def shape(field):
    """What a field of the descriptor holds, in the words of the table."""
    if field.message_type is not None:
        return fields.PARTS if field.is_repeated else fields.PART
    if field.type == field.TYPE_STRING:
        return fields.TEXTS if field.is_repeated else fields.TEXT
    assert field.type in (field.TYPE_ENUM, field.TYPE_INT32)
    assert not field.is_repeated
    return fields.NUMBER


@pytest.mark.parametrize("kind", KINDS)
def test_fields_are_those_of_the_descriptor(kind):
    descriptor = KINDS[kind][0].DESCRIPTOR
    for field in fields.FIELDS[kind]:
        described = descriptor.fields_by_name[field.name]
        assert (field.number, field.what) == (described.number, shape(described))
        if described.message_type is not None:
            assert described.message_type is KINDS[field.kind][0].DESCRIPTOR
    assert {f.name for f in fields.FIELDS[kind]} | LEFT[kind] == set(descriptor.fields_by_name)
    assert not {f.name for f in fields.FIELDS[kind]} & LEFT[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_fields_stand_in_the_order_of_the_noun(kind):
    order = list(KINDS[kind][1].__struct_fields__)
    places = [order.index(field.name) for field in fields.FIELDS[kind]]
    assert places == sorted(places)


def test_recorded_at_is_the_last_field_of_a_plain_record():
    assert fields.FIELDS[fields.RECORD][-1].name == "recorded_at"


def test_limits_are_those_of_the_ordinary_way():
    assert max(records.Sex) == fields.LARGEST_SEX == len(records.Sex) - 1
    assert max(records.IdentifierType) == fields.LARGEST_TYPE == len(records.IdentifierType) - 1
    assert max(records.NameUse) == fields.LARGEST_USE == len(records.NameUse) - 1
    assert fields.LARGEST_BIRTH_ORDER == validation.MAX_REPEATS
    assert max(layout.MOST_IDENTIFIERS, layout.MOST_PHONES, layout.MOST_ADDRESSES) <= validation.MAX_REPEATS
    assert check.MOST_KEY_CHARACTERS == validation.MAX_KEY_LENGTH
    assert check.MOST_TEXT_BYTES <= validation.MAX_TEXT_LENGTH
    possible = {p for p in dates._PLACEHOLDERS if p >= 18500000 and not dates._read_date(str(p)).problem and p % 100}
    assert set(check.PLACEHOLDER_DATES) == possible


def test_request_tags_are_those_of_the_descriptors():
    resolve, batch = pb.ResolveRequest.DESCRIPTOR.fields_by_name, pb.BatchResolveRequest.DESCRIPTOR.fields_by_name
    assert resolve["record"].number << 3 | 2 == wire.RECORD_TAG
    assert resolve["request_id"].number << 3 | 2 == wire.REQUEST_ID_TAG
    assert batch["requests"].number << 3 | 2 == wire.REQUESTS_TAG
    assert batch["include_reasons"].number << 3 == wire.BATCH_REASONS_TAG
    assert (len(resolve), len(batch)) == (2, 2)
    search = {field.name: field.number for field in pb.MatchPersonsRequest.DESCRIPTOR.fields}
    assert search.pop("record") << 3 | 2 == wire.RECORD_TAG
    assert search == {
        "only_certain": wire.ONLY_CERTAIN,
        "limit": wire.LIMIT,
        "include_near_misses": wire.NEAR_MISSES,
        "include_reasons": wire.REASONS,
    }


def test_columns_do_not_overlap_and_fill_the_row():
    taken = [layout.REGULAR, layout.NAMES, layout.IDENTIFIERS, layout.PHONES, layout.ADDRESSES, layout.GUARDIAN]
    taken.append(layout.GUARDIAN_IDENTIFIERS)
    for column in fields.columns():
        taken += [column.column] if column.field.what == fields.NUMBER else [column.column, column.column + 1]
    assert sorted(taken) == list(range(layout.CELLS))


def test_messages_nest_no_deeper_than_the_stack():
    def depth(kind):
        inner = [f.kind for f in fields.FIELDS[kind] if f.what in (fields.PART, fields.PARTS)]
        return max((1 + depth(k) for k in inner), default=0)

    assert depth(fields.RECORD) == wire.DEPTH
