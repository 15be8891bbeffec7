"""What the data could not tell: warnings in a user's words, so that a weak estimate is seen as one."""

from __future__ import annotations

import dataclasses

import numpy as np

from training.estimation.problem import FREE, Fit, Problem

FEW_PAIRS = 50
ALIKE = 0.9  # Bhattacharyya coefficient of two classes' level distributions
POOR_RECALL = 0.8
VAGUE = 0.5  # standard error of log λ: the number of pairs is known to a factor of 1.6 only
UNCLEAR = 0.1  # share of the same-person pairs that could as well be another class
AGREEMENT = 0.5  # the same person should agree exactly more often than not


def find_warnings(problem: Problem, fit: Fit) -> Fit:
    """The fit with its warnings."""
    warnings = [] if fit.converged else ["the estimation did not converge; allow more iterations"]
    warnings += _asked_by_all(problem) + _sizes(fit) + _alike(fit) + _boundaries(problem, fit) + _same_person(problem, fit)
    return dataclasses.replace(fit, warnings=tuple(warnings))


def _asked_by_all(problem: Problem) -> list[str]:
    names = [spec.name for f, spec in enumerate(problem.features) if problem.masks()[:, f].any(axis=1).all()]
    return [f"every blocking rule asks for {name}: how often it differs in one person cannot be seen" for name in names]


def _sizes(fit: Fit) -> list[str]:
    found = []
    for c, name in enumerate(fit.classes):
        seen = fit.pairs[c] * fit.blocking_recall[c]
        if seen < FEW_PAIRS:
            found.append(f"class '{name}' has about {seen:.0f} pairs among those compared: its parameters are hardly known")
        elif fit.pairs_error[c] > VAGUE:
            factor = float(np.exp(min(fit.pairs_error[c], 20.0)))
            found.append(f"class '{name}': the number of its pairs is known to a factor of {factor:.1f} only")
    return found


def _alike(fit: Fit) -> list[str]:
    found = []
    names = (*fit.classes, "stranger")
    for a in range(len(names)):
        for b in range(a + 1, len(names)):
            overlap = float(np.sqrt(fit.probabilities[a] * fit.probabilities[b]).sum(axis=1).prod())
            if overlap > ALIKE:
                found.append(f"classes '{names[a]}' and '{names[b]}' look the same ({overlap:.2f} overlap): drop one of them")
    return found


def _boundaries(problem: Problem, fit: Fit) -> list[str]:
    """Free levels that at most one pair of a class that has pairs is expected to show."""
    found = []
    for c, name in enumerate(fit.classes):
        seen = fit.pairs[c] * fit.blocking_recall[c]
        if seen < FEW_PAIRS:
            continue
        for f in np.flatnonzero(fit.kinds[c] == FREE):
            spec = problem.features[f]
            known = seen * (1 - problem.missing_patterns[:, f] @ problem.missing_shares / problem.missing_shares.sum())
            rare = [s for level, s in enumerate(spec.levels, start=1) if 0 < known * fit.probabilities[c, f, level] < 1]
            if rare:
                found.append(f"class '{name}', {spec.name}: no pair to learn from for {', '.join(rare)}; smoothed")
    return found


def _same_person(problem: Problem, fit: Fit) -> list[str]:
    found = []
    if fit.blocking_recall[0] < POOR_RECALL:
        found.append(
            f"the blocking rules see only {fit.blocking_recall[0]:.0%} of the same-person pairs: the rest is extrapolated"
        )
    exact = fit.probabilities[0, :, 1]
    if np.median(exact) < AGREEMENT:
        found.append(
            f"the same person agrees exactly in only {np.median(exact):.0%} of the cases: is class 1 really one person?"
        )
    for f, spec in enumerate(problem.features):
        ratio = fit.probabilities[0, f, 1 : len(spec.levels) + 1] / problem.u[f, 1 : len(spec.levels) + 1]
        falls = [spec.levels[i + 1] for i in range(len(ratio) - 1) if ratio[i + 1] > 1.5 * ratio[i]]
        if falls:
            found.append(f"{spec.name}: {', '.join(falls)} speaks more for the same person than the better level before it")
    return found
