"""The hot index as the kernels see it: rows, chains, dictionary, records, persons. Arrays only; the registry allocates them.

    blocking key ─ postings ─▶ last row with it ─ next[row, rule] ─▶ earlier rows …
    row ─ record_of_row ─▶ record ─ person_of ─▶ person ─ first_record, next_record ─▶ its records ─ group_of ─▶ their rows

Everything is append-only. ``visible`` (a number of rows) is a reader's snapshot: rows at or beyond it do not exist for him. A
record's rows stand together (a *group*); an update appends a new group and marks the old one dead from that position on, so
that a reader's snapshot decides which of the two he sees.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.linkage.blocking import Rules, blocking_key, mix
from mpi.linkage.features import Encoded
from mpi.linkage.hashtable import Table, get, put
from mpi.linkage.jit import inner, wide
from mpi.linkage.values import CODE, FEATURE, LENGTH, OFFSET, Values

COUNT_SHIFT = 34  # a posting packs (number of rows << 34) | (last row + 1)
HEAD_MASK = (1 << COUNT_SHIFT) - 1

# counters of HotIndex.counters
ROWS, RECORDS, PERSONS, VALUES, CHARS, COLLISIONS = range(6)
COUNTERS = 6


# columns of row_cells; the GROUP_ ones hold at a group's first row
ROW_RECORD, ROW_GROUP, GROUP_SIZE, GROUP_PREVIOUS, GROUP_DEAD = range(5)
# columns of record_cells
RECORD_GROUP, RECORD_PERSON, RECORD_NEXT = range(3)


class HotIndex(NamedTuple):
    """N rows, M records, P persons reserved; the counters say how many are in use.

    row_cells     record; first row of its group; rows in the group; the record's earlier group (−1 none); position from
                  which on the group is superseded (0 never)
    record_cells  first row of the record's latest group; person; next record of the same person, + 1 (0 none)
    """

    counters: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]  # [N, width]
    row_cells: npt.NDArray[np.int64]  # [N, 5]
    next_row: npt.NDArray[np.int32]  # [N, K] earlier row with the same key, + 1; 0 none
    postings: Table
    dictionary: Table  # dictionary_key → slot
    values: Values  # by slot; slot 0 is the missing value
    record_cells: npt.NDArray[np.int64]  # [M, 3]
    first_record: npt.NDArray[np.int32]  # [P] + 1


@inner
def dictionary_key(feature: int, code: int) -> int:
    """Key of a feature's value. The feature is part of it: one character reads otherwise as a surname."""
    return wide(mix(np.uint64(feature + 1), np.uint64(code)) | np.uint64(1))


@inner
def slot_in(dictionary: Table, feature: int, code: int) -> int:
    """Dictionary slot of a value; 0 (the missing value) for one that is not there."""
    slot = get(dictionary, dictionary_key(feature, code))
    return slot if slot > 0 else 0


@inner
def alive(index: HotIndex, row: int, visible: int) -> bool:
    """Whether a row is part of its record's version in the snapshot ``visible``."""
    if row >= visible:
        return False
    dead = index.row_cells[index.row_cells[row, ROW_GROUP], GROUP_DEAD]
    return bool(dead == 0 or dead >= visible)


@inner
def group_in(index: HotIndex, record: int, visible: int) -> int:
    """First row of a record's version in the snapshot, or −1 if it has none (not there yet, or retired)."""
    group = index.record_cells[record, RECORD_GROUP]
    while group >= visible:
        group = index.row_cells[group, GROUP_PREVIOUS]
    if group < 0:
        return -1
    dead = index.row_cells[group, GROUP_DEAD]
    return group if dead == 0 or dead >= visible else -1


@inner
def add_value(index: HotIndex, feature: int, code: int, source: Values, slot: int) -> int:
    """Copy a value of a side buffer into the dictionary unless it is there; returns its slot.

    Two values with one key are told apart by their codes: the second one is counted and keeps the first one's text.
    """
    key = dictionary_key(feature, code)
    known = get(index.dictionary, key)
    if known > 0:
        if index.values.cells[known, CODE] != code:
            index.counters[COLLISIONS] += 1
        return known
    at, offset = index.counters[VALUES], index.counters[CHARS]
    length = source.cells[slot, LENGTH]
    target = index.values
    target.cells[at, :] = source.cells[slot, :]
    target.cells[at, OFFSET], target.cells[at, FEATURE] = offset, feature
    for k in range(length):
        target.chars[offset + k] = source.chars[source.cells[slot, OFFSET] + k]
    index.counters[VALUES], index.counters[CHARS] = at + 1, offset + length
    put(index.dictionary, key, at)
    return wide(at)


