"""Events that need no search: a retired record, a replaced local number, content older than what is known.

``*_event`` says what will be journalled; ``apply_control`` makes it true in memory, from the writer as from the journal.
"""

from __future__ import annotations

import msgspec

from mpi.errors import Conflict, InputError
from mpi.linkage.hotindex import RECORD_PERSON, HotIndex, add_tombstone
from mpi.linkage.jit import kernel
from mpi.records import Grade, Outcome
from mpi.registry.index import RETIRED, Index
from mpi.registry.writes import Write
from mpi.store import JournalEvent, JournalFlag


@kernel
def retire(hot: HotIndex, record: int) -> int:
    return add_tombstone(hot, record)


def _event(index: Index, write: Write, record: int, outcome: Outcome) -> JournalEvent:
    """The common part; ``seq`` and ``at`` are the writer's to set."""
    person = int(index.hot.record_cells[record, RECORD_PERSON])
    return JournalEvent(
        seq=0,
        at=0,
        outcome=int(outcome),
        request_id=write.request_id or None,
        body_hash=write.body_hash or None,
        source=write.source,
        local_id=write.local_id,
        generation=int(index.generation[record]),
        record_no=record,
        person_no=person,
        master_code=int(index.master_code[person]),
        encoding=index.model.encoding_version(),
        model=index.model.reference,
        grade=int(Grade.UNSPECIFIED),
        population=0,
    )


def stale_event(index: Index, write: Write, record: int) -> JournalEvent:
    """Content recorded before what is known: kept in the journal, not applied."""
    event = _event(index, write, record, Outcome.STALE)
    return msgspec.structs.replace(event, payload=write.payload, content_hash=write.content, recorded_at=write.recorded_at)


def retire_event(index: Index, write: Write, record: int) -> JournalEvent:
    """A cancelled registration: the record leaves searches and answers; its number may be given to someone else."""
    return _event(index, write, record, Outcome.RETIRED)


def replace_event(index: Index, write: Write, record: int) -> JournalEvent:
    """A local number replaced by another of the same source.

    Where the new number is free, the record takes it. Where it is a record already (ADT A40: two numbers merged at the
    source), the old record retires into it; if the two belong to different persons, a review task is opened.
    """
    if write.new_local_id == write.local_id:
        raise InputError("new_local_id", "is the same as the old one")
    event = _event(index, write, record, Outcome.LOCAL_ID_REPLACED)
    survivor = index.find(write.source, write.new_local_id)
    if survivor >= 0 and index.state[survivor] == RETIRED:
        raise Conflict("LOCAL_ID_RETIRED", "the new local number belongs to a retired record; register it first")
    differs = (
        survivor >= 0 and index.hot.record_cells[survivor, RECORD_PERSON] != index.hot.record_cells[record, RECORD_PERSON]
    )
    return msgspec.structs.replace(
        event,
        previous_local_id=write.local_id,
        local_id=write.new_local_id,
        review_task=int(differs),
        flags=int(JournalFlag.ABSORBED if survivor >= 0 else JournalFlag.NONE),
    )


def apply_control(index: Index, event: JournalEvent) -> None:
    """Make a committed control event true in memory; the caller publishes. Stale content changes nothing."""
    if event.outcome == Outcome.STALE:
        return
    record, person = event.record_no, event.person_no
    index.version[person] = event.seq
    if event.outcome == Outcome.RETIRED:
        _withdraw(index, record)
    elif event.outcome == Outcome.LOCAL_ID_REPLACED:
        _replace(index, event, record)
    index.sequence[record] = event.seq


def _withdraw(index: Index, record: int) -> None:
    index.state[record] = RETIRED
    retire(index.hot, record)


def _replace(index: Index, event: JournalEvent, record: int) -> None:
    old = event.previous_local_id or ""
    if event.flags & JournalFlag.ABSORBED:
        survivor = index.find(event.source, event.local_id)
        _withdraw(index, record)
        index.aliases[event.source, old] = survivor
        other = int(index.hot.record_cells[survivor, RECORD_PERSON])
        index.version[other] = event.seq
        if event.review_task:
            index.reviews[other] += 1
            index.open_reviews += 1
    else:
        index.set_local_id(record, event.source, event.local_id)
        index.aliases[event.source, old] = record
