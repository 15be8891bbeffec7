"""Pairs → agreement levels → counted patterns. A pattern is packed into 64 bits, four a feature: millions count fast."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
import numpy as np
import numpy.typing as npt

from mpi.linkage.borrow import borrow
from mpi.linkage.comparison import LEVELS
from mpi.linkage.features import Encoded
from mpi.linkage.hashtable import SEGMENTS, Table, arena_slots, prepare
from mpi.linkage.jit import inner, kernel
from mpi.linkage.model import Model, TermFrequencies
from mpi.linkage.scoring import Tables, compile_tables
from mpi.linkage.search import Scratch, new_scratch, pair_levels
from training.cores import cores, shared_out
from training.modelling.keys import MOST_RULES, Groups, groups_of, pair_chunks, pairs_of_groups, without_large
from training.modelling.rules import LevelRule

Packed = npt.NDArray[np.uint64]
Levels = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]

BITS = 4  # a level


@dataclass
class Counted:
    """Distinct patterns of scored features and what they come from.

    patterns  uint8[P, S]
    counts    float64[P]
    rules     the rules that were used, in the order in which pairs are counted under them, with their groups of records
    notes     what was left out
    """

    patterns: Levels
    counts: npt.NDArray[np.float64]
    rules: list[tuple[LevelRule, Groups]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Comparer:
    """Compares pairs of one table with the service's own kernels. Columns of a pattern are the model's scored features."""

    def __init__(self, model: Model, encoded: Encoded) -> None:
        self.model, self.encoded = model, encoded
        self.scored = [i for i, feature in enumerate(model.features) if feature.scored]
        self._tables = _plain_tables(model)
        self._dictionary = empty_table()
        self._scratches = [new_scratch(len(model.features)) for _ in range(cores())]

    def packed(self, a: Int32s, b: Int32s) -> Packed:
        """The pattern of each pair of records."""
        out = np.zeros(len(a), np.uint64)

        def compare(worker: int, part: slice) -> None:
            scratch = self._scratches[worker]
            _compare(self._tables, self.encoded, a[part], b[part], self._dictionary, scratch, out[part])

        shared_out(len(a), compare)
        return out

    def unpacked(self, packed: Packed) -> Levels:
        """Levels uint8[P, S] of packed patterns."""
        shifts = np.array(self.scored, np.uint64) * np.uint64(BITS)
        return ((packed[:, None] >> shifts) & np.uint64((1 << BITS) - 1)).astype(np.uint8)


def _plain_tables(model: Model) -> Tables:
    """Tables for comparing only: the numbers a fit will find do not matter for levels."""
    features = []
    for item in model.features:
        size = len(LEVELS[item.kind]) - 1
        features.append(msgspec.structs.replace(item, u=(1 / size,) * size, term_frequency=False))
    classes = tuple(msgspec.structs.replace(c, expected=1.0, m={}) for c in model.classes)
    nothing = np.zeros(0, np.int64)
    plain = msgspec.structs.replace(model, features=tuple(features), classes=classes)
    return compile_tables(plain, TermFrequencies(nothing, nothing, np.zeros(0, np.float64)))


def empty_table() -> Table:
    """A dictionary without entries, where all texts are in the batch itself."""
    table = Table(np.zeros((arena_slots(1), 2), np.int64), np.zeros((SEGMENTS + 1, 2), np.int64))
    prepare(table)
    return table


@inner
def rows_of(encoded: Encoded, record: int) -> npt.NDArray[np.int64]:
    """int64[n, width]: a record's rows."""
    return encoded.rows[encoded.starts[record] : encoded.starts[record + 1]]


@inner
def records_levels(tables: Tables, encoded: Encoded, a: int, b: int, dictionary: Table, scratch: Scratch) -> None:
    """Leave the levels of records a and b of one batch in ``scratch``."""
    rows_a, rows_b = (encoded.starts[a], encoded.starts[a + 1]), (encoded.starts[b], encoded.starts[b + 1])
    pair_levels(tables, encoded, rows_a, encoded, rows_b, dictionary, scratch)


@kernel
def _compare(
    tables: Tables, encoded: Encoded, a: Int32s, b: Int32s, dictionary: Table, scratch: Scratch, out: Packed
) -> None:
    tables, encoded, dictionary, scratch = borrow(tables), borrow(encoded), borrow(dictionary), borrow(scratch)
    for i in range(len(a)):
        records_levels(tables, encoded, a[i], b[i], dictionary, scratch)
        packed = np.uint64(0)
        for f in range(len(scratch.levels)):
            packed |= np.uint64(scratch.levels[f]) << np.uint64(4 * f)
        out[i] = packed


