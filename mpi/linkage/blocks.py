"""Blocks of a whole load: keys of all its rows → rows sorted by key → every pair of a block weighed → edges; and chains.

What ``search`` does for one query, done for millions at once. Sorting brings the rows of a block together, so that nothing is
looked up: a pair costs its comparison. A row is compared with those before it, newest first, as far as the model's limit of a
block goes, and then with those that the index had before: just what a search finds when records come one by one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.linkage.blocking import Rules, blocking_key
from mpi.linkage.borrow import borrow
from mpi.linkage.conflicts import DOCUMENT, pair_flags
from mpi.linkage.features import Encoded
from mpi.linkage.hashtable import get, put, spread
from mpi.linkage.hotindex import (
    COUNT_SHIFT,
    GROUP_SIZE,
    HEAD_MASK,
    RECORD_GROUP,
    ROW_GROUP,
    ROW_RECORD,
    HotIndex,
    alive,
    slot_in,
)
from mpi.linkage.jit import inner, kernel, wide
from mpi.linkage.match import POSSIBLE, grade_pair
from mpi.linkage.scoring import match_weight
from mpi.linkage.search import Query, Scratch, pair_levels
from mpi.linkage.settings import NATIONAL, Settings

RADIX_BITS, PASSES = 11, 4  # of the upper bits of a sorting key: two different keys of ten million share them once in a load
BUCKETS = 1 << RADIX_BITS

# columns of Edges.facts
CERTAINTY, WINNER, FLAGS, WHY = range(4)
FACTS = 4

# what ``weigh_blocks`` counts
PAIRS, EDGES = range(2)


Weighed = tuple[int, int, int, int, int]  # weight, and the facts of an edge in their order


class Load(NamedTuple):
    """Rows that were placed in an index and not yet linked into its chains: all from row ``base`` on.

    slots   int32[capacity, F]  dictionary slot of each text of a row; of rows before ``base`` only as far as they were needed
    known   bool[capacity]      whether a row's slots are filled
    keys    int64[n, K]         blocking keys of row base + i by rule, 0 where it has none
    cut     bool[n]             whether a row was not compared with all of a block
    """

    base: int
    slots: npt.NDArray[np.int32]
    known: npt.NDArray[np.bool_]
    keys: npt.NDArray[np.int64]
    cut: npt.NDArray[np.bool_]


class Edges(NamedTuple):
    """Pairs of records that weigh enough to matter.

    ends    int32[E, 2]   the earlier and the later record
    weight  int32[E]      match weight, fixed point
    facts   int32[E, 4]   records.Certainty, winning class, flags (conflicts.py), bit set of records.DecisionReason
    levels  uint8[E, F]   agreement levels
    """

    ends: npt.NDArray[np.int32]
    weight: npt.NDArray[np.int32]
    facts: npt.NDArray[np.int32]
    levels: npt.NDArray[np.uint8]


def new_edges(room: int, features: int) -> Edges:
    """Room for so many edges; their content means nothing yet."""
    return Edges(
        np.empty((room, 2), np.int32),
        np.empty(room, np.int32),
        np.empty((room, FACTS), np.int32),
        np.empty((room, features), np.uint8),
    )


@kernel
def fill_keys(index: HotIndex, rules: Rules, load: Load, first: int, last: int) -> None:
    """Blocking keys of the rows ``first`` to before ``last``. A row repeats no key of its group's first row."""
    index, rules, load = borrow(index), borrow(rules), borrow(load)
    for row in range(first, last):
        group = wide(index.row_cells[row, ROW_GROUP])
        for rule in range(len(rules.start) - 1):
            key = blocking_key(rules, rule, index.rows[row], load.slots[row], index.values)
            if row > group and key != 0 and key == load.keys[group - load.base, rule]:
                key = wide(0)
            load.keys[row - load.base, rule] = key


@inner
def sorting_key(key: int) -> np.uint64:
    """The key in the order in which the hash table keeps it (segment, then place), so that a sorted load fills it from one
    end to the other. A bijection: equal exactly where the keys are."""
    hashed = spread(key)
    low, middle = hashed & np.uint64(0xFF), hashed >> np.uint64(8) & np.uint64(0xFFFFF)
    return low << np.uint64(56) | middle << np.uint64(36) | hashed >> np.uint64(28)


