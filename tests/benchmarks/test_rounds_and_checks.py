"""Medians, request streams, targets, and that a wrong answer does not pass the checks."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import checks
from benchmarks.frames import write_frames
from benchmarks.load import INDEX_BYTES
from benchmarks.messages import lookup_request, resolve_request
from benchmarks.methods import BATCH_RESOLVE, LOOKUP, MATCH, RESOLVE
from benchmarks.rounds import Kept, Sample, Stream, median_of, ratios
from benchmarks.service import TARGETS
from mpi.records import HumanName, Identifier, IdentifierType, NameUse, PatientRecord, Sex
from mpi.v1 import identity_pb2, records_pb2

RECORD = PatientRecord(
    source="h1",
    local_id="a/1",
    names=(HumanName(family="Green", given="Mia", use=NameUse.OFFICIAL),),
    sex=Sex.FEMALE,
    identifiers=(Identifier(type=IdentifierType.PASSPORT, value="X1", period_start="2020"),),
    attributes={"ward": "7"},
)


def kept(tmp_path: Path, *replies: bytes) -> Kept:
    frames = [index.to_bytes(INDEX_BYTES, "little") + reply for index, reply in enumerate(replies)]
    write_frames(tmp_path / "kept", frames)
    return Kept([tmp_path / "kept"], len(frames))


def lookup_reply(master_id: str, local_id: str) -> bytes:
    link = records_pb2.RecordLink(source="h1", local_id=local_id)
    person = records_pb2.Person(master_id=master_id, links=[link])
    return identity_pb2.LookupResponse(persons=[person]).SerializeToString()


def resolution(master_id: str, sequence: int = 1) -> records_pb2.Resolution:
    return records_pb2.Resolution(master_id=master_id, sequence=sequence)


def test_requests_carry_the_whole_record() -> None:
    message = identity_pb2.ResolveRequest.FromString(resolve_request(RECORD)).record
    assert (message.source, message.local_id, message.sex, message.names[0].use) == ("h1", "a/1", 2, 1)
    assert (message.identifiers[0].type, message.identifiers[0].period.start) == (2, "2020")
    assert dict(message.attributes) == {"ward": "7"}
    key = identity_pb2.LookupRequest.FromString(lookup_request("h1/a/1")).key.record
    assert (key.source, key.local_id) == ("h1", "a/1")


def test_right_lookups_pass(tmp_path: Path) -> None:
    replies = kept(tmp_path, lookup_reply("M1", "1"), lookup_reply("M2", "2"))
    assert checks.check_lookups(replies, LOOKUP, ["h1/1", "h1/2"], {"h1/1": "M1", "h1/2": "M2"}) == (2, 1.0)


@pytest.mark.parametrize("reply", [lookup_reply("M2", "1"), lookup_reply("M1", "2"), b""])
def test_a_lookup_of_someone_else_is_a_wrong_answer(tmp_path: Path, reply: bytes) -> None:
    with pytest.raises(checks.WrongAnswer):
        checks.check_lookups(kept(tmp_path, reply), LOOKUP, ["h1/1"], {"h1/1": "M1"})


def test_searches_that_miss_their_person_are_a_wrong_answer(tmp_path: Path) -> None:
    person = records_pb2.Person(master_id="M1")
    found = identity_pb2.MatchPersonsResponse(candidates=[records_pb2.Candidate(person=person)]).SerializeToString()
    replies = kept(tmp_path, *[found] * 9, b"")
    assert checks.check_matches(replies, MATCH, [frozenset({"M1", "M3"})] * 10) == (10, 0.9)
    with pytest.raises(checks.WrongAnswer, match="only 0 of 10"):
        checks.check_matches(replies, MATCH, [frozenset({"M2"})] * 10)


def test_a_resolve_without_master_id_or_sequence_is_a_wrong_answer(tmp_path: Path) -> None:
    good = identity_pb2.ResolveResponse(resolution=resolution("M1")).SerializeToString()
    assert checks.resolved(kept(tmp_path, good), RESOLVE, [RECORD]) == {"h1/a/1": "M1"}
    for bad in (resolution(""), resolution("M1", sequence=0)):
        reply = identity_pb2.ResolveResponse(resolution=bad).SerializeToString()
        with pytest.raises(checks.WrongAnswer):
            checks.resolved(kept(tmp_path, reply), RESOLVE, [RECORD])


def test_a_batch_with_a_refused_or_missing_answer_is_a_wrong_answer(tmp_path: Path) -> None:
    good = identity_pb2.BatchResolveResult(resolution=resolution("M1"))
    refused = identity_pb2.BatchResolveResult()
    refused.error.code = 3
    whole = identity_pb2.BatchResolveResponse(results=[good]).SerializeToString()
    assert checks.resolved_in_batches(kept(tmp_path, whole), BATCH_RESOLVE, [[RECORD]]) == {"h1/a/1": "M1"}
    for results in ([refused], [], [good, good]):
        reply = identity_pb2.BatchResolveResponse(results=results).SerializeToString()
        with pytest.raises(checks.WrongAnswer):
            checks.resolved_in_batches(kept(tmp_path, reply), BATCH_RESOLVE, [[RECORD]])


def test_a_record_lost_or_changed_after_the_kill_is_a_wrong_answer() -> None:
    assert checks.check_durable({"h1/1": "M1"}, {"h1/1": "M1"}) == (1, 1.0)
    for found in ({}, {"h1/1": "M2"}):
        with pytest.raises(checks.WrongAnswer, match="1 of 1"):
            checks.check_durable({"h1/1": "M1"}, found)


def test_medians_and_ratios() -> None:
    samples = [Sample(100.0 * n, 10.0 * n, 5.0, 1.0 * n, 2.0) for n in (3, 1, 2)]
    assert median_of(samples) == Sample(200.0, 20.0, 5.0, 2.0, 2.0)
    assert ratios(floor=samples[0], ours=samples[1]) == {
        "ratio_to_floor": pytest.approx(1 / 3),
        "cpu_ratio": pytest.approx(3.0),
    }


def test_a_stream_is_used_once_unless_told_otherwise(tmp_path: Path) -> None:
    once, again = Stream(tmp_path, 5), Stream(tmp_path, 5, again=True)
    for stream in (once, again):
        assert stream.take() == 0
        stream.place = 5
    assert again.take() == 0
    with pytest.raises(RuntimeError, match="all 5 requests"):
        once.take()


@pytest.mark.parametrize(
    ("figure", "line", "met"),
    [
        ("lookup", {"ratio_to_floor": 0.80}, True),
        ("lookup", {"ratio_to_floor": 0.79}, False),
        ("lookup_one", {"p50_to_floor": 1.31}, False),
        ("resolve_one", {"p50_ms": 4.0, "limit_ms": 4.1}, True),
        ("resolve_one", {"p50_ms": 4.2, "limit_ms": 4.1}, False),
    ],
)
def test_targets(figure: str, line: dict[str, float], met: bool) -> None:
    assert TARGETS[figure].met(line) is met
