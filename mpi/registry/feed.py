"""The change feed: every change once, in order. Recent ones come from memory, older ones from the journal."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from itertools import islice

from mpi.records import ChangeEvent, Outcome
from mpi.registry.master_id import format_code
from mpi.store import JournalEvent, Store

RECENT = 10_000  # changes kept in memory

Listener = Callable[[int], None]


class ChangeFeed:
    """Readers ask for what comes after a sequence number; listeners are told that there is something new."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._recent: deque[ChangeEvent] = deque(maxlen=RECENT)
        self._listeners: dict[int, Listener] = {}
        self._lock = threading.Lock()
        self._next = 0

    def add(self, events: list[JournalEvent]) -> None:
        """Called by the writer after each commit."""
        with self._lock:
            self._recent.extend(change(event) for event in events)
            listeners = list(self._listeners.values())
        for listener in listeners:
            listener(events[-1].seq)

    def after(self, sequence: int, limit: int, sources: frozenset[str] = frozenset()) -> list[ChangeEvent]:
        """Up to ``limit`` changes with a higher sequence number, oldest first; only those of ``sources`` if any are named."""
        with self._lock:
            recent = list(self._recent)
        if recent and sequence + 1 >= recent[0].sequence:
            start = sequence + 1 - recent[0].sequence
            found = (c for c in recent[start:] if c.outcome is not Outcome.STALE and (not sources or c.source in sources))
            return list(islice(found, limit))
        return [change(event) for event in self._store.changes(sequence, limit, sources)]

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have ``listener`` called with the newest sequence number after each commit, from the writer's thread.

        Returns the function that ends it.
        """
        with self._lock:
            self._next += 1
            key = self._next
            self._listeners[key] = listener

        def end() -> None:
            with self._lock:
                self._listeners.pop(key, None)

        return end


def change(event: JournalEvent) -> ChangeEvent:
    """A journal entry as subscribers see it."""
    return ChangeEvent(
        sequence=event.seq,
        at=event.at,
        outcome=Outcome(event.outcome),
        source=event.source,
        local_id=event.local_id,
        master_id=format_code(event.master_code),
        previous_local_id=event.previous_local_id or "",
        review_task=event.review_task,
    )
