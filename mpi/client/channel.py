"""How a client connects: limits, keepalive, and which calls may be tried again without asking."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from mpi.v1 import admin_pb2, identity_pb2

MAX_MESSAGE_BYTES = 64 * 2**20
KEEPALIVE_MS = 60_000

_IDENTITY = "mpi.v1.IdentityService"
_ADMIN = "mpi.v1.AdminService"
_READS = ("Lookup", "BatchLookup", "MatchPersons", "CompareRecords")
# Reads change nothing, so gRPC may repeat them by itself while a server starts or a connection breaks.
_RETRY = {
    "maxAttempts": 4,
    "initialBackoff": "0.05s",
    "maxBackoff": "1s",
    "backoffMultiplier": 2.5,
    "retryableStatusCodes": ["UNAVAILABLE"],
}
SERVICE_CONFIG = json.dumps(
    {
        "methodConfig": [
            {
                "name": [
                    *({"service": _IDENTITY, "method": method} for method in _READS),
                    {"service": _ADMIN, "method": "GetServiceInfo"},
                ],
                "retryPolicy": _RETRY,
            }
        ]
    }
)
OPTIONS: tuple[tuple[str, int | str], ...] = (
    ("grpc.service_config", SERVICE_CONFIG),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.keepalive_time_ms", KEEPALIVE_MS),
)


class Method(NamedTuple):
    """One rpc: its path, how its request becomes bytes, and how bytes become its answer."""

    path: str
    to_bytes: Any
    from_bytes: Any


def _method(service: str, name: str, request: Any, response: Any) -> Method:
    return Method(f"/{service}/{name}", request.SerializeToString, response.FromString)


RESOLVE = _method(_IDENTITY, "Resolve", identity_pb2.ResolveRequest, identity_pb2.ResolveResponse)
BATCH_RESOLVE = _method(_IDENTITY, "BatchResolve", identity_pb2.BatchResolveRequest, identity_pb2.BatchResolveResponse)
STREAM_RESOLVE = _method(_IDENTITY, "StreamResolve", identity_pb2.StreamResolveRequest, identity_pb2.StreamResolveResponse)
MATCH_PERSONS = _method(_IDENTITY, "MatchPersons", identity_pb2.MatchPersonsRequest, identity_pb2.MatchPersonsResponse)
LOOKUP = _method(_IDENTITY, "Lookup", identity_pb2.LookupRequest, identity_pb2.LookupResponse)
BATCH_LOOKUP = _method(_IDENTITY, "BatchLookup", identity_pb2.BatchLookupRequest, identity_pb2.BatchLookupResponse)
COMPARE_RECORDS = _method(
    _IDENTITY, "CompareRecords", identity_pb2.CompareRecordsRequest, identity_pb2.CompareRecordsResponse
)
WATCH_CHANGES = _method(_IDENTITY, "WatchChanges", identity_pb2.WatchChangesRequest, identity_pb2.WatchChangesResponse)
RETIRE_RECORD = _method(_IDENTITY, "RetireRecord", identity_pb2.RetireRecordRequest, identity_pb2.RetireRecordResponse)
REPLACE_LOCAL_ID = _method(
    _IDENTITY, "ReplaceLocalId", identity_pb2.ReplaceLocalIdRequest, identity_pb2.ReplaceLocalIdResponse
)
GET_SERVICE_INFO = _method(_ADMIN, "GetServiceInfo", admin_pb2.GetServiceInfoRequest, admin_pb2.GetServiceInfoResponse)
EXPORT_CROSSWALK = _method(_ADMIN, "ExportCrosswalk", admin_pb2.ExportCrosswalkRequest, admin_pb2.ExportCrosswalkResponse)
EXPORT_REVIEWS = _method(_ADMIN, "ExportReviews", admin_pb2.ExportReviewsRequest, admin_pb2.ExportReviewsResponse)
UNARY = (
    RESOLVE,
    BATCH_RESOLVE,
    MATCH_PERSONS,
    LOOKUP,
    BATCH_LOOKUP,
    COMPARE_RECORDS,
    RETIRE_RECORD,
    REPLACE_LOCAL_ID,
    GET_SERVICE_INFO,
)
