"""Nouns survive the wire, in both directions, and the numbers of all enums are the same on both sides."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpi import records
from mpi.client import answers, messages
from mpi.errors import InputError
from mpi.records import (
    Address,
    Candidate,
    ChangeEvent,
    Comparison,
    Guardian,
    HumanName,
    Identifier,
    MatchAnswer,
    MatchReason,
    PatientRecord,
    Person,
    RecordLink,
    ResolveAnswer,
)
from mpi.service import requests, responses
from mpi.v1 import identity_pb2, records_pb2

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
micros = st.integers(0, 4 * 10**15)
number = st.floats(allow_nan=False, width=64)
whole = st.integers(0, 2**31 - 1)


def one_of(kind: type[IntEnum]) -> st.SearchStrategy[Any]:
    return st.sampled_from(list(kind))


def many(what: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(what, max_size=3).map(tuple)


identifiers = st.builds(
    Identifier, type=one_of(records.IdentifierType), value=text, issuer=text, period_start=text, period_end=text
)
guardians = st.builds(Guardian, name=text, phone=text, identifier=st.none() | identifiers, relationship=text)
patients = st.builds(
    PatientRecord,
    source=text,
    local_id=text,
    names=many(st.builds(HumanName, text=text, family=text, given=text, use=one_of(records.NameUse))),
    sex=one_of(records.Sex),
    birth_date=text,
    identifiers=many(identifiers),
    phones=many(text),
    addresses=many(st.builds(Address, **dict.fromkeys(Address.__struct_fields__, text))),
    ethnicity=text,
    guardian=st.none() | guardians,
    multiple_birth_order=st.integers(-(2**31), 2**31 - 1),
    deceased_date=text,
    recorded_at=text,
    attributes=st.dictionaries(text, text, max_size=3),
)
reasons = many(st.builds(MatchReason, feature=text, level=text, description=text, weight=number, term_frequency=number))
links = st.builds(
    RecordLink,
    source=text,
    local_id=text,
    since=micros,
    grade=one_of(records.Grade),
    probability=number,
    model=text,
)
persons = st.builds(
    Person,
    master_id=text,
    status=one_of(records.PersonStatus),
    links=many(links),
    version=whole,
    open_reviews=whole,
    quarantined=st.booleans(),
)
decision_reasons = many(one_of(records.DecisionReason))
resolve_answers = st.builds(
    ResolveAnswer,
    master_id=text,
    outcome=one_of(records.Outcome),
    sequence=whole,
    probability=number,
    weight=number,
    relationship=text,
    population=whole,
    grade=one_of(records.Grade),
    decision_reasons=decision_reasons,
    reasons=reasons,
    review_task=whole,
    candidates=many(text),
    model=text,
)
candidates = st.builds(
    Candidate,
    person=persons,
    weight=number,
    probability=number,
    certainty=one_of(records.Certainty),
    relationship=text,
    decision_reasons=decision_reasons,
    reasons=reasons,
)
match_answers = st.builds(
    MatchAnswer,
    outcome=one_of(records.MatchOutcome),
    candidates=many(candidates),
    compared=whole,
    keys_cut=whole,
    population=whole,
)
comparisons = st.builds(
    Comparison, weight=number, probability=number, relationship=text, population=whole, model=text, reasons=reasons
)
changes = st.builds(
    ChangeEvent,
    sequence=whole,
    at=micros,
    outcome=one_of(records.Outcome),
    source=text,
    local_id=text,
    master_id=text,
    previous_local_id=text,
    review_task=whole,
)


@given(patients)
def test_a_record_arrives_as_it_was_sent(record: PatientRecord) -> None:
    sent = messages.patient_record(record).SerializeToString()
    assert requests.patient_record(records_pb2.PatientRecord.FromString(sent)) == record


@given(resolve_answers)
def test_an_answer_to_a_write_arrives_as_it_was_given(answer: ResolveAnswer) -> None:
    message = records_pb2.Resolution()
    responses.fill_resolution(message, answer)
    assert answers.resolve_answer(records_pb2.Resolution.FromString(message.SerializeToString())) == answer


@given(resolve_answers)
def test_reasons_by_feature_can_be_left_out(answer: ResolveAnswer) -> None:
    message = records_pb2.Resolution()
    responses.fill_resolution(message, answer, reasons=False)
    assert not message.reasons
    assert answers.resolve_answer(message).decision_reasons == answer.decision_reasons


@given(match_answers)
def test_an_answer_to_a_search_arrives_as_it_was_given(answer: MatchAnswer) -> None:
    sent = responses.match_answer(answer).SerializeToString()
    assert answers.match_answer(identity_pb2.MatchPersonsResponse.FromString(sent)) == answer


@given(comparisons)
def test_a_comparison_arrives_as_it_was_given(comparison: Comparison) -> None:
    message = records_pb2.Comparison()
    responses.fill_comparison(message, comparison)
    assert answers.comparison(records_pb2.Comparison.FromString(message.SerializeToString())) == comparison


@given(changes)
def test_a_change_arrives_as_it_was_given(event: ChangeEvent) -> None:
    sent = responses.change_event(event).SerializeToString()
    assert answers.change_event(records_pb2.ChangeEvent.FromString(sent)) == event


@given(persons, st.frozensets(text, max_size=2))
def test_a_filter_by_source_leaves_other_links_out(person: Person, sources: frozenset[str]) -> None:
    message = records_pb2.Person()
    responses.fill_person(message, person, sources)
    wanted = tuple(link for link in person.links if not sources or link.source in sources)
    assert answers.person(message).links == wanted


@pytest.mark.parametrize(
    ("noun", "descriptor"),
    [
        (records.Sex, records_pb2.Sex.DESCRIPTOR),
        (records.IdentifierType, records_pb2.IdentifierType.DESCRIPTOR),
        (records.NameUse, records_pb2.NameUse.DESCRIPTOR),
        (records.Grade, records_pb2.Grade.DESCRIPTOR),
        (records.Certainty, records_pb2.Certainty.DESCRIPTOR),
        (records.Outcome, records_pb2.Outcome.DESCRIPTOR),
        (records.DecisionReason, records_pb2.DecisionReason.DESCRIPTOR),
        (records.PersonStatus, records_pb2.PersonStatus.DESCRIPTOR),
        (records.MatchOutcome, identity_pb2.MatchOutcome.DESCRIPTOR),
    ],
)
def test_enums_have_the_same_numbers(noun: type[IntEnum], descriptor: Any) -> None:
    prefix = "".join("_" + c if c.isupper() else c.upper() for c in descriptor.name).lstrip("_") + "_"
    ours = {member.value: member.name for member in noun}
    theirs = {value.number: value.name.removeprefix(prefix) for value in descriptor.values}
    assert ours.pop(0) in ("UNKNOWN", "OTHER", "UNSPECIFIED")
    assert theirs.pop(0) == "UNSPECIFIED"
    assert ours == theirs


def _unknown_sex(message: records_pb2.PatientRecord) -> None:
    message.sex = 9  # type: ignore[assignment]  # what the stubs forbid


def _unknown_use(message: records_pb2.PatientRecord) -> None:
    message.names.add()
    message.names.add().use = 99  # type: ignore[assignment]  # what the stubs forbid


def _unknown_type(message: records_pb2.PatientRecord) -> None:
    message.identifiers.add().type = -1  # type: ignore[assignment]  # what the stubs forbid


def _unknown_guardian_type(message: records_pb2.PatientRecord) -> None:
    message.guardian.identifier.type = 8  # type: ignore[assignment]  # what the stubs forbid


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (_unknown_sex, "sex"),
        (_unknown_use, "names[1].use"),
        (_unknown_type, "identifiers[0].type"),
        (_unknown_guardian_type, "guardian.identifier.type"),
    ],
)
def test_an_unknown_enum_number_is_refused_by_name(spoil: Any, field: str) -> None:
    message = records_pb2.PatientRecord(source="a", local_id="1")
    spoil(message)
    with pytest.raises(InputError) as caught:
        requests.patient_record(message)
    assert caught.value.field == field


def test_a_lone_surrogate_is_refused_before_it_is_sent_and_not_quoted() -> None:
    with pytest.raises(InputError) as caught:
        messages.patient_record(PatientRecord(source="a", local_id="1", names=(HumanName(text="秘密\ud800"),)))
    assert "秘密" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("", True),
        ("6ba7b810-9dad-11d1-80b4-00c04fd430c8", True),
        ("6BA7B810-9DAD-11D1-80B4-00C04FD430C8", True),
        ("6ba7b8109dad11d180b400c04fd430c8", False),
        ("6ba7b810-9dad-11d1-80b4-00c04fd430c8 ", False),
        ("not a uuid", False),
    ],
)
def test_a_request_id_is_a_uuid(text: str, fine: bool) -> None:
    if fine:
        assert requests.request_id(text) == text.lower()
    else:
        with pytest.raises(InputError):
            requests.request_id(text)
