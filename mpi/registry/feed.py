"""The change feed: every change once, in order. Recent ones come from memory, older ones from the journal."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from itertools import islice, starmap
from typing import Any

from mpi.records import ChangeEvent, Outcome
from mpi.registry.master_id import format_code
from mpi.store import EventColumns, JournalEvent, Store

RECENT = 10_000  # changes kept in memory
TOLD = ("seq", "at", "outcome", "source", "local_id", "master_code", "previous_local_id", "review_task")

Listener = Callable[[int], None]


class ChangeFeed:
    """Readers ask for what comes after a sequence number; listeners are told that there is something new."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._recent: deque[tuple[Any, ...]] = deque(maxlen=RECENT)  # fields TOLD; a ChangeEvent when somebody asks
        self._listeners: dict[int, Listener] = {}
        self._lock = threading.Lock()
        self._next = 0

    def add(self, events: EventColumns) -> None:
        """Called by the writer after each commit."""
        told = events.rows(TOLD)
        with self._lock:
            self._recent.extend(told)
            listeners = list(self._listeners.values())
        for listener in listeners:
            listener(told[-1][0])

    def after(self, sequence: int, limit: int, sources: frozenset[str] = frozenset()) -> list[ChangeEvent]:
        """Up to ``limit`` changes with a higher sequence number, oldest first; only those of ``sources`` if any are named."""
        with self._lock:
            recent = list(self._recent)
        if recent and sequence + 1 >= recent[0][0]:
            later = starmap(_change, islice(recent, sequence + 1 - recent[0][0], None))
            found = (c for c in later if c.outcome is not Outcome.STALE and (not sources or c.source in sources))
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
    return _change(*(getattr(event, field) for field in TOLD))


def _change(*told: Any) -> ChangeEvent:
    sequence, at, outcome, source, local_id, master_code, previous_local_id, review_task = told
    return ChangeEvent(
        sequence=sequence,
        at=at,
        outcome=Outcome(outcome),
        source=source,
        local_id=local_id,
        master_id=format_code(master_code),
        previous_local_id=previous_local_id or "",
        review_task=review_task,
    )
