"""The segmented hash table against a dict, across many growths."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mpi.linkage.hashtable import SEGMENTS, Table, arena_slots, get, make_room, most_keys, prepare, put, segment_of
from mpi.linkage.jit import kernel

KEYS = st.integers(-(2**63), 2**63 - 1).filter(lambda key: key != 0)


def table(keys: int) -> Table:
    result = Table(np.zeros((arena_slots(keys), 2), np.int64), np.zeros((SEGMENTS + 1, 2), np.int64))
    prepare(result)
    return result


@given(st.lists(st.tuples(KEYS, st.integers(0, 2**62)), max_size=300))
def test_it_behaves_like_a_dict(items: list[tuple[int, int]]) -> None:
    mine, oracle = table(len(items)), {}
    for key, value in items:
        put(mine, key, value)
        oracle[key] = value
    assert {key: get(mine, key) for key in oracle} == oracle


def test_it_grows_and_an_absent_key_is_minus_one() -> None:
    mine = table(200_000)
    for key in range(1, 200_001):
        put(mine, key * 7919, key)
    assert all(get(mine, key * 7919) == key for key in range(1, 200_001, 97))
    assert get(mine, 3) == -1
    assert mine.segments[SEGMENTS, 1] <= len(mine.arena)


@kernel
def room(mine: Table, keys: int) -> None:
    for segment in range(SEGMENTS):
        make_room(mine, segment, keys)


@given(st.integers(0, 3_000), st.integers(0, 400))
def test_where_room_was_made_nothing_grows(held: int, more: int) -> None:
    mine = table(200_000)
    for key in range(1, held + 1):
        put(mine, key * 7919, key)
    room(mine, more)
    before = mine.segments[:, 0].copy()
    counts, key = np.zeros(SEGMENTS, np.int64), -1
    while more and counts.min() < more and key > -50_000:  # none gets more than there is room for
        segment = segment_of(key)
        if counts[segment] < more:
            put(mine, key, -key)
            counts[segment] += 1
        key -= 1
    assert (mine.segments[:, 0] == before).all()
    assert all(get(mine, key * 7919) == key for key in range(1, held + 1))
    assert mine.segments[SEGMENTS, 1] <= len(mine.arena)


def test_a_table_knows_how_many_keys_it_has_room_for() -> None:
    assert [most_keys(table(keys)) for keys in (0, 1, 12_345)] == [0, 1, 12_345]


def test_a_reader_of_an_outgrown_region_still_finds_its_keys() -> None:
    """The old region stays whole after the swap: a reader that holds its descriptor loses nothing."""
    mine = table(10_000)
    put(mine, 42, 1)
    before = mine.segments.copy()
    for key in range(1000, 9000):
        put(mine, key, key)
    assert (mine.segments[:SEGMENTS, 0] != before[:SEGMENTS, 0]).any()
    assert get(Table(mine.arena, before), 42) == 1
