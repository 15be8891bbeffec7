"""Master IDs: opaque, with a check character, never derived from patient data.

The internal number of a person (0, 1, 2, …) goes through a keyed permutation of 50 bits (a four-round Feistel network over
keyed BLAKE2b; Luby and Rackoff 1988 show that four rounds suffice), so that an ID does not reveal when a person was first
seen and two neighbours have nothing in common. It is written as ten Crockford base-32 characters and one check character
(ISO 7064 MOD 37,36, by python-stdnum), which catches every single wrong character and nearly all transpositions.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_37_36

from mpi.errors import InputError

HALF_BITS = 25
HALF_MASK = (1 << HALF_BITS) - 1
ROUNDS = 4
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
LENGTH = 10
PAIRS = tuple(a + b for a in ALPHABET for b in ALPHABET)
READ_AS = str.maketrans("OIL", "011", " -")


class MasterIds:
    """The permutation of one index. ``key`` is its 32-byte secret, made once and kept in the store."""

    def __init__(self, key: bytes) -> None:
        self._rounds = [hashlib.blake2b(digest_size=4, key=key, salt=bytes([r]) * 16) for r in range(ROUNDS)]

    def _mix(self, number: int, half: int) -> int:
        digest = self._rounds[number].copy()
        digest.update(half.to_bytes(4, "little"))
        return int.from_bytes(digest.digest(), "little") & HALF_MASK

    def code(self, person: int) -> int:
        """Permuted code (50 bits) of an internal person number."""
        left, right = person >> HALF_BITS, person & HALF_MASK
        for number in range(ROUNDS):
            left, right = right, left ^ self._mix(number, right)
        return left << HALF_BITS | right

    def person(self, code: int) -> int:
        """Internal person number of a code. Any code has one; whether that person exists is the caller's to check."""
        left, right = code >> HALF_BITS, code & HALF_MASK
        for number in reversed(range(ROUNDS)):
            left, right = right ^ self._mix(number, left), left
        return left << HALF_BITS | right


@lru_cache(1 << 17)
def format_code(code: int) -> str:
    """Master ID of a code: eleven characters."""
    text = "".join(PAIRS[(code >> shift) & 1023] for shift in (40, 30, 20, 10, 0))
    return text + str(mod_37_36.calc_check_digit(text))


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
