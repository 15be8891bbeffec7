"""What waits in the writer's queue: single writes, blocks of many, and the submission (one call) they belong to."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import IntEnum
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import xxhash

from mpi.columns.reader import Picked
from mpi.errors import MpiError, StoreError
from mpi.records import PatientRecord, ResolveAnswer, StandardRecord
from mpi.registry.decided import Decisions
from mpi.standardise import standardise

Answer = ResolveAnswer | MpiError
ENCODER = msgspec.json.Encoder()


class Action(IntEnum):
    RESOLVE = 0
    RETIRE = 1
    REPLACE = 2


class Write:
    """One write on its way. Everything that can be computed without the index is computed by the caller's thread."""

    __slots__ = (
        "action",
        "answer",
        "body_hash",
        "content",
        "deadline",
        "explain",
        "local_id",
        "new_local_id",
        "payload",
        "recorded_at",
        "request_id",
        "rows",
        "source",
        "standard",
        "submission",
    )

    def __init__(self, action: Action, source: str, local_id: str) -> None:
        self.action = action
        self.source = source
        self.local_id = local_id
        self.new_local_id = ""
        self.request_id = ""
        self.body_hash = b""
        self.deadline: float | None = None  # time.monotonic() seconds
        self.explain = True
        self.payload = b""  # JSON of the record as received
        self.content = b""  # hash (16 bytes) of the record without recorded_at
        self.recorded_at = 0  # µs since 1970, 0 unknown
        self.rows: Picked | None = None  # the one record's rows
        self.standard = StandardRecord()  # where there are no rows yet
        self.answer: Answer | None = None
        self.submission: Submission | None = None

    size = 1  # records

    def expired(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return passed(self.deadline)

    def fail(self, error: MpiError) -> None:
        self.answer = error


class Block:
    """What one call sends of many records, by column: new content without request_id that wants no explanation.

    rows        Picked      their rows
    keys        int64[n]    hashes of the local numbers, see index.number_key
    contents    n hashes, as ``Write.content``

    Each record's answer is in ``answered``; where there is none, it is ``failed``.
    """

    __slots__ = (
        "answered",
        "contents",
        "deadline",
        "failed",
        "keys",
        "local_ids",
        "payloads",
        "recorded_at",
        "rows",
        "sources",
        "submission",
    )

    def __init__(
        self,
        sources: list[str],
        local_ids: list[str],
        *,
        keys: npt.NDArray[np.int64],
        payloads: list[bytes],
        contents: list[bytes],
        recorded_at: list[int],
        rows: Picked,
        deadline: float | None,
    ) -> None:
        self.sources, self.local_ids, self.keys = sources, local_ids, keys
        self.payloads, self.contents, self.recorded_at = payloads, contents, recorded_at
        self.rows, self.deadline = rows, deadline
        self.answered: list[Answered] = []
        self.failed: MpiError = StoreError("the write failed; nothing was stored")
        self.submission: Submission | None = None

    @property
    def size(self) -> int:
        """Number of records."""
        return len(self.local_ids)

    def expired(self) -> bool:
        """Whether nobody waits for the answers any more."""
        return passed(self.deadline)

    def fail(self, error: MpiError) -> None:
        """What every record is answered that has no answer of its own."""
        self.failed = error

    def write(self, place: int) -> Write:
        """One of the records as a write of its own, whose answer becomes the record's."""
        write = Write(Action.RESOLVE, self.sources[place], self.local_ids[place])
        write.payload, write.content = self.payloads[place], self.contents[place]
        write.recorded_at, write.rows = self.recorded_at[place], self.rows.only(place)
        write.deadline, write.explain = self.deadline, False
        self.answered.append(Answered(place, 1, write))
        return write


class Slice(NamedTuple):
    """The records of a block from ``start`` to before ``end``: what of it goes into one transaction."""

    block: Block
    start: int
    end: int

    @property
    def size(self) -> int:
        """Number of records."""
        return self.end - self.start


class Answered(NamedTuple):
    """What ``number`` records of a block from ``place`` on are answered: by a write, by an error, or each as decided."""

    place: int
    number: int
    by: Write | Decisions | MpiError


class Submission:
    """The writes of one call. ``deliver`` is called once by the writer's thread when all have an answer.

    Submissions that finish in one batch and have the same ``deliver`` are handed over together.
    """

    __slots__ = ("context", "deliver", "remaining", "size", "writes")

    def __init__(
        self, writes: Sequence[Write] | tuple[Block], deliver: Callable[[list[Submission]], None], context: object
    ) -> None:
        self.writes = writes
        self.deliver = deliver
        self.context = context
        self.remaining = len(writes)
        self.size = sum(write.size for write in writes)  # records
        for write in writes:
            write.submission = self

    def answers(self) -> list[Answer]:
        """Answers in the order of the writes; all are there when ``deliver`` is called. A block keeps its own."""
        return [write.answer for write in self.writes if isinstance(write, Write) and write.answer is not None]


def passed(deadline: float | None) -> bool:
    """Whether a deadline (time.monotonic() seconds) has passed."""
    return deadline is not None and time.monotonic() > deadline


def resolve_write(record: PatientRecord, *, request_id: str, deadline: float | None, explain: bool) -> Write:
    """A write that registers or updates ``record`` (which has been validated)."""
    write = Write(Action.RESOLVE, record.source, record.local_id)
    write.payload = ENCODER.encode(record)
    write.content = xxhash.xxh3_128_digest(_timeless(record, write.payload))
    write.recorded_at = microseconds(record.recorded_at)
    write.standard = standardise(record)
    if request_id:
        write.request_id, write.body_hash = request_id, xxhash.xxh3_128_digest(write.payload)
    write.deadline, write.explain = deadline, explain
    return write


def _timeless(record: PatientRecord, payload: bytes) -> bytes:
    """The record's JSON without the moment of recording: cut out where it stands exactly once, else encoded anew."""
    if not record.recorded_at:
        return payload
    moment = b',"recorded_at":' + ENCODER.encode(record.recorded_at)
    if payload.count(moment) == 1 and not record.attributes:  # an attribute may have the field's name
        return payload.replace(moment, b"")
    return ENCODER.encode(msgspec.structs.replace(record, recorded_at=""))


def control_write(
    action: Action, source: str, local_id: str, *, new_local_id: str, request_id: str, deadline: float | None
) -> Write:
    """A write that retires a record or replaces its local number."""
    write = Write(action, source, local_id)
    write.new_local_id, write.request_id, write.deadline = new_local_id, request_id, deadline
    write.body_hash = xxhash.xxh3_128_digest(f"{action}\0{source}\0{local_id}\0{new_local_id}".encode())
    return write


def microseconds(text: str) -> int:
    """µs since 1970 UTC of an ISO 8601 date and time; 0 where there is none."""
    if not text:
        return 0
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return 0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1_000_000)
