"""Journals of any size in little time: the events that an index would have written, appended without a service in between.

A base of ``BASE`` records of the synthetic city is read and encoded once. Each further copy of it is of other people: birth
dates, numbers, telephones and addresses are moved by an amount that belongs to the copy, names and places stay (a larger city
has the same names). Persons follow the truth; a few records are sent again, a few retired. Every journal of one size holds
the same, the master IDs and the index's id aside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from benchmarks.people import labelled
from mpi.linkage.comparison import DERIVED_BIT
from mpi.linkage.features import Encoded
from mpi.linkage.model import Model
from mpi.linkage.values import CODE, FEATURE, LENGTH, OFFSET, RESIDENT_LIMIT, Values
from mpi.records import Grade, Outcome, PatientRecord
from mpi.registry.events import COUNT, pack_rows
from mpi.registry.master_id import MasterIds
from mpi.store import EventColumns, Settings, Store
from training.modelling.encode import encode_records

BASE = 100_000
TRANSACTION = 50_000  # events; the dictionary entries they bring stand with the first one, as a bulk load has them
AGAIN, RETIRED = 50, 1000  # one record in so many is sent again with its next version, or retired
STARTED_AT = 1_700_000_000_000_000
_KIND_SHIFT, _PART = 60, (1 << 60) - 1

Ints = npt.NDArray[np.int64]


class Base(NamedTuple):
    """What every copy is made of: records encoded, with their texts, their persons (dense from 0) and their order."""

    encoded: Encoded
    features: Ints  # of each slot of the values
    sources: list[str]
    local_ids: list[str]
    payloads: list[bytes]
    persons: Ints
    first: npt.NDArray[np.bool_]  # whether the record is its person's first


def base_of(model: Model) -> Base:
    """The base, always the same for a model."""
    people = labelled("chongqing", BASE)
    records: list[PatientRecord] = list(people.records)
    table = encode_records(model, records)
    if table.refused:
        raise ValueError(f"{table.refused} records of the base were refused")
    encoded = table.encoded
    features = np.zeros(len(encoded.values.cells), np.int64)
    for feature in range(encoded.slots.shape[1]):
        features[encoded.slots[:, feature]] = feature
    _, first, inverse = np.unique(
        [people.entity[f"{r.source}/{r.local_id}"] for r in records], return_index=True, return_inverse=True
    )
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    is_first = np.zeros(len(records), np.bool_)
    is_first[first] = True
    encoder = msgspec.json.Encoder()
    return Base(
        encoded,
        features,
        [record.source for record in records],
        [record.local_id for record in records],
        [encoder.encode(record) for record in records],
        rank[inverse],
        is_first,
    )


def moved(model: Model, rows: Ints, copy: int) -> Ints:
    """Rows of other people, int64[R, width]: see the module docstring."""
    if copy == 0:
        return rows
    result = rows.copy()
    for column, feature in enumerate(model.features):
        values = result[:, column]
        if feature.kind == "date":
            values[:] = _other_days(values, copy)
        elif feature.kind == "identifier":
            part = (values & _PART) + copy * 7_919 * 11
            kept = np.where((values & _PART) < RESIDENT_LIMIT, part % RESIDENT_LIMIT, part & _PART)
            values[:] = np.where(values != 0, values >> _KIND_SHIFT << _KIND_SHIFT | kept, 0)
        elif feature.kind == "phone":
            values[:] = np.where(values != 0, values + copy * 104_729, 0)
        elif feature.kind == "text":
            values[:] = other_texts(values, copy)
    return result


def other_texts(codes: Ints, copy: int) -> Ints:
    """Codes of other texts; a missing one stays missing. Negative, as hashes are."""
    mixed = (codes ^ copy * 0x9E3779B1) * np.int64(0x3F58476D1CE4E5B9)
    return np.where(codes != 0, mixed ^ mixed >> 29 | np.int64(-(2**63)), 0)


def _other_days(days: Ints, copy: int) -> Ints:
    """yyyymmdd moved by some weeks, within a century; partial dates stay."""
    plain = days & ~DERIVED_BIT
    whole = (plain % 100 > 0) & (plain // 100 % 100 > 0)
    safe = np.where(whole, plain, 19_700_101)
    months = ((safe // 10_000 - 1970) * 12 + safe // 100 % 100 - 1).astype("datetime64[M]")
    moved_days = (months.astype("datetime64[D]").astype(np.int64) + safe % 100 - 1 + 25_567 + 367 * copy) % 45_000 - 25_567
    day = moved_days.astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    year = month.astype("datetime64[Y]").astype(np.int64) + 1970
    packed = (
        year * 10_000 + (month.astype(np.int64) % 12 + 1) * 100 + (day - month.astype("datetime64[D]")).astype(np.int64) + 1
    )
    return np.where(whole, packed | days & DERIVED_BIT, days)


def packed_values(values: Values, slots: Ints, features: Ints, codes: Ints) -> bytes:
    """Dictionary entries as ``mpi.registry.events.pack_dictionary`` writes them."""
    if not len(slots):
        return b""
    cells = values.cells[slots].copy()
    lengths, offsets = cells[:, LENGTH], values.cells[slots, OFFSET]
    ends = np.cumsum(lengths)
    cells[:, OFFSET], cells[:, FEATURE], cells[:, CODE] = ends - lengths, features, codes
    chars = values.chars[np.arange(ends[-1]) + np.repeat(offsets - (ends - lengths), lengths)]
    return b"".join([COUNT.pack(len(slots), len(chars)), cells.tobytes(), chars.tobytes()])


class Journal:
    """Appends copies of a base to a store."""

    def __init__(self, store: Store, model: Model, base: Base) -> None:
        self._store, self._model, self._base = store, model, base
        self._ids = MasterIds(store.meta.master_key)
        self._texts = np.array([f.kind == "text" for f in model.features])
        self._persons = int(base.persons.max()) + 1
        self._codes = np.zeros(0, np.int64)

    def append(self, copy: int, count: int) -> None:
        """The first ``count`` records of a copy, in transactions."""
        base = self._base
        rows = moved(self._model, base.encoded.rows, copy)
        known = np.zeros(len(base.encoded.values.cells), np.bool_)
        known[0] = True
        if copy:
            known[~self._texts[base.features]] = True  # names stand in the dictionary since the first copy
        offset = copy * self._persons
        self._codes = np.array([self._ids.code(offset + person) for person in range(self._persons)], np.int64)
        for first in range(0, count, TRANSACTION):
            self._append(copy, rows, known, (first, min(first + TRANSACTION, count)))

    def _append(self, copy: int, rows: Ints, known: npt.NDArray[np.bool_], bounds: tuple[int, int]) -> None:
        base, (start, end) = self._base, bounds
        encoded = base.encoded
        row_start, row_end = int(encoded.starts[start]), int(encoded.starts[end])
        part = Encoded(
            rows[row_start:row_end],
            encoded.slots[row_start:row_end],
            encoded.starts[start : end + 1] - row_start,
            encoded.values,
        )
        fresh = np.unique(part.slots).astype(np.int64)
        fresh = fresh[~known[fresh]]
        known[fresh] = True
        codes = encoded.values.cells[fresh, CODE]
        features = base.features[fresh]
        texts = self._texts[features]
        codes = np.where(texts & (copy > 0), other_texts(codes, copy), codes)
        count, persons = end - start, base.persons[start:end]
        first = self._store.last_sequence() + 1
        new = base.first[start:end]
        again = np.flatnonzero(np.arange(start, end) % AGAIN == 0)
        columns = {
            "outcome": np.where(new, int(Outcome.NEW), int(Outcome.LINKED)),
            "source": base.sources[start:end],
            "local_id": [local_id_of(base, copy, place) for place in range(start, end)],
            "record_no": np.arange(start, end) + copy * len(base.sources),
            "person_no": persons + copy * self._persons,
            "master_code": self._codes[persons],
            "payload": base.payloads[start:end],
            "rows": pack_rows(part, [0] * count),
            "grade": np.where(new, int(Grade.SOLE), int(Grade.AUTOMATIC)),
            "content_hash": _hashes(np.arange(start, end) + copy * len(base.sources)),
        }
        self._send(columns, first, packed_values(encoded.values, fresh, features, codes))
        self._send_again(columns, again)

    def _send_again(self, columns: Mapping[str, Any], places: Ints) -> None:
        """Records that come with other content, and a few that are retired."""
        changed = {"outcome": int(Outcome.UPDATED), "grade": 0, "content_hash": _hashes(-1 - places)}
        self._send(_at(columns, places) | changed, self._store.last_sequence() + 1, b"")
        gone = places[:: RETIRED // AGAIN]
        retired = {"outcome": int(Outcome.RETIRED), "grade": 0, "payload": None, "rows": b"", "content_hash": None}
        self._send(_at(columns, gone) | retired, self._store.last_sequence() + 1, b"")

    def _send(self, columns: Mapping[str, Any], first: int, dictionary: bytes) -> None:
        count = len(columns["record_no"])
        if not count:
            return
        rest: dict[str, Any] = {
            "seq": np.arange(first, first + count),
            "at": STARTED_AT + first,
            "dictionary": [dictionary] + [b""] * (count - 1),
            "encoding": self._model.encoding_version(),
            "model": self._model.reference,
            "probability": 0.9999,
            "population": 32_000_000,
            "recorded_at": STARTED_AT,
        }
        self._store.append_columns(EventColumns(count, {**columns, **rest}))


def _at(columns: Mapping[str, Any], places: Ints) -> dict[str, Any]:
    """Some places of columns that are arrays or lists."""
    return {
        name: column[places] if isinstance(column, np.ndarray) else [column[q] for q in places.tolist()]
        for name, column in columns.items()
    }


def _hashes(numbers: Ints) -> list[bytes]:
    data = np.column_stack([numbers, numbers * 31]).astype("<i8").tobytes()
    return [data[at : at + 16] for at in range(0, len(data), 16)]


def local_id_of(base: Base, copy: int, place: int) -> str:
    """Local number of a copy's record."""
    return f"{copy}-{base.local_ids[place]}" if copy else base.local_ids[place]


def copies(records: int) -> Iterator[tuple[int, int]]:
    """(copy, its records) that make up so many records."""
    for copy in range(-(-records // BASE)):
        yield copy, min(BASE, records - copy * BASE)


def make_journal(folder: Path, model: Model, records: int, base: Base | None = None) -> int:
    """A new index of so many records in ``folder``; returns the number of its last event."""
    base = base_of(model) if base is None else base
    with Store.open(folder, settings=Settings(memory_mb=2048, threads=2)) as store:
        journal = Journal(store, model, base)
        for copy, count in copies(records):
            journal.append(copy, count)
            if store.checkpoint_due(idle=False):
                store.checkpoint()
        store.note_model(model.reference, model.encoding_version())
        return store.last_sequence()
