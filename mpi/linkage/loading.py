"""Journal → hot index, many events at a time: rows as they were, then their keys, then the chains. No search, no decision.

The chains are most of the work, and waiting for memory is most of that. So the keys of many rows are made first, and then
each thread links those whose segments of the hash table are its own: a chain belongs to one key, a key to one segment, so
every chain is what it would be if one row came after the other. Segments are grown before, since they grow out of one arena.
"""

from __future__ import annotations

from concurrent.futures import Executor
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from mpi.linkage.blocking import BEGINNING, FOLD, SOUND, TERM_FEATURE, TERM_TRANSFORM, Rules, blocking_key
from mpi.linkage.borrow import borrow
from mpi.linkage.features import Encoded
from mpi.linkage.hashtable import SEGMENTS, Table, make_room, prefetch, segment_of
from mpi.linkage.hotindex import (
    GROUP_PREVIOUS,
    PERSONS,
    RECORD_GROUP,
    RECORDS,
    ROW_GROUP,
    HotIndex,
    add_group,
    add_tombstone,
    add_value,
    attach,
    dictionary_key,
    link_key,
    slot_in,
    supersede,
)
from mpi.linkage.jit import kernel, wide
from mpi.linkage.values import CHARS_LIMIT, CODE, FEATURE, LENGTH, OFFSET, Values

AHEAD = 32  # look-ups whose memory is asked for before the first is made
CELL_WORDS = 16  # uint32 words of a dictionary entry's cells

Ints = npt.NDArray[np.int64]


@kernel
def unpack_values(
    data: npt.NDArray[np.uint32], starts: Ints, cells: npt.NDArray[np.uint32], chars: npt.NDArray[np.uint32]
) -> int:
    """Dictionary entries of many events: ``data[starts[i]:starts[i + 1]]`` is what one event brought, empty or (number of
    entries, number of characters, the entries' cells, their characters).

    Fills ``cells`` ([n, CELL_WORDS], in pairs an int64) and ``chars``, which are as large as the numbers say. Returns the
    number of characters that the entries claim, or −1 where an entry is longer than any can be.
    """
    line, at, claimed = 0, 0, wide(0)
    for i in range(len(starts) - 1):
        if starts[i + 1] == starts[i]:
            continue
        place = starts[i] + 2
        for _ in range(wide(data[starts[i]])):
            for k in range(CELL_WORDS):
                cells[line, k] = data[place + k]
            length = wide(cells[line, 2 * LENGTH]) | wide(cells[line, 2 * LENGTH + 1]) << 32
            if length < 0 or length > CHARS_LIMIT:
                return -1
            claimed += length
            place += CELL_WORDS
            line += 1
        for _ in range(wide(data[starts[i] + 1])):
            chars[at] = data[place]
            place += 1
            at += 1
        if claimed != at:
            return -1
    return claimed


@kernel
def load_entries(index: HotIndex, values: Values) -> None:
    """Insert journalled dictionary entries in order; the cells of each name its feature."""
    index, values = borrow(index), borrow(values)
    offset = wide(0)
    for s in range(len(values.cells)):
        if s + AHEAD < len(values.cells):
            feature, code = values.cells[s + AHEAD, FEATURE], values.cells[s + AHEAD, CODE]
            prefetch(index.dictionary, dictionary_key(feature, code))
        values.cells[s, OFFSET] = offset
        offset += values.cells[s, LENGTH]
        add_value(index, values.cells[s, FEATURE], values.cells[s, CODE], values, s)


@kernel
def load_rows(index: HotIndex, encoded: Encoded, records: Ints, persons: Ints, retired: npt.NDArray[np.bool_]) -> None:
    """Insert the rows of events in order, without their chains. An event without rows changes nothing, unless it retires its
    record. ``records[q]`` beyond the records in use is a new one (they are dense), else an update."""
    index, encoded = borrow(index), borrow(encoded)
    for q in range(len(records)):
        record, person = records[q], persons[q]
        if retired[q]:
            add_tombstone(index, record)
        elif encoded.starts[q + 1] > encoded.starts[q]:
            start = add_group(index, encoded, q, record)
            if record < index.counters[RECORDS]:
                supersede(index, record, start)
            else:
                index.counters[RECORDS] = record + 1
                index.row_cells[start, GROUP_PREVIOUS] = -1
                index.record_cells[record, RECORD_GROUP] = start
                if person >= index.counters[PERSONS]:
                    index.counters[PERSONS] = person + 1
                    index.first_record[person] = 0
                attach(index, record, person)


