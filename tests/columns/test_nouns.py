"""Nouns read by the kernel are what the wire's kernel reads of the same records; what is not plain is passed over."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plain_kernels import plain

from benchmarks.messages import batch_request
from mpi import records as nouns_of
from mpi.columns import fields, nouns
from mpi.columns.fields import NUMBER_COLUMNS, TEXT_COLUMNS
from mpi.columns.layout import CELLS, LOCAL_ID, REGULAR, Raw
from mpi.columns.nouns import PLAIN, raw_of
from mpi.columns.wire import read_batch
from mpi.records import Address, Guardian, HumanName, Identifier, PatientRecord
from training.population import generate

SEED = 2_113
REFERENCE = plain(nouns)
NOUNS = {
    fields.RECORD: nouns_of.PatientRecord,
    fields.NAME: nouns_of.HumanName,
    fields.IDENTIFIER: nouns_of.Identifier,
    fields.ADDRESS: nouns_of.Address,
    fields.GUARDIAN: nouns_of.Guardian,
}


def seen(raw: Raw, place: int) -> tuple[object, ...]:
    """Texts, numbers and counts of a record; its place alone where it is irregular."""
    line = raw.cells[place].tolist()
    if not line[REGULAR]:
        return (place,)
    texts = tuple(raw.data[line[c] : line[c] + line[c + 1]].tobytes() for c in TEXT_COLUMNS.tolist())
    spans = {*TEXT_COLUMNS.tolist(), *(TEXT_COLUMNS + 1).tolist()}
    return (*texts, *(value for column, value in enumerate(line) if column not in spans))


def both(records: list[PatientRecord]) -> list[bool]:
    """Compare both ways; whether each record is regular."""
    raw, batch = raw_of(records), read_batch(batch_request(records))
    assert raw is not None
    assert batch is not None
    for place in range(len(records)):
        assert seen(raw, place) == seen(batch.raw, place)
    return raw.cells[:, REGULAR].astype(bool).tolist()


def record(**more: object) -> PatientRecord:
    return PatientRecord(source="h", local_id="1", **more)  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize("size", [1, 15, 16, 400])
def test_a_population_is_read_as_from_the_wire(size: int) -> None:
    print(f"seed {SEED}")
    made = list(generate(300, seed=SEED, errors="high").records)[:size]
    assert np.mean(both(made)) > 0.9


def test_more_records_than_two_bytes_count() -> None:
    raw = raw_of([record()] * 70_000)
    assert raw is not None
    assert raw.cells[:, REGULAR].all()
    assert (np.diff(raw.cells[:, LOCAL_ID]) > 0).all()


@pytest.mark.parametrize("kind", NOUNS)
def test_length_and_last_letter_tell_a_plain_field_from_all_others(kind: int) -> None:
    plain_names = {field.name for field in fields.FIELDS[kind]}
    for name in NOUNS[kind].__struct_fields__:
        what = PLAIN[kind, len(name), ord(name[-1]) - nouns.FIRST_LETTER, 0]
        assert (what != fields.NOTHING) == (name in plain_names)


def test_every_number_fits_into_one_byte() -> None:
    assert NUMBER_COLUMNS[:, 1].max() < 0x80


ODD = (
    record(attributes={"email": "a@b.c", "long": "x" * 70_000}),
    record(deceased_date="2020-01-01"),
    record(names=tuple(HumanName(text="王芳") for _ in range(20))),
    record(names=(HumanName(), HumanName())),
    record(phones=("1", "2", "3", "4")),
    record(phones=("x" * 70_000,)),
    record(addresses=(Address(text="a", country="c" * 300),)),
    record(multiple_birth_order=200),
    record(multiple_birth_order=-5),
    record(multiple_birth_order=-500),
    record(multiple_birth_order=1 << 40),
    record(attributes={str(n): "v" for n in range(40)}),
)
EVEN = (
    record(names=(HumanName(),), phones=("",), guardian=Guardian()),
    record(addresses=(Address(text="重" * 300),), birth_date="x" * 200),
    record(addresses=(Address(road="b", city="c" * 300), Address(room="1", house_number="2"))),
    record(guardian=Guardian(identifier=Identifier(value="1"), relationship="母亲")),
    record(identifiers=(Identifier(), Identifier(value="2", issuer="i"), Identifier(value="3"))),
)


@pytest.mark.parametrize("place", range(len(ODD)))
def test_what_is_not_plain_is_left_and_those_behind_it_are_read(place: int) -> None:
    raw = raw_of([ODD[place], EVEN[2], ODD[place], EVEN[1]])
    assert raw is not None
    assert raw.cells[:, REGULAR].tolist() == [0, 1, 0, 1]
    alone = raw_of([EVEN[2], EVEN[1]])
    assert alone is not None
    assert [seen(raw, 1), seen(raw, 3)] == [seen(alone, 0), seen(alone, 1)]


def test_empty_parts_and_long_texts_are_plain() -> None:
    assert both(list(EVEN)) == [True] * len(EVEN)


def test_half_a_character_leaves_the_batch_to_the_ordinary_way() -> None:
    assert raw_of([record(), record(ethnicity="\ud800")]) is None


RECORDS = st.builds(
    PatientRecord,
    source=st.text(max_size=40),
    local_id=st.text(max_size=300),
    names=st.lists(st.builds(HumanName, text=st.text(max_size=5), family=st.text(max_size=2)), max_size=2).map(tuple),
    phones=st.lists(st.text(max_size=3), max_size=4).map(tuple),
    identifiers=st.lists(st.builds(Identifier, value=st.text(max_size=3), period_end=st.text(max_size=1)), max_size=4).map(
        tuple
    ),
    addresses=st.lists(st.builds(Address, text=st.text(max_size=40), room=st.text(max_size=1)), max_size=3).map(tuple),
    guardian=st.none() | st.builds(Guardian, name=st.text(max_size=3), identifier=st.none() | st.builds(Identifier)),
    multiple_birth_order=st.integers(0, 20),
    attributes=st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(RECORDS, min_size=1, max_size=4))
def test_any_records_are_read_as_from_the_wire(records: list[PatientRecord]) -> None:
    both(records)
    raw = raw_of(records)
    assert raw is not None
    data, cells = np.frombuffer(msgspec.msgpack.encode(records), np.uint8), np.zeros((len(records), CELLS), np.int32)
    REFERENCE.parse_nouns(data, 1, cells)
    np.testing.assert_array_equal(cells, raw.cells)
