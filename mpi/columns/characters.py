"""Characters for kernels: UTF-8 to code points, and which character is common Han in simplified form."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from mpi.columns.jit import leaf
from mpi.standardise.hanzi import is_usual

TABLE = 1 << 16  # characters beyond the basic plane are never plain

Points = npt.NDArray[np.uint32]
Bytes = npt.NDArray[np.uint8]


@leaf
def decode(data: Bytes, offset: int, length: int, points: Points) -> int:
    """Code points of valid UTF-8 into ``points``; returns how many. Raises nothing: the caller made room for ``length``."""
    at, end, count = offset, offset + length, 0
    while at < end:
        first = np.uint32(data[at])
        if first < 0x80:
            points[count] = first
            at += 1
        elif first < 0xE0:
            points[count] = (first & 0x1F) << 6 | np.uint32(data[at + 1]) & 0x3F
            at += 2
        elif first < 0xF0:
            points[count] = (first & 0x0F) << 12 | (np.uint32(data[at + 1]) & 0x3F) << 6 | np.uint32(data[at + 2]) & 0x3F
            at += 3
        else:
            high = (first & 0x07) << 18 | (np.uint32(data[at + 1]) & 0x3F) << 12
            points[count] = high | (np.uint32(data[at + 2]) & 0x3F) << 6 | np.uint32(data[at + 3]) & 0x3F
            at += 4
        count += 1
    return count


@cache
def usual() -> npt.NDArray[np.bool_]:
    """bool[65536]: ``is_usual`` of each character, so that nothing of it needs to be cleaned."""
    table = np.zeros(TABLE, np.bool_)
    table[0x4E00:0xA000] = [is_usual(chr(point)) for point in range(0x4E00, 0xA000)]
    return table
