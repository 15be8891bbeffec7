"""Who is one person: the facade of the room. Reads answer from memory, writes go through the single writer."""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from mpi.columns.resolutions import results, texts
from mpi.columns.warm import compile_apart
from mpi.errors import InputError, MpiError, NotFound
from mpi.intake import BoundMap, MappedRow, RowBlock, RowProblem
from mpi.linkage.features import Encoded
from mpi.linkage.model import STRANGER, Model, TermFrequencies
from mpi.records import ChangeEvent, Comparison, Identifier, MatchAnswer, PatientRecord, Person, ResolveAnswer
from mpi.registry.bulk import BulkLoad
from mpi.registry.bulk_report import Advance, BulkReport
from mpi.registry.decided import Decisions
from mpi.registry.feed import ChangeFeed
from mpi.registry.index import Index
from mpi.registry.master_id import IN_KERNELS, MasterIds
from mpi.registry.plain import PlainBatch, PlainRequests, block
from mpi.registry.progress import Phase, Progress
from mpi.registry.rebuild import Rebuilt, rebuild
from mpi.registry.requests import RequestWindow
from mpi.registry.search import Searcher
from mpi.registry.segment import DurableValues
from mpi.registry.snapshot import Snapshots
from mpi.registry.warmup import warm_up
from mpi.registry.writer import Writer
from mpi.registry.writes import Action, Block, Submission, Write, control_write, resolve_write
from mpi.store import Store

