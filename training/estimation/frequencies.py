"""Term frequencies: how much likelier strangers agree on a common value than on a rare one, level by level.

At the exact level a stranger shares the value v with probability tf(v), so log u grows with slope 1 in log tf. At a fuzzy
level the slope is estimated: u_l(v) is the frequency of all other values that are at level l from v, and α_l the slope of
log u_l on log tf over the values, weighted by their frequency and clipped to [0, 1] (a common name need not have common
neighbours). The reference is the frequency at which u holds as it stands: Σ tf^(1 + α) to the power 1/α, so that the
adjusted u, averaged over the population, is u again.
"""

from __future__ import annotations

import numpy as np

from training.estimation.problem import Floats

BINS_PER_BIT = 2  # values are averaged over half a bit of frequency: a value without any neighbour still counts
FEWEST_BINS = 3


def exponents(frequency: Floats, mass: Floats) -> Floats:
    """float64[L + 1]: α of every level; 1 at level 1, 0 at level 0 and where nothing can be told.

    ``frequency`` float64[V]: share of records with each value. ``mass`` float64[V, L + 1]: u_l(v), share of records whose
    value is at level l from v.
    """
    result = np.zeros(mass.shape[1])
    result[1] = 1.0
    logs = np.log2(frequency)
    bins = np.unique(np.round(logs * BINS_PER_BIT).astype(np.int64), return_inverse=True)[1]
    weight: Floats = np.bincount(bins, frequency).astype(np.float64)
    x = np.bincount(bins, frequency * logs) / weight
    for level in range(2, mass.shape[1]):
        mean = np.bincount(bins, frequency * mass[:, level]) / weight
        used = mean > 0
        if used.sum() >= FEWEST_BINS:
            result[level] = _slope(x[used], np.log2(mean[used]), weight[used])
    return result


def references(frequency: Floats, alphas: Floats) -> Floats:
    """float64[L + 1]: log2 of the term frequency at which u holds as it stands; 0 where the exponent is 0."""
    shares = frequency / frequency.sum()
    result = np.zeros(len(alphas))
    for level, alpha in enumerate(alphas):
        if alpha > 0:
            result[level] = np.log2(np.sum(shares * frequency**alpha)) / alpha
    return result


def _slope(x: Floats, y: Floats, weight: Floats) -> float:
    """Weighted least squares slope, clipped to [0, 1]; 0 for values that are all equally common."""
    share = weight / weight.sum()
    away = x - share @ x
    spread = float(share @ away**2)
    return float(np.clip((share @ (away * y)) / spread, 0.0, 1.0)) if spread > 0 else 0.0
