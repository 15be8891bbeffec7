"""Counted level patterns drawn from known parameters: what an estimation must give back.

Only pairs that satisfy a rule are drawn, so a population of 10⁵ records with its 5 × 10⁹ pairs costs no more than the pairs
that blocking would show. Rule by rule: the number of a class's pairs that satisfy it is Poisson; their levels are drawn under
that condition; pairs that satisfy an earlier rule are dropped, because they were drawn there.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from training.estimation.problem import Flags, Floats, Levels, Problem, satisfied


def draw_patterns(problem: Problem, p: Floats, pairs: Floats, random: np.random.Generator) -> tuple[Levels, Floats]:
    """(distinct patterns uint8[P, F] in lexical order, counts float64[P]) of a population with these parameters.

    ``p`` float64[C + 1, F, L + 1] and ``pairs`` float64[C + 1] as in ``Fit``; rules and missing patterns of ``problem``.
    """
    masks = problem.masks()
    drawn = [np.zeros((0, len(problem.features)), np.uint8)]
    for c in range(len(pairs)):
        for r, mask in enumerate(masks):
            levels = _draw_rule(problem, p[c], float(pairs[c]), mask, random)
            drawn.append(levels[~satisfied(levels, masks[:r])])
    return count_patterns(np.concatenate(drawn))


def count_patterns(levels: Levels) -> tuple[Levels, Floats]:
    """Distinct rows in lexical order, and how often each occurs."""
    patterns, counts = np.unique(levels, axis=0, return_counts=True)
    return patterns, counts.astype(np.float64)


def redraw(problem: Problem, p: Floats, pairs: Floats, random: np.random.Generator) -> Problem:
    """The problem with patterns drawn from these parameters in place of its own: a parametric bootstrap's sample."""
    patterns, counts = draw_patterns(problem, p, pairs, random)
    return dataclasses.replace(problem, patterns=patterns, counts=counts, labelled=None)


def _draw_rule(problem: Problem, p: Floats, pairs: float, mask: Flags, random: np.random.Generator) -> Levels:
    """Levels of the pairs of one class that satisfy one rule, earlier rules aside."""
    asked: Flags = mask.sum(axis=1) > 0
    known = problem.missing_patterns[:, asked].sum(axis=1) == 0
    shares = np.where(known, problem.missing_shares, 0.0) / problem.missing_shares.sum()
    chance = shares.sum() * np.where(asked, np.where(mask, p, 0.0).sum(axis=1), 1.0).prod()
    number = int(random.poisson(pairs * chance))
    levels = np.zeros((number, len(problem.features)), np.uint8)
    if number == 0:
        return levels
    missing = problem.missing_patterns[random.choice(len(shares), number, p=shares / shares.sum())]
    for f in range(len(problem.features)):
        weights = np.where(mask[f], p[f], 0.0) if asked[f] else p[f]
        levels[:, f] = random.choice(len(weights), number, p=weights / weights.sum())
    levels[missing] = 0
    return levels
