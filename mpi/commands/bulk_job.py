"""A file into a data directory that no server has open: all of it at once, and then row by row what was left.

May be cut off at any time. Before anything is stored nothing is left behind; afterwards the next run takes what is stored for
what it is, known already, and loads the rest.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

import msgspec
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from mpi.commands.console import err
from mpi.commands.load_job import Report
from mpi.commands.loading import BATCH_RECORDS, Tally
from mpi.commands.progress_file import RejectedFile
from mpi.config import Config, load_config
from mpi.errors import Conflict, InputError, MpiError, NotFound
from mpi.intake import BoundMap, MappedRow, RowProblem, Table
from mpi.registry.bulk_report import BulkReport
from mpi.registry.registry import Registry
from mpi.service.opening import open_registry

PHASES = {"read": "reading", "compare": "comparing", "store": "storing", "rest": "one by one"}
SHARE = {"read": (0.0, 0.5), "compare": (0.5, 0.75), "store": (0.75, 1.0), "rest": (1.0, 1.0)}  # of the bar
_ROW_FAULTS = (InputError, Conflict, NotFound)


class BulkJob:
    """One file on its way into ``data``; ``folder`` takes the list of rejected rows."""

    def __init__(self, file: Path, data: Path, *, folder: Path) -> None:
        self._file, self._data = file, data
        self._rejected_path = folder / f"{file.name}.rejected.csv"
        self._tally = Tally()

    def run(self, table: Table, bound: BoundMap) -> Report:
        """Load every row. Raises ConfigError, ModelError, StoreError and Unavailable; what was stored by then stays."""
        started = time.monotonic()
        config = load_config(overrides={"data_dir": str(self._data)})
        registry = open_registry(config).registry
        try:
            registry.prepare()
            with closing(RejectedFile(self._rejected_path, after_row=0)) as rejected, _bar(table) as advance:
                bulk = self._load(registry, table, bound, rejected, advance, config)
        finally:
            registry.close()
        return Report(
            file=str(self._file),
            tally=self._tally,
            left_out=dict(bound.left_out),
            seconds=time.monotonic() - started,
            rows_this_run=self._tally.rows,
            resumed_after_row=0,
            rejected_file=str(self._rejected_path) if self._tally.rejected else "",
            bulk=bulk,
        )

    def _load(
        self,
        registry: Registry,
        table: Table,
        bound: BoundMap,
        rejected: RejectedFile,
        advance: Callable[[str, float, int], None],
        config: Config,
    ) -> BulkReport:
        names = [column.name for column in bound.columns]
        left: list[MappedRow] = []
        report = BulkReport()
        blocks, threads = table.blocks(names), config.load_threads or len(os.sched_getaffinity(0))
        for item in registry.load(blocks, bound, advance, threads=threads, sources=config.sources):
            if isinstance(item, BulkReport):
                report = item
            elif isinstance(item, RowProblem):
                self._reject([item], bound, rejected)
            else:
                left.append(item)
        self._count(report)
        advance("rest", 0.0, len(left))
        rows = iter(left)
        while batch := list(islice(rows, BATCH_RECORDS)):
            self._resolve(registry, batch, bound, rejected)
        return report

    def _count(self, report: BulkReport) -> None:
        for outcome, number in [*report.outcomes.items(), ("unchanged", report.unchanged)]:
            if number:
                self._tally.outcomes[outcome] = self._tally.outcomes.get(outcome, 0) + number
        self._tally.rows += report.records + report.unchanged
        self._tally.review_tasks += report.reviews
        self._tally.reasons.update(report.reasons)

    def _resolve(self, registry: Registry, batch: list[MappedRow], bound: BoundMap, rejected: RejectedFile) -> None:
        """Rows that change what is known, one after the other. Raises an error that is no fault of a row."""
        futures = registry.resolve_many([mapped.record for mapped in batch])
        for mapped, future in zip(batch, futures, strict=True):
            try:
                self._tally.add(future.result())
            except _ROW_FAULTS as error:
                field = error.field if isinstance(error, InputError) else ""
                self._reject([RowProblem(row=mapped.row, field=field, problem=_problem(error))], bound, rejected)

    def _reject(self, problems: list[RowProblem], bound: BoundMap, rejected: RejectedFile) -> None:
        named = [msgspec.structs.replace(p, column=p.column or bound.column_of(p.field)) for p in problems]
        for problem in named:
            self._tally.add(problem)
        rejected.add(named)


def _problem(error: MpiError) -> str:
    return error.problem if isinstance(error, InputError) else str(error)


@contextmanager
def _bar(table: Table) -> Iterator[Callable[[str, float, int], None]]:
    """A bar on stderr: phase, rows or pairs so far, rate and time left. Nothing where stderr is no terminal."""
    console = err()
    columns = (
        TextColumn("{task.description:>10}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[count]:,} {task.fields[what]}, {task.fields[rate]:,.0f} a second"),
        TimeRemainingColumn(),
    )
    started = dict.fromkeys(PHASES, 0.0)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(PHASES["read"], total=1.0, count=0, what="rows", rate=0.0)

        def advance(phase: str, fraction: float, count: int) -> None:
            begun = started[phase] = started[phase] or time.monotonic()
            done = table.fraction_read if phase == "read" else fraction
            first, last = SHARE[phase]
            bar.update(
                task,
                description=PHASES[phase],
                completed=first + (last - first) * done,
                count=count,
                what="pairs" if phase == "compare" else "rows",
                rate=count / max(time.monotonic() - begun, 1e-3),
            )

        yield advance