@inner
def add_group(index: HotIndex, encoded: Encoded, query: int, record: int) -> int:
    """Append the rows of a query as the newest version of ``record``; returns the first row. Chains are linked apart."""
    start = index.counters[ROWS]
    first, last = encoded.starts[query], encoded.starts[query + 1]
    for r in range(first, last):
        row = start + r - first
        for f in range(index.rows.shape[1]):
            index.rows[row, f] = encoded.rows[r, f]
        for f in range(encoded.slots.shape[1]):
            if encoded.slots[r, f] > 0:
                add_value(index, f, encoded.rows[r, f], encoded.values, wide(encoded.slots[r, f]))
        index.row_cells[row, ROW_RECORD] = record
        index.row_cells[row, ROW_GROUP] = start
        index.row_cells[row, GROUP_DEAD] = 0
    index.row_cells[start, GROUP_SIZE] = last - first
    index.counters[ROWS] = start + last - first
    return wide(start)


@inner
def link_key(index: HotIndex, row: int, rule: int, key: int) -> None:
    """Put a row at the head of its key's chain: next first, then the head, so that a reader never loses the chain."""
    posting = get(index.postings, key)
    head, count = (0, 0) if posting < 0 else (posting & HEAD_MASK, posting >> COUNT_SHIFT)
    index.next_row[row, rule] = head
    put(index.postings, key, ((count + 1) << COUNT_SHIFT) | (row + 1))


@inner
def unlink_key(index: HotIndex, row: int, rule: int, key: int) -> None:
    """Undo ``link_key`` for the row that is the head of its chain (reverse order of insertion)."""
    posting = get(index.postings, key)
    put(index.postings, key, (((posting >> COUNT_SHIFT) - 1) << COUNT_SHIFT) | index.next_row[row, rule])


@inner
def attach(index: HotIndex, record: int, person: int) -> None:
    """Make ``record`` the first of the person's records."""
    index.record_cells[record, RECORD_PERSON] = person
    index.record_cells[record, RECORD_NEXT] = index.first_record[person]
    index.first_record[person] = record + 1


@inner
def link_group(index: HotIndex, rules: Rules, encoded: Encoded, query: int, start: int) -> None:
    """Link a group's rows into the chains of their keys. A row repeats no key of the group's first row."""
    first = encoded.starts[query]
    for r in range(first, encoded.starts[query + 1]):
        for rule in range(len(rules.start) - 1):
            key = row_key(rules, rule, encoded, first, r)
            if key != 0:
                link_key(index, start + r - first, rule, key)


@inner
def unlink_group(index: HotIndex, rules: Rules, encoded: Encoded, query: int, start: int) -> None:
    """Undo ``link_group`` for the group that was linked last."""
    first = encoded.starts[query]
    for r in range(encoded.starts[query + 1] - 1, first - 1, -1):
        for rule in range(len(rules.start) - 2, -1, -1):
            key = row_key(rules, rule, encoded, first, r)
            if key != 0:
                unlink_key(index, start + r - first, rule, key)


@inner
def row_key(rules: Rules, rule: int, encoded: Encoded, first: int, row: int) -> int:
    """Blocking key of a row, or 0 where it has none or the group's first row has the same."""
    key = blocking_key(rules, rule, encoded.rows[row], encoded.slots[row], encoded.values)
    if row > first and key == blocking_key(rules, rule, encoded.rows[first], encoded.slots[first], encoded.values):
        return 0
    return key


@inner
def supersede(index: HotIndex, record: int, start: int) -> None:
    """Make the group at ``start`` the record's version; readers with an older snapshot keep seeing the one before."""
    old = index.record_cells[record, RECORD_GROUP]
    index.row_cells[start, GROUP_PREVIOUS] = old
    index.row_cells[old, GROUP_DEAD] = start
    index.record_cells[record, RECORD_GROUP] = start


@inner
def add_tombstone(index: HotIndex, record: int) -> int:
    """Retire a record: an empty group that is dead from its own position on supersedes what it was. Returns its row."""
    start = index.counters[ROWS]
    index.rows[start, :] = 0
    index.row_cells[start, ROW_RECORD] = record
    index.row_cells[start, ROW_GROUP] = start
    index.row_cells[start, GROUP_SIZE] = 1
    index.counters[ROWS] = start + 1
    supersede(index, record, start)
    index.row_cells[start, GROUP_DEAD] = start
    return wide(start)
