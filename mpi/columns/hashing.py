"""XXH3 for kernels, seed 0: the 64-bit hash of up to 240 bytes, the same as ``xxhash.xxh3_64_intdigest``, and the 128-bit
hash of any text, the same as ``xxhash.xxh3_128_digest``.

Source: Yann Collet, xxHash, doc/xxhash_spec.md; the constants are the specification's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mpi.columns.jit import inner, leaf

LONGEST = 240  # bytes of the 64-bit hash; longer texts are hashed in stripes, which no plain value needs

_SECRET = np.frombuffer(
    bytes.fromhex(
        "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221"
        "b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
        "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb"
        "170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
    ),
    np.uint8,
)
_PRIME_1, _PRIME_2, _PRIME_3 = np.uint64(0x9E3779B185EBCA87), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9)
_AVALANCHE, _MIX = np.uint64(0x165667919E3779F9), np.uint64(0x9FB21C651E98DF25)
_PRIME_4, _PRIME_5 = np.uint64(0x85EBCA77C2B2AE63), np.uint64(0x27D4EB2F165667C5)
_SHORT_1, _SHORT_2, _SHORT_3 = np.uint64(0x9E3779B1), np.uint64(0x85EBCA77), np.uint64(0xC2B2AE3D)
_LOW = np.uint64(0xFFFFFFFF)
LANES = 8
_STRIPE, _STRIPES = 64, 16  # bytes of a stripe; stripes of a block
_FIRST = np.array([_SHORT_3, _PRIME_1, _PRIME_2, _PRIME_3, _PRIME_4, _SHORT_2, _PRIME_5, _SHORT_1], np.uint64)

Bytes = npt.NDArray[np.uint8]
Lanes = npt.NDArray[np.uint64]


@leaf
def _u64(value: int) -> np.uint64:
    return np.uint64(value)


@leaf
def _read32(data: Bytes, at: int) -> np.uint64:
    value = np.uint64(0)
    for k in range(4):
        value |= np.uint64(data[at + k]) << np.uint64(8 * k)
    return value


@leaf
def _read64(data: Bytes, at: int) -> np.uint64:
    return _read32(data, at) | _read32(data, at + 4) << np.uint64(32)


@leaf
def _halves(a: np.uint64, b: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Low and high half of the 128-bit product."""
    a_low, a_high, b_low, b_high = a & _LOW, a >> np.uint64(32), b & _LOW, b >> np.uint64(32)
    low = a_low * b_low
    middle = a_high * b_low + (low >> np.uint64(32))
    cross = (middle & _LOW) + a_low * b_high
    high = a_high * b_high + (middle >> np.uint64(32)) + (cross >> np.uint64(32))
    return cross << np.uint64(32) | low & _LOW, high


@leaf
def _product(a: np.uint64, b: np.uint64) -> np.uint64:
    """Low half XOR high half of the 128-bit product."""
    low, high = _halves(a, b)
    return low ^ high


@leaf
def _avalanche(value: np.uint64) -> np.uint64:
    value = (value ^ value >> np.uint64(37)) * _AVALANCHE
    return value ^ value >> np.uint64(32)


@leaf
def _avalanche_64(value: np.uint64) -> np.uint64:
    """That of XXH64."""
    value = (value ^ value >> np.uint64(33)) * _PRIME_2
    value = (value ^ value >> np.uint64(29)) * _PRIME_3
    return value ^ value >> np.uint64(32)


@leaf
def _rotated(value: np.uint64, bits: int) -> np.uint64:
    return value << np.uint64(bits) | value >> np.uint64(64 - bits)


@leaf
def _swapped(value: np.uint64) -> np.uint64:
    """Bytes in reverse order."""
    result = np.uint64(0)
    for k in range(8):
        result |= (value >> np.uint64(8 * k) & np.uint64(0xFF)) << np.uint64(56 - 8 * k)
    return result


@inner
def _mixed(data: Bytes, at: int, secret: int) -> np.uint64:
    """Sixteen bytes with sixteen of the secret."""
    return _product(_read64(data, at) ^ _read64(_SECRET, secret), _read64(data, at + 8) ^ _read64(_SECRET, secret + 8))


@leaf
def _of_few(data: Bytes, at: int, length: int) -> np.uint64:
    """1 to 3 bytes."""
    first, middle, last = np.uint64(data[at]), np.uint64(data[at + (length >> 1)]), np.uint64(data[at + length - 1])
    combined = first << np.uint64(16) | middle << np.uint64(24) | last | _u64(length) << np.uint64(8)
    return _avalanche_64(combined ^ _read32(_SECRET, 0) ^ _read32(_SECRET, 4))


