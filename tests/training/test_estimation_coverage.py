"""Coverage by inclusion and exclusion against the plain sum over all level patterns."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpi.errors import ModelError
from training.estimation import ClassSpec, FeatureSpec, Problem, independent_missing
from training.estimation.coverage import build_coverage, class_coverage, unseen_levels
from training.estimation.problem import Flags, Floats, Rule, satisfied

SIZES = (3, 2, 4, 2)
FEATURES = tuple(FeatureSpec(f"f{i}", tuple(f"l{k}" for k in range(size))) for i, size in enumerate(SIZES))


def problem(rules: tuple[Rule, ...], missing: tuple[Flags, Floats]) -> Problem:
    u = np.zeros((len(SIZES), max(SIZES) + 1))
    for f, size in enumerate(SIZES):
        u[f, 1 : size + 1] = 1 / size
    empty = np.zeros((0, len(SIZES)), np.uint8)
    return Problem(FEATURES, (ClassSpec("same person"),), rules, empty, np.zeros(0), u, *missing, records=10)


@st.composite
def rules(draw: st.DrawFn) -> tuple[Rule, ...]:
    made = []
    for _ in range(draw(st.integers(1, 4))):
        chosen = draw(st.lists(st.integers(0, len(SIZES) - 1), min_size=1, max_size=3, unique=True))
        made.append(
            {f"f{f}": frozenset(draw(st.sets(st.integers(1, SIZES[f]), min_size=1, max_size=SIZES[f]))) for f in chosen}
        )
    return tuple(made)


def probabilities(seed: int) -> Floats:
    random = np.random.default_rng(seed)
    p = np.zeros((len(SIZES), max(SIZES) + 1))
    for f, size in enumerate(SIZES):
        p[f, 1 : size + 1] = random.dirichlet(np.full(size, 0.5))
    return p


def joint_missing(seed: int) -> tuple[Flags, Floats]:
    random = np.random.default_rng(seed)
    return random.random((6, len(SIZES))) < 0.3, random.dirichlet(np.ones(6))


def brute_force(made: Problem, p: Floats) -> tuple[float, Floats]:
    """(seen, unseen by level): sum over every missing pattern and every combination of levels."""
    seen, unseen = 0.0, np.zeros_like(p)
    for missing, share in zip(made.missing_patterns, made.missing_shares, strict=True):
        ranges = [[0] if gone else range(1, size + 1) for gone, size in zip(missing, SIZES, strict=True)]
        for levels in itertools.product(*ranges):
            chance = share * np.prod([p[f, level] for f, level in enumerate(levels) if level > 0])
            if satisfied(np.array([levels], np.uint8), made.masks())[0]:
                seen += chance
            else:
                for f, level in enumerate(levels):
                    unseen[f, level] += chance
    unseen[:, 0] = 0
    return float(seen), unseen


@settings(max_examples=60, deadline=None)
@given(made=rules(), seed=st.integers(0, 10_000))
def test_inclusion_and_exclusion_is_the_plain_sum(made: tuple[Rule, ...], seed: int) -> None:
    this = problem(made, joint_missing(seed))
    coverage, p = build_coverage(this), probabilities(seed)
    seen, unseen = brute_force(this, p)
    share, by_level = unseen_levels(coverage, p)
    assert class_coverage(coverage, p) == pytest.approx(seen, abs=1e-12)
    assert share == pytest.approx(1 - seen, abs=1e-12)
    np.testing.assert_allclose(by_level, unseen, atol=1e-12)


def test_independent_missing_multiplies_rates() -> None:
    patterns, shares = independent_missing([0.2, 0.0, 0.5, 0.0])
    assert shares.sum() == pytest.approx(1)
    assert shares[patterns[:, 0] & patterns[:, 2]].sum() == pytest.approx(0.1)
    assert not patterns[:, 1].any()


def test_features_missing_together_are_not_taken_as_independent() -> None:
    both = (np.array([[True, True, False, False], [False, False, False, False]]), np.array([0.5, 0.5]))
    made = ({"f0": frozenset({1, 2, 3})}, {"f1": frozenset({1, 2})})
    coverage = build_coverage(problem(made, both))
    assert class_coverage(coverage, probabilities(1)) == pytest.approx(0.5)
    apart = build_coverage(problem(made, independent_missing([0.5, 0.5, 0, 0])))
    assert class_coverage(apart, probabilities(1)) == pytest.approx(0.75)


def test_rules_that_combine_without_end_are_refused() -> None:
    features = tuple(FeatureSpec(f"g{i}", ("a", "b")) for i in range(20))
    made: tuple[Rule, ...] = tuple({f"g{i}": frozenset({1})} for i in range(20))
    u = np.tile([0.0, 0.5, 0.5], (20, 1))
    empty = np.zeros((0, 20), np.uint8)
    this = Problem(
        features, (ClassSpec("same person"),), made, empty, np.zeros(0), u, np.zeros((1, 20), np.bool_), np.ones(1), 10
    )
    with pytest.raises(ModelError, match="too many ways"):
        build_coverage(this)
