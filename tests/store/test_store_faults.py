"""Faults: a commit that fails, a process that is killed, a disk that is full, a file that is damaged."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import msgspec
import pytest

from mpi.errors import StoreError, Unavailable
from mpi.store import Settings, Store
from mpi.store.tail import TAIL_FILE

PROGRAM = Path(__file__).with_name("appending.py")
KILLS = 20
LOG_LIMIT = 3_000_000  # bytes a file may have in the trial with a full disk


def replayed(store: Store) -> list[tuple[int, int, int]]:
    columns = [b.select(["seq", "person_no", "master_code"]).to_pydict() for b in store.replay()]
    return [row for c in columns for row in zip(c["seq"], c["person_no"], c["master_code"], strict=True)]


def assert_whole_batches(rows: list[tuple[int, int, int]]) -> None:
    """Every batch is there from its first event (person_no) to its last (master_code is its size)."""
    at = 0
    while at < len(rows):
        seq, first, size = rows[at]
        assert seq == first
        assert [row[1] for row in rows[at : at + size]] == [first] * size
        at += size


@pytest.mark.parametrize("size", [1, 2, 64])
@pytest.mark.parametrize(
    "wrong", [{"outcome": 0}, {"source": ""}, {"payload": "text \ud800"}, {"weight": 2**40}, {"content_hash": b""}]
)
def test_a_failed_commit_leaves_nothing_and_the_next_one_works(store, make_event, size, wrong):
    store.append([make_event(1), make_event(2)])
    events = [make_event(seq) for seq in range(3, 3 + size)]
    with pytest.raises(StoreError, match="nothing was stored") as caught:
        store.append([*events[:-1], make_event(2 + size, **wrong)])
    assert caught.value.__cause__ is None
    assert (store.last_sequence(), len(replayed(store))) == (2, 2)
    store.append(events)
    assert len(replayed(store)) == 2 + size


def test_a_nearly_full_disk_is_refused_before_anything_is_written(tmp_path, make_event):
    with Store.open(tmp_path, settings=Settings(reserve_mb=2**40)) as store:
        with pytest.raises(Unavailable) as caught:
            store.append([make_event(1)])
        assert caught.value.reason == "DISK_NEARLY_FULL"
        assert caught.value.retry_after_s == 60.0
        assert store.last_sequence() == 0


def test_a_log_that_cannot_grow_loses_nothing_acknowledged(tmp_path):
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(tmp_path), str(LOG_LIMIT)], capture_output=True, text=True, timeout=60, check=False
    )
    lines = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    acknowledged = [int(line[1]) for line in lines if line[0] == "acknowledged"]
    assert "failed" in [line[0] for line in lines], done.stderr
    accepted = [int(line[1]) for line in lines if line[0] == "accepted"]
    with Store.open(tmp_path) as store:
        rows = replayed(store)
    assert_whole_batches(rows)
    assert len(rows) == (accepted or acknowledged)[-1]


def test_kill_9_loses_nothing_acknowledged_and_leaves_no_half_batch(tmp_path):
    rng = random.Random(20240229)
    known = 0
    for _ in range(KILLS):
        with subprocess.Popen([sys.executable, str(PROGRAM), str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            opened = process.stdout.readline().split()
            assert opened[0] == "open"
            assert int(opened[1]) >= known
            time.sleep(rng.uniform(0.0, 0.08))
            process.send_signal(signal.SIGKILL)
            said = process.stdout.read()
        whole = said[: said.rfind("\n") + 1].split("\n")[:-1]
        known = max([int(opened[1]), *(int(line.split()[1]) for line in whole)])
    with Store.open(tmp_path) as store:
        rows = replayed(store)
        assert len(rows) >= known > KILLS
        assert_whole_batches(rows)


@pytest.fixture
def killed_index(tmp_path: Path) -> tuple[Path, Path, int]:
    """A directory that a killed process left behind, its write-ahead log, and the last acknowledged number."""
    with subprocess.Popen([sys.executable, str(PROGRAM), str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        acknowledged = [process.stdout.readline().split()[1] for _ in range(12)]
        process.send_signal(signal.SIGKILL)
        process.stdout.read()
    return tmp_path, tmp_path / "index.duckdb.wal", int(acknowledged[-1])


def test_the_log_is_replayed_after_a_kill(killed_index):
    directory, log, acknowledged = killed_index
    assert log.stat().st_size > 100_000
    with Store.open(directory) as store:
        rows = replayed(store)
        assert len(rows) >= acknowledged
        assert_whole_batches(rows)
        assert store.checkpoint()
    with Store.open(directory) as store:
        assert replayed(store) == rows


@pytest.mark.parametrize("cut", [1, 40, 1_000, 60_000])
def test_a_torn_end_of_the_log_costs_whole_batches_only(killed_index, cut):
    directory, log, _ = killed_index
    log.write_bytes(log.read_bytes()[:-cut])
    (directory / TAIL_FILE).unlink()
    with Store.open(directory) as store:
        rows = replayed(store)
        assert rows
        assert_whole_batches(rows)
        store.append([msgspec.structs.replace(store.event(1), seq=len(rows) + 1)])


def test_damage_inside_the_log_is_said(killed_index):
    directory, log, _ = killed_index
    data = bytearray(log.read_bytes())
    data[len(data) // 2] ^= 0xFF
    log.write_bytes(bytes(data))
    with pytest.raises(StoreError, match=r"index\.duckdb cannot be opened"):
        use(directory)


def test_appends_go_on_after_a_checkpoint_beside_them(store, make_event):
    done = threading.Event()
    results: list[bool] = []

    def checkpoint() -> None:
        while not done.is_set():
            results.append(store.checkpoint())

    beside = threading.Thread(target=checkpoint)
    beside.start()
    try:
        for first in range(1, 1001, 20):
            store.append([make_event(seq) for seq in range(first, first + 20)])
    finally:
        done.set()
        beside.join()
    assert any(results)
    assert len(replayed(store)) == 1000


def test_a_second_checkpoint_has_nothing_left_to_do(store, make_event):
    store.append([make_event(seq) for seq in range(1, 101)])
    assert store.file_bytes()[1] > 0
    assert store.checkpoint()
    assert not store.checkpoint_due(idle=True)
    assert store.file_bytes()[1] < 100
    store.append([make_event(101)])
    assert len(replayed(store)) == 101


def test_a_checkpoint_is_possible_after_every_read_and_after_the_model_is_noted(tmp_path, make_event):
    with Store.open(tmp_path, settings=Settings(reserve_mb=0)) as store:
        store.note_model("han@1", "e1")
        assert store.checkpoint()
        store.append([make_event(1)])
        assert store.event(1) is not None
        store.record_payload(0)
        store.changes(0, 10)
        store.note_model("han@2", "e1")
        assert store.checkpoint()
        assert not store.checkpoint_due(idle=True)


def test_a_checkpoint_is_due_sooner_when_nothing_waits(tmp_path, make_event):
    with Store.open(tmp_path, settings=Settings(reserve_mb=0, idle_checkpoint_mb=1, busy_checkpoint_mb=64)) as store:
        store.append([make_event(1, payload=bytes(2_000_000)), make_event(2)])
        store.settle()
        assert store.checkpoint_due(idle=True)
        assert not store.checkpoint_due(idle=False)


@pytest.fixture
def closed_index(tmp_path: Path, make_event) -> Path:
    """A directory with an index of 1,000 events, closed."""
    with Store.open(tmp_path / "closed") as store:
        store.append([make_event(seq) for seq in range(1, 1001)])
    return tmp_path / "closed"


@pytest.mark.parametrize("keep", [0, 5, 4096, 8192, 20_000])
def test_a_truncated_file_is_refused_clearly(closed_index, keep):
    path = closed_index / "index.duckdb"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(StoreError, match=r"index\.duckdb"):
        use(closed_index)


def test_garbage_is_refused_clearly(closed_index):
    path = closed_index / "index.duckdb"
    path.write_bytes(random.Random(1).randbytes(path.stat().st_size))
    with pytest.raises(StoreError, match=r"index\.duckdb cannot be opened"):
        use(closed_index)


def test_damage_in_the_data_is_noticed(closed_index):
    path = closed_index / "index.duckdb"
    data = bytearray(path.read_bytes())
    for position in range(3 * 4096, len(data), 50_000):
        data[position] ^= 0xFF
    path.write_bytes(bytes(data))
    with pytest.raises(StoreError):
        use(closed_index)


def test_a_database_of_something_else_is_refused(tmp_path):
    with duckdb.connect(str(tmp_path / "index.duckdb")) as other:
        other.execute("CREATE TABLE something (a INTEGER)")
    with pytest.raises(StoreError, match="not of a master patient index"):
        use(tmp_path)


def use(directory: Path) -> None:
    """Open an index and read all of it, as a start does."""
    with Store.open(directory) as store:
        replayed(store)