@kernel
def sort_rows(load: Load, rule: int, order: npt.NDArray[np.int32], spare: npt.NDArray[np.int32]) -> int:
    """Write the load's rows (counted from ``base``) that have a key of the rule into ``order``, those of one key together and
    ascending; returns how many. ``order`` and ``spare`` are int32[n].

    Least significant digit first, over the upper RADIX_BITS × PASSES bits of the sorting keys: stable, no comparisons.
    """
    keys = load.keys
    count = 0
    for i in range(len(keys)):
        if keys[i, rule] != 0:
            order[count] = i
            count += 1
    found = np.empty(count, np.uint64)
    other = np.empty(count, np.uint64)
    for i in range(count):
        found[i] = sorting_key(keys[order[i], rule])
    source, target = order, spare
    for turn in range(PASSES):
        shift = np.uint64(64 - RADIX_BITS * (PASSES - turn))
        places = np.zeros(BUCKETS + 1, np.int64)
        for i in range(count):
            places[wide(found[i] >> shift & np.uint64(BUCKETS - 1)) + 1] += 1
        for k in range(BUCKETS):
            places[k + 1] += places[k]
        for i in range(count):
            bucket = wide(found[i] >> shift & np.uint64(BUCKETS - 1))
            target[places[bucket]], other[places[bucket]] = source[i], found[i]
            places[bucket] += 1
        source, target = target, source
        found, other = other, found
    return count  # an even number of passes: the last one wrote into ``order``


@kernel
def pairs_before(load: Load, rule: int, order: npt.NDArray[np.int32], limit: int, out: npt.NDArray[np.int64]) -> None:
    """out[i]: pairs that the rows order[:i] make with rows of the load, ``len(order) + 1`` of them."""
    start = 0
    out[0] = 0
    for i in range(len(order)):
        if load.keys[order[i], rule] != load.keys[order[start], rule]:
            start = i
        out[i + 1] = out[i] + min(i - start, limit)


@inner
def _shares_earlier_rule(load: Load, rule: int, a: int, b: int) -> bool:
    """Whether two rows of the load were compared under an earlier rule."""
    earlier = 0
    while earlier < rule and (load.keys[a, earlier] == 0 or load.keys[a, earlier] != load.keys[b, earlier]):
        earlier += 1
    return earlier < rule


@inner
def _same_number(settings: Settings, theirs: npt.NDArray[np.int64], mine: npt.NDArray[np.int64]) -> bool:
    """Whether two records share a national number, whatever else they say."""
    national = settings.roles[NATIONAL]
    if national < 0 or settings.unique == 0:
        return False
    for r in range(len(mine)):
        for s in range(len(theirs)):
            if mine[r, national] != 0 and mine[r, national] == theirs[s, national]:
                return True
    return False


@inner
def _fill_slots(index: HotIndex, load: Load, row: int) -> None:
    """Dictionary slots of a row that the index had before. Two threads may do it at once: they write the same."""
    for f in range(load.slots.shape[1]):
        load.slots[row, f] = slot_in(index.dictionary, f, index.rows[row, f]) if index.rows[row, f] != 0 else 0
    load.known[row] = True


@inner
def weigh_pair(index: HotIndex, query: Query, load: Load, a: int, b: int, population: int, scratch: Scratch) -> Weighed:
    """What records a and b weigh, a the earlier; the levels are left in ``scratch``.

    The certainty is POSSIBLE where the pair is not worth an edge: below the lower threshold, too far below the upper one to
    be a rival, and without a document in common.
    """
    group_a, group_b = wide(index.record_cells[a, RECORD_GROUP]), wide(index.record_cells[b, RECORD_GROUP])
    end_a, end_b = group_a + index.row_cells[group_a, GROUP_SIZE], group_b + index.row_cells[group_b, GROUP_SIZE]
    for row in range(group_a, end_a):
        if not load.known[row]:
            _fill_slots(index, load, row)
    both = Encoded(index.rows, load.slots, index.counters, index.values)
    pair_levels(query.tables, both, (group_b, end_b), both, (group_a, end_a), index.dictionary, scratch)
    levels, settings = scratch.levels, query.settings
    weight, winner = match_weight(query.tables, levels, scratch.adjustments, population, len(levels))
    theirs, mine = index.rows[group_a:end_a], index.rows[group_b:end_b]
    enough = weight >= min(settings.lower, settings.upper - settings.margin)
    if not enough and not _same_number(settings, theirs, mine):
        return weight, POSSIBLE, wide(winner), wide(0), wide(0)
    flags = pair_flags(settings, theirs, mine)
    if not enough and flags & DOCUMENT == 0:
        return weight, POSSIBLE, wide(winner), flags, wide(0)
    facts = (flags, wide(winner), population)
    certainty, why = grade_pair(query.tables, settings, levels, scratch.adjustments, facts, weight)
    return weight, certainty, wide(winner), flags, why


