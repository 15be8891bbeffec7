"""A hash table of int64 → int64 in reserved memory that grows without a pause: 256 segments, each rehashed by copy and swap.

One writer, many readers, no locks. A segment is a region of the arena; its descriptor (offset and size in one int64) is
swapped by a single store after the copy is complete, so a reader sees either the old region or the new one, both whole.
A slot's value is written before its key. This relies on x86-64's store order (DETAILS 13); ``require_platform`` guards it.
Regions that were outgrown stay readable; they add up to less than the live ones.
"""

from __future__ import annotations

import platform
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.errors import ConfigError
from mpi.linkage.jit import leaf, wide

SEGMENTS = 256
FIRST_SIZE = 16  # slots of a new segment
SIZE_BITS = 6  # low bits of a descriptor: log2 of the slots


class Table(NamedTuple):
    """Key 0 means empty and cannot be stored. Values are ≥ 0; −1 is the answer for an absent key."""

    keys: npt.NDArray[np.int64]  # arena
    values: npt.NDArray[np.int64]  # arena
    segments: npt.NDArray[np.int64]  # [SEGMENTS] descriptors: offset << SIZE_BITS | log2(slots)
    used: npt.NDArray[np.int64]  # [SEGMENTS + 1]; the last one is the arena's first free slot


def require_platform() -> None:
    """Raise ConfigError where plain stores may be reordered."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        raise ConfigError("this index needs an x86-64 machine: its readers rely on ordered stores")


def arena_slots(keys: int) -> int:
    """Arena slots that ``keys`` distinct keys can need, outgrown regions included."""
    return 8 * keys + 8 * SEGMENTS * FIRST_SIZE


@leaf
def prepare(table: Table) -> None:
    """Lay out the empty segments."""
    bits = 4  # log2(FIRST_SIZE)
    for s in range(SEGMENTS):
        table.segments[s] = ((s * FIRST_SIZE) << SIZE_BITS) | bits
        table.used[s] = 0
    table.used[SEGMENTS] = SEGMENTS * FIRST_SIZE


@leaf
def spread(key: int) -> np.uint64:
    """Scramble a key (finaliser of MurmurHash3, Appleby)."""
    z = np.uint64(key)
    z = (z ^ (z >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    return z ^ (z >> np.uint64(33))


@leaf
def get(table: Table, key: int) -> int:
    """Value of a key, or −1."""
    hashed = spread(key)
    descriptor = table.segments[wide(hashed & np.uint64(SEGMENTS - 1))]
    offset, mask = descriptor >> SIZE_BITS, (wide(1) << (descriptor & 63)) - 1
    at = wide(hashed >> np.uint64(8)) & mask
    while True:
        found = table.keys[offset + at]
        if found == key:
            return wide(table.values[offset + at])
        if found == 0:
            return -1
        at = (at + 1) & mask


@leaf
def put(table: Table, key: int, value: int) -> None:
    """Store or replace. Only one thread may write."""
    hashed = spread(key)
    segment = wide(hashed & np.uint64(SEGMENTS - 1))
    descriptor = table.segments[segment]
    offset, mask = descriptor >> SIZE_BITS, (wide(1) << (descriptor & 63)) - 1
    at = wide(hashed >> np.uint64(8)) & mask
    while table.keys[offset + at] != 0:
        if table.keys[offset + at] == key:
            table.values[offset + at] = value
            return
        at = (at + 1) & mask
    table.values[offset + at] = value
    table.keys[offset + at] = key
    table.used[segment] += 1
    if table.used[segment] * 3 > (mask + 1) * 2:
        grow(table, segment)


@leaf
def grow(table: Table, segment: int) -> None:
    """Copy a segment into a region of twice the size and swap its descriptor."""
    descriptor = table.segments[segment]
    bits = (descriptor & 63) + 1
    offset, size = descriptor >> SIZE_BITS, wide(1) << (descriptor & 63)
    new_offset, mask = table.used[SEGMENTS], (wide(1) << bits) - 1
    table.used[SEGMENTS] = new_offset + mask + 1
    for i in range(offset, offset + size):
        key = table.keys[i]
        if key != 0:
            at = wide(spread(key) >> np.uint64(8)) & mask
            while table.keys[new_offset + at] != 0:
                at = (at + 1) & mask
            table.values[new_offset + at] = table.values[i]
            table.keys[new_offset + at] = key
    table.segments[segment] = (new_offset << SIZE_BITS) | bits
