"""Restart: an index filled from the journal, or from a snapshot and the rest of the journal, is the one there was."""

from __future__ import annotations

import logging
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from index_state import assert_alike
from patients import home, patient, resident_id
from small_model import MODEL, NO_FREQUENCIES

from mpi.errors import MpiError, StoreError
from mpi.linkage.model import Model
from mpi.records import HumanName, PatientRecord
from mpi.registry import rebuild, snapshot
from mpi.registry.registry import Limits, Registry
from mpi.registry.snapshot import SNAPSHOT_FILE
from mpi.store import Store, store

LIMITS = Limits(catchment=1000, capacity_rows=20_000, snapshot_events=1)
PLAIN = Limits(catchment=1000, capacity_rows=20_000)
SURNAMES, GIVEN = "王李张刘陈杨赵黄", ("伟", "芳", "秀英", "敏", "静", "丽")


def opened(directory: Path, limits: Limits = PLAIN, model: Model = MODEL) -> Registry:
    registry = Registry.open(directory, model, NO_FREQUENCIES, limits)
    try:
        registry.start()
    except BaseException:
        registry.close()
        raise
    return registry


def record(rng: random.Random, local_id: str) -> PatientRecord:
    day = f"19{rng.randrange(50, 56)}-0{rng.randrange(1, 9)}-1{rng.randrange(3)}"
    return patient(
        local_id,
        source=rng.choice(("cqmu1", "cqmu2", "医院")),
        names=tuple(HumanName(family=rng.choice(SURNAMES), given=rng.choice(GIVEN)) for _ in range(rng.choice((1, 1, 2)))),
        birth_date=day,
        identifiers=(resident_id(f"500103{day.replace('-', '')}{rng.randrange(3):03d}"),) if rng.random() < 0.4 else (),
        addresses=home(f"重庆市渝中区人民路{rng.randrange(40)}号") if rng.random() < 0.6 else (),
        recorded_at=f"2026-01-{rng.randrange(1, 28):02d}T00:00:00Z" if rng.random() < 0.3 else "",
    )


def live_on(registry: Registry, rng: random.Random, steps: int) -> None:
    """Changes of every kind. What is refused (a number nobody has) is a change that was not made."""
    for _ in range(steps):
        number = str(rng.randrange(60))
        source = rng.choice(("cqmu1", "cqmu2", "医院"))
        kind = rng.random()
        try:
            if kind < 0.5:
                many = [record(rng, str(rng.randrange(60))) for _ in range(rng.choice((1, 3, 10)))]
                ids = [f"r{rng.randrange(1000)}" if rng.random() < 0.1 else "" for _ in many]
                for future in registry.resolve_many(many, request_ids=ids):
                    future.exception()
            elif kind < 0.75:
                registry.retire(source, number).result()
            else:
                registry.replace_local_id(source, number, str(rng.randrange(80))).result()
        except MpiError:
            continue


