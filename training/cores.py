"""Kernels that hold no lock of the interpreter, on every core that the process may use."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise

LEAST = 10_000  # items below which a second thread is not worth its start


@cache
def cores() -> int:
    """How many cores the process may use."""
    return len(os.sched_getaffinity(0))


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(cores(), thread_name_prefix="lab")


def shared_out(count: int, work: Callable[[int, slice], None]) -> None:
    """Call ``work(worker, part)`` for parts of ``count`` items that together are all of them.

    Workers are numbered from 0, below ``cores()``; no two calls at a time have the same number, so each may have working
    memory of its own.
    """
    workers = min(cores(), max(count // LEAST, 1))
    bounds = [count * worker // workers for worker in range(workers + 1)]
    parts = [slice(start, end) for start, end in pairwise(bounds)]
    if workers == 1:
        work(0, parts[0])
        return
    for done in [_pool().submit(work, worker, part) for worker, part in enumerate(parts)]:
        done.result()
