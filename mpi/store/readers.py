"""A bounded pool of cursors for reads, so that none runs on the writer's connection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import Empty, LifoQueue
from typing import Any

import duckdb

from mpi.errors import StoreError, Unavailable

Row = tuple[Any, ...]

WAIT_S = 10.0  # how long a read waits for a free cursor before it is refused


class Readers:
    """``size`` cursors of one database. A cursor is used by one thread at a time."""

    def __init__(self, database: duckdb.DuckDBPyConnection, *, size: int) -> None:
        self._free: LifoQueue[duckdb.DuckDBPyConnection] = LifoQueue()
        self._all = [database.cursor() for _ in range(size)]
        for cursor in self._all:
            self._free.put(cursor)

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor for one read. Raises Unavailable when none becomes free in time, StoreError when the read fails."""
        try:
            cursor = self._free.get(timeout=WAIT_S)
        except Empty:
            raise Unavailable("STORE_BUSY", "every reader of the store is busy") from None
        try:
            yield cursor
        except duckdb.Error as error:
            # DuckDB's text can quote a value, so neither it nor the cause travels on.
            raise StoreError(f"a read from the store failed ({type(error).__name__})") from None
        finally:
            self._free.put(cursor)

    def close(self) -> None:
        """Close every cursor; a read that is still running fails with StoreError."""
        for cursor in self._all:
            cursor.close()


def first_row(connection: duckdb.DuckDBPyConnection, statement: str, parameters: Sequence[object] = ()) -> Row | None:
    """The first row of a query of few rows, or None.

    Not by ``fetchone``, which leaves the result, and with it a transaction, open: beside one that is older than the last
    UPDATE no checkpoint is ever possible, and the write-ahead log grows without end.
    """
    rows = connection.execute(statement, parameters).fetchall()
    return rows[0] if rows else None