@kernel
def row_keys(index: HotIndex, rules: Rules, texts: Ints, rows: tuple[int, int], keys: Ints) -> None:
    """Blocking keys of the rows from ``rows[0]`` to before ``rows[1]``, both the first of a group: int64[rows, rules] in
    ``keys``, 0 where a row has none or its group's first row has the same. ``texts``: features whose text some rule needs.
    """
    index, rules = borrow(index), borrow(rules)
    slots = np.zeros(index.rows.shape[1], np.int32)
    for row in range(rows[0], rows[1]):
        for f in texts:
            code = index.rows[row, f]
            slots[f] = slot_in(index.dictionary, f, code) if code != 0 else 0
        first, line = index.row_cells[row, ROW_GROUP], row - rows[0]
        for rule in range(len(rules.start) - 1):
            key = blocking_key(rules, rule, index.rows[row], slots, index.values)
            keys[line, rule] = 0 if row > first and key == keys[first - rows[0], rule] else key


@kernel
def grow_for(table: Table, keys: Ints) -> None:
    """Make room in each segment for as many new keys as there may be among these, int64[n, rules]."""
    counts = np.zeros(SEGMENTS, np.int64)
    for row in range(len(keys)):
        for rule in range(keys.shape[1]):
            if keys[row, rule] != 0:
                counts[segment_of(keys[row, rule])] += 1
    for segment in range(SEGMENTS):
        make_room(table, segment, counts[segment])


@kernel
def grow_to(table: Table, keys: int) -> None:
    """Make room for so many keys in all, evenly spread: a table that grows step by step leaves as much again behind."""
    for segment in range(SEGMENTS):
        make_room(table, segment, keys // SEGMENTS - table.segments[segment, 1])


@kernel
def link_rows(index: HotIndex, start: int, keys: Ints, segments: tuple[int, int]) -> None:
    """Link the rows from ``start`` on into the chains of those of their keys (int64[n, rules]) that are in the segments from
    ``segments[0]`` to before ``segments[1]``. No segment may have to grow."""
    index = borrow(index)
    waiting = np.empty((AHEAD, 3), np.int64)  # row, rule, key
    number = 0
    for row in range(len(keys)):
        for rule in range(keys.shape[1]):
            key = keys[row, rule]
            if key == 0 or not segments[0] <= segment_of(key) < segments[1]:
                continue
            prefetch(index.postings, key)
            waiting[number, 0], waiting[number, 1], waiting[number, 2] = start + row, rule, key
            number += 1
            if number == AHEAD:
                for i in range(AHEAD):
                    link_key(index, waiting[i, 0], waiting[i, 1], waiting[i, 2])
                number = 0
    for i in range(number):
        link_key(index, waiting[i, 0], waiting[i, 1], waiting[i, 2])


def needed_texts(rules: Rules) -> Ints:
    """The features whose texts the rules look at: by sound, folded, or by their beginning."""
    looks = np.isin(rules.terms[:, TERM_TRANSFORM], (SOUND, FOLD, BEGINNING))
    return np.unique(rules.terms[looks, TERM_FEATURE])


def link_loaded(index: HotIndex, rules: Rules, start: int, end: int, *, pool: Executor, threads: int) -> None:
    """Link the rows ``start`` to before ``end``, whole groups, with ``threads`` threads of ``pool``."""
    if start == end:
        return
    texts = needed_texts(rules)
    keys = np.empty((end - start, len(rules.start) - 1), np.int64)
    bounds = _bounds(index, start, end, threads)
    parts = [(a, b) for a, b in pairwise(bounds) if a < b]
    list(pool.map(lambda part: row_keys(index, rules, texts, part, keys[part[0] - start : part[1] - start]), parts))
    grow_for(index.postings, keys)
    shares = [(SEGMENTS * t // threads, SEGMENTS * (t + 1) // threads) for t in range(threads)]
    list(pool.map(lambda share: link_rows(index, start, keys, share), shares))


def _bounds(index: HotIndex, start: int, end: int, parts: int) -> list[int]:
    """Where rows are divided into ``parts`` of about one size: at the beginning of groups."""
    middle = [int(index.row_cells[start + (end - start) * part // parts, ROW_GROUP]) for part in range(parts)]
    return [*middle, end]
