"""From the wire to nouns: what a client is answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import msgspec
from google.protobuf.timestamp_pb2 import Timestamp

from mpi.client.failures import error_of
from mpi.errors import Conflict, MpiError
from mpi.records import (
    Candidate,
    Certainty,
    ChangeEvent,
    Comparison,
    DecisionReason,
    Grade,
    MatchAnswer,
    MatchOutcome,
    MatchReason,
    Outcome,
    Person,
    PersonStatus,
    RecordLink,
    ResolveAnswer,
)
from mpi.v1 import admin_pb2, identity_pb2, records_pb2


class ServiceInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A running service. Field by field as in protos/mpi/v1/admin.proto."""

    version: str
    index_id: str
    model: str
    encoding: str
    started_at: datetime
    records: int
    persons: int
    rows: int
    row_capacity: int
    sequence: int
    open_reviews: int
    population: int
    queue_length: int
    queue_limit: int
    write_lag_ms: float
    resident_bytes: int
    duckdb_version: str
    phase: str  # "ready", or what a start is busy with
    phase_done: int
    phase_total: int  # 0: not counted


class CrosswalkLine(msgspec.Struct, frozen=True, kw_only=True):
    """Under which number a source knows which person."""

    source: str
    local_id: str
    master_id: str


class ReviewLine(msgspec.Struct, frozen=True, kw_only=True):
    """A record and a person it may belong to. Field by field as in protos/mpi/v1/admin.proto."""

    review_task: int
    opened_at: int  # microseconds since 1970-01-01 UTC
    source: str
    local_id: str
    master_id: str
    candidate_master_id: str
    weight: float
    probability: float
    relationship: str
    decision_reasons: tuple[DecisionReason, ...]


def resolve_answer(message: records_pb2.Resolution) -> ResolveAnswer:
    """What became of a write."""
    return ResolveAnswer(
        master_id=message.master_id,
        outcome=Outcome(message.outcome),
        sequence=message.sequence,
        probability=message.probability,
        weight=message.weight,
        relationship=message.relationship,
        population=message.population,
        grade=Grade(message.grade),
        decision_reasons=tuple(map(DecisionReason, message.decision_reasons)),
        reasons=_reasons(message.reasons),
        review_task=message.review_task,
        candidates=tuple(message.candidates),
        model=message.model,
    )


def _reasons(messages: Iterable[records_pb2.MatchReason]) -> tuple[MatchReason, ...]:
    return tuple(
        MatchReason(
            feature=m.feature, level=m.level, description=m.description, weight=m.weight, term_frequency=m.term_frequency
        )
        for m in messages
    )


def batch_resolve_answers(message: identity_pb2.BatchResolveResponse) -> list[ResolveAnswer | MpiError]:
    """One answer or error a record, in order."""
    return [resolve_answer(r.resolution) if r.HasField("resolution") else error_of(r.error) for r in message.results]


def stream_answer(message: identity_pb2.StreamResolveResponse) -> ResolveAnswer | MpiError:
    """The answer or error to one record of a feed."""
    return resolve_answer(message.resolution) if message.HasField("resolution") else error_of(message.error)


def person(message: records_pb2.Person) -> Person:
    """A person with its links."""
    links = tuple(
        RecordLink(
            source=m.source,
            local_id=m.local_id,
            since=microseconds(m.since),
            grade=Grade(m.grade),
            probability=m.probability,
            model=m.model,
        )
        for m in message.links
    )
    return Person(
        master_id=message.master_id,
        status=PersonStatus(message.status),
        links=links,
        version=message.version,
        open_reviews=message.open_reviews,
        quarantined=message.quarantined,
    )


def microseconds(moment: Timestamp) -> int:
    """µs since 1970 UTC."""
    return moment.seconds * 1_000_000 + moment.nanos // 1000


def one_person(message: identity_pb2.LookupResponse) -> Person:
    """The person that was found. Raises Conflict IDENTIFIER_AMBIGUOUS where there are several."""
    if len(message.persons) != 1:
        raise Conflict(
            "IDENTIFIER_AMBIGUOUS", "several persons hold this identifier: look them up one by one, or let a human choose"
        )
    return person(message.persons[0])


def persons(message: identity_pb2.LookupResponse) -> tuple[Person, ...]:
    """Everyone who was found."""
    return tuple(map(person, message.persons))


def batch_lookup_answers(message: identity_pb2.BatchLookupResponse) -> list[tuple[Person, ...] | MpiError]:
    """Everyone who was found or the error, a key, in order."""
    return [persons(r.found) if r.HasField("found") else error_of(r.error) for r in message.results]


def match_answer(message: identity_pb2.MatchPersonsResponse) -> MatchAnswer:
    """What a search came to."""
    candidates = tuple(
        Candidate(
            person=person(m.person),
            weight=m.weight,
            probability=m.probability,
            certainty=Certainty(m.certainty),
            relationship=m.relationship,
            decision_reasons=tuple(map(DecisionReason, m.decision_reasons)),
            reasons=_reasons(m.reasons),
        )
        for m in message.candidates
    )
    return MatchAnswer(
        outcome=MatchOutcome(message.outcome),
        candidates=candidates,
        compared=message.compared,
        keys_cut=message.keys_cut,
        population=message.population,
    )


def comparison(message: records_pb2.Comparison) -> Comparison:
    """Two records compared."""
    return Comparison(
        weight=message.weight,
        probability=message.probability,
        relationship=message.relationship,
        population=message.population,
        model=message.model,
        reasons=_reasons(message.reasons),
    )


def change_event(message: records_pb2.ChangeEvent) -> ChangeEvent:
    """One entry of the change feed."""
    return ChangeEvent(
        sequence=message.sequence,
        at=microseconds(message.at),
        outcome=Outcome(message.outcome),
        source=message.source,
        local_id=message.local_id,
        master_id=message.master_id,
        previous_local_id=message.previous_local_id,
        review_task=message.review_task,
    )


def service_info(message: admin_pb2.ServiceInfo) -> ServiceInfo:
    """A running service."""
    values = {field: getattr(message, field) for field in ServiceInfo.__struct_fields__}
    values["started_at"] = message.started_at.ToDatetime(tzinfo=UTC)
    return ServiceInfo(**values)


def crosswalk_lines(message: admin_pb2.ExportCrosswalkResponse) -> Iterator[CrosswalkLine]:
    """The lines of one page."""
    for m in message.lines:
        yield CrosswalkLine(source=m.source, local_id=m.local_id, master_id=m.master_id)


def review_lines(message: admin_pb2.ExportReviewsResponse) -> Iterator[ReviewLine]:
    """The lines of one page."""
    for m in message.lines:
        yield ReviewLine(
            review_task=m.review_task,
            opened_at=microseconds(m.opened_at),
            source=m.source,
            local_id=m.local_id,
            master_id=m.master_id,
            candidate_master_id=m.candidate_master_id,
            weight=m.weight,
            probability=m.probability,
            relationship=m.relationship,
            decision_reasons=tuple(map(DecisionReason, m.decision_reasons)),
        )
