"""Snapshots that cannot be believed are left aside, and the journal is replayed: the index is right in every case."""

from __future__ import annotations

import logging
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from index_state import assert_alike, state_of
from patients import patient
from small_model import MODEL, NO_FREQUENCIES

from mpi.linkage.hotindex import HotIndex
from mpi.linkage.model import Model
from mpi.registry import snapshot, snapshot_file, writer
from mpi.registry.registry import Limits, Registry
from mpi.registry.snapshot import SNAPSHOT_FILE, parts_of, write_snapshot
from mpi.registry.snapshot_file import DamagedSnapshot, Part, read_arrays, read_footer, write_file

LIMITS = Limits(catchment=1000, capacity_rows=20_000, snapshot_events=1)
READ_ONLY = msgspec.structs.replace(LIMITS, snapshot_events=1 << 60)  # reads snapshots and writes none
OFF = msgspec.structs.replace(LIMITS, snapshot_events=0)
KILLED = Path(__file__).parent / "killed_writing.py"


def opened(directory: Path, limits: Limits, model: Model = MODEL) -> Registry:
    registry = Registry.open(directory, model, NO_FREQUENCIES, limits)
    registry.start()
    return registry


def fill(registry: Registry, first: int, count: int) -> None:
    records = [patient(str(n), birth_date=f"1980-0{n % 9 + 1}-{n % 28 + 1:02d}") for n in range(first, first + count)]
    for future in registry.resolve_many(records):
        future.result()


def refused(directory: Path, caplog: pytest.LogCaptureFixture, reason: str, model: Model = MODEL) -> None:
    """The snapshot is not believed for this reason, and the index is what the journal alone makes of it."""
    caplog.clear()
    found = opened(directory, READ_ONLY, model)
    found._writer.stop()
    found._store.close()
    said = [record.getMessage() for record in caplog.records if "left aside" in record.getMessage()]
    assert len(said) == 1
    assert reason in said[0]
    alone = opened(directory, OFF, model)
    assert_alike(found, alone)
    alone.close()


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Files of these tests are small, and have many chunks all the same."""
    monkeypatch.setattr(snapshot_file, "CHUNK_BYTES", 4096)
    caplog.set_level(logging.INFO)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index with 150 records and its snapshot. Tests copy it."""
    directory = tmp_path_factory.mktemp("made") / "index"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(snapshot_file, "CHUNK_BYTES", 4096)
        _make(directory)
    return directory


def _make(directory: Path) -> None:
    registry = opened(directory, LIMITS)
    fill(registry, 0, 150)
    registry.close()
    assert (directory / SNAPSHOT_FILE).exists()


@pytest.fixture
def index(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "index"))


def test_a_whole_one_is_believed(index: Path, caplog: pytest.LogCaptureFixture) -> None:
    found = opened(index, READ_ONLY)
    assert found._snapshots._last == 150
    assert "left aside" not in caplog.text
    found.close()


@pytest.mark.parametrize("left", [0.0, 0.1, 0.5, 0.999, 1.0])
def test_one_that_was_cut_short(index: Path, caplog: pytest.LogCaptureFixture, left: float) -> None:
    path = index / SNAPSHOT_FILE
    os.truncate(path, min(int(path.stat().st_size * left), path.stat().st_size - 1))
    refused(index, caplog, "")


