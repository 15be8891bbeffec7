"""Intervals against published values and against the distribution they invert."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from training.evaluation.intervals import TAIL, bootstrap, clopper_pearson, share


def test_known_intervals() -> None:
    assert (share(0, 1_000).low, share(0, 1_000).high) == pytest.approx((0.0, 1 - 0.025**0.001))
    assert (share(10, 100).low, share(10, 100).high) == pytest.approx((0.0490, 0.1762), abs=5e-5)
    assert share(7, 7).high == 1.0


def test_a_share_of_nothing_is_unknown() -> None:
    nothing = share(0, 0)
    assert math.isnan(nothing.value)
    assert (nothing.low, nothing.high) == (0.0, 1.0)


def test_a_million_links_are_needed_for_one_wrong_in_ten_thousand() -> None:
    assert share(1, 10_000).high > 2e-4
    assert share(100, 1_000_000).high < 1.3e-4


@given(st.integers(1, 5_000), st.data())
def test_bounds_are_where_the_tails_are_a_fortieth(of: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, of))
    low, high = (float(bound) for bound in clopper_pearson(count, of))
    assert low <= count / of <= high
    if count > 0:
        assert binom.sf(count - 1, of, low) == pytest.approx(TAIL, rel=1e-6)
    if count < of:
        assert binom.cdf(count, of, high) == pytest.approx(TAIL, rel=1e-6)


def test_the_bootstrap_is_seeded_and_needs_persons() -> None:
    sums = np.array([[1.0, 2.0], [2.0, 2.0], [0.0, 1.0]])

    def ratio(totals: np.ndarray) -> np.ndarray:
        return totals[:, :1] / totals[:, 1:]

    first, again = bootstrap(sums, ratio, seed=5), bootstrap(sums, ratio, seed=5)
    assert first == again
    assert first[0].value == pytest.approx(3 / 5)
    assert first[0].low < 3 / 5 < first[0].high
    same = bootstrap(np.ones((9, 2)), ratio, seed=5)[0]
    assert (same.low, same.value, same.high) == (1.0, 1.0, 1.0)
