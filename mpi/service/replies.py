"""What a unary call is owed: one answer or one error, from any thread, also after its handler has returned.

A write waits for the commit of its batch. Were a pool thread to wait with it, 64 callers would need 64 threads that all want
the interpreter lock: 370 µs of CPU a call. Answered from one thread when the batch is done, a call costs half of that
(docs/decisions/server-arrangement.md).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Protocol

import grpc

from mpi.registry.registry import Submission
from mpi.service.failures import describe

Build = Callable[[list[Any]], bytes]
"""Answers of a submission's writes → the serialised response; raises what the call shall fail with."""


class Reply(Protocol):
    """The answer that a call still owes. Exactly one of ``send`` and ``fail`` is to be called, once, from any thread."""

    def send(self, response: bytes) -> None:
        """Answer; does nothing when the caller has gone."""

    def fail(self, error: BaseException) -> None:
        """End the call with an error; does nothing when the caller has gone."""

    def time_remaining(self) -> float | None:
        """Seconds until the caller stops waiting; None or ages where there is no deadline."""


class StreamedReply:
    """A reply through gRPC's public ways: on the wire a unary answer is a stream of one."""

    __slots__ = ("_callback", "_context", "_done")

    def __init__(
        self, context: grpc.ServicerContext, callback: Callable[[bytes | None], None], done: Callable[[], object]
    ) -> None:
        self._context = context
        self._callback = callback
        self._done = done

    def time_remaining(self) -> float | None:
        return self._context.time_remaining()

    def send(self, response: bytes) -> None:
        self._callback(response)
        self._callback(None)
        self._done()

    def fail(self, error: BaseException) -> None:
        code, text, metadata = describe(error)
        self._context.set_trailing_metadata(metadata)
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
    """The thread that answers writes."""

    def __init__(self) -> None:
        self._done: SimpleQueue[list[Submission] | None] = SimpleQueue()
        self.lag_s = 0.0  # from arrival to answer, of the last write answered
        self._thread = threading.Thread(target=self._run, name="mpi-answers", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Answer what was delivered, then end."""
        self._done.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def deliver(self, finished: list[Submission]) -> None:
        """What the registry calls when a batch is done. A write that was alone is answered at once, by the writer's thread:

        handing it over would cost as much, and nothing waits behind it.
        """
        if len(finished) == 1 and finished[0].size == 1:
            self._answer_all(finished)
        else:
            self._done.put(finished)

    def _run(self) -> None:
        while (batch := self._done.get()) is not None:
            self._answer_all(batch)

    def _answer_all(self, finished: list[Submission]) -> None:
        for submission in finished:
            waiting = submission.context
            assert isinstance(waiting, Waiting)
            self.lag_s = time.monotonic() - waiting.since  # before the answer: who has it may ask for this
            self._answer(waiting, submission)

    @staticmethod
    def _answer(waiting: Waiting, submission: Submission) -> None:
        try:
            response = waiting.build(submission.answers())
        except Exception as error:  # noqa: BLE001 — it becomes the call's status
            waiting.reply.fail(error)
        else:
            waiting.reply.send(response)
