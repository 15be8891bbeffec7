"""Master IDs: opaque, with a check character, never derived from patient data.

The internal number of a person (0, 1, 2, …) goes through a keyed permutation of 50 bits (a four-round Feistel network over
keyed BLAKE2b; Luby and Rackoff 1988 show that four rounds suffice), so that an ID does not reveal when a person was first
seen and two neighbours have nothing in common. It is written as ten Crockford base-32 characters and one check character
(ISO 7064 MOD 37,36, by python-stdnum), which catches every single wrong character and nearly all transpositions.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_37_36

from mpi.columns.resolutions import Alphabet
from mpi.errors import InputError
from mpi.registry.permutation import BLOCK, keyed_states, permuted

HALF_BITS = 25
HALF_MASK = (1 << HALF_BITS) - 1
ROUNDS = 4
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
LENGTH = 10
CHECKED = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"  # what the check character is computed over
FIRST_STATE = 18  # of the check
PAIRS = tuple(a + b for a in ALPHABET for b in ALPHABET)
READ_AS = str.maketrans("OIL", "011", " -")


class MasterIds:
    """The permutation of one index. ``key`` is its 32-byte secret, made once and kept in the store."""

    def __init__(self, key: bytes) -> None:
        self._rounds = [hashlib.blake2b(digest_size=4, key=key, salt=bytes([r]) * 16) for r in range(ROUNDS)]
        self._key = key

    def code(self, person: int) -> int:
        """Permuted code (50 bits) of an internal person number."""
        left, right = person >> HALF_BITS, person & HALF_MASK
        for keyed in self._rounds:
            left, right = right, left ^ _mix(keyed, right)
        return left << HALF_BITS | right

    def codes(self, first: int, count: int) -> npt.NDArray[np.int64]:
        """int64[count]: codes of the persons from number ``first`` on, without the GIL."""
        key = np.frombuffer(self._key.ljust(BLOCK, b"\0"), np.uint64)
        salts = np.frombuffer(b"".join(bytes([r]) * 16 for r in range(ROUNDS)), np.uint64).reshape(ROUNDS, 2)
        states, codes = np.empty((ROUNDS, 8), np.uint64), np.empty(count, np.int64)
        keyed_states(key, salts, states)
        permuted(states, first, codes)
        return codes

    def person(self, code: int) -> int:
        """Internal person number of a code. Any code has one; whether that person exists is the caller's to check."""
        left, right = code >> HALF_BITS, code & HALF_MASK
        for keyed in reversed(self._rounds):
            left, right = right ^ _mix(keyed, left), left
        return left << HALF_BITS | right


def _mix(keyed: hashlib.blake2b, half: int) -> int:
    digest = keyed.copy()
    digest.update(half.to_bytes(4, "little"))
    return int.from_bytes(digest.digest(), "little") & HALF_MASK


def _check_steps() -> bytes:
    """The check's state after a pair of characters: entry ``state << 10 | pair``. ISO 7064 MOD 37,36 goes by characters."""
    values = np.array([CHECKED.index(character) for character in ALPHABET])
    state, pair = np.arange(len(CHECKED))[:, None], np.arange(len(PAIRS))
    for digit in (values[pair >> 5], values[pair & 31]):
        state = (np.where(state == 0, 36, state) * 2 % 37 + digit) % 36
    return state.astype(np.uint8).tobytes()


_CHECK_STEPS = _check_steps()


IN_KERNELS = Alphabet(
    np.frombuffer(ALPHABET.encode(), np.uint8).copy(),
    np.frombuffer(CHECKED.encode(), np.uint8).copy(),
    np.array([CHECKED.index(character) for character in ALPHABET], np.int64),
)
"""``format_code`` for kernels."""


@lru_cache(1 << 17)
def format_code(code: int) -> str:
    """Master ID of a code: eleven characters. The check goes by a table: python-stdnum takes 2.4 µs (a test compares)."""
    a, b, c, d, e = code >> 40 & 1023, code >> 30 & 1023, code >> 20 & 1023, code >> 10 & 1023, code & 1023
    state = FIRST_STATE
    for pair in (a, b, c, d, e):
        state = _CHECK_STEPS[state << 10 | pair]
    return PAIRS[a] + PAIRS[b] + PAIRS[c] + PAIRS[d] + PAIRS[e] + CHECKED[(1 - (state or 36) * 2 % 37) % 36]


def parse_master_id(text: str, field: str = "master_id") -> int:
    """Code of a master ID as a person may type it (case, spaces, hyphens, O for 0 do not matter).

    Raises InputError naming ``field`` where length, alphabet or check character are wrong.
    """
    if len(text) > 4 * LENGTH:
        raise InputError(field, "is not a master ID: wrong length")
    plain = text.upper().translate(str.maketrans("", "", " -"))
    body = plain[:-1].translate(READ_AS)
    if len(body) != LENGTH or any(c not in ALPHABET for c in body):
        raise InputError(field, "is not a master ID: ten characters and a check character are expected")
    try:
        mod_37_36.validate(body + plain[-1])
    except ValidationError as error:
        raise InputError(field, "is not a master ID: the check character is wrong") from error
    code = 0
    for character in body:
        code = code << 5 | ALPHABET.index(character)
    return code
