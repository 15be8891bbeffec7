"""Decided pairs → the labelled part of an estimation problem.

A labelled pair counts ``weight`` under its label and 1 − ``weight`` without one, so that it counts once in all. It stands in
the place of a pair of the same pattern: labels from the difficult zone do not make that zone larger, and the prior and the
recall of the rules stay what the whole population says. What a weight below 1 is for: stewards see the difficult pairs of a
pattern (common names, vetoes) more often than its easy ones, and they err.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from training.estimation.em import likelihood_table
from training.estimation.kernels import responsibilities
from training.estimation.problem import Fit, Floats, Labelled, Levels, Problem
from training.labels.pairs import Ints


def with_labels(problem: Problem, levels: Levels, verdicts: Ints, weight: float) -> tuple[Problem, int]:
    """(the problem with these pairs labelled, pairs that could not be used).

    ``levels`` uint8[J, F], ``verdicts`` int64[J]: 1 same, −1 different, 0 undecided. A pair is of no use where no pair of its
    pattern was counted: no blocking rule of the estimation brings it together. Raises ValueError for a weight not in (0, 1].
    """
    if not 0 < weight <= 1:
        raise ValueError("weight must be above 0 and at most 1")
    decided = verdicts != 0
    patterns, inverse = np.unique(levels[decided], axis=0, return_inverse=True)
    place = {pattern.tobytes(): number for number, pattern in enumerate(problem.patterns)}
    at = np.array([place.get(pattern.tobytes(), -1) for pattern in patterns], np.int64)
    usable = at >= 0
    same, different = (
        np.bincount(inverse.ravel(), verdicts[decided] == sign, minlength=len(patterns)).astype(np.float64) * weight
        for sign in (1, -1)
    )
    counts = problem.counts.copy()
    wanted = (same + different)[usable]
    given = np.minimum(wanted, counts[at[usable]])  # a group of records too large for the estimation may have hidden pairs
    counts[at[usable]] -= given
    share = given / np.maximum(wanted, 1e-300)
    labelled = Labelled(patterns[usable], same[usable] * share, different[usable] * share)
    missing = int(np.bincount(inverse.ravel(), minlength=len(patterns))[~usable].sum())
    return dataclasses.replace(problem, counts=counts, labelled=labelled), missing


def same_person(fit: Fit, levels: Levels) -> Floats:
    """float64[J]: probability that pairs of these patterns are one person, by a fit; term frequencies are left aside."""
    shares = np.empty((len(levels), len(fit.pairs)))
    responsibilities(np.ascontiguousarray(levels), likelihood_table(fit.probabilities), fit.pairs, shares)
    return shares[:, 0].copy()
