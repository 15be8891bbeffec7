"""The keyed permutation behind master IDs for many persons in one call: BLAKE2b (RFC 7693) in a kernel, without the GIL.

``hashlib`` costs 0.7 µs a round from Python, and a load makes a million persons. Only what ``master_id.MasterIds`` needs: a
key, a salt, four bytes of message, four bytes of digest.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mpi.linkage.jit import inner, kernel

Words = npt.NDArray[np.uint64]

BLOCK, MESSAGE, DIGEST, HALF_BITS = 128, 4, 4, 25
IV = np.array(
    [
        0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
        0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179,
    ],
    np.uint64,
)  # fmt: skip
_SCHEDULE = (
    "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15",
    "14 10 4 8 9 15 13 6 1 12 0 2 11 7 5 3",
    "11 8 12 0 5 2 15 13 10 14 3 6 7 1 9 4",
    "7 9 3 1 13 12 11 14 2 6 5 10 4 0 15 8",
    "9 0 5 7 2 4 10 15 14 1 11 12 6 8 3 13",
    "2 12 6 10 0 11 8 3 4 13 7 5 15 14 1 9",
    "12 5 1 15 14 13 4 10 0 7 6 3 9 2 8 11",
    "13 11 7 14 12 1 3 9 5 0 15 4 8 6 2 10",
    "6 15 14 9 11 3 0 8 12 2 13 7 1 4 10 5",
    "10 2 8 4 7 6 1 5 15 11 9 14 3 12 13 0",
)
SCHEDULE = np.array([[int(word) for word in _SCHEDULE[turn % 10].split()] for turn in range(12)], np.int64)
LANES = np.array(
    [
        [0, 4, 8, 12],
        [1, 5, 9, 13],
        [2, 6, 10, 14],
        [3, 7, 11, 15],
        [0, 5, 10, 15],
        [1, 6, 11, 12],
        [2, 7, 8, 13],
        [3, 4, 9, 14],
    ],
    np.int64,
)


@inner
def _turned(word: np.uint64, bits: int) -> np.uint64:
    return (word >> np.uint64(bits)) | (word << np.uint64(64 - bits))


@inner
def _compress(state: Words, message: Words, length: int, last: bool, v: Words) -> None:
    """One block into ``state``; ``length`` bytes were taken so far, this block included. ``v`` is room for sixteen words."""
    for k in range(8):
        v[k], v[k + 8] = state[k], IV[k]
    v[12] ^= np.uint64(length)
    if last:
        v[14] = ~v[14]
    for turn in range(12):
        for g in range(8):
            a, b, c, d = LANES[g]
            v[a] = v[a] + v[b] + message[SCHEDULE[turn, 2 * g]]
            v[d] = _turned(v[d] ^ v[a], 32)
            v[c] = v[c] + v[d]
            v[b] = _turned(v[b] ^ v[c], 24)
            v[a] = v[a] + v[b] + message[SCHEDULE[turn, 2 * g + 1]]
            v[d] = _turned(v[d] ^ v[a], 16)
            v[c] = v[c] + v[d]
            v[b] = _turned(v[b] ^ v[c], 63)
    for k in range(8):
        state[k] ^= v[k] ^ v[k + 8]


@kernel
def keyed_states(key: Words, salts: Words, states: Words) -> None:
    """States behind the key's block, one for each round: ``key`` uint64[16] padded, ``salts`` uint64[R, 2], ``states``
    uint64[R, 8]."""
    v = np.empty(16, np.uint64)
    for r in range(len(states)):
        for k in range(8):
            states[r, k] = IV[k]
        states[r, 0] ^= np.uint64(DIGEST | 32 << 8 | 1 << 16 | 1 << 24)
        states[r, 4] ^= salts[r, 0]
        states[r, 5] ^= salts[r, 1]
        _compress(states[r], key, BLOCK, False, v)


@kernel
def permuted(states: Words, first: int, codes: npt.NDArray[np.int64]) -> None:
    """Codes of the persons from number ``first`` on (int64[n]): a Feistel network of as many rounds as there are states."""
    state, message, v = np.empty(8, np.uint64), np.zeros(16, np.uint64), np.empty(16, np.uint64)
    mask = np.int64((1 << HALF_BITS) - 1)
    for n in range(len(codes)):
        left, right = np.int64(first + n) >> HALF_BITS, np.int64(first + n) & mask
        for r in range(len(states)):
            for k in range(8):
                state[k] = states[r, k]
            message[0] = np.uint64(right)
            _compress(state, message, BLOCK + MESSAGE, True, v)
            left, right = right, left ^ (np.int64(state[0] & np.uint64(0xFFFFFFFF)) & mask)
        codes[n] = left << HALF_BITS | right
