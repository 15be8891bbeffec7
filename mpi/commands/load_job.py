"""One file on its way into one index: from the last settled row on, with progress saved as it goes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from mpi.client import IndexClient
from mpi.commands import progress_file
from mpi.commands.console import err
from mpi.commands.loading import Settled, Tally, load
from mpi.commands.progress_file import ProgressFile, RejectedFile, fingerprint
from mpi.intake import BoundMap, FieldMap, RowProblem, Table
from mpi.registry.bulk_report import BulkReport

SAVE_EVERY_S = 0.5


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a load came to.

    ``tally`` is of all runs of this load; ``left_out`` (cells that the map told to leave out, by key), ``seconds`` and
    ``rows_this_run`` are of the last. ``resumed_after_row`` is 0 where the file was read from its start.
    """

    file: str
    tally: Tally
    left_out: dict[str, int]
    seconds: float
    rows_this_run: int
    resumed_after_row: int
    rejected_file: str
    bulk: BulkReport | None = None  # of a file that was loaded at once


class LoadJob:
    """``folder`` holds the progress file and the list of rejected rows."""

    def __init__(self, file: Path, field_map: FieldMap, *, folder: Path) -> None:
        self._file = file
        self._progress_file = ProgressFile(folder / f"{file.name}.progress.json")
        self._rejected_path = folder / f"{file.name}.rejected.csv"
        digest = hashlib.sha256(msgspec.json.encode(field_map)).hexdigest()[:32]
        self._state = progress_file.Progress(file=fingerprint(file), map=digest, index="")

    def run(self, client: IndexClient, table: Table, bound: BoundMap, *, restart: bool, in_flight: int) -> Report:
        """Send the rows that are left. Raises what ``loading.load`` raises, with the progress saved."""
        index = client.service_info().index_id  # asked first: where no server is, nothing is written either
        self._state = msgspec.structs.replace(self._state, index=index)
        if not restart:
            self._resume()
        resumed_after, rows_before = self._state.row, self._state.tally.rows
        started = time.monotonic()
        rows = bound.rows(table.rows([column.name for column in bound.columns], after_row=resumed_after))
        with closing(RejectedFile(self._rejected_path, after_row=resumed_after)) as rejected, _progress_bar() as bar:
            task = bar.add_task("", total=1.0, rows=0)
            for settled in self._saved(load(client, rows, in_flight=in_flight)):
                rejected.add(self._settle(settled, bound))
                bar.update(task, completed=table.fraction_read, rows=self._state.tally.rows)
        tally = self._state.tally
        return Report(
            file=str(self._file),
            tally=tally,
            left_out=dict(bound.left_out),
            seconds=time.monotonic() - started,
            rows_this_run=tally.rows - rows_before,
            resumed_after_row=resumed_after,
            rejected_file=str(self._rejected_path) if tally.rejected else "",
        )

    def _resume(self) -> None:
        """Go on where an earlier run of this very load was cut off; say so, or why not."""
        left = self._progress_file.read()
        if left is None:
            return
        if (left.file, left.map, left.index) == (self._state.file, self._state.map, self._state.index):
            self._state = left
            err().print(f"resuming after row {left.row:,} (--restart begins anew)", style="yellow")
            return
        changed = [what for what in ("file", "map", "index") if getattr(left, what) != getattr(self._state, what)]
        err().print(f"starting anew: an earlier load was cut off, but with another {' and '.join(changed)}", style="yellow")

    def _saved(self, settled: Iterator[Settled]) -> Iterator[Settled]:
        """The same batches; the progress is saved between them, and when something goes wrong."""
        saved_at = time.monotonic()
        try:
            for batch in settled:
                yield batch
                if time.monotonic() - saved_at > SAVE_EVERY_S:
                    self._progress_file.write(self._state)
                    saved_at = time.monotonic()
        except BaseException:
            self._progress_file.write(self._state)
            raise
        self._progress_file.remove()

    def _settle(self, settled: Settled, bound: BoundMap) -> list[RowProblem]:
        """Count a batch; its rejected rows, each with its column."""
        problems = []
        for answer in settled.answers:
            if isinstance(answer, RowProblem):
                column = answer.column or bound.column_of(answer.field)
                problems.append(msgspec.structs.replace(answer, column=column))
            self._state.tally.add(answer)
        self._state = msgspec.structs.replace(self._state, row=settled.last_row)
        return problems


@contextmanager
def _progress_bar() -> Iterator[Progress]:
    """A bar on stderr; nothing where stderr is no terminal."""
    console = err()
    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rows]:,} rows"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield bar
