"""The single writer. All changes go through this thread: take what waits → search and decide → commit → publish → answer.

Under load batches grow and throughput rises by itself; alone, a call pays one commit. The queue is bounded.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from mpi.errors import DeadlinePassed, MpiError, NotFound, StoreError, Unavailable, places
from mpi.linkage.hotindex import CHARS, RECORD_PERSON, VALUES
from mpi.linkage.search import new_scratch
from mpi.records import Grade, Outcome, ResolveAnswer
from mpi.registry.control import apply_control, replace_event, retire_event, stale_event
from mpi.registry.index import ACTIVE, RETIRED, Index
from mpi.registry.master_id import MasterIds, format_code
from mpi.registry.memory import room_left
from mpi.registry.requests import RequestWindow
from mpi.registry.segment import DurableValues, Segment
from mpi.registry.snapshot import Snapshots
from mpi.registry.waiting import WriteQueue
from mpi.registry.writes import Action, Block, Slice, Submission, Write
from mpi.store import EventColumns, JournalEvent, Store

log = logging.getLogger(__name__)

GATHER_FROM = 4  # writes in the last batch from which on the next one is gathered
GATHER_STEP_S, GATHER_STEPS = 0.001, 32
GATHER_QUIET = 4  # steps without a new write after which nobody is waited for any longer
LOOK_EVERY = 16  # batches between two looks at the size of the log
SNAPSHOT_IDLE_S = 30.0  # without a write for so long, it may write a snapshot: a write that comes waits for a chunk of it
IDLE_S = 1.0  # without a write for so long, the writer tidies up
ROW_RESERVE = 1024  # rows kept free, so that a batch never runs out of memory half-way
TEXT_RESERVE = 512  # bytes a local number can take


class Writer:
    """See the module docstring. ``on_commit`` is told the events of every commit, after they became visible."""

    def __init__(
        self,
        index: Index,
        store: Store,
        ids: MasterIds,
        *,
        window: RequestWindow,
        queue_limit: int,
        batch_limit: int,
        on_commit: Callable[[EventColumns], None],
        snapshots: Snapshots,
    ) -> None:
        self._snapshots, self._idle_since = snapshots, time.monotonic()
        self._index, self._store, self._ids, self._window = index, store, ids, window
        self._queue, self._batch_limit = WriteQueue(queue_limit, batch_limit), batch_limit
        self._on_commit = on_commit
        self._started = False
        self._out_of_step = False  # memory is no longer what the journal says
        self._scratch = new_scratch(len(index.model.features))
        self._last_at = 0
        self._last_batch = self._expected = self._batches = 0
        self._durable = DurableValues(1, 0)
        self._segment = self._new_segment()
        self._thread = threading.Thread(target=self._run, name="mpi-writer", daemon=True)

    def start(self, durable: DurableValues, last_at: int) -> None:
        """Begin to work. ``durable`` says what of the dictionary the journal holds; ``last_at`` is its newest time."""
        self._durable, self._last_at = durable, last_at
        self._started = True
        self._thread.start()

    def stop(self) -> None:
        """Finish what is in the queue, then end the thread."""
        self._queue.stop()
        if self._thread.is_alive():
            self._thread.join()

    def queue_length(self) -> int:
        """Records that wait."""
        return len(self._queue)

    def submit(self, submission: Submission) -> None:
        """Queue a call's writes. Raises QueueFull, or Unavailable when stopping; then nothing was queued."""
        if self._out_of_step:
            raise _restart_needed()
        self._queue.put(submission)

    # --- the writer's thread -------------------------------------------------------------------------------------------

    def _run(self) -> None:
        queue = self._queue
        while True:
            queue.wait(IDLE_S)
            self._gather()
            batch = queue.take()
            if not batch and queue.stopping:
                return
            self._last_batch = sum(write.size for write in batch)
            if batch:
                self._process(batch)
                self._idle_since = time.monotonic()
            self._expected = self._last_batch + len(queue)  # who was answered will come again
            self._batches += 1
            if not batch or self._batches % LOOK_EVERY == 0:
                self._tidy(idle=not batch)

    def _gather(self) -> None:
        """Under load, wait a little for as many writes as were under way before: a commit costs the same for two or fifty.

        Without it callers fall into two groups that take turns, each with a commit of its own. A caller alone never waits:
        the batch before had one write.
        """
        if self._last_batch < GATHER_FROM:
            return
        seen, quiet, wanted = len(self._queue), 0, min(self._expected, self._batch_limit)
        for _ in range(GATHER_STEPS):
            if not 0 < seen < wanted or quiet == GATHER_QUIET:
                return
            time.sleep(GATHER_STEP_S)
            now = len(self._queue)
            quiet = quiet + 1 if now == seen else 0
            seen = now

    def _tidy(self, *, idle: bool) -> None:
        """Keep the write-ahead log short: small checkpoints while nothing waits, a large one only when it must be."""
        try:
            if idle:
                self._store.settle()
            if self._store.checkpoint_due(idle=idle) and not self._store.checkpoint():
                log.info("a checkpoint has to wait for a running transaction")
        except (MpiError, OSError):  # what is committed is safe where it is; the next turn tries again
            log.warning("the journal could not be tidied")
        if idle and time.monotonic() - self._idle_since >= SNAPSHOT_IDLE_S:
            self.keep(lambda: self._queue.stopping or len(self._queue) > 0)

    def keep(self, interrupted: Callable[[], bool] = lambda: False) -> None:
        """Write a snapshot where one is due, and memory is what the journal says. For the writer's thread, and when it has
        ended."""
        counters = self._index.hot.counters
        journalled = (self._durable.slots, self._durable.chars) == (int(counters[VALUES]), int(counters[CHARS]))
        if self._started and journalled and not self._out_of_step and self._snapshots.due():
            self._snapshots.write(self._last_at, interrupted)

    def _process(self, batch: list[Write | Slice]) -> None:
        """Answer everything in a batch; a failure in one segment fails that segment only."""
        self._segment = self._new_segment()
        for write in batch:
            if isinstance(write, Slice):
                self._try_slice(write)
            else:
                self._try(write)
        self._commit_segment()
        self._deliver(batch)

    def _try(self, write: Write) -> None:
        """Place what waited, or answer it with the error."""
        self._answer_errors(write, lambda: self._place(write))

    def _try_slice(self, records: Slice) -> None:
        """``_try`` for some records of a block."""
        self._answer_errors(records.block, lambda: self._place_slice(records))

    def _answer_errors(self, write: Write | Block, place: Callable[[], None]) -> None:
        """``place`` a write; an error, or that nobody waits any more, becomes its answer."""
        try:
            self._check(write)
            place()
        except MpiError as error:
            write.fail(error)
        except Exception as error:  # noqa: BLE001 — the writer must survive anything; the caller gets INTERNAL
            log.error("a write failed %s", places(error))
            write.fail(StoreError("the write failed; nothing was stored"))

    def _check(self, write: Write | Block) -> None:
        """Raises Unavailable where memory is not what the journal says, DeadlinePassed where nobody waits."""
        if self._out_of_step:
            raise _restart_needed()
        if write.expired():
            raise DeadlinePassed

    def _place_slice(self, records: Slice) -> None:
        """Put a block's new records into the segment, run by run. Each that is known already goes the way of one write."""
        block, first, last = records
        numbers = list(zip(block.sources[first:last], block.local_ids[first:last], strict=True))
        keys = block.keys[first:last]
        known: list[bool] = []
        at, segment = 0, None
        while at < len(numbers):
            if segment is not self._segment:  # what was committed in between is known
                segment, known = self._segment, self._index.may_know(keys).tolist()
            start, position = at, len(segment) - at
            while at < len(numbers) and not known[at] and numbers[at] not in segment.by_number:
                segment.by_number[numbers[at]] = position + at
                at += 1
            if at > start:
                segment.add_block(block, first + start, first + at)
            if at < len(numbers):
                self._try(block.write(first + at))
                at += 1

    def _place(self, write: Write) -> None:
        """Answer a write that needs no storing, or put it into the segment that will be committed."""
        key = (write.source, write.local_id)
        segment = self._segment
        earlier = segment.by_request.get(write.request_id) if write.request_id else None
        if earlier is None and self._repeats_request(write):
            return
        if key in segment.by_number or earlier is not None or write.action is not Action.RESOLVE:
            follows = earlier if earlier is not None else segment.by_number.get(key)
            if follows is not None and segment.by_number.get(key) == follows and write.content == segment.contents[follows]:
                segment.followers.append((write, follows))
                return
            self._commit_segment()
            if earlier is not None and self._repeats_request(write):
                return
        if write.action is not Action.RESOLVE:
            self._control(write)
            return
        known = self._index.find(write.source, write.local_id)
        generation = int(self._index.generation[known]) if known >= 0 else 0
        if known >= 0 and self._index.state[known] == RETIRED:
            known, generation = -1, generation + 1  # the number was given to someone else
        if known < 0 or not self._settled(write, known):
            self._segment.add(write, known, generation)

    def _repeats_request(self, write: Write) -> bool:
        """Answer a repeated request with its first answer. Raises RequestIdReused for another body."""
        if not write.request_id:
            return False
        sequence = self._window.find(write.request_id, write.body_hash)
        if sequence is None:
            return False
        event = self._store.event(sequence)
        if event is None or not event.answer:
            return False
        write.answer = msgspec.msgpack.decode(event.answer, type=ResolveAnswer)
        return True

    def _settled(self, write: Write, known: int) -> bool:
        """Answer a known record's write that changes nothing: the same content again, or older than what is known."""
        index = self._index
        if index.content[known].tobytes() == write.content:
            write.answer = ResolveAnswer(
                master_id=format_code(int(index.master_code[index.hot.record_cells[known, RECORD_PERSON]])),
                outcome=Outcome.UNCHANGED,
                sequence=int(index.sequence[known]),
                grade=Grade(int(index.grade[known])),
                model=index.models.names[index.made_by[known]],
            )
            return True
        if 0 < write.recorded_at < index.recorded_at[known]:
            self._commit_segment()
            self._commit_single(write, stale_event(index, write, known))
            return True
        return False

    def _control(self, write: Write) -> None:
        """Retire a record or replace its local number."""
        record = self._index.find(write.source, write.local_id)
        if record < 0 or self._index.state[record] != ACTIVE:
            raise NotFound("RECORD")
        make = retire_event if write.action is Action.RETIRE else replace_event
        self._commit_single(write, make(self._index, write, record))

    def _commit_single(self, write: Write, event: JournalEvent) -> None:
        """Commit one event that needs no search, and answer its write."""
        if self._out_of_step:  # since the segment before it
            raise _restart_needed()
        event = msgspec.structs.replace(event, seq=self._index.snapshot.sequence + 1, at=self._now())
        answer = ResolveAnswer(
            master_id=format_code(event.master_code),
            outcome=Outcome(event.outcome),
            sequence=event.seq,
            review_task=event.seq if event.review_task else 0,
        )
        event = msgspec.structs.replace(event, review_task=answer.review_task)
        if write.request_id:
            event = msgspec.structs.replace(event, answer=msgspec.msgpack.encode(answer))
        events = EventColumns.of([event])
        self._store.append_columns(events)
        with self._irreversible():
            apply_control(self._index, event)
            self._remember(write, event.seq, event.at)
            self._index.publish(event.seq)
            write.answer = answer
            self._on_commit(events)

    def _new_segment(self) -> Segment:
        return Segment(self._index, self._ids, self._durable)

    def _commit_segment(self) -> None:
        """Decide, store and publish what was placed; on failure nothing of it remains and its writes get the error."""
        segment, self._segment = self._segment, self._new_segment()
        if not len(segment):
            return
        if self._out_of_step:
            segment.fail(_restart_needed())
            return
        try:
            self._check_room(segment)
            with self._irreversible():
                segment.decide(self._scratch)
        except Exception as error:  # noqa: BLE001 — no row was added yet, or nobody knows how many
            segment.fail(_told(error))
            return
        first, at = self._index.snapshot.sequence + 1, self._now()
        try:
            events = segment.make_events(first, at)
            self._store.append_columns(events)
        except Exception as error:  # noqa: BLE001 — whatever went wrong, the provisional rows must go
            segment.undo()
            segment.fail(_told(error))
            return
        try:
            with self._irreversible():
                self._publish(segment, events, first, at)
        except Unavailable as error:
            segment.fail(error)

    def _publish(self, segment: Segment, events: EventColumns, first: int, at: int) -> None:
        """Have everybody see what is durable, and answer."""
        segment.apply()
        for position in segment.by_request.values():
            self._remember(segment.singles[position], first + position, at)
        self._index.publish(first + events.count - 1)
        segment.answer()
        self._on_commit(events)

    @contextmanager
    def _irreversible(self) -> Iterator[None]:
        """Around what changes memory and cannot be taken back. If it fails, only a start makes memory what the journal says:
        no further write is taken."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 — whatever it was
            log.error("memory is not what the journal says: no more writes until the next start %s", places(error))
            self._out_of_step = True
            raise _restart_needed() from None

    def _check_room(self, segment: Segment) -> None:
        rows = segment.encode()
        text = TEXT_RESERVE * len(segment)
        if room_left(self._index.hot) < rows + ROW_RESERVE or self._index.text_room() < text:
            raise Unavailable("INDEX_FULL", "the index has reached its configured capacity", retry_after_s=60.0)

    def _remember(self, write: Write, sequence: int, at: int) -> None:
        """Remember the request of a write that was committed."""
        if write.request_id:
            self._window.add(write.request_id, write.body_hash, sequence, at)

    def _now(self) -> int:
        """µs since 1970, never going back."""
        self._last_at = max(self._last_at, time.time_ns() // 1000)
        return self._last_at

    @staticmethod
    def _deliver(batch: list[Write | Slice]) -> None:
        """Hand finished submissions over, all that share a ``deliver`` in one call."""
        groups: dict[Callable[[list[Submission]], None], list[Submission]] = {}
        for item in batch:
            if isinstance(item, Slice) and item.end < item.block.size:
                continue  # the rest of the block is still to come
            write = item.block if isinstance(item, Slice) else item
            submission = write.submission
            assert submission is not None
            assert isinstance(write, Block) or write.answer is not None, "a write was left without an answer"
            submission.remaining -= 1
            if submission.remaining == 0:
                groups.setdefault(submission.deliver, []).append(submission)
        for deliver, finished in groups.items():
            try:
                deliver(finished)
            except Exception as error:  # noqa: BLE001 — a caller that has gone must not stop the writer
                log.error("answers could not be delivered %s", places(error))


def _told(error: Exception) -> MpiError:
    """What the callers of a commit that failed are told."""
    if isinstance(error, MpiError):
        return error
    log.error("a commit failed %s", places(error))
    return StoreError("the commit failed; nothing was stored")


def _restart_needed() -> Unavailable:
    return Unavailable("RESTART_NEEDED", "the index must be started again before it takes writes", retry_after_s=60.0)
