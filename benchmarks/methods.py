"""The methods that are measured, with their messages."""

from __future__ import annotations

from typing import Any, NamedTuple

from mpi.v1 import identity_pb2

SERVICE = "mpi.v1.IdentityService"


class Method(NamedTuple):
    """``request`` and ``reply`` are generated message classes (typed Any: the floor needs only what all messages have)."""

    service: str
    name: str
    request: Any
    reply: Any

    @property
    def path(self) -> str:
        """As on the wire."""
        return f"/{self.service}/{self.name}"


LOOKUP = Method(SERVICE, "Lookup", identity_pb2.LookupRequest, identity_pb2.LookupResponse)
MATCH = Method(SERVICE, "MatchPersons", identity_pb2.MatchPersonsRequest, identity_pb2.MatchPersonsResponse)
RESOLVE = Method(SERVICE, "Resolve", identity_pb2.ResolveRequest, identity_pb2.ResolveResponse)
BATCH_RESOLVE = Method(SERVICE, "BatchResolve", identity_pb2.BatchResolveRequest, identity_pb2.BatchResolveResponse)
METHODS = {method.name: method for method in (LOOKUP, MATCH, RESOLVE, BATCH_RESOLVE)}
