"""An estimate of a problem: several starts, the likeliest end, its errors and its warnings."""

from __future__ import annotations

import numpy as np

from training.estimation.checks import find_warnings
from training.estimation.coverage import build_coverage, class_coverage
from training.estimation.em import Climb, Frame, Point, climb, probabilities, step
from training.estimation.information import no_errors, standard_errors
from training.estimation.problem import FREE, Fit, Problem, check_problem
from training.estimation.starts import initial, stranger_probabilities

SMOOTHING = 1.0  # pseudo-pairs a class and feature, half spread like u and half evenly: no level gets probability 0
SHARE_PRIOR = 0.5  # pseudo-pairs that share a feature, and as many that do not
TRIAL_STEPS = 30  # before the best starts go on
FINALISTS = 1
TOLERANCE = 0.01  # nats still to be gained; an error of one standard error costs half a nat


def fit(
    problem: Problem,
    *,
    seed: int = 1,
    starts: int = 4,
    max_iterations: int = 1000,
    tolerance: float = TOLERANCE,
    previous: Fit | None = None,
    errors: bool = True,
) -> Fit:
    """Estimate a problem from several starts and keep the likeliest end. Deterministic for a seed.

    ``max_iterations``: EM steps of a start. ``tolerance``: nats of log posterior that may be left to gain. ``previous``: go
    on from an earlier estimate of a like problem, without other starts. ``errors``: False saves the time of standard errors,
    which are then 0. Raises ModelError for a problem that cannot be estimated.
    """
    check_problem(problem)
    frame = _frame(problem)
    if previous is not None:
        pairs = np.append(previous.pairs[:-1], problem.total_pairs)
        finalists = [Climb(Point(previous.probabilities, previous.sharing, pairs))]
    else:
        random = np.random.default_rng(seed)
        states = [Climb(initial(frame, random, plain=start == 0)) for start in range(max(starts, 1))]
        for state in states:
            climb(frame, state, min(TRIAL_STEPS, max_iterations), tolerance)
        finalists = sorted(states, key=lambda s: -s.objectives[-1])[:FINALISTS]
    for state in finalists:
        climb(frame, state, max_iterations, tolerance)
    return _finish(frame, max(finalists, key=lambda s: s.objectives[-1]), errors=errors)


def log_likelihood(problem: Problem, found: Fit) -> float:
    """Log-likelihood of a problem's counts under an estimate made on others, up to a constant that no estimate changes."""
    pairs = np.append(found.pairs[:-1], problem.total_pairs)
    return step(_frame(problem), Point(found.probabilities, found.sharing, pairs))[1]


def _frame(problem: Problem) -> Frame:
    possible, kinds, chance = problem.possible(), problem.kinds(), stranger_probabilities(problem)
    even = possible / possible.sum(axis=2, keepdims=True)
    prior = np.where((kinds == FREE)[:, :, None], SMOOTHING * 0.5 * (chance + even), 0.0)
    return Frame(problem, build_coverage(problem), kinds, possible, prior, chance, SHARE_PRIOR)


def _finish(frame: Frame, state: Climb, *, errors: bool) -> Fit:
    problem, point = frame.problem, state.point
    pairs = point.pairs.copy()
    pairs[-1] = problem.total_pairs - pairs[:-1].sum()
    p = probabilities(frame, point)
    known = standard_errors(frame, point) if errors else no_errors(point)
    result = Fit(
        classes=tuple(c.name for c in problem.classes),
        probabilities=p,
        standard_errors=known.p,
        pairs=pairs,
        pairs_error=known.log_pairs,
        blocking_recall=np.array([class_coverage(frame.coverage, q) for q in p]),
        kinds=frame.kinds,
        sharing=point.sharing,
        sharing_error=known.sharing,
        log_likelihoods=tuple(state.log_likelihoods),
        objectives=tuple(state.objectives),
        converged=state.converged,
        warnings=(),
        records=problem.records,
    )
    return find_warnings(problem, result)
