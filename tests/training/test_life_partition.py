"""Records divided among persons under two models: counts from overlaps against counting pair by pair."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.life.partition import companions_changed, meetings, spread, together

SIDE = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=14)


@given(SIDE)
def test_pairs_together_are_those_that_counting_finds(rows: list[tuple[int, int]]) -> None:
    old, new = np.array(rows, np.int64).T
    pairs = list(combinations(range(len(rows)), 2))
    assert together(old) == sum(old[a] == old[b] for a, b in pairs)
    assert together(old, new) == sum(old[a] == old[b] and new[a] == new[b] for a, b in pairs)


@given(SIDE)
def test_meetings_hold_every_pair_that_is_gained_once(rows: list[tuple[int, int]]) -> None:
    old, new = np.array(rows, np.int64).T
    gained = {(a, b) for a, b in combinations(range(len(rows)), 2) if new[a] == new[b] and old[a] != old[b]}
    met = [(min(a, b), max(a, b)) for each in meetings(old, new) for a in each.first.tolist() for b in each.second.tolist()]
    assert len(met) == len(set(met))
    assert set(met) == gained


@given(SIDE)
def test_records_that_move_are_those_whose_companions_change(rows: list[tuple[int, int]]) -> None:
    old, new = np.array(rows, np.int64).T
    places = range(len(rows))
    moved = [a for a in places if {b for b in places if old[a] == old[b]} != {b for b in places if new[a] == new[b]}]
    assert companions_changed(old, new) == len(moved)


def test_persons_that_merge_are_counted_with_their_records() -> None:
    old = np.array([0, 0, 1, 2, 3, 3], np.int64)
    new = np.array([0, 0, 0, 1, 1, 2], np.int64)
    assert spread(old, new) == (2, 4, 5)
    assert spread(new, old) == (1, 2, 2)