@pytest.fixture(params=[64, 65_536], ids="batches of {}".format)
def small_batches(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "REPLAY_ROWS", request.param)


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_replay_is_what_there_was(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    first = opened(tmp_path)
    live_on(first, rng, 120)
    assert first.counts().records > 100
    assert first._index.aliases
    assert first.counts().open_reviews
    first.close()
    second = opened(tmp_path)
    assert_alike(first, second)
    live_on(second, rng, 30)  # and it goes on
    second.close()
    third = opened(tmp_path)
    assert_alike(second, third)
    third.close()


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_a_snapshot_and_the_rest_of_the_journal_are_what_there_was(
    tmp_path: Path, seed: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "WORTH", 1)
    caplog.set_level(logging.INFO)
    rng = random.Random(seed)
    first = opened(tmp_path, LIMITS)
    live_on(first, rng, 60)
    first.close()
    assert "snapshot written" in caplog.text
    second = opened(tmp_path, msgspec.structs.replace(LIMITS, snapshot_events=1_000_000))  # reads it, and writes no other
    assert second._snapshots._last == first.counts().sequence
    assert_alike(first, second)
    live_on(second, rng, 60)
    second.close()
    assert second.counts().sequence > first.counts().sequence
    third = opened(tmp_path, LIMITS)
    assert third._snapshots._last == first.counts().sequence
    assert_alike(second, third)
    third._writer.stop()
    third._store.close()  # without a snapshot of this moment
    replayed = opened(tmp_path)
    assert_alike(third, replayed)
    questions = [record(rng, "0") for _ in range(40)]
    assert [third.match(asked) for asked in questions] == [replayed.match(asked) for asked in questions]
    replayed.close()
    assert "left aside" not in caplog.text


def test_snapshots_turned_off_are_neither_written_nor_read(tmp_path: Path) -> None:
    first = opened(tmp_path)
    first.resolve(patient("1")).result()
    first.close()
    assert not (tmp_path / SNAPSHOT_FILE).exists()
    opened(tmp_path, LIMITS).close()
    assert (tmp_path / SNAPSHOT_FILE).exists()
    last = opened(tmp_path)
    assert last._snapshots._last == 0
    last.close()


def test_a_journal_that_memory_has_no_room_for_is_refused(tmp_path: Path) -> None:
    first = opened(tmp_path)
    for future in first.resolve_many([patient(str(n), birth_date=f"1980-01-{n % 28 + 1:02d}") for n in range(300)]):
        future.result()
    first.close()
    with pytest.raises(StoreError, match="index_capacity_rows"):
        opened(tmp_path, msgspec.structs.replace(PLAIN, capacity_rows=200))


def test_another_encoding_is_encoded_again_and_links_stay(tmp_path: Path) -> None:
    rng = random.Random(8)
    first = opened(tmp_path, LIMITS)
    live_on(first, rng, 60)
    first.close()
    fewer = msgspec.structs.replace(MODEL, features=MODEL.features[:-1], hash="fedcba987654", classes=MODEL.classes[:1])
    fewer = msgspec.structs.replace(
        fewer,
        classes=tuple(msgspec.structs.replace(c, m={k: v for k, v in c.m.items() if k != "address"}) for c in fewer.classes),
    )
    second = opened(tmp_path, PLAIN, fewer)
    ours, theirs = first.counts(), second.counts()
    assert (ours.records, ours.persons, ours.sequence) == (theirs.records, theirs.persons, theirs.sequence)
    assert (
        first._index.hot.record_cells[: ours.records, 1].tolist()
        == second._index.hot.record_cells[: ours.records, 1].tolist()
    )
    live_on(second, rng, 20)
    second.close()
    third = opened(tmp_path, PLAIN, fewer)  # most of the journal's rows are still of the first model
    assert_alike(second, third)
    third.close()


def damaged(directory: Path, statement: str) -> None:
    import duckdb

    with duckdb.connect(str(directory / "index.duckdb")) as connection:
        connection.execute(statement)


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Path]:
    first = opened(tmp_path)
    for future in first.resolve_many([patient(str(n), birth_date=f"1980-01-{n % 28 + 1:02d}") for n in range(60)]):
        future.result()
    first.close()
    return tmp_path


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET record_no = 70 WHERE seq = 20",
        "UPDATE journal SET record_no = 5 WHERE seq = 20",
        "UPDATE journal SET person_no = 1000000 WHERE seq = 20",
        "UPDATE journal SET \"rows\" = ''::BLOB WHERE seq = 20",
        'UPDATE journal SET "rows" = "rows"[1:8] WHERE seq = 20',
        "UPDATE journal SET dictionary = dictionary[1:72] WHERE octet_length(dictionary) > 80",
        "UPDATE journal SET dictionary = dictionary[1:7] WHERE octet_length(dictionary) > 80",
        "UPDATE journal SET dictionary = '\\xFF\\xFF\\xFF\\xFF'::BLOB || dictionary[5:] WHERE octet_length(dictionary) > 80",
        "DELETE FROM journal WHERE seq = 20",
    ],
)
def test_a_damaged_journal_is_refused(filled: Path, statement: str) -> None:
    damaged(filled, statement)
    with pytest.raises(StoreError):
        opened(filled)


def test_a_table_that_was_expected_smaller_or_larger_holds_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "REPLAY_ROWS", 2_048)
    first = opened(tmp_path)
    for future in first.resolve_many([patient(str(n), birth_date=f"1980-01-{n % 28 + 1:02d}") for n in range(5_000)]):
        future.result()
    first.close()
    for expected in (0.01, 3.0):
        monkeypatch.setattr(rebuild, "EXPECTED", expected)
        again = opened(tmp_path)
        assert_alike(first, again)
        again.close()


def test_many_changes_of_few_records_take_no_more_room_than_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the first batch alone the tables would be made larger than the memory that is reserved for them."""
    monkeypatch.setattr(store, "REPLAY_ROWS", 2_048)
    limits = msgspec.structs.replace(PLAIN, capacity_rows=8_000)
    first = opened(tmp_path, limits)
    for turn in range(3):
        for begin in range(0, 2_000, 200):
            day = f"19{50 + turn}-01-%02d"
            for future in first.resolve_many(
                [patient(str(n), birth_date=day % (n % 28 + 1)) for n in range(begin, begin + 200)]
            ):
                future.result()
    first.close()
    monkeypatch.setattr(rebuild, "EXPECTED", 100.0)
    again = opened(tmp_path, limits)
    assert_alike(first, again)
    again.close()


def test_nothing_is_left_of_a_restart_beside_the_index(filled: Path, tmp_path: Path) -> None:
    copy = tmp_path.parent / f"{tmp_path.name}-copy"
    shutil.copytree(filled, copy)
    names = {path.name for path in copy.iterdir()}
    with Store.open(copy) as other:
        assert other.last_sequence() == 60
    opened(copy, LIMITS).close()
    assert {path.name for path in copy.iterdir()} - names == {SNAPSHOT_FILE}
