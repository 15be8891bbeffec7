"""How far a start is: what it is doing, and how much of it is done. Written by one thread, read by any."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

log = logging.getLogger(__name__)

SAY_EVERY_S = 5.0


class Phase(Enum):
    """What a start does, in this order."""

    KERNELS = "loading kernels"
    SNAPSHOT = "reading the snapshot"
    REPLAYING = "replaying the journal"
    READY = "ready"


class State(NamedTuple):
    """What is being done; ``done`` of ``total`` (0: not counted) bytes of a snapshot, or events of the journal."""

    phase: Phase
    done: int
    total: int

    @property
    def fraction(self) -> float:
        """How much of the phase is done, 0 to 1."""
        return 1.0 if self.phase is Phase.READY else min(self.done / self.total, 1.0) if self.total else 0.0


class Progress:
    """See the module docstring. Says in the log when a phase begins and ends, and every few seconds how far it is."""

    def __init__(self) -> None:
        self.state = State(Phase.KERNELS, 0, 0)  # replaced as a whole: a reader sees one that was true
        self._began = self._said = time.monotonic()
        self.seconds: dict[Phase, float] = {}
        self.tell: Callable[[State], None] | None = None  # who wants to know at every step

    def begin(self, phase: Phase, total: int = 0) -> None:
        """Go on to a phase, or do it again with another total."""
        now, before = time.monotonic(), self.state
        self.seconds[before.phase] = self.seconds.get(before.phase, 0.0) + now - self._began
        if before.phase is not phase:
            log.info("%s took seconds=%.2f number=%d", before.phase.value, now - self._began, before.done)
        self._became(State(phase, 0, total))
        self._began = self._said = now

    def add(self, number: int) -> None:
        """Note what was done of the phase."""
        phase, done, total = self.state
        self._became(State(phase, done + number, total))
        now = time.monotonic()
        if now - self._said >= SAY_EVERY_S:
            self._said = now
            log.info("%s done=%d total=%d percent=%.0f", phase.value, done + number, total, 100 * self.state.fraction)

    def _became(self, state: State) -> None:
        self.state = state
        if self.tell is not None:
            self.tell(state)
