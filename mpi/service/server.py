"""The gRPC server: port, limits, health, reflection, and stopping in two stages."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2

from mpi.config import Config
from mpi.errors import ConfigError
from mpi.service import admin, direct, identity
from mpi.service.calls import Calls, Gate, Route
from mpi.service.opening import Opened
from mpi.service.replies import Answering

log = logging.getLogger(__name__)

_KEEPALIVE_TIMEOUT_MS = 20_000
_MIN_PING_INTERVAL_MS = 10_000  # clients that probe more often are cut off
_SIDE_THREADS = 4  # for health and reflection, which must answer while all workers are busy
_POLL_S = 0.02
_FLUSH_S = 0.5  # for answers that were handed to gRPC and are not on the wire yet
_SERVICES = (identity.NAME, admin.NAME)


class Server:
    """Serves one registry. start → open → drain → stop; every step may be called once.

    Between ``start`` and ``open`` the port is bound, health says NOT_SERVING and every call is told to come back.
    """

    direct = True  # answer unary calls without gRPC's Python layer, where that is possible (see direct.py)

    def __init__(self, opened: Opened, config: Config) -> None:
        self._config = config
        self._gate = Gate()
        self._answering = Answering()
        self._calls = Calls(self._gate, max_calls=config.max_concurrent_rpcs, max_streams=config.max_streams)
        self._side_pool = ThreadPoolExecutor(_SIDE_THREADS, thread_name_prefix="mpi-side")
        self._health = health.HealthServicer(experimental_non_blocking=True, experimental_thread_pool=self._side_pool)
        self._identity = identity.IdentityService(opened.registry, config, self._answering)
        self._admin = admin.AdminService(opened, self._answering)
        self._call_pool = ThreadPoolExecutor(config.worker_threads, thread_name_prefix="mpi-call")
        self._grpc = grpc.server(
            self._call_pool,
            options=_options(config),
            maximum_concurrent_rpcs=config.max_concurrent_rpcs + config.max_streams,
        )
        self._routes: dict[str, Route] = {}
        self._add_service(identity.NAME, self._identity.handlers(self._calls))
        self._add_service(admin.NAME, self._admin.handlers(self._calls))
        self._add_own_services()

    def _add_service(self, name: str, table: dict[str, Route | grpc.RpcMethodHandler[Any, Any]]) -> None:
        """Every rpc the ordinary way, and unary ones as routes besides."""
        self._routes |= {f"/{name}/{rpc}": entry for rpc, entry in table.items() if isinstance(entry, Route)}
        handlers = {rpc: entry.handler() if isinstance(entry, Route) else entry for rpc, entry in table.items()}
        self._grpc.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(name, handlers)])

    def _add_own_services(self) -> None:
        """Health and reflection, as gRPC has them."""
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._grpc)
        self._say(serving=False)
        if self._config.reflection:
            self._add_reflection()

    def _add_reflection(self) -> None:
        """Reflection on threads of its own: its calls are streams, and a few idle ones must not hold up the workers."""
        servicer = reflection.ReflectionServicer((*_SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME))

        def info(requests: Iterator[Any], context: grpc.ServicerContext) -> Iterator[Any]:
            yield from servicer.ServerReflectionInfo(requests, context)

        info.experimental_thread_pool = self._side_pool  # type: ignore[attr-defined]  # how gRPC wants to be told
        handler = grpc.stream_stream_rpc_method_handler(
            info,
            request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
            response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
        )
        table = {"ServerReflectionInfo": handler}
        self._grpc.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(reflection.SERVICE_NAME, table)])

    def start(self) -> int:
        """Bind and listen; the port. Raises ConfigError where that address cannot be listened on."""
        try:
            port = self._grpc.add_insecure_port(self._config.address)
        except RuntimeError:
            raise ConfigError(f"host, port: cannot listen on {self._config.address}") from None
        self._answering.start()
        if self.direct and direct.available(self._grpc):
            direct.DirectServing(self._grpc, self._routes, self._call_pool).start()
        else:
            self._grpc.start()
        return port

    def open(self) -> None:
        """Let calls in: the registry has started."""
        self._gate.open()
        self._say(serving=True)

    def drain(self) -> None:
        """First stage of stopping: health says NOT_SERVING, then no new calls, streams end, calls in flight are answered.

        Returns when they are, or after ``drain_seconds``. Health and reflection streams are not waited for.
        """
        self._say(serving=False)
        time.sleep(self._config.drain_notice_seconds)
        self._gate.close()
        self._identity.changes.close()
        self._identity.feeds.close()
        stopped = self._grpc.stop(self._config.drain_seconds)
        until = time.monotonic() + self._config.drain_seconds
        while self._calls.in_flight and time.monotonic() < until:
            if stopped.wait(_POLL_S):
                return
        if self._calls.in_flight:
            log.warning("calls are cut off number=%d drain_seconds=%s", self._calls.in_flight, self._config.drain_seconds)
        self._grpc.stop(_FLUSH_S).wait()

    def stop(self) -> None:
        """Second stage: end everything that still runs."""
        self._gate.close()
        self._grpc.stop(None).wait()
        self._answering.stop()
        for pool in (self._call_pool, self._calls.stream_pool, self._side_pool):
            pool.shutdown(wait=False)

    def _say(self, *, serving: bool) -> None:
        response = health_pb2.HealthCheckResponse
        for name in ("", *_SERVICES):
            self._health.set(name, response.SERVING if serving else response.NOT_SERVING)


def _options(config: Config) -> tuple[tuple[str, int], ...]:
    return (
        ("grpc.so_reuseport", 0),  # a second server on the port must fail, and not take half of the calls
        ("grpc.max_receive_message_length", config.max_message_bytes),
        ("grpc.max_send_message_length", config.max_message_bytes),
        ("grpc.keepalive_time_ms", round(config.keepalive_seconds * 1000)),
        ("grpc.keepalive_timeout_ms", _KEEPALIVE_TIMEOUT_MS),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", _MIN_PING_INTERVAL_MS),
        ("grpc.keepalive_permit_without_calls", 1),
    )
