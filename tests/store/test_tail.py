"""The tail of the journal: what it holds survives a crash, damage is said, and no reader can tell where an event stands."""

from __future__ import annotations

import os
import shutil
import struct
from pathlib import Path

import pytest

from mpi.errors import StoreError
from mpi.store import EventColumns, Settings, Store
from mpi.store.tail import HEAD_BYTES, TAIL_FILE, Tail, waiting

ROOMY = Settings(reserve_mb=0)


def numbers(store: Store) -> list[int]:
    return [seq for batch in store.replay() for seq in batch.column("seq").to_pylist()]


def in_table(store: Store) -> int:
    with store._readers.cursor() as cursor:
        return cursor.execute("SELECT count(*) FROM journal").fetchall()[0][0]


@pytest.fixture
def crashed(tmp_path: Path, make_event) -> Path:
    """A directory as a kill leaves it: two events in the table, three appends of one, two and one in the tail."""
    with Store.open(tmp_path / "live", settings=ROOMY) as store:
        store.append([make_event(1), make_event(2)])
        store.settle()
        store.append([make_event(3)])
        store.append([make_event(4), make_event(5)])
        store.append([make_event(6)])
        assert in_table(store) == 2
        shutil.copytree(tmp_path / "live", tmp_path / "crashed")
    return tmp_path / "crashed"


def test_small_appends_wait_and_are_brought_in_by_whoever_reads(tmp_path, make_event):
    reads = (
        lambda store: store.event(1),
        lambda store: store.record_payload(0),
        lambda store: store.changes(0, 10),
        lambda store: list(store.replay()),
        lambda store: list(store.request_ids(0)),
        lambda store: store.crosswalk(),
        lambda store: store.reviews(),
    )
    with Store.open(tmp_path, settings=ROOMY) as store:
        for seq, read in enumerate(reads, 1):
            store.append([make_event(seq)])
            assert (store.last_sequence(), in_table(store)) == (seq, seq - 1)
            assert read(store) is not None
            assert in_table(store) == seq
        assert (tmp_path / TAIL_FILE).stat().st_size == HEAD_BYTES


def test_a_full_tail_and_a_large_append_bring_it_in(tmp_path, make_event):
    with Store.open(tmp_path, settings=Settings(reserve_mb=0, tail_events=3)) as store:
        for seq in range(1, 5):
            store.append([make_event(seq)])
        assert in_table(store) == 3
        store.append([make_event(seq) for seq in range(5, 15)])
        assert in_table(store) == 14


def test_many_bytes_are_brought_in_early(tmp_path, make_event):
    with Store.open(tmp_path, settings=ROOMY) as store:
        for seq in range(1, 5):
            store.append([make_event(seq, payload=bytes(2_000_000))])
        assert in_table(store) == 3


def test_a_crash_loses_nothing(crashed):
    with Store.open(crashed) as store:
        assert (store.last_sequence(), in_table(store)) == (6, 6)
        assert numbers(store) == [1, 2, 3, 4, 5, 6]
    with Store.open(crashed) as store:
        assert numbers(store) == [1, 2, 3, 4, 5, 6]


def test_a_reader_sees_what_a_killed_writer_left(crashed):
    with Store.open(crashed, read_only=True) as store:
        assert numbers(store) == [1, 2, 3, 4, 5, 6]


def test_a_crash_between_the_table_and_the_tail_doubles_nothing(crashed):
    kept = (crashed / TAIL_FILE).read_bytes()
    Store.open(crashed).close()
    (crashed / TAIL_FILE).write_bytes(kept)
    with Store.open(crashed) as store:
        assert numbers(store) == [1, 2, 3, 4, 5, 6]
    assert not waiting(crashed)  # so that the next reader need not write


def test_old_frames_behind_a_new_one_do_no_harm(crashed, make_event):
    kept = (crashed / TAIL_FILE).read_bytes()
    with Store.open(crashed, settings=ROOMY) as store:
        store.append([make_event(7)])
        new = (crashed / TAIL_FILE).read_bytes()
        shutil.copytree(crashed, crashed.with_name("again"))
    (crashed.with_name("again") / TAIL_FILE).write_bytes(new + kept[len(new) :])
    with Store.open(crashed.with_name("again")) as store:
        assert numbers(store) == [1, 2, 3, 4, 5, 6, 7]


