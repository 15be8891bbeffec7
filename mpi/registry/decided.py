"""What the kernel decided about a segment: what the journal, the facts in memory and the answers are made of.

Plain tuples and lists: with NumPy's whole-column operations a write that is alone took 400 µs more, because after each commit
every one of them comes from cold memory again, and a batch of 500 gained 1 µs a record (measured).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from mpi.linkage.batch import Writes
from mpi.linkage.found import KEYS_CUT, WEIGHT, WINNER, Found
from mpi.records import DecisionReason, Grade, Outcome
from mpi.registry.answers import probability
from mpi.registry.index import Index
from mpi.registry.master_id import MasterIds

NEW_PERSON = frozenset({int(Outcome.NEW), int(Outcome.NEW_WITH_REVIEW)})
REVIEWED = frozenset({int(Outcome.NEW_WITH_REVIEW), int(Outcome.UPDATED_WITH_ALERT)})
LINKED = int(Outcome.LINKED)
DUPLICATE_BIT = 1 << DecisionReason.POSSIBLE_DUPLICATE_PERSONS
DOCUMENT_BIT = 1 << DecisionReason.UNIQUE_DOCUMENT_AGREES
SOLE, DOCUMENT, AUTOMATIC = int(Grade.SOLE), int(Grade.DOCUMENT), int(Grade.AUTOMATIC)


class Decided(NamedTuple):
    """One write. ``weight``, ``probability`` and ``relationship`` are the chosen candidate's, 0 without one."""

    sequence: int
    known: int  # the record it updates, −1 a new one
    outcome: int
    chosen: int  # place of the chosen candidate, −1 none
    reasons: int  # bit set
    record: int
    person: int
    group: int  # first row that was added, −1 none
    population: int
    code: int  # of the person's master ID
    weight: int
    probability: float
    relationship: int
    grade: int  # of a new link
    review_task: int  # 0 none
    cut: bool  # whether the search left keys out


def decided(index: Index, ids: MasterIds, writes: Writes, found: Found, first: int) -> list[Decided]:
    """The kernel's decisions, numbered from ``first``. Gives new persons their codes."""
    master_code = index.master_code
    rows: list[Decided] = []
    for sequence, line, counts in zip(
        range(first, first + len(writes.columns)), writes.columns.tolist(), found.queries.tolist(), strict=True
    ):
        known, outcome, chosen, reasons, record, person, group, population = line
        weight = winner = 0
        if chosen >= 0:
            best = found.candidates[len(rows), chosen].tolist()
            weight, winner = best[WEIGHT], best[WINNER]
        if outcome in NEW_PERSON:
            code = master_code[person] = ids.code(person)  # invisible until the snapshot rises
        else:
            code = int(master_code[person])
        likely = _probability(weight) if chosen >= 0 else 0.0
        task = sequence if outcome in REVIEWED or reasons & DUPLICATE_BIT else 0
        grade = SOLE if outcome != LINKED else DOCUMENT if reasons & DOCUMENT_BIT else AUTOMATIC
        rows.append(
            Decided(
                sequence, known, outcome, chosen, reasons, record, person, group, population,
                code, weight, likely, winner, grade, task, counts[KEYS_CUT] > 0,
            )
        )  # fmt: skip
    return rows


_probability = lru_cache(1 << 14)(probability)  # weights repeat: a thousand to a bit, and nearly all within 60 bits
