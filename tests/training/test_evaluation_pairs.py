"""Pair counting against a plain enumeration of pairs."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.evaluation.pairs import PairCounts, count_pairs, wrong_and_missed

GROUPINGS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=25)


def test_counts_a_case_worked_by_hand() -> None:
    truth = {"a": 1, "b": 1, "c": 1, "d": 2}
    predicted = {"a": "x", "b": "x", "c": "y", "d": "y"}
    counts = count_pairs(predicted, truth)
    assert counts == PairCounts(right=1, predicted=2, true=3)
    assert [counts.precision, counts.recall, counts.f1] == pytest.approx([1 / 2, 1 / 3, 2 / 5])
    assert wrong_and_missed(predicted, truth) == ([("c", "d")], [("a", "c"), ("b", "c")])


@given(GROUPINGS)
def test_equals_the_enumeration_of_all_pairs(groups: list[tuple[int, int]]) -> None:
    predicted = {str(record): group for record, (group, _) in enumerate(groups)}
    truth = {str(record): entity for record, (_, entity) in enumerate(groups)}
    pairs = list(combinations(truth, 2))
    together = {pair for pair in pairs if predicted[pair[0]] == predicted[pair[1]]}
    same = {pair for pair in pairs if truth[pair[0]] == truth[pair[1]]}
    assert count_pairs(predicted, truth) == (len(together & same), len(together), len(same))
    wrong, missed = wrong_and_missed(predicted, truth)
    assert {frozenset(pair) for pair in wrong} == {frozenset(pair) for pair in together - same}
    assert {frozenset(pair) for pair in missed} == {frozenset(pair) for pair in same - together}


def test_a_record_without_prediction_is_refused() -> None:
    with pytest.raises(ValueError, match="same records"):
        count_pairs({"a": 1}, {"a": 1, "b": 1})


def test_nothing_predicted_is_precise_and_finds_nothing() -> None:
    counts = PairCounts(right=0, predicted=0, true=3)
    assert (counts.precision, counts.recall, counts.f1) == (1.0, 0.0, 0.0)
