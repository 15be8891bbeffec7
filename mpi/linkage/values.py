"""Text → codes: where a value's text becomes integers that mean the same in every process, restart and replay.

A code is a function of the value alone (DETAILS: a value's code comes from its content). Kinds of code, all int64, 0 missing:

    text        1 … 2**60 − 1   Han text of one to four characters, 15 bits each: the code *is* the text (``unpack_han``)
                negative        every other text: 64-bit hash of its UTF-8 with the sign bit set
    sound       1 … 2**63 − 1   hash of a phonetic code
    identifier  see ``identifier_code``
    number      1 … 2**58       up to eleven characters of ``ALPHABET``, packed; above 2**62 a hash
    category    2**30 … 2**31   hash; never in the range of a six-digit division or a small enumeration

Packing of digits and letters is *bijective* base 38 (the digits are 1 … 38, there is no zero), so length and leading zeros
are part of the code and no two texts share one: ``0``, ``00`` and the empty text differ.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from xxhash import xxh3_64_intdigest

from mpi.linkage.jit import brief, leaf
from mpi.records import IdentifierType, StandardIdentifier, StandardText

HAN_BASE = 0x3400  # first code point of CJK Extension A; 15 bits reach from here past the end of CJK Unified (9FFF)
HAN_BITS = 15
HAN_MASK = (1 << HAN_BITS) - 1
HAN_PACKED = 4  # characters that fit into one code

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-/"
BASE = len(ALPHABET)
PACKED_LENGTH = 11  # 38**11 × 38/37 < 2**58
NUMBER_HASHED = 1 << 62  # from here on a number code is a hash

KIND_SHIFT = 60
IDENTIFIER_MASK = (1 << KIND_SHIFT) - 1
RESIDENT_LIMIT = 11 * 10**17  # 17 digits × 11 + check character; a resident number's hash lies above it
IDENTIFIER_HASHED = 1 << 59  # other kinds: the rest is a hash
ISSUER_SHIFT = 45
ISSUER_MASK = (1 << 14) - 1
ISSUED_MASK = (1 << ISSUER_SHIFT) - 1
ISSUER_BEARING = frozenset({IdentifierType.OTHER, IdentifierType.MEDICAL_INSURANCE, IdentifierType.HEALTH_CARD})

CHARS_LIMIT = 64  # code points kept per value; the rest counts in code and sketch only
CACHED_VALUES = 1 << 16
BOUNDARY = 1  # stands before the first and after the last code point in a sketch; U+0001 occurs in no standard form
SKETCH_P, SKETCH_Q = 0x9E3779B1, 0x85EBCA77  # odd 32-bit multipliers (xxHash's primes 1 and 2): products stay below 2**53

_DIGITS = {character: index + 1 for index, character in enumerate(ALPHABET)}
_UINT64 = (1 << 64) - 1


def _hash(text: str) -> int:
    """XXH3 of the UTF-8 form, 64 bits unsigned. Lone surrogates are hashed as they are: this never raises."""
    return xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"))


def text_code(text: str) -> int:
    """Code of a text in comparison form: 0 for the empty text, see the module docstring for the rest."""
    if not text:
        return 0
    if len(text) <= HAN_PACKED:
        code = 0
        for character in text:
            point = ord(character)
            if not (0x4E00 <= point <= 0x9FFF or 0x3400 <= point <= 0x4DBF):
                break
            code = code << HAN_BITS | (point - HAN_BASE + 1)
        else:
            return code
    return (_hash(text) | 1 << 63) - (1 << 64)


def unpack_han(code: int) -> str | None:
    """The text of a packed Han code; None for a hash or a missing value."""
    if not 0 < code < 1 << HAN_PACKED * HAN_BITS:
        return None
    characters = []
    while code:
        characters.append(chr((code & HAN_MASK) - 1 + HAN_BASE))
        code >>= HAN_BITS
    return "".join(reversed(characters))


def sound_code(sound: str) -> int:
    """Positive 63-bit code of a phonetic code; 0 for the empty one."""
    return (_hash(sound) >> 1 or 1) if sound else 0


@lru_cache(1 << 10)
def category_code(text: str) -> int:
    """Code of a category's text in 2**30 … 2**31 − 1; 0 for the empty text."""
    return (1 << 30 | _hash(text) & (1 << 30) - 1) if text else 0


def _packed(text: str) -> int:
    """Bijective base 38 of up to eleven characters of ``ALPHABET``; 0 where it does not fit."""
    if len(text) > PACKED_LENGTH:
        return 0
    code = 0
    for character in text:
        digit = _DIGITS.get(character)
        if digit is None:
            return 0
        code = code * BASE + digit
    return code


