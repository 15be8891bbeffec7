"""What passes between reading a file and mapping it: columns, rows of text, mapped rows, and what was wrong with a row.

A row number is what a person finds the row by: in a CSV file the line on which the row begins (the header is line 1), in a
Parquet file, which has no lines, the row counted from 1.
"""

from __future__ import annotations

import msgspec

from mpi.records import PatientRecord, Private


class Column(msgspec.Struct, frozen=True):
    """A column of a file. ``is_date``: its values are typed dates or times and arrive in ISO 8601 whatever the formats.

    ``unreadable`` names a type that cannot be read as text (a list, a struct); "" for all others.
    """

    name: str
    is_date: bool = False
    unreadable: str = ""


class Row(Private, frozen=True):
    """``cells``: trimmed text by the order of the columns asked for; "" is missing."""

    number: int
    cells: tuple[str, ...]


class MappedRow(Private, frozen=True):
    row: int
    record: PatientRecord


class RowProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a row was not taken. Holds no value of the row. ``field`` is a path in ``PatientRecord``, "" for the whole row."""

    row: int
    field: str = ""
    column: str = ""
    problem: str
