"""Idempotency by request_id: within a window, a repeat is answered like the first time.

Kept per request: the hash of its body and the sequence number of its effect (0 where nothing was stored). Older repeats fall
back to idempotency by content.
"""

from __future__ import annotations

from collections import OrderedDict

from mpi.errors import RequestIdReused


class RequestWindow:
    """The newest ``count`` requests, none older than ``hours``. Used by the writer's thread only."""

    def __init__(self, *, count: int, hours: float) -> None:
        self._count = count
        self._age = int(hours * 3600 * 1_000_000)
        self._known: OrderedDict[str, tuple[bytes, int, int]] = OrderedDict()

    def find(self, request_id: str, body_hash: bytes) -> int | None:
        """Sequence number of the request's effect, or None for a new request. Raises RequestIdReused for another body."""
        known = self._known.get(request_id)
        if known is None:
            return None
        if known[0] != body_hash:
            raise RequestIdReused
        return known[1]

    def add(self, request_id: str, body_hash: bytes, sequence: int, at: int) -> None:
        """Remember a request at time ``at`` (µs since 1970) and forget what has left the window."""
        self._known[request_id] = (body_hash, sequence, at)
        while len(self._known) > self._count or next(iter(self._known.values()))[2] < at - self._age:
            self._known.popitem(last=False)

    def oldest(self, now: int) -> int:
        """Start of the window at time ``now`` (µs since 1970)."""
        return now - self._age

    def __len__(self) -> int:
        return len(self._known)
