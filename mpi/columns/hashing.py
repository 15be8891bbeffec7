"""XXH3 for kernels: the 64-bit hash of up to 240 bytes, seed 0, the same as ``xxhash.xxh3_64_intdigest``.

Source: Yann Collet, xxHash, doc/xxhash_spec.md; the constants are the specification's.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mpi.columns.jit import inner, leaf

LONGEST = 240  # bytes; longer texts are hashed in stripes, which no plain value needs

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
_LOW = np.uint64(0xFFFFFFFF)

Bytes = npt.NDArray[np.uint8]


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
def _product(a: np.uint64, b: np.uint64) -> np.uint64:
    """Low half XOR high half of the 128-bit product."""
    a_low, a_high, b_low, b_high = a & _LOW, a >> np.uint64(32), b & _LOW, b >> np.uint64(32)
    low = a_low * b_low
    middle = a_high * b_low + (low >> np.uint64(32))
    cross = (middle & _LOW) + a_low * b_high
    high = a_high * b_high + (middle >> np.uint64(32)) + (cross >> np.uint64(32))
    return (cross << np.uint64(32) | low & _LOW) ^ high


@leaf
def _avalanche(value: np.uint64) -> np.uint64:
    value = (value ^ value >> np.uint64(37)) * _AVALANCHE
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
    value = combined ^ _read32(_SECRET, 0) ^ _read32(_SECRET, 4)
    value = (value ^ value >> np.uint64(33)) * _PRIME_2
    value = (value ^ value >> np.uint64(29)) * _PRIME_3
    return value ^ value >> np.uint64(32)


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