_COLLECT = (20_000, 20, 50)  # what a call makes is freed without the collector; looking after every 700 objects costs 5 %
Deliver = Callable[[list[Submission]], None]


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes of one registry; the configuration's values."""

    catchment: int = 0  # people the hospitals serve; the prior uses max(persons, catchment)
    capacity_rows: int = 4_000_000  # rows memory is reserved for; untouched pages cost nothing
    queue_limit: int = 20_000  # writes that may wait
    batch_limit: int = 1_000  # writes per transaction
    match_limit: int = 8  # candidates a search returns at most
    request_window_hours: float = 24.0
    request_window_count: int = 1_000_000
    snapshot_events: int = 0  # that must have come since the last snapshot of memory; 0: none is written or read


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What the index holds, without patient values."""

    index_id: str
    model: str
    encoding: str
    records: int
    persons: int
    rows: int
    sequence: int
    open_reviews: int
    queue_length: int
    queue_limit: int
    population: int
    capacity_rows: int


class Registry:
    """One index: opened on a store and a model, started, used from any thread, drained, closed."""

    def __init__(self, store: Store, model: Model, frequencies: TermFrequencies, limits: Limits) -> None:
        self._store, self._limits = store, limits
        self._ids = MasterIds(store.meta.master_key)
        self._index = Index(model, frequencies, capacity=limits.capacity_rows, catchment=limits.catchment)
        self._searcher = Searcher(self._index, self._ids)
        self._rebuilt = Rebuilt(DurableValues(1, 0), 0)  # until ``prepare``
        self.plain = PlainRequests(model)
        self._texts = texts(model.reference, [*(each.name for each in model.classes), STRANGER])
        self._feed = ChangeFeed(store)
        self._window = RequestWindow(count=limits.request_window_count, hours=limits.request_window_hours)
        self._snapshots = Snapshots(self._index, store, limits.snapshot_events)
        self.progress = Progress()
        self._writer = Writer(
            self._index,
            store,
            self._ids,
            window=self._window,
            queue_limit=limits.queue_limit,
            batch_limit=limits.batch_limit,
            on_commit=self._feed.add,
            snapshots=self._snapshots,
        )

    @classmethod
    def open(cls, directory: Path, model: Model, frequencies: TermFrequencies, limits: Limits) -> Registry:
        """Open (or make) the store in ``directory``. Raises StoreError."""
        return cls(Store.open(directory), model, frequencies, limits)

    def start(self) -> None:
        """Warm the kernels, fill the index from snapshot and journal, start the writer. Only then is the registry usable.

        ``progress`` says how far it is.
        """
        self.prepare()
        self._serve()

    def load(
        self, blocks: Iterable[RowBlock], bound: BoundMap, advance: Advance, *, threads: int, sources: Collection[str] = ()
    ) -> Iterator[MappedRow | RowProblem | BulkReport]:
        """Load a file's rows at once and start the writer: between ``prepare`` and the first call. See ``bulk.BulkLoad``.

        Yields what was not taken with its problem, rows that are left to ``resolve``, since their local number is known
        already or comes twice, and at last a report. ``sources``: those that may be named; empty means any.
        """
        load = BulkLoad(self._index, self._store, self._ids, self._rebuilt, threads=threads, sources=sources)
        yield from load.run(blocks, bound, advance)
        self._rebuilt = msgspec.structs.replace(self._rebuilt, last_at=load.at)
        yield load.report
        self._serve()

    def prepare(self) -> None:
        """Warm the kernels and fill the index from snapshot and journal."""
        self.progress.begin(Phase.KERNELS)
        compiling = compile_apart() if self.plain.serves else None
        warm_up(self._index)
        if compiling is not None:
            compiling.wait()
        self.plain.warm()
        self._index.warm()
        self._searcher.warm()
        head = self._snapshots.read(self.progress)
        self._rebuilt = rebuild(
            self._index, self._store, self._window, self.progress, last_at=head.last_at if head is not None else 0
        )
        self._store.note_model(self._index.model.reference, self._index.encoding)

    def _serve(self) -> None:
        """Start the writer."""
        self._writer.start(self._rebuilt.durable, self._rebuilt.last_at)
        # Tables and models live as long as the process: without this each full collection walks over them (13–60 % of the
        # time of standardising, measured).
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_COLLECT)
        self.progress.begin(Phase.READY)

    def drain(self) -> None:
        """Refuse new writes and finish those that wait."""
        self._writer.stop()

    def close(self) -> None:
        """Drain, write a snapshot where it is worth it, then close the store."""
        self.drain()
        self._writer.keep()
        self._store.close()

    # --- writing -------------------------------------------------------------------------------------------------------

    def submit(
        self,
        records: Sequence[PatientRecord],
        deliver: Deliver,
        *,
        request_ids: Sequence[str] = (),
        deadline: float | None = None,
        explain: bool = True,
        context: object = None,
    ) -> None:
        """Register or update validated records; ``deliver`` gets the Submission (with ``context``) when all are answered.

        ``deliver`` is called from the writer's thread, once for all submissions of a batch that share it; it must be quick.
        ``deadline`` is in time.monotonic() seconds. Raises QueueFull or Unavailable; then nothing is stored.
        """
        ids = request_ids or [""] * len(records)
        writes = [
            resolve_write(record, request_id=request_id, deadline=deadline, explain=explain)
            for record, request_id in zip(records, ids, strict=True)
        ]
        self.submit_writes(writes, deliver, context=context)

    def submit_writes(self, writes: Sequence[Write] | tuple[Block], deliver: Deliver, *, context: object = None) -> None:
        """``submit`` for writes that are ready, or for a block of them."""
        self._writer.submit(Submission(writes, deliver, context))

    def block(self, plain: PlainBatch, others: Mapping[int, Write], deadline: float | None) -> Block:
        """What kernels have read of a request, and its ``others`` by position, for ``submit_writes``."""
        return block(plain, others, self._index.encoder, deadline)

    def encoded_results(self, made: Decisions) -> tuple[bytes, npt.NDArray[np.int64]]:
        """What became of a block's records, as on the wire. See ``mpi.columns.resolutions.results``."""
        return results(
            made.columns, made.codes, made.probability, made.first, made.candidates, texts=self._texts, alphabet=IN_KERNELS
        )

    def submit_retire(
        self,
        source: str,
        local_id: str,
        deliver: Deliver,
        *,
        request_id: str = "",
        deadline: float | None = None,
        context: object = None,
    ) -> None:
        """Retire a record: it leaves searches and answers, and its number may be given to someone else."""
        write = control_write(Action.RETIRE, source, local_id, new_local_id="", request_id=request_id, deadline=deadline)
        self._writer.submit(Submission([write], deliver, context))

    def submit_replace(
        self,
        source: str,
        numbers: tuple[str, str],
        deliver: Deliver,
        *,
        request_id: str = "",
        deadline: float | None = None,
        context: object = None,
    ) -> None:
        """Replace a local number: ``numbers`` is (old, new)."""
        write = control_write(
            Action.REPLACE, source, numbers[0], new_local_id=numbers[1], request_id=request_id, deadline=deadline
        )
        self._writer.submit(Submission([write], deliver, context))

    def resolve(self, record: PatientRecord, *, request_id: str = "", deadline: float | None = None) -> Future[ResolveAnswer]:
        """Register or update one record; the future completes when the answer is durable."""
        return self.resolve_many([record], request_ids=[request_id], deadline=deadline)[0]

    def resolve_many(
        self, records: Sequence[PatientRecord], *, request_ids: Sequence[str] = (), deadline: float | None = None
    ) -> list[Future[ResolveAnswer]]:
        """One future a record, in order."""
        futures: list[Future[ResolveAnswer]] = [Future() for _ in records]
        self.submit(records, _complete, request_ids=request_ids, deadline=deadline, context=futures)
        return futures

    def retire(self, source: str, local_id: str, *, request_id: str = "") -> Future[ResolveAnswer]:
        """``submit_retire`` with a future."""
        future: Future[ResolveAnswer] = Future()
        self.submit_retire(source, local_id, _complete, request_id=request_id, context=[future])
        return future

    def replace_local_id(self, source: str, old: str, new: str, *, request_id: str = "") -> Future[ResolveAnswer]:
        """``submit_replace`` with a future."""
        future: Future[ResolveAnswer] = Future()
        self.submit_replace(source, (old, new), _complete, request_id=request_id, context=[future])
        return future

    # --- reading -------------------------------------------------------------------------------------------------------

    def match(
        self,
        searched: PatientRecord | Encoded,
        *,
        limit: int = 8,
        near_misses: bool = False,
        explain: bool = True,
        only_certain: bool = False,
    ) -> MatchAnswer:
        """Search without writing, for a record or for one in rows (``plain``).

        Raises InputError for a limit out of range or a record without usable trait.
        """
        if not 1 <= limit <= self._limits.match_limit:
            raise InputError("limit", f"must be between 1 and {self._limits.match_limit}")
        return self._searcher.match(
            searched, limit=limit, near_misses=near_misses, explain=explain, only_certain=only_certain
        )

    def lookup_record(self, source: str, local_id: str) -> Person:
        """The person a local number belongs to. Raises NotFound."""
        return self._searcher.by_record(source, local_id)

    def lookup_identifier(self, identifier: Identifier) -> tuple[Person, ...]:
        """All persons that hold an identifier. Raises NotFound or InputError."""
        return self._searcher.by_identifier(identifier)

    def lookup_master(self, master_id: str) -> Person:
        """The person of a master ID. Raises NotFound or InputError."""
        return self._searcher.by_master_id(master_id)

    def compare(self, a: PatientRecord, b: PatientRecord) -> Comparison:
        """Compare two records; nothing is stored."""
        return self._searcher.compare(a, b)

    def stored_record(self, source: str, local_id: str) -> PatientRecord:
        """A record as it was last received, from the journal. Raises NotFound."""
        payload = self._store.record_payload(self._searcher.record(source, local_id))
        if payload is None:
            raise NotFound("RECORD")
        return msgspec.json.decode(payload, type=PatientRecord)

    def changes(self, after: int, limit: int, sources: frozenset[str] = frozenset()) -> list[ChangeEvent]:
        """Up to ``limit`` changes after a sequence number, in order."""
        return self._feed.after(after, limit, sources)

    def subscribe(self, listener: Callable[[int], None]) -> Callable[[], None]:
        """See ChangeFeed.subscribe."""
        return self._feed.subscribe(listener)

    def counts(self) -> Counts:
        """Sizes and versions."""
        index, snapshot = self._index, self._index.snapshot
        return Counts(
            index_id=self._store.meta.index_id,
            model=index.model.reference,
            encoding=index.encoding,
            records=snapshot.records,
            persons=snapshot.persons,
            rows=snapshot.rows,
            sequence=snapshot.sequence,
            open_reviews=index.open_reviews,
            queue_length=self._writer.queue_length(),
            queue_limit=self._limits.queue_limit,
            population=index.population(snapshot),
            capacity_rows=self._limits.capacity_rows,
        )


def _complete(finished: list[Submission]) -> None:
    """Complete the futures of finished submissions."""
    for submission in finished:
        futures = submission.context
        assert isinstance(futures, list)
        for future, answer in zip(futures, submission.answers(), strict=True):
            if future.cancelled():
                continue
            if isinstance(answer, MpiError):
                future.set_exception(answer)
            else:
                future.set_result(answer)


__all__ = ["Counts", "Limits", "Registry", "Submission", "Write"]