def count_blocked(comparer: Comparer, rules: list[LevelRule], *, budget: int, largest: int) -> Counted:
    """Patterns of all pairs that satisfy a rule. A pair is counted under the first of its rules.

    ``budget``: pairs to compare in all. A rule that would exceed it gives up its groups of more than ``largest`` records, and
    is left out if that does not help; both are noted.
    """
    notes: list[str] = []
    chosen = _within_budget(comparer, rules, budget, largest, notes)
    patterns, counts = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    for a, b, keys in pairs_of_groups([groups for _, groups in chosen]):
        packed, inverse = np.unique(comparer.packed(a, b), return_inverse=True)
        first = _first_rules(comparer, comparer.unpacked(packed), [rule for rule, _ in chosen])[inverse]
        number = np.bincount(inverse[keys >> first & np.uint64(1) != 0], minlength=len(packed))
        patterns.append(packed[number > 0])
        counts.append(number[number > 0])
    packed, inverse = np.unique(np.concatenate(patterns), return_inverse=True)
    total = np.bincount(inverse, np.concatenate(counts).astype(np.float64), minlength=len(packed)).astype(np.float64)
    return Counted(comparer.unpacked(packed), total, chosen, notes)


def _first_rules(comparer: Comparer, levels: Levels, rules: list[LevelRule]) -> Packed:
    """uint64[P]: number of the first rule that each pattern satisfies, MOST_RULES where it satisfies none."""
    first = np.full(len(levels), MOST_RULES, np.uint64)
    for place in reversed(range(len(rules))):
        first[holds(comparer, levels, rules[place])] = place
    return first


def _within_budget(
    comparer: Comparer, rules: list[LevelRule], budget: int, largest: int, notes: list[str]
) -> list[tuple[LevelRule, Groups]]:
    """Cheapest rules first, as long as the budget lasts."""
    made = [(rule, groups_of(comparer.model, comparer.encoded, rule)) for rule in rules]
    chosen, spent = [], 0
    for rule, all_groups in sorted(made, key=lambda item: item[1].pairs()):
        groups = all_groups
        if spent + groups.pairs() > budget:
            groups = without_large(groups, limit=largest)
            notes.append(f"rule {rule.text}: values shared by more than {largest:,} records were left out of the estimation")
        if spent + groups.pairs() > budget:
            notes[-1] = f"rule {rule.text}: {all_groups.pairs():,} pairs are too many; left out of the estimation"
        elif groups.pairs() > 0:
            spent += groups.pairs()
            chosen.append((rule, groups))
    return chosen


def holds(comparer: Comparer, levels: Levels, rule: LevelRule) -> npt.NDArray[np.bool_]:
    """bool[P]: whether the patterns satisfy a rule."""
    result = np.ones(len(levels), np.bool_)
    for term in rule.terms:
        column = comparer.scored.index(term.column)
        result &= np.isin(levels[:, column], list(term.levels))
    return result


def count_random(comparer: Comparer, *, pairs: int, seed: int) -> Counted:
    """Patterns of random pairs of different records; of all pairs where there are not more than ``pairs``."""
    records = len(comparer.encoded.starts) - 1
    total = records * (records - 1) // 2
    if total <= pairs:
        everyone = Groups(np.arange(records, dtype=np.int32), np.array([0, records], np.int64), repeated=False)
        chunks = pair_chunks(everyone) if records > 1 else iter(())
    else:
        random = np.random.default_rng(seed)
        a = np.sort(random.integers(0, records, pairs))  # records that are near each other in memory, one after the other
        b = (a + random.integers(1, records, pairs)) % records
        chunks = iter([(a.astype(np.int32), b.astype(np.int32))])
    patterns, counts = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    for first, second in chunks:
        packed, count = np.unique(comparer.packed(first, second), return_counts=True)
        patterns.append(packed)
        counts.append(count)
    packed, inverse = np.unique(np.concatenate(patterns), return_inverse=True)
    sums = np.bincount(inverse, np.concatenate(counts).astype(np.float64), minlength=len(packed)).astype(np.float64)
    return Counted(comparer.unpacked(packed), sums)
