"""The way of a record through registry and store: outcomes, idempotency, updates, the life of a local number, restart."""

from __future__ import annotations

import time

import pytest
from patients import OpenRegistry, patient, resident_id

from mpi.errors import DeadlinePassed, InputError, NotFound, QueueFull, RequestIdReused
from mpi.records import Grade, HumanName, IdentifierType, MatchOutcome, Outcome, PatientRecord, PersonStatus
from mpi.registry.registry import Limits, Registry

NUMBER_A = resident_id("50010319800503002")


def test_a_second_hospital_is_linked_and_the_answer_explains_itself(registry: Registry) -> None:
    first = registry.resolve(patient("1", identifiers=(NUMBER_A,))).result()
    second = registry.resolve(patient("77", source="cqmu2", identifiers=(NUMBER_A,))).result()
    assert (first.outcome, second.outcome) == (Outcome.NEW, Outcome.LINKED)
    assert first.master_id == second.master_id
    assert second.grade is Grade.DOCUMENT
    assert second.sequence == first.sequence + 1
    assert sum(reason.weight for reason in second.reasons) == pytest.approx(second.weight)
    person = registry.lookup_record("cqmu2", "77")
    assert [(link.source, link.local_id) for link in person.links] == [("cqmu1", "1"), ("cqmu2", "77")]
    assert [link.grade for link in person.links] == [Grade.SOLE, Grade.DOCUMENT]
    assert registry.lookup_master(first.master_id) == person
    assert registry.lookup_identifier(NUMBER_A) == (person,)


def test_the_same_content_again_is_unchanged_and_stored_once(registry: Registry) -> None:
    first = registry.resolve(patient("1")).result()
    again = registry.resolve(patient("1", recorded_at="2026-01-01T00:00:00Z")).result()
    assert (again.outcome, again.master_id, again.sequence) == (Outcome.UNCHANGED, first.master_id, first.sequence)
    assert registry.counts().sequence == 1


def test_a_request_id_is_answered_alike_also_after_a_restart(open_registry: OpenRegistry) -> None:
    registry: Registry = open_registry()
    first = registry.resolve(patient("1"), request_id="r-1").result()
    registry.resolve(patient("1", birth_date="1980-05-04")).result()
    assert registry.resolve(patient("1"), request_id="r-1").result() == first
    registry.close()
    registry = open_registry()
    assert registry.resolve(patient("1"), request_id="r-1").result() == first
    with pytest.raises(RequestIdReused):
        registry.resolve(patient("2"), request_id="r-1").result()


def test_content_that_returns_to_what_it_was_is_a_change(registry: Registry) -> None:
    outcomes = [
        registry.resolve(patient("1", birth_date=day)).result().outcome
        for day in ("1980-05-03", "1980-05-04", "1980-05-03", "1980-05-03")
    ]
    assert outcomes == [Outcome.NEW, Outcome.UPDATED, Outcome.UPDATED, Outcome.UNCHANGED]


def test_an_older_recording_is_kept_but_not_applied(registry: Registry) -> None:
    registry.resolve(patient("1", recorded_at="2026-03-01T00:00:00Z")).result()
    older = registry.resolve(patient("1", birth_date="1980-05-04", recorded_at="2025-01-01T00:00:00Z")).result()
    assert older.outcome is Outcome.STALE
    assert registry.stored_record("cqmu1", "1").birth_date == "1980-05-03"


def test_an_update_that_looks_like_someone_else_raises_an_alert_and_moves_nobody(registry: Registry) -> None:
    first = registry.resolve(patient("1")).result()
    other = {"names": (HumanName(family="王", given="建国"),), "birth_date": "1951-01-20", "sex": 1}
    changed = registry.resolve(patient("1", **other)).result()
    assert changed.outcome is Outcome.UPDATED_WITH_ALERT
    assert changed.master_id == first.master_id
    assert changed.review_task == changed.sequence
    assert registry.counts().open_reviews == 1


def test_a_record_without_usable_trait_gets_its_own_person_and_says_so(registry: Registry) -> None:
    answers = [registry.resolve(PatientRecord(source="cqmu1", local_id=n)).result() for n in ("1", "2")]
    assert answers[0].master_id != answers[1].master_id
    assert [r.name for r in answers[0].decision_reasons] == ["NO_USABLE_TRAIT"]


