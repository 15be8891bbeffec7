"""Which share of a class the blocking rules see: exactly, by inclusion and exclusion over the rules.

1 − Π_r (1 − rule r holds) is multiplied out once into terms "these features all have one of these levels" with integer
coefficients; equal terms are merged, so that ten rules rarely leave more than a few hundred. For given p the rest is a
product a term. That features are missing together is taken from the observed missing patterns, not assumed independent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mpi.errors import ModelError
from training.estimation.problem import Flags, Floats, Problem

TERM_LIMIT = 20_000


@dataclass(frozen=True)
class Coverage:
    """S terms of the union of all rules.

    masks     bool[S, F, L + 1]  levels a term asks for; all True where it asks nothing of a feature
    weights   float64[S, F, L + 1]  the masks as numbers
    asks      bool[S, F]         whether a term asks anything of a feature
    signs     float64[S]         coefficients
    known     float64[S]         share of pairs in which every feature of the term is known
    known_too float64[S, F]      … and feature f as well
    present   float64[F]         share of pairs in which feature f is known
    """

    masks: Flags
    weights: Floats
    asks: Flags
    signs: Floats
    known: Floats
    known_too: Floats
    present: Floats


def build_coverage(problem: Problem) -> Coverage:
    """Multiply out the rules of a problem. Raises ModelError where they leave too many terms."""
    terms: dict[bytes, int] = {}
    shape = (len(problem.features), problem.levels + 1)
    for rule in problem.masks():
        asked = np.where(rule.any(axis=1)[:, None], rule, True)
        added: dict[bytes, int] = {asked.tobytes(): 1}
        for key, sign in terms.items():
            both = np.frombuffer(key, np.bool_).reshape(shape) & asked
            if both.any(axis=1).all():
                merged = both.tobytes()
                added[merged] = added.get(merged, 0) - sign
        for key, sign in added.items():
            terms[key] = terms.get(key, 0) + sign
        if len(terms) > TERM_LIMIT:
            raise ModelError("estimation: the blocking rules combine in too many ways; use fewer or simpler ones")
    kept = [(key, sign) for key, sign in terms.items() if sign != 0]
    masks = np.array([np.frombuffer(key, np.bool_).reshape(shape) for key, _ in kept])
    return _with_missing(problem, masks, np.array([float(sign) for _, sign in kept]))


def _with_missing(problem: Problem, masks: Flags, signs: Floats) -> Coverage:
    shares = problem.missing_shares / problem.missing_shares.sum()
    here = np.logical_not(problem.missing_patterns)
    asks = np.logical_not(masks.all(axis=2))
    all_known = np.array([here[:, asked].all(axis=1) for asked in asks])
    return Coverage(
        masks=masks,
        weights=masks.astype(np.float64),
        asks=asks,
        signs=signs,
        known=all_known @ shares,
        known_too=(all_known * shares) @ here,
        present=np.einsum("m,mf->f", shares, here),
    )


def class_coverage(coverage: Coverage, p: Floats) -> float:
    """Share of the pairs of a class with probabilities ``p`` (float64[F, L + 1]) that satisfy a rule."""
    factors = _factors(coverage, p)
    return float(np.clip(coverage.signs @ (coverage.known * factors.prod(axis=1)), 0.0, 1.0))


def unseen_levels(coverage: Coverage, p: Floats) -> tuple[float, Floats]:
    """(share of a class that satisfies no rule, float64[F, L + 1]: share that satisfies none and has level l of f)."""
    factors = _factors(coverage, p)
    product = factors.prod(axis=1)
    seen = float(np.clip(coverage.signs @ (coverage.known * product), 0.0, 1.0))
    others = _products_without(factors)
    weights = coverage.signs[:, None] * coverage.known_too * others
    seen_levels = np.einsum("sf,sfl->fl", weights, coverage.weights) * p
    unseen: Floats = np.clip(coverage.present[:, None] * p - seen_levels, 0.0, None)
    unseen[:, 0] = 0.0
    return 1.0 - seen, unseen


def _factors(coverage: Coverage, p: Floats) -> Floats:
    """float64[S, F]: probability that feature f has a level the term asks for; 1 where it asks nothing."""
    result: Floats = np.where(coverage.asks, (coverage.weights * p).sum(axis=2), 1.0)
    return result


def _products_without(factors: Floats) -> Floats:
    """float64[S, F]: product over all other features, without dividing (a factor may be 0)."""
    before, after = np.ones_like(factors), np.ones_like(factors)
    np.cumprod(factors[:, :-1], axis=1, out=before[:, 1:])
    after[:, :-1] = np.cumprod(factors[:, :0:-1], axis=1)[:, ::-1]
    return before * after
