"""A batch of the journal by column: Arrow's buffers as NumPy arrays, without an object for an event."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mpi.errors import StoreError
from mpi.linkage.loading import CELL_WORDS, unpack_values
from mpi.linkage.values import Values
from mpi.records import Outcome
from mpi.registry.index import HASH_BYTES, Names
from mpi.store import JournalEvent

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
WORD_BYTES = 4  # of a dictionary blob, whose parts are all whole words

_CREATES = (Outcome.NEW, Outcome.LINKED, Outcome.NEW_WITH_REVIEW)
_INTEGERS = (
    "seq",
    "at",
    "outcome",
    "generation",
    "record_no",
    "person_no",
    "master_code",
    "grade",
    "review_task",
    "recorded_at",
)


class Texts(NamedTuple):
    """Blobs or texts of n events: number i is data[starts[i]:starts[i + 1]]."""

    data: npt.NDArray[np.uint8]
    starts: Ints  # [n + 1]

    def lengths(self) -> Ints:
        return np.diff(self.starts)


class Events:
    """n events in the order of the journal. Integer columns by name, int64[n], 0 where there is none; the rest when asked."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self._batch = batch
        self.count = batch.num_rows
        self.integers: dict[str, Ints] = {name: _integers(batch.column(name)) for name in _INTEGERS}
        self.probability: npt.NDArray[np.float64] = batch.column("probability").to_numpy()
        self.creates: Flags = np.isin(self.integers["outcome"], [int(each) for each in _CREATES])
        self.retires: Flags = self.integers["outcome"] == int(Outcome.RETIRED)
        self.replaces: Flags = self.integers["outcome"] == int(Outcome.LOCAL_ID_REPLACED)
        self.applies: Flags = self.integers["outcome"] != int(Outcome.STALE)

    def part(self, start: int, end: int) -> Events:
        """The events ``start`` to before ``end``."""
        return self if (start, end) == (0, self.count) else Events(self._batch.slice(start, end - start))

    def event(self, place: int) -> JournalEvent:
        """One event as a struct."""
        (row,) = self._batch.slice(place, 1).to_pylist()
        return JournalEvent(**row)

    def encoded_as(self, version: str) -> bool:
        """Whether all events were encoded with an encoding version."""
        return bool(pc.all(pc.equal(self._batch.column("encoding"), version)).as_py())

    def rows(self) -> Texts:
        return _texts(self._batch.column("rows"))

    def dictionary(self) -> Texts:
        return _texts(self._batch.column("dictionary"))

    def local_ids(self, which: Flags) -> Texts:
        """Local numbers of some of the events."""
        return _texts(_chosen(self._batch.column("local_id"), which))

    def numbers(self, column: str, which: Flags, names: Names) -> Ints:
        """The number in ``names`` of a text of each of some of the events; new ones are added in the order they come."""
        encoded = _chosen(self._batch.column(column), which).dictionary_encode()
        numbers = np.array([names.number(name) for name in encoded.dictionary.to_pylist()], np.int64)
        found: Ints = numbers[encoded.indices.to_numpy()]
        return found

    def contents(self, which: Flags) -> npt.NDArray[Any]:
        """Hashes of what some of the events brought, V16[k]; zero where one brought none."""
        column = _chosen(self._batch.column("content_hash"), which)
        texts = _texts(column.fill_null(bytes(HASH_BYTES)) if column.null_count else column)
        return np.frombuffer(texts.data.tobytes(), f"V{HASH_BYTES}")

    def payloads(self, which: Flags) -> list[bytes]:
        """What some of the events received. Raises StoreError where one has nothing."""
        column = _chosen(self._batch.column("payload"), which)
        if column.null_count:
            raise StoreError("an event of the journal that brought a record has none")
        found: list[bytes] = column.to_pylist()
        return found


def entries_of(events: Events) -> Values:
    """The dictionary entries that the events brought, in order. Raises StoreError for a damaged blob."""
    blobs = events.dictionary()
    words = blobs.starts - blobs.starts[0]
    if np.any(words % WORD_BYTES):
        raise _damaged()
    words //= WORD_BYTES
    data = blobs.data.view(np.uint32)
    lengths = np.diff(words)
    begins = words[:-1][lengths > 0]
    if np.any(lengths[lengths > 0] < 2):
        raise _damaged()
    counts, chars = data[begins].astype(np.int64), data[begins + 1].astype(np.int64)
    if not np.array_equal(2 + CELL_WORDS * counts + chars, lengths[lengths > 0]):
        raise _damaged()
    cells = np.empty((int(counts.sum()), CELL_WORDS), np.uint32)
    found = np.empty(int(chars.sum()), np.uint32)
    if unpack_values(data, words, cells, found) != len(found):
        raise _damaged()
    return Values(cells.view(np.int64), found)


def _damaged() -> StoreError:
    return StoreError("dictionary entries in the journal are damaged")


def _integers(column: pa.Array) -> Ints:
    if column.null_count:
        column = column.fill_null(0)
    found: Ints = column.to_numpy().astype(np.int64, copy=False)
    return found


def _chosen(column: pa.Array, which: Flags) -> pa.Array:
    return column if which.all() else column.filter(pa.array(which))


def _texts(column: pa.Array) -> Texts:
    """A copy, since kernels are compiled for arrays that may be written."""
    _, offsets, data = column.buffers()
    starts = np.frombuffer(offsets, np.int32, len(column) + 1, 4 * column.offset).astype(np.int64)
    length = int(starts[-1] - starts[0])
    if data is None or length == 0:
        return Texts(np.zeros(0, np.uint8), starts - starts[0])
    found = np.frombuffer(data, np.uint8, length, int(starts[0])).copy()
    return Texts(found, starts - starts[0])
