"""Arrays in reserved address space: they grow without ever moving, and cost only the pages that were written."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np
import numpy.typing as npt

from mpi.linkage.hashtable import SEGMENTS, Table, arena_slots, prepare
from mpi.linkage.hotindex import CHARS, COUNTERS, VALUES, HotIndex
from mpi.linkage.model import Model
from mpi.linkage.values import Values

# Without it the kernel counts reserved pages as used: a fork of a process with several indexes is then refused. Python names
# the flag from 3.13 on; the number is Linux's on x86-64.
NORESERVE = getattr(mmap, "MAP_NORESERVE", 0x4000)
VALUES_PER_ROW = 4  # distinct texts a row brings on average, at most
CHARS_PER_VALUE = 16


def reserve(shape: int | tuple[int, ...], dtype: type[np.generic]) -> npt.NDArray[Any]:
    """A zeroed array whose pages are backed by memory only when written."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | NORESERVE
    return np.frombuffer(mmap.mmap(-1, max(size, mmap.PAGESIZE), flags=flags), dtype, int(np.prod(shape))).reshape(shape)


def reserve_table(keys: int) -> Table:
    """An empty hash table for up to ``keys`` distinct keys."""
    table = Table(reserve((arena_slots(keys), 2), np.int64), np.zeros((SEGMENTS + 1, 2), np.int64))
    prepare(table)
    return table


def reserve_index(model: Model, rows: int) -> HotIndex:
    """An empty hot index with room for ``rows`` rows (and as many records and persons)."""
    values = rows * VALUES_PER_ROW
    counters = np.zeros(COUNTERS, np.int64)
    counters[VALUES], counters[CHARS] = 1, 0  # slot 0 is the missing value
    return HotIndex(
        counters=counters,
        rows=reserve((rows, model.width), np.int64),
        row_cells=reserve((rows, 5), np.int64),
        next_row=reserve((rows, len(model.rules)), np.int32),
        postings=reserve_table(rows * len(model.rules)),
        dictionary=reserve_table(values),
        values=Values(reserve((values, 8), np.int64), reserve(values * CHARS_PER_VALUE, np.uint32)),
        record_cells=reserve((rows, 3), np.int64),
        first_record=reserve(rows, np.int32),
    )


def room_left(index: HotIndex) -> int:
    """Rows that surely still fit: the tightest of rows, dictionary slots and characters decides."""
    rows = len(index.rows) - int(index.counters[0])
    values = (len(index.values.cells) - int(index.counters[VALUES])) // VALUES_PER_ROW
    chars = (len(index.values.chars) - int(index.counters[CHARS])) // (VALUES_PER_ROW * CHARS_PER_VALUE)
    return min(rows, values, chars)
