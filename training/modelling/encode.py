"""Records → one table of rows, in which every distinct value of a feature stands once."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.errors import InputError
from mpi.linkage.features import Encoded, Encoder
from mpi.linkage.model import Model
from mpi.linkage.values import LENGTH, OFFSET, Values
from mpi.records import PatientRecord, StandardRecord
from mpi.standardise import standardise, validate

CHUNK = 5_000  # records standardised and encoded at a time

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
    encoder, store = Encoder(model), _ValueStore(len(model.features))
    rows: list[Ints] = []
    slots: list[npt.NDArray[np.int32]] = []
    starts: list[Ints] = [np.zeros(1, np.int64)]
    refused, taken = 0, 0
    places: dict[Key, int] = {}
    for chunk in _chunks(records):
        standard = [item for item in map(_standard, chunk) if item is not None]
        refused += len(chunk) - len(standard)
        for record, _ in standard:
            if (key := (record.source, record.local_id)) in wanted:
                places[key] = taken
            taken += 1
        encoded = encoder.encode([item for _, item in standard])
        rows.append(encoded.rows)
        slots.append(store.add(encoded))
        starts.append(encoded.starts[1:] + starts[-1][-1])
    if not rows:
        return Table(encoder.encode([]), refused)
    encoded = Encoded(np.concatenate(rows), np.concatenate(slots), np.concatenate(starts), store.build())
    return Table(encoded, refused, places)


def _standard(record: PatientRecord) -> tuple[PatientRecord, StandardRecord] | None:
    try:
        validate(record)
    except InputError:
        return None
    return record, standardise(record)


def _chunks(records: Iterable[PatientRecord]) -> Iterator[list[PatientRecord]]:
    source = iter(records)
    while chunk := list(islice(source, CHUNK)):
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
        fresh: list[int] = []
        for f, known in enumerate(self._slots):
            filled = np.flatnonzero(encoded.slots[:, f])
            if len(filled) == 0:
                continue
            codes, first, inverse = np.unique(encoded.rows[filled, f], return_index=True, return_inverse=True)
            numbers = np.empty(len(codes), np.int32)
            for place, code in enumerate(codes.tolist()):
                slot = known.get(code)
                if slot is None:
                    slot = known[code] = self._count
                    self._count += 1
                    fresh.append(int(encoded.slots[filled[first[place]], f]))
                numbers[place] = slot
            result[filled, f] = numbers[inverse]
        self._parts.append(_taken(encoded.values, np.array(fresh, np.int64)))
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
