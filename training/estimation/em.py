"""One step of expectation–maximisation over counted level patterns, and the climb that repeats it.

One step, from (λ, p), with B the patterns that satisfy a rule:

    r_c(γ)    ∝ λ_c Π_f p_c(f, γ_f)                                       for γ in B, missing counting 1
    p_c(f, l) ∝ Σ_B n(γ) r_c(γ) [γ_f = l]  +  λ_c P_c(γ_f = l, γ ∉ B)  +  prior     where f is free in c
    λ_c       = Σ_B n(γ) r_c(γ) / P_c(B)                                  with the new p; strangers: T

The first line of the M-step imputes the pairs that the rules do not see; the second is the maximum for the new p. Both raise
the posterior (Dempster, Laird and Rubin 1977; conditional maximisation: Meng and Rubin 1993). Strangers are less than T by
the other classes' pairs, one part in n: that is left aside while climbing and put right in the result.

Where classes resemble each other, plain EM creeps. So two steps are extrapolated (SQUAREM, scheme S3: Varadhan and Roland
2008), and the leap is taken only if it does not fall below the step before it: the posterior never falls.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from training.estimation.coverage import Coverage, class_coverage, unseen_levels
from training.estimation.kernels import expectation
from training.estimation.problem import Flags, Floats, Problem

LEAST_PAIRS = 1e-9  # λ of a class that has died: keeps it defined, explains nothing
LEAST_P = 1e-300
LEAST_ROOT = 0.1  # a leap takes no probability and no class below a hundredth of where the two steps brought it
LONGEST_LEAP = 2.0**12  # of a SQUAREM step, in EM steps
BOLDER = 4.0  # factor between the leaps tried
QUIET_CYCLES = 2  # cycles in a row that must find nothing left to gain


@dataclass(frozen=True)
class Frame:
    """What stays the same in all steps. ``prior`` holds pseudo-counts float64[C + 1, F, L + 1], 0 where not free."""

    problem: Problem
    coverage: Coverage
    free: Flags
    possible: Flags
    prior: Floats


@dataclass(frozen=True)
class Point:
    """Parameters: p and λ, shapes as in ``Fit``."""

    p: Floats
    pairs: Floats


@dataclass
class Climb:
    """A start on its way up. The lists hold the values at each point that was stepped from."""

    point: Point
    log_likelihoods: list[float] = field(default_factory=list)
    objectives: list[float] = field(default_factory=list)
    converged: bool = False
    quiet: int = 0
    longest: float = 4.0  # leap that is tried: shorter after one that failed, longer after one that did not


def step(frame: Frame, point: Point) -> tuple[Point, float, float]:
    """(next point, log-likelihood of ``point``, its log posterior)."""
    problem, coverage = frame.problem, frame.coverage
    table = likelihood_table(point.p)
    totals, sums = np.zeros(len(point.pairs)), np.zeros(table.shape)
    value = expectation(problem.patterns, problem.counts, table, point.pairs, totals, sums)
    p, pairs = point.p.copy(), point.pairs.copy()
    for c in range(len(pairs)):
        unseen, unseen_by_level = unseen_levels(coverage, point.p[c])
        value -= point.pairs[c] * (1 - unseen)
        if c == len(pairs) - 1:
            break
        counts = sums[:, :, c] + point.pairs[c] * unseen_by_level + frame.prior[c]
        p[c] = np.where(frame.free[c][:, None], _normalised(counts, frame.possible[c]), p[c])
        pairs[c] = max(totals[c] / max(class_coverage(coverage, p[c]), 1e-12), LEAST_PAIRS)
    used = frame.prior > 0
    log_prior = float(np.sum(frame.prior[used] * np.log(np.maximum(point.p[used], LEAST_P))))
    return Point(p, pairs), float(value), float(value) + log_prior


def climb(frame: Frame, state: Climb, until: int, tolerance: float) -> None:
    """Step until ``until`` steps are done in all, or until at most ``tolerance`` nats are still to be gained."""
    while len(state.objectives) < until and not state.converged:
        _cycle(frame, state, tolerance)


def _cycle(frame: Frame, state: Climb, tolerance: float) -> None:
    """Two steps and, where it helps, a leap along them."""
    start = state.point
    first = _record(state, *step(frame, start))
    second = _record(state, *step(frame, first))
    gain = state.objectives[-1] - state.objectives[-2]
    target, length = _leap(frame, start, first, second, state.longest)
    after, value, objective = step(frame, target)
    state.point = second
    if objective >= state.objectives[-1]:
        state.point = _record(state, after, value, objective)
        state.longest = max(state.longest, min(BOLDER * length, LONGEST_LEAP))
    else:
        state.longest = max(min(state.longest, length) / BOLDER, 1.0)
    state.quiet = state.quiet + 1 if gain * length < tolerance else 0
    state.converged = state.quiet >= QUIET_CYCLES


def _record(state: Climb, point: Point, value: float, objective: float) -> Point:
    state.log_likelihoods.append(value)
    state.objectives.append(objective)
    return point


def _leap(frame: Frame, start: Point, first: Point, second: Point, longest: float) -> tuple[Point, float]:
    """The extrapolated point, at most ``longest`` steps away, and the length it wants: 1 / (1 − rate of convergence).

    Coordinates are √(λ p) and √λ, in which one unit means the same everywhere (half a standard error of a Poisson count),
    so that a level nobody shows does not set the length.
    """
    scale = np.sqrt(start.pairs[:-1])[:, None, None] * (frame.prior[:-1] > 0)
    roots = [scale * np.sqrt(point.p[:-1]) for point in (start, first, second)]
    sizes = [np.sqrt(point.pairs[:-1]) for point in (start, first, second)]
    change = (roots[1] - roots[0], sizes[1] - sizes[0])
    bend = (roots[2] - 2 * roots[1] + roots[0], sizes[2] - 2 * sizes[1] + sizes[0])
    ratio = _length(*change) / max(_length(*bend), 1e-300)
    wanted = float(np.clip(ratio, 1.0, LONGEST_LEAP))
    length = min(wanted, longest)
    moved = roots[0] + 2 * length * change[0] + length**2 * bend[0]
    size = sizes[0] + 2 * length * change[1] + length**2 * bend[1]
    p, pairs = start.p.copy(), start.pairs.copy()
    least = LEAST_ROOT * roots[2]
    p[:-1] = np.where(frame.free[:-1, :, None], _normalised(np.maximum(moved, least) ** 2, frame.possible[:-1]), p[:-1])
    pairs[:-1] = np.clip(np.maximum(size, LEAST_ROOT * sizes[2]) ** 2, LEAST_PAIRS, frame.problem.total_pairs)
    return Point(p, pairs), wanted


def _length(levels: Floats, sizes: Floats) -> float:
    return float(np.sqrt(np.sum(levels**2) + np.sum(sizes**2)))


def _normalised(values: Floats, possible: Flags) -> Floats:
    kept = np.where(possible, values, 0.0)
    result: Floats = kept / np.maximum(kept.sum(axis=-1, keepdims=True), LEAST_P)
    return result


def likelihood_table(p: Floats) -> Floats:
    """float64[F, L + 1, C] for the kernels: p with 1 for missing."""
    table = np.ascontiguousarray(p.transpose(1, 2, 0))
    table[:, 0, :] = 1.0
    return table
