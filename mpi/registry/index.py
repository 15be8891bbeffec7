"""The index in memory: the hot arrays, who is under which number, the snapshot readers see. A function of the journal.

One writer changes it; readers take a ``Snapshot`` and never wait. What the kernels read stands in linkage/hotindex.py; here
is the rest of a record: its source and local number, since when and how surely it is linked, what was last received.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import xxhash

from mpi.linkage.batch import log_population
from mpi.linkage.blocking import compile_rules
from mpi.linkage.features import Encoder
from mpi.linkage.hashtable import Table, get, put, require_platform
from mpi.linkage.hotindex import PERSONS, RECORD_NEXT, RECORDS, ROWS
from mpi.linkage.jit import brief, direct
from mpi.linkage.model import Model, TermFrequencies
from mpi.linkage.scoring import compile_tables
from mpi.linkage.search import Query
from mpi.linkage.settings import compile_settings
from mpi.registry.memory import reserve, reserve_index, reserve_table

LOCAL_ID_BYTES = 32  # reserved per record on average
ACTIVE, RETIRED = 0, 1


class Snapshot(NamedTuple):
    """What a reader may see: everything up to one commit."""

    rows: int
    records: int
    persons: int
    sequence: int


class RecordFacts(NamedTuple):
    """Columns of a batch of new records; ``source`` and ``model`` are numbers of ``Index.sources`` and ``Index.models``."""

    source: Sequence[int]
    local_id: Sequence[str]
    since: Sequence[int]
    grade: Sequence[int]
    probability: Sequence[float]
    model: Sequence[int]
    recorded_at: Sequence[int]
    sequence: Sequence[int]
    content: Sequence[bytes]  # 16 bytes each
    generation: Sequence[int]


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
def put_key(table: Table, key: int, value: int) -> None:
    put(table, key, value)


class Index:
    """See the module docstring. ``capacity`` is the number of rows (and of records) that memory is reserved for."""

    def __init__(self, model: Model, frequencies: TermFrequencies, *, capacity: int, catchment: int) -> None:
        require_platform()
        self.model = model
        self.catchment = catchment
        self.encoder = Encoder(model)
        self.query = Query(compile_tables(model, frequencies), compile_rules(model), compile_settings(model))
        self.hot = reserve_index(model, capacity)
        self.sources, self.models = Names(), Names()
        self.snapshot = Snapshot(0, 0, 0, 0)
        self._numbers = reserve_table(capacity)
        self._text = reserve(capacity * LOCAL_ID_BYTES, np.uint8)
        self._text_used = 0
        self._text_start: npt.NDArray[np.int64] = reserve(capacity, np.int64)
        self._text_length: npt.NDArray[np.uint16] = reserve(capacity, np.uint16)
        self.source: npt.NDArray[np.int16] = reserve(capacity, np.int16)
        self.generation: npt.NDArray[np.int16] = reserve(capacity, np.int16)
        self.state: npt.NDArray[np.uint8] = reserve(capacity, np.uint8)
        self.grade: npt.NDArray[np.uint8] = reserve(capacity, np.uint8)
        self.made_by: npt.NDArray[np.int16] = reserve(capacity, np.int16)
        self.probability: npt.NDArray[np.float32] = reserve(capacity, np.float32)
        self.since: npt.NDArray[np.int64] = reserve(capacity, np.int64)
        self.recorded_at: npt.NDArray[np.int64] = reserve(capacity, np.int64)
        self.sequence: npt.NDArray[np.int64] = reserve(capacity, np.int64)  # of the record's last applied event
        self.content: npt.NDArray[np.uint8] = reserve((capacity, 16), np.uint8)
        self.master_code: npt.NDArray[np.int64] = reserve(capacity, np.int64)  # by person
        self.version: npt.NDArray[np.int64] = reserve(capacity, np.int64)  # by person: sequence of its last change
        self.reviews: npt.NDArray[np.int32] = reserve(capacity, np.int32)  # by person: open tasks
        self.aliases: dict[tuple[str, str], int] = {}  # replaced local numbers → record
        self.open_reviews = 0
        self._find_key, self._put_key = find_key, put_key

    def warm(self) -> None:
        """Call the kernels of look-ups without Numba's dispatcher from now on. After the warm-up."""
        self._find_key, self._put_key = direct(find_key), direct(put_key)

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
            if self.source[record] == number and self.local_id(record) == local_id:
                return record
            key = key + 1 if key != 0x7FFFFFFFFFFFFFFF else 1

    def local_id(self, record: int) -> str:
        """Local number of a record."""
        start = int(self._text_start[record])
        data: bytes = self._text[start : start + int(self._text_length[record])].tobytes()
        return data.decode()

    def source_name(self, record: int) -> str:
        """Source of a record."""
        name: str = self.sources.names[self.source[record]]
        return name

    def records_of(self, person: int, snapshot: Snapshot) -> list[int]:
        """Active records of a person in a snapshot, oldest first."""
        found = []
        at = int(self.hot.first_record[person])
        while at > 0:
            record = at - 1
            at = int(self.hot.record_cells[record, RECORD_NEXT])
            if record < snapshot.records and self.state[record] == ACTIVE:
                found.append(record)
        found.reverse()
        return found

    # --- writing: the writer thread and the rebuild only ----------------------------------------------------------------

    def add_records(self, first: int, facts: RecordFacts) -> None:
        """Note the facts of the new records first, first + 1, …; they stay invisible until ``publish``."""
        count = len(facts.source)
        part = slice(first, first + count)
        self.source[part] = facts.source
        self.since[part] = facts.since
        self.grade[part] = facts.grade
        self.probability[part] = facts.probability
        self.made_by[part] = facts.model
        self.recorded_at[part] = facts.recorded_at
        self.sequence[part] = facts.sequence
        self.generation[part] = facts.generation
        self.content[part] = np.frombuffer(b"".join(facts.content), np.uint8).reshape(count, 16)
        for offset in range(count):
            self.set_local_id(first + offset, self.sources.names[facts.source[offset]], facts.local_id[offset])

    def set_local_id(self, record: int, source: str, local_id: str) -> None:
        """Put a record under a local number; an earlier record under it stays, but is no longer found."""
        data = local_id.encode()
        start = self._text_used
        self._text[start : start + len(data)] = np.frombuffer(data, np.uint8)
        self._text_start[record], self._text_length[record] = start, len(data)
        self._text_used = start + len(data)
        key = number_key(source, local_id)
        while True:
            other = int(self._find_key(self._numbers, key))
            if other < 0 or (self.source_name(other) == source and self.local_id(other) == local_id):
                break
            key = key + 1 if key != 0x7FFFFFFFFFFFFFFF else 1
        self._put_key(self._numbers, key, record)

    def publish(self, sequence: int) -> None:
        """Raise the snapshot to everything that was inserted: one assignment, so that a reader sees all of it or nothing."""
        counters = self.hot.counters
        self.snapshot = Snapshot(int(counters[ROWS]), int(counters[RECORDS]), int(counters[PERSONS]), sequence)

    def text_room(self) -> int:
        """Bytes left for local numbers."""
        return len(self._text) - self._text_used


def number_key(source: str, local_id: str) -> int:
    """63-bit hash of a local number, never 0."""
    return (xxhash.xxh3_64_intdigest(f"{source}\0{local_id}".encode()) >> 1) or 1
