"""The single writer under concurrency and failure."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from patients import patient

from mpi.errors import MpiError, NotFound, RequestIdReused, StoreError, Unavailable
from mpi.records import HumanName, Outcome, PatientRecord
from mpi.registry import writer as writer_module
from mpi.registry.registry import Limits, Registry
from mpi.registry.segment import Segment
from mpi.registry.writes import Action, control_write, resolve_write

FRESH, USED = "0" * 8 + "-0000-4000-8000-" + "0" * 12, "1" * 8 + "-0000-4000-8000-" + "0" * 12
GIVEN = "安邦昌达恩芳国华慧佳建金俊凯兰丽明宁培强仁荣瑞思涛文霞晓雅艳毅英宇玉泽珍志中"


def new_patient(trial: int, local_id: str, source: str) -> PatientRecord:
    name = HumanName(family="欧阳", given=GIVEN[trial % 38] + GIVEN[trial // 38])
    return patient(local_id, source=source, names=(name,), birth_date=f"19{30 + trial % 60}-0{1 + trial % 9}-11")


def call(registry: Registry, record: PatientRecord, barrier: threading.Barrier, masters: list[str]) -> None:
    barrier.wait()
    masters.append(registry.resolve(record).result().master_id)


@pytest.mark.parametrize("batch_limit", [1, 1000])
def test_eight_callers_registering_one_new_patient_at_once_get_one_person(
    open_registry: Callable[..., Registry], batch_limit: int
) -> None:
    """200 of 200 trials, each within one batch (limit 1000) or across batches (limit 1)."""
    registry = open_registry(Limits(catchment=1000, capacity_rows=100_000, batch_limit=batch_limit))
    for trial in range(200):
        barrier = threading.Barrier(8)
        masters: list[str] = []

        def call(
            hospital: int, trial: int = trial, barrier: threading.Barrier = barrier, masters: list[str] = masters
        ) -> None:
            record = new_patient(trial, f"{trial}-{hospital}", f"cqmu{hospital}")
            barrier.wait()
            masters.append(registry.resolve(record).result().master_id)

        callers = [threading.Thread(target=call, args=(hospital,)) for hospital in range(8)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        assert len(masters) == 8
        assert len(set(masters)) == 1, f"trial {trial}: duplicates"
    assert registry.counts().persons == 200


def test_the_same_record_sent_by_eight_callers_at_once_is_stored_once(registry: Registry) -> None:
    answers = [future.result() for future in registry.resolve_many([patient("1")] * 8)]
    assert [a.outcome for a in answers] == [Outcome.NEW, *[Outcome.UNCHANGED] * 7]
    assert len({a.master_id for a in answers}) == 1
    assert registry.counts().sequence == 1


def test_two_contents_of_one_record_in_one_batch_are_applied_in_order(registry: Registry) -> None:
    days = ("1980-05-03", "1980-05-04", "1980-05-05")
    answers = [f.result() for f in registry.resolve_many([patient("1", birth_date=day) for day in days])]
    assert [a.outcome for a in answers] == [Outcome.NEW, Outcome.UPDATED, Outcome.UPDATED]
    assert registry.stored_record("cqmu1", "1").birth_date == days[-1]


def test_a_failed_commit_leaves_nothing_and_the_next_one_works(registry: Registry) -> None:
    """The store refuses in the middle of the way; memory must not remember what the journal does not know."""
    first = registry.resolve(patient("1")).result()
    counts = registry.counts()
    store = registry._store
    store.read_only = True
    try:
        for future in registry.resolve_many([patient("2", source="cqmu2"), patient("1", birth_date="1980-05-09")]):
            with pytest.raises(StoreError):
                future.result()
    finally:
        store.read_only = False
    assert registry.counts() == counts
    assert [c.person.master_id for c in registry.match(patient("x")).candidates] == [first.master_id]
    again = registry.resolve(patient("2", source="cqmu2")).result()
    assert (again.outcome, again.master_id) == (Outcome.LINKED, first.master_id)


def test_what_a_failed_batch_put_into_the_dictionary_is_journalled_with_the_next(
    open_registry: Callable[..., Registry],
) -> None:
    registry = open_registry()
    store = registry._store
    store.read_only = True
    with pytest.raises(StoreError):
        registry.resolve(patient("1")).result()
    store.read_only = False
    registry.resolve(patient("1")).result()
    similar = patient("x", names=(HumanName(family="欧阳", given="修祝"),))
    before = registry.match(similar, near_misses=True)
    registry.close()
    assert open_registry().match(similar, near_misses=True) == before
    assert before.candidates


def test_readers_see_whole_commits_only(registry: Registry) -> None:
    """While records are written and updated, a person is always found, with a whole set of links."""
    registry.resolve(patient("0")).result()
    stop = threading.Event()
    faults: list[str] = []

    def read() -> None:
        while not stop.is_set():
            try:
                person = registry.lookup_record("cqmu1", "0")
                if not person.links or registry.match(patient("x")).candidates == ():
                    faults.append("not found")
            except MpiError as error:
                faults.append(type(error).__name__)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(150):
        registry.resolve(patient("0", birth_date=f"1980-05-{3 + number % 2:02}")).result()
        registry.resolve(patient(str(number + 1), source="cqmu2")).result()
    stop.set()
    for reader in readers:
        reader.join()
    assert faults == []


def broken(*_: object) -> None:
    raise RuntimeError("欧阳修竹")  # as libraries do, which quote what they could not take


@pytest.mark.parametrize("part", ["encode", "make_events"])
def test_an_unforeseen_error_before_the_commit_leaves_nothing(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, part: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Segment, part, broken)
        for future in registry.resolve_many([patient("1"), patient("1", birth_date="1980-05-09")]):
            with pytest.raises(StoreError):
                future.result(timeout=20)
    assert "a commit failed type=RuntimeError" in caplog.text
    assert "修竹" not in caplog.text
    assert registry.counts().sequence == registry.counts().rows == 0
    assert registry.resolve(patient("1")).result(timeout=20).outcome is Outcome.NEW


@pytest.mark.parametrize("part", ["decide", "apply", "answer"])
def test_where_memory_cannot_follow_no_more_is_written_until_a_start(
    open_registry: Callable[..., Registry], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, part: str
) -> None:
    """Reads go on; what was stored is there after the start, under one master ID."""
    registry = open_registry()
    first = registry.resolve(patient("0")).result()
    with monkeypatch.context() as patch:
        patch.setattr(Segment, part, broken)
        for future in registry.resolve_many([patient("1"), patient("1", birth_date="1980-05-09"), patient("2")]):
            with pytest.raises(Unavailable):
                future.result(timeout=20)
    assert "修竹" not in caplog.text
    assert registry.lookup_record("cqmu1", "0").master_id == first.master_id
    with pytest.raises(Unavailable):
        registry.resolve(patient("3"))
    registry.close()
    again = open_registry()
    answer = again.resolve(patient("1")).result(timeout=20)
    assert answer.outcome is (Outcome.LINKED if part == "decide" else Outcome.UNCHANGED)


def test_a_control_event_behind_a_segment_that_memory_could_not_follow_is_refused(
    open_registry: Callable[..., Registry], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both in one batch: publishing the second would show what is left of the first."""
    registry = open_registry()
    registry.resolve(patient("0")).result()
    before = registry.counts()
    record = resolve_write(patient("1"), request_id="", deadline=None, explain=False)
    retired = control_write(Action.RETIRE, "cqmu1", "0", new_local_id="", request_id="", deadline=None)
    answered = threading.Event()
    with monkeypatch.context() as patch:
        patch.setattr(Segment, "decide", broken)
        registry.submit_writes((record, retired), lambda _: answered.set())
        assert answered.wait(20)
    assert isinstance(record.answer, Unavailable)
    assert isinstance(retired.answer, Unavailable)
    assert registry.counts() == before


