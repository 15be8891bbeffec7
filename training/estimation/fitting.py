"""An estimate of a problem: several starts, the likeliest end, its errors and its warnings."""

from __future__ import annotations

import numpy as np

from training.estimation.checks import find_warnings
from training.estimation.coverage import build_coverage, class_coverage
from training.estimation.em import Climb, Frame, Point, climb
from training.estimation.information import standard_errors
from training.estimation.problem import Fit, Problem, check_problem
from training.estimation.starts import initial, stranger_probabilities

SMOOTHING = 1.0  # pseudo-pairs a class and feature, half spread like u and half evenly: no level gets probability 0
TRIAL_STEPS = 24  # before the best starts go on
FINALISTS = 2
TOLERANCE = 1e-3  # nats still to be gained; an error of one standard error costs half a nat


def fit(
    problem: Problem,
    *,
    seed: int = 1,
    starts: int = 4,
    max_iterations: int = 1000,
    tolerance: float = TOLERANCE,
    previous: Fit | None = None,
) -> Fit:
    """Estimate a problem from several starts and keep the likeliest end. Deterministic for a seed.

    ``max_iterations``: EM steps of a start. ``tolerance``: nats of log posterior that may be left to gain. ``previous``: go
    on from an earlier estimate of a like problem, without other starts. Raises ModelError for a problem that cannot be
    estimated.
    """
    check_problem(problem)
    frame = _frame(problem)
    if previous is not None:
        p = np.where(frame.free[:, :, None], previous.probabilities, stranger_probabilities(problem))
        finalists = [Climb(Point(p, np.append(previous.pairs[:-1], problem.total_pairs)))]
    else:
        random = np.random.default_rng(seed)
        points = [Point(*initial(problem, frame.coverage, random, plain=start == 0)) for start in range(max(starts, 1))]
        states = [Climb(point) for point in points]
        for state in states:
            climb(frame, state, min(TRIAL_STEPS, max_iterations), tolerance)
        finalists = sorted(states, key=lambda s: -s.objectives[-1])[:FINALISTS]
    for state in finalists:
        climb(frame, state, max_iterations, tolerance)
    return _finish(frame, max(finalists, key=lambda s: s.objectives[-1]))


def _frame(problem: Problem) -> Frame:
    possible = problem.possible()
    even = possible / possible.sum(axis=2, keepdims=True)
    prior = SMOOTHING * 0.5 * (stranger_probabilities(problem) + even)
    free = problem.free()
    return Frame(problem, build_coverage(problem), free, possible, np.where(free[:, :, None], prior, 0.0))


def _finish(frame: Frame, state: Climb) -> Fit:
    problem, p, pairs = frame.problem, state.point.p, state.point.pairs.copy()
    pairs[-1] = problem.total_pairs - pairs[:-1].sum()
    p_errors, pairs_error = standard_errors(problem, p, pairs, frame.prior)
    result = Fit(
        classes=tuple(c.name for c in problem.classes),
        probabilities=p,
        standard_errors=p_errors,
        pairs=pairs,
        pairs_error=pairs_error,
        blocking_recall=np.array([class_coverage(frame.coverage, q) for q in p]),
        free=frame.free,
        log_likelihoods=tuple(state.log_likelihoods),
        objectives=tuple(state.objectives),
        converged=state.converged,
        warnings=(),
        records=problem.records,
    )
    return find_warnings(problem, result)
