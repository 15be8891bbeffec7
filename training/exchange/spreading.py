"""Probabilities of another tool's levels → probabilities of ours, so that each of their numbers is kept whole.

A level of theirs that asks for what a level of ours asks for gives it its probability. Where several levels of ours fit one
of theirs, they take its probability in proportion to a model of ours that was fitted (``--like``) and to how many of their
pairs satisfy the condition and none of the better ones (agreement.py). So every m and u sums to 1 again, and what Splink
found for its own levels is found again when ours are added up.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mpi.linkage.comparison import LEVELS
from training.exchange.agreement import satisfying
from training.exchange.conditions import EXACT, OTHER, REVERSED, Condition

Floats = npt.NDArray[np.float64]

LEAST = 2.0**-30  # of a level: what a model file says for hardly ever
SMALLEST = 1e-300  # divisor instead of 0


def overlaps(kind: str, side: str, conditions: Sequence[Condition | None]) -> Floats:
    """float64[S, L]: share of the pairs at each of our levels that come to each of theirs, best first.

    ``conditions``: what each of their levels asks of the column, None where it asks nothing (ELSE, or another column).
    """
    levels = len(LEVELS[kind]) - 1
    result = np.zeros((len(conditions), levels))
    own = {condition.measure for condition in conditions if condition is not None}
    taken = {measure: np.zeros(levels) for measure in own}
    kept = np.ones(levels)  # levels that a condition of their own takes belong to no other
    for measure in (EXACT, REVERSED):
        if measure in own:
            kept -= [satisfying(kind, level, side, Condition(measure)) for level in range(1, levels + 1)]
    for place, condition in enumerate(conditions):
        left = kept * np.prod([1 - share for share in taken.values()], axis=0) if taken else kept
        if condition is None:
            result[place] = left
            continue
        share = np.array([satisfying(kind, level, side, condition) for level in range(1, levels + 1)])
        if condition.measure in (EXACT, REVERSED):
            result[place] = share
            continue
        if condition.measure == OTHER:  # several of them need not lie inside each other
            left = left / np.maximum(1 - taken[OTHER], SMALLEST)
            taken[OTHER] = np.zeros(levels)
        before = taken[condition.measure]
        result[place] = left * np.clip(share - before, 0, None) / np.maximum(1 - before, SMALLEST)
        taken[condition.measure] = np.maximum(before, share)
    return result


def spread(probabilities: Floats, overlap: Floats, like: Floats) -> Floats:
    """float64[L], sums to 1: ``probabilities`` float64[S] of their levels over ours; ``like`` float64[L] of a fitted model.

    A level of theirs that no level of ours meets goes to the last one, which is "different".
    """
    weights = overlap * like
    total = weights.sum(axis=1, keepdims=True)
    last = np.zeros(overlap.shape[1])
    last[-1] = 1.0
    shares = np.where(total > 0, weights / np.maximum(total, SMALLEST), last)
    ours: Floats = np.maximum(probabilities @ shares, LEAST)
    ours /= ours.sum()
    return ours


def gathered(probabilities: Floats, overlap: Floats) -> Floats:
    """float64[S], sums to 1: the way back, ``probabilities`` float64[L] of our levels over theirs."""
    shares = overlap / np.maximum(overlap.sum(axis=0), SMALLEST)
    theirs: Floats = np.maximum(shares @ probabilities, LEAST)
    theirs /= theirs.sum()
    return theirs