def test_one_bit_flipped_anywhere(index: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Each flip is found, and what was read before it was found leaves no trace."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    path = index / SNAPSHOT_FILE
    whole = path.read_bytes()
    footer = read_footer(path)
    last = footer.arrays[-1]
    end = len(whole) - 24
    places = [rng.randrange(len(whole)) for _ in range(20)] + [last.offset, end - 5, end + 2, end + 10, len(whole) - 1]
    replayed = opened(index, OFF)
    replayed._writer.stop()
    expected = state_of(replayed._index)
    for place in places:
        broken = bytearray(whole)
        broken[place] ^= 1 << rng.randrange(8)
        path.write_bytes(bytes(broken))
        caplog.clear()
        fresh = Registry(replayed._store, MODEL, NO_FREQUENCIES, READ_ONLY)
        before = state_of(fresh._index)
        assert fresh._snapshots.read(fresh.progress) is None, f"bit at {place} of {len(whole)}"
        assert "left aside" in caplog.text
        assert state_of(fresh._index) == before, f"bit at {place} left something behind"
        assert not fresh._index.hot.rows[:200].any()
    path.write_bytes(whole)
    fresh = Registry(replayed._store, MODEL, NO_FREQUENCIES, READ_ONLY)
    assert fresh._snapshots.read(fresh.progress) is not None
    assert {name for name, value in state_of(fresh._index).items() if value != expected[name]} <= {"asked"}
    replayed._store.close()


def test_one_of_another_index(index: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    other = opened(tmp_path / "other", OFF)
    fill(other, 0, 200)
    other.close()
    shutil.copy(index / SNAPSHOT_FILE, tmp_path / "other")
    refused(tmp_path / "other", caplog, "another index")


def test_one_that_is_newer_than_a_journal_from_a_backup(
    index: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    backup = shutil.copytree(index, tmp_path / "backup")
    later = opened(index, LIMITS)
    fill(later, 1000, 100)
    later.close()
    shutil.copy(index / SNAPSHOT_FILE, backup)
    refused(backup, caplog, "newer than the journal")


def test_one_of_a_history_that_a_backup_has_replaced(index: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The restored journal went on and is by now as long as the snapshot, with other people in it."""
    backup = shutil.copytree(index, tmp_path / "backup")
    later = opened(index, LIMITS)
    fill(later, 1000, 100)
    later.close()
    shutil.copy(index / SNAPSHOT_FILE, backup)
    restored = opened(backup, OFF)
    fill(restored, 2000, 180)
    restored.close()
    refused(backup, caplog, "another history")


def test_one_of_another_model(index: Path, caplog: pytest.LogCaptureFixture) -> None:
    rules = msgspec.structs.replace(MODEL, rules=MODEL.rules[1:], hash="ba9876543210")
    refused(index, caplog, "another model", rules)


def test_one_of_another_version_of_the_program(
    index: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "layout", lambda: "other")
    refused(index, caplog, "another version")


def test_one_that_has_no_room_in_memory(index: Path) -> None:
    small = opened(index, msgspec.structs.replace(READ_ONLY, capacity_rows=160))
    assert small.counts().records == 150
    small.close()
    with pytest.raises(DamagedSnapshot, match="does not fit"):
        read_arrays(
            index / SNAPSHOT_FILE,
            read_footer(index / SNAPSHOT_FILE),
            {part.name: part.array[:100] for part in parts_of(small._index)},
            lambda _: None,
        )


@pytest.mark.parametrize("chunks", [0, 1, 7, 40])
def test_kill_9_while_one_is_written(index: Path, caplog: pytest.LogCaptureFixture, chunks: int) -> None:
    """The one before is still there, and is believed; what was begun is removed at the next start."""
    more = opened(index, OFF)
    fill(more, 3000, 20)
    more.close()
    before = (index / SNAPSHOT_FILE).read_bytes()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(KILLED.parent.parent), *sys.path])}
    command = [sys.executable, str(KILLED), str(index), str(chunks)]
    done = subprocess.run(command, stdout=subprocess.PIPE, env=environment, timeout=200, check=False)
    assert done.stdout == b"killed\n"
    assert done.returncode == -9
    assert (index / SNAPSHOT_FILE).read_bytes() == before
    found = opened(index, READ_ONLY)
    assert found._snapshots._last == 150
    assert "left aside" not in caplog.text
    assert not list(index.glob("*.new"))
    found._writer.stop()
    found._store.close()
    alone = opened(index, OFF)
    assert_alike(found, alone)
    alone.close()


def test_writing_stops_for_a_write_and_leaves_the_one_before(index: Path) -> None:
    registry = opened(index, READ_ONLY)
    before = (index / SNAPSHOT_FILE).read_bytes()
    asked = iter([False] * 5 + [True])
    assert not write_snapshot(registry._index, registry._store, 0, lambda: next(asked))
    assert (index / SNAPSHOT_FILE).read_bytes() == before
    assert not list(index.glob("*.new"))
    registry.close()


def test_a_disk_that_fails_is_said_and_harms_nothing(
    index: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_file: int) -> None:
        raise OSError(28, "No space left on device")

    registry = opened(index, msgspec.structs.replace(LIMITS, snapshot_events=10))
    fill(registry, 5000, 50)
    monkeypatch.setattr(snapshot_file.os, "fdatasync", fails)
    registry.close()
    assert "could not be written" in caplog.text
    monkeypatch.undo()
    again = opened(index, READ_ONLY)
    assert (again.counts().sequence, again._snapshots._last) == (200, 150)
    again.close()


def test_an_idle_writer_writes_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "SNAPSHOT_IDLE_S", 0.0)
    monkeypatch.setattr(writer, "IDLE_S", 0.02)
    registry = opened(tmp_path, msgspec.structs.replace(LIMITS, snapshot_events=50))
    fill(registry, 0, 40)
    time.sleep(0.2)
    assert not (tmp_path / SNAPSHOT_FILE).exists()
    fill(registry, 100, 20)
    until = time.monotonic() + 20
    while not registry._snapshots._last and time.monotonic() < until:
        time.sleep(0.02)
    assert registry._snapshots._last == 60
    registry._writer.stop()
    registry._store.close()  # as if it had been killed
    again = opened(tmp_path, READ_ONLY)
    assert again._snapshots._last == 60
    assert again.counts().records == 60
    again.close()


def test_memory_that_is_not_what_the_journal_says_is_not_kept(tmp_path: Path) -> None:
    registry = opened(tmp_path, LIMITS)
    fill(registry, 0, 10)
    registry._writer._out_of_step = True
    registry.close()
    assert not (tmp_path / SNAPSHOT_FILE).exists()


def test_a_start_that_fails_writes_none(index: Path) -> None:
    before = (index / SNAPSHOT_FILE).stat().st_mtime_ns
    registry = Registry.open(index, MODEL, NO_FREQUENCIES, LIMITS)
    registry.close()
    assert (index / SNAPSHOT_FILE).stat().st_mtime_ns == before


def test_every_array_of_the_index_is_kept(index: Path) -> None:
    """An array that is added to the index and forgotten here would be empty after a start."""
    registry = opened(index, READ_ONLY)
    kept = {part.array.__array_interface__["data"][0] for part in parts_of(registry._index)}

    def leaves(of: object) -> Iterator[np.ndarray]:
        if isinstance(of, np.ndarray):
            yield of
        elif isinstance(of, tuple):
            for member in of:
                yield from leaves(member)

    hot: HotIndex = registry._index.hot
    assert [each.shape for each in leaves(hot) if each.__array_interface__["data"][0] not in kept] == []
    registry.close()


@pytest.mark.parametrize("lines", [0, 1, 5, 512, 513, 2000])
def test_a_file_gives_back_what_was_written(tmp_path: Path, lines: int) -> None:
    rng = np.random.default_rng(lines)
    one, two = rng.integers(0, 2**60, (3000, 3)), rng.integers(0, 255, 3000, np.uint8)
    records = np.zeros(3000, [("a", "<i8"), ("b", "V16")])
    records["a"] = np.arange(3000)
    parts = [Part("one", one, lines), Part("two", two, 3000), Part("records", records, lines, 700)]
    path = tmp_path / "file"
    assert write_file(path, b"head", parts, lambda: False)
    into = {part.name: np.zeros_like(part.array) for part in parts}
    footer = read_footer(path)
    read: list[int] = []
    read_arrays(path, footer, into, read.append)
    assert footer.head == b"head"
    assert sum(read) == path.stat().st_size - len(msgspec.msgpack.encode(footer)) - 24
    for part in parts:
        found = into[part.name]
        assert found[part.start : part.start + part.used].tobytes() == part.lines.tobytes()
        assert not found[: part.start].view(np.uint8).any()
        assert not found[part.start + part.used :].view(np.uint8).any()
