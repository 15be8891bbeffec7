"""BatchResolve answers as if each record had come alone, whichever way its records go."""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from mpi.client import IndexClient
from mpi.errors import InputError, MpiError, RequestIdReused, SourceUnknown, StoreError
from mpi.records import HumanName, Outcome, PatientRecord, ResolveAnswer
from mpi.service.replies import Answering

Patient = Callable[..., PatientRecord]
Start = Callable[..., Any]

WHOLE = 25  # batches of a run


@pytest.fixture
def alone(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Iterator[IndexClient]:
    """A second index, which gets every record by itself."""
    with start(data_dir=str(tmp_path_factory.mktemp("alone"))).client() as client:
        yield client


def batches(patient: Patient, seed: int) -> Iterator[list[PatientRecord]]:
    """New persons and known ones at another hospital, repeats, changes, records that kernels leave, and refused ones."""
    chance = random.Random(seed)
    sent: list[PatientRecord] = []
    for _ in range(WHOLE):
        batch: list[PatientRecord] = []
        for _ in range(chance.choice([1, 2, 7, 60])):
            what = chance.random()
            if what < 0.6 or not sent:
                number = len(sent)
                record = patient(chance.randrange(200), source=f"h{chance.randrange(5)}", local_id=f"n{number}")
            elif what < 0.75:
                record = chance.choice(sent)  # again, perhaps within the batch
            elif what < 0.85:
                record = msgspec.structs.replace(chance.choice(sent), phones=(f"139{chance.randrange(10**8):08d}",))
            elif what < 0.95:
                record = patient(chance.randrange(200), source="two-names", local_id=f"n{len(sent)}")
                record = msgspec.structs.replace(record, names=(*record.names, HumanName(text="李小四")))
            else:
                record = msgspec.structs.replace(patient(1, source="refused"), birth_date="1980-02-31")
            batch.append(record)
            sent.append(record)
        yield batch


class Masters:
    """Master IDs by order of appearance: each index has its own."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def plain(self, answer: ResolveAnswer | MpiError) -> Any:
        if isinstance(answer, MpiError):
            return type(answer), str(answer)
        own, *others = (
            self.numbers.setdefault(master_id, len(self.numbers)) for master_id in (answer.master_id, *answer.candidates)
        )
        return own, others, msgspec.structs.replace(answer, master_id="", candidates=(), reasons=())


def one_by_one(client: IndexClient, record: PatientRecord) -> ResolveAnswer | MpiError:
    try:
        return client.resolve(record)
    except MpiError as error:
        return error


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_batch_is_answered_like_its_records_one_by_one(
    start: Start, alone: IndexClient, patient: Patient, seed: int
) -> None:
    here, there = Masters(), Masters()
    seen: set[Any] = set()
    with start().client() as client:
        for batch in batches(patient, seed):
            answers = client.batch_resolve(batch)
            for position, (record, answer) in enumerate(zip(batch, answers, strict=True)):
                expected = one_by_one(alone, record)
                if isinstance(expected, InputError):
                    assert isinstance(answer, InputError)
                    assert answer.field == f"requests[{position}].{expected.field}"
                    seen.add(InputError)
                else:
                    assert here.plain(answer) == there.plain(expected)
                    seen.add(expected.outcome if isinstance(expected, ResolveAnswer) else type(expected))
    assert seen >= {Outcome.NEW, Outcome.LINKED, Outcome.UPDATED, Outcome.UNCHANGED, InputError}


def test_a_task_names_a_person_that_the_same_batch_brought(client: IndexClient, patient: Patient) -> None:
    """The person is new with the batch: its master ID must be there when the answer is written."""
    first = patient(7001, local_id="first")
    doubtful = msgspec.structs.replace(first, source="cqmu2", local_id="second", identifiers=(), phones=(), addresses=())
    one, two = client.batch_resolve([first, doubtful])
    assert isinstance(one, ResolveAnswer)
    assert isinstance(two, ResolveAnswer)
    assert two.outcome is Outcome.NEW_WITH_REVIEW
    assert two.candidates == (one.master_id,)


def test_a_commit_that_fails_fails_every_record_of_the_batch(start: Start, patient: Patient) -> None:
    running = start()
    records = [patient(n) for n in range(5)]
    with running.client() as client:
        running.registry._store.read_only = True
        answers = client.batch_resolve([*records, patient(9, source="")])
        assert [type(answer) for answer in answers] == [StoreError] * 5 + [InputError]
        running.registry._store.read_only = False
        again = client.batch_resolve(records)
        assert [answer.sequence for answer in again if isinstance(answer, ResolveAnswer)] == [1, 2, 3, 4, 5]


def test_a_request_id_of_a_record_that_kernels_leave_is_kept(start: Start, patient: Patient) -> None:
    request_id = str(uuid.uuid4())
    two_names = msgspec.structs.replace(patient(1), names=(*patient(1).names, HumanName(text="李小四")))
    with start().client() as client:
        first = client.batch_resolve([patient(2), two_names], request_ids=["", request_id])[1]
        assert client.batch_resolve([patient(2), two_names], request_ids=["", request_id])[1] == first
        other = client.batch_resolve(
            [patient(3), msgspec.structs.replace(two_names, local_id="x")], request_ids=["", request_id]
        )
        assert isinstance(other[1], RequestIdReused)
        with pytest.raises(RequestIdReused):
            client.resolve(patient(4), request_id=request_id)


def test_a_batch_is_answered_by_the_thread_that_answers(start: Start, patient: Patient, monkeypatch: Any) -> None:
    """Not by the writer's: others wait behind it."""
    threads: set[str] = set()

    def answer_all(self: Answering, finished: Any) -> None:
        threads.add(threading.current_thread().name)
        whole(self, finished)

    whole = Answering._answer_all
    monkeypatch.setattr(Answering, "_answer_all", answer_all)
    with start().client() as client:
        client.batch_resolve([patient(n) for n in range(50)])
        client.batch_resolve([patient(n) for n in range(50)])
    assert threads == {"mpi-answers"}


def test_only_registered_sources_may_send_a_batch(start: Start, patient: Patient) -> None:
    with start(sources=("known",)).client() as client:
        good, bad = patient(1, source="known"), patient(2, source="unknown")
        answers = client.batch_resolve([good, bad, patient(3, source="known")])
        assert [type(answer) for answer in answers] == [ResolveAnswer, SourceUnknown, ResolveAnswer]
        assert [type(answer) for answer in client.batch_resolve([good])] == [ResolveAnswer]
        assert isinstance(answers[1], SourceUnknown)
        assert answers[1].field == "requests[1].record.source"
