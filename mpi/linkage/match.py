"""Search without writing: candidates with certainty, reasons and explanation (MatchPersons), and two records compared."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.linkage.blocking import TERM_FEATURE, Rules, blocking_key
from mpi.linkage.borrow import borrow
from mpi.linkage.conflicts import DOCUMENT, LENT, OTHER_NUMBER
from mpi.linkage.decision import (
    ABOVE_UPPER_THRESHOLD,
    BELOW_LOWER_THRESHOLD,
    BETWEEN_THRESHOLDS,
    DOCUMENT_CONTRADICTED,
    RUNNER_UP_TOO_CLOSE,
    UNIQUE_DOCUMENT_AGREES,
    by_sound_alone,
    document_reasons,
    given_differs,
    reason,
    rival_place,
    vetoes,
)
from mpi.linkage.features import Encoded
from mpi.linkage.found import CANDIDATES, FLAGS, KEPT, WEIGHT, WINNER, Found
from mpi.linkage.hashtable import Table, get
from mpi.linkage.hotindex import HEAD_MASK, ROW_RECORD, HotIndex, alive
from mpi.linkage.jit import brief, inner, wide
from mpi.linkage.scoring import Tables, explain_weight, match_weight
from mpi.linkage.search import Query, Scratch, pair_levels, search_one
from mpi.linkage.settings import Settings
from mpi.records import Certainty

CERTAIN, PROBABLE, POSSIBLE = int(Certainty.CERTAIN), int(Certainty.PROBABLE), int(Certainty.POSSIBLE)


class Graded(NamedTuple):
    """What a search says of each candidate of its first query, beside ``Found``."""

    certainty: npt.NDArray[np.int64]  # [CANDIDATES] records.Certainty
    reasons: npt.NDArray[np.int64]  # [CANDIDATES] bit set of DecisionReason
    explanation: npt.NDArray[np.int64]  # [CANDIDATES, F + 1, 2] see scoring.explain_weight


def new_graded(features: int) -> Graded:
    """Empty grades."""
    columns: list[npt.NDArray[Any]] = [np.zeros(CANDIDATES, np.int64) for _ in range(2)]
    return Graded._make([*columns, np.zeros((CANDIDATES, features + 1, 2), np.int64)])


@brief
def match_one(
    index: HotIndex,
    query: Query,
    encoded: Encoded,
    snapshot: tuple[int, int],
    scratch: Scratch,
    found: Found,
    graded: Graded,
) -> None:
    """Search the first record of a batch against a snapshot, and grade every candidate as if it were the only one."""
    index, query, encoded = borrow(index), borrow(query), borrow(encoded)
    scratch, found, graded = borrow(scratch), borrow(found), borrow(graded)
    search_one(index, query, encoded, 0, snapshot, scratch, found)
    for place in range(found.queries[0, KEPT]):
        graded.certainty[place], graded.reasons[place] = grade(query, found, place, snapshot[1])
        explain_weight(
            query.tables, found.levels[0, place], found.adjustments[0, place], snapshot[1], graded.explanation[place]
        )


@inner
def grade(query: Query, found: Found, place: int, population: int) -> tuple[int, int]:
    """(certainty, reasons) of one candidate: would it be linked, reviewed, or neither?"""
    facts = (wide(found.candidates[0, place, FLAGS]), wide(found.candidates[0, place, WINNER]), population)
    weight = wide(found.candidates[0, place, WEIGHT])
    levels, adjustments = found.levels[0, place], found.adjustments[0, place]
    certainty, reasons = grade_pair(query.tables, query.settings, levels, adjustments, facts, weight)
    certain = certainty == CERTAIN and facts[0] & DOCUMENT == 0
    if certain and by_sound_alone(query.settings, found, 0, place, rival_place(found, 0, place)):
        return PROBABLE, reason(RUNNER_UP_TOO_CLOSE)
    return certainty, reasons


@inner
def grade_pair(
    tables: Tables,
    settings: Settings,
    levels: npt.NDArray[np.uint8],
    adjustments: npt.NDArray[np.int32],
    facts: tuple[int, int, int],
    weight: int,
) -> tuple[int, int]:
    """(certainty, reasons) of a pair by itself: what ``decide`` would come to if there were no other candidate.

    ``facts`` is (flags, winning class, population).
    """
    if facts[0] & DOCUMENT:
        why = document_reasons(tables, settings, levels, adjustments, facts)
        if why == 0:
            return CERTAIN, reason(UNIQUE_DOCUMENT_AGREES)
        lent = facts[0] & LENT != 0  # then it may be somebody else's document, and only the weight can tell
        if why & ~reason(DOCUMENT_CONTRADICTED) or given_differs(settings, levels):
            return (POSSIBLE if lent and weight < settings.lower else PROBABLE), why
    if weight < settings.lower:
        return POSSIBLE, reason(BELOW_LOWER_THRESHOLD)
    against = vetoes(tables, settings, levels, adjustments, facts)
    if weight < settings.upper:
        return PROBABLE, against | reason(BETWEEN_THRESHOLDS)
    if facts[0] & OTHER_NUMBER or against != 0:
        return PROBABLE, against
    return CERTAIN, reason(ABOVE_UPPER_THRESHOLD)


@brief
def compare_pair(
    query: Query,
    a: Encoded,
    b: Encoded,
    dictionary: Table,
    population: int,
    scratch: Scratch,
    explanation: npt.NDArray[np.int64],
) -> tuple[int, int]:
    """(weight, class) of the first records of two batches. Levels are left in ``scratch``; ``explanation`` is [F + 1, 2]."""
    pair_levels(query.tables, a, (a.starts[0], a.starts[1]), b, (b.starts[0], b.starts[1]), dictionary, scratch)
    explain_weight(query.tables, scratch.levels, scratch.adjustments, population, explanation)
    return match_weight(query.tables, scratch.levels, scratch.adjustments, population, len(query.tables.plan))


@brief
def holders(
    index: HotIndex,
    rules: Rules,
    encoded: Encoded,
    columns: npt.NDArray[np.int64],
    visible: int,
    out: npt.NDArray[np.int64],
) -> int:
    """Records whose rows hold an identifier (``columns``) of the first record of a batch, newest first; returns how many.

    Goes through the blocking rules that consist of an identifier alone. ``out`` bounds the number; records may repeat.
    """
    index, encoded = borrow(index), borrow(encoded)
    count = 0
    for r in range(encoded.starts[0], encoded.starts[1]):
        for rule in range(len(rules.start) - 1):
            column = rules.terms[rules.start[rule], TERM_FEATURE]
            if rules.start[rule + 1] - rules.start[rule] != 1 or not (columns == column).any():
                continue
            key = blocking_key(rules, rule, encoded.rows[r], encoded.slots[r], encoded.values)
            posting = get(index.postings, key) if key != 0 else wide(-1)
            row = posting & HEAD_MASK if posting > 0 else wide(0)
            while row > 0 and count < len(out):
                at = row - 1
                row = wide(index.next_row[at, rule])
                if alive(index, at, visible) and index.rows[at, column] == encoded.rows[r, column]:
                    out[count] = index.row_cells[at, ROW_RECORD]
                    count += 1
    return count
