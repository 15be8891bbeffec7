"""Metaphone in a kernel: the phonetic code of lower-case ASCII letters as ``jellyfish.metaphone`` has it.

Source: L. Philips, *Hanging on the Metaphone*, Computer Language 7 (1990), in the compiled form of jellyfish 1.x, quirks
included (its form in Python differs at the end of a word: lamb, sign).
"""

from __future__ import annotations

import numpy as np

from mpi.columns.characters import Bytes
from mpi.columns.jit import inner, leaf, wide

LETTERS = 26  # a is 0
END = LETTERS
_A, _B, _C, _D, _E, _F, _G, _H, _I, _J, _K, _L, _M, _N, _O, _P, _Q, _R, _S, _T, _U, _V, _W, _X, _Y, _Z = range(LETTERS)
# Kinds of letters.
_VOWEL, _FRONT, _AS_IT_IS, _OA = 1, 2, 4, 8  # aeiou; iey; those that stand for themselves; what follows ti and si in nation
_KINDS = np.zeros(LETTERS + 1, np.uint8)
for _members, _kind in (("aeiou", _VOWEL), ("iey", _FRONT), ("fjlmnr", _AS_IT_IS), ("oa", _OA)):
    for _member in _members:
        _KINDS[ord(_member) - ord("a")] |= _kind


@leaf
def _letter(data: Bytes, at: int, end: int) -> int:
    return wide(data[at]) - 97 if at < end else wide(END)


@leaf
def _is(letter: int, kind: int) -> bool:
    return bool(_KINDS[letter] & kind != 0)


@leaf
def _starts_silent(first: int, second: int) -> bool:
    """kn, gn, pn, wr, ae."""
    if second == _N:
        return first == _K or first == _G or first == _P
    return (first == _W and second == _R) or (first == _A and second == _E)


@leaf
def _hissing(letter: int, after: int, then: int) -> tuple[int, int]:
    """c, d, g, s and t: (code, further letters that it takes); a code of 0 is silence."""
    if letter == _C:
        if after == _H or (after == _I and then == _A):
            return ord("X"), 1
        return (ord("S"), 1) if _is(after, _FRONT) else (ord("K"), 0)
    if letter == _D:
        return (ord("J"), 2) if after == _G and _is(then, _FRONT) else (ord("T"), 0)
    if letter == _G:
        if _is(after, _FRONT):
            return ord("J"), 0
        silent = not _is(then, _VOWEL) if after == _H else after == _N and then == END
        return (0, 1) if silent else (ord("K"), 0)
    if letter == _S:
        if after == _H:
            return ord("X"), 1
        return (ord("X"), 2) if after == _I and _is(then, _OA) else (ord("S"), 0)
    if after == _H:
        return ord("0"), 1
    if after == _I and _is(then, _OA):
        return ord("X"), 0
    return (0 if after == _C and then == _H else ord("T")), 0


@leaf
def _breathing(first: bool, before: int, letter: int, after: int) -> tuple[int, int]:
    """h, k, p, w and y, likewise."""
    if letter == _H:
        return (ord("H") if first or _is(after, _VOWEL) or not _is(before, _VOWEL) else 0), 0
    if letter == _K:
        return (ord("K") if first or before != _C else 0), 0
    if letter == _P:
        return (ord("F"), 1) if after == _H else (ord("P"), 0)
    if letter == _W:
        if first and after == _H:
            return ord("W"), 1
        return (ord("W") if _is(after, _VOWEL) else 0), 0
    return (ord("Y") if _is(after, _VOWEL) else 0), 0


@inner
def metaphone(data: Bytes, start: int, end: int, out: Bytes, at: int) -> int:
    """The code of data[start:end] (a to z only) into ``out`` from ``at`` on; returns where it ends.

    It takes at most two characters a letter.
    """
    first = start
    if end - start > 1 and _starts_silent(_letter(data, start, end), _letter(data, start + 1, end)):
        first += 1
    i, before = first, wide(END)
    while i < end:
        letter, after, then = _letter(data, i, end), _letter(data, i + 1, end), _letter(data, i + 2, end)
        code, taken = wide(0), wide(0)
        if letter == after and letter != _C:
            pass
        elif _is(letter, _VOWEL):
            code = wide(letter + 65) if i == first else wide(0)
        elif _is(letter, _AS_IT_IS):
            code = wide(letter + 65)
        elif letter in (_C, _D, _G, _S, _T):
            code, taken = _hissing(letter, after, then)
        elif letter == _B:
            code = wide(ord("B") if i == first or before != _M or after != END else 0)
        elif letter == _Q:
            code = wide(ord("K"))
        elif letter == _V:
            code = wide(ord("F"))
        elif letter == _Z:
            code = wide(ord("S"))
        elif letter == _X:
            soft = i > first or after == _H or (after == _I and _is(then, _OA))
            code = wide(ord("X") if soft else ord("S"))
            if i > first:
                out[at], code = ord("K"), wide(ord("S"))
                at += 1
        else:
            code, taken = _breathing(i == first, before, letter, after)
        if code != 0:
            out[at] = code
            at += 1
        before = _letter(data, i + taken, end)
        i += 1 + taken
    return at
