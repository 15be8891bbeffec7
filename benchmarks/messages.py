"""Requests as bytes, built before anything is measured."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.febrl import split_key
from mpi.client import messages
from mpi.records import PatientRecord


def lookup_request(key: str) -> bytes:
    """By the source's own number, the way a platform asks; ``key`` is a record key."""
    return messages.lookup(messages.any_lookup_key(split_key(key)), ()).SerializeToString()


def match_request(record: PatientRecord) -> bytes:
    """A search with the defaults of the API: the best ten candidates, without near misses and reasons."""
    return messages.match(record, limit=0, near_misses=False, explain=False, only_certain=False).SerializeToString()


def resolve_request(record: PatientRecord) -> bytes:
    return messages.resolve(record, None).SerializeToString()


def batch_request(records: Sequence[PatientRecord]) -> bytes:
    return messages.batch_resolve(records, None, explain=False).SerializeToString()
