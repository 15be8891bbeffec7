"""What waits in the writer's queue: single writes, and the submission (one call) they belong to."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import IntEnum

import msgspec
import xxhash

from mpi.errors import MpiError
from mpi.linkage.features import Encoded
from mpi.records import PatientRecord, ResolveAnswer, StandardRecord
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
        "encoded",
        "explain",
        "local_id",
        "new_local_id",
        "payload",
        "recorded_at",
        "request_id",
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
        self.encoded: tuple[Encoded, int] | None = None  # the record's rows, at a place in their batch
        self.standard = StandardRecord()  # where there are no rows yet
        self.answer: Answer | None = None
        self.submission: Submission | None = None

    def expired(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return self.deadline is not None and time.monotonic() > self.deadline


class Submission:
    """The writes of one call. ``deliver`` is called once by the writer's thread when all have an answer.

    Submissions that finish in one batch and have the same ``deliver`` are handed over together.
    """

    __slots__ = ("context", "deliver", "remaining", "writes")

    def __init__(self, writes: Sequence[Write], deliver: Callable[[list[Submission]], None], context: object) -> None:
        self.writes = writes
        self.deliver = deliver
        self.context = context
        self.remaining = len(writes)
        for write in writes:
            write.submission = self

    def answers(self) -> list[Answer]:
        """Answers in the order of the writes; all are there when ``deliver`` is called."""
        return [write.answer for write in self.writes if write.answer is not None]


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
