"""A file of millions into an index that serves nobody yet: the way of a record, each step for all records at once.

    read      rows of the file → standardised, encoded, placed in the hot index        bulk_parts.py, linkage/placing.py
    compare   rows sorted by blocking key → every pair of a block weighed              linkage/blocks.py
    cluster   the surest pairs joined first, nothing that a pair may not do            linkage/clustering.py
    store     decisions → journal, in large transactions → facts in memory             bulk_plan.py, bulk_events.py

Until its first transaction a load leaves nothing behind; each transaction holds whole records with their decisions, so that a
load that was cut off goes on with what is missing. Local numbers that are known already, or come twice, are left to the
writer where they say something else: that is an update. The same content changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mpi.errors import Unavailable
from mpi.intake import BoundMap, MappedRow, RowBlock, RowProblem
from mpi.linkage.batch import log_population
from mpi.linkage.blocks import (
    EDGES,
    PAIRS,
    Edges,
    Load,
    fill_keys,
    forget_large,
    link_blocks,
    new_edges,
    pairs_before,
    sort_rows,
    weigh_blocks,
)
from mpi.linkage.clustering import Records, cluster
from mpi.linkage.hotindex import (
    CHARS,
    GROUP_SIZE,
    PERSONS,
    RECORD_GROUP,
    RECORD_PERSON,
    RECORDS,
    ROW_GROUP,
    ROW_RECORD,
    ROWS,
    VALUES,
)
from mpi.linkage.placing import attach_records, place_rows
from mpi.linkage.search import Scratch, new_scratch
from mpi.records import DecisionReason, Outcome
from mpi.registry.bulk_events import Journalled, Marks, Waiting, blobs, write_journal
from mpi.registry.bulk_parts import Part, PartReader
from mpi.registry.bulk_plan import Plan, make_plan, persons_of
from mpi.registry.bulk_report import Advance, BulkReport
from mpi.registry.index import ACTIVE, HASH_BYTES, Index
from mpi.registry.master_id import MasterIds
from mpi.registry.memory import reserve, reserve_table, room_left
from mpi.registry.numbering import number_new
from mpi.registry.rebuild import Rebuilt
from mpi.store import Store

EDGE_ROOM = 1 << 20  # edges a thread finds before they are put aside
A = TypeVar("A")
B = TypeVar("B")


class BulkLoad:
    """One load into an index that was rebuilt and has no writer yet."""

    def __init__(
        self,
        index: Index,
        store: Store,
        ids: MasterIds,
        rebuilt: Rebuilt,
        *,
        threads: int,
        sources: Collection[str] = (),
    ) -> None:
        """``sources``: those that may be named; empty means any."""
        self._index, self._store, self._ids, self._durable = index, store, ids, rebuilt.durable
        self.at = max(time.time_ns() // 1000, rebuilt.last_at)  # of all its events: time never goes back
        self._threads, self._sources = threads, sources
        hot = index.hot
        self._base, self._first = int(hot.counters[ROWS]), int(hot.counters[RECORDS])
        self._capacity = len(hot.rows)
        features = len(index.model.features)
        self._slots: npt.NDArray[np.int32] = reserve((self._capacity, features), np.int32)
        self._slotted: npt.NDArray[np.bool_] = reserve(self._capacity, np.bool_)
        self._numbers = reserve_table(self._capacity)
        self._waiting = Waiting(store.directory)
        self._left = np.zeros(0, np.int64)  # keys of local numbers that are left to the writer
        self._scratches = [new_scratch(features) for _ in range(threads)]
        self.report = BulkReport()

    def run(self, blocks: Iterable[RowBlock], bound: BoundMap, progress: Advance) -> Iterator[RowProblem | MappedRow]:
        """Load a file's rows; yields what was not taken, with its problem, and rows that are left to the writer.

        Raises Unavailable where the index has no room for them. What was stored by then stays.
        """
        try:
            yield from self._timed("read", self._read(blocks, bound, progress))
            self._decide(progress)
        finally:
            self._waiting.close()

    def _decide(self, progress: Advance) -> None:
        """Compare, cluster and store what was read."""
        hot = self._index.hot
        count = int(hot.counters[RECORDS]) - self._first
        if not count:
            return
        edges, keyed = self._compare(progress)
        started = time.monotonic()
        made = cluster(self._index.query.settings, self._records(), edges, fixed=self._fixed())
        persons = persons_of(made, self._first, int(hot.counters[PERSONS]))
        plan = make_plan(edges, persons, self._first, known=int(hot.counters[PERSONS]), keyed=keyed)
        self.report.seconds["cluster"] = time.monotonic() - started
        started = time.monotonic()
        journalled = Journalled(self._waiting, plan, edges, persons, self._cut_records(), self._population, self.at)
        write_journal(self._index, self._store, self._ids, self._durable, journalled, progress)
        attach = np.ascontiguousarray(plan.persons)
        attach_records(hot, self._first, attach)
        self._index.publish(self._store.last_sequence())
        self.report.seconds["store"] = time.monotonic() - started
        self._sum_up(plan)

    # --- read ----------------------------------------------------------------------------------------------------------

    def _read(self, blocks: Iterable[RowBlock], bound: BoundMap, progress: Advance) -> Iterator[RowProblem | MappedRow]:
        reader = PartReader(self._index.model, bound, self._sources)
        for block, part in _ahead(blocks, reader.read, self._threads):
            yield from part.problems
            if len(part.rows):
                self._check_room(part)
                fresh, changed = self._fresh(part)
                self._place(part, fresh)
                self.report.records += int(np.count_nonzero(fresh))
                self.report.unchanged += int(np.count_nonzero(~fresh & ~changed))
                left = np.searchsorted(block.numbers, part.rows[changed])
                yield from bound.read_again(block.rows(left.tolist()))
            progress("read", 0.0, self.report.records)

    def _fresh(self, part: Part) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Two times bool[N]: records whose local number nobody has, neither in the index nor in an earlier row; and those of
        the others that change something: another content than was received last, or the number of a retired record."""
        index, first = self._index, int(self._index.hot.counters[RECORDS])
        records = np.empty(len(part.keys), np.int64)
        index.find_keys(part.keys, records)
        fresh = np.empty(len(part.keys), np.bool_)
        number_new(self._numbers, part.keys, first, records, fresh)
        places = np.flatnonzero(fresh)
        index.content[first : first + len(places)] = part.contents[places].view("V16").ravel()
        same = (index.content[records].view("u1").reshape(-1, HASH_BYTES) == part.contents).all(axis=1)
        changed = ~fresh & ~(same & (index.state[records] == ACTIVE))
        # whatever comes under such a number later in the file is the writer's, too: it decides in the order of the file
        self._left = np.union1d(self._left, part.keys[changed])
        return fresh, changed | (~fresh & np.isin(part.keys, self._left))

    def _place(self, part: Part, fresh: npt.NDArray[np.bool_]) -> None:
        hot, kept = self._index.hot, pa.array(np.flatnonzero(fresh))
        place_rows(hot, part.encoded, fresh, self._slots, self._slotted)
        received = (part.sources, part.local_ids, part.payloads, blobs(part.contents))
        columns = [*received, pa.array(part.recorded_at), pa.array(part.keys)]
        marks = Marks(len(kept), int(hot.counters[VALUES]), int(hot.counters[CHARS]))
        self._waiting.add(columns if fresh.all() else [column.take(kept) for column in columns], marks)

    def _check_room(self, part: Part) -> None:
        text = pc.sum(pc.binary_length(part.local_ids)).as_py()
        if room_left(self._index.hot) < len(part.encoded.rows) or self._index.text_room() < text:
            raise Unavailable("INDEX_FULL", "the index has reached its configured capacity (index_capacity_rows)")

    # --- compare -------------------------------------------------------------------------------------------------------

    def _compare(self, progress: Advance) -> tuple[Edges, npt.NDArray[np.bool_]]:
        """All edges, each pair once, and which of the new records have a blocking key at all."""
        started = time.monotonic()
        index, hot = self._index, self._index.hot
        last, rules = int(hot.counters[ROWS]), len(index.query.rules.start) - 1
        count = last - self._base
        self._population = index.population(index.snapshot._replace(persons=index.snapshot.persons + count))
        load = Load(self._base, self._slots, self._slotted, np.zeros((count, rules), np.int64), np.zeros(count, np.bool_))
        self._load = load
        with ThreadPoolExecutor(self._threads, thread_name_prefix="bulk") as pool:
            bounds = [self._base + count * k // self._threads for k in range(self._threads + 1)]
            # a row looks at its group's first row: the parts begin where a group does
            starts = [int(hot.row_cells[row, ROW_GROUP]) for row in bounds[:-1]] + [last]
            _all(pool.submit(fill_keys, hot, index.query.rules, load, a, b) for a, b in pairwise(starts))
            keyed = np.zeros(int(hot.counters[RECORDS]) - self._first, np.bool_)
            keyed[hot.row_cells[self._base : last, ROW_RECORD][(load.keys != 0).any(axis=1)] - self._first] = True
            found: list[Edges] = []
            order, spare = np.empty(count, np.int32), np.empty(count, np.int32)
            for rule in range(rules):
                rows = order[: sort_rows(load, rule, order, spare)]
                found += self._weigh(pool, rule, rows)
                link_blocks(hot, load, rule, rows)
                forget_large(load, rule, rows, index.query.settings.block_limit)
                progress("compare", (rule + 1) / rules, self.report.pairs)
        edges = _distinct(found, len(index.model.features))
        self.report.edges, self.report.cut = len(edges.weight), int(np.count_nonzero(load.cut))
        self.report.seconds["compare"] = time.monotonic() - started
        return edges, keyed

    def _weigh(self, pool: ThreadPoolExecutor, rule: int, rows: npt.NDArray[np.int32]) -> list[Edges]:
        """The edges of one rule: as many pairs for each thread."""
        before = np.zeros(len(rows) + 1, np.int64)
        pairs_before(self._load, rule, rows, self._index.query.settings.block_limit, before)
        shares = [int(before[-1]) * k // self._threads for k in range(self._threads + 1)]
        bounds = [*np.searchsorted(before, shares[:-1]).tolist(), len(rows)]
        bounds[0] = 0
        made = [
            pool.submit(self._weigh_part, rule, rows, (a, b), self._scratches[k]) for k, (a, b) in enumerate(pairwise(bounds))
        ]
        return [edges for part in made for edges in part.result()]

    def _weigh_part(self, rule: int, rows: npt.NDArray[np.int32], part: tuple[int, int], scratch: Scratch) -> list[Edges]:
        index, found = self._index, []
        population = int(log_population(self._population))
        at, end = part
        room = min(EDGE_ROOM, 4 * (end - at)) + index.query.settings.block_limit
        while at < end:
            edges, tally = new_edges(room, len(index.model.features)), np.zeros(2, np.int64)
            at = weigh_blocks(index.hot, index.query, self._load, rule, rows, (at, end), population, scratch, edges, tally)
            found.append(Edges._make(column[: tally[EDGES]].copy() for column in edges))
            self.report.pairs += int(tally[PAIRS])
        return found

    # --- cluster -------------------------------------------------------------------------------------------------------

    def _records(self) -> Records:
        hot = self._index.hot
        count = int(hot.counters[RECORDS])
        first = hot.record_cells[:count, RECORD_GROUP].astype(np.int32)
        return Records(hot.rows, first, (first + hot.row_cells[first, GROUP_SIZE]).astype(np.int32))

    def _fixed(self) -> npt.NDArray[np.int32]:
        count = int(self._index.hot.counters[RECORDS])
        fixed = np.full(count, -1, np.int32)
        fixed[: self._first] = self._index.hot.record_cells[: self._first, RECORD_PERSON]
        return fixed

    def _cut_records(self) -> npt.NDArray[np.bool_]:
        """bool[N]: new records one of whose rows was not compared with all of a block."""
        hot = self._index.hot
        cut = np.zeros(int(hot.counters[RECORDS]) - self._first, np.bool_)
        rows = self._base + np.flatnonzero(self._load.cut)
        cut[hot.row_cells[rows, ROW_RECORD] - self._first] = True
        return cut

    # --- the whole -----------------------------------------------------------------------------------------------------

    def _timed(self, phase: str, steps: Iterator[A]) -> Iterator[A]:
        started = time.monotonic()
        yield from steps
        self.report.seconds[phase] = time.monotonic() - started

    def _sum_up(self, plan: Plan) -> None:
        report = self.report
        kinds, numbers = np.unique(plan.outcome, return_counts=True)
        report.outcomes = {Outcome(int(k)).name.lower(): int(n) for k, n in zip(kinds, numbers, strict=True)}
        counts = {reason: int(np.count_nonzero(plan.reasons >> int(reason) & 1)) for reason in DecisionReason}
        report.reasons = {reason.name.lower(): number for reason, number in counts.items() if number}
        report.persons, report.reviews = int(self._index.snapshot.persons), int(np.count_nonzero(plan.task))


def _all(futures: Iterable[Future[None]]) -> None:
    for future in list(futures):
        future.result()


def _ahead(items: Iterable[A], work: Callable[[A], B], threads: int) -> Iterator[tuple[A, B]]:
    """``work`` of each item, in order, by threads that are a little ahead."""
    waiting: list[tuple[A, Future[B]]] = []
    with ThreadPoolExecutor(threads, thread_name_prefix="bulk-read") as pool:
        for item in items:
            waiting.append((item, pool.submit(work, item)))
            if len(waiting) > threads:
                done, future = waiting.pop(0)
                yield done, future.result()
        for done, future in waiting:
            yield done, future.result()


def _distinct(found: Sequence[Edges], features: int) -> Edges:
    """Each pair once: records of several rows, and rows of large blocks, may meet more than once."""
    edges = Edges._make(np.concatenate(columns) for columns in zip(new_edges(0, features), *found, strict=True))
    pairs = edges.ends[:, 0].astype(np.int64) << 32 | edges.ends[:, 1].astype(np.int64)
    _, first = np.unique(pairs, return_index=True)
    return Edges._make(column[first] for column in edges)