def test_a_control_event_that_memory_cannot_follow_is_durable(
    open_registry: Callable[..., Registry], monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = open_registry()
    registry.resolve(patient("0")).result()
    with monkeypatch.context() as patch:
        patch.setattr(writer_module, "apply_control", broken)
        with pytest.raises(Unavailable):
            registry.retire("cqmu1", "0").result(timeout=20)
    registry.close()
    with pytest.raises(NotFound):
        open_registry().lookup_record("cqmu1", "0")


def test_a_used_request_id_is_refused_also_for_a_repeat_within_a_batch(registry: Registry) -> None:
    registry.resolve(patient("other"), request_id=USED).result()
    same = [patient("1"), patient("1")]
    first, second = registry.resolve_many(same, request_ids=[FRESH, USED])
    assert first.result().outcome is Outcome.LINKED
    with pytest.raises(RequestIdReused):
        second.result()


def test_stale_content_leaves_the_numbers_as_a_start_finds_them(open_registry: Callable[..., Registry]) -> None:
    registry = open_registry()
    new = patient("1", recorded_at="2024-05-03T08:00:00Z")
    registry.resolve(new).result()
    registry.resolve(patient("1", birth_date="1980-05-09", recorded_at="2023-05-03T08:00:00Z")).result()
    person, again = registry.lookup_record("cqmu1", "1"), registry.resolve(new).result()
    registry.close()
    reopened = open_registry()
    assert reopened.lookup_record("cqmu1", "1") == person
    assert reopened.resolve(new).result() == again
