"""Thresholds from a stated aim, with the fitted mixture: no guess, and no number that a user did not ask for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.estimation.em import likelihood_table
from training.estimation.kernels import responsibilities
from training.estimation.problem import Fit, Problem

Floats = npt.NDArray[np.float64]

SUREST = 1 - 2.0**-30
LOWEST = 0.01  # a review that is right less often wastes the steward's time


@dataclass(frozen=True)
class Aim:
    """``wrong``: share of wrong links among automatic links. ``reviews``: reviews per record, at most."""

    wrong: float = 1e-4
    reviews: float = 0.01


@dataclass(frozen=True)
class Thresholds:
    """Two probabilities, and what is expected of them: shares of the same-person pairs that the rules see, and of links."""

    upper: float
    lower: float
    wrong: float  # expected share of wrong links among automatic links
    linked: float  # share of the same-person pairs seen that are linked automatically
    reviewed: float  # … that are reviewed
    reviews: float  # reviews per record


def choose_thresholds(problem: Problem, fit: Fit, *, aim: Aim, population: float) -> Thresholds:
    """The lowest upper threshold that meets the aim, and the lowest lower one whose reviews stay within it.

    ``population``: persons the prior is taken for; the probabilities are those the service would compute there.
    """
    probability, counts = posterior(problem, fit, population=population)
    order = np.argsort(-probability, kind="stable")
    probability, counts = probability[order], counts[order]
    links, right = np.cumsum(counts), np.cumsum(counts * probability)
    wrong = 1 - right / links
    meets = np.flatnonzero((wrong <= aim.wrong) & (probability > 0.5))
    last = int(meets[-1]) if len(meets) else 0
    upper = _between(probability, last)
    reviewed = links - links[last]
    within = np.flatnonzero((reviewed <= aim.reviews * problem.records) & (probability >= LOWEST))
    low = max(int(within[-1]) if len(within) else last, last)
    lower = min(_between(probability, low), upper)
    all_right = right[-1]
    return Thresholds(
        upper=upper,
        lower=lower,
        wrong=float(wrong[last]),
        linked=float(right[last] / all_right),
        reviewed=float((right[low] - right[last]) / all_right),
        reviews=float(reviewed[low] / problem.records),
    )


def posterior(problem: Problem, fit: Fit, *, population: float) -> tuple[Floats, Floats]:
    """(probability of the same person by pattern at a population, counts), over the patterns seen."""
    pairs = fit.pairs.copy()
    pairs[-1] = population * problem.records / 2
    shares = np.empty((len(problem.patterns), len(pairs)))
    responsibilities(problem.patterns, likelihood_table(fit.probabilities), pairs, shares)
    return shares[:, 0], problem.counts


def _between(probability: Floats, place: int) -> float:
    """A threshold between the pattern at ``place`` (in falling order) and the next one, halfway in log odds."""
    here = min(float(probability[place]), SUREST)
    below = probability[place + 1 :]
    lower = float(below[below < here][0]) if (below < here).any() else here / 2
    middle = (_log_odds(here) + _log_odds(max(lower, 1e-9))) / 2
    return float(1 / (1 + 2.0**-middle))


def _log_odds(probability: float) -> float:
    return float(np.log2(probability / (1 - probability)))
