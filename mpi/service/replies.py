"""Answer a unary call after its handler has returned, from another thread.

A write waits for the commit of its batch. Were a pool thread to wait with it, 64 callers would need 64 threads that all want
the interpreter lock: 370 µs of CPU a call. Answered from one thread when the batch is done, a call costs 190–225 µs
(docs/decisions/server-arrangement.md). gRPC's thread-pool server has no public way to do that for a unary call, but one for a
stream of answers (``experimental_non_blocking``), and on the wire a unary answer is a stream of one. Its own callback sends
answer and status one after the other and waits in between; ``grpc._server._status`` sends both in one go and waits for
nothing. Where a version of gRPC does not have that function as expected, the callback is used: slower, and right as well.
"""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import grpc
from grpc import _server

from mpi.registry.registry import Submission
from mpi.service.failures import describe

Build = Callable[[list[Any]], bytes]
"""Answers of a submission's writes → the serialised response; raises what the call shall fail with."""


def sends_at_once() -> bool:
    """Whether this gRPC has the function that sends answer and status together."""
    function = getattr(_server, "_status", None)
    return callable(function) and list(inspect.signature(function).parameters) == [
        "rpc_event",
        "state",
        "serialized_response",
    ]


class Reply:
    """The answer that a call still owes. Exactly one of ``send`` and ``fail`` is to be called, once, from any thread."""

    __slots__ = ("_callback", "_context", "_done")

    at_once = sends_at_once()

    def __init__(
        self, context: grpc.ServicerContext, callback: Callable[[bytes | None], None], done: Callable[[], object]
    ) -> None:
        self._context = context
        self._callback = callback
        self._done = done

    def send(self, response: bytes) -> None:
        """Answer; does nothing when the caller has gone."""
        if self.at_once:
            context: Any = self._context
            _server._status(context._rpc_event, context._state, response)
        else:
            self._callback(response)
            self._callback(None)
        self._done()

    def fail(self, error: BaseException) -> None:
        """End the call with an error; does nothing when the caller has gone."""
        code, text = describe(self._context, error)
        self._context.set_code(code)
        self._context.set_details(text)
        self._callback(None)
        self._done()


class Waiting:
    """What a submission carries through the writer: whom to answer, and how to put it."""

    __slots__ = ("build", "reply", "since")

    def __init__(self, reply: Reply, build: Build) -> None:
        self.reply = reply
        self.build = build
        self.since = time.monotonic()


class Answering:
    """The thread that answers writes. ``deliver`` is what the registry calls when a batch is done."""

    def __init__(self) -> None:
        self._done: SimpleQueue[list[Submission] | None] = SimpleQueue()
        self.deliver = self._done.put
        self.lag_s = 0.0  # from arrival to answer, of the last write answered
        self._thread = threading.Thread(target=self._run, name="mpi-answers", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Answer what was delivered, then end."""
        self._done.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while (batch := self._done.get()) is not None:
            for submission in batch:
                waiting = submission.context
                assert isinstance(waiting, Waiting)
                self._answer(waiting, submission)
                self.lag_s = time.monotonic() - waiting.since

    @staticmethod
    def _answer(waiting: Waiting, submission: Submission) -> None:
        try:
            response = waiting.build(submission.answers())
        except Exception as error:  # noqa: BLE001 — it becomes the call's status
            waiting.reply.fail(error)
        else:
            waiting.reply.send(response)
