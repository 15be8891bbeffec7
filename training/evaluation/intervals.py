"""Figures with their 95 % intervals: shares by the exact method of Clopper and Pearson, ratios of sums by bootstrap.

A figure of zero errors has an interval too: "none in 1,000" is "at most 3.7 in 1,000", and the report says so.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.stats import beta

Floats = npt.NDArray[np.float64]

LEVEL = 0.95
TAIL = (1 - LEVEL) / 2
REPLICATES = 500
DRAWN_AT_ONCE = 2_000_000  # numbers drawn at a time, so that memory stays small


class Figure(msgspec.Struct, frozen=True):
    """A value and its 95 % interval; NaN where there is nothing to tell it from."""

    value: float
    low: float
    high: float


class Share(msgspec.Struct, frozen=True):
    """``count`` of ``of``, as a share with its 95 % interval. Of nothing the share is NaN, and could be anything."""

    count: int
    of: int
    value: float
    low: float
    high: float


def share(count: int | np.integer, of: int | np.integer) -> Share:
    """A share with its exact interval. ``0 <= count <= of``."""
    low, high = clopper_pearson(np.array([count]), np.array([of]))
    value = float(count / of) if of else float("nan")
    return Share(int(count), int(of), value, float(low[0]), float(high[0]))


def clopper_pearson(count: npt.ArrayLike, of: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Bounds of the exact 95 % interval of binomial shares (Clopper and Pearson 1934); [0, 1] where ``of`` is 0.

    It is never too narrow where trials are independent. Records of one person are not quite: treat it as a guide there.
    """
    hits, trials = np.asarray(count, np.float64), np.asarray(of, np.float64)
    misses = trials - hits
    low = np.where(hits > 0, beta.ppf(TAIL, np.maximum(hits, 1), misses + 1), 0.0)
    high = np.where(misses > 0, beta.ppf(1 - TAIL, hits + 1, np.maximum(misses, 1)), 1.0)
    return low, high


def bootstrap(sums: Floats, figures: Callable[[Floats], Floats], *, seed: int) -> list[Figure]:
    """Figures of sums over persons, with the percentile interval of a bootstrap over the persons (Efron 1979).

    ``sums`` float64[T, C]: what each person adds; ``figures``: float64[R, C] totals → float64[R, F]. Persons that add the
    same are drawn together, as one multinomial: a million persons cost what their few hundred kinds cost. Where every person
    adds the same, the interval has no width: it tells nothing about errors that were not seen.
    """
    values = figures(sums.sum(axis=0, keepdims=True))[0]
    kinds, counts = _kinds(sums)
    if len(kinds) == 0:
        return [Figure(float("nan"), 0.0, 1.0) for _ in values]
    random = np.random.default_rng(seed)
    chunk = max(1, DRAWN_AT_ONCE // len(kinds))
    parts = []
    for at in range(0, REPLICATES, chunk):
        drawn = random.multinomial(counts.sum(), counts / counts.sum(), size=min(chunk, REPLICATES - at))
        parts.append(figures(drawn @ kinds))
    low, high = np.quantile(np.concatenate(parts), [TAIL, 1 - TAIL], axis=0)
    return [Figure(float(v), float(a), float(b)) for v, a, b in zip(values, low, high, strict=True)]


def _kinds(sums: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Distinct rows and how many there are of each. (``np.unique`` over an axis takes ten times as long.)"""
    ordered = sums[np.lexsort(sums.T)]
    fresh = np.ones(len(ordered), np.bool_)
    fresh[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    first = np.flatnonzero(fresh)
    return ordered[first], np.diff(first, append=len(ordered))
