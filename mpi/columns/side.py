"""The side buffer of a batch in kernels: texts of names and addresses, as ``mpi.linkage.values.ValueBuilder`` keeps them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.columns.characters import Bytes, Points
from mpi.columns.hashing import LONGEST, xxh3
from mpi.columns.jit import inner, leaf, wide
from mpi.linkage.values import (
    CHARS_LIMIT,
    CODE,
    FOLD,
    HAN_BASE,
    HAN_BITS,
    HAN_PACKED,
    LENGTH,
    OFFSET,
    SKETCH,
    SKETCH_HIGH,
    SOUND,
    sketch_chars,
)

_SIGN = np.uint64(1 << 63)


class Side(NamedTuple):
    """Room for the texts of a batch; see ``mpi.linkage.values.Values``.

    cells  int64[slots, 8]   slot 0 is the missing value
    chars  uint32[n]
    used   int64[3]          slots and characters in use, and rows of the batch
    """

    cells: npt.NDArray[np.int64]
    chars: npt.NDArray[np.uint32]
    used: npt.NDArray[np.int64]

    def __repr__(self) -> str:
        return "Side(…)"


@leaf
def positive(hashed: np.uint64) -> int:
    """``sound_code`` of a hash: 63 bits, never 0."""
    half = wide(hashed >> np.uint64(1))
    return half if half != 0 else 1


@leaf
def packed_han(points: Points, start: int, length: int) -> int:
    """``text_code`` of one to four common Han characters."""
    code = wide(0)
    for k in range(start, start + length):
        code = code << HAN_BITS | (wide(points[k]) - HAN_BASE + 1)
    return code


@leaf
def _encoded(point: int, into: Bytes, at: int) -> int:
    """One code point of the basic plane as UTF-8; returns where the next one goes."""
    if point < 0x80:
        into[at] = point
        return at + 1
    if point < 0x800:
        into[at], into[at + 1] = 0xC0 | point >> 6, 0x80 | point & 0x3F
        return at + 2
    into[at], into[at + 1], into[at + 2] = 0xE0 | point >> 12, 0x80 | point >> 6 & 0x3F, 0x80 | point & 0x3F
    return at + 3


@inner
def text_code(points: Points, length: int, scratch: Bytes) -> int:
    """``mpi.linkage.values.text_code`` of characters of the basic plane; 0 where the text is too long for a kernel's hash.

    ``scratch`` takes the text's UTF-8: at least 3 bytes a character of ``LONGEST``.
    """
    if length <= HAN_PACKED and _all_packable(points, length):
        return packed_han(points, 0, length)
    if length > LONGEST:
        return 0
    at = 0
    for k in range(length):
        at = _encoded(wide(points[k]), scratch, at)
    return wide(xxh3(scratch, wide(0), wide(at)) | _SIGN) if at <= LONGEST else 0


@leaf
def _all_packable(points: Points, length: int) -> bool:
    for k in range(length):
        if not (0x4E00 <= points[k] <= 0x9FFF or 0x3400 <= points[k] <= 0x4DBF):
            return False
    return True


@inner
def add(side: Side, points: Points, span: tuple[int, int], codes: tuple[int, int, int]) -> int:
    """Add the text of ``points`` at ``span`` (start, length) with (code, sound, fold); returns its slot. No sketch yet."""
    slot, offset = side.used[0], side.used[1]
    start, length = span
    kept = min(length, CHARS_LIMIT)
    cells = side.cells[slot]
    cells[:] = 0
    cells[CODE], cells[SOUND], cells[FOLD] = codes
    cells[OFFSET], cells[LENGTH] = offset, kept
    for k in range(kept):
        side.chars[offset + k] = points[start + k]
    side.used[0], side.used[1] = slot + 1, offset + kept
    return wide(slot)


@inner
def add_letters(side: Side, text: Bytes, span: tuple[int, int], codes: tuple[int, int]) -> int:
    """``add`` for ASCII at ``span`` (start, length ≥ 1, at most LONGEST) with the codes of sound and fold."""
    slot, offset = side.used[0], side.used[1]
    start, length = span
    kept = min(length, CHARS_LIMIT)
    cells = side.cells[slot]
    cells[:] = 0
    cells[CODE], cells[SOUND], cells[FOLD] = letters_code(text, start, length), codes[0], codes[1]
    cells[OFFSET], cells[LENGTH] = offset, kept
    for k in range(kept):
        side.chars[offset + k] = text[start + k]
    side.used[0], side.used[1] = slot + 1, offset + kept
    return wide(slot)


@leaf
def letters_code(text: Bytes, start: int, length: int) -> int:
    """``text_code`` of ASCII; at least one character."""
    return wide(xxh3(text, start, length) | _SIGN)


@inner
def add_sketch(side: Side, slot: int, points: Points, length: int) -> None:
    """``sketch`` of a whole text (length ≥ 1) into its slot."""
    low, high = sketch_chars(points[:length])
    side.cells[slot, SKETCH], side.cells[slot, SKETCH_HIGH] = wide(low), wide(high)
