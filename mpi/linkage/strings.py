"""String comparators as kernels over code points (uint32[n] views): no allocation, no GIL, one reference each.

Jaro–Winkler and Damerau–Levenshtein give the results of ``jellyfish`` ≥ 1 on sequences of code points. (The compiled
jellyfish counts a letter and its combining accents as one unit; comparison forms hold no combining accents.)
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mpi.linkage.jit import kernel, leaf

Chars = npt.NDArray[np.uint32]

JARO_LIMIT = 64  # code points looked at; the matched ones are marked in one int64 a side
BOOST_THRESHOLD = 0.7  # Winkler 1990, as in jellyfish: only similar strings get the prefix boost
PREFIX_LIMIT = 4
PREFIX_WEIGHT = 0.1
SPACE = 32


@leaf
def equal(a: Chars, b: Chars) -> bool:
    """Whether two texts are the same."""
    if len(a) != len(b):
        return False
    for k in range(len(a)):  # noqa: SIM110 - a kernel has no generators
        if a[k] != b[k]:
            return False
    return True


@leaf
def common_prefix(a: Chars, b: Chars) -> int:
    """Number of code points two texts begin with in common."""
    limit = min(len(a), len(b))
    k = 0
    while k < limit and a[k] == b[k]:
        k += 1
    return k


@leaf
def common_suffix(a: Chars, b: Chars) -> int:
    """Number of code points two texts end with in common."""
    limit = min(len(a), len(b))
    k = 0
    while k < limit and a[len(a) - 1 - k] == b[len(b) - 1 - k]:
        k += 1
    return k


@leaf
def matching(a: Chars, b: Chars) -> tuple[int, int, int]:
    """Jaro's greedy matching: (matches, bit mask of the matched positions in ``a``, the same in ``b``)."""
    la, lb = min(len(a), JARO_LIMIT), min(len(b), JARO_LIMIT)
    reach = max(max(la, lb) // 2 - 1, 0)
    matches, flags_a, flags_b = 0, 0, 0
    for i in range(la):
        for j in range(max(i - reach, 0), min(i + reach + 1, lb)):
            if a[i] == b[j] and (flags_b >> j) & 1 == 0:
                flags_a |= 1 << i
                flags_b |= 1 << j
                matches += 1
                break
    return matches, flags_a, flags_b


@leaf
def out_of_order(a: Chars, b: Chars, flags_a: int, flags_b: int) -> int:
    """Matched positions whose code points differ when both sides are read in order (twice the transpositions)."""
    count, j = 0, 0
    for i in range(min(len(a), JARO_LIMIT)):
        if (flags_a >> i) & 1 == 0:
            continue
        while (flags_b >> j) & 1 == 0:
            j += 1
        if a[i] != b[j]:
            count += 1
        j += 1
    return count


@leaf
def jaro_winkler(a: Chars, b: Chars) -> float:
    """Jaro–Winkler similarity, 0 … 1, of the first 64 code points; 0 if either is empty.

    Greedy matching is not proved symmetric: pass the two texts in a canonical order where that matters.
    """
    matches, flags_a, flags_b = matching(a, b)
    if matches == 0:
        return 0.0
    la, lb = min(len(a), JARO_LIMIT), min(len(b), JARO_LIMIT)
    transpositions = out_of_order(a, b, flags_a, flags_b) // 2
    weight = (matches / la + matches / lb + (matches - transpositions) / matches) / 3
    if weight > BOOST_THRESHOLD:
        weight += min(common_prefix(a, b), PREFIX_LIMIT) * PREFIX_WEIGHT * (1.0 - weight)
    return weight


@leaf
def within_one_edit(a: Chars, b: Chars) -> bool:
    """Whether the Damerau–Levenshtein distance is at most 1 (insert, delete, replace, or swap two neighbours)."""
    la, lb = len(a), len(b)
    if la - lb > 1 or lb - la > 1:
        return False
    front = common_prefix(a, b)
    back = common_suffix(a, b)
    if front + back >= max(la, lb) - 1:
        return True
    return la == lb and front + back >= la - 2 and a[front] == b[front + 1] and a[front + 1] == b[front]


@kernel
def damerau_levenshtein(a: Chars, b: Chars) -> int:
    """Unrestricted Damerau–Levenshtein distance (Lowrance and Wagner 1975). Allocates its matrix: not for inner loops."""
    la, lb = len(a), len(b)
    score = np.empty((la + 2, lb + 2), np.int64)
    score[0, :] = la + lb
    score[:, 0] = la + lb
    score[1:, 1] = np.arange(la + 1)
    score[1, 1:] = np.arange(lb + 1)
    last_row = np.zeros(lb, np.int64)  # last row whose code point is that of column j
    for i in range(1, la + 1):
        last_column = 0
        for j in range(1, lb + 1):
            row, column = last_row[j - 1], last_column
            cost = 1
            if a[i - 1] == b[j - 1]:
                cost = 0
                last_column = j
            swap = score[row, column] + (i - row - 1) + 1 + (j - column - 1)
            score[i + 1, j + 1] = min(score[i, j] + cost, score[i + 1, j] + 1, score[i, j + 1] + 1, swap)
        for j in range(lb):
            if b[j] == a[i - 1]:
                last_row[j] = i
    return int(score[la + 1, lb + 1])


@leaf
def is_part(whole: Chars, part: Chars) -> bool:
    """Whether ``part`` (shorter, not empty) is how ``whole`` begins or ends."""
    if len(part) == 0 or len(part) >= len(whole):
        return False
    return common_prefix(whole, part) == len(part) or common_suffix(whole, part) == len(part)


@leaf
def rotated(a: Chars, b: Chars) -> bool:
    """Whether two texts of several words hold the same words, cut at one space and swapped ("ann mary", "mary ann")."""
    n = len(a)
    if n != len(b):
        return False
    for cut in range(1, n - 1):
        if a[cut] != SPACE or b[n - 1 - cut] != SPACE:
            continue
        if equal(a[:cut], b[n - cut :]) and equal(a[cut + 1 :], b[: n - 1 - cut]):
            return True
    return False
