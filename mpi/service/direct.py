"""Unary calls without gRPC's Python layer: three events a call, no thread handed to, no lock waited for.

gRPC's thread-pool server takes four events of its core, a pool thread and two waits on a condition for each unary call:
200 µs of CPU for a call that does nothing. Nearly all of that is Python around the core. Here the thread that polls the core
takes the request and answers it with one batch of operations (docs/decisions/server-arrangement.md has the figures). Streams,
health, reflection, unknown methods and calls that arrive while stopping go the ordinary way; so does everything where a
version of gRPC does not look inside as expected (``available``): slower, and right as well.

All use of gRPC's private parts stands in this file.
"""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Any

import grpc

from mpi.errors import MpiError
from mpi.service.calls import Route
from mpi.service.failures import describe, foreseen

try:
    from grpc import _server
    from grpc._cython import cygrpc  # type: ignore[attr-defined]  # private: its stubs leave it out
except ImportError:  # another gRPC
    _server = cygrpc = None  # type: ignore[assignment]  # then available() says no

_POLL_S = 1.0
_NO_FLAGS = 0
_EXPECTED = {
    "_process_event_and_continue": ["state", "event"],
    "_request_call": ["state"],
    "_request_registered_call": ["state", "method"],
    "_begin_shutdown_once": ["state"],
}
_STATE_PARTS = (
    "lock",
    "completion_queue",
    "server",
    "rpc_states",
    "stage",
    "registered_method_handlers",
    "server_deallocated",
)
_OPERATIONS = (
    "ReceiveMessageOperation",
    "ReceiveCloseOnServerOperation",
    "SendInitialMetadataOperation",
    "SendMessageOperation",
    "SendStatusFromServerOperation",
)


def available(server: grpc.Server) -> bool:
    """Whether this gRPC has inside what is used here."""
    state = getattr(server, "_state", None)
    return (
        all(hasattr(state, part) for part in _STATE_PARTS)
        and all(hasattr(cygrpc, name) for name in _OPERATIONS)
        and hasattr(_server, "_REQUEST_CALL_TAG")
        and hasattr(_server, "_ServerStage")
        and all(_parameters(name) == names for name, names in _EXPECTED.items())
    )


def _parameters(name: str) -> list[str] | None:
    function = getattr(_server, name, None)
    return list(inspect.signature(function).parameters) if callable(function) else None


class DirectReply:
    """One unary call, from its arrival until the core has sent the answer. A ``replies.Reply``."""

    __slots__ = ("_arrival", "_done", "_pool", "_route")

    def __init__(self, arrival: Any, route: Route, pool: Executor, done: Callable[[], object]) -> None:
        self._arrival, self._route, self._pool, self._done = arrival, route, pool, done

    def receive(self) -> None:
        """Ask the core for the request."""
        self._arrival.call.start_server_batch((cygrpc.ReceiveMessageOperation(_NO_FLAGS),), self._received)

    def _received(self, event: Any) -> tuple[None, tuple[()]]:
        """The request is there: run its handler, here if it is one of microseconds."""
        data = event.batch_operations[0].message()
        if data is None:  # the caller has gone, or sent nothing
            self._finish(None, grpc.StatusCode.CANCELLED, b"no request", None)
            return None, ()
        try:
            self._route.admit()
        except MpiError as error:
            self.fail(error)
            return None, ()
        if self._route.pooled:
            self._pool.submit(self._route.run, data, self)
        else:
            self._route.run(data, self)
        return None, ()

    def time_remaining(self) -> float | None:
        deadline: float = self._arrival.call_details.deadline
        return max(deadline - time.time(), 0.0)

    def send(self, response: bytes) -> None:
        self._finish(response, grpc.StatusCode.OK, b"", None)

    def fail(self, error: BaseException) -> None:
        code, text, metadata = describe(error)
        self._finish(None, code, text.encode(), metadata)

    def _finish(self, response: bytes | None, code: grpc.StatusCode, text: bytes, metadata: Any) -> None:
        status = cygrpc.SendStatusFromServerOperation(metadata, code.value[0], text, _NO_FLAGS)
        begin = cygrpc.SendInitialMetadataOperation(None, _NO_FLAGS)
        close = cygrpc.ReceiveCloseOnServerOperation(_NO_FLAGS)
        message = () if response is None else (cygrpc.SendMessageOperation(response, _NO_FLAGS),)
        operations = (begin, *message, status, close)
        self._arrival.call.start_server_batch(operations, self._finished)

    def _finished(self, _event: Any) -> tuple[DirectReply, tuple[()]]:
        """The core is done with the call: gRPC's own bookkeeping drops it on this answer."""
        self._done()
        return self, ()


class DirectServing:
    """Starts a gRPC server with a poller of its own that answers ``routes`` (by path) directly."""

    def __init__(self, server: grpc.Server, routes: Mapping[str, Route], pool: Executor) -> None:
        self._state: Any = server._state  # type: ignore[attr-defined]  # private
        self._routes = {path.encode(): route for path, route in routes.items()}
        self._pool = pool

    def start(self) -> None:
        """In place of ``server.start()``; ``server.stop()`` works as ever."""
        state = self._state
        with state.lock:
            state.server.start()
            state.stage = _server._ServerStage.STARTED
            for method in state.registered_method_handlers:
                _server._request_registered_call(state, method)
            _server._request_call(state)
        threading.Thread(target=self._serve, name="mpi-poller", daemon=True).start()

    def _serve(self) -> None:
        state = self._state
        poll, ordinary = state.completion_queue.poll, _server._process_event_and_continue
        timeout, arrival = cygrpc.CompletionType.queue_timeout, _server._REQUEST_CALL_TAG
        while True:
            event = poll(time.time() + _POLL_S)
            if state.server_deallocated:
                _server._begin_shutdown_once(state)
            try:
                mine = event.completion_type == timeout or (event.tag is arrival and self._accept(event))
                if not mine and not ordinary(state, event):
                    return
            except Exception as error:  # noqa: BLE001 — the poller must survive anything: without it nobody is answered
                foreseen(error)  # logs it without its text
            event = None  # a reference to a call that is shut down would keep the queue busy (as in gRPC's own loop)

    def _accept(self, event: Any) -> bool:
        """Take a new call over, if it is one of ours."""
        if not event.success or (route := self._routes.get(event.call_details.method)) is None:
            return False
        state = self._state
        with state.lock:
            if state.stage is not _server._ServerStage.STARTED:
                return False
            reply = DirectReply(event, route, self._pool, route.begin())
            state.rpc_states.add(reply)
            # The request that brought this call stays due: the next one takes its place.
            state.server.request_call(state.completion_queue, state.completion_queue, _server._REQUEST_CALL_TAG)
        reply.receive()
        return True