@leaf
def _of_eight(data: Bytes, at: int, length: int) -> np.uint64:
    """4 to 8 bytes."""
    value = _read32(data, at + length - 4) + (_read32(data, at) << np.uint64(32))
    value ^= _read64(_SECRET, 8) ^ _read64(_SECRET, 16)
    value ^= _rotated(value, 49) ^ _rotated(value, 24)
    value *= _MIX
    value ^= (value >> np.uint64(35)) + _u64(length)
    value *= _MIX
    return value ^ value >> np.uint64(28)


@leaf
def _of_sixteen(data: Bytes, at: int, length: int) -> np.uint64:
    """9 to 16 bytes."""
    low = _read64(data, at) ^ _read64(_SECRET, 24) ^ _read64(_SECRET, 32)
    high = _read64(data, at + length - 8) ^ _read64(_SECRET, 40) ^ _read64(_SECRET, 48)
    return _avalanche(_u64(length) + _swapped(low) + high + _product(low, high))


@leaf
def _of_many(data: Bytes, at: int, length: int) -> np.uint64:
    """17 to 128 bytes."""
    total = _u64(length) * _PRIME_1
    pairs = (length - 1) // 32  # pairs of sixteen bytes, from both ends
    for k in range(pairs + 1):
        total += _mixed(data, at + 16 * k, 32 * k) + _mixed(data, at + length - 16 * (k + 1), 32 * k + 16)
    return _avalanche(total)


