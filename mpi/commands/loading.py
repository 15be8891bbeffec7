"""Rows of a file through a client into a running index: batches in flight, in order where order matters, and resumable.

Several batches travel at once, which is where the speed comes from (the server puts them into one commit). Two rows with
the same source and local number are two versions of one record, so a batch waits for those before it that share a key.
Answers are settled in the order of the file: what is said to be done is a prefix of it, and a load that was cut off goes on
from there.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import msgspec

from mpi.errors import Conflict, DeadlinePassed, InputError, MpiError, NotFound, QueueFull, Unavailable
from mpi.intake import MappedRow, RowProblem
from mpi.records import Outcome, PatientRecord, Private, ResolveAnswer

BATCH_RECORDS = 500
BATCH_CHARACTERS = 400_000  # of all texts of a batch: at most 1.2 MB on the wire, below every message limit
PATIENCE_S = 60.0  # how long a server may refuse or be away before a load gives up
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
_AGAIN = (QueueFull, Unavailable, DeadlinePassed)
_ROW_FAULTS = (InputError, Conflict, NotFound)


class Resolver(Protocol):
    """The one call of ``mpi.client.IndexClient`` that a load needs."""

    def batch_resolve(self, records: Sequence[PatientRecord], /) -> list[ResolveAnswer | MpiError]: ...


class Tally(msgspec.Struct):
    """What became of the rows so far; kept in the progress file, so that a resumed load tells the whole story."""

    rows: int = 0
    outcomes: dict[str, int] = {}  # by name of Outcome, in small letters
    review_tasks: int = 0
    rejected: int = 0
    problems: dict[str, int] = {}  # "field: problem" of rejected rows
    reasons: dict[str, int] = {}  # by name of DecisionReason, in small letters

    def add(self, answer: ResolveAnswer | RowProblem) -> None:
        self.rows += 1
        if isinstance(answer, RowProblem):
            self.rejected += 1
            where = answer.field or answer.column
            _count(self.problems, f"{where}: {answer.problem}" if where else answer.problem)
            return
        _count(self.outcomes, answer.outcome.name.lower())
        self.review_tasks += answer.outcome in (Outcome.NEW_WITH_REVIEW, Outcome.UPDATED_WITH_ALERT)
        for reason in answer.decision_reasons:
            _count(self.reasons, reason.name.lower())


class Settled(Private, frozen=True):
    """A batch whose every row has its answer; ``last_row`` is the number of its last row."""

    last_row: int
    answers: tuple[ResolveAnswer | RowProblem, ...]


class _Batch(Private, frozen=True):
    rows: tuple[MappedRow | RowProblem, ...]
    mapped: tuple[MappedRow, ...]
    keys: frozenset[tuple[str, str]]


def load(
    resolver: Resolver,
    rows: Iterable[MappedRow | RowProblem],
    *,
    in_flight: int = 4,
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[Settled]:
    """Send rows; yield settled batches in the order of the file.

    ``in_flight`` batches travel at once; with 1, records reach the index in exactly the order of the file. Raises the error
    of a batch that could not be sent within PATIENCE_S, or that the server failed on; everything yielded before is durable.
    Where reading the rows raises an InputError, what was read before it is sent and settled first.
    """
    waiting: deque[tuple[_Batch, Future[list[ResolveAnswer | RowProblem]]]] = deque()
    with ThreadPoolExecutor(in_flight, thread_name_prefix="load") as pool:
        try:
            for batch in _batches(rows):
                if isinstance(batch, InputError):
                    yield from _settle_all(waiting)
                    raise batch
                while waiting and (len(waiting) >= in_flight or _share_keys(batch, waiting)):
                    yield _settle(*waiting.popleft())
                waiting.append((batch, pool.submit(_send, resolver, batch.mapped, pause)))
            yield from _settle_all(waiting)
        finally:
            for _, future in waiting:
                future.cancel()


def _share_keys(batch: _Batch, waiting: Iterable[tuple[_Batch, object]]) -> bool:
    return any(not batch.keys.isdisjoint(other.keys) for other, _ in waiting)


def _settle_all(waiting: deque[tuple[_Batch, Future[list[ResolveAnswer | RowProblem]]]]) -> Iterator[Settled]:
    while waiting:
        yield _settle(*waiting.popleft())


def _settle(batch: _Batch, sent: Future[list[ResolveAnswer | RowProblem]]) -> Settled:
    answers = iter(sent.result())
    merged = tuple(row if isinstance(row, RowProblem) else next(answers) for row in batch.rows)
    last = batch.rows[-1]
    return Settled(last_row=last.row, answers=merged)


def _batches(rows: Iterable[MappedRow | RowProblem]) -> Iterator[_Batch | InputError]:
    """Rows in batches; where reading raises an InputError, the rows before it and then the error itself."""
    held: list[MappedRow | RowProblem] = []
    size = 0
    fault: InputError | None = None
    try:
        for row in rows:
            length = _characters(row.record) if isinstance(row, MappedRow) else 0
            if held and (len(held) >= BATCH_RECORDS or size + length > BATCH_CHARACTERS):
                yield _batch(held)
                held, size = [], 0
            held.append(row)
            size += length
    except InputError as error:
        fault = error
    if held:
        yield _batch(held)
    if fault is not None:
        yield fault


def _batch(rows: Sequence[MappedRow | RowProblem]) -> _Batch:
    mapped = tuple(row for row in rows if isinstance(row, MappedRow))
    keys = frozenset((row.record.source, row.record.local_id) for row in mapped)
    return _Batch(rows=tuple(rows), mapped=mapped, keys=keys)


def _characters(record: PatientRecord) -> int:
    return len(msgspec.json.encode(record)) if record.attributes else sum(map(len, _texts(record)))


def _texts(record: PatientRecord) -> Iterator[str]:
    for entry in (*record.names, *record.identifiers, *record.addresses):
        yield from (text for field in entry.__struct_fields__ if isinstance(text := getattr(entry, field), str))
    yield from record.phones
    yield from (record.birth_date, record.ethnicity, record.local_id)


def _send(resolver: Resolver, rows: Sequence[MappedRow], pause: Callable[[float], None]) -> list[ResolveAnswer | RowProblem]:
    """Answers in the order of the rows. What the server refused for a while is sent again, keys kept in order."""
    answers: dict[int, ResolveAnswer | RowProblem] = {}
    left = list(range(len(rows)))
    refusing_since, wait_s = None, FIRST_PAUSE_S
    while left:
        got = _call(resolver, [rows[place].record for place in left])
        done = {place: answer for place, answer in zip(left, got, strict=True) if not isinstance(answer, _AGAIN)}
        again = [answer for answer in got if isinstance(answer, _AGAIN)]
        answers |= {place: _answer(rows[place], answer) for place, answer in done.items()}
        if not again:
            break
        now = time.monotonic()
        refusing_since = now if refusing_since is None or done else refusing_since
        if now - refusing_since > PATIENCE_S:
            raise again[0]
        pause(max(wait_s, again[0].retry_after_s or 0.0))
        wait_s = min(LONGEST_PAUSE_S, wait_s * 2)
        left = _to_repeat(rows, left, got)
    return [answers[place] for place in range(len(rows))]


def _call(resolver: Resolver, records: list[PatientRecord]) -> list[ResolveAnswer | MpiError]:
    try:
        return resolver.batch_resolve(records)
    except _AGAIN as error:
        return [error] * len(records)


def _to_repeat(rows: Sequence[MappedRow], sent: Sequence[int], got: Sequence[ResolveAnswer | MpiError]) -> list[int]:
    """What was refused for a while, and what came after it under the same key: the later version must arrive last."""
    keys = set()
    repeat = []
    for place, answer in zip(sent, got, strict=True):
        record = rows[place].record
        if isinstance(answer, _AGAIN):
            keys.add((record.source, record.local_id))
        if (record.source, record.local_id) in keys:
            repeat.append(place)
    return repeat


def _answer(row: MappedRow, answer: ResolveAnswer | MpiError) -> ResolveAnswer | RowProblem:
    if isinstance(answer, ResolveAnswer):
        return answer
    if isinstance(answer, InputError):
        return RowProblem(row=row.row, field=answer.field.rpartition("record.")[2], problem=answer.problem)
    if isinstance(answer, _ROW_FAULTS):
        return RowProblem(row=row.row, problem=str(answer))
    raise answer  # the server failed, not the row: going on would hide it


def _count(counts: dict[str, int], key: str) -> None:
    counts[key] = counts.get(key, 0) + 1
