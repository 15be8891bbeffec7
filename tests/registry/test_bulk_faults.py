"""Faults of a load: killed in every phase, the disk full. Nothing is stored twice or half, and it goes on."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from patients import LIMITS, resident_number
from small_model import MODEL, NO_FREQUENCIES

from mpi.registry.bulk_events import WAITING_FILE
from mpi.registry.registry import Registry

PROGRAM = Path(__file__).with_name("bulk_loading.py")
TESTS = PROGRAM.parents[1]
RECORDS, PERSONS = 1_000, 400
HEADER = ("source", "local_id", "family", "given", "birth_date", "sex", "number", "phone", "address")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records of persons who have a number, a telephone and an address of their own."""
    path = tmp_path_factory.mktemp("file") / "people.csv"
    with path.open("w", newline="") as out:
        table = csv.writer(out)
        table.writerow(HEADER)
        for n in range(RECORDS):
            who = n % PERSONS
            born = f"19{40 + who % 60}-{1 + who % 12:02}-{1 + who % 28:02}"
            number = resident_number(f"500103{born.replace('-', '')}{who % 1000:03}")
            address = f"渝中区人民路{who}号"
            table.writerow(("cqmu1", n, "欧阳", "修竹", born, "", number, f"135{who:08}", address))
    return path


def run(directory: Path, file: Path, *fault: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PROGRAM), str(directory), str(file), *fault]
    paths = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    return subprocess.run(
        command, capture_output=True, text=True, timeout=280, check=False, env=os.environ | {"PYTHONPATH": paths}
    )


def persons(directory: Path) -> dict[str, str]:
    """Master ID by local number, as an index that is started says."""
    registry = Registry.open(directory, MODEL, NO_FREQUENCIES, LIMITS)
    try:
        registry.start()
        count = registry.counts().records
        assert count == RECORDS
        return {str(n): registry.lookup_record("cqmu1", str(n)).master_id for n in range(count)}
    finally:
        registry.close()


def assert_right(directory: Path) -> None:
    """Each person once: the records of one are those whose numbers differ by a multiple of PERSONS."""
    found = persons(directory)
    assert len(set(found.values())) == PERSONS
    for local_id, who in found.items():
        assert who == found[str(int(local_id) % PERSONS)]


@pytest.mark.parametrize("phase", ["read", "compare", "store", "second"])
def test_a_load_that_is_killed_goes_on_where_it_was(tmp_path: Path, file: Path, phase: str) -> None:
    killed = run(tmp_path / "index", file, "--die", phase)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    done = run(tmp_path / "index", file)
    assert done.returncode == 0, done.stderr
    _, records, unchanged = done.stdout.split()
    stored = {"read": 0, "compare": 0}.get(phase)
    assert int(records) + int(unchanged) == RECORDS
    assert int(unchanged) == stored if stored is not None else 0 < int(unchanged) < RECORDS
    assert not (tmp_path / "index" / WAITING_FILE).exists()
    assert_right(tmp_path / "index")


@pytest.mark.parametrize("limit", [20_000, 600_000])
def test_a_full_disk_is_said_and_leaves_a_whole_index(tmp_path: Path, file: Path, limit: int) -> None:
    """While rows wait to be decided, and in a transaction."""
    full = run(tmp_path / "index", file, "--file-limit", str(limit))
    assert full.stdout.startswith("failed STORE"), full.stdout + full.stderr
    done = run(tmp_path / "index", file)
    assert done.returncode == 0, done.stderr
    assert_right(tmp_path / "index")
