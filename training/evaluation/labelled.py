"""Records whose persons are known: a file, its map, and the columns that hold the truth and the strata."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mpi import intake
from mpi.errors import InputError
from mpi.intake.mapping import load_map
from mpi.records import PatientRecord
from mpi.standardise import validate

STRATUM = "stratum_"  # columns that begin so are strata, as the lab's own populations write them
_YES = frozenset({"1", "true", "yes", "t", "y"})


class Labelled(NamedTuple):
    """N records in the order of the file, none of which the service would refuse.

    truth   int64[N]  number of the person; equal numbers are one person
    strata  name → bool[N]
    refused rows that were not mapped or not valid, or had no truth
    """

    records: list[PatientRecord]
    truth: npt.NDArray[np.int64]
    strata: dict[str, npt.NDArray[np.bool_]]
    refused: int


def read_labelled(file: Path, field_map: Path, truth: str, strata: Sequence[str] = ()) -> Labelled:
    """Read a file with its truth. Strata are ``strata`` and every column named ``stratum_…``; a stratum holds yes or no.

    Raises ConfigError (the map, or its columns) and InputError (the file, or a column of truth or strata that is not there).
    """
    mapping = load_map(field_map)
    with intake.open_table(file, mapping.file) as table:
        columns = [column.name for column in table.columns]
        wanted = [*strata, *(name for name in columns if name.startswith(STRATUM) and name not in strata)]
        for name in (truth, *wanted):
            if name not in columns:
                raise InputError(str(file), f"has no column '{name}'")
        cells = {row.number: row.cells for row in table.rows([truth, *wanted]) if not isinstance(row, intake.RowProblem)}
    records: list[PatientRecord] = []
    kept: list[tuple[str, ...]] = []
    refused = 0
    for row in intake.read_records(file, mapping):
        own = cells.get(row.row)
        if isinstance(row, intake.MappedRow) and own is not None and own[0] and is_valid(row.record):
            records.append(row.record)
            kept.append(own)
        else:
            refused += 1
    _, numbers = np.unique([own[0] for own in kept], return_inverse=True)
    flags = {
        name.removeprefix(STRATUM): np.array([own[place].casefold() in _YES for own in kept], np.bool_)
        for place, name in enumerate(wanted, start=1)
    }
    return Labelled(records, numbers.astype(np.int64), flags, refused)


def is_valid(record: PatientRecord) -> bool:
    """Whether the service would take the record."""
    try:
        validate(record)
    except InputError:
        return False
    return True
