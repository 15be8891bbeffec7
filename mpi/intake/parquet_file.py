"""Parquet, read in batches by pyarrow; only the columns asked for.

Values become the text a CSV would hold: whole numbers without a decimal point (pandas turns whole numbers with gaps into
floats), dates and times in ISO 8601, true and false. Text is checked for UTF-8 here, since the reader does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mpi.errors import InputError
from mpi.intake.blocks import BLOCK_ROWS, RowBlock, blocks_of_rows
from mpi.intake.csv_file import MAX_CELL_CHARACTERS, TOO_LONG
from mpi.intake.rows import Column, Row, RowProblem

BATCH_ROWS = 10_000


class ParquetTable:
    """An open Parquet file. Raises InputError naming the file where it is none, or is cut short."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = pq.ParquetFile(path)
        except (pa.ArrowException, OSError) as error:
            raise InputError(str(path), f"is no complete Parquet file ({_first_sentence(error)})") from None
        self._total: int = max(1, self._file.metadata.num_rows)
        self._read = 0

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(
            Column(field.name, is_date=pa.types.is_temporal(field.type), unreadable=unreadable(field.type))
            for field in self._file.schema_arrow
        )

    @property
    def fraction_read(self) -> float:
        return min(1.0, self._read / self._total)

    def close(self) -> None:
        self._file.close()

    def blocks(self, columns: Sequence[str]) -> Iterator[RowBlock]:
        """As ``Table.blocks``. Raises InputError as ``rows`` does."""
        for first, batch in self._batches(columns, BLOCK_ROWS):
            yield block_of(first, list(columns), [batch.column(name) for name in columns], batch.num_rows)
            self._read = first + batch.num_rows - 1

    def _batches(self, columns: Sequence[str], size: int) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Batches with the number of their first row."""
        number = 1
        batches = self._file.iter_batches(batch_size=size, columns=list(dict.fromkeys(columns)), use_threads=False)
        while True:
            try:
                batch = next(batches, None)
            except (pa.ArrowException, OSError) as error:
                raise self._damaged(number, error) from None
            if batch is None:
                return
            yield number, batch
            number += batch.num_rows

    def _damaged(self, number: int, error: Exception) -> InputError:
        problem = f"row {number} or after: the file is damaged or cut short ({_first_sentence(error)})"
        return InputError(str(self._path), problem)

    def rows(self, columns: Sequence[str], *, after_row: int = 0) -> Iterator[Row | RowProblem]:
        """As ``Table.rows``. Raises InputError naming the file and the last row read where its data is damaged."""
        number = 0
        batches = self._file.iter_batches(batch_size=BATCH_ROWS, columns=list(columns), use_threads=False)
        while True:
            try:
                batch = next(batches, None)
                texts = [] if batch is None else [_texts(batch.column(name)) for name in columns]
            except (pa.ArrowException, OSError) as error:
                raise self._damaged(number + 1, error) from None
            if batch is None:
                return
            clean = all(_is_clean(column) for column in texts)
            if clean:  # nearly always: nothing has to be looked at cell by cell
                texts = [[cell.strip() for cell in column] for column in texts]
            for cells in zip(*texts, strict=True) if texts else [()] * batch.num_rows:
                number += 1
                self._read = number
                if number > after_row:
                    yield Row(number=number, cells=cells) if clean else _row(number, columns, cells)


def block_of(first: int, names: Sequence[str], columns: Sequence[pa.Array], count: int) -> RowBlock:
    """Rows whose numbers begin at ``first``, from columns of any readable type."""
    texts = [_text_array(column) for column in columns]
    if all(text is not None for text in texts):
        return RowBlock(np.arange(first, first + count), [text for text in texts if text is not None], [])
    cells = [_texts(column) for column in columns]
    rows = [_row(first + place, names, line) for place, line in enumerate(zip(*cells, strict=True))]
    return next(blocks_of_rows(rows, len(names), count))


def _text_array(column: pa.Array) -> pa.Array | None:
    """The column as trimmed text without nulls; None where a cell needs a look of its own."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        column = column.cast(pa.string())
    elif not pa.types.is_string(kind):
        return _converted_array(column)
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:  # not UTF-8 somewhere
        return None
    text = pc.utf8_trim_whitespace(column)
    longest = pc.max(pc.utf8_length(text)).as_py()
    return None if longest is not None and longest > MAX_CELL_CHARACTERS else pc.fill_null(text, "")


def _converted_array(column: pa.Array) -> pa.Array | None:
    """Numbers, dates and the like: each distinct value converted once."""
    if pa.types.is_integer(column.type):
        return pc.fill_null(pc.cast(column, pa.string()), "")
    encoded = column.dictionary_encode()
    texts = _texts(encoded.dictionary)
    if not _is_clean(texts):
        return None
    return pc.fill_null(pa.array([text.strip() for text in texts], pa.string()).take(encoded.indices), "")


def _is_clean(column: list[str | bytes]) -> bool:
    """Whether every cell is a text of a length that is taken."""
    return bytes not in set(map(type, column)) and max(map(len, column), default=0) <= MAX_CELL_CHARACTERS


def _row(number: int, columns: Sequence[str], cells: Sequence[str | bytes]) -> Row | RowProblem:
    made = []
    for name, cell in zip(columns, cells, strict=True):
        if isinstance(cell, bytes):
            return RowProblem(row=number, column=name, problem="is not valid utf-8")
        if len(cell) > MAX_CELL_CHARACTERS:
            return RowProblem(row=number, column=name, problem=TOO_LONG)
        made.append(cell.strip())
    return Row(number=number, cells=tuple(made))


def _texts(column: pa.Array) -> list[str | bytes]:
    """The column as text, "" for null; a text that is not UTF-8 stays bytes."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return [_utf8(value) for value in column.cast(pa.large_binary()).to_pylist()]
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return [_utf8(value) for value in column.to_pylist()]
    if pa.types.is_floating(kind):
        return [_number(value) for value in column.to_pylist()]
    if pa.types.is_timestamp(kind):
        seconds = column.cast(pa.timestamp("s", kind.tz), safe=False).to_pylist()
        return ["" if value is None else value.isoformat() for value in seconds]
    if pa.types.is_null(kind):
        return [""] * len(column)
    return [value or "" for value in pc.cast(column, pa.string()).to_pylist()]


def _utf8(value: bytes | None) -> str | bytes:
    if value is None:
        return ""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def _number(value: float | None) -> str:
    if value is None or value != value:  # NaN is how pandas writes a gap
        return ""
    return str(int(value)) if abs(value) < 2**53 and value == int(value) else repr(value)


def unreadable(kind: pa.DataType) -> str:
    """The type of a column whose values are no text, number or date; "" for all others."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    odd = pa.types.is_nested(kind) or pa.types.is_duration(kind) or pa.types.is_interval(kind)
    return str(kind) if odd else ""


def _first_sentence(error: Exception) -> str:
    """The first line of a reader's message: it speaks of bytes and pages, never of values."""
    return str(error).splitlines()[0][:160] if str(error) else type(error).__name__
