"""Resuming: the files beside the input survive a crash at any moment and belong to one load only."""

import csv
import os
from pathlib import Path

import pytest

from mpi.commands.loading import Tally
from mpi.commands.progress_file import HEADER, Progress, ProgressFile, RejectedFile, fingerprint
from mpi.errors import InputError
from mpi.intake import RowProblem


def lines(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_a_fingerprint_tells_contents_apart(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(b"a" * 3_000_000)
    before = fingerprint(path)
    status = path.stat()
    assert fingerprint(path) == before
    path.write_bytes(b"b" + b"a" * 2_999_999)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert fingerprint(path) != before
    path.write_bytes(b"a" * 2_999_999 + b"b")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert fingerprint(path) != before


def test_progress_is_read_back_and_rubbish_is_no_progress(tmp_path: Path) -> None:
    file = ProgressFile(tmp_path / "f.progress.json")
    assert file.read() is None
    progress = Progress(file="f", map="m", index="i", row=7, tally=Tally(rows=5, outcomes={"new": 5}))
    file.write(progress)
    assert file.read() == progress
    (tmp_path / "f.progress.json").write_bytes(b'{"file":')
    assert file.read() is None
    file.remove()
    file.remove()
    assert list(tmp_path.iterdir()) == []


def test_rejected_rows_after_the_saved_row_are_written_once(tmp_path: Path) -> None:
    path = tmp_path / "f.rejected.csv"
    first = RejectedFile(path, after_row=0)
    assert not path.exists()
    first.add([RowProblem(row=n, field="f", column="c", problem='says "no", twice') for n in (2, 3, 9)])
    first.close()
    again = RejectedFile(path, after_row=5)
    again.add([RowProblem(row=9, problem="p")])
    again.close()
    assert [line[0] for line in lines(path)] == ["row", "2", "3", "9"]
    assert lines(path)[0] == list(HEADER)
    assert lines(path)[1] == ["2", "f", "c", 'says "no", twice']
    RejectedFile(path, after_row=0).close()
    assert not path.exists(), "a load from the start forgets what an earlier one rejected"


def test_a_folder_that_cannot_be_written_is_named_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="work-dir"):
        RejectedFile(tmp_path / "nowhere" / "f.rejected.csv", after_row=0)
