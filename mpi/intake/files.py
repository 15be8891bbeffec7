"""Tables on disk, CSV and Parquet, read row by row as text, with row numbers and without trust.

``open_table`` finds out the kind by content, not by name. What is wrong with a whole file is an ``InputError`` whose field is
the file; what is wrong with one row is a ``RowProblem`` in the stream, and the next rows go on.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from mpi.errors import InputError
from mpi.intake.blocks import RowBlock
from mpi.intake.csv_file import CsvTable
from mpi.intake.mapping import FileOptions
from mpi.intake.parquet_file import ParquetTable
from mpi.intake.rows import Column, Row, RowProblem


class Table(Protocol):
    """An open file of rows."""

    @property
    def columns(self) -> tuple[Column, ...]: ...

    @property
    def fraction_read(self) -> float:
        """How much of the file was read, 0 to 1; for a progress bar."""
        ...

    def rows(self, columns: Sequence[str], *, after_row: int = 0) -> Iterator[Row | RowProblem]:
        """The rows whose number is greater than ``after_row``, in order, with the cells of ``columns`` in that order."""
        ...

    def blocks(self, columns: Sequence[str]) -> Iterator[RowBlock]:
        """All rows, many at a time, by column: the same cells as ``rows`` gives."""
        ...


_FOREIGN = {
    b"PK\x03\x04": "an Excel workbook or ZIP archive; save the sheet as CSV (UTF-8)",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save the sheet as CSV (UTF-8)",
    b"\x1f\x8b": "compressed with gzip; unpack it first",
    b"\xff\xfe": "in UTF-16; save it as UTF-8",
    b"\xfe\xff": "in UTF-16; save it as UTF-8",
}


@contextmanager
def open_table(path: Path, options: FileOptions | None = None) -> Iterator[Table]:
    """Open a CSV or Parquet file. Raises InputError naming the file where it cannot be read as either."""
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise InputError(str(path), f"cannot be read ({os.strerror(error.errno or 0)})") from error
    for magic, problem in _FOREIGN.items():
        if start.startswith(magic):
            raise InputError(str(path), problem)
    if not start:
        raise InputError(str(path), "is empty")
    parquet = start == b"PAR1" or path.suffix.lower() in (".parquet", ".pq")
    table = ParquetTable(path) if parquet else CsvTable(path, options or FileOptions())
    try:
        yield table
    finally:
        table.close()