def test_a_torn_end_costs_one_unanswered_append(crashed, make_event):
    whole = (crashed / TAIL_FILE).read_bytes()
    last = whole.rfind(b"EVTS")
    for cut in (last + 1, last + 10, last + 30, len(whole) - 1):
        directory = crashed.with_name(f"cut-{cut}")
        shutil.copytree(crashed, directory)
        (directory / TAIL_FILE).write_bytes(whole[:cut])
        with Store.open(directory, settings=ROOMY) as store:
            assert numbers(store) == [1, 2, 3, 4, 5]
            store.append([make_event(6)])
            assert numbers(store) == [1, 2, 3, 4, 5, 6]


def test_a_flipped_byte_is_said_wherever_something_follows(crashed):
    path = crashed / TAIL_FILE
    whole = path.read_bytes()
    for at in [*range(HEAD_BYTES), *range(HEAD_BYTES, whole.rfind(b"EVTS"), 7)]:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x20]) + whole[at + 1 :])
        with pytest.raises(StoreError, match=TAIL_FILE):
            Store.open(crashed)
    path.write_bytes(whole)
    Store.open(crashed).close()


def test_another_index_and_a_gap_are_said(crashed, make_event):
    with Store.open(crashed) as store:
        index_id = store.index_id
    with pytest.raises(StoreError, match="not the tail of this index"):
        Tail(crashed, "00000000-0000-0000-0000-000000000000")
    tail = Tail(crashed, index_id)
    try:
        tail.add(EventColumns.of([make_event(9)]))
        with pytest.raises(StoreError, match="7 is missing"):
            tail.recover(6)
    finally:
        tail.close()


def test_a_disk_that_takes_half_a_frame_leaves_nothing(tmp_path, make_event, monkeypatch):
    with Store.open(tmp_path, settings=ROOMY) as store:
        store.append([make_event(1)])
        real = os.pwrite
        monkeypatch.setattr(os, "pwrite", lambda file, data, at: real(file, data[: len(data) // 2], at))
        with pytest.raises(StoreError, match="nothing was stored"):
            store.append([make_event(2)])
        monkeypatch.undo()
        assert store.last_sequence() == 1
        store.append([make_event(2)])
        assert numbers(store) == [1, 2]


def test_a_disk_that_cannot_even_cut_back_needs_a_new_opening(tmp_path, make_event, monkeypatch):
    def fail(*_: object) -> None:
        raise OSError(5, "input/output error")

    store = Store.open(tmp_path, settings=ROOMY)
    store.append([make_event(1)])
    for name in ("fdatasync", "ftruncate"):
        monkeypatch.setattr(os, name, fail)
    with pytest.raises(StoreError, match="the commit failed"):
        store.append([make_event(2)])
    monkeypatch.undo()
    with pytest.raises(StoreError, match="opened again"):
        store.append([make_event(2)])
    store.close()
    with Store.open(tmp_path) as again:  # what was not answered may be there or not; what was is
        assert numbers(again) in ([1], [1, 2])


def test_a_table_that_refuses_keeps_the_tail(tmp_path, make_event, monkeypatch):
    with Store.open(tmp_path, settings=ROOMY) as store:
        store.append([make_event(1)])
        monkeypatch.setattr(EventColumns, "rows", lambda *_: [("no", "row")])
        with pytest.raises(StoreError, match="the commit failed"):
            store.event(1)
        monkeypatch.undo()
        store.append([make_event(2)])
        assert numbers(store) == [1, 2]


def test_a_frame_is_what_its_description_says(crashed):
    data = (crashed / TAIL_FILE).read_bytes()
    magic, length, first = struct.unpack_from("<4sIQ", data, HEAD_BYTES)
    assert (data[:8], magic, first) == (b"MPITAIL1", b"EVTS", 3)
    assert data[HEAD_BYTES + 20 + length :][:4] == b"EVTS"
