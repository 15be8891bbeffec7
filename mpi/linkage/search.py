"""Query × index → the best candidate persons. One serial kernel per query, without the GIL: a parallel launch costs more.

Keys are visited rarest first, until the model's limits are reached; what was left out is counted in ``keys_cut``, so that
"too many" is never answered as "none".
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.linkage.blocking import Rules, blocking_key
from mpi.linkage.comparison import feature_level
from mpi.linkage.conflicts import DOCUMENT, document_agrees, person_conflicts
from mpi.linkage.features import Encoded
from mpi.linkage.found import Found, keep
from mpi.linkage.hashtable import Table, get
from mpi.linkage.hotindex import COUNT_SHIFT, HEAD_MASK, HotIndex, alive, group_in, slot_in
from mpi.linkage.jit import leaf, wide
from mpi.linkage.scoring import Tables, frequency_adjustment, match_weight
from mpi.linkage.settings import Settings

SEEN_SLOTS = 16384  # hash set of the records compared; more than twice any candidate_limit
KEY_SLOTS = 256  # keys of one query: at most 16 rows × 16 rules


class Scratch(NamedTuple):
    """Working memory of one thread. Nothing in it means anything between two calls."""

    seen: npt.NDArray[np.int64]  # [SEEN_SLOTS] record
    seen_stamp: npt.NDArray[np.int64]  # [SEEN_SLOTS]
    stamp: npt.NDArray[np.int64]  # [1]
    heads: npt.NDArray[np.int64]  # [KEY_SLOTS]
    key_rules: npt.NDArray[np.int64]  # [KEY_SLOTS]
    counts: npt.NDArray[np.int64]  # [KEY_SLOTS]
    levels: npt.NDArray[np.uint8]  # [F]
    adjustments: npt.NDArray[np.int32]  # [F]


class Query(NamedTuple):
    """What one search needs besides the index: the model in kernel form, and the snapshot."""

    tables: Tables
    rules: Rules
    settings: Settings


def new_scratch(features: int) -> Scratch:
    """Scratch for models of ``features`` features."""
    sizes = (SEEN_SLOTS, SEEN_SLOTS, 1, KEY_SLOTS, KEY_SLOTS, KEY_SLOTS)
    words: list[npt.NDArray[Any]] = [np.zeros(size, np.int64) for size in sizes]
    return Scratch._make([*words, np.zeros(features, np.uint8), np.zeros(features, np.int32)])


@leaf
def pair_levels(
    tables: Tables,
    a: Encoded,
    a_rows: tuple[int, int],
    b: Encoded,
    b_rows: tuple[int, int],
    dictionary: Table,
    scratch: Scratch,
) -> None:
    """Fill ``scratch.levels`` and ``.adjustments``: per feature the best level over all pairs of rows.

    Integers are compared first; only unequal texts go to their values. Where ``b.slots`` is empty (rows of the index), slots
    come from ``dictionary``.
    """
    levels, adjustments = scratch.levels, scratch.adjustments
    levels[:] = 0
    adjustments[:] = 0
    for ra in range(a_rows[0], a_rows[1]):
        for rb in range(b_rows[0], b_rows[1]):
            for f in range(len(levels)):
                x, y = a.rows[ra, f], b.rows[rb, f]
                if x == 0 or y == 0 or levels[f] == 1 or tables.scored[f] == 0:
                    continue
                level = cell_level(tables, f, a, ra, b, rb, dictionary)
                if level != 0 and (levels[f] == 0 or level < levels[f]):
                    levels[f] = level
                    if tables.tf_on[f] == 1:
                        adjustments[f] = frequency_adjustment(tables, f, level, x, y)


@leaf
def cell_level(tables: Tables, f: int, a: Encoded, ra: int, b: Encoded, rb: int, dictionary: Table) -> int:
    """Agreement level of feature f between two rows, both of which have a value."""
    x, y = a.rows[ra, f], b.rows[rb, f]
    i, j = 0, 0
    if x != y and a.slots[ra, f] > 0:
        i = wide(a.slots[ra, f])
        j = wide(b.slots[rb, f]) if len(b.slots) > 0 else slot_in(dictionary, f, y)
    swapped = False
    other = tables.counterpart[f]
    if other >= 0:
        x_other, y_other = a.rows[ra, other], b.rows[rb, other]
        swapped = (x == y_other and (x_other == y or x_other == 0)) or (y == x_other and (y_other == x or y_other == 0))
    division = tables.division[f]
    x_division = a.rows[ra, division] if division >= 0 else 0
    y_division = b.rows[rb, division] if division >= 0 else 0
    return feature_level(tables.kind[f], a.values, i, b.values, j, x, y, swapped, x_division, y_division)


@leaf
def stored(index: HotIndex) -> Encoded:
    """The index's rows in the form ``pair_levels`` takes as its second side."""
    return Encoded(index.rows, np.zeros((0, 1), np.int32), index.group_start, index.values)


