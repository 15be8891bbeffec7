"""The pass over the patterns that every EM iteration makes. Self-contained: Numba notices changes in this file alone."""

from __future__ import annotations

import math

from mpi.linkage.jit import kernel
from training.estimation.problem import Floats, Levels


@kernel
def expectation(patterns: Levels, counts: Floats, table: Floats, pairs: Floats, totals: Floats, sums: Floats) -> float:
    """E-step. Share each pattern's count among the classes and add it up; returns Σ count × log(expected count).

    ``table`` float64[F, L + 1, C] holds p_c(f, l), with 1 for missing; ``pairs`` float64[C] is λ. Adds to ``totals``
    float64[C] and ``sums`` float64[F, L + 1, C] (missing counts at level 0). Products of 16 probabilities above 1e-18 stay
    in the range of float64, so no logarithm is taken a class.
    """
    classes = len(pairs)
    features = patterns.shape[1]
    weight = pairs.copy()
    result = 0.0
    for i in range(len(patterns)):
        for c in range(classes):
            weight[c] = pairs[c]
        for f in range(features):
            level = patterns[i, f]
            if level != 0:
                for c in range(classes):
                    weight[c] *= table[f, level, c]
        whole = 0.0
        for c in range(classes):
            whole += weight[c]
        result += counts[i] * math.log(whole)
        for c in range(classes):
            weight[c] *= counts[i] / whole
            totals[c] += weight[c]
        for f in range(features):
            level = patterns[i, f]
            for c in range(classes):
                sums[f, level, c] += weight[c]
    return result


@kernel
def responsibilities(patterns: Levels, table: Floats, pairs: Floats, shares: Floats) -> None:
    """Fill ``shares`` float64[P, C]: probability of each class given the pattern. Arguments as of ``expectation``."""
    for i in range(len(patterns)):
        whole = 0.0
        for c in range(len(pairs)):
            product = pairs[c]
            for f in range(patterns.shape[1]):
                level = patterns[i, f]
                if level != 0:
                    product *= table[f, level, c]
            shares[i, c] = product
            whole += product
        for c in range(len(pairs)):
            shares[i, c] /= whole
