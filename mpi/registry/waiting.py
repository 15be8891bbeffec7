"""What waits for the writer, and who comes next: single writes are not held up by those who send thousands.

A block of a batch call takes the writer tens of milliseconds. Where nobody else is there, whole blocks go into a transaction.
Where single writes come as well, the two take turns: what singles wait, then a slice of the block at the front. So a single
write waits for one slice and its own commit, whatever a batch client sends; a slice of SLICE records costs about what two
commits do, so that the batch client keeps most of its rate.
"""

from __future__ import annotations

import threading
import time
from collections import deque

from mpi.errors import QueueFull, Unavailable
from mpi.registry.writes import Block, Slice, Submission, Write

SLICE = 100  # records
SHARED_S = 0.25  # how long after a single write blocks are sliced


class WriteQueue:
    """See the module docstring. ``limit``: records that may wait; ``batch_limit``: records of one transaction."""

    def __init__(self, limit: int, batch_limit: int) -> None:
        self._limit, self._batch_limit = limit, batch_limit
        self._singles: deque[Write] = deque()
        self._blocks: deque[Block] = deque()
        self._begun = 0  # records of the block at the front that were taken
        self._records = 0
        self._shared_until = 0.0  # time.monotonic() seconds
        self._singles_turn = True
        self._changed = threading.Condition()
        self.stopping = False

    def __len__(self) -> int:
        """Records that wait."""
        return self._records

    def put(self, submission: Submission) -> None:
        """Add a call's writes. Raises QueueFull, or Unavailable when stopping; then nothing was added."""
        with self._changed:
            if self.stopping:
                raise Unavailable("DRAINING", "the index is stopping")
            if self._records + submission.size > self._limit:
                raise QueueFull(retry_after_s=0.05)
            for write in submission.writes:
                if isinstance(write, Block):
                    self._blocks.append(write)
                else:
                    self._singles.append(write)
            self._records += submission.size
            self._changed.notify()

    def stop(self) -> None:
        """Take no more."""
        with self._changed:
            self.stopping = True
            self._changed.notify()

    def wait(self, timeout_s: float) -> None:
        """Until something waits, or the queue stops."""
        with self._changed:
            if not self._records and not self.stopping:
                self._changed.wait(timeout=timeout_s)

    def take(self) -> list[Write | Slice]:
        """What goes into the next transaction; nothing where nothing waits."""
        with self._changed:
            taken = (
                self._take_singles() if self._singles and (self._singles_turn or not self._blocks) else self._take_blocks()
            )
            self._records -= sum(write.size for write in taken)
        return taken

    def _take_singles(self) -> list[Write | Slice]:
        self._singles_turn = False
        self._shared_until = time.monotonic() + SHARED_S
        return [self._singles.popleft() for _ in range(min(len(self._singles), self._batch_limit))]

    def _take_blocks(self) -> list[Write | Slice]:
        """A slice of the first block while single writes come; else as many blocks as go into a transaction, at least one."""
        self._singles_turn = True
        if self._blocks and time.monotonic() < self._shared_until:
            return [self._next(SLICE)]
        taken: list[Write | Slice] = []
        size = 0
        while self._blocks and (not taken or size + self._blocks[0].size - self._begun <= self._batch_limit):
            taken.append(self._next(self._blocks[0].size))
            size += taken[-1].size
        return taken

    def _next(self, most: int) -> Slice:
        """The next records of the first block, ``most`` of them at most."""
        block = self._blocks[0]
        start, end = self._begun, min(self._begun + most, block.size)
        self._begun = end
        if end == block.size:
            self._blocks.popleft()
            self._begun = 0
        return Slice(block, start, end)
