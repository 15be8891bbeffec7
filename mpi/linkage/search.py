"""Query × index → the best candidate persons. One serial kernel per query, without the GIL: a parallel launch costs more.

Keys are visited rarest first, until the model's limits are reached; what was left out is counted in ``keys_cut``, so that
"too many" is never answered as "none".
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.linkage.blocking import Rules, blocking_key
from mpi.linkage.comparison import name_level, number_kind_level, text_level
from mpi.linkage.conflicts import DOCUMENT, document_agrees, person_conflicts
from mpi.linkage.features import Encoded
from mpi.linkage.found import COMPARED, FLAGS, KEPT, KEYS, KEYS_CUT, PERSON, Found, keep
from mpi.linkage.hashtable import Table, get
from mpi.linkage.hotindex import (
    COUNT_SHIFT,
    GROUP_SIZE,
    HEAD_MASK,
    RECORD_PERSON,
    ROW_RECORD,
    HotIndex,
    alive,
    group_in,
    slot_in,
)
from mpi.linkage.jit import inner, wide
from mpi.linkage.levels import TEXT
from mpi.linkage.scoring import COUNTERPART, DIVISION, KIND, SCORED, TF_ON, Tables, frequency_adjustment, match_weight
from mpi.linkage.settings import Settings
from mpi.linkage.values import Values

SEEN_SLOTS = 16384  # hash set of the records compared; more than twice any candidate_limit
KEY_SLOTS = 256  # keys of one query: at most 16 rows × 16 rules


# columns of Scratch.keys
KEY_HEAD, KEY_RULE, KEY_COUNT = range(3)


class Scratch(NamedTuple):
    """Working memory of one thread. Nothing in it means anything between two calls but the stamp."""

    seen: npt.NDArray[np.int64]  # [SEEN_SLOTS, 2] record, stamp of the query that saw it
    stamp: npt.NDArray[np.int64]  # [1] number of the current query
    keys: npt.NDArray[np.int64]  # [KEY_SLOTS, 3] chain's head, rule, rows in the chain
    levels: npt.NDArray[np.uint8]  # [F]
    adjustments: npt.NDArray[np.int32]  # [F]


class Query(NamedTuple):
    """What one search needs besides the index: the model in kernel form, and the snapshot."""

    tables: Tables
    rules: Rules
    settings: Settings


def new_scratch(features: int) -> Scratch:
    """Scratch for models of ``features`` features."""
    return Scratch(
        np.zeros((SEEN_SLOTS, 2), np.int64),
        np.zeros(1, np.int64),
        np.zeros((KEY_SLOTS, 3), np.int64),
        np.zeros(features, np.uint8),
        np.zeros(features, np.int32),
    )


@inner
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
                if x == 0 or y == 0 or levels[f] == 1 or tables.plan[f, SCORED] == 0:
                    continue
                level = number_kind_level(tables.plan[f, KIND], x, y)
                if level < 0:
                    i, j = wide(a.slots[ra, f]), wide(0)
                    if i > 0:
                        j = wide(b.slots[rb, f]) if len(b.slots) > 0 else slot_in(dictionary, f, y)
                    level = _text_level(tables.plan[f], a.rows[ra], b.rows[rb], (f, i, j), a.values, b.values)
                if level != 0 and (levels[f] == 0 or level < levels[f]):
                    levels[f] = level
                    if tables.plan[f, TF_ON] == 1:
                        adjustments[f] = frequency_adjustment(tables, f, level, x, y)


@inner
def _text_level(
    plan: npt.NDArray[np.int64],
    a: npt.NDArray[np.int64],
    b: npt.NDArray[np.int64],
    places: tuple[int, int, int],
    va: Values,
    vb: Values,
) -> int:
    """Agreement level of a name or text that differs between rows a and b; ``places`` is (feature, slot in va, slot in vb).

    Only here arrays are passed on: handing over all of an index costs more than most comparisons.
    """
    f, i, j = places
    if plan[KIND] == TEXT:
        division = plan[DIVISION]
        return text_level(va, i, vb, j, a[division] if division >= 0 else 0, b[division] if division >= 0 else 0)
    swapped, other = False, plan[COUNTERPART]
    if other >= 0:
        x, y = a[f], b[f]
        swapped = (x == b[other] and (a[other] == y or a[other] == 0)) or (y == a[other] and (b[other] == x or b[other] == 0))
    return name_level(va, i, vb, j, swapped)


@inner
def stored(index: HotIndex) -> Encoded:
    """The index's rows in the form ``pair_levels`` takes as its second side."""
    return Encoded(index.rows, np.zeros((0, 1), np.int32), index.counters, index.values)


