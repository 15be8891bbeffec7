"""IdentityService over a real socket, as a platform service uses it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from mpi.client import AsyncIndexClient, IndexClient
from mpi.client.failures import error_of_call
from mpi.errors import (
    Conflict,
    DeadlinePassed,
    InputError,
    MpiError,
    NotFound,
    QueueFull,
    RequestIdReused,
    SourceUnknown,
)
from mpi.records import (
    Certainty,
    Grade,
    HumanName,
    Identifier,
    IdentifierType,
    MatchOutcome,
    Outcome,
    PatientRecord,
    ResolveAnswer,
)
from mpi.v1 import identity_pb2 as pb

Patient = Callable[..., PatientRecord]


def answered(answer: ResolveAnswer | MpiError) -> ResolveAnswer:
    assert isinstance(answer, ResolveAnswer), answer
    return answer


def raw(server: Any, name: str, request: Any) -> bytes:
    """A call past the client, whose own checks would get in the way."""
    with grpc.insecure_channel(server.target) as channel:
        try:
            answer: bytes = channel.unary_unary(f"/mpi.v1.IdentityService/{name}")(request.SerializeToString())
        except grpc.RpcError as error:
            raise error_of_call(error) from None
        return answer


def test_a_second_hospital_is_linked_and_one_click_shows_both(client: IndexClient, patient: Patient) -> None:
    first = client.resolve(patient(1, source="cqmu1", local_id="A1"))
    second = client.resolve(patient(1, source="cqmu2", local_id="B1"))
    assert (first.outcome, second.outcome) == (Outcome.NEW, Outcome.LINKED)
    assert first.master_id == second.master_id
    assert second.sequence > first.sequence
    assert second.grade is Grade.DOCUMENT
    assert sum(reason.weight for reason in second.reasons) == pytest.approx(second.weight)
    person = client.lookup(source="cqmu2", local_id="B1")
    assert {(link.source, link.local_id) for link in person.links} == {("cqmu1", "A1"), ("cqmu2", "B1")}
    assert person == client.lookup(master_id=first.master_id)


def test_the_same_content_again_stores_nothing(client: IndexClient, patient: Patient) -> None:
    first = client.resolve(patient(2))
    again = client.resolve(patient(2))
    assert again.outcome is Outcome.UNCHANGED
    assert (again.master_id, again.sequence) == (first.master_id, first.sequence)


def test_a_request_id_repeats_the_first_answer(client: IndexClient, patient: Patient) -> None:
    request_id = str(uuid.uuid4())
    first = client.resolve(patient(3), request_id=request_id)
    assert client.resolve(patient(3), request_id=request_id.upper()) == first
    with pytest.raises(RequestIdReused):
        client.resolve(patient(4), request_id=request_id)
    with pytest.raises(NotFound):
        client.lookup(source="cqmu1", local_id=patient(4).local_id)
    with pytest.raises(InputError, match="request_id"):
        client.resolve(patient(4), request_id="1")


def test_one_bad_record_does_not_fail_a_batch(client: IndexClient, patient: Patient) -> None:
    spoiled = [patient(10), patient(11, birth_date="2001-02-31"), patient(12), patient(13, source=" "), patient(14)]
    results = client.batch_resolve(spoiled)
    assert [type(r) for r in results] == [ResolveAnswer, InputError, ResolveAnswer, InputError, ResolveAnswer]
    fields = [r.field for r in results if isinstance(r, InputError)]
    assert fields == ["requests[1].record.birth_date", "requests[3].record.source"]
    assert "2001-02-31" not in str(results[1])
    for person in (10, 12, 14):
        assert client.lookup(source="cqmu1", local_id=patient(person).local_id).links
    with pytest.raises(NotFound):
        client.lookup(source="cqmu1", local_id=patient(11).local_id)


def test_a_batch_explains_only_when_asked_but_always_says_why(client: IndexClient, patient: Patient) -> None:
    client.resolve(patient(20, source="cqmu1"))
    (brief,) = client.batch_resolve([patient(20, source="cqmu2")])
    (long,) = client.batch_resolve([patient(20, source="cqmu3")], explain=True)
    assert not answered(brief).reasons
    assert answered(long).reasons
    assert answered(brief).decision_reasons == answered(long).decision_reasons != ()


def test_records_of_one_batch_see_each_other(client: IndexClient, patient: Patient) -> None:
    results = [answered(r) for r in client.batch_resolve([patient(30, source=f"cqmu{n}") for n in range(5)])]
    assert len({r.master_id for r in results}) == 1
    assert [r.outcome for r in results] == [Outcome.NEW] + [Outcome.LINKED] * 4


@pytest.mark.parametrize("size", [0, 1001])
def test_a_batch_of_a_wrong_size_is_refused_as_a_whole(client: IndexClient, size: int) -> None:
    records = [PatientRecord(source="cqmu9", local_id=f"{size}-{n}") for n in range(size)]
    with pytest.raises(InputError) as caught:
        client.batch_resolve(records)
    assert caught.value.field == "requests"
    with pytest.raises(InputError) as caught:
        client.batch_lookup([("cqmu9", str(n)) for n in range(size)])
    assert caught.value.field == "keys"
    with pytest.raises(NotFound):
        client.lookup(source="cqmu9", local_id=f"{size}-0")


def test_a_request_id_holds_inside_a_batch(client: IndexClient, patient: Patient) -> None:
    ids = [str(uuid.uuid4()), str(uuid.uuid4())]
    first = client.batch_resolve([patient(35), patient(36)], request_ids=ids, explain=True)
    assert client.batch_resolve([patient(35), patient(36)], request_ids=ids, explain=True) == first


def test_bad_fields_are_named(server: Any, client: IndexClient, patient: Patient) -> None:
    long_name = patient(40, names=(HumanName(text="王"), HumanName(given="长" * 1_000_000)))
    for record, field in [
        (PatientRecord(source="", local_id=""), "record.source"),
        (long_name, "record.names[1].given"),
        (patient(40, birth_date="9999-01-01"), "record.birth_date"),
        (patient(40, names=(HumanName(text="王\0明"),)), "record.names[0].text"),
        (patient(40, multiple_birth_order=-1), "record.multiple_birth_order"),
        (patient(40, phones=("1",) * 1000), "record.phones"),
    ]:
        with pytest.raises(InputError) as caught:
            client.resolve(record)
        assert caught.value.field == field
    unknown = pb.ResolveRequest()
    unknown.record.source, unknown.record.local_id = "cqmu1", "X"
    unknown.record.sex = 17  # type: ignore[assignment]  # what the stubs forbid
    with pytest.raises(InputError) as caught:
        raw(server, "Resolve", unknown)
    assert caught.value.field == "record.sex"
    with pytest.raises(InputError) as caught:
        raw(server, "MatchPersons", pb.MatchPersonsRequest(limit=-1))
    assert caught.value.field == "limit"


def test_a_search_finds_without_writing(client: IndexClient, patient: Patient) -> None:
    known = client.resolve(patient(50))
    before = client.service_info().sequence
    answer = client.match(patient(50, source="", local_id=""), only_certain=True)
    assert answer.outcome is MatchOutcome.CERTAIN
    (candidate,) = answer.candidates
    assert candidate.person.master_id == known.master_id
    assert candidate.certainty is Certainty.CERTAIN
    assert sum(reason.weight for reason in candidate.reasons) == pytest.approx(candidate.weight)
    assert client.match(patient(50, source=""), explain=False).candidates[0].reasons == ()
    assert client.match(patient(51)).outcome is MatchOutcome.NONE
    assert client.service_info().sequence == before


def test_a_search_by_nothing_is_refused(client: IndexClient) -> None:
    with pytest.raises(InputError):
        client.match(PatientRecord(source="", local_id=""))
    with pytest.raises(InputError) as caught:
        client.match(PatientRecord(source="", local_id=""), limit=10_000)
    assert caught.value.field == "limit"


def test_lookup_by_document_and_of_chosen_sources(client: IndexClient, patient: Patient) -> None:
    for source in ("cqmu1", "cqmu2", "cqmu3"):
        client.resolve(patient(60, source=source))
    person = client.lookup(identifier=patient(60).identifiers[0], sources=["cqmu2", "cqmu3"])
    assert sorted(link.source for link in person.links) == ["cqmu2", "cqmu3"]
    with pytest.raises(NotFound) as caught:
        client.lookup(identifier=patient(61).identifiers[0])
    assert caught.value.reason.endswith("_NOT_FOUND")


def test_a_document_of_two_persons_is_never_answered_with_one(server: Any, client: IndexClient, patient: Patient) -> None:
    document = patient(70).identifiers[0]
    child = patient(71, source="cqmu2", identifiers=(document,))
    one, other = client.resolve(patient(70)), client.resolve(child)
    assert one.master_id != other.master_id
    with pytest.raises(Conflict) as caught:
        client.lookup(identifier=document)
    assert caught.value.reason == "IDENTIFIER_AMBIGUOUS"
    assert {p.master_id for p in client.lookup_all(document)} == {one.master_id, other.master_id}
    request = pb.LookupRequest()
    request.key.identifier.value, request.key.identifier.type = document.value, int(document.type)
    outcome = pb.LookupResponse.FromString(raw(server, "Lookup", request)).outcome
    assert outcome == pb.LOOKUP_OUTCOME_AMBIGUOUS
    request.key.master_id = one.master_id
    assert pb.LookupResponse.FromString(raw(server, "Lookup", request)).outcome == pb.LOOKUP_OUTCOME_FOUND


def test_lookups_that_cannot_be(client: IndexClient) -> None:
    with pytest.raises(InputError):
        client.lookup()
    with pytest.raises(InputError):
        client.lookup(source="a", local_id="b", master_id="c")
    with pytest.raises(InputError) as caught:
        client.lookup(master_id="ABCDEFGHIJK")
    assert caught.value.field == "key.master_id"
    with pytest.raises(InputError) as caught:
        client.lookup(identifier=Identifier(type=IdentifierType.PASSPORT))
    assert caught.value.field == "key.identifier.value"


def test_a_lookup_without_key_is_refused(server: Any) -> None:
    with pytest.raises(InputError):
        raw(server, "Lookup", pb.LookupRequest())


def test_many_keys_at_once_each_with_its_own_answer(client: IndexClient, patient: Patient) -> None:
    master_id = client.resolve(patient(80)).master_id
    keys = [("cqmu1", patient(80).local_id), master_id, patient(80).identifiers[0], ("cqmu1", "nobody"), "?"]
    results = client.batch_lookup(keys)
    assert [r[0].master_id for r in results if isinstance(r, tuple)] == [master_id] * 3
    assert isinstance(results[3], NotFound)
    assert isinstance(results[4], InputError)
    assert results[4].field == "keys[4].master_id"


def test_compare_given_and_stored(client: IndexClient, patient: Patient) -> None:
    client.resolve(patient(90))
    given, stored = patient(90, source=""), ("cqmu1", patient(90).local_id)
    comparison = client.compare(given, stored)
    assert comparison == client.compare(stored, given)
    assert comparison.weight > 0
    assert sum(r.weight for r in comparison.reasons) == pytest.approx(comparison.weight)
    assert client.compare(given, patient(91)).weight < 0
    with pytest.raises(NotFound):
        client.compare(given, ("cqmu1", "nobody"))


def test_the_life_of_a_local_number(client: IndexClient, patient: Patient) -> None:
    known = client.resolve(patient(100, local_id="old"))
    replaced = client.replace_local_id("cqmu1", "old", "new")
    assert (replaced.outcome, replaced.master_id) == (Outcome.LOCAL_ID_REPLACED, known.master_id)
    assert client.lookup(source="cqmu1", local_id="new").master_id == known.master_id
    assert client.retire_record("cqmu1", "new").outcome is Outcome.RETIRED
    with pytest.raises(NotFound):
        client.lookup(source="cqmu1", local_id="new")
    with pytest.raises(NotFound):
        client.retire_record("cqmu1", "never")
    with pytest.raises(InputError) as caught:
        client.replace_local_id("cqmu1", "new", "")
    assert caught.value.field == "new_local_id"


def test_eight_callers_with_one_new_patient_make_one_person(server: Any, patient: Patient) -> None:
    with server.client() as client, ThreadPoolExecutor(8) as callers:
        for trial in range(20):
            records = [patient(200 + trial, source=f"s{n}") for n in range(8)]
            results = list(callers.map(client.resolve, records))
            assert len({r.master_id for r in results}) == 1
            assert sorted(r.outcome for r in results) == [Outcome.NEW] + [Outcome.LINKED] * 7


def test_an_unknown_source_is_refused_where_sources_are_registered(start: Callable[..., Any], patient: Patient) -> None:
    with start(sources=("cqmu1",)).client() as client:
        client.resolve(patient(1))
        for call in (
            lambda: client.resolve(patient(1, source="cqmu2")),
            lambda: client.retire_record("cqmu2", "1"),
            lambda: client.replace_local_id("cqmu2", "1", "2"),
        ):
            with pytest.raises(SourceUnknown):
                call()
        assert isinstance(client.batch_resolve([patient(1, source="cqmu2")])[0], SourceUnknown)


def test_a_full_queue_says_when_to_come_back_and_stores_nothing(start: Callable[..., Any], patient: Patient) -> None:
    with start(queue_limit=2).client() as client:
        with pytest.raises(QueueFull) as caught:
            client.batch_resolve([patient(n) for n in range(3)])
        assert caught.value.retry_after_s
        assert client.service_info().records == 0
        assert len(client.batch_resolve([patient(n) for n in range(2)])) == 2


def test_a_deadline_that_passes_is_an_error_of_its_own(server: Any, patient: Patient) -> None:
    with server.client(timeout_s=1e-6) as client, pytest.raises(DeadlinePassed):
        client.resolve(patient(300))


def test_the_asyncio_client_does_the_same(server: Any, patient: Patient) -> None:
    async def use() -> None:
        async with AsyncIndexClient(server.target) as client:
            known = await client.resolve(patient(400))
            others = await client.batch_resolve([patient(400, source="cqmu2"), patient(400, source="")])
            assert answered(others[0]).master_id == known.master_id
            assert isinstance(others[1], InputError)
            person = await client.lookup(source="cqmu1", local_id=patient(400).local_id)
            assert len(person.links) == 2
            assert (await client.match(patient(400))).outcome is MatchOutcome.CERTAIN
            assert (await client.compare(patient(400), ("cqmu2", patient(400).local_id))).weight > 0
            assert len(await client.lookup_all(patient(400).identifiers[0])) == 1
            assert len(await client.batch_lookup([known.master_id])) == 1
            moved = await client.replace_local_id("cqmu2", patient(400).local_id, "400b")
            assert moved.outcome is Outcome.LOCAL_ID_REPLACED
            assert (await client.retire_record("cqmu2", "400b")).outcome is Outcome.RETIRED
            assert (await client.service_info()).sequence >= moved.sequence
            async for event in client.watch_changes(known.sequence - 1):
                assert event.master_id == known.master_id
                break
            results = [pair async for pair in client.stream_resolve(patient(410 + n) for n in range(5))]
            assert [record.local_id for record, _ in results] == [patient(410 + n).local_id for n in range(5)]
            with pytest.raises(NotFound):
                await client.lookup(source="cqmu1", local_id="nobody")

    asyncio.run(use())
