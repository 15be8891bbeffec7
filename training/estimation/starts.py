"""Starting values. They only have to lie in the right valley: nothing of them is left in the estimate."""

from __future__ import annotations

import numpy as np

from training.estimation.coverage import class_coverage
from training.estimation.em import Frame, Point, probabilities
from training.estimation.problem import FREE, SAME, SHARED, Flags, Floats, Problem

EXACT = 0.9  # of the same person, in the first start; the rest falls off geometrically
DECAY = 0.5
SHARING = 0.8
SAME_SHARE = 0.6  # of the pairs that strangers do not explain
LEAST_EXCESS = 0.01  # of the pairs seen: strangers never explain all of them in a start


def stranger_probabilities(problem: Problem) -> Floats:
    """float64[C + 1, F, L + 1]: u for every class, rescaled where a class excludes levels."""
    p = np.where(problem.possible(), problem.u, 0.0)
    result: Floats = p / p.sum(axis=2, keepdims=True)
    return result


def initial(frame: Frame, random: np.random.Generator, *, plain: bool) -> Point:
    """One start; ``plain`` is the one without any randomness."""
    free = frame.chance.copy()
    for c, f in np.argwhere(frame.kinds == FREE):
        exact = EXACT if plain else random.uniform(0.5, 0.97)
        guess = _geometric(frame.possible[c, f], exact)
        if c > 0:
            mixed = 0.5 if plain else random.uniform(0.2, 0.8)
            guess = mixed * guess + (1 - mixed) * free[c, f]
        free[c, f] = guess / guess.sum()
    sharing = np.where(frame.kinds == SAME, 1.0, 0.0)
    shared = frame.kinds == SHARED
    sharing[shared] = SHARING if plain else random.uniform(0.4, 0.95, int(shared.sum()))
    point = Point(free, sharing, np.ones(len(frame.kinds)))
    return Point(free, sharing, _pairs(frame, probabilities(frame, point), None if plain else random))


def _geometric(possible: Flags, exact: float) -> Floats:
    """Levels from best to worst: ``exact``, then halves of what is left; the last level takes the rest."""
    levels = np.flatnonzero(possible)
    result = np.zeros(len(possible))
    left = 1.0
    for level in levels:
        share = left if level == levels[-1] else (exact if level == levels[0] else left * DECAY)
        result[level] = share
        left -= share
    return result


def _pairs(frame: Frame, p: Floats, random: np.random.Generator | None) -> Floats:
    """λ: the pairs seen beyond what strangers explain, divided among the classes, each blown up by its recall."""
    problem = frame.problem
    seen = problem.seen_pairs
    strangers = problem.total_pairs * class_coverage(frame.coverage, p[-1])
    excess = max(seen - strangers, LEAST_EXCESS * seen)
    others = len(problem.classes) - 1
    shares = np.full(others + 1, (1 - SAME_SHARE) / max(others, 1))
    shares[0] = SAME_SHARE
    if random is not None:
        shares = random.dirichlet(np.full(others + 1, 2.0))
    pairs = np.empty(others + 2)
    for c in range(others + 1):
        pairs[c] = max(excess * shares[c], 1.0) / max(class_coverage(frame.coverage, p[c]), 1e-3)
    pairs[:-1] *= min(1.0, 0.5 * problem.total_pairs / pairs[:-1].sum())
    pairs[-1] = problem.total_pairs
    return pairs
