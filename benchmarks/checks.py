"""Are the answers right? What the load generator kept of the replies, held against what the run knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from benchmarks.febrl import key_of, record_key
from benchmarks.load import kept_replies
from benchmarks.methods import Method
from benchmarks.rounds import Kept
from mpi.records import PatientRecord
from mpi.v1 import identity_pb2

FOUND_LIMIT = 0.9
"""Share of later records of known persons for whom a search must offer the right person; finer is the accuracy benchmark."""


class WrongAnswer(Exception):
    """The index answered fast and wrongly: the run is void. Names counts and record numbers, no patient values."""


class Checked(NamedTuple):
    """How many replies were read, and which share of them was as expected."""

    replies: int
    right: float


def replies_of(kept: Kept, method: Method) -> Iterator[tuple[int, object]]:
    """(index of the request, parsed reply) for every reply kept."""
    for file in kept.files:
        for index, reply in kept_replies(file):
            yield index, method.reply.FromString(reply)


def check_lookups(kept: Kept, method: Method, asked: Sequence[str], master_ids: Mapping[str, str]) -> Checked:
    """Every look-up must give the master ID that the record was answered with, and list the record among the links.

    ``asked[i]`` is the record key of request i. Raises WrongAnswer at the first difference.
    """
    count = 0
    for index, reply in replies_of(kept, method):
        assert isinstance(reply, identity_pb2.LookupResponse)
        key = asked[index]
        links = {record_key(link.source, link.local_id) for person in reply.persons for link in person.links}
        if [person.master_id for person in reply.persons] != [master_ids[key]] or key not in links:
            raise WrongAnswer(f"lookup {index} answered with another person than its record has")
        count += 1
    return Checked(count, 1.0)


def check_matches(kept: Kept, method: Method, right: Sequence[frozenset[str]]) -> Checked:
    """Searches for persons who are known: the right one must be among the candidates in ``FOUND_LIMIT`` of the replies.

    ``right[i]`` holds the master IDs of the person that request i asks for. Raises WrongAnswer when too few are found.
    """
    count = found = 0
    for index, reply in replies_of(kept, method):
        assert isinstance(reply, identity_pb2.MatchPersonsResponse)
        count += 1
        found += any(candidate.person.master_id in right[index] for candidate in reply.candidates)
    share = found / count if count else 0.0
    if share < FOUND_LIMIT:
        raise WrongAnswer(f"only {found} of {count} searches found their person")
    return Checked(count, share)


def resolved(kept: Kept, method: Method, sent: Sequence[PatientRecord]) -> dict[str, str]:
    """Record key → master ID as answered by single resolves. Raises WrongAnswer for an answer without either."""
    answered = {}
    for index, reply in replies_of(kept, method):
        assert isinstance(reply, identity_pb2.ResolveResponse)
        answered[key_of(sent[index])] = stored(reply.resolution, index)
    return answered


def resolved_in_batches(kept: Kept, method: Method, sent: Sequence[Sequence[PatientRecord]]) -> dict[str, str]:
    """The same for batches. Raises WrongAnswer where a batch is answered in part or a record of it was refused."""
    answered = {}
    for index, reply in replies_of(kept, method):
        assert isinstance(reply, identity_pb2.BatchResolveResponse)
        if len(reply.results) != len(sent[index]):
            raise WrongAnswer(f"batch {index} has {len(reply.results)} answers to {len(sent[index])} records")
        for record, result in zip(sent[index], reply.results, strict=True):
            if result.WhichOneof("result") != "resolution":
                raise WrongAnswer(f"a record of batch {index} was refused with code {result.error.code}")
            answered[key_of(record)] = stored(result.resolution, index)
    return answered


def stored(resolution: object, index: int) -> str:
    """The master ID of a write that was stored. Raises WrongAnswer for an empty one, or when nothing was written."""
    master_id: str = getattr(resolution, "master_id", "")
    if not master_id or getattr(resolution, "sequence", 0) <= 0:
        raise WrongAnswer(f"request {index} was answered without a master ID and a sequence number")
    return master_id


def check_durable(answered: Mapping[str, str], found: Mapping[str, str]) -> Checked:
    """What was answered before ``kill -9`` against what is found after the restart. Raises WrongAnswer for any difference."""
    lost = [key for key, master_id in answered.items() if found.get(key) != master_id]
    if lost:
        raise WrongAnswer(f"{len(lost)} of {len(answered)} answered records are lost or changed after the restart")
    return Checked(len(answered), 1.0)
