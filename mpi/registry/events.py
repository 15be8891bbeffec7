"""What the journal keeps of a decision in packed form, and back: candidates, dictionary entries, rows."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from mpi.linkage.features import Encoded
from mpi.linkage.found import FLAGS, KEPT, PERSON, RECORD, WEIGHT, WINNER, Found
from mpi.linkage.hotindex import CHARS, RECORD_GROUP, VALUES, HotIndex
from mpi.linkage.values import LENGTH, OFFSET, Values

COUNT = struct.Struct("<II")


@cache
def candidate_dtype(features: int) -> np.dtype[Any]:
    """One candidate of a decision: ids are internal; ``group`` is the version of the record that was compared."""
    return np.dtype(
        [
            ("record", "<i8"),
            ("person", "<i8"),
            ("group", "<i8"),
            ("weight", "<i8"),
            ("flags", "<i4"),
            ("winner", "<i4"),
            ("levels", "u1", (features,)),
        ]
    )


def pack_candidates(hot: HotIndex, found: Found) -> list[bytes]:
    """Packed candidates of each query of a batch, best first."""
    counts = found.queries[:, KEPT].tolist()
    most = max(counts)
    if most == 0:
        return [b""] * len(counts)
    candidates, levels = found.candidates[:, :most], found.levels[:, :most]
    packed = np.zeros(levels.shape[:2], candidate_dtype(levels.shape[2]))
    for field, column in (("record", RECORD), ("person", PERSON), ("weight", WEIGHT), ("flags", FLAGS), ("winner", WINNER)):
        packed[field] = candidates[:, :, column]
    packed["levels"] = levels
    packed["group"] = hot.record_cells[candidates[:, :, RECORD], RECORD_GROUP]
    data, size = packed.tobytes(), packed.itemsize
    starts = range(0, len(data), most * size)
    return [data[start : start + kept * size] for start, kept in zip(starts, counts, strict=True)]


def unpack_candidates(data: bytes, features: int) -> npt.NDArray[Any]:
    """Structured array of the candidates in a journal entry."""
    return np.frombuffer(data, candidate_dtype(features))


def pack_dictionary(hot: HotIndex, first: int, first_char: int) -> bytes:
    """Dictionary entries from slot ``first`` on, with their characters from ``first_char`` on."""
    return pack_dictionary_part(hot, (first, first_char), (int(hot.counters[VALUES]), int(hot.counters[CHARS])))


def pack_dictionary_part(hot: HotIndex, after: tuple[int, int], until: tuple[int, int]) -> bytes:
    """Dictionary entries between two moments, each given as (slots, characters) in use."""
    (first, first_char), (last, last_char) = after, until
    if last == first:
        return b""
    return b"".join(
        [
            COUNT.pack(last - first, last_char - first_char),
            hot.values.cells[first:last].tobytes(),
            hot.values.chars[first_char:last_char].tobytes(),
        ]
    )


def unpack_dictionary(data: bytes) -> Values:
    """Entries of one ``pack_dictionary``, after the missing value; each cell line names its feature."""
    count, chars = COUNT.unpack_from(data)
    cells = np.zeros((count + 1, 8), np.int64)
    cells[1:] = np.frombuffer(data, "<i8", 8 * count, COUNT.size).reshape(count, 8)
    np.cumsum(cells[:-1, LENGTH], out=cells[1:, OFFSET])
    return Values(cells, np.frombuffer(data, "<u4", chars, COUNT.size + 64 * count).copy())


def pack_rows(encoded: Encoded, groups: Iterable[int]) -> list[bytes]:
    """Rows of each query, int64 little endian, row after row; none where no group was made (−1)."""
    data, size = encoded.rows.tobytes(), encoded.rows.shape[1] * encoded.rows.itemsize
    bounds = pairwise(encoded.starts.tolist())
    return [data[a * size : b * size] if group >= 0 else b"" for (a, b), group in zip(bounds, groups, strict=True)]


def unpack_rows(chunks: list[bytes], width: int, features: int, values: Values) -> Encoded:
    """Journalled rows of several events as a batch; slots are filled by the kernel that loads them."""
    row_bytes = 8 * width
    starts = np.zeros(len(chunks) + 1, np.int64)
    np.cumsum([len(chunk) // row_bytes for chunk in chunks], out=starts[1:])
    rows = np.frombuffer(bytearray(b"".join(chunks)), np.int64).reshape(-1, width)
    assert len(rows) == starts[-1], "rows of the journal do not have the model's width"
    return Encoded(rows, np.zeros((len(rows), features), np.int32), starts, values)
