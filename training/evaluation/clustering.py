"""A whole file at once: all pairs that share a blocking key, weighed and decided as the service decides, and then clustered
as a bulk load clusters (``mpi.linkage.clustering``).

Where the service takes records one after the other, and leaves two persons apart for a steward once both exist, a file is
seen as a whole: the surest pairs are joined first, and two clusters that grew apart may be joined later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.linkage.blocks import CERTAINTY, FLAGS, WHY, WINNER, Edges, new_edges
from mpi.linkage.borrow import borrow
from mpi.linkage.clustering import Records
from mpi.linkage.clustering import cluster as cluster_edges
from mpi.linkage.conflicts import pair_flags
from mpi.linkage.features import Encoded
from mpi.linkage.hashtable import Table
from mpi.linkage.jit import kernel
from mpi.linkage.match import POSSIBLE, grade_pair
from mpi.linkage.model import Model, TermFrequencies
from mpi.linkage.scoring import SCALE, Tables, compile_tables, match_weight
from mpi.linkage.search import Scratch, new_scratch
from mpi.linkage.settings import Settings, compile_settings
from mpi.records import PatientRecord
from training.modelling.encode import encode_records
from training.modelling.keys import groups_of, pair_chunks, without_large
from training.modelling.patterns import Int32s, empty_table, records_levels, rows_of
from training.modelling.rules import level_rules

Int64s = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Clustered:
    """``person`` int64[N] numbers the clusters; ``reviews``: pairs of different clusters that a steward would be asked about;
    ``compared``: pairs that were weighed."""

    person: Int64s
    reviews: npt.NDArray[np.int32]
    compared: int


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
    found = weighed_edges(model, frequencies, records, population=population)
    edges, settings, starts = found.edges, compile_settings(model), found.encoded.starts.astype(np.int32)
    sources = _sources(records) if one_per_source else None
    roots = cluster_edges(settings, Records(found.encoded.rows, starts[:-1], starts[1:]), edges, sources=sources).root
    asked = (roots[edges.ends[:, 0]] != roots[edges.ends[:, 1]]) & (edges.facts[:, CERTAINTY] != POSSIBLE)
    return Clustered(np.unique(roots, return_inverse=True)[1].astype(np.int64), edges.ends[asked], found.compared)


class Found(NamedTuple):
    """Encoded records, the edges between them, each pair once, and how many pairs were weighed for it."""

    encoded: Encoded
    edges: Edges
    compared: int


def weighed_edges(
    model: Model, frequencies: TermFrequencies, records: Sequence[PatientRecord], *, population: int = 0
) -> Found:
    """The pairs of a file that share a blocking key and weigh enough to matter; ``population`` as for ``cluster``."""
    table = encode_records(model, records)
    encoded, settings = table.encoded, compile_settings(model)
    rules, _ = level_rules(model)
    size = round(np.log2(max(population, table.records / 2, 1)) * SCALE)
    tables, scratch, dictionary = compile_tables(model, frequencies), new_scratch(len(model.features)), empty_table()
    kept: list[Edges] = []
    compared = 0
    for rule in rules:
        groups = without_large(groups_of(model, encoded, rule), limit=model.decision.block_limit)
        for a, b in pair_chunks(groups):
            weighed = _weighed(tables, settings, encoded, (np.minimum(a, b), np.maximum(a, b)), size, dictionary, scratch)
            compared += len(a)
            rivals = weighed.weight >= settings.upper - settings.margin
            kept.append(_chosen(weighed, np.flatnonzero((weighed.facts[:, CERTAINTY] != POSSIBLE) | rivals)))
    return Found(encoded, _distinct(kept, len(model.features)), compared)


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
    size = round(np.log2(max(population, 1)) * SCALE)
    ordered = (np.minimum(*pairs), np.maximum(*pairs))
    weighed = _weighed(tables, compile_settings(model), table.encoded, ordered, size, dictionary, scratch)
    return weighed.weight / SCALE, weighed.facts[:, CERTAINTY].astype(np.uint8)


def _weighed(
    tables: Tables,
    settings: Settings,
    encoded: Encoded,
    pairs: tuple[Int32s, Int32s],
    population: int,
    dictionary: Table,
    scratch: Scratch,
) -> Edges:
    """An edge for each pair."""
    edges = new_edges(len(pairs[0]), len(scratch.levels))
    edges.ends[:, 0], edges.ends[:, 1] = pairs
    _weigh(tables, settings, encoded, population, dictionary, scratch, edges)
    return edges


def _chosen(edges: Edges, places: npt.NDArray[np.intp]) -> Edges:
    return Edges._make(column[places] for column in edges)


def _distinct(parts: list[Edges], features: int) -> Edges:
    """Each pair once, whatever number of rules it satisfies."""
    edges = Edges._make(np.concatenate(columns) for columns in zip(new_edges(0, features), *parts, strict=True))
    _, first = np.unique(edges.ends[:, 0].astype(np.int64) << 32 | edges.ends[:, 1].astype(np.int64), return_index=True)
    return _chosen(edges, first)


def _sources(records: Sequence[PatientRecord]) -> Int64s:
    """int64[N]: a bit for the source of each record; beyond 62 sources several share one, which keeps too much apart."""
    numbers: dict[str, int] = {}
    return np.array([1 << min(numbers.setdefault(r.source, len(numbers)), 62) for r in records], np.int64)


@kernel
def _weigh(
    tables: Tables,
    settings: Settings,
    encoded: Encoded,
    population: int,
    dictionary: Table,
    scratch: Scratch,
    edges: Edges,
) -> None:
    """Fill in what the pairs of ``edges.ends`` weigh, and what each would come to by itself."""
    tables, encoded, dictionary = borrow(tables), borrow(encoded), borrow(dictionary)
    scratch, edges = borrow(scratch), borrow(edges)
    for i in range(len(edges.ends)):
        a, b = edges.ends[i]
        records_levels(tables, encoded, a, b, dictionary, scratch)
        weight, winner = match_weight(tables, scratch.levels, scratch.adjustments, population, len(scratch.levels))
        flags = pair_flags(settings, rows_of(encoded, a), rows_of(encoded, b))
        facts = (flags, winner, population)
        edges.weight[i], edges.levels[i, :] = weight, scratch.levels
        certainty, why = grade_pair(tables, settings, scratch.levels, scratch.adjustments, facts, weight)
        edges.facts[i, CERTAINTY], edges.facts[i, WHY] = certainty, why
        edges.facts[i, WINNER], edges.facts[i, FLAGS] = winner, flags
