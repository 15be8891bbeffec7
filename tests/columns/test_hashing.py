"""XXH3 in kernels against the library."""

from __future__ import annotations

import numpy as np
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from mpi.columns.hashing import LONGEST, xxh3
from mpi.columns.jit import kernel


@kernel
def hashed(data: np.ndarray, at: int, length: int) -> int:
    return xxh3(data, at, length)


def test_every_length_hashes_as_the_library_does() -> None:
    data = np.random.default_rng(3).integers(0, 256, LONGEST + 16, np.uint8)
    for length in range(1, LONGEST + 1):
        for at in (0, 7):
            expected = xxhash.xxh3_64_intdigest(data[at : at + length].tobytes())
            assert int(np.uint64(hashed(data, at, length))) == expected, length


@given(st.binary(min_size=1, max_size=LONGEST))
def test_any_bytes_hash_as_the_library_does(data: bytes) -> None:
    assert int(np.uint64(hashed(np.frombuffer(bytearray(data), np.uint8), 0, len(data)))) == xxhash.xxh3_64_intdigest(data)
