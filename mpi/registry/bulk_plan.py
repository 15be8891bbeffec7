"""What becomes of each record of a load: from clusters and edges to decisions, as one-by-one resolving words them.

A cluster's first record makes the person, and the others are linked to it: each by its surest link to an earlier record,
or to a later one that brought it in. A question is left where a person's first record is likely to be somebody else too, and
where a link between two persons was cut.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.linkage.batch import SOLE
from mpi.linkage.blocks import CERTAINTY, FLAGS, WHY, WINNER, Edges
from mpi.linkage.clustering import Clusters, heaviest_first
from mpi.linkage.conflicts import DOCUMENT
from mpi.linkage.decision import LINKED, NEW
from mpi.linkage.decision import REVIEW as NEW_WITH_REVIEW
from mpi.linkage.found import CANDIDATES
from mpi.linkage.hotindex import RECORD_GROUP, HotIndex
from mpi.records import Certainty, DecisionReason, Grade
from mpi.registry.events import candidate_dtype

CERTAIN, POSSIBLE = int(Certainty.CERTAIN), int(Certainty.POSSIBLE)
AUTOMATIC, BY_DOCUMENT = int(Grade.AUTOMATIC), int(Grade.DOCUMENT)
Int64s = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.int32]


class Plan(NamedTuple):
    """Decisions about N new records, by column.

    first     int          the first record's number; the others follow
    persons   int64[N]
    outcome   uint8[N]     records.Outcome
    chosen    int32[N]     the edge that decided, −1 for none
    reasons   int64[N]     bit set of records.DecisionReason
    task      bool[N]      whether a person has to look
    grade     uint8[N]     records.Grade of the link
    weight    int32[N]     of the chosen edge, fixed point; 0 without one
    winner    uint8[N]     its class
    """

    first: int
    persons: Int64s
    outcome: npt.NDArray[np.uint8]
    chosen: Numbers
    reasons: Int64s
    task: npt.NDArray[np.bool_]
    grade: npt.NDArray[np.uint8]
    weight: npt.NDArray[np.int32]
    winner: npt.NDArray[np.uint8]


def bit(reason: DecisionReason) -> int:
    return 1 << int(reason)


CUT_LINK = bit(DecisionReason.POSSIBLE_DUPLICATE_PERSONS)


def persons_of(made: Clusters, first: int, persons: int) -> Int64s:
    """int64[M]: the person of each record; clusters that the load has made are numbered from ``persons`` on, in the order of
    their first records."""
    roots = made.root.astype(np.int64)
    fixed = made.fixed[roots].astype(np.int64)
    records = np.arange(len(roots))
    fresh = (roots == records) & (fixed < 0) & (records >= first)
    numbers = np.full(len(roots), -1, np.int64)
    numbers[fresh] = persons + np.arange(np.count_nonzero(fresh))
    return np.where(fixed >= 0, fixed, numbers[roots])


def make_plan(edges: Edges, persons: Int64s, first: int, *, known: int, keyed: npt.NDArray[np.bool_]) -> Plan:
    """Decide about the records from number ``first`` on.

    ``persons`` int64[M] of all records; those below ``known`` existed before. ``keyed`` bool[N]: records with a blocking key.
    """
    count = len(persons) - first
    mine = persons[first:]
    order = heaviest_first(edges)
    earlier, later = edges.ends[order, 0], edges.ends[order, 1]
    certain = edges.facts[order, CERTAINTY] == CERTAIN
    worth = edges.facts[order, CERTAINTY] != POSSIBLE
    together = persons[earlier] == persons[later]
    head = np.zeros(count, np.bool_)  # the records that make a person
    _, firsts = np.unique(mine, return_index=True)
    head[firsts] = mine[firsts] >= known
    link = _best(order, (earlier, later), together & certain, first, count)
    rival = _best(order, (later,), worth & ~together, first, count)
    chosen = np.where(head, np.where(rival >= 0, rival, -1), link).astype(np.int32)
    outcome = np.where(head, np.where(rival >= 0, NEW_WITH_REVIEW, NEW), LINKED).astype(np.uint8)
    at = np.maximum(chosen, 0)
    with_edge = chosen >= 0
    facts = edges.facts[at] if len(edges.weight) else np.zeros((count, edges.facts.shape[1]), np.int32)
    nobody = np.where(keyed, bit(DecisionReason.NO_CANDIDATE), bit(DecisionReason.NO_USABLE_TRAIT))
    reasons = np.where(with_edge, facts[:, WHY], nobody).astype(np.int64)
    task = outcome == NEW_WITH_REVIEW
    cut = _cut_links(edges, order[certain & ~together], persons) - first
    reasons[cut] |= CUT_LINK
    task[cut] = True
    document = (facts[:, FLAGS] & DOCUMENT) != 0
    grade = np.where(outcome != LINKED, SOLE, np.where(document, BY_DOCUMENT, AUTOMATIC))
    weight = edges.weight[at] if len(edges.weight) else np.zeros(count, np.int32)
    return Plan(
        first,
        mine,
        outcome,
        chosen,
        reasons,
        task,
        grade.astype(np.uint8),
        np.where(with_edge, weight, 0).astype(np.int32),
        np.where(with_edge, facts[:, WINNER], 0).astype(np.uint8),
    )


def _best(order: Numbers, ends: tuple[Numbers, ...], wanted: npt.NDArray[np.bool_], first: int, count: int) -> Numbers:
    """int32[N]: the heaviest wanted edge at each record, −1 for none; an edge by the last of ``ends`` comes before others."""
    best = np.full(count, -1, np.int32)
    chosen = np.flatnonzero(wanted)[::-1]  # the heaviest is written last
    for end in ends:
        records = end[chosen]
        new = records >= first
        best[records[new] - first] = order[chosen][new]
    return best


def _cut_links(edges: Edges, cut: Numbers, persons: Int64s) -> Int64s:
    """The records at which a question is left about two persons that a link joins and the load has not: one for two persons.

    ``cut``: the links, in any order.
    """
    earlier, later = edges.ends[cut, 0], edges.ends[cut, 1]
    a, b = persons[earlier], persons[later]
    pairs = np.stack([np.minimum(a, b), np.maximum(a, b)])
    order = np.lexsort((later, pairs[1], pairs[0]))
    pairs, later = pairs[:, order], later[order]
    fresh = np.ones(len(order), np.bool_)
    fresh[1:] = (np.diff(pairs, axis=1) != 0).any(axis=0)
    return np.unique(later[fresh]).astype(np.int64)


class Candidates(NamedTuple):
    """What a load's records were held against, packed as ``events.pack_candidates`` does.

    packed  structured[C]   by record, best first
    starts  int64[N + 1]    those of record n are packed[starts[n]:starts[n + 1]]
    """

    packed: npt.NDArray[Any]
    starts: Int64s


def candidates_of(hot: HotIndex, edges: Edges, plan: Plan, persons: Int64s) -> Candidates:
    """The best persons among the earlier records that each new record was held against, and the one that decided."""
    count, numbers = len(plan.persons), np.arange(len(edges.weight))
    decided = np.flatnonzero(plan.chosen >= 0)
    by_later = plan.chosen[decided]
    turned = edges.ends[by_later, 1] != decided + plan.first  # linked by a record that came later
    edge = np.concatenate([numbers, by_later[turned]])
    own = np.concatenate([edges.ends[:, 1], (decided + plan.first)[turned]])
    other = edges.ends[edge].sum(axis=1) - own
    person, weight = persons[other], edges.weight[edge].astype(np.int64)
    document = edges.facts[edge, FLAGS] & DOCUMENT
    order = np.lexsort((other, -weight, -document, person, own))
    order = order[_first_of_run(own[order], person[order])]  # a person by its best record
    order = order[np.lexsort((other[order], -weight[order], -document[order], own[order]))]
    place = np.arange(len(order)) - np.searchsorted(own[order], own[order])
    order = order[place < CANDIDATES]
    packed = np.zeros(len(order), candidate_dtype(edges.levels.shape[1]))
    chosen = edge[order]
    packed["record"], packed["person"], packed["weight"] = other[order], person[order], weight[order]
    packed["group"] = hot.record_cells[other[order], RECORD_GROUP]
    packed["flags"], packed["winner"] = edges.facts[chosen, FLAGS], edges.facts[chosen, WINNER]
    packed["levels"] = edges.levels[chosen]
    starts = np.searchsorted(own[order], np.arange(plan.first, plan.first + count + 1))
    return Candidates(packed, starts.astype(np.int64))


def _first_of_run(*columns: Int64s | Numbers) -> npt.NDArray[np.bool_]:
    """Where, in sorted lines, a new combination begins."""
    fresh = np.ones(len(columns[0]), np.bool_)
    fresh[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    return fresh
