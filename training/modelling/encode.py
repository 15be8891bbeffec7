"""Records → one table of rows, in which every distinct value of a feature stands once.

Plain records are read by the kernels of ``mpi.columns``, many at a time; what those leave goes the ordinary way. Both ways
give the same rows.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import islice, repeat
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.columns.check import check
from mpi.columns.nouns import raw_of
from mpi.columns.reader import ColumnReader, arranged, plan_of
from mpi.errors import InputError
from mpi.linkage.features import Encoded, Encoder
from mpi.linkage.model import Model
from mpi.linkage.values import LENGTH, OFFSET, Values
from mpi.records import PatientRecord, StandardRecord
from mpi.standardise import standardise, validate
from training.timing import timed

CHUNK = 5_000  # records standardised and encoded at a time
FEWEST = 1_000  # records that are worth loading kernels for; the ordinary way takes 0.15 s for them

Ints = npt.NDArray[np.int64]
Key = tuple[str, str]  # source, local_id


class Table(NamedTuple):
    """``encoded`` holds all records; ``refused`` is the number of records that the service would not have taken.

    ``places``: (source, local_id) → place, of those records that were asked for; the last one where a number occurs twice.
    """

    encoded: Encoded
    refused: int
    places: Mapping[Key, int] = MappingProxyType({})

    @property
    def records(self) -> int:
        return len(self.encoded.starts) - 1


def encode_records(model: Model, records: Iterable[PatientRecord], wanted: Container[Key] = ()) -> Table:
    """Validate, standardise and encode. Memory holds one chunk of records and the integers of all.

    ``wanted``: keys of the records whose places are to be known.
    """
    reader, store = RecordReader(model), _ValueStore(len(model.features))
    rows: list[Ints] = []
    slots: list[npt.NDArray[np.int32]] = []
    starts: list[Ints] = [np.zeros(1, np.int64)]
    refused, taken = 0, 0
    places: dict[Key, int] = {}
    for chunk in _chunks(records):
        with timed("encode"):
            encoded, kept = reader.read(chunk)
            slots.append(store.add(encoded))
        refused += len(chunk) - len(kept)
        if wanted:
            for place, position in enumerate(kept.tolist()):
                if (key := (chunk[position].source, chunk[position].local_id)) in wanted:
                    places[key] = taken + place
        taken += len(kept)
        rows.append(encoded.rows)
        starts.append(encoded.starts[1:] + starts[-1][-1])
    if not rows:
        return Table(Encoder(model).encode([]), refused)
    with timed("encode"):
        encoded = Encoded(np.concatenate(rows), np.concatenate(slots), np.concatenate(starts), store.build())
    return Table(encoded, refused, places)


def part_of(encoded: Encoded, places: Ints) -> Encoded:
    """The records at these places, with the values of all."""
    counts = np.diff(encoded.starts)[places]
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    rows = np.arange(starts[-1]) + np.repeat(encoded.starts[places] - starts[:-1], counts)
    return Encoded(encoded.rows[rows], encoded.slots[rows], starts, encoded.values)


class RecordReader:
    """Reads records for one model and remembers what its kernels have learnt. One thread at a time."""

    def __init__(self, model: Model) -> None:
        plan = plan_of(model)
        self._encoder = Encoder(model)
        self._columns = ColumnReader(plan, model.width) if plan is not None else None

    def read(self, records: Sequence[PatientRecord]) -> tuple[Encoded, Ints]:
        """(rows of the records that the service would take, their positions), in order."""
        batches: list[Encoded] = []
        places: list[Ints] = []
        left: Iterable[int] = range(len(records))
        raw = raw_of(records) if self._columns is not None and len(records) >= FEWEST else None
        if self._columns is not None and raw is not None:
            batch = self._columns.read(raw, check(raw))
            batches.append(batch.encoded)
            places.append(batch.places)
            left = batch.left.tolist()
        taken = [(place, standard) for place in left if (standard := _standard(records[place])) is not None]
        batches.append(self._encoder.encode([standard for _, standard in taken]))
        places.append(np.array([place for place, _ in taken], np.int64))
        return _in_order(batches, np.concatenate(places))


def _in_order(batches: list[Encoded], places: Ints) -> tuple[Encoded, Ints]:
    """One batch in the order of the records' places, and those."""
    before = np.cumsum([0, *(len(each.rows) for each in batches)])  # rows
    first = np.concatenate([each.starts[:-1] + begin for each, begin in zip(batches, before, strict=False)])
    counts = np.concatenate([np.diff(each.starts) for each in batches])
    order = np.argsort(places)
    return arranged(batches, first[order], counts[order]), places[order]


def _standard(record: PatientRecord) -> StandardRecord | None:
    try:
        validate(record)
    except InputError:
        return None
    return standardise(record)


def _chunks(records: Iterable[PatientRecord]) -> Iterator[list[PatientRecord]]:
    source = iter(records)
    while True:
        with timed("read"):
            chunk = list(islice(source, CHUNK))
        if not chunk:
            return
        yield chunk


class _ValueStore:
    """Distinct values, by feature and code; slot 0 is the missing value."""

    def __init__(self, features: int) -> None:
        self._slots: list[dict[int, int]] = [{} for _ in range(features)]
        self._parts: list[Values] = []
        self._count = 1

    def add(self, encoded: Encoded) -> npt.NDArray[np.int32]:
        """Take over the new values of a batch; returns its slots in this store, int32[R, F]."""
        result = np.zeros_like(encoded.slots)
        fresh: list[npt.NDArray[np.int32]] = [np.zeros(0, np.int32)]
        for f, known in enumerate(self._slots):
            filled = np.flatnonzero(encoded.slots[:, f])
            if len(filled) == 0:
                continue
            codes, first, inverse = np.unique(encoded.rows[filled, f], return_index=True, return_inverse=True)
            numbers = np.fromiter(map(known.get, codes.tolist(), repeat(0)), np.int32, len(codes))
            new = np.flatnonzero(numbers == 0)
            numbers[new] = np.arange(self._count, self._count + len(new))
            known.update(zip(codes[new].tolist(), numbers[new].tolist(), strict=True))
            self._count += len(new)
            fresh.append(encoded.slots[filled[first[new]], f])
            result[filled, f] = numbers[inverse]
        self._parts.append(_taken(encoded.values, np.concatenate(fresh).astype(np.int64)))
        return result

    def build(self) -> Values:
        cells = np.concatenate([np.zeros((1, self._parts[0].cells.shape[1]), np.int64), *(p.cells for p in self._parts)])
        cells[:, OFFSET] = np.concatenate([np.zeros(1, np.int64), np.cumsum(cells[:-1, LENGTH])])
        return Values(cells, np.concatenate([p.chars for p in self._parts]))


def _taken(values: Values, slots: Ints) -> Values:
    """The values at ``slots``, their code points packed one after the other."""
    cells = values.cells[slots]
    length, offset = cells[:, LENGTH], cells[:, OFFSET].copy()
    cells[:, OFFSET] = np.cumsum(length) - length
    places = np.arange(length.sum()) + np.repeat(offset - cells[:, OFFSET], length)
    return Values(cells, values.chars[places])