@leaf
def collect_keys(index: HotIndex, query: Query, encoded: Encoded, q: int, scratch: Scratch) -> tuple[int, int]:
    """Gather the query's keys that occur in the index, rarest first. Returns (keys gathered, keys the query has)."""
    gathered, total = 0, 0
    for r in range(encoded.starts[q], encoded.starts[q + 1]):
        for rule in range(len(query.rules.start) - 1):
            key = blocking_key(query.rules, rule, encoded.rows[r], encoded.slots[r], encoded.values)
            if key == 0:
                continue
            total += 1
            posting = get(index.postings, key)
            if posting <= 0 or gathered == KEY_SLOTS:
                continue
            count, at = posting >> COUNT_SHIFT, gathered
            while at > 0 and scratch.counts[at - 1] > count:
                scratch.counts[at], scratch.heads[at] = scratch.counts[at - 1], scratch.heads[at - 1]
                scratch.key_rules[at] = scratch.key_rules[at - 1]
                at -= 1
            scratch.counts[at], scratch.heads[at], scratch.key_rules[at] = count, posting & HEAD_MASK, rule
            gathered += 1
    return gathered, total


@leaf
def first_sight(scratch: Scratch, record: int) -> bool:
    """Whether this record was not yet compared for the current query; remembers it."""
    mask = SEEN_SLOTS - 1
    at = (record * 0x9E3779B1) & mask
    stamp = scratch.stamp[0]
    while scratch.seen_stamp[at] == stamp:
        if scratch.seen[at] == record:
            return False
        at = (at + 1) & mask
    scratch.seen_stamp[at], scratch.seen[at] = stamp, record
    return True


@leaf
def search_one(
    index: HotIndex,
    query: Query,
    encoded: Encoded,
    q: int,
    snapshot: tuple[int, int],
    scratch: Scratch,
    found: Found,
) -> None:
    """Fill ``found`` for query q. ``snapshot`` is (visible rows, log2 population in fixed point)."""
    visible = snapshot[0]
    scratch.stamp[0] += 1
    found.kept[q], found.compared[q], found.keys_cut[q] = 0, 0, 0
    gathered, found.keys[q] = collect_keys(index, query, encoded, q, scratch)
    for k in range(gathered):
        row, visited = scratch.heads[k], 0
        while row > 0:
            if visited >= query.settings.block_limit or found.compared[q] >= query.settings.candidate_limit:
                found.keys_cut[q] += 1
                break
            at = row - 1
            row = wide(index.next_row[at, scratch.key_rules[k]])
            visited += 1
            record = wide(index.record_of_row[at])
            if alive(index, at, visible) and first_sight(scratch, record):
                found.compared[q] += 1
                consider(index, query, encoded, q, record, snapshot, scratch, found)
    for i in range(found.kept[q]):
        found.flags[q, i] |= person_conflicts(index, query.settings, encoded, q, found.person[q, i], visible)


@leaf
def consider(
    index: HotIndex,
    query: Query,
    encoded: Encoded,
    q: int,
    record: int,
    snapshot: tuple[int, int],
    scratch: Scratch,
    found: Found,
) -> None:
    """Compare the query with one record of the index and keep its person if it is among the best."""
    group = group_in(index, record, snapshot[0])
    if group < 0:
        return
    rows = (encoded.starts[q], encoded.starts[q + 1])
    pair_levels(
        query.tables, encoded, rows, stored(index), (group, group + index.group_size[group]), index.dictionary, scratch
    )
    weight, winner = match_weight(query.tables, scratch.levels, scratch.adjustments, snapshot[1], len(query.tables.kind))
    flags = DOCUMENT if document_agrees(index, query.settings, encoded, q, group) else 0
    if weight >= query.settings.floor or flags != 0:
        keep(found, q, scratch.levels, scratch.adjustments, (wide(index.person_of[record]), record, weight, winner, flags))


@leaf
def stored_weight(index: HotIndex, query: Query, a: int, b: int, snapshot: tuple[int, int], scratch: Scratch) -> int:
    """Match weight between two records of the index, as they are in the snapshot."""
    group_a, group_b = group_in(index, a, snapshot[0]), group_in(index, b, snapshot[0])
    if group_a < 0 or group_b < 0:
        return -(1 << 40)
    size = wide(index.group_size[group_a])
    slots = np.zeros((size, len(query.tables.kind)), np.int32)
    for r in range(size):
        for f in range(slots.shape[1]):
            slots[r, f] = slot_in(index.dictionary, f, index.rows[group_a + r, f])
    side = Encoded(index.rows[group_a : group_a + size], slots, index.group_start, index.values)
    pair_levels(
        query.tables,
        side,
        (0, size),
        stored(index),
        (group_b, group_b + index.group_size[group_b]),
        index.dictionary,
        scratch,
    )
    return match_weight(query.tables, scratch.levels, scratch.adjustments, snapshot[1], len(query.tables.kind))[0]