def test_a_retired_number_leaves_answers_and_may_be_given_to_someone_else(registry: Registry) -> None:
    first = registry.resolve(patient("1")).result()
    assert registry.retire("cqmu1", "1").result().outcome is Outcome.RETIRED
    with pytest.raises(NotFound):
        registry.lookup_record("cqmu1", "1")
    assert registry.match(patient("x")).outcome is MatchOutcome.NONE
    assert registry.lookup_master(first.master_id).status is PersonStatus.EMPTY
    stranger = registry.resolve(patient("1", names=(HumanName(family="王", given="建国"),), birth_date="1951-01-20")).result()
    assert (stranger.outcome, stranger.master_id != first.master_id) == (Outcome.NEW, True)
    with pytest.raises(NotFound):
        registry.retire("cqmu1", "nobody").result()


def test_a_replaced_number_leads_to_the_record_that_has_the_new_one(open_registry: OpenRegistry) -> None:
    registry: Registry = open_registry()
    first = registry.resolve(patient("1")).result()
    assert registry.replace_local_id("cqmu1", "1", "9").result().outcome is Outcome.LOCAL_ID_REPLACED
    registry.close()
    registry = open_registry()
    for number in ("1", "9"):
        person = registry.lookup_record("cqmu1", number)
        assert (person.master_id, person.links[0].local_id) == (first.master_id, "9")


def test_two_numbers_merged_at_the_source_keep_the_survivor_and_ask_about_two_persons(registry: Registry) -> None:
    registry.resolve(patient("1")).result()
    kept = registry.resolve(patient("2", names=(HumanName(family="王", given="建国"),), birth_date="1951-01-20")).result()
    answer = registry.replace_local_id("cqmu1", "1", "2").result()
    assert answer.review_task == answer.sequence
    assert registry.lookup_record("cqmu1", "1").master_id == kept.master_id
    with pytest.raises(InputError, match="new_local_id"):
        registry.replace_local_id("cqmu1", "2", "2").result()


def test_a_restart_changes_nothing(open_registry: OpenRegistry) -> None:
    registry: Registry = open_registry()
    records = [patient(str(i), birth_date=f"19{50 + i % 40}-0{1 + i % 9}-1{i % 10}") for i in range(120)]
    for future in registry.resolve_many(records):
        future.result()
    registry.resolve(patient("5", birth_date="1990-12-31")).result()
    registry.retire("cqmu1", "6").result()
    numbers = [str(i) for i in range(120) if i != 6]
    before = ([registry.lookup_record("cqmu1", n) for n in numbers], registry.counts(), registry.match(records[3]))
    changes = registry.changes(0, 1000)
    registry.close()
    registry = open_registry()
    assert ([registry.lookup_record("cqmu1", n) for n in numbers], registry.counts(), registry.match(records[3])) == before
    assert registry.changes(0, 1000) == changes
    assert [c.sequence for c in changes] == list(range(1, 123))


def test_a_call_whose_deadline_passed_is_dropped(registry: Registry) -> None:
    with pytest.raises(DeadlinePassed):
        registry.resolve(patient("1"), deadline=time.monotonic() - 1).result()
    assert registry.counts().records == 0


def test_a_full_queue_refuses_the_whole_call(open_registry: OpenRegistry) -> None:
    registry: Registry = open_registry(Limits(catchment=1000, capacity_rows=100_000, queue_limit=2))
    with pytest.raises(QueueFull):
        registry.resolve_many([patient(str(i)) for i in range(3)])
    assert registry.counts().records == 0


def test_the_feed_tells_each_change_once_and_by_source(registry: Registry) -> None:
    heard: list[int] = []
    end = registry.subscribe(heard.append)
    registry.resolve(patient("1")).result()
    registry.resolve(patient("2", source="cqmu2")).result()
    end()
    registry.resolve(patient("3")).result()
    assert [c.local_id for c in registry.changes(0, 10, frozenset({"cqmu1"}))] == ["1", "3"]
    assert [c.sequence for c in registry.changes(1, 1)] == [2]
    assert heard[-1] == 2


def test_a_mistyped_master_id_is_noticed(registry: Registry) -> None:
    master_id = registry.resolve(patient("1")).result().master_id
    wrong = ("1" if master_id[0] != "1" else "2") + master_id[1:]
    with pytest.raises(InputError, match="check character"):
        registry.lookup_master(wrong)
    assert registry.lookup_master(master_id.lower()).master_id == master_id


def test_an_identifier_nobody_has_is_not_found(registry: Registry) -> None:
    registry.resolve(patient("1", identifiers=(NUMBER_A,))).result()
    with pytest.raises(NotFound):
        registry.lookup_identifier(resident_id("50010319800503004"))
    assert NUMBER_A.type is IdentifierType.RESIDENT_ID
