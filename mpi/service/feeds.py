"""StreamResolve: one thread reads records and submits them, the stream's own thread sends the answers.

A stream has at most ``window`` records unanswered; then it is not read any further, and gRPC's flow control slows the sender
down. Where the writer's queue is full the stream waits too, instead of refusing: a feed has nowhere else to go.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from threading import Event, Lock, Semaphore, Thread
from typing import NamedTuple

import grpc
from google.protobuf.message import DecodeError

from mpi.errors import InputError, MpiError, QueueFull, Unavailable
from mpi.records import PatientRecord, ResolveAnswer
from mpi.registry.registry import Registry, Submission
from mpi.service import requests, responses
from mpi.service.failures import item_status
from mpi.v1 import identity_pb2 as pb
from mpi.v1 import records_pb2

CheckedRecord = Callable[[records_pb2.PatientRecord, str], PatientRecord]


class _Context(NamedTuple):
    """What a record carries through the writer."""

    correlation_id: str
    include_reasons: bool


class _Ended(NamedTuple):
    """The last entry of a stream's queue: no more records will come."""

    error: Exception | None


class _Refused(NamedTuple):
    correlation_id: str
    error: Exception


_Entry = list[Submission] | _Refused | _Ended


class FeedStreams:
    """All open feeds. ``checked_record`` turns a message into a record that may be written."""

    def __init__(self, registry: Registry, checked_record: CheckedRecord, *, window: int) -> None:
        self._registry, self._checked_record, self._window = registry, checked_record, window
        self._open: set[_Feed] = set()
        self._lock = Lock()

    def stream(self, messages: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        """Serialised responses, one a request. Raises Unavailable when the service stops."""
        feed = _Feed(self._registry, self._checked_record, self._window)
        with self._lock:
            self._open.add(feed)
        try:
            if not context.add_callback(feed.abandon):
                return
            Thread(target=feed.read, args=(messages,), name="mpi-feed", daemon=True).start()
            yield from feed.answers()
        finally:
            feed.abandon()
            with self._lock:
                self._open.discard(feed)

    def close(self) -> None:
        """End all feeds when what they submitted is answered."""
        with self._lock:
            for feed in self._open:
                feed.end(Unavailable("DRAINING", "the service is stopping"))


class _Feed:
    """One stream."""

    def __init__(self, registry: Registry, checked_record: CheckedRecord, window: int) -> None:
        self._registry, self._checked_record = registry, checked_record
        self._room = Semaphore(window)
        self._entries: SimpleQueue[_Entry] = SimpleQueue()
        self._ended = Event()
        self._lock = Lock()
        self._submitted = 0

    def read(self, messages: Iterator[bytes]) -> None:
        """Submit every record that comes, in order; the reading thread's work."""
        error: Exception | None = None
        try:
            for data in messages:
                self._room.acquire()
                if self._ended.is_set():
                    return
                self._take(pb.StreamResolveRequest.FromString(data))
        except DecodeError as unreadable:
            error = unreadable
        except Exception as broken:  # noqa: BLE001 — gRPC raises a bare Exception where the caller has gone
            error = broken
        self.end(error)

    def _take(self, request: pb.StreamResolveRequest) -> None:
        try:
            requests.limited("correlation_id", request.correlation_id, requests.MAX_CORRELATION_ID_LENGTH)
        except InputError as error:
            self._entries.put(_Refused(request.correlation_id[: requests.MAX_CORRELATION_ID_LENGTH], error))
            return
        try:
            record = self._checked_record(request.record, "record")
            request_id = requests.request_id(request.request_id)
            self._submit(record, request_id, _Context(request.correlation_id, request.include_reasons))
        except MpiError as error:
            self._entries.put(_Refused(request.correlation_id, error))

    def _submit(self, record: PatientRecord, request_id: str, context: _Context) -> None:
        """Submit when the queue has room. Raises what the registry raises otherwise."""
        while True:
            try:
                with self._lock:
                    if self._ended.is_set():
                        return
                    self._registry.submit(
                        (record,),
                        self._entries.put,
                        request_ids=(request_id,),
                        explain=context.include_reasons,
                        context=context,
                    )
                    self._submitted += 1
            except QueueFull as full:
                time.sleep(full.retry_after_s or 0.0)
            else:
                return

    def answers(self) -> Iterator[bytes]:
        """Serialised responses as they come, until the feed has ended and everything submitted is answered."""
        answered, ended = 0, None
        while ended is None or answered < self._submitted:
            entry = self._entries.get()
            if isinstance(entry, _Ended):
                ended = ended or entry
                continue
            for response, was_submitted in _responses(entry):
                answered += was_submitted
                self._room.release()
                yield response.SerializeToString()
        if ended.error is not None:
            raise ended.error

    def end(self, error: Exception | None) -> None:
        """Submit nothing more; answer what was submitted, then end, with ``error`` if there is one."""
        with self._lock:
            self._ended.set()
        self._entries.put(_Ended(error))
        self._room.release()

    def abandon(self) -> None:
        """The caller has gone."""
        self.end(None)


def _responses(entry: list[Submission] | _Refused) -> Iterator[tuple[pb.StreamResolveResponse, bool]]:
    """Responses with whether each is the answer to something submitted."""
    if isinstance(entry, _Refused):
        yield pb.StreamResolveResponse(correlation_id=entry.correlation_id, error=item_status(entry.error)), False
        return
    for submission in entry:
        context = submission.context
        assert isinstance(context, _Context)
        (answer,) = submission.answers()
        response = pb.StreamResolveResponse(correlation_id=context.correlation_id)
        if isinstance(answer, ResolveAnswer):
            responses.fill_resolution(response.resolution, answer, reasons=context.include_reasons)
        else:
            response.error.CopyFrom(item_status(answer))
        yield response, True
