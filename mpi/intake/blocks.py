"""Rows many at a time, by column: what a file of millions is read as.

Cells are text in Arrow arrays, trimmed and without nulls ("" is missing), as ``rows`` gives them one by one. A map's readers
are applied to the distinct values of a column where they do more than take the text as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mpi.intake.rows import Row, RowProblem

BLOCK_ROWS = 20_000


class RowBlock(NamedTuple):
    """N rows whose cells can be read.

    numbers   int64[N]              row numbers, ascending
    columns   pa.StringArray each   by the order of the columns asked for
    problems  rows among them that could not be read
    """

    numbers: npt.NDArray[np.int64]
    columns: list[pa.Array]
    problems: list[RowProblem]

    def __repr__(self) -> str:
        return f"RowBlock({len(self.numbers)} rows)"

    def rows(self, places: Sequence[int]) -> list[Row]:
        """Some of the rows by themselves."""
        chosen = pa.array(places, pa.int64())
        cells = [column.take(chosen).to_pylist() for column in self.columns]
        numbers = self.numbers[np.asarray(places, np.int64)].tolist()
        return [
            Row(number=number, cells=tuple(row)) for number, row in zip(numbers, _lines(cells, len(numbers)), strict=True)
        ]


def _lines(cells: list[list[str]], count: int) -> Iterable[tuple[str, ...]]:
    return zip(*cells, strict=True) if cells else [()] * count


def blocks_of_rows(rows: Iterable[Row | RowProblem], columns: int, size: int = BLOCK_ROWS) -> Iterator[RowBlock]:
    """Rows of ``columns`` cells gathered into blocks of ``size`` rows, those that could not be read included."""
    held: list[Row] = []
    problems: list[RowProblem] = []
    for row in rows:
        if isinstance(row, RowProblem):
            problems.append(row)
        else:
            held.append(row)
        if len(held) + len(problems) == size:
            yield _block(held, problems, columns)
            held, problems = [], []
    if held or problems:
        yield _block(held, problems, columns)


def _block(rows: list[Row], problems: list[RowProblem], columns: int) -> RowBlock:
    cells = list(zip(*(row.cells for row in rows), strict=True)) if rows else [()] * columns
    numbers = np.array([row.number for row in rows], np.int64)
    return RowBlock(numbers, [pa.array(column, pa.string()) for column in cells], problems)


class CellReader(NamedTuple):
    """How one key of a map is read.

    places  the cells it looks at, by their order in a row; none for a constant
    nulls   texts that mean nothing, where the text is else taken as it stands; None where ``read`` does more
    read    the cells of a row → text or number; raises where they cannot be used
    """

    places: tuple[int, ...]
    nulls: frozenset[str] | None
    read: Callable[[Sequence[str]], Any]


class KeyColumn(NamedTuple):
    """What a key is in each of N rows.

    values  pa.StringArray, or int64[N] for words that are numbers
    faults  bool[N]  rows in which the cell cannot be used; None where there is none
    """

    values: pa.Array | npt.NDArray[np.int64]
    faults: npt.NDArray[np.bool_] | None


def key_column(reader: CellReader, block: RowBlock, fault: type[Exception], left_out: Callable[[int], None]) -> KeyColumn:
    """Apply a reader to a block: once for each distinct value.

    ``fault`` is what it raises for cells it cannot use. ``left_out`` is told after each value how many more rows have it, so
    that whoever counts what readers leave out counts rows.
    """
    if reader.nulls is not None:
        column = block.columns[reader.places[0]]
        unknown = pc.is_in(column, pa.array(sorted(reader.nulls), pa.string())) if reader.nulls else None
        if unknown is None or not pc.any(unknown).as_py():
            return KeyColumn(column, None)
        return KeyColumn(pc.if_else(unknown, "", column), None)
    count, width = len(block.numbers), len(block.columns)
    lines, indices, numbers = _distinct([block.columns[place] for place in reader.places], count)
    made: list[Any] = []
    bad = np.zeros(len(lines), np.bool_)
    cells = [""] * width
    for n, line in enumerate(lines):
        for place, text in zip(reader.places, line, strict=True):
            cells[place] = text
        try:
            made.append(reader.read(cells))
        except fault:
            bad[n] = True
            made.append(None)
        left_out(int(numbers[n]) - 1)
    faults = bad[indices] if bad.any() else None
    if any(isinstance(value, int) for value in made):
        return KeyColumn(np.array([value or 0 for value in made], np.int64)[indices], faults)
    return KeyColumn(pa.array([value or "" for value in made], pa.string()).take(pa.array(indices)), faults)


def _distinct(
    columns: list[pa.Array], count: int
) -> tuple[list[tuple[str, ...]], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(distinct combinations, which of them each row has, how many rows have each)."""
    lines: list[tuple[str, ...]] = [()]
    indices = np.zeros(count, np.int64)
    if len(columns) == 1:
        encoded = columns[0].dictionary_encode()
        lines, indices = [(text,) for text in encoded.dictionary.to_pylist()], encoded.indices.to_numpy().astype(np.int64)
    elif columns:
        known: dict[tuple[str, ...], int] = {}
        rows = zip(*(column.to_pylist() for column in columns), strict=True)
        indices = np.array([known.setdefault(row, len(known)) for row in rows], np.int64)
        lines = list(known)
    return lines, indices, np.bincount(indices, minlength=len(lines)).astype(np.int64)
