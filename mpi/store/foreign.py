"""Rows of another DuckDB database, by a query: what ``mpi load FILE.duckdb --query`` reads. Opens no other file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from mpi.errors import InputError

# Nothing is installed, loaded or read from elsewhere on behalf of a query.
_OPTIONS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
    "enable_external_access": False,
}


class ForeignQuery:
    """One query's rows, in the order in which the database gives them; write ORDER BY where that should be certain.

    Raises InputError naming the file or the query where either cannot be used.
    """

    def __init__(self, path: Path, query: str) -> None:
        self._path, self._query = path, query
        try:
            self._database = duckdb.connect(str(path), read_only=True, config=_OPTIONS)
        except (duckdb.Error, UnicodeDecodeError):
            raise InputError(str(path), "cannot be opened as a DuckDB database, or another process has it open") from None
        try:
            self._rows = self._database.execute(query)
            self.schema: pa.Schema = self._rows.to_arrow_reader(1).schema
            self._rows = self._database.execute(query)
        except duckdb.Error as error:
            self.close()
            raise InputError("query", f"cannot be run ({type(error).__name__})") from None

    def batches(self, size: int) -> Iterator[pa.RecordBatch]:
        """The rows, ``size`` at a time. Raises InputError where the database fails on the way."""
        try:
            yield from self._rows.to_arrow_reader(size)
        except (duckdb.Error, pa.ArrowException) as error:
            raise InputError("query", f"failed while its rows were read ({type(error).__name__})") from None

    def close(self) -> None:
        self._database.close()
