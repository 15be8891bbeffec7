"""u: how often two strangers agree by chance.

Levels that follow from equal values (exact; same sound) come from value counts, over all pairs and at no cost; the others
from random pairs. Both count every pair of the population, also the few that are no strangers: in 1,000 records with 500
duplicates one random pair in a thousand is the same person, and a trait that strangers never share would look a thousand
times too common. So after a fit the other classes' expected pairs are taken out, and the fit goes on from there.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from training.estimation.fitting import fit
from training.estimation.problem import Fit, Floats, Problem

UNSEEN = 0.5  # pairs that a level is credited with where none was seen
ROUNDS = 8  # rough fits, at most, before the last one
ROUGH, ROUGH_STEPS = 0.1, 200  # their tolerance in nats and their steps: u moves more than that between them
SETTLED = 0.02  # largest change of log u, over levels, after which no further fit is needed
NOTABLE = 1e-9  # u below this may change without another fit


@dataclass(frozen=True)
class LevelShares:
    """Shares of the levels 1…L of one feature over all pairs in which it is known.

    share  float64[L + 1], sums to 1, column 0 is 0
    error  float64[L + 1], standard error; 0 where counted over all pairs
    least  float64[L + 1], what half a pair would amount to: no u goes below it
    """

    share: Floats
    error: Floats
    least: Floats


def level_shares(counts: Floats, *, total_pairs: float, counted: Mapping[int, float] | None = None) -> LevelShares:
    """Combine levels ``counted`` over all ``total_pairs`` (level → share) with the ``counts`` of random pairs.

    ``counts`` float64[L + 1]: random pairs by level, missing at 0. The random pairs divide what the counted levels leave.
    """
    exact = dict(counted or {})
    levels = np.arange(1, len(counts))
    sampled = np.array([level for level in levels if level not in exact], np.int64)
    share, error, least = np.zeros(len(counts)), np.zeros(len(counts)), np.zeros(len(counts))
    for level, value in exact.items():
        least[level] = UNSEEN / max(total_pairs, 1.0)
        share[level] = max(value, least[level])
    left = max(1.0 - share.sum(), UNSEEN * len(sampled) / max(total_pairs, 1.0))  # no level is impossible
    seen = counts[sampled] + UNSEEN
    size = seen.sum()
    share[sampled] = left * seen / size
    least[sampled] = left * UNSEEN / size
    error[sampled] = left * np.sqrt(seen / size * (1 - seen / size) / size)
    return LevelShares(share / share.sum(), error, least)


def stranger_u(shares: list[LevelShares], levels: int, found: Fit | None = None) -> Floats:
    """u float64[F, L + 1]: the shares, without the pairs of the other classes in ``found``."""
    u = np.zeros((len(shares), levels + 1))
    for f, item in enumerate(shares):
        values, least = item.share, item.least
        if found is not None:
            total = found.pairs.sum()
            others = np.einsum("c,cl->l", found.pairs[:-1], found.probabilities[:-1, f, : len(values)])
            values = (values * total - others) / max(found.pairs[-1], 1.0)
        usable = np.maximum(values[1:], least[1:])
        u[f, 1 : len(values)] = usable / usable.sum()
    return u


def fit_with_strangers(problem: Problem, shares: list[LevelShares], *, seed: int = 1, starts: int = 4) -> tuple[Problem, Fit]:
    """Fit, clean u of the pairs found, and fit again until u has settled. ``problem.u`` is replaced; returns both."""
    problem = dataclasses.replace(problem, u=stranger_u(shares, problem.levels))
    found = fit(problem, seed=seed, starts=starts, max_iterations=ROUGH_STEPS, tolerance=ROUGH, errors=False)
    for _ in range(ROUNDS):
        u = stranger_u(shares, problem.levels, found)
        notable = np.maximum(u, problem.u) > NOTABLE
        change = float(np.abs(np.log(u[notable] / problem.u[notable])).max())
        problem = dataclasses.replace(problem, u=u)
        if change < SETTLED:
            break
        found = fit(problem, previous=found, max_iterations=ROUGH_STEPS, tolerance=ROUGH, errors=False)
    return problem, fit(problem, previous=found)
