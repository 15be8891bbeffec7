"""Where the time of a fit goes: parts are timed for whoever collects them, and for nobody else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple


class Spent(NamedTuple):
    """Seconds of a part: by the clock, and of the processor."""

    wall: float = 0.0
    cpu: float = 0.0


_collected: ContextVar[dict[str, Spent] | None] = ContextVar("_collected", default=None)


@contextmanager
def collected() -> Iterator[dict[str, Spent]]:
    """Part → what was spent on it, filled while the context lasts."""
    parts: dict[str, Spent] = {}
    token = _collected.set(parts)
    try:
        yield parts
    finally:
        _collected.reset(token)


@contextmanager
def timed(part: str) -> Iterator[None]:
    """Add what the context takes to a part. Not to be nested: a second would count twice."""
    parts = _collected.get()
    if parts is None:
        yield
        return
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        yield
    finally:
        before = parts.get(part, Spent())
        parts[part] = Spent(before.wall + time.perf_counter() - wall, before.cpu + time.process_time() - cpu)
