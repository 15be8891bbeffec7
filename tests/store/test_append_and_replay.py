"""What is appended comes back: every field, in order, after a close, under either way of appending."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpi.errors import StoreError
from mpi.store import JournalEvent, Settings, Store
from mpi.store.journal import JOURNAL_SCHEMA, EventColumns
from mpi.store.replay import checked

INT64 = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
HASH = st.binary(min_size=16, max_size=16)
EVENTS = st.builds(
    JournalEvent,
    seq=st.just(0),
    at=INT64,
    outcome=st.integers(1, 255),
    source=TEXT,
    local_id=TEXT,
    previous_local_id=st.none() | TEXT,
    generation=st.integers(0, 2**31 - 1),
    record_no=st.integers(0, 2**62),
    person_no=st.integers(0, 2**62),
    master_code=INT64,
    request_id=st.none() | TEXT,
    body_hash=st.none() | HASH,
    content_hash=st.none() | HASH,
    payload=st.none() | st.binary(max_size=50),
    rows=st.integers(0, 3).flatmap(lambda n: st.binary(min_size=64 * n, max_size=64 * n)),
    dictionary=st.binary(max_size=50),
    encoding=TEXT,
    model=TEXT,
    weight=st.integers(-(2**31), 2**31 - 1),
    probability=st.floats(0, 1),
    population=st.integers(0, 2**40),
    grade=st.integers(0, 255),
    reasons=INT64,
    relationship=st.integers(0, 255),
    candidates=st.binary(max_size=50),
    flags=st.integers(-(2**31), 2**31 - 1),
    review_task=st.integers(0, 2**62),
    recorded_at=st.none() | INT64,
    answer=st.binary(max_size=20),
)


def numbered(events: list[JournalEvent], after: int) -> list[JournalEvent]:
    return [msgspec.structs.replace(event, seq=number) for number, event in enumerate(events, after + 1)]


def test_the_three_lists_of_columns_are_one(store):
    names = list(JournalEvent.__struct_fields__)
    described = store._writer.execute("SELECT * FROM journal").description
    assert JOURNAL_SCHEMA.names == names
    assert [column[0] for column in described] == names


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(EVENTS, min_size=1, max_size=4), min_size=1, max_size=4), st.sampled_from([0, 3, 1024]))
def test_every_field_comes_back_after_a_restart(batches, tail):
    with tempfile.TemporaryDirectory() as folder:
        stored: list[JournalEvent] = []
        with Store.open(Path(folder), settings=Settings(reserve_mb=0, tail_events=tail)) as first:
            for batch in batches:  # to the tail; into the table one event as values, several as an Arrow batch
                events = numbered(batch, len(stored))
                first.append(events)
                stored += events
        with Store.open(Path(folder)) as second:
            assert second.last_sequence() == len(stored)
            assert all(second.event(event.seq) == event for event in stored)
            replayed = [JournalEvent(**row) for batch in second.replay(payloads=True) for row in batch.to_pylist()]
    fields = set(JOURNAL_SCHEMA.names) - {"weight", "population", "reasons", "relationship", "candidates", "answer"}
    assert all(getattr(a, f) == getattr(b, f) for a, b in zip(replayed, stored, strict=True) for f in fields)


def test_columns_are_the_same_events(make_event):
    events = [make_event(seq, model="m@1", request_id=None) for seq in (1, 2, 3)]
    by_struct = EventColumns.of(events)
    one_for_all = {"model": "m@1", "request_id": None, "answer": b""}
    columns = EventColumns(3, by_struct.columns | one_for_all)
    assert columns.batch().equals(by_struct.batch())
    assert columns.rows(("seq", "model", "request_id")) == [(1, "m@1", None), (2, "m@1", None), (3, "m@1", None)]


def test_a_field_left_out_has_its_default(store, make_event):
    event = make_event(1)
    required = {
        f: [getattr(event, f)]
        for f in ("seq", "at", "outcome", "source", "local_id", "record_no", "person_no", "master_code")
    }
    store.append_columns(EventColumns(1, required))
    assert store.event(1) == JournalEvent(**{field: column[0] for field, column in required.items()})


def test_columns_of_the_wrong_length_are_refused(store, make_event):
    columns = EventColumns.of([make_event(1), make_event(2)])
    columns.columns["payload"] = [b"{}"]
    with pytest.raises(StoreError, match="nothing was stored"):
        store.append_columns(columns)
    assert store.last_sequence() == 0


def test_replay_starts_after_a_number_and_ends_at_what_was_durable(store, make_event):
    store.append([make_event(seq) for seq in range(1, 101)])
    batches = store.replay(40)
    first = next(batches)
    store.append([make_event(101)])  # a reader that has begun does not see it
    seen = first.column("seq").to_pylist() + [seq for batch in batches for seq in batch.column("seq").to_pylist()]
    assert seen == list(range(41, 101))
    assert list(store.replay(101)) == []


def test_a_replay_larger_than_one_batch_is_in_order(store, make_event):
    event = make_event(1)
    for start in range(0, 200_000, 50_000):
        store.append([msgspec.structs.replace(event, seq=seq) for seq in range(start + 1, start + 50_001)])
    batches = list(store.replay())
    assert len(batches) > 1
    assert [seq for batch in batches for seq in batch.column("seq").to_pylist()] == list(range(1, 200_001))


@pytest.mark.parametrize("numbers", [[2], [1, 3], [1, 1], [0, 1], [2, 1]])
def test_numbers_that_are_not_dense_are_refused(store, make_event, numbers):
    with pytest.raises(StoreError, match="not dense"):
        store.append([make_event(seq) for seq in numbers])
    assert store.last_sequence() == 0
    store.append([make_event(1)])


def test_rows_that_are_not_whole_cells_are_refused(store, make_event):
    with pytest.raises(StoreError, match="cells"):
        store.append([make_event(1, rows=b"1234567")])
    assert store.last_sequence() == 0


def batch_of(make_event, numbers: list[int], **fields: object) -> pa.RecordBatch:
    return EventColumns.of([make_event(seq, **fields) for seq in numbers]).batch()


@pytest.mark.parametrize(
    ("numbers", "last", "message"),
    [
        ([1, 2, 4], 4, "gap or a repeat after sequence number 2"),
        ([1, 2, 2], 3, "gap or a repeat after sequence number 2"),
        ([2, 3], 3, "after sequence number 0"),
        ([1, 2], 3, "ends at 2, not at 3"),
        ([1, 2], 1, "ends at 2, not at 1"),
    ],
)
def test_a_journal_with_a_gap_is_not_replayed(make_event, numbers, last, message):
    with pytest.raises(StoreError, match=message):
        list(checked([batch_of(make_event, numbers)], 0, last))


@pytest.mark.parametrize("fields", [{"rows": bytes(63)}, {"content_hash": bytes(15)}])
def test_a_blob_cut_short_is_noticed(make_event, fields):
    with pytest.raises(StoreError, match="cut short between sequence numbers 1 and 2"):
        list(checked([batch_of(make_event, [1, 2], **fields)], 0, 2))


def test_an_event_shows_no_patient_value(make_event):
    shown = repr(make_event(7, local_id="SECRET-1", payload=b"SECRET-2", request_id="SECRET-3"))
    assert "SECRET" not in shown
