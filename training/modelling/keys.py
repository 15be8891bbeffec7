"""Pairs of records that share a rule's key, rule by rule, within a budget of pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.linkage.blocking import mix
from mpi.linkage.features import Encoded
from mpi.linkage.jit import kernel
from mpi.linkage.model import Model
from training.modelling.rules import Keys, LevelRule, term_keys

Ints = npt.NDArray[np.int64]

ROWS_COMBINED = 64  # combinations of a record's rows that are looked at for one rule
CHUNK_PAIRS = 1_000_000
PASS_PAIRS = 20_000_000  # pairs that are sorted at a time: 160 MB
RULE_BITS, MOST_RULES = 6, 63  # of a pair's number and of a mask, in which one bit stays free
RECORD_BITS = 28  # of a pair's number, twice


class Groups(NamedTuple):
    """Records that share a key: group g is ``records[starts[g]:starts[g + 1]]``. ``repeated``: pairs may stand in several."""

    records: npt.NDArray[np.int32]
    starts: Ints
    repeated: bool

    def pairs(self) -> int:
        sizes = np.diff(self.starts)
        return int((sizes * (sizes - 1) // 2).sum())


def groups_of(model: Model, table: Encoded, rule: LevelRule) -> Groups:
    """All groups of two records or more; the records of a group are distinct."""
    terms = np.stack([term_keys(model, table, term) for term in rule.terms], axis=1)
    return group_records(*_combined_keys(terms, table.starts))


def group_records(keys: npt.NDArray[np.uint64] | Ints, records: npt.NDArray[np.int32]) -> Groups:
    """All groups of two different records or more that have one key; ``keys[i]`` is a key of ``records[i]``."""
    order = np.lexsort((records, keys))
    keys, records = keys[order], records[order]
    fresh = np.ones(len(keys), np.bool_)
    fresh[1:] = (keys[1:] != keys[:-1]) | (records[1:] != records[:-1])
    keys, records = keys[fresh], records[fresh]
    edges = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1], [True]])) if len(keys) else np.zeros(1, np.int64)
    repeated = bool(len(records) > len(np.unique(records)))
    return without_large(Groups(records, edges, repeated), limit=len(records))


def without_large(groups: Groups, *, limit: int) -> Groups:
    """Groups of 2 to ``limit`` records."""
    sizes = np.diff(groups.starts)
    kept = (sizes > 1) & (sizes <= limit)
    inside = np.repeat(kept, sizes)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes[kept])])
    return Groups(groups.records[inside], starts, groups.repeated)


def _combined_keys(terms: Keys, starts: Ints) -> tuple[Keys, npt.NDArray[np.int32]]:
    """(key, record) of every combination of each record's values: a pair may agree by values that stand in unlike rows."""
    nothing = np.zeros(0, np.uint64)
    size = _combine(terms, starts, nothing, np.zeros(0, np.int32))
    keys, records = np.zeros(size, np.uint64), np.zeros(size, np.int32)
    _combine(terms, starts, keys, records)
    return keys, records


@kernel
def _combine(terms: Keys, starts: Ints, keys: Keys, records: npt.NDArray[np.int32]) -> int:
    """Number of keys; stores them where there is room."""
    found, width = 0, terms.shape[1]
    for q in range(len(starts) - 1):
        rows = starts[q + 1] - starts[q]
        combinations = 1
        for _ in range(width):
            combinations = min(combinations * rows, ROWS_COMBINED)
        for number in range(combinations):
            rest, key, complete = number, np.uint64(width), True
            for t in range(width):
                value = terms[starts[q] + rest % rows, t]
                rest = rest // rows
                complete = complete and value != np.uint64(0)
                key = mix(key, value)
            if complete:
                if len(keys) > 0:
                    keys[found], records[found] = key, q
                found += 1
    return found