@inner
def _keep_edge(edges: Edges, at: int, ends: tuple[int, int], found: Weighed, scratch: Scratch) -> None:
    edges.ends[at, 0], edges.ends[at, 1] = ends
    edges.weight[at] = found[0]
    for fact in range(FACTS):
        edges.facts[at, fact] = found[fact + 1]
    edges.levels[at, :] = scratch.levels


@inner
def _is_edge(settings: Settings, found: Weighed) -> bool:
    """Whether a weighed pair is worth an edge: also as a rival that is too close behind a link."""
    return found[1] != POSSIBLE or found[0] >= settings.upper - settings.margin


@kernel
def weigh_blocks(
    index: HotIndex,
    query: Query,
    load: Load,
    rule: int,
    order: npt.NDArray[np.int32],
    part: tuple[int, int],
    population: int,
    scratch: Scratch,
    edges: Edges,
    tally: npt.NDArray[np.int64],
) -> int:
    """Weigh the pairs of the rows order[part[0]:part[1]] with the rows before them in their blocks.

    Edges go behind those that ``tally[EDGES]`` counts. Returns where to go on: before the end where the room for edges was
    used up. ``population`` is in fixed point.
    """
    index, query, load = borrow(index), borrow(query), borrow(load)
    order, scratch, edges = borrow(order), borrow(scratch), borrow(edges)
    limit, base, room = query.settings.block_limit, load.base, len(edges.weight)
    start = wide(part[0])
    while 0 < start < len(order) and load.keys[order[start], rule] == load.keys[order[start - 1], rule]:
        start -= 1
    key, head, older = wide(0), wide(0), wide(0)
    for i in range(part[0], part[1]):
        if load.keys[order[i], rule] != key:
            start = wide(i) if key != 0 else start
            key = load.keys[order[i], rule]
            posting = get(index.postings, key) if base > 0 else wide(-1)
            head, older = (wide(0), wide(0)) if posting <= 0 else (posting & HEAD_MASK, posting >> COUNT_SHIFT)
        if tally[EDGES] + limit > room:
            return i
        b = wide(index.row_cells[base + order[i], ROW_RECORD])
        load.cut[order[i]] |= i - start + older > limit
        for j in range(i - 1, max(start, i - limit) - 1, -1):
            a = wide(index.row_cells[base + order[j], ROW_RECORD])
            if a == b or _shares_earlier_rule(load, rule, wide(order[j]), wide(order[i])):
                continue
            tally[PAIRS] += 1
            found = weigh_pair(index, query, load, a, b, population, scratch)
            if _is_edge(query.settings, found):
                _keep_edge(edges, tally[EDGES], (a, b), found, scratch)
                tally[EDGES] += 1
        row, visited = head, wide(i - start)
        while row > 0 and visited < limit:
            at = row - 1
            row = wide(index.next_row[at, rule])
            visited += 1
            if alive(index, at, base):
                a = wide(index.row_cells[at, ROW_RECORD])
                tally[PAIRS] += 1
                found = weigh_pair(index, query, load, a, b, population, scratch)
                if _is_edge(query.settings, found):
                    _keep_edge(edges, tally[EDGES], (a, b), found, scratch)
                    tally[EDGES] += 1
    return part[1]


@kernel
def forget_large(load: Load, rule: int, order: npt.NDArray[np.int32], limit: int) -> None:
    """Take back, for the rules to come, that rows of a block above the limit were compared: not all of them were."""
    start = 0
    for i in range(1, len(order) + 1):
        if i == len(order) or load.keys[order[i], rule] != load.keys[order[start], rule]:
            if i - start > limit:
                for k in range(start, i):
                    load.keys[order[k], rule] = 0
            start = i


@kernel
def link_blocks(index: HotIndex, load: Load, rule: int, order: npt.NDArray[np.int32]) -> None:
    """Link the load's sorted rows into the chains of their keys: as ``link_key`` row by row would, with one look a block."""
    index, load, order = borrow(index), borrow(load), borrow(order)
    i = 0
    while i < len(order):
        key = load.keys[order[i], rule]
        posting = get(index.postings, key)
        head, count = (wide(0), wide(0)) if posting < 0 else (posting & HEAD_MASK, posting >> COUNT_SHIFT)
        while i < len(order) and load.keys[order[i], rule] == key:
            row = load.base + order[i]
            index.next_row[row, rule] = head
            head, count = row + 1, count + 1
            i += 1
        put(index.postings, key, (count << COUNT_SHIFT) | head)
