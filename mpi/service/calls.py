"""The one wrapper around every handler: gate, decoding, deadline, errors, encoding.

Composed here once instead of stacked as interceptors: four that only pass on cost 12 to 27 % of an empty call. Messages are
decoded and encoded here and not by gRPC, because gRPC answers a message it cannot read with INTERNAL and prints it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any, Protocol, TypeVar

import grpc

from mpi.errors import DeadlinePassed, MpiError, QueueFull, Unavailable
from mpi.service.failures import abort
from mpi.service.replies import Reply, StreamedReply

Q = TypeVar("Q")

_NO_DEADLINE_S = 10 * 365 * 86_400  # what gRPC reports where there is none is of the order of the age of the universe
_BUSY_RETRY_S = 1.0


class Message(Protocol):
    """What is used of a response."""

    def SerializeToString(self) -> bytes: ...  # noqa: N802 — protobuf's name


class Gate:
    """Whether calls are let in; while loading and after draining each is told why not."""

    def __init__(self) -> None:
        self._refusal: MpiError | None = Unavailable("LOADING", "the index is loading")

    def open(self) -> None:
        self._refusal = None

    def close(self) -> None:
        self._refusal = Unavailable("DRAINING", "the service is stopping")

    def check(self) -> None:
        """Raises Unavailable unless the gate is open."""
        if self._refusal is not None:
            raise self._refusal


def _let_in() -> None:
    """For calls that no gate holds up."""


class Route:
    """One unary rpc: ``run`` takes the serialised request and the reply it owes.

    It serves both arrangements: called by direct.py, or through ``handler`` by gRPC's own server.
    """

    __slots__ = ("_calls", "pooled", "run")

    def __init__(self, run: Callable[[bytes, Reply], None], pooled: bool, calls: Calls) -> None:
        self.run, self.pooled, self._calls = run, pooled, calls

    def admit(self) -> None:
        """Raises QueueFull when more calls are open than may be."""
        if self._calls.in_flight > self._calls.max_calls:
            raise _busy("CALLS_FULL", "too many calls are open")

    def begin(self) -> Callable[[], object]:
        """Count a call as running; returns what is to be called when it has been answered."""
        self._calls.running.append(None)
        return self._calls.running.pop

    def handler(self) -> grpc.RpcMethodHandler[Any, Any]:
        """For gRPC's own server: unary on the wire, to gRPC a stream of one answer, which may be given later."""

        def handle(data: bytes, context: grpc.ServicerContext, callback: Callable[[bytes | None], None]) -> None:
            self.run(data, StreamedReply(context, callback, self.begin()))

        handle.experimental_non_blocking = True  # type: ignore[attr-defined]  # how gRPC wants to be told
        return grpc.unary_stream_rpc_method_handler(handle)


def _busy(reason: str, message: str) -> QueueFull:
    error = QueueFull(_BUSY_RETRY_S)
    error.reason = reason
    error.args = (message,)
    return error


def deadline_of(reply: Reply) -> float | None:
    """When the caller stops waiting, in time.monotonic() seconds. Raises DeadlinePassed when that is over."""
    left = reply.time_remaining()
    if left is None or left > _NO_DEADLINE_S:
        return None
    if left <= 0:
        raise DeadlinePassed
    return time.monotonic() + left


class Calls:
    """Makes routes and gRPC handlers from functions of nouns and messages."""

    def __init__(self, gate: Gate, *, max_calls: int, max_streams: int) -> None:
        self._gate = gate
        self.max_calls = max_calls
        self.running: list[None] = []  # appending and popping are atomic, counting up and down is not
        self._streams_left = max_streams
        self._lock = Lock()
        # More threads than streams, so that a stream too many is refused at once and does not wait for a thread.
        self.stream_pool = ThreadPoolExecutor(max_streams + 4, thread_name_prefix="mpi-stream")

    @property
    def in_flight(self) -> int:
        """Calls that were let in and are not answered yet."""
        return len(self.running)

    def unary(
        self, decode: Callable[[bytes], Q], answer: Callable[[Q], Message], *, pooled: bool = False, always: bool = False
    ) -> Route:
        """A call that is answered from memory. ``pooled``: it may take milliseconds and shall not hold up the others.
        ``always``: it is answered also while the gate is closed."""
        check = _let_in if always else self._gate.check

        def run(data: bytes, reply: Reply) -> None:
            try:
                check()
                deadline_of(reply)
                response = answer(decode(data)).SerializeToString()
            except Exception as error:  # noqa: BLE001 — it becomes the call's status
                reply.fail(error)
            else:
                reply.send(response)

        return Route(run, pooled, self)

    def deferred(
        self, decode: Callable[[bytes], Q], submit: Callable[[Q, Reply, float | None], None], *, pooled: bool = False
    ) -> Route:
        """A call that is answered later through its Reply."""
        check = self._gate.check

        def run(data: bytes, reply: Reply) -> None:
            try:
                check()
                submit(decode(data), reply, deadline_of(reply))
            except Exception as error:  # noqa: BLE001 — it becomes the call's status
                reply.fail(error)

        return Route(run, pooled, self)

    def server_stream(
        self, request: type[Q], answers: Callable[[Q, grpc.ServicerContext], Iterator[bytes]]
    ) -> grpc.RpcMethodHandler[Any, Any]:
        """One request, any number of serialised answers; holds a thread of the stream pool."""
        decode = request.FromString  # type: ignore[attr-defined]  # a generated message class

        def handle(data: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
            yield from self._stream(lambda: answers(decode(data), context), context)

        handle.experimental_thread_pool = self.stream_pool  # type: ignore[attr-defined]  # how gRPC wants to be told
        return grpc.unary_stream_rpc_method_handler(handle)

    def both_stream(
        self, answers: Callable[[Iterator[bytes], grpc.ServicerContext], Iterator[bytes]]
    ) -> grpc.RpcMethodHandler[Any, Any]:
        """Serialised requests and answers in both directions; holds a thread of the stream pool."""

        def handle(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
            yield from self._stream(lambda: answers(requests, context), context)

        handle.experimental_thread_pool = self.stream_pool  # type: ignore[attr-defined]  # how gRPC wants to be told
        return grpc.stream_stream_rpc_method_handler(handle)

    def _stream(self, start: Callable[[], Iterator[bytes]], context: grpc.ServicerContext) -> Iterator[bytes]:
        admitted = False
        self.running.append(None)
        try:
            self._gate.check()
            self._take_stream()
            admitted = True
            yield from start()
        except Exception as error:  # noqa: BLE001 — it becomes the call's status
            abort(context, error)
        finally:
            self.running.pop()
            if admitted:
                with self._lock:
                    self._streams_left += 1

    def _take_stream(self) -> None:
        with self._lock:
            if self._streams_left == 0:
                raise _busy("STREAMS_FULL", "too many streams are open")
            self._streams_left -= 1
