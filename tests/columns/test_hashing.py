"""XXH3 in kernels against the library."""

from __future__ import annotations

import numpy as np
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from mpi.columns.hashing import LANES, LONGEST, put_digest, xxh3, xxh3_pair
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


@kernel
def digest(data: np.ndarray, at: int, length: int, lanes: np.ndarray, out: np.ndarray) -> None:
    put_digest(xxh3_pair(data, at, length, lanes), out)


def digest_of(data: bytes, at: int, length: int) -> bytes:
    out = np.zeros(16, np.uint8)
    digest(np.frombuffer(bytearray(data), np.uint8), at, length, np.zeros(LANES, np.uint64), out)
    return out.tobytes()


def test_digests_of_every_length_are_those_of_the_library() -> None:
    data = np.random.default_rng(4).integers(0, 256, 5_000, np.uint8).tobytes()
    for length in (*range(1, 500), 1_023, 1_024, 1_025, 1_088, 2_047, 2_048, 2_049, 3_072, 4_097, 4_990):
        for at in (0, 7):
            assert digest_of(data, at, length) == xxhash.xxh3_128_digest(data[at : at + length]), length


@given(st.binary(min_size=1, max_size=1_500))
def test_any_digest_is_that_of_the_library(data: bytes) -> None:
    assert digest_of(data, 0, len(data)) == xxhash.xxh3_128_digest(data)
