"""One step of expectation–maximisation over counted level patterns, and the climb that repeats it.

Parameters are m (the same person), free distributions q, the shares s, and λ; p_c(f, ·) is m, q, s m + (1 − s) u, or u. One
step, with B the patterns that satisfy a rule:

    r_c(γ)    ∝ λ_c Π_f p_c(f, γ_f)                                           for γ in B, missing counting 1
    N_c(f, l) = Σ_B n(γ) r_c(γ) [γ_f = l]  +  λ_c P_c(γ_f = l, γ ∉ B)         seen, and imputed for the unseen
    w_c(f, l) = s m(l) / (s m(l) + (1 − s) u(l))                              part of N that truly shares the feature
    q ∝ N + prior    s ∝ Σ_l N w + prior    m ∝ N_same + Σ_c N_c w_c + prior
    λ_c       = Σ_B n(γ) r_c(γ) / P_c(B)                                      with the new p; strangers: T

Pairs that were labelled are shared among the classes their label allows: r is 0 in all others.

All but the last line maximise the imputed posterior, the last one is the maximum for the new p; both raise the posterior
(Dempster, Laird and Rubin 1977; conditional maximisation: Meng and Rubin 1993). Strangers are less than T by the other
classes' pairs, one part in n: that is left aside while climbing and put right in the result.

Where classes resemble each other, plain EM creeps. So two steps are extrapolated (SQUAREM, scheme S3: Varadhan and Roland
2008), and the leap is taken only if it does not fall below the step before it: the posterior never falls.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from training.estimation.coverage import Coverage, class_coverage, unseen_levels
from training.estimation.kernels import expectation
from training.estimation.problem import FREE, SAME, SHARED, Flags, Floats, Kinds, Problem

LEAST_PAIRS = 1e-9  # λ of a class that has died: keeps it defined, explains nothing
LEAST_P = 1e-300
LEAST_ROOT = 0.1  # a leap takes no probability and no class below a hundredth of where the two steps brought it
LONGEST_LEAP = 2.0**12  # of a SQUAREM step, in EM steps
BOLDER = 4.0  # factor between the leaps tried
QUIET_CYCLES = 2  # cycles in a row that must find nothing left to gain


@dataclass(frozen=True)
class Frame:
    """What stays the same in all steps. C classes and the stranger last, F features, L levels.

    prior     float64[C + 1, F, L + 1]  pseudo-counts of free distributions, 0 elsewhere
    chance    float64[C + 1, F, L + 1]  u, rescaled where a class excludes levels
    share_prior  pseudo-pairs for "shares the feature" and as many for "does not"
    """

    problem: Problem
    coverage: Coverage
    kinds: Kinds
    possible: Flags
    prior: Floats
    chance: Floats
    share_prior: float

    @property
    def free(self) -> Flags:
        """bool[C + 1, F, 1]: where a distribution of its own is estimated."""
        result: Flags = np.equal(self.kinds, FREE)[:, :, None]
        return result


@dataclass(frozen=True)
class Point:
    """Parameters: free distributions (others are never read), shares s float64[C + 1, F], and λ float64[C + 1]."""

    free: Floats
    sharing: Floats
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


def probabilities(frame: Frame, point: Point) -> Floats:
    """p float64[C + 1, F, L + 1] of a point."""
    s, m = point.sharing[:, :, None], point.free[0]
    mixed = s * m + (1 - s) * frame.chance
    tied = ((frame.kinds == SHARED) | (frame.kinds == SAME))[:, :, None]
    p: Floats = np.where(frame.free, point.free, np.where(tied, mixed, frame.chance))
    return p


def step(frame: Frame, point: Point) -> tuple[Point, float, float]:
    """(next point, log-likelihood of ``point``, its log posterior)."""
    problem, coverage = frame.problem, frame.coverage
    p = probabilities(frame, point)
    table = likelihood_table(p)
    totals, sums = np.zeros(len(point.pairs)), np.zeros(table.shape)
    value = 0.0
    for patterns, seen, possible in problem.parts():
        value += expectation(patterns, seen, table, point.pairs * possible, totals, sums)
    counts = sums.transpose(2, 0, 1)
    counts[:, :, 0] = 0.0
    for c in range(len(point.pairs)):
        unseen, unseen_by_level = unseen_levels(coverage, p[c])
        value -= point.pairs[c] * (1 - unseen)
        counts[c] += point.pairs[c] * unseen_by_level
    free, sharing = _maximise(frame, point, p, counts)
    new = Point(free, sharing, point.pairs.copy())
    new_p = probabilities(frame, new)
    for c in range(len(problem.classes)):
        new.pairs[c] = max(totals[c] / max(class_coverage(coverage, new_p[c]), 1e-12), LEAST_PAIRS)
    return new, float(value), float(value) + log_prior(frame, point)


def _maximise(frame: Frame, point: Point, p: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """Free distributions and shares that fit the counts float64[C + 1, F, L + 1]."""
    own = point.sharing[:, :, None] * point.free[0] / np.maximum(p, LEAST_P)  # 1 where SAME
    is_shared = frame.kinds == SHARED
    common = np.where((is_shared | (frame.kinds == SAME))[:, :, None], counts * own, 0.0)
    pooled = counts + frame.prior
    pooled[0] += common.sum(axis=0)
    free = np.where(frame.free, normalised(pooled, frame.possible), point.free)
    shares = (common.sum(axis=2) + frame.share_prior) / (counts.sum(axis=2) + 2 * frame.share_prior)
    return free, np.where(is_shared, shares, point.sharing)


def log_prior(frame: Frame, point: Point) -> float:
    """Log density of the smoothing prior, up to a constant."""
    used = frame.prior > 0
    levels = np.sum(frame.prior[used] * np.log(np.maximum(point.free[used], LEAST_P)))
    s = point.sharing[frame.kinds == SHARED]
    return float(levels + frame.share_prior * np.sum(np.log(np.maximum(s * (1 - s), LEAST_P))))


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
    """The extrapolated point, at most ``longest`` steps away, and the length it wants: 1 / (1 − rate of convergence)."""
    roots = [_roots(frame, start, point) for point in (start, first, second)]
    change = [b - a for a, b, _ in zip(*roots, strict=True)]
    bend = [c - 2 * b + a for a, b, c in zip(*roots, strict=True)]
    ratio = _length(change) / max(_length(bend), LEAST_P)
    wanted = float(np.clip(ratio, 1.0, LONGEST_LEAP))
    length = min(wanted, longest)
    free, yes, no, pairs = (
        np.maximum(a + 2 * length * b + length**2 * c, LEAST_ROOT * last) ** 2
        for a, b, c, last in zip(roots[0], change, bend, roots[2], strict=True)
    )
    shared = frame.kinds == SHARED
    return Point(
        np.where(frame.free, normalised(free, frame.possible), start.free),
        np.where(shared, yes / np.maximum(yes + no, LEAST_P), start.sharing),
        np.append(np.clip(pairs[:-1], LEAST_PAIRS, frame.problem.total_pairs), start.pairs[-1]),
    ), wanted


def _roots(frame: Frame, scale: Point, point: Point) -> list[Floats]:
    """√(λ p), √(λ s), √(λ (1 − s)) and √λ: coordinates in which one unit means the same everywhere.

    It is half a standard error of a Poisson count, so that a level nobody shows does not set the length of a leap.
    """
    size = np.sqrt(scale.pairs)
    free = np.where(frame.prior > 0, size[:, None, None] * np.sqrt(point.free), 0.0)
    s = np.where(frame.kinds == SHARED, point.sharing, 0.0)
    return [free, size[:, None] * np.sqrt(s), size[:, None] * np.sqrt(1 - s), np.sqrt(point.pairs)]


def _length(parts: list[Floats]) -> float:
    return float(np.sqrt(sum(float(np.sum(part**2)) for part in parts)))


def normalised(values: Floats, possible: Flags) -> Floats:
    """Values that sum to 1 over the possible levels."""
    kept = np.where(possible, values, 0.0)
    result: Floats = kept / np.maximum(kept.sum(axis=-1, keepdims=True), LEAST_P)
    return result


def likelihood_table(p: Floats) -> Floats:
    """float64[F, L + 1, C] for the kernels: p with 1 for missing."""
    table = np.ascontiguousarray(p.transpose(1, 2, 0))
    table[:, 0, :] = 1.0
    return table
