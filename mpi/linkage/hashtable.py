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
from mpi.linkage.fetch import fetch
from mpi.linkage.jit import kernel, leaf, wide

SEGMENTS = 256
FIRST_SIZE = 16  # slots of a new segment
SIZE_BITS = 6  # low bits of a descriptor: log2 of the slots


class Table(NamedTuple):
    """Key 0 means empty and cannot be stored. Values are ≥ 0; −1 is the answer for an absent key."""

    arena: npt.NDArray[np.int64]  # [slots, 2] key, value
    segments: npt.NDArray[np.int64]  # [SEGMENTS + 1, 2] descriptor (offset << SIZE_BITS | log2(slots)), keys in use;
    #                                  the last line holds the arena's first free slot


def require_platform() -> None:
    """Raise ConfigError where plain stores may be reordered."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        raise ConfigError("this index needs an x86-64 machine: its readers rely on ordered stores")


def arena_slots(keys: int) -> int:
    """Arena slots that ``keys`` distinct keys can need, outgrown regions included."""
    return 8 * keys + 8 * SEGMENTS * FIRST_SIZE


def most_keys(table: Table) -> int:
    """Distinct keys that the arena has room for."""
    return (len(table.arena) - arena_slots(0)) // (arena_slots(1) - arena_slots(0))


@kernel
def prepare(table: Table) -> None:
    """Lay out the empty segments."""
    bits = 4  # log2(FIRST_SIZE)
    for s in range(SEGMENTS):
        table.segments[s, 0] = ((s * FIRST_SIZE) << SIZE_BITS) | bits
        table.segments[s, 1] = 0
    table.segments[SEGMENTS, 1] = SEGMENTS * FIRST_SIZE


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
    descriptor = table.segments[wide(hashed & np.uint64(SEGMENTS - 1)), 0]
    offset, mask = descriptor >> SIZE_BITS, (wide(1) << (descriptor & 63)) - 1
    at = wide(hashed >> np.uint64(8)) & mask
    while True:
        found = table.arena[offset + at, 0]
        if found == key:
            return wide(table.arena[offset + at, 1])
        if found == 0:
            return -1
        at = (at + 1) & mask


@leaf
def put(table: Table, key: int, value: int) -> None:
    """Store or replace. Only one thread may write."""
    hashed = spread(key)
    segment = wide(hashed & np.uint64(SEGMENTS - 1))
    descriptor = table.segments[segment, 0]
    offset, mask = descriptor >> SIZE_BITS, (wide(1) << (descriptor & 63)) - 1
    at = wide(hashed >> np.uint64(8)) & mask
    while table.arena[offset + at, 0] != 0:
        if table.arena[offset + at, 0] == key:
            table.arena[offset + at, 1] = value
            return
        at = (at + 1) & mask
    table.arena[offset + at, 1] = value
    table.arena[offset + at, 0] = key
    table.segments[segment, 1] += 1
    if table.segments[segment, 1] * 3 > (mask + 1) * 2:
        grow(table, segment)


@leaf
def resize(table: Table, segment: int, bits: int) -> None:
    """Copy a segment into a region of ``2**bits`` slots, more than it has, and swap its descriptor."""
    descriptor = table.segments[segment, 0]
    offset, size = descriptor >> SIZE_BITS, wide(1) << (descriptor & 63)
    new_offset, mask = table.segments[SEGMENTS, 1], (wide(1) << bits) - 1
    table.segments[SEGMENTS, 1] = new_offset + mask + 1
    for i in range(offset, offset + size):
        key = table.arena[i, 0]
        if key != 0:
            at = wide(spread(key) >> np.uint64(8)) & mask
            while table.arena[new_offset + at, 0] != 0:
                at = (at + 1) & mask
            table.arena[new_offset + at, 1] = table.arena[i, 1]
            table.arena[new_offset + at, 0] = key
    table.segments[segment, 0] = (new_offset << SIZE_BITS) | bits


@leaf
def grow(table: Table, segment: int) -> None:
    """Copy a segment into a region of twice the size and swap its descriptor."""
    resize(table, segment, (table.segments[segment, 0] & 63) + 1)


@leaf
def segment_of(key: int) -> int:
    """Number of the segment that holds a key."""
    return wide(spread(key) & np.uint64(SEGMENTS - 1))


@leaf
def prefetch(table: Table, key: int) -> None:
    """Have the processor fetch the slot where the search for a key begins: many such waits overlap, one after the other each
    look-up waits for memory of its own."""
    hashed = spread(key)
    descriptor = table.segments[wide(hashed & np.uint64(SEGMENTS - 1)), 0]
    fetch(table.arena, (descriptor >> SIZE_BITS) + (wide(hashed >> np.uint64(8)) & ((wide(1) << (descriptor & 63)) - 1)))


@leaf
def make_room(table: Table, segment: int, keys: int) -> None:
    """Grow a segment, if need be, so that ``keys`` new ones will not make it grow. In one step: a region in between would be
    written, and left behind."""
    bits = before = table.segments[segment, 0] & 63
    while (table.segments[segment, 1] + keys) * 3 > (wide(1) << bits) * 2:
        bits += 1
    if bits > before:
        resize(table, segment, bits)
