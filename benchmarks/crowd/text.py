"""Columns of short ASCII texts, and mistakes in them, without a loop over rows. An ``S`` array pads with zero bytes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Texts = npt.NDArray[np.bytes_]
Flags = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

EDITS = (0.4, 0.2, 0.2, 0.2)  # substituted, left out, put in, two letters exchanged
LETTERS, DIGITS = (ord("a"), ord("z") + 1), (ord("0"), ord("9") + 1)


def as_bytes(values: Texts) -> Bytes:
    """uint8[N, W] of texts, a copy."""
    return values.view(np.uint8).reshape(len(values), values.dtype.itemsize).copy()


def as_texts(matrix: Bytes) -> Texts:
    """The texts that a byte matrix spells."""
    texts: Texts = np.ascontiguousarray(matrix).view(f"S{matrix.shape[1]}").ravel()
    return texts


def random_digits(count: int, length: int, random: np.random.Generator) -> Texts:
    return as_texts(random.integers(*DIGITS, (count, length), dtype=np.uint8))


def joined(*parts: Texts | bytes) -> Texts:
    """The parts of each row, one after the other."""
    whole = parts[0]
    for part in parts[1:]:
        whole = np.strings.add(whole, part)
    return np.asarray(whole)


def widened(values: Texts, width: int) -> Texts:
    return values.astype(f"S{width}")


def mistyped(values: Texts, chosen: Flags, random: np.random.Generator, *, letters: tuple[int, int] = LETTERS) -> Texts:
    """The texts with one random edit in each chosen one of two letters or more; none grows beyond the column's width."""
    rows = np.flatnonzero(chosen)
    matrix = as_bytes(values[rows])
    width, length = matrix.shape[1], np.count_nonzero(matrix, axis=1)
    kind = np.where(length >= 2, random.choice(len(EDITS), len(rows), p=EDITS), -1)
    place = (random.random(len(rows)) * np.maximum(length, 1)).astype(np.int64)
    fresh = random.integers(*letters, len(rows), dtype=np.uint8)
    kind[(kind == 2) & (length == width)] = -1
    row, columns = np.arange(len(rows)), np.arange(width)
    # Where each byte comes from: itself, the next one behind a letter left out, the one before behind a letter put in.
    shift = np.where(kind == 1, 1, np.where(kind == 2, -1, 0))[:, None] * (columns >= place[:, None] + (kind == 2)[:, None])
    origin = np.clip(columns + shift, 0, width - 1)
    swapped = np.flatnonzero(kind == 3)
    first = np.minimum(place[swapped], length[swapped] - 2)
    origin[swapped, first], origin[swapped, first + 1] = first + 1, first
    edited = np.take_along_axis(matrix, origin, axis=1)
    edited[kind == 1, -1] = 0
    written = (kind == 0) | (kind == 2)
    edited[row[written], place[written]] = fresh[written]
    result = values.copy()
    result[rows] = as_texts(edited)
    return result
