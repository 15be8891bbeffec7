"""Probabilities from one set of levels to another: nothing is lost, and what both know stays as it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpi.linkage.comparison import LEVELS
from training.exchange.agreement import SAME, STRANGERS, satisfying
from training.exchange.conditions import DAYS, EDITS, EXACT, OTHER, REVERSED, SIMILARITY, Condition
from training.exchange.spreading import gathered, overlaps, spread

NAME = [Condition(EXACT), Condition(SIMILARITY, 0.92), Condition(SIMILARITY, 0.88), Condition(SIMILARITY, 0.7), None]
CONDITIONS = st.one_of(
    st.just(Condition(EXACT)),
    st.just(Condition(REVERSED)),
    st.just(Condition(OTHER)),
    st.builds(Condition, st.just(SIMILARITY), st.floats(0.5, 1)),
    st.builds(Condition, st.just(EDITS), st.integers(1, 4).map(float)),
    st.builds(Condition, st.just(DAYS), st.floats(1, 4000)),
)


@given(st.sampled_from(sorted(LEVELS)), st.sampled_from([SAME, STRANGERS]), st.lists(CONDITIONS, max_size=5))
def test_probabilities_stay_probabilities(kind: str, side: str, conditions: list[Condition]) -> None:
    overlap = overlaps(kind, side, [*conditions, None])
    levels = len(LEVELS[kind]) - 1
    assert overlap.min() >= 0
    values = np.random.default_rng(len(conditions)).dirichlet(np.ones(len(conditions) + 1))
    ours = spread(values, overlap, np.full(levels, 1 / levels))
    assert ours.sum() == pytest.approx(1)
    assert ours.min() > 0
    assert gathered(ours, overlap).sum() == pytest.approx(1)


@given(st.sampled_from(sorted(LEVELS)), st.sampled_from([SAME, STRANGERS]))
def test_every_pair_of_ours_comes_to_one_of_theirs(kind: str, side: str) -> None:
    conditions = [Condition(EXACT), Condition(EDITS, 1), Condition(SIMILARITY, 0.9), Condition(SIMILARITY, 0.7), None]
    assert overlaps(kind, side, conditions).sum(axis=0) == pytest.approx(1)


def test_exact_keeps_its_probability_and_close_levels_go_to_close_names() -> None:
    theirs = np.array([0.6, 0.2, 0.05, 0.05, 0.1])
    like = np.array([0.7, 0.05, 0.02, 0.02, 0.08, 0.02, 0.03, 0.01, 0.07])
    ours = dict(zip(LEVELS["name"][1:], spread(theirs, overlaps("name", SAME, NAME), like), strict=True))
    assert ours["exact"] == pytest.approx(0.6)
    assert ours["one_edit"] > ours["somewhat_similar"]
    assert ours["same_sound"] > 0.02
    assert ours["different"] > 0.05


def test_columns_that_are_exchanged_are_swapped_names() -> None:
    conditions = [Condition(EXACT), Condition(REVERSED), None]
    ours = spread(np.array([0.7, 0.2, 0.1]), overlaps("name", SAME, conditions), np.full(9, 1 / 9))
    assert ours[LEVELS["name"].index("swapped") - 1] == pytest.approx(0.2)


def test_looser_conditions_hold_for_more_pairs() -> None:
    for kind in ("name", "date", "number", "identifier", "phone", "text"):
        for level in range(1, len(LEVELS[kind])):
            for measure, rising in ((SIMILARITY, (0.99, 0.9, 0.8, 0.5)), (EDITS, (1, 2, 3, 9)), (DAYS, (1, 31, 400, 9000))):
                shares = [satisfying(kind, level, STRANGERS, Condition(measure, t)) for t in rising]
                assert shares == sorted(shares)
                assert 0 <= shares[0] <= shares[-1] <= 1


def test_several_conditions_that_nobody_can_read_all_keep_a_share() -> None:
    conditions = [Condition(EXACT), Condition(OTHER), Condition(OTHER), None]
    overlap = overlaps("number", SAME, conditions)
    assert (overlap[1:3, 1:] > 0).all()
    ours = spread(np.array([0.7, 0.1, 0.1, 0.1]), overlap, np.array([0.8, 0.15, 0.05]))
    assert ours[0] == pytest.approx(0.7)
