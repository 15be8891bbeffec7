"""Files of records as one list, and the persons they belong to where a column says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mpi import intake
from mpi.errors import InputError, MpiError
from mpi.intake.mapping import FieldMap, load_map
from mpi.records import PatientRecord
from training.evaluation.labelled import is_valid


class Records(NamedTuple):
    """N records that the service would take, each key once, in the order of the files.

    truth    int64[N], equal numbers are one person; None where no column of truth was named
    refused  rows that were not mapped, not valid, without truth, or of a key that stood before
    """

    records: list[PatientRecord]
    truth: npt.NDArray[np.int64] | None
    refused: int


def read_files(files: Sequence[Path], maps: Sequence[Path], truth: str = "") -> Records:
    """Read all files, one map for all or one each. ``truth`` is the column with the person; "" where nobody knows.

    Raises MpiError (maps that do not fit the files), ConfigError (a map) and InputError (a file, or no such column).
    """
    if len(maps) not in (1, len(files)):
        raise MpiError(f"{len(maps)} maps for {len(files)} files: give one for all, or one for each")
    each = list(maps) * len(files) if len(maps) == 1 else list(maps)
    records: dict[tuple[str, str], PatientRecord] = {}
    persons: list[str] = []
    refused = 0
    for file, field_map in zip(files, each, strict=True):
        for record, person in _rows(file, load_map(field_map), truth):
            key = (record.source, record.local_id) if record is not None else ("", "")
            if record is None or key in records or (truth and not person) or not is_valid(record):
                refused += 1
                continue
            records[key] = record
            persons.append(person)
    numbers = np.unique(persons, return_inverse=True)[1].astype(np.int64) if truth else None
    return Records(list(records.values()), numbers, refused)


def _rows(file: Path, mapping: FieldMap, truth: str) -> Iterator[tuple[PatientRecord | None, str]]:
    """Every row: its record, None where it cannot be mapped, and the cell of truth."""
    persons = _cells(file, mapping, truth) if truth else {}
    for row in intake.read_records(file, mapping):
        yield (row.record if isinstance(row, intake.MappedRow) else None), persons.get(row.row, "")


def _cells(file: Path, mapping: FieldMap, column: str) -> dict[int, str]:
    """The cells of one column by row number."""
    with intake.open_table(file, mapping.file) as table:
        if column not in [each.name for each in table.columns]:
            raise InputError(str(file), f"has no column '{column}'")
        return {row.number: row.cells[0] for row in table.rows([column]) if not isinstance(row, intake.RowProblem)}
