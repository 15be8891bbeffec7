"""The floor and the load generator, as real processes over a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from benchmarks.frames import read_frames, write_frames
from benchmarks.load import Round, kept_replies, quantile_ms
from benchmarks.methods import LOOKUP
from benchmarks.processes import LoadGenerator, cpu_seconds, echo_server
from mpi.v1 import identity_pb2, records_pb2

PERSONS = [records_pb2.Person(master_id=f"M{number}", version=number) for number in range(3)]
REPLIES = [identity_pb2.LookupResponse(persons=[person]).SerializeToString() for person in PERSONS]


@pytest.fixture(params=["asyncio", "threads"])
def round_given(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Round]:
    """A round against a running echo server, with ten requests on file."""
    replies = tmp_path / "replies"
    replies.mkdir()
    write_frames(replies / LOOKUP.name, REPLIES)
    key = identity_pb2.LookupKey(master_id="M1")
    write_frames(tmp_path / "requests", [identity_pb2.LookupRequest(key=key).SerializeToString()] * 10)
    with (tmp_path / "log").open("wb") as log, echo_server(request.param, replies, log) as (process, port):
        assert cpu_seconds(process.pid) > 0
        yield Round(
            port=port, method=LOOKUP.path, requests=str(tmp_path / "requests"), first=2, limit=100, callers=4,
            seconds=30.0, replies=str(tmp_path / "kept"), keep_every=1,
        )  # fmt: skip


def test_every_request_is_sent_once_and_answered_in_full(round_given: Round, tmp_path: Path) -> None:
    with (tmp_path / "client").open("wb") as log, LoadGenerator(log) as generator:
        result = generator.run(round_given)
    assert (result.calls, result.failed, result.next) == (8, {}, 10)
    assert 0 < result.p50_ms <= result.p99_ms
    kept = kept_replies(Path(round_given.replies))
    assert sorted(index for index, _ in kept) == list(range(2, 10))
    assert {reply for _, reply in kept} == set(REPLIES)


def test_failed_calls_are_counted_by_their_code(round_given: Round, tmp_path: Path) -> None:
    elsewhere = msgspec.structs.replace(round_given, method="/mpi.v1.Nobody/No")
    with (tmp_path / "client").open("wb") as log, LoadGenerator(log) as generator:
        result = generator.run(elsewhere)
    assert (result.calls, result.failed) == (0, {"UNIMPLEMENTED": 8})


def test_frames_come_back_and_a_cut_file_is_refused(tmp_path: Path) -> None:
    frames = [b"", b"a", b"\x00" * 70_000]
    assert write_frames(tmp_path / "frames", frames) == 3
    assert read_frames(tmp_path / "frames") == frames
    (tmp_path / "frames").write_bytes((tmp_path / "frames").read_bytes()[:-1])
    with pytest.raises(ValueError, match="cut short after 2"):
        read_frames(tmp_path / "frames")


@pytest.mark.parametrize(
    ("times", "share", "expected"), [([], 0.5, 0.0), ([3_000_000], 0.99, 3.0), (list(range(100)), 0.5, 5e-5)]
)
def test_quantiles(times: list[int], share: float, expected: float) -> None:
    assert quantile_ms(times, share) == expected
