"""Which relationship classes a population needs: those without which it predicts unseen pairs worse.

The counts of the patterns are Poisson, so each pair can be thrown into one of two halves by a coin: the halves are
independent. A model fitted on one half is judged by the likelihood of the other. Classes are taken out one after the other,
as long as the rest predicts as well.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from training.estimation.fitting import fit, log_likelihood
from training.estimation.problem import Problem

WORTH = 2.0  # nats a class must gain on unseen pairs: two of its few parameters
STEPS, TOLERANCE = 150, 0.1  # of the fits that are only compared


def unneeded_classes(problem: Problem, *, seed: int) -> list[tuple[str, float]]:
    """(class, nats it gains on unseen pairs), for the classes that are not worth having, in the order they go.

    ``problem.u`` is that of an earlier fit. The first class, one person, always stays.
    """
    random = np.random.default_rng(seed)
    half = random.binomial(problem.counts.astype(np.int64), 0.5).astype(np.float64)
    learn, test = _with_counts(problem, half), _with_counts(problem, problem.counts - half)
    gone: list[tuple[str, float]] = []
    value = _predicts(learn, test, seed)
    while len(learn.classes) > 1:
        without = {c.name: (_without(learn, c.name), _without(test, c.name)) for c in learn.classes[1:]}
        values = {name: _predicts(*halves, seed) for name, halves in without.items()}
        weakest = max(values, key=lambda name: values[name])
        if value - values[weakest] >= WORTH:
            return gone
        gone.append((weakest, value - values[weakest]))
        learn, test = without[weakest]
        value = values[weakest]
    return gone


def _with_counts(problem: Problem, counts: np.ndarray) -> Problem:
    kept = counts > 0
    return dataclasses.replace(problem, patterns=problem.patterns[kept], counts=counts[kept])


def _without(problem: Problem, name: str) -> Problem:
    return dataclasses.replace(problem, classes=tuple(c for c in problem.classes if c.name != name))


def _predicts(learn: Problem, test: Problem, seed: int) -> float:
    found = fit(learn, seed=seed, starts=2, max_iterations=STEPS, tolerance=TOLERANCE, errors=False)
    return log_likelihood(test, found)
