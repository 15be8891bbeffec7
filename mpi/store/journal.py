"""Events of the journal: one as a struct (JournalEvent), many as columns (EventColumns), and as DuckDB takes them.

The fields stand in the order of the table's columns in schema.sql; a test holds the three lists together.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import IntFlag
from typing import Annotated, Any, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Meta

from mpi.records import Private

ROW_CELL_BYTES = 8  # a row is int64[width]
HASH_BYTES = 16


class JournalFlag(IntFlag):
    """Bits of ``JournalEvent.flags``."""

    NONE = 0
    KEYS_CUT = 1  # the search left out blocking keys that too many records share
    ABSORBED = 2  # LOCAL_ID_REPLACED by a number that was in use: the record retires into the one that has it


# What a column of schema.sql can hold.
Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
Natural = Annotated[int, Meta(ge=0, le=2**63 - 1)]
UInt8 = Annotated[int, Meta(ge=0, le=2**8 - 1)]
Hash = Annotated[bytes, Meta(min_length=HASH_BYTES, max_length=HASH_BYTES)]


class JournalEvent(Private, frozen=True, kw_only=True, gc=False, omit_defaults=False, array_like=True):
    """One durable fact. ``seq`` is dense from 1 in one order for the whole index; times are µs since 1970-01-01 UTC.

    Encoded as an array of its fields (tail.py). Holds patient values (payload, dictionary, local numbers): its ``repr`` names
    fields only.
    """

    seq: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    at: Int64
    outcome: Annotated[int, Meta(ge=1, le=2**8 - 1)]  # records.Outcome
    source: Annotated[str, Meta(min_length=1)]
    local_id: str
    previous_local_id: str | None = None  # LOCAL_ID_REPLACED: what it was
    generation: Int32 = 0  # how often the local number was given to someone else before
    record_no: Natural  # internal, dense from 0
    person_no: Natural  # internal, dense from 0
    master_code: Int64  # the permuted code behind the person's master ID
    request_id: str | None = None
    body_hash: Hash | None = None  # 16 bytes; of the request's body
    content_hash: Hash | None = None  # 16 bytes; of the record's content, None for an event without a record
    payload: bytes | None = None  # JSON of the record as received
    rows: bytes = b""  # int64 little endian, rows × width
    dictionary: bytes = b""  # dictionary entries that are new with this event, packed by the registry
    encoding: str = ""  # the encoding version ``rows`` and ``dictionary`` were made with
    model: str = ""  # name@hash
    weight: Int32 = 0  # 1/1024 bit
    probability: float = 0.0
    population: Int64 = 0  # what the prior was computed with
    grade: UInt8 = 0  # records.Grade of the link
    reasons: Int64 = 0  # bit set: 1 << records.DecisionReason
    relationship: UInt8 = 0  # number of the winning relationship class in the model
    candidates: bytes = b""  # packed by the registry
    flags: Int32 = 0  # JournalFlag
    review_task: Int64 = 0  # 0 none; the opening event carries its own seq, a later one about the same task that number
    recorded_at: Int64 | None = None  # at the source
    answer: bytes = b""  # what a repeated request_id is answered with


_TYPES: dict[str, pa.DataType] = {
    "seq": pa.int64(),
    "at": pa.int64(),
    "outcome": pa.uint8(),
    "source": pa.string(),
    "local_id": pa.string(),
    "previous_local_id": pa.string(),
    "generation": pa.int32(),
    "record_no": pa.int64(),
    "person_no": pa.int64(),
    "master_code": pa.int64(),
    "request_id": pa.string(),
    "body_hash": pa.binary(),
    "content_hash": pa.binary(),
    "payload": pa.binary(),
    "rows": pa.binary(),
    "dictionary": pa.binary(),
    "encoding": pa.string(),
    "model": pa.string(),
    "weight": pa.int32(),
    "probability": pa.float64(),
    "population": pa.int64(),
    "grade": pa.uint8(),
    "reasons": pa.int64(),
    "relationship": pa.uint8(),
    "candidates": pa.binary(),
    "flags": pa.int32(),
    "review_task": pa.int64(),
    "recorded_at": pa.int64(),
    "answer": pa.binary(),
}
JOURNAL_SCHEMA = pa.schema(list(_TYPES.items()))
FIELDS = tuple(_TYPES)


Column: TypeAlias = list[Any] | tuple[Any, ...] | npt.NDArray[Any] | pa.Array | int | float | str | bytes | None
"""Values of one field in the order of the events, or the one value that all of them have."""

_DEFAULTS: dict[str, Column] = {
    field.name: None if field.required else field.default for field in msgspec.structs.fields(JournalEvent)
}


class EventColumns:
    """``count`` events by field: how a transaction is made, since a struct for each costs some 5 µs an event more (measured).

    A field that is left out has its default of JournalEvent in every event.
    """

    __slots__ = ("columns", "count")

    def __init__(self, count: int, columns: Mapping[str, Column]) -> None:
        self.count = count
        self.columns: dict[str, Column] = _DEFAULTS | dict(columns)

    @classmethod
    def of(cls, events: Sequence[JournalEvent]) -> EventColumns:
        """The same events by field."""
        rows = zip(*map(msgspec.structs.astuple, events), strict=True)
        return cls(len(events), dict(zip(FIELDS, map(list, rows), strict=True)))

    def values(self, field: str) -> Sequence[Any]:
        """One field of every event."""
        column = self.columns[field]
        if isinstance(column, np.ndarray | pa.Array):
            return list(column.tolist())
        return column if isinstance(column, list | tuple) else [column] * self.count

    def rows(self, fields: Collection[str]) -> list[tuple[Any, ...]]:
        """Every event as a tuple of these fields."""
        return list(zip(*map(self.values, fields), strict=True))

    def batch(self) -> pa.RecordBatch:
        """As one Arrow batch in the column order of JOURNAL_SCHEMA.

        Raises ValueError, TypeError or OverflowError for a value that does not fit its column (pyarrow's own errors).
        """
        arrays = [_array(self.columns[name], kind, self.count) for name, kind in _TYPES.items()]
        return pa.RecordBatch.from_arrays(arrays, schema=JOURNAL_SCHEMA)


def _array(column: Column, kind: pa.DataType, count: int) -> pa.Array:
    if isinstance(column, pa.Array):
        return column if column.type == kind else column.cast(kind)
    if isinstance(column, list | tuple | np.ndarray):
        return pa.array(column, kind)
    return pa.nulls(count, kind) if column is None else pa.repeat(pa.scalar(column, kind), count)


def check_events(events: EventColumns, last_sequence: int) -> str:
    """What is wrong with events that are to follow ``last_sequence``, or an empty string. Names no values."""
    numbers, rows = events.columns["seq"], events.columns["rows"]
    if not np.array_equal(np.asarray(numbers), np.arange(last_sequence + 1, last_sequence + 1 + events.count)):
        return "sequence numbers are not dense"
    if isinstance(rows, pa.Array):
        whole = not np.any(pc.binary_length(rows).to_numpy(zero_copy_only=False) % ROW_CELL_BYTES)
    else:
        whole = not any(len(blob) % ROW_CELL_BYTES for blob in events.values("rows"))
    return "" if whole else "a rows blob is not a whole number of cells"
