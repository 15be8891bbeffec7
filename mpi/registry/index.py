"""The index in memory: the hot arrays, who is under which number, the snapshot readers see. A function of the journal.

One writer changes it; readers take a ``Snapshot`` and never wait. What the kernels read stands in linkage/hotindex.py; here
is the rest of a record: its source and local number, since when and how surely it is linked, what was last received.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import xxhash

from mpi.columns.local_numbers import local_number_keys
from mpi.linkage.batch import log_population, resolve_batch
from mpi.linkage.blocking import compile_rules
from mpi.linkage.features import Encoder
from mpi.linkage.hashtable import SEGMENTS, Table, get, most_keys, prefetch, put, require_platform
from mpi.linkage.hotindex import PERSONS, RECORD_NEXT, RECORDS, ROWS
from mpi.linkage.jit import brief, direct, kernel
from mpi.linkage.loading import grow_to
from mpi.linkage.model import Model, TermFrequencies
from mpi.linkage.scoring import compile_tables
from mpi.linkage.search import Query
from mpi.linkage.settings import compile_settings
from mpi.records import Grade, RecordLink
from mpi.registry.facts import Facts
from mpi.registry.memory import reserve, reserve_index, reserve_table
from mpi.registry.snapshot_file import Part, table_parts
from mpi.registry.tasks import Asked

AHEAD = 16  # look-ups of one call whose memory is asked for before
LOCAL_ID_BYTES = 32  # reserved per record on average
HASH_BYTES = 16
ACTIVE, RETIRED = 0, 1
GRADES: tuple[Grade, ...] = tuple(Grade)


class Snapshot(NamedTuple):
    """What a reader may see: everything up to one commit."""

    rows: int
    records: int
    persons: int
    sequence: int


RECORD = {
    "since": "i8",
    "recorded_at": "i8",
    "sequence": "i8",  # of the record's last applied event
    "text_start": "i8",  # its local number in Index._text
    "content": "V16",  # hash of what was last received
    "probability": "f4",
    "generation": "i4",
    "text_length": "u2",
    "source": "i2",  # number in Index.sources
    "made_by": "i2",  # number in Index.models
    "state": "u1",
    "grade": "u1",
}
_TEXT_START, _TEXT_LENGTH = list(RECORD).index("text_start"), list(RECORD).index("text_length")
PERSON = {"master_code": "i8", "version": "i8", "reviews": "i8"}  # version: sequence of the last change; reviews: open tasks


class NewRecords(NamedTuple):
    """What is noted of N new records, by column; one value where it is the same for all."""

    first: int  # the index's own number of the first; the others follow
    sources: Sequence[str]
    local_ids: Sequence[str]
    since: Sequence[int] | int
    recorded_at: Sequence[int]
    sequences: Sequence[int] | npt.NDArray[np.int64]
    contents: Sequence[bytes]  # 16 bytes each
    probability: Sequence[float] | npt.NDArray[np.float64]
    generations: Sequence[int]
    models: Sequence[str] | str
    grades: Sequence[int] | npt.NDArray[np.int64]

    def __repr__(self) -> str:
        return f"NewRecords({len(self.local_ids)} records)"


class RecordColumns(NamedTuple):
    """What is noted of N new records, ready to be kept.

    first    the index's own number of the first; the others follow
    text     uint8: their local numbers, one after the other
    lengths  int64[N], bytes of each local number
    keys     int64[N], ``number_key`` of each; None: still to be made
    facts    the rest of RECORD by name, by column; one value where it is the same for all
    """

    first: int
    text: npt.NDArray[np.uint8]
    lengths: npt.NDArray[np.int64]
    keys: npt.NDArray[np.int64] | None
    facts: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"RecordColumns({len(self.lengths)} records)"


class Names:
    """Strings that repeat (sources, models) by small number."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        """Number of a name; a new one is added."""
        known = self._numbers.get(name)
        if known is None:
            known = self._numbers[name] = len(self.names)
            self.names.append(name)
        return known

    def find(self, name: str) -> int:
        """Number of a name, or −1."""
        return self._numbers.get(name, -1)


@brief
def find_key(table: Table, key: int) -> int:
    return get(table, key)


@brief
def any_key(table: Table, keys: npt.NDArray[np.int64], found: npt.NDArray[np.bool_]) -> None:
    for i in range(len(keys)):
        found[i] = get(table, keys[i]) >= 0


@kernel
def find_keys(table: Table, keys: npt.NDArray[np.int64], found: npt.NDArray[np.int64]) -> None:
    for i in range(len(keys)):
        found[i] = get(table, keys[i])


@brief
def put_key(table: Table, key: int, value: int) -> None:
    put(table, key, value)


@brief
def put_new_keys(
    table: Table, keys: npt.NDArray[np.int64], values: npt.NDArray[np.int64], taken: npt.NDArray[np.bool_]
) -> None:
    """Put each key that is not there; ``taken`` says which ones were, the earlier ones of this call included."""
    for i in range(len(keys)):
        if i + AHEAD < len(keys):
            prefetch(table, keys[i + AHEAD])
        taken[i] = get(table, keys[i]) >= 0
        if not taken[i]:
            put(table, keys[i], values[i])


class Index:
    """See the module docstring. ``capacity`` is the number of rows (and of records) that memory is reserved for."""

    def __init__(self, model: Model, frequencies: TermFrequencies, *, capacity: int, catchment: int) -> None:
        require_platform()
        self.model = model
        self.encoding = model.encoding_version()
        self.catchment = catchment
        self.encoder = Encoder(model)
        self.query = Query(compile_tables(model, frequencies), compile_rules(model), compile_settings(model))
        self.hot = reserve_index(model, capacity)
        self.sources, self.models = Names(), Names()
        self.snapshot = Snapshot(0, 0, 0, 0)
        self._numbers = reserve_table(capacity)
        self._text = reserve(capacity * LOCAL_ID_BYTES, np.uint8).data
        self._text_used = 0
        self._record_facts, self._person_facts = Facts(capacity, RECORD), Facts(capacity, PERSON)
        self.generation, self.state, self.grade, self.made_by, self.recorded_at, self.sequence, self.content, self.source = (
            map(
                self._record_facts.column,
                ("generation", "state", "grade", "made_by", "recorded_at", "sequence", "content", "source"),
            )
        )
        self.master_code, self.version, self.reviews = map(self._person_facts.column, PERSON)
        # Python reads single numbers from these in a third of the time that NumPy takes.
        self._first_record, self._record_cells = self.hot.first_record.data, self.hot.record_cells.data
        self.aliases: dict[tuple[str, str], int] = {}  # replaced local numbers → record
        self.open_reviews = 0
        self.asked = Asked()
        self._find_key, self._put_key, self._put_new_keys, self._any_key = find_key, put_key, put_new_keys, any_key
        self.resolve_batch = resolve_batch

    def warm(self) -> None:
        """Call the kernels of look-ups and of writes without Numba's dispatcher from now on. After the warm-up."""
        self._find_key, self._put_key, self._put_new_keys = direct(find_key), direct(put_key), direct(put_new_keys)
        self._any_key = direct(any_key)
        self.resolve_batch = direct(resolve_batch)

    # --- reading ---------------------------------------------------------------------------------------------------

    def population(self, snapshot: Snapshot) -> int:
        """Number of persons the prior is computed with."""
        return max(snapshot.persons, self.catchment)

    def kernel_snapshot(self, snapshot: Snapshot) -> tuple[int, int]:
        """(visible rows, log2 population) as the kernels take it."""
        return snapshot.rows, int(log_population(self.population(snapshot)))

    def find(self, source: str, local_id: str) -> int:
        """The newest record under a local number, retired or not, or −1. Sees what was applied, not what is provisional."""
        number = self.sources.find(source)
        if number < 0:
            return -1
        key = number_key(source, local_id)
        while True:
            record = int(self._find_key(self._numbers, key))
            if record < 0:
                return -1
            if self._is_under(record, number, local_id):
                return record
            key = key + 1 if key != 0x7FFFFFFFFFFFFFFF else 1

    def may_know(self, keys: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """For each ``number_key`` whether there may be a record under it: False is sure, True can be another's hash."""
        found = np.empty(len(keys), np.bool_)
        self._any_key(self._numbers, keys, found)
        return found

    def find_keys(self, keys: npt.NDArray[np.int64], records: npt.NDArray[np.int64]) -> None:
        """For each ``number_key`` the record that may be under it, or −1: another local number can have the same hash."""
        find_keys(self._numbers, keys, records)

    def _is_under(self, record: int, source: int, local_id: str) -> bool:
        """Whether a record has the local number."""
        _, _, _, start, _, _, _, length, of, *_ = self._record_facts.row(record)
        return of == source and str(self._text[start : start + length], "utf-8") == local_id

    def person(self, person: int) -> tuple[int, int, int]:
        """(master code, version, open tasks) of a person."""
        return self._person_facts.row(person)

    def links(self, person: int, snapshot: Snapshot) -> list[RecordLink]:
        """Link edges of a person's active records in a snapshot, oldest first."""
        found = []
        at = self._first_record[person]
        while at > 0:
            record = at - 1
            at = self._record_cells[record, RECORD_NEXT]
            if record < snapshot.records:
                since, _, _, start, _, probability, _, length, source, made_by, state, grade = self._record_facts.row(record)
                if state == ACTIVE:
                    found.append(
                        RecordLink(
                            source=self.sources.names[source],
                            local_id=str(self._text[start : start + length], "utf-8"),
                            since=since,
                            grade=GRADES[grade],
                            probability=probability,
                            model=self.models.names[made_by],
                        )
                    )
        found.reverse()
        return found

    # --- writing: the writer thread and the rebuild only ----------------------------------------------------------------

    def add_records(self, new: NewRecords) -> None:
        """Note the facts of new records; they stay invisible until ``publish``."""
        texts = [local_id.encode() for local_id in new.local_ids]
        models = self.models
        facts = {
            "since": new.since,
            "recorded_at": new.recorded_at,
            "sequence": new.sequences,
            "content": np.frombuffer(b"".join(new.contents), f"V{HASH_BYTES}"),
            "probability": new.probability,
            "generation": new.generations,
            "source": [self.sources.number(source) for source in new.sources],
            "made_by": models.number(new.models) if isinstance(new.models, str) else list(map(models.number, new.models)),
            "grade": new.grades,
        }
        lengths = np.array([len(text) for text in texts], np.int64)
        text = np.frombuffer(b"".join(texts), np.uint8)
        self.add_columns(RecordColumns(new.first, text, lengths, number_keys(new.sources, new.local_ids), facts))

    def add_columns(self, new: RecordColumns) -> None:
        """``add_records`` for what is in columns already."""
        count, first = len(new.lengths), new.first
        ends = self._text_used + np.cumsum(new.lengths)
        starts = ends - new.lengths
        self._text[self._text_used : self._text_used + len(new.text)] = new.text.data
        self._text_used += len(new.text)
        lines: dict[str, Any] = {"text_start": starts, "text_length": new.lengths, "state": ACTIVE}
        self._record_facts.put_rows(first, {**new.facts, **lines}, count)
        keys = self._keys(first, starts, ends) if new.keys is None else new.keys
        taken = np.zeros(count, np.bool_)
        self._put_new_keys(self._numbers, keys, np.arange(first, first + count), taken)
        for record in (first + taken.nonzero()[0]).tolist():
            self._put_number(record, *self._number_of(record))

    def _keys(self, first: int, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """``number_key`` of records whose facts are noted."""
        names = [name.encode() for name in self.sources.names]
        name_starts = np.cumsum([0, *map(len, names)])
        sources = self.source[first : first + len(ends)].astype(np.int64)
        text = np.frombuffer(self._text, np.uint8)
        bounds = np.append(starts, ends[-1:])
        keys = local_number_keys(np.frombuffer(bytearray(b"".join(names)), np.uint8), name_starts, sources, text, bounds)
        for place in np.flatnonzero(keys == 0).tolist():
            keys[place] = number_key(*self._number_of(first + place))
        return keys

    def _number_of(self, record: int) -> tuple[str, str]:
        """Source and local number of a record."""
        _, _, _, start, _, _, _, length, source, *_ = self._record_facts.row(record)
        return self.sources.names[source], str(self._text[start : start + length], "utf-8")

    def grow(self, times: float) -> None:
        """Make the tables ready for so many times the keys they hold. Nobody else may write to them meanwhile."""
        for table in (self.hot.postings, self.hot.dictionary, self._numbers):
            grow_to(table, min(int(table.segments[:SEGMENTS, 1].sum() * times), most_keys(table)))

    def set_local_id(self, record: int, source: str, local_id: str) -> None:
        """Put a record under a new local number; an earlier record under it stays, but is no longer found."""
        facts = list(self._record_facts.row(record))
        facts[_TEXT_START], facts[_TEXT_LENGTH] = self._add_text(local_id)
        self._record_facts.put(record, *facts)
        self._put_number(record, source, local_id)

    def _add_text(self, local_id: str) -> tuple[int, int]:
        """Keep a local number; returns where it starts and its length."""
        data, start = local_id.encode(), self._text_used
        self._text[start : start + len(data)] = data
        self._text_used = start + len(data)
        return start, len(data)

    def _put_number(self, record: int, source: str, local_id: str) -> None:
        """Have a record found under its local number."""
        number, key = self.sources.number(source), number_key(source, local_id)
        while True:
            other = int(self._find_key(self._numbers, key))
            if other < 0 or self._is_under(other, number, local_id):
                break
            key = key + 1 if key != 0x7FFFFFFFFFFFFFFF else 1
        self._put_key(self._numbers, key, record)

    def publish(self, sequence: int) -> None:
        """Raise the snapshot to everything that was inserted: one assignment, so that a reader sees all of it or nothing."""
        counters = self.hot.counters
        self.snapshot = Snapshot(int(counters[ROWS]), int(counters[RECORDS]), int(counters[PERSONS]), sequence)

    def own_parts(self) -> list[Part]:
        """The arrays of this class, as far as they are used."""
        counters = self.hot.counters
        records, persons = self._record_facts.lines(len(self.sequence)), self._person_facts.lines(len(self.version))
        return [
            *table_parts("numbers", self._numbers),
            Part("text", np.frombuffer(self._text, np.uint8), self._text_used),
            Part("records", records, int(counters[RECORDS])),
            Part("persons", persons, int(counters[PERSONS])),
        ]

    def text_used(self) -> int:
        """Bytes of local numbers."""
        return self._text_used

    def take_over(self, text_used: int, sources: Sequence[str], models: Sequence[str]) -> None:
        """What belongs to arrays that were filled from a snapshot."""
        self._text_used = text_used
        for names, known in ((self.sources, sources), (self.models, models)):
            for name in known:
                names.number(name)

    def text_room(self) -> int:
        """Bytes left for local numbers."""
        return len(self._text) - self._text_used


def number_keys(sources: Sequence[str], local_ids: Sequence[str]) -> npt.NDArray[np.int64]:
    """``number_key`` of each local number."""
    return np.array([number_key(source, local_id) for source, local_id in zip(sources, local_ids, strict=True)], np.int64)


def number_key(source: str, local_id: str) -> int:
    """63-bit hash of a local number, never 0."""
    return (xxhash.xxh3_64_intdigest(f"{source}\0{local_id}".encode()) >> 1) or 1
