"""Files of records in: MAP.toml + CSV or Parquet → ``PatientRecord``, row by row, each with its row number.

``read_records`` is the whole room in one call; ``load_map``, ``open_table`` and ``bind`` are its steps; ``propose_map``
writes a first MAP.toml from a file's header and a sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mpi.intake.arrow_table import ArrowTable
from mpi.intake.binding import BoundMap, bind
from mpi.intake.blocks import RowBlock
from mpi.intake.files import Table, open_table
from mpi.intake.mapping import FieldMap, load_map, parse_map
from mpi.intake.propose import propose_map
from mpi.intake.rows import Column, MappedRow, Row, RowProblem

__all__ = [
    "ArrowTable",
    "BoundMap",
    "Column",
    "FieldMap",
    "MappedRow",
    "Row",
    "RowBlock",
    "RowProblem",
    "Table",
    "bind",
    "load_map",
    "open_table",
    "parse_map",
    "propose_map",
    "read_records",
]


def read_records(file: Path, field_map: FieldMap | Path, *, after_row: int = 0) -> Iterator[MappedRow | RowProblem]:
    """Every row of a file after ``after_row``: a record, or what was wrong with the row.

    Raises ConfigError (the map, or a column that is not there) and InputError (the file as a whole), both naming the file.
    """
    mapping = load_map(field_map) if isinstance(field_map, Path) else field_map
    with open_table(file, mapping.file) as table:
        bound = bind(mapping, table.columns)
        yield from bound.rows(table.rows([column.name for column in bound.columns], after_row=after_row))
