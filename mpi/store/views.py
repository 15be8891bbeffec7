"""What the store answers with besides events: small typed rows of its views."""

from __future__ import annotations

from typing import NamedTuple

from mpi.records import Private


class Meta(Private, frozen=True):
    """The index itself. ``master_key`` is a secret of 32 bytes: never logged, never sent."""

    schema_version: int
    index_id: str
    master_key: bytes
    created_at: int  # µs since 1970-01-01 UTC
    model: str  # name@hash last used; empty before the first
    encoding: str


class RequestEntry(NamedTuple):
    """One remembered request: ``sequence`` is that of its effect, ``at`` is in µs since 1970-01-01 UTC."""

    request_id: str
    body_hash: bytes
    sequence: int
    at: int