@inner
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
            while at > 0 and scratch.keys[at - 1, KEY_COUNT] > count:
                scratch.keys[at, :] = scratch.keys[at - 1, :]
                at -= 1
            scratch.keys[at, KEY_HEAD], scratch.keys[at, KEY_RULE] = posting & HEAD_MASK, rule
            scratch.keys[at, KEY_COUNT] = count
            gathered += 1
    return gathered, total


@inner
def first_sight(scratch: Scratch, record: int) -> bool:
    """Whether this record was not yet compared for the current query; remembers it."""
    mask = SEEN_SLOTS - 1
    at = (record * 0x9E3779B1) & mask
    stamp = scratch.stamp[0]
    while scratch.seen[at, 1] == stamp:
        if scratch.seen[at, 0] == record:
            return False
        at = (at + 1) & mask
    scratch.seen[at, 0], scratch.seen[at, 1] = record, stamp
    return True


@inner
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
    found.queries[q, KEPT], found.queries[q, COMPARED], found.queries[q, KEYS_CUT] = 0, 0, 0
    gathered, found.queries[q, KEYS] = collect_keys(index, query, encoded, q, scratch)
    for k in range(gathered):
        row, visited = scratch.keys[k, KEY_HEAD], 0
        while row > 0:
            if visited >= query.settings.block_limit or found.queries[q, COMPARED] >= query.settings.candidate_limit:
                found.queries[q, KEYS_CUT] += 1
                break
            at = row - 1
            row = wide(index.next_row[at, scratch.keys[k, KEY_RULE]])
            visited += 1
            record = wide(index.row_cells[at, ROW_RECORD])
            if alive(index, at, visible) and first_sight(scratch, record):
                found.queries[q, COMPARED] += 1
                consider(index, query, encoded, q, record, snapshot, scratch, found)
    for i in range(found.queries[q, KEPT]):
        found.candidates[q, i, FLAGS] |= person_conflicts(
            index, query.settings, encoded, q, found.candidates[q, i, PERSON], visible
        )


@inner
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
        query.tables,
        encoded,
        rows,
        stored(index),
        (group, group + index.row_cells[group, GROUP_SIZE]),
        index.dictionary,
        scratch,
    )
    weight, winner = match_weight(query.tables, scratch.levels, scratch.adjustments, snapshot[1], len(query.tables.plan))
    flags = DOCUMENT if document_agrees(index, query.settings, encoded, q, group) else 0
    if weight >= query.settings.floor or flags != 0:
        keep(
            found,
            q,
            scratch.levels,
            scratch.adjustments,
            (wide(index.record_cells[record, RECORD_PERSON]), record, weight, winner, flags),
        )


@inner
def stored_weight(index: HotIndex, query: Query, a: int, b: int, snapshot: tuple[int, int], scratch: Scratch) -> int:
    """Match weight between two records of the index, as they are in the snapshot."""
    group_a, group_b = group_in(index, a, snapshot[0]), group_in(index, b, snapshot[0])
    if group_a < 0 or group_b < 0:
        return -(1 << 40)
    size = wide(index.row_cells[group_a, GROUP_SIZE])
    slots = np.zeros((size, len(query.tables.plan)), np.int32)
    for r in range(size):
        for f in range(slots.shape[1]):
            slots[r, f] = slot_in(index.dictionary, f, index.rows[group_a + r, f])
    side = Encoded(index.rows[group_a : group_a + size], slots, index.counters, index.values)
    pair_levels(
        query.tables,
        side,
        (0, size),
        stored(index),
        (group_b, group_b + index.row_cells[group_b, GROUP_SIZE]),
        index.dictionary,
        scratch,
    )
    return match_weight(query.tables, scratch.levels, scratch.adjustments, snapshot[1], len(query.tables.plan))[0]
