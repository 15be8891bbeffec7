"""A whole file at once: all pairs that share a blocking key, weighed and decided as the service decides, and then clustered.

Where the service takes records one after the other, and leaves two persons apart for a steward once both exist, a file is
seen as a whole: the surest pairs are joined first, and two clusters that grew apart may be joined later. What a pair may not
do alone, no chain of pairs may do: two clusters that hold different valid numbers stay two, and so do clusters of many
records that only few pairs link (single linkage would make one person of a chain of strangers).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.linkage.borrow import borrow
from mpi.linkage.conflicts import lent, unique_valid
from mpi.linkage.features import Encoded
from mpi.linkage.hashtable import Table
from mpi.linkage.jit import kernel
from mpi.linkage.match import CERTAIN, POSSIBLE, grade_pair
from mpi.linkage.model import Model, TermFrequencies
from mpi.linkage.scoring import SCALE, Tables, compile_tables, match_weight
from mpi.linkage.search import Scratch, new_scratch
from mpi.linkage.settings import Settings, compile_settings
from mpi.records import PatientRecord
from training.modelling.encode import encode_records
from training.modelling.keys import groups_of, pair_chunks, without_large
from training.modelling.patterns import Int32s, empty_table, records_levels
from training.modelling.ruled import pair_flags
from training.modelling.rules import level_rules

Int64s = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

# Share of the pairs between two clusters that must be links for the two to be joined: one bad link in a hundred is no bridge.
DENSITY = 0.2


@dataclass(frozen=True)
class Clustered:
    """``person`` int64[N] numbers the clusters; ``reviews``: pairs of different clusters that a steward would be asked about;
    ``compared``: pairs that were weighed."""

    person: Int64s
    reviews: npt.NDArray[np.int32]
    compared: int


class Pairs(NamedTuple):
    """Pairs that are likely enough to matter: records a < b, weight in fixed point, records.Certainty."""

    a: Int32s
    b: Int32s
    weight: Int64s
    certainty: Bytes


def cluster(
    model: Model,
    frequencies: TermFrequencies,
    records: Sequence[PatientRecord],
    *,
    population: int = 0,
    one_per_source: bool = False,
) -> Clustered:
    """Link valid records as one file. Raises ModelError.

    ``population``: persons the prior is taken for; 0 takes half the number of records. ``one_per_source``: no source holds a
    person twice, so two records of one source never come together.
    """
    table = encode_records(model, records)
    encoded, settings = table.encoded, compile_settings(model)
    rules, _ = level_rules(model)
    size = round(np.log2(max(population, table.records / 2, 1)) * SCALE)
    tables, scratch, dictionary = compile_tables(model, frequencies), new_scratch(len(model.features)), empty_table()
    kept: list[Pairs] = []
    compared = 0
    for rule in rules:
        groups = without_large(groups_of(model, encoded, rule), limit=model.decision.block_limit)
        for a, b in pair_chunks(groups):
            weight, certainty = np.zeros(len(a), np.int64), np.zeros(len(a), np.uint8)
            _decide(tables, settings, encoded, a, b, size, dictionary, scratch, weight, certainty)
            compared += len(a)
            some = np.flatnonzero(certainty != POSSIBLE)
            kept.append(Pairs(np.minimum(a, b)[some], np.maximum(a, b)[some], weight[some], certainty[some]))
    pairs = _distinct(kept)
    sources = _sources(records) if one_per_source else np.zeros(0, np.int64)
    roots = _join(pairs, _numbers(model, settings, encoded), sources)
    apart = roots[pairs.a] != roots[pairs.b]
    return Clustered(
        np.unique(roots, return_inverse=True)[1].astype(np.int64), np.stack([pairs.a, pairs.b], 1)[apart], compared
    )


def grade_pairs(
    model: Model,
    frequencies: TermFrequencies,
    records: Sequence[PatientRecord],
    pairs: tuple[Int32s, Int32s],
    *,
    population: int,
) -> tuple[npt.NDArray[np.float64], Bytes]:
    """(weight in bits, records.Certainty) of given pairs of valid records, each by itself, vetoes included. No blocking.

    ``pairs``: int32[P] places of the one and of the other records. ``population``: persons the prior is taken for. Raises
    ValueError where a record is not valid: places would no longer be right.
    """
    table = encode_records(model, records)
    if table.refused:
        raise ValueError(f"{table.refused} records are not valid")
    tables, scratch, dictionary = compile_tables(model, frequencies), new_scratch(len(model.features)), empty_table()
    weight, certainty = np.zeros(len(pairs[0]), np.int64), np.zeros(len(pairs[0]), np.uint8)
    size = round(np.log2(max(population, 1)) * SCALE)
    settings = compile_settings(model)
    _decide(tables, settings, table.encoded, *pairs, size, dictionary, scratch, weight, certainty)
    return weight / SCALE, certainty


def _distinct(parts: list[Pairs]) -> Pairs:
    """Each pair once, whatever number of rules it satisfies."""
    a, b = (np.concatenate([np.zeros(0, np.int32), *(p[i] for p in parts)]) for i in range(2))
    weight = np.concatenate([np.zeros(0, np.int64), *(p.weight for p in parts)])
    certainty = np.concatenate([np.zeros(0, np.uint8), *(p.certainty for p in parts)])
    _, first = np.unique(a.astype(np.int64) << 32 | b.astype(np.int64), return_index=True)
    return Pairs(a[first], b[first], weight[first], certainty[first])


def _sources(records: Sequence[PatientRecord]) -> Int64s:
    """int64[N]: a bit for the source of each record; beyond 62 sources several share one, which keeps too much apart."""
    numbers: dict[str, int] = {}
    return np.array([1 << min(numbers.setdefault(r.source, len(numbers)), 62) for r in records], np.int64)


def _numbers(model: Model, settings: Settings, encoded: Encoded) -> Int64s:
    """int64[N]: a valid unique identifier of each record, 0 where it has none of its own."""
    out = np.zeros(len(encoded.starts) - 1, np.int64)
    column = model.column("national_id")
    if column >= 0:
        _valid_numbers(settings, encoded, column, out)
    return out


@kernel
def _valid_numbers(settings: Settings, encoded: Encoded, column: int, out: Int64s) -> None:
    settings, encoded = borrow(settings), borrow(encoded)
    for q in range(len(out)):
        for r in range(encoded.starts[q], encoded.starts[q + 1]):
            if unique_valid(settings, encoded.rows[r, column]) and not lent(settings, encoded.rows[r]):
                out[q] = encoded.rows[r, column]


@kernel
def _decide(
    tables: Tables,
    settings: Settings,
    encoded: Encoded,
    a: Int32s,
    b: Int32s,
    population: int,
    dictionary: Table,
    scratch: Scratch,
    weights: Int64s,
    certainties: Bytes,
) -> None:
    """Weight of each pair, and what it would come to by itself: a records.Certainty."""
    tables, settings, encoded = borrow(tables), borrow(settings), borrow(encoded)
    dictionary, scratch = borrow(dictionary), borrow(scratch)
    for i in range(len(a)):
        records_levels(tables, encoded, a[i], b[i], dictionary, scratch)
        weight, winner = match_weight(tables, scratch.levels, scratch.adjustments, population, len(scratch.levels))
        facts = (pair_flags(settings, encoded, min(a[i], b[i]), max(a[i], b[i])), winner, population)
        weights[i] = weight
        certainties[i] = grade_pair(tables, settings, scratch.levels, scratch.adjustments, facts, weight)[0]


def _join(pairs: Pairs, numbers: Int64s, sources: Int64s) -> Int64s:
    """int64[N]: the root of each record's cluster.

    Round after round, clusters are joined that enough of the pairs between them link, the surest pair first; each cluster
    once a round. ``numbers`` and ``sources`` become those of each cluster at its root.
    """
    roots = np.arange(len(numbers), dtype=np.int64)
    linked = pairs.certainty == CERTAIN
    a, b, weight = pairs.a[linked].astype(np.int64), pairs.b[linked].astype(np.int64), pairs.weight[linked]
    while True:
        x, y = np.minimum(roots[a], roots[b]), np.maximum(roots[a], roots[b])
        apart = x != y
        a, b, weight, x, y = a[apart], b[apart], weight[apart], x[apart], y[apart]
        order = np.lexsort((-weight, y, x))
        fresh = np.ones(len(order), np.bool_)
        fresh[1:] = (np.diff(x[order]) != 0) | (np.diff(y[order]) != 0)
        starts = np.flatnonzero(fresh)
        counts = np.diff(np.append(starts, len(order)))
        best = order[starts]
        size = np.bincount(roots, minlength=len(roots))
        enough = counts >= np.ceil(DENSITY * size[x[best]] * size[y[best]])
        best = best[enough][np.argsort(-weight[best[enough]], kind="stable")]
        parent = np.arange(len(roots), dtype=np.int64)
        if _merge(x[best], y[best], numbers, sources, parent) == 0:
            return roots
        roots = parent[roots]


@kernel
def _merge(x: Int64s, y: Int64s, numbers: Int64s, sources: Int64s, parent: Int64s) -> int:
    """Join roots x[i] < y[i] in order, each root at most once; returns how many were joined."""
    used = np.zeros(len(parent), np.bool_)
    joined = 0
    for i in range(len(x)):
        first, second = x[i], y[i]
        if used[first] or used[second]:
            continue
        if numbers[first] != 0 and numbers[second] != 0 and numbers[first] != numbers[second]:
            continue
        if len(sources) > 0:
            if sources[first] & sources[second]:
                continue
            sources[first] |= sources[second]
        used[first] = used[second] = True
        parent[second] = first
        joined += 1
        if numbers[first] == 0:
            numbers[first] = numbers[second]
    return joined
