"""Two small files beside an input file: how far its load came, and which rows were rejected.

``FILE.progress.json`` exists only while a load is unfinished. It names the file's and the map's content and the index, so
that a load resumes only where it is the same load. ``FILE.rejected.csv`` holds row number, field, column and problem, and no
value: such lists travel by mail, and the row number finds the row in the file that the hospital has anyway.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

import msgspec
import xxhash

from mpi.commands.loading import Tally
from mpi.errors import InputError
from mpi.intake import RowProblem

HEADER = ("row", "field", "column", "problem")
_ENDS = 1 << 20  # bytes hashed at either end of a file; with its size and time they tell one file from another


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """``file`` and ``map`` name contents, ``index`` is the ``index_id`` of the index.

    ``row`` is the last row of which everything is durable or in the list of rejected rows.
    """

    file: str
    map: str
    index: str
    row: int = 0
    tally: Tally = msgspec.field(default_factory=Tally)


def fingerprint(path: Path) -> str:
    """Names a file's content: size, time of the last change, and a hash of its two ends."""
    status = path.stat()
    digest = xxhash.xxh3_128()
    with path.open("rb") as file:
        digest.update(file.read(_ENDS))
        file.seek(max(0, status.st_size - _ENDS))
        digest.update(file.read(_ENDS))
    return f"{status.st_size}-{status.st_mtime_ns}-{digest.hexdigest()}"


class ProgressFile:
    """Reads and replaces ``FILE.progress.json``; a crash leaves the old one or the new one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Progress | None:
        """What an earlier load left; None where there is nothing that can be understood."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Progress)
        except (OSError, msgspec.DecodeError):
            return None

    def write(self, progress: Progress) -> None:
        aside = self._path.with_name(self._path.name + ".new")
        aside.write_bytes(msgspec.json.encode(progress))
        os.replace(aside, self._path)

    def remove(self) -> None:
        self._path.unlink(missing_ok=True)


class RejectedFile:
    """Appends to ``FILE.rejected.csv``, which exists only if a row was rejected.

    Rows later than ``after_row`` that an interrupted load wrote are dropped first: they will come again. Raises InputError
    where the folder cannot be written.
    """

    def __init__(self, path: Path, *, after_row: int) -> None:
        self.path = path
        kept = _rows_up_to(path, after_row) if after_row else []
        try:
            path.unlink(missing_ok=True)
            self._check_writable()
            self._file: TextIO | None = None
            self._write(kept)
        except OSError as error:
            problem = f"cannot be written ({error.strerror}); name a folder with --work-dir"
            raise InputError(str(path), problem) from error

    def _check_writable(self) -> None:
        if not os.access(self.path.parent, os.W_OK):
            raise PermissionError(13, "permission denied")

    def add(self, problems: Iterable[RowProblem]) -> None:
        self._write([(str(p.row), p.field, p.column, p.problem) for p in problems])

    def _write(self, lines: list[tuple[str, ...]]) -> None:
        if not lines:
            return
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8", newline="")
            csv.writer(self._file).writerow(HEADER)
        csv.writer(self._file).writerows(lines)
        self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _rows_up_to(path: Path, row: int) -> list[tuple[str, ...]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = [tuple(line) for line in csv.reader(file)][1:]
    except (OSError, csv.Error, UnicodeDecodeError):
        return []
    return [line for line in lines if len(line) == len(HEADER) and line[0].isdigit() and int(line[0]) <= row]