@lru_cache(CACHED_VALUES)
def number_code(text: str) -> int:
    """Code of a short string of digits and letters (house number, room, postcode); letter case does not matter."""
    if not text:
        return 0
    plain = text.upper()
    return _packed(plain) or NUMBER_HASHED | _hash(plain) >> 2


def identifier_code(identifier: StandardIdentifier) -> int:
    """Code of an identifier: its type in bits 60–62, and in the lower 60 bits

    * a resident number of 17 digits and a check character: digits × 11 + check value (X = 10), so that "near" and "whose
      check fails" can be told from the code; in any other form a hash above ``RESIDENT_LIMIT``;
    * other types without an issuer: up to eleven characters of ``ALPHABET`` packed, else bit 59 and 59 bits of hash;
    * an issuer-bearing type with an issuer: bit 59, 14 bits of the issuer (never 0) and 45 bits of the value. Numbers of two
      issuers never agree; ``identifier_level`` compares with a number of unknown issuer through ``issued_value``.
      The hash of an issuer-bearing type without issuer has 0 in the issuer's place.

    0 for an empty value.
    """
    kind, value = identifier.type, identifier.value
    if not value:
        return 0
    if kind is IdentifierType.RESIDENT_ID:
        return int(kind) << KIND_SHIFT | _resident_part(value)
    if kind not in ISSUER_BEARING:
        part = _packed(value) or IDENTIFIER_HASHED | _hash(value) >> 5
    elif identifier.issuer:
        issuer = _hash(identifier.issuer) % ISSUER_MASK + 1
        part = IDENTIFIER_HASHED | issuer << ISSUER_SHIFT | _value_part(value)
    else:
        part = _packed(value) or IDENTIFIER_HASHED | _value_part(value)
    return int(kind) << KIND_SHIFT | part


def _resident_part(value: str) -> int:
    body, check = value[:17], value[17:]
    if len(value) == 18 and value.isascii() and body.isdigit() and (check.isdigit() or check == "X"):
        return int(body) * 11 + (10 if check == "X" else int(check))
    return RESIDENT_LIMIT + _hash(value) % ((1 << KIND_SHIFT) - RESIDENT_LIMIT)


def _value_part(value: str) -> int:
    packed = _packed(value)
    return _issued_value(packed) if packed else _hash(value) & ISSUED_MASK


def _issued_value(packed: int) -> int:
    """The 45 bits that stand for a packed value beside its issuer. Multiplies 29-bit halves: no overflow in int64."""
    high, low = packed >> 29, packed & 0x1FFFFFFF
    mixed = (high * 0x9E3779B1) ^ (low * 0x85EBCA77) ^ (high + low * 3)
    return (mixed ^ (mixed >> 31)) & ISSUED_MASK


issued_value = leaf(_issued_value)


@leaf
def identifier_kind(code: int) -> int:
    """``IdentifierType`` number of a code."""
    return code >> KIND_SHIFT


@leaf
def identifier_value(code: int) -> int:
    """The lower 60 bits of a code."""
    return code & IDENTIFIER_MASK


@leaf
def resident_check_ok(code: int) -> bool:
    """Whether the check character of a resident number fits its 17 digits (GB 11643, ISO 7064 MOD 11-2)."""
    value = code & IDENTIFIER_MASK
    if value >= RESIDENT_LIMIT:
        return False
    check, digits = value % 11, value // 11
    total, weight = 0, 2
    for _ in range(17):
        total += digits % 10 * weight
        digits //= 10
        weight = weight * 2 % 11
    return (total + check) % 11 == 1


@leaf
def resident_birth_date(code: int) -> int:
    """The birth date (yyyymmdd) in a resident number."""
    return (code & IDENTIFIER_MASK) // 11 // 1_000 % 100_000_000


def sketch(text: str) -> tuple[int, int]:
    """128-bit bitmap of the text's bigrams of code points, begin and end included, as (bits 0–63, bits 64–127)."""
    if not text:
        return 0, 0
    bits, previous = 0, BOUNDARY
    for character in text:
        point = ord(character)
        mixed = previous * SKETCH_P + point * SKETCH_Q
        bits |= 1 << ((mixed >> 29 ^ mixed >> 13) & 127)
        previous = point
    mixed = previous * SKETCH_P + BOUNDARY * SKETCH_Q
    bits |= 1 << ((mixed >> 29 ^ mixed >> 13) & 127)
    return bits & _UINT64, bits >> 64


