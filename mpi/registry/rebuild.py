"""Journal → hot index: the rows as they were encoded, in the order they were committed. Nothing is decided again.

A batch of events stays in columns (replayed.py); only a replaced local number, which looks for records, stands alone. Where
the journal was encoded by another encoding version, records are standardised and encoded again from what was received; who is
linked to whom stays as it was decided.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import msgspec
import numpy as np

from mpi.errors import StoreError
from mpi.linkage.features import Encoded
from mpi.linkage.hotindex import CHARS, RECORDS, ROWS, VALUES
from mpi.linkage.loading import link_loaded, load_entries, load_rows
from mpi.linkage.values import Values
from mpi.records import PatientRecord
from mpi.registry.control import apply_control
from mpi.registry.index import RETIRED, Index, RecordColumns
from mpi.registry.progress import Phase, Progress
from mpi.registry.replayed import Events, Ints, entries_of
from mpi.registry.requests import RequestWindow
from mpi.registry.segment import DurableValues, link_probability
from mpi.standardise import standardise
from mpi.store import Store

MOST_THREADS = 8  # more of them wait for memory, not for the processor
EXPECTED = 0.7  # of the keys that all events would bring if they were like the first; later ones repeat more


class Rebuilt(msgspec.Struct, frozen=True):
    """Where a rebuild ended: what of the dictionary is journalled, and the newest time in the journal."""

    durable: DurableValues
    last_at: int


def rebuild(index: Index, store: Store, window: RequestWindow, progress: Progress, *, last_at: int = 0) -> Rebuilt:
    """Load what the journal holds beyond what the index has published, and publish it. ``last_at``: time of what it has.

    Raises StoreError for a journal that does not fit together.
    """
    after = index.snapshot.sequence
    again = store.has_other_encoding(index.encoding, after)
    progress.begin(Phase.REPLAYING, store.last_sequence() - after)
    with _Loader(index, store.last_sequence() - after) as loader:
        for batch in store.replay(after, payloads=again):
            events = Events(batch)
            loader.load(events)
            last_at = int(events.integers["at"][-1])
            progress.add(events.count)
        loader.finish()
    index.publish(store.last_sequence())
    features, lower = len(index.model.features), index.query.settings.lower
    for tasks in store.tasks(index.encoding):
        index.asked.add_packed(tasks, features, lower)
    for request_id, body_hash, sequence, at in store.request_ids(window.oldest(time.time_ns() // 1000)):
        window.add(request_id, body_hash, sequence, at)
    counters = index.hot.counters
    return Rebuilt(DurableValues(int(counters[VALUES]), int(counters[CHARS])), last_at)


class _Loader:
    """Puts events into an index, with as many threads as the process may use; a context manager.

    The chains of one batch are linked while the next one is noted. ``total``: events that will come.
    """

    def __init__(self, index: Index, total: int) -> None:
        self._index, self._total, self._done = index, total, 0
        self._threads = min(len(os.sched_getaffinity(0)), MOST_THREADS)
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="mpi-loading")
        self._linker = ThreadPoolExecutor(1, thread_name_prefix="mpi-linking")
        self._linking: Future[None] | None = None

    def __enter__(self) -> _Loader:
        return self

    def __exit__(self, *_: object) -> None:
        self._linker.shutdown()
        self._pool.shutdown()

    def finish(self) -> None:
        """Wait until everything is linked."""
        if self._linking is not None:
            self._linking.result()
            self._linking = None

    def _link(self, start: int, end: int) -> None:
        """Begin to link rows."""
        self.finish()
        hot, rules = self._index.hot, self._index.query.rules
        self._linking = self._linker.submit(link_loaded, hot, rules, start, end, pool=self._pool, threads=self._threads)

    def _expect(self, events: int) -> None:
        """After the first batch: make the tables about as large as they will be."""
        first, self._done = self._done == 0 and self._index.snapshot.sequence == 0, self._done + events
        if first and self._done < self._total:
            self.finish()
            self._index.grow(self._total / self._done * EXPECTED)

    def load(self, events: Events) -> None:
        """Make a batch true in memory, its chains a little later; the caller publishes."""
        index = self._index
        as_they_are = events.encoded_as(index.encoding)
        if as_they_are:
            load_entries(index.hot, self._fitting(entries_of(events)))
        for start, end in _runs(events):
            if end - start == 1 and events.replaces[start]:
                apply_control(index, events.event(start))
                continue
            part = events.part(start, end)
            self._load_rows(part, _stored_rows(index, part) if as_they_are else _encoded_again(index, part))
            _note_new(index, part)
            _note_changes(index, part)
        self._expect(events.count)

    def _fitting(self, values: Values) -> Values:
        """The entries, if there is room for them. Kernels check no bounds."""
        hot = self._index.hot
        slots, chars = len(hot.values.cells) - hot.counters[VALUES], len(hot.values.chars) - hot.counters[CHARS]
        if len(values.cells) > slots or len(values.chars) > chars:
            raise _too_small()
        return values

    def _load_rows(self, events: Events, encoded: Encoded) -> None:
        """Rows, records, persons and chains."""
        index, records, persons = self._index, events.integers["record_no"], events.integers["person_no"]
        hot, before = index.hot, int(index.hot.counters[ROWS])
        if before + len(encoded.rows) + int(events.retires.sum()) > len(hot.rows):
            raise _too_small()
        _check_numbers(events, encoded, int(hot.counters[RECORDS]), len(hot.first_record))
        load_rows(hot, encoded, records, persons, events.retires)
        self._link(before, int(hot.counters[ROWS]))


def _runs(events: Events) -> Iterator[tuple[int, int]]:
    """Cut a batch so that each replaced local number stands alone."""
    start = 0
    for place in np.flatnonzero(events.replaces).tolist():
        if place > start:
            yield start, place
        yield place, place + 1
        start = place + 1
    if start < events.count:
        yield start, events.count


def _check_numbers(events: Events, encoded: Encoded, known: int, capacity: int) -> None:
    """New records have rows and dense numbers, all others are known, persons are within what memory is reserved for."""
    records, persons = events.integers["record_no"], events.integers["person_no"]
    new = np.flatnonzero(events.creates)
    dense = np.array_equal(records[new], np.arange(known, known + len(new)))
    others = records < known + np.cumsum(events.creates)
    if not dense or not others.all() or np.any(np.diff(encoded.starts)[new] == 0):
        raise StoreError("the journal's record numbers are not dense: it was changed or is damaged")
    if len(persons) and not 0 <= int(persons.min()) <= int(persons.max()) < capacity:
        raise StoreError("the journal's person numbers are not dense: it was changed or is damaged")


def _stored_rows(index: Index, events: Events) -> Encoded:
    """Rows as they stand in the journal. Their texts are in the dictionary already, so that none has a slot."""
    width, blobs = index.model.width, events.rows()
    cells = 8 * width
    if np.any(blobs.lengths() % cells):
        raise StoreError("rows of the journal do not have the model's width")
    rows = blobs.data.view(np.int64).reshape(-1, width)
    slots = np.zeros((len(rows), len(index.model.features)), np.int32)
    return Encoded(rows, slots, blobs.starts // cells, index.hot.values)


def _encoded_again(index: Index, events: Events) -> Encoded:
    """Rows encoded anew from the records as received; their values go into the dictionary on the way."""
    which = events.applies & ~events.retires
    records = [msgspec.json.decode(payload, type=PatientRecord) for payload in events.payloads(which)]
    made = index.encoder.encode([standardise(record) for record in records])
    counts = np.zeros(events.count, np.int64)
    counts[which] = np.diff(made.starts)
    return made._replace(starts=np.concatenate([[0], np.cumsum(counts)]))


def _note_new(index: Index, events: Events) -> None:
    """The facts of new records, as the writer notes them after a commit."""
    new = events.creates
    places = np.flatnonzero(new)
    if not len(places):
        return
    columns: dict[str, Ints] = {name: column[places] for name, column in events.integers.items()}
    texts = events.local_ids(new)
    if len(texts.data) > index.text_room():
        raise _too_small()
    facts = {
        "since": columns["at"],
        "recorded_at": columns["recorded_at"],
        "sequence": columns["seq"],
        "content": events.contents(new),
        "probability": link_probability(events.probability[places], columns["grade"]),
        "generation": columns["generation"],
        "source": events.numbers("source", new, index.sources),
        "made_by": events.numbers("model", new, index.models),
        "grade": columns["grade"],
    }
    index.add_columns(RecordColumns(int(columns["record_no"][0]), texts.data, texts.lengths(), None, facts))
    index.master_code[columns["person_no"]] = columns["master_code"]


def _note_changes(index: Index, events: Events) -> None:
    """What updates and retired records change, and the last change of each person. Where one comes twice the last one stays:
    NumPy assigns in order."""
    columns = events.integers
    updates = np.flatnonzero(events.applies & ~events.creates & ~events.retires)
    records = columns["record_no"][updates]
    index.content[records] = events.contents(events.applies & ~events.creates & ~events.retires)
    dated = updates[columns["recorded_at"][updates] != 0]
    index.recorded_at[columns["record_no"][dated]] = columns["recorded_at"][dated]
    index.state[columns["record_no"][events.retires]] = RETIRED
    changed = np.flatnonzero(events.applies)
    old = np.flatnonzero(events.applies & ~events.creates)
    index.sequence[columns["record_no"][old]] = columns["seq"][old]
    index.version[columns["person_no"][changed]] = columns["seq"][changed]
    asking = np.flatnonzero(events.applies & (columns["review_task"] != 0))
    np.add.at(index.reviews, columns["person_no"][asking], 1)
    index.open_reviews += len(asking)


def _too_small() -> StoreError:
    return StoreError("the journal holds more than memory is reserved for: raise index_capacity_rows")