def pair_chunks(groups: Groups) -> Iterator[tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]]:
    """All pairs (a, b), each once, about ``CHUNK_PAIRS`` at a time."""
    if groups.repeated:
        parts = [_pair_numbers(*chunk) for chunk in _group_chunks(groups)]
        numbers = np.unique(np.concatenate([np.zeros(0, np.int64), *parts]))
        for at in range(0, len(numbers), CHUNK_PAIRS):
            chunk = numbers[at : at + CHUNK_PAIRS]
            yield (chunk >> 32).astype(np.int32), (chunk & 0xFFFFFFFF).astype(np.int32)
    else:
        yield from _group_chunks(groups)


def pairs_of_groups(groups: Sequence[Groups]) -> Iterator[tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], Keys]]:
    """All pairs (a, b) of several rules' groups, each once and in order, and uint64 with bit r set where it is in groups[r].

    A pair of one person shares the keys of most rules, and comparing it costs more than finding out.
    """
    assert len(groups) <= MOST_RULES
    assert all(each.records.max(initial=0) < 1 << RECORD_BITS for each in groups)
    passes = -(-sum(each.pairs() for each in groups) // PASS_PAIRS)
    for turn in range(passes):
        parts = [np.zeros(0, np.int64)]
        for r, each in enumerate(groups):
            for a, b in _group_chunks(each):
                numbers = _pair_numbers(a, b)
                mine = numbers if passes == 1 else numbers[(numbers >> 32) % passes == turn]
                parts.append(((mine >> 32) << RECORD_BITS | (mine & 0xFFFFFFFF)) << RULE_BITS | r)
        numbers = np.concatenate(parts)
        del parts
        numbers.sort()
        if len(numbers):
            yield from _merged(numbers)


def _merged(numbers: Ints) -> Iterator[tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], Keys]]:
    """``pairs_of_groups`` of sorted numbers: the smaller record, the larger one, the rule."""
    edges = np.flatnonzero(np.concatenate([[True], numbers[1:] >> RULE_BITS != numbers[:-1] >> RULE_BITS, [True]]))
    for first in range(0, len(edges) - 1, CHUNK_PAIRS):
        chunk = edges[first : first + CHUNK_PAIRS + 1]
        rules = np.uint64(1) << (numbers[chunk[0] : chunk[-1]] & ((1 << RULE_BITS) - 1)).astype(np.uint64)
        pairs = numbers[chunk[:-1]] >> RULE_BITS
        low, high = (pairs >> RECORD_BITS).astype(np.int32), (pairs & ((1 << RECORD_BITS) - 1)).astype(np.int32)
        yield low, high, np.bitwise_or.reduceat(rules, chunk[:-1] - chunk[0])


def _pair_numbers(a: npt.NDArray[np.int32], b: npt.NDArray[np.int32]) -> Ints:
    low, high = np.minimum(a, b).astype(np.int64), np.maximum(a, b).astype(np.int64)
    numbers: Ints = (low << 32) | high
    return numbers


def _group_chunks(groups: Groups) -> Iterator[tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]]:
    sizes = np.diff(groups.starts)
    reached = np.cumsum(sizes * (sizes - 1) // 2)
    first = 0
    while first < len(sizes):
        before = reached[first - 1] if first else 0
        last = max(int(np.searchsorted(reached, before + CHUNK_PAIRS, side="right")), first + 1)
        count = int(reached[last - 1] - before)
        a, b = np.empty(count, np.int32), np.empty(count, np.int32)
        _write_pairs(groups.records, groups.starts[first : last + 1], a, b)
        yield a, b
        first = last


@kernel
def _write_pairs(records: npt.NDArray[np.int32], starts: Ints, a: npt.NDArray[np.int32], b: npt.NDArray[np.int32]) -> None:
    at = 0
    for g in range(len(starts) - 1):
        for i in range(starts[g], starts[g + 1]):
            for j in range(i + 1, starts[g + 1]):
                a[at], b[at] = records[i], records[j]
                at += 1