@brief
def sketch_chars(chars: npt.NDArray[np.uint32]) -> tuple[np.uint64, np.uint64]:
    """``sketch`` over code points (uint32[n]); the same bits for the same text."""
    low, high = np.uint64(0), np.uint64(0)
    if len(chars) == 0:
        return low, high
    previous = BOUNDARY
    for k in range(len(chars) + 1):
        point = int(chars[k]) if k < len(chars) else BOUNDARY
        mixed = previous * SKETCH_P + point * SKETCH_Q
        bit = (mixed >> 29 ^ mixed >> 13) & 127
        if bit < 64:
            low |= np.uint64(1) << np.uint64(bit)
        else:
            high |= np.uint64(1) << np.uint64(bit - 64)
        previous = point
    return low, high


# columns of Values.cells; the sketch takes two (as the bit patterns of two uint64)
CODE, SOUND, FOLD, OFFSET, LENGTH, SKETCH, SKETCH_HIGH, FEATURE = range(8)
CELLS = struct.Struct("<qqqqqQQq")


class Values(NamedTuple):
    """Texts of values, by slot; the index's dictionary and a batch's side buffer have the same form.

    Slot 0 is the missing value (all zero). A slot is one cache line: code, sound, fold, offset, length, sketch, feature (the
    dictionary's; 0 in a side buffer). ``chars[offset : offset + length]`` are the first ``CHARS_LIMIT`` code points; code
    and sketch cover the whole text.
    """

    cells: npt.NDArray[np.int64]  # [n, 8]
    chars: npt.NDArray[np.uint32]  # [m]

    def __repr__(self) -> str:
        return f"Values({len(self.cells)} slots)"


@brief
def sketch_pending(cells: npt.NDArray[np.int64], chars: npt.NDArray[np.uint32]) -> None:
    """Sketch the slots of a side buffer whose FEATURE cell is not 0, and set it to 0: one call for all values of a batch."""
    for slot in range(1, len(cells)):
        if cells[slot, FEATURE]:
            start = cells[slot, OFFSET]
            low, high = sketch_chars(chars[start : start + cells[slot, LENGTH]])
            cells[slot, SKETCH], cells[slot, SKETCH_HIGH], cells[slot, FEATURE] = np.int64(low), np.int64(high), 0


# code, cells (offset 0; FEATURE 1 where a sketch is to be made), code points (uint32, padded)
Entry = tuple[int, bytes, bytes]


def _new_entry(text: str, sound: str, fold: str, sketched: bool) -> Entry:
    chars = text.encode("utf-32-le", "surrogatepass")
    code, length = text_code(text), len(text)
    low = high = 0
    if length > CHARS_LIMIT:
        if sketched:  # the side buffer will not hold the whole text
            low, high = map(int, sketch_chars(np.frombuffer(chars, np.uint32)))
        chars, length, sketched = chars[: 4 * CHARS_LIMIT], CHARS_LIMIT, False
    cells = CELLS.pack(code, sound_code(sound), sound_code(fold), 0, length, low, high, sketched)
    return code, cells, chars.ljust(4 * CHARS_LIMIT, b"\0")


_entry = lru_cache(CACHED_VALUES)(_new_entry)


_OFFSETS = np.arange(256) * CHARS_LIMIT  # of the slots of small batches
_MISSING: Entry = (0, bytes(CELLS.size), b"")


class ValueBuilder:
    """Gathers texts and builds their ``Values``. One per batch; not for several threads at once.

    Equal texts take a slot each: a search compares codes before it looks at slots, and dictionaries insert by code. Every
    slot has room for CHARS_LIMIT code points: offsets then need no sums.
    """

    __slots__ = ("_cells", "_chars", "_pending")

    def __init__(self) -> None:
        self._cells: list[bytes] = [_MISSING[1]]
        self._chars: list[bytes] = []
        self._pending = False  # sketches

    def add(self, value: StandardText | str, sketched: bool = True) -> tuple[int, int]:
        """Add a value; returns (slot, code), which are (0, 0) for an empty text. Only texts need a sketch."""
        if isinstance(value, str):
            # Whole addresses are nearly always new: looking for them would cost more than it saves.
            code, cells, chars = (_new_entry if sketched else _entry)(value, "", "", sketched)
        else:
            code, cells, chars = _entry(value.text, value.sound, value.fold, sketched)
        if not code:
            return 0, 0
        if sketched:
            self._pending = True
        self._cells.append(cells)
        self._chars.append(chars)
        return len(self._chars), code

    def build(self) -> Values:
        """Arrays of what was added so far, slot 0 first."""
        slots = len(self._cells)
        cells = np.frombuffer(bytearray(b"".join(self._cells)), np.int64).reshape(slots, 8)
        cells[1:, OFFSET] = _OFFSETS[: slots - 1] if slots <= len(_OFFSETS) else np.arange(slots - 1) * CHARS_LIMIT
        chars = np.frombuffer(bytearray(b"".join(self._chars)), np.uint32)
        if self._pending:
            sketch_pending(cells, chars)
        return Values(cells, chars)
