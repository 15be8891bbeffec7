"""Who may open a data directory, and what a first opening makes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mpi.errors import StoreError
from mpi.store import Settings, Store

OPEN = """
import sys
from pathlib import Path
from mpi.errors import StoreError
from mpi.store import Store
try:
    with Store.open(Path(sys.argv[1]), read_only=sys.argv[2] == "read") as store:
        print("opened", store.last_sequence())
except StoreError as error:
    print(error)
"""


def open_elsewhere(directory, how: str) -> str:
    """What another process says when it opens the directory."""
    done = subprocess.run(
        [sys.executable, "-c", OPEN, str(directory), how], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize("how", ["read", "write"])
def test_a_second_process_is_refused_with_the_first_ones_id(store, how):
    assert open_elsewhere(store.directory, how).endswith(f"is in use by process {os.getpid()}")


def test_a_second_store_in_the_same_process_is_refused(store):
    with pytest.raises(StoreError, match=f"in use by process {os.getpid()}"):
        Store.open(store.directory)


def test_the_directory_is_free_after_close_and_close_may_be_called_twice(store):
    store.close()
    store.close()
    assert open_elsewhere(store.directory, "write") == "opened 0"


def test_a_failed_opening_gives_the_directory_up(tmp_path):
    (tmp_path / "index.duckdb").write_bytes(b"nothing of the kind" * 1000)
    for _ in range(2):
        with pytest.raises(StoreError, match="cannot be opened"):
            Store.open(tmp_path)


def test_readers_share_an_index_and_cannot_write(tmp_path, make_event):
    with Store.open(tmp_path, settings=Settings(reserve_mb=0)) as first:
        first.append([make_event(1)])
    with Store.open(tmp_path, read_only=True) as one:
        assert open_elsewhere(tmp_path, "read") == "opened 1"
        with pytest.raises(StoreError, match="not open for writing"):
            one.append([make_event(2)])
        assert "is in use by process" in open_elsewhere(tmp_path, "write")


def test_nothing_is_made_for_a_reader(tmp_path):
    with pytest.raises(StoreError, match="no index"):
        Store.open(tmp_path / "absent", read_only=True)
    assert not (tmp_path / "absent").exists()


def test_a_closed_store_refuses(store, make_event):
    store.close()
    with pytest.raises(StoreError, match="not open for writing"):
        store.append([make_event(1)])
    with pytest.raises(StoreError):
        store.event(1)


def test_the_identity_of_an_index_is_made_once(tmp_path):
    with Store.open(tmp_path / "a") as store:
        made = store.meta
        store.note_model("han@01", "3")
    with Store.open(tmp_path / "a") as store, Store.open(tmp_path / "b") as other:
        assert (store.index_id, store.master_key) == (made.index_id, made.master_key)
        assert (store.meta.model, store.meta.encoding) == ("han@01", "3")
        assert len(store.master_key) == 32
        assert other.master_key != store.master_key
        assert store.master_key.hex() not in repr(store.meta)
        assert str(store.master_key) not in repr(store.meta)


def test_a_crash_while_the_file_is_made_leaves_no_index_behind(tmp_path):
    (tmp_path / "index.duckdb.new").write_bytes(b"half")
    (tmp_path / "index.duckdb.new.wal").write_bytes(b"half")
    with Store.open(tmp_path) as store:
        assert store.last_sequence() == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["index.duckdb", "index.lock", "index.tail"]
