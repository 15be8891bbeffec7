"""u and term frequencies."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from training.estimation import ClassSpec, FeatureSpec, Problem, independent_missing
from training.estimation.frequencies import exponents, references
from training.estimation.problem import Floats
from training.estimation.simulation import redraw
from training.estimation.strangers import LevelShares, fit_with_strangers, level_shares, stranger_u


def test_counted_levels_are_kept_and_random_pairs_divide_the_rest() -> None:
    shares = level_shares(np.array([50.0, 3.0, 20.0, 980.0]), total_pairs=1e6, counted={1: 0.01})
    assert shares.share[0] == 0
    assert shares.share[1] == pytest.approx(0.01)
    assert shares.share[2] / shares.share[3] == pytest.approx(20.5 / 980.5)
    assert shares.share.sum() == pytest.approx(1)
    assert shares.error[1] == 0
    assert shares.error[2] == pytest.approx(np.sqrt(0.02 * 0.98 / 1000), rel=0.05)


def test_a_level_never_seen_is_credited_with_half_a_pair() -> None:
    shares = level_shares(np.array([0.0, 0.0, 0.0, 1000.0]), total_pairs=1e6, counted={1: 0.0})
    assert shares.share[1] == pytest.approx(0.5e-6)
    assert shares.share[2] == pytest.approx(0.5 / 1001)


def small() -> tuple[Problem, Floats, Floats]:
    """1,000 records, 500 of them duplicates; strangers never share the number and rarely the name."""
    features = tuple(FeatureSpec(name, ("exact", "near", "different")) for name in ("name", "number", "town"))
    u = np.array([[0, 2e-3, 2e-3, 0.996], [0, 1e-6, 1e-6, 1 - 2e-6], [0, 5e-3, 5e-3, 0.99]])
    m = np.array([[0, 0.85, 0.1, 0.05], [0, 0.9, 0.08, 0.02], [0, 0.9, 0.05, 0.05]])
    rules = ({"name": frozenset({1})}, {"number": frozenset({1})}, {"town": frozenset({1})})
    empty = np.zeros((0, 3), np.uint8)
    problem = Problem(
        features, (ClassSpec("same person"),), rules, empty, np.zeros(0), u, *independent_missing([0, 0, 0]), records=1000
    )
    pairs = np.array([500.0, problem.total_pairs - 500])
    return redraw(problem, np.stack([m, u]), pairs, np.random.default_rng(11)), np.stack([m, u]), pairs


def test_duplicates_in_a_small_file_do_not_inflate_u() -> None:
    problem, p, pairs = small()
    everything = (p * pairs[:, None, None]).sum(axis=0) / pairs.sum()
    shares = [LevelShares(row, np.zeros(4), np.full(4, 1e-6)) for row in everything]
    naive = stranger_u(shares, 3)
    assert naive[1, 1] > 500 * p[1, 1, 1]
    cleaned, found = fit_with_strangers(problem, shares)
    assert cleaned.u[1, 1] < naive[1, 1] / 10
    assert cleaned.u[0, 1] == pytest.approx(p[1, 0, 1], rel=0.1)
    assert found.pairs[0] == pytest.approx(500, rel=0.15)


def test_a_large_file_needs_no_second_fit() -> None:
    problem, p, _ = small()
    shares = [LevelShares(row, np.zeros(4), np.full(4, 1e-9)) for row in p[1]]
    once = dataclasses.replace(problem, records=1_000_000)
    _, found = fit_with_strangers(once, shares)
    assert found.converged


def test_exponent_of_a_fuzzy_level_is_the_slope_it_was_made_with() -> None:
    random = np.random.default_rng(3)
    frequency = random.pareto(1.0, 5000) + 0.05
    frequency /= frequency.sum()
    mass = np.zeros((5000, 5))
    mass[:, 1] = frequency
    mass[:, 2] = 2 * frequency**0.6 * random.lognormal(0, 0.3, 5000)
    mass[:, 3] = np.where(random.random(5000) < 0.5, 0.0, 1e-3)  # half of the values have no neighbour at this level
    mass[:, 4] = frequency**-0.5
    found = exponents(frequency, mass)
    assert found[1] == 1
    assert found[2] == pytest.approx(0.6, abs=0.07)
    assert found[3] == pytest.approx(0, abs=0.1)
    assert found[4] == 0


def test_adjusted_u_averages_to_u() -> None:
    frequency = np.array([0.5, 0.25, 0.15, 0.1])
    alphas = np.array([0.0, 1.0, 0.4, 0.0])
    reference = references(frequency, alphas)
    assert reference[1] == pytest.approx(np.log2(np.sum(frequency**2)))
    for level in (1, 2):
        adjusted = 2 ** (alphas[level] * (np.log2(frequency) - reference[level]))
        assert np.sum(frequency * adjusted) == pytest.approx(1)
    assert reference[3] == 0


def test_equally_common_values_have_no_slope() -> None:
    frequency = np.full(100, 0.01)
    assert exponents(frequency, np.full((100, 4), 0.2)).tolist() == [0, 1, 0, 0]