@leaf
def _of_most(data: Bytes, at: int, length: int) -> np.uint64:
    """129 to 240 bytes."""
    total = _u64(length) * _PRIME_1
    for k in range(8):
        total += _mixed(data, at + 16 * k, 16 * k)
    total = _avalanche(total)
    for k in range(8, length // 16):
        total += _mixed(data, at + 16 * k, 16 * (k - 8) + 3)
    return _avalanche(total + _mixed(data, at + length - 16, 119))


@inner
def xxh3(data: Bytes, at: int, length: int) -> np.uint64:
    """Hash of ``data[at : at + length]``, 1 to 240 bytes."""
    if length <= 3:
        return _of_few(data, at, length)
    if length <= 8:
        return _of_eight(data, at, length)
    if length <= 16:
        return _of_sixteen(data, at, length)
    return _of_many(data, at, length) if length <= 128 else _of_most(data, at, length)


@leaf
def _pair_of_few(data: Bytes, at: int, length: int) -> tuple[np.uint64, np.uint64]:
    """1 to 3 bytes, 128 bits."""
    first, middle, last = np.uint64(data[at]), np.uint64(data[at + (length >> 1)]), np.uint64(data[at + length - 1])
    low = first << np.uint64(16) | middle << np.uint64(24) | last | _u64(length) << np.uint64(8)
    swapped = _swapped(low) >> np.uint64(32)
    high = (swapped << np.uint64(13) | swapped >> np.uint64(19)) & _LOW
    low ^= _read32(_SECRET, 0) ^ _read32(_SECRET, 4)
    high ^= _read32(_SECRET, 8) ^ _read32(_SECRET, 12)
    return _avalanche_64(low), _avalanche_64(high)


@leaf
def _pair_of_eight(data: Bytes, at: int, length: int) -> tuple[np.uint64, np.uint64]:
    """4 to 8 bytes, 128 bits."""
    value = _read32(data, at) + (_read32(data, at + length - 4) << np.uint64(32))
    value ^= _read64(_SECRET, 16) ^ _read64(_SECRET, 24)
    low, high = _halves(value, _PRIME_1 + (_u64(length) << np.uint64(2)))
    high += low << np.uint64(1)
    low ^= high >> np.uint64(3)
    low = (low ^ low >> np.uint64(35)) * _MIX
    return low ^ low >> np.uint64(28), _avalanche(high)


@leaf
def _pair_of_sixteen(data: Bytes, at: int, length: int) -> tuple[np.uint64, np.uint64]:
    """9 to 16 bytes, 128 bits."""
    first, last = _read64(data, at), _read64(data, at + length - 8)
    low, high = _halves(first ^ last ^ _read64(_SECRET, 32) ^ _read64(_SECRET, 40), _PRIME_1)
    low += _u64(length - 1) << np.uint64(54)
    last ^= _read64(_SECRET, 48) ^ _read64(_SECRET, 56)
    high += last + (last & _LOW) * (_SHORT_2 - np.uint64(1))
    low ^= _swapped(high)
    final, more = _halves(low, _PRIME_2)
    return _avalanche(final), _avalanche(more + high * _PRIME_2)


@inner
def _mixed_pair(data: Bytes, places: tuple[int, int], secret: int, pair: tuple[np.uint64, np.uint64]) -> tuple[Any, Any]:
    """Sixteen bytes at each of two places into a pair."""
    first, second = places
    low = pair[0] + _mixed(data, first, secret) ^ _read64(data, second) + _read64(data, second + 8)
    high = pair[1] + _mixed(data, second, secret + 16) ^ _read64(data, first) + _read64(data, first + 8)
    return low, high


@leaf
def _finished(pair: tuple[np.uint64, np.uint64], length: int) -> tuple[np.uint64, np.uint64]:
    low, high = pair
    last = low * _PRIME_1 + high * _PRIME_4 + _u64(length) * _PRIME_2
    return _avalanche(low + high), np.uint64(0) - _avalanche(last)


@inner
def _pair_of_many(data: Bytes, at: int, length: int) -> tuple[np.uint64, np.uint64]:
    """17 to 128 bytes, 128 bits."""
    pair = (_u64(length) * _PRIME_1, np.uint64(0))
    for k in range((length - 1) // 32, -1, -1):
        pair = _mixed_pair(data, (at + 16 * k, at + length - 16 * (k + 1)), 32 * k, pair)
    return _finished(pair, length)


@inner
def _pair_of_most(data: Bytes, at: int, length: int) -> tuple[np.uint64, np.uint64]:
    """129 to 240 bytes, 128 bits."""
    pair = (_u64(length) * _PRIME_1, np.uint64(0))
    for k in range(4):
        pair = _mixed_pair(data, (at + 32 * k, at + 32 * k + 16), 32 * k, pair)
    pair = (_avalanche(pair[0]), _avalanche(pair[1]))
    for k in range(4, length // 32):
        pair = _mixed_pair(data, (at + 32 * k, at + 32 * k + 16), 32 * (k - 4) + 3, pair)
    return _finished(_mixed_pair(data, (at + length - 16, at + length - 32), 103, pair), length)


@leaf
def _accumulate(data: Bytes, at: int, secret: int, lanes: Lanes) -> None:
    """One stripe."""
    for lane in range(LANES):
        value = _read64(data, at + 8 * lane)
        keyed = value ^ _read64(_SECRET, secret + 8 * lane)
        lanes[lane ^ 1] += value
        lanes[lane] += (keyed & _LOW) * (keyed >> np.uint64(32))


@leaf
def _merged(lanes: Lanes, secret: int, start: np.uint64) -> np.uint64:
    for k in range(LANES // 2):
        first, second = (
            lanes[2 * k] ^ _read64(_SECRET, secret + 16 * k),
            lanes[2 * k + 1] ^ _read64(_SECRET, secret + 16 * k + 8),
        )
        start += _product(first, second)
    return _avalanche(start)


@inner
def _pair_of_stripes(data: Bytes, at: int, length: int, lanes: Lanes) -> tuple[np.uint64, np.uint64]:
    """More than 240 bytes, 128 bits."""
    for lane in range(LANES):
        lanes[lane] = _FIRST[lane]
    stripes = (length - 1) // _STRIPE
    for stripe in range(stripes):
        _accumulate(data, at + stripe * _STRIPE, stripe % _STRIPES * 8, lanes)
        if stripe % _STRIPES == _STRIPES - 1:
            for lane in range(LANES):
                value = lanes[lane] ^ lanes[lane] >> np.uint64(47) ^ _read64(_SECRET, 128 + 8 * lane)
                lanes[lane] = value * _SHORT_1
    _accumulate(data, at + length - _STRIPE, 121, lanes)
    low = _merged(lanes, 11, _u64(length) * _PRIME_1)
    return low, _merged(lanes, 117, ~(_u64(length) * _PRIME_2))


@inner
def xxh3_pair(data: Bytes, at: int, length: int, lanes: Lanes) -> tuple[np.uint64, np.uint64]:
    """Low and high half of the 128-bit hash of ``data[at : at + length]``, 1 byte or more; ``lanes`` uint64[8] is scratch."""
    if length <= 3:
        return _pair_of_few(data, at, length)
    if length <= 8:
        return _pair_of_eight(data, at, length)
    if length <= 16:
        return _pair_of_sixteen(data, at, length)
    if length <= 128:
        return _pair_of_many(data, at, length)
    return _pair_of_most(data, at, length) if length <= LONGEST else _pair_of_stripes(data, at, length, lanes)


@leaf
def put_digest(pair: tuple[np.uint64, np.uint64], digest: Bytes) -> None:
    """A pair as ``xxh3_128_digest`` writes it: the high half first, each with its highest byte first."""
    for k in range(8):
        shift = np.uint64(56 - 8 * k)
        digest[k], digest[8 + k] = pair[1] >> shift & np.uint64(0xFF), pair[0] >> shift & np.uint64(0xFF)
