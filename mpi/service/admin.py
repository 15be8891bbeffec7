"""AdminService: how the service is doing, and whole tables."""

from __future__ import annotations

import resource
import time
from importlib.metadata import version
from typing import Any

import grpc

from mpi.service.calls import Calls, Route
from mpi.service.exports import Exports
from mpi.service.opening import Opened
from mpi.service.replies import Answering
from mpi.service.responses import timestamp
from mpi.v1 import admin_pb2 as pb

NAME = "mpi.v1.AdminService"

_PAGE_BYTES = resource.getpagesize()
_STATM = "/proc/self/statm"


class AdminService:
    """Handlers of the service."""

    def __init__(self, opened: Opened, answering: Answering) -> None:
        self._registry, self._answering = opened.registry, answering
        self._exports = Exports(opened.store, opened.model)
        self._started_at = timestamp(time.time_ns() // 1000)
        self._version, self._duckdb_version = version("mpi"), version("duckdb")

    def handlers(self, calls: Calls) -> dict[str, Route | grpc.RpcMethodHandler[Any, Any]]:
        """Routes of unary calls and gRPC's handlers of streams, by the name of the rpc."""
        return {
            "GetServiceInfo": calls.unary(pb.GetServiceInfoRequest.FromString, self.get_service_info, always=True),
            "ExportCrosswalk": calls.server_stream(pb.ExportCrosswalkRequest, self._exports.crosswalk),
            "ExportReviews": calls.server_stream(pb.ExportReviewsRequest, self._exports.reviews),
        }

    def get_service_info(self, _request: pb.GetServiceInfoRequest) -> pb.GetServiceInfoResponse:
        counts, state = self._registry.counts(), self._registry.progress.state
        info = pb.ServiceInfo(
            version=self._version,
            index_id=counts.index_id,
            model=counts.model,
            encoding=counts.encoding,
            started_at=self._started_at,
            records=counts.records,
            persons=counts.persons,
            rows=counts.rows,
            row_capacity=counts.capacity_rows,
            sequence=counts.sequence,
            open_reviews=counts.open_reviews,
            population=counts.population,
            queue_length=counts.queue_length,
            queue_limit=counts.queue_limit,
            write_lag_ms=self._answering.lag_s * 1000,
            resident_bytes=resident_bytes(),
            duckdb_version=self._duckdb_version,
            phase=state.phase.value,
            phase_done=state.done,
            phase_total=state.total,
        )
        return pb.GetServiceInfoResponse(info=info)


def resident_bytes() -> int:
    """Resident memory of this process; its peak where the system does not tell the present."""
    try:
        with open(_STATM, encoding="ascii") as file:
            return int(file.read().split()[1]) * _PAGE_BYTES
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
