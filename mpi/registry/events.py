"""What the journal keeps of a decision in packed form, and back: candidates, dictionary entries, rows."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.linkage.features import Encoded
from mpi.linkage.found import Found
from mpi.linkage.hotindex import CHARS, VALUES, HotIndex
from mpi.linkage.values import Values

COUNT = struct.Struct("<II")


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
    features = found.levels.shape[2]
    packed = np.zeros(found.person.shape, candidate_dtype(features))
    for field in ("record", "person", "weight", "flags", "winner", "levels"):
        packed[field] = getattr(found, field)
    packed["group"] = hot.group_of[found.record]
    return [packed[q, :kept].tobytes() if kept else b"" for q, kept in enumerate(found.kept.tolist())]


def unpack_candidates(data: bytes, features: int) -> npt.NDArray[Any]:
    """Structured array of the candidates in a journal entry."""
    return np.frombuffer(data, candidate_dtype(features))


def pack_dictionary(hot: HotIndex, first: int, first_char: int) -> bytes:
    """Dictionary entries from slot ``first`` on, with their characters from ``first_char`` on."""
    last, last_char = int(hot.counters[VALUES]), int(hot.counters[CHARS])
    if last == first:
        return b""
    part, values = slice(first, last), hot.values
    return b"".join(
        [
            COUNT.pack(last - first, last_char - first_char),
            hot.value_feature[part].tobytes(),
            values.code[part].tobytes(),
            values.sound[part].tobytes(),
            values.fold[part].tobytes(),
            values.length[part].tobytes(),
            values.sketch[part].tobytes(),
            values.chars[first_char:last_char].tobytes(),
        ]
    )


class Entries(NamedTuple):
    """Unpacked dictionary entries: slot s + 1 of ``values`` belongs to feature ``features[s]``."""

    features: npt.NDArray[np.uint8]
    values: Values


def unpack_dictionary(data: bytes) -> Entries:
    """Entries of one ``pack_dictionary``."""
    count, chars = COUNT.unpack_from(data)
    at = COUNT.size

    def take(dtype: str, number: int) -> npt.NDArray[Any]:
        nonlocal at
        result = np.frombuffer(data, dtype, number, at)
        at += result.nbytes
        return result

    features = take("u1", count).copy()
    code, sound, fold = (np.concatenate([[0], take("<i8", count)]).astype(np.int64) for _ in range(3))
    length = np.concatenate([[0], take("<i4", count)]).astype(np.int32)
    sketch = np.concatenate([np.zeros((1, 2), np.uint64), take("<u8", 2 * count).reshape(count, 2)])
    ends = np.cumsum(length, dtype=np.int64)
    return Entries(features, Values(code, sound, fold, ends - length, length, take("<u4", chars).copy(), sketch))


def pack_rows(encoded: Encoded, query: int) -> bytes:
    """Rows of a query, int64 little endian, row after row."""
    return encoded.rows[encoded.starts[query] : encoded.starts[query + 1]].tobytes()


def unpack_rows(chunks: list[bytes], width: int, features: int, values: Values) -> Encoded:
    """Journalled rows of several events as a batch; slots are filled by the kernel that loads them."""
    row_bytes = 8 * width
    starts = np.zeros(len(chunks) + 1, np.int64)
    np.cumsum([len(chunk) // row_bytes for chunk in chunks], out=starts[1:])
    rows = np.frombuffer(bytearray(b"".join(chunks)), np.int64).reshape(-1, width)
    assert len(rows) == starts[-1], "rows of the journal do not have the model's width"
    return Encoded(rows, np.zeros((len(rows), features), np.int32), starts, values)
