"""Journal → hot index: the rows as they were encoded, in the order they were committed. Nothing is decided again.

Where the journal was encoded by another encoding version, records are standardised and encoded again from what was received;
who is linked to whom stays as it was decided.
"""

from __future__ import annotations

import time

import msgspec
import numpy as np

from mpi.errors import StoreError
from mpi.linkage.batch import load_groups, load_values
from mpi.linkage.features import Encoded
from mpi.linkage.hotindex import CHARS, VALUES
from mpi.records import Outcome, PatientRecord
from mpi.registry.control import apply_control
from mpi.registry.events import unpack_candidates, unpack_dictionary, unpack_rows
from mpi.registry.index import HASH_BYTES, Index, NewRecords
from mpi.registry.requests import RequestWindow
from mpi.registry.segment import DurableValues, apply_update, link_probability, note_review
from mpi.registry.tasks import shown
from mpi.standardise import standardise
from mpi.store import JournalEvent, Store

CONTROL = frozenset({Outcome.RETIRED, Outcome.LOCAL_ID_REPLACED, Outcome.STALE})
CREATES = frozenset({Outcome.NEW, Outcome.LINKED, Outcome.NEW_WITH_REVIEW})


class Rebuilt(msgspec.Struct, frozen=True):
    """Where a rebuild ended: what of the dictionary is journalled, and the newest time in the journal."""

    durable: DurableValues
    last_at: int


def rebuild(index: Index, store: Store, window: RequestWindow) -> Rebuilt:
    """Load everything the journal holds and publish it. Raises StoreError for a journal that does not fit together."""
    last_at = 0
    again = store.meta.encoding not in ("", index.model.encoding_version())
    for batch in store.replay(payloads=again):
        events = [JournalEvent(**row) for row in batch.to_pylist()]
        for run in runs(events):
            _load(index, run)
        if events:
            last_at = events[-1].at
            index.publish(events[-1].seq)
    _note_tasks(index, store)
    for request_id, body_hash, sequence, at in store.request_ids(window.oldest(time.time_ns() // 1000)):
        window.add(request_id, body_hash, sequence, at)
    counters = index.hot.counters
    return Rebuilt(DurableValues(int(counters[VALUES]), int(counters[CHARS])), last_at)


def runs(events: list[JournalEvent]) -> list[list[JournalEvent]]:
    """Cut a batch of events so that each run can be loaded at once: control events stand alone, and so does an update of a
    record that the same run has touched."""
    result: list[list[JournalEvent]] = []
    touched: set[int] = set()
    for event in events:
        alone = event.outcome in CONTROL
        if not result or alone or result[-1][-1].outcome in CONTROL or event.record_no in touched:
            result.append([])
            touched = set()
        result[-1].append(event)
        touched.add(event.record_no)
    return result


def _load(index: Index, events: list[JournalEvent]) -> None:
    if events[0].outcome in CONTROL:
        apply_control(index, events[0])
        return
    version = index.model.encoding_version()
    if all(e.encoding == version for e in events):
        _load_rows(index, events)
    else:
        _load_again(index, events)
    _note_facts(index, events)


def _note_facts(index: Index, events: list[JournalEvent]) -> None:
    """What the writer notes of committed decisions."""
    new = [event for event in events if event.outcome in CREATES]
    if new:
        grades = np.array([event.grade for event in new])
        index.add_records(
            NewRecords(
                first=new[0].record_no,
                sources=[event.source for event in new],
                local_ids=[event.local_id for event in new],
                since=[event.at for event in new],
                recorded_at=[event.recorded_at or 0 for event in new],
                sequences=[event.seq for event in new],
                contents=[event.content_hash or bytes(HASH_BYTES) for event in new],
                probability=link_probability(np.array([event.probability for event in new]), grades),
                generations=[event.generation for event in new],
                models=[event.model for event in new],
                grades=grades,
            )
        )
    for event in events:
        if event.outcome in CREATES:
            index.master_code[event.person_no] = event.master_code
        else:
            content = event.content_hash or bytes(HASH_BYTES)
            apply_update(index, event.record_no, event.seq, content, event.recorded_at or 0)
        index.version[event.person_no] = event.seq
        if event.review_task:
            note_review(index, event.person_no)


def _note_tasks(index: Index, store: Store) -> None:
    """Which persons were asked about already."""
    features, lower = len(index.model.features), index.query.settings.lower
    for person, packed in store.tasks(index.encoding):
        found = unpack_candidates(packed, features)
        index.asked.add(person, shown(found["person"], found["weight"], found["flags"], person, lower))


def _load_rows(index: Index, events: list[JournalEvent]) -> None:
    """Rows and dictionary entries as they stand in the journal."""
    for event in events:
        if event.dictionary:
            load_values(index.hot, unpack_dictionary(event.dictionary))
    with_rows = [e for e in events if e.rows]
    features = len(index.model.features)
    encoded = unpack_rows([e.rows for e in with_rows], index.model.width, features, index.hot.values)
    _insert(index, encoded, with_rows)


def _load_again(index: Index, events: list[JournalEvent]) -> None:
    """Rows encoded anew from the records as received; their values go into the dictionary on the way."""
    records = [msgspec.json.decode(e.payload or b"", type=PatientRecord) for e in events]
    _insert(index, index.encoder.encode([standardise(record) for record in records]), events)


def _insert(index: Index, encoded: Encoded, events: list[JournalEvent]) -> None:
    if not events:
        return
    known = int(index.hot.counters[1])
    records = np.array([e.record_no for e in events], np.int64)
    fresh = records[records >= known]
    if not np.array_equal(fresh, np.arange(known, known + len(fresh))):
        raise StoreError("the journal's record numbers are not dense: it was changed or is damaged")
    load_groups(index.hot, index.query.rules, encoded, records, np.array([e.person_no for e in events], np.int64))
