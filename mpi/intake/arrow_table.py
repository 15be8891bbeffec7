"""Rows that arrive as Arrow batches, from wherever: the answer of a query as a table like a file's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa

from mpi.intake.blocks import BLOCK_ROWS, RowBlock
from mpi.intake.parquet_file import block_of, unreadable
from mpi.intake.rows import Column, Row, RowProblem


class ArrowTable:
    """``batches`` gives the rows so many at a time, from the first on. Rows are counted from 1."""

    def __init__(self, schema: pa.Schema, batches: Callable[[int], Iterator[pa.RecordBatch]]) -> None:
        self._schema, self._batches = schema, batches
        self.fraction_read = 0.0  # nobody knows how many there are

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(
            Column(field.name, is_date=pa.types.is_temporal(field.type), unreadable=unreadable(field.type))
            for field in self._schema
        )

    def blocks(self, columns: Sequence[str]) -> Iterator[RowBlock]:
        """As ``Table.blocks``."""
        first = 1
        for batch in self._batches(BLOCK_ROWS):
            yield block_of(first, list(columns), [batch.column(name) for name in columns], batch.num_rows)
            first += batch.num_rows
        self.fraction_read = 1.0

    def rows(self, columns: Sequence[str], *, after_row: int = 0) -> Iterator[Row | RowProblem]:
        """As ``Table.rows``."""
        for block in self.blocks(columns):
            found: list[Row | RowProblem] = [*block.rows(range(len(block.numbers))), *block.problems]
            found.sort(key=lambda row: row.number if isinstance(row, Row) else row.row)
            yield from (row for row in found if (row.number if isinstance(row, Row) else row.row) > after_row)
