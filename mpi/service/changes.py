"""WatchChanges: a stream holds no queue of its own, only the sequence number it has reached.

It reads a page of changes after that number, sends it, and when there is none waits until the writer says that there are
more. So a slow reader costs no memory, and a reader that was cut off goes on from the last number it saw.
"""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event, Lock

import grpc

from mpi.errors import InputError, Unavailable
from mpi.registry.registry import Registry
from mpi.service import requests, responses
from mpi.v1 import identity_pb2 as pb

PAGE = 500  # changes read at once


class _Wake(Event):
    """Set when there may be something new; ``newest`` is the last sequence number heard of."""

    newest = 0

    def heard(self, sequence: int) -> None:
        self.newest = sequence
        self.set()


class ChangeStreams:
    """All open streams of changes."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._open: set[_Wake] = set()
        self._lock = Lock()
        self._closing = False

    def stream(self, request: pb.WatchChangesRequest, context: grpc.ServicerContext) -> Iterator[bytes]:
        """Serialised responses, without end. Raises Unavailable when the service stops."""
        if request.after_sequence < 0:
            raise InputError("after_sequence", "is negative")
        sources = requests.sources(request.sources)
        wake = _Wake()
        unsubscribe = self._registry.subscribe(wake.heard)
        with self._lock:
            self._open.add(wake)
        try:
            if not context.add_callback(wake.set):
                return
            yield from self._follow(request.after_sequence, sources, wake, context)
        finally:
            unsubscribe()
            with self._lock:
                self._open.discard(wake)

    def _follow(self, after: int, sources: frozenset[str], wake: _Wake, context: grpc.ServicerContext) -> Iterator[bytes]:
        while context.is_active():
            if self._closing:
                raise Unavailable("DRAINING", "the service is stopping")
            wake.clear()
            newest = wake.newest  # before reading: everything up to it is there to be read
            events = self._registry.changes(after, PAGE, sources)
            for event in events:
                yield pb.WatchChangesResponse(event=responses.change_event(event)).SerializeToString()
                after = event.sequence
            if len(events) < PAGE:
                after = max(after, newest)  # what the filter left out need not be read again
                wake.wait()

    def close(self) -> None:
        """End all streams."""
        self._closing = True
        with self._lock:
            for wake in self._open:
                wake.set()
