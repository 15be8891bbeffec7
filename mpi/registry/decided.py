"""What the kernel decided about a segment, as columns: what the journal, the facts in memory and the answers are made of."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.linkage.batch import CHOSEN, KNOWN, MADE_GROUP, MADE_PERSON, MADE_RECORD, OUTCOME, POPULATION, REASONS, Writes
from mpi.linkage.found import KEYS_CUT, WEIGHT, WINNER, Found
from mpi.records import DecisionReason, Grade, Outcome
from mpi.registry.answers import probability
from mpi.registry.index import Index
from mpi.registry.master_id import MasterIds

DUPLICATE_BIT = 1 << DecisionReason.POSSIBLE_DUPLICATE_PERSONS
DOCUMENT_BIT = 1 << DecisionReason.UNIQUE_DOCUMENT_AGREES

Numbers = npt.NDArray[np.int64]


class Decided(NamedTuple):
    """One entry of each column a write, in their order."""

    sequence: Numbers
    known: npt.NDArray[np.bool_]  # whether it updates a record
    outcome: Numbers
    chosen: Numbers  # place of the chosen candidate, −1 none
    reasons: Numbers  # bit set
    record: Numbers
    person: Numbers
    group: Numbers  # first row that was added, −1 none
    population: Numbers
    code: Numbers  # of the person's master ID
    weight: Numbers  # of the chosen candidate, as the next two; 0 without one
    probability: list[float]
    relationship: Numbers
    grade: Numbers
    cut: npt.NDArray[np.bool_]  # whether the search left keys out
    review_task: Numbers  # 0 none


def decided(index: Index, ids: MasterIds, writes: Writes, found: Found, first: int) -> Decided:
    """Columns of a kernel's decisions; the writes are numbered from ``first``. Gives new persons their codes."""
    columns: dict[int, Any] = dict(enumerate(writes.columns.T))
    outcome, chosen, reasons, person = columns[OUTCOME], columns[CHOSEN], columns[REASONS], columns[MADE_PERSON]
    numbers = np.arange(first, first + len(outcome))
    best = found.candidates[np.arange(len(chosen)), chosen]
    weight = np.where(chosen >= 0, best[:, WEIGHT], 0)
    review = (outcome == Outcome.NEW_WITH_REVIEW) | (outcome == Outcome.UPDATED_WITH_ALERT) | (reasons & DUPLICATE_BIT > 0)
    return Decided(
        sequence=numbers,
        known=columns[KNOWN] >= 0,
        outcome=outcome,
        chosen=chosen,
        reasons=reasons,
        record=columns[MADE_RECORD],
        person=person,
        group=columns[MADE_GROUP],
        population=columns[POPULATION],
        code=_codes(index, ids, person, (outcome == Outcome.NEW) | (outcome == Outcome.NEW_WITH_REVIEW)),
        weight=weight,
        probability=[known_probability(w) if c >= 0 else 0.0 for w, c in zip(weight.tolist(), chosen.tolist(), strict=True)],
        relationship=np.where(chosen >= 0, best[:, WINNER], 0),
        grade=_grades(outcome, reasons),
        cut=found.queries[:, KEYS_CUT] > 0,
        review_task=np.where(review, numbers, 0),
    )


known_probability = lru_cache(1 << 14)(probability)  # weights repeat: a thousand to a bit, and nearly all within 60 bits


def _codes(index: Index, ids: MasterIds, person: Numbers, new: npt.NDArray[np.bool_]) -> Numbers:
    """Codes of the persons' master IDs. A new person's is invisible until the snapshot rises."""
    made = person[new]
    index.master_code[made] = [ids.code(number) for number in made.tolist()]
    codes: Numbers = index.master_code[person]
    return codes


def _grades(outcome: Numbers, reasons: Numbers) -> Numbers:
    """Grades of new link edges from the decisions that made them."""
    linked = np.where(reasons & DOCUMENT_BIT, int(Grade.DOCUMENT), int(Grade.AUTOMATIC))
    return np.where(outcome == Outcome.LINKED, linked, int(Grade.SOLE))
