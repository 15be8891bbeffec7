"""Which relationship classes a population needs: those that are what they say, and without which it is predicted worse.

A class that says a trait is truly the same must show it. Where a population has no such relation, the class would take the
pairs of another one, and its disagreements would count as those of one person: numbers that a register holds without error
seemed to differ in four persons of ten, because "a relative's number" had taken the households.

Then the counts of the patterns are Poisson, so each pair can be thrown into one of two halves by a coin: the halves are
independent. A model fitted on one half is judged by the likelihood of the other. Classes are taken out one after the other,
as long as the rest predicts as well.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from training.estimation.em import likelihood_table
from training.estimation.fitting import fit, log_likelihood
from training.estimation.kernels import responsibilities
from training.estimation.problem import SAME, Fit, Floats, Problem

# Half the sum of the differences between a trait's levels in a class that has it in common and in one person's records.
UNLIKE = 0.5
WORTH = 2.0  # nats a class must gain on unseen pairs: two of its few parameters
STEPS, TOLERANCE = 150, 0.1  # of the fits that are only compared


def most_untrue_class(problem: Problem, found: Fit) -> tuple[str, str] | None:
    """(class, trait) of the class whose pairs have least in common what the class says is the same; None where all do.

    Compared by the pairs seen, each counted for a class as likely as it is of it.
    """
    chances = class_chances(problem, found)
    unlike = [
        (_unlike(problem, chances, c, f), found.classes[c], problem.features[f].name)
        for c, f in np.argwhere(found.kinds[:-1] == SAME).tolist()
    ]
    worst, name, trait = max(unlike, default=(0.0, "", ""))
    return (name, trait) if worst > UNLIKE else None


def class_chances(problem: Problem, found: Fit) -> Floats:
    """float64[P, C + 1]: probability that a pair with a pattern is of a class; the stranger is the last one."""
    chances = np.empty((len(problem.patterns), len(found.pairs)))
    responsibilities(problem.patterns, likelihood_table(found.probabilities), found.pairs, chances)
    return chances


def _unlike(problem: Problem, chances: Floats, c: int, f: int) -> float:
    """Total variation between the levels of a feature in a class and in one person's records, missing aside."""
    levels = problem.patterns[:, f]
    shares = []
    for column in (0, c):
        counts = np.bincount(levels, problem.counts * chances[:, column], minlength=problem.levels + 1)[1:]
        shares.append(counts / max(counts.sum(), 1e-300))
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


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
