"""A batch of writes in one kernel call: search, decide and insert each query in arrival order, without the GIL.

Query i sees the rows of the queries before it, so that eight callers who register one new patient at once get one person,
inside one batch as well as across batches. Nothing becomes visible to readers here: they read up to the snapshot that the
writer raises after the commit. ``roll_back`` undoes a batch whose commit failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.linkage.blocking import Rules
from mpi.linkage.borrow import borrow
from mpi.linkage.comparison import LEVELS
from mpi.linkage.decision import LINKED, best_place, decide, reason, rival_place
from mpi.linkage.features import Encoded
from mpi.linkage.found import KEPT, KEYS_CUT, PERSON, RECORD, WEIGHT, WINNER, Found
from mpi.linkage.hotindex import (
    GROUP_DEAD,
    GROUP_PREVIOUS,
    GROUP_SIZE,
    PERSONS,
    RECORD_GROUP,
    RECORD_NEXT,
    RECORD_PERSON,
    RECORDS,
    ROWS,
    HotIndex,
    add_group,
    add_value,
    attach,
    group_in,
    link_group,
    slot_in,
    supersede,
    unlink_group,
)
from mpi.linkage.jit import brief, inner, kernel, wide
from mpi.linkage.scoring import SCALE, explain_weight, match_weight
from mpi.linkage.search import Query, Scratch, pair_levels, search_one, stored, stored_weight
from mpi.linkage.settings import NATIONAL
from mpi.linkage.values import CODE, FEATURE, Values
from mpi.records import DecisionReason, Grade, Outcome

NEAR_BOTH_VALID, NUMBERS_DIFFER = LEVELS["identifier"].index("near_both_valid"), LEVELS["identifier"].index("different")
UPDATED, ALERT = int(Outcome.UPDATED), int(Outcome.UPDATED_WITH_ALERT)
NEW_WITH_REVIEW = int(Outcome.NEW_WITH_REVIEW)
LOOKS_LIKE_SOMEONE_ELSE = int(DecisionReason.LOOKS_LIKE_SOMEONE_ELSE)
POSSIBLE_DUPLICATE = int(DecisionReason.POSSIBLE_DUPLICATE_PERSONS)
UNIQUE_DOCUMENT = int(DecisionReason.UNIQUE_DOCUMENT_AGREES)
SOLE, DOCUMENT, AUTOMATIC = int(Grade.SOLE), int(Grade.DOCUMENT), int(Grade.AUTOMATIC)


# columns of Writes.columns. KNOWN goes in: the record to update, −1 for a new one. The rest is what was decided: outcome,
# place of the chosen candidate (−1 none), bit set of reasons, record, person, first row added (−1 none), the number of
# persons the prior was computed with; the chosen candidate's weight and relationship class (0 without one), the grade of a
# new link, whether a review task is opened, whether the search left keys out
(
    KNOWN,
    OUTCOME,
    CHOSEN,
    REASONS,
    MADE_RECORD,
    MADE_PERSON,
    MADE_GROUP,
    POPULATION,
    CHOSEN_WEIGHT,
    CHOSEN_WINNER,
    GRADE,
    TASK,
    CUT,
) = range(13)
WRITE_COLUMNS = 13


class Writes(NamedTuple):
    """Q writes: what is known before, and what the kernel decided."""

    columns: npt.NDArray[np.int64]  # [Q, WRITE_COLUMNS]
    explanation: npt.NDArray[np.int64]  # [Q, F + 1, 2] of the chosen candidate, see scoring.explain_weight


def new_writes(known: Sequence[int], features: int) -> Writes:
    """Writes for ``known``, nothing decided yet."""
    columns = np.zeros((len(known), WRITE_COLUMNS), np.int64)
    columns[:, KNOWN] = known
    return Writes(columns, np.zeros((len(known), features + 1, 2), np.int64))


@brief
def log_population(persons: int) -> int:
    """log2 of a number of persons, fixed point."""
    return wide(np.rint(np.log2(max(persons, 1)) * SCALE))


@kernel
def resolve_batch(
    index: HotIndex, query: Query, encoded: Encoded, writes: Writes, catchment: int, scratch: Scratch, found: Found
) -> None:
    """Decide and insert every write of a batch, in order."""
    index, query, encoded, writes = borrow(index), borrow(query), borrow(encoded), borrow(writes)
    scratch, found = borrow(scratch), borrow(found)
    for q in range(len(encoded.starts) - 1):
        population = max(index.counters[PERSONS], catchment)
        writes.columns[q, POPULATION] = population
        snapshot = (index.counters[ROWS], log_population(population))
        search_one(index, query, encoded, q, snapshot, scratch, found)
        if writes.columns[q, KNOWN] < 0:
            _register(index, query, encoded, writes, q, snapshot, scratch, found)
        else:
            _update(index, query, encoded, writes, q, snapshot, scratch, found)
        _sum_up(writes, found, q)
        place = writes.columns[q, CHOSEN]
        if place >= 0:
            explain_weight(
                query.tables, found.levels[q, place], found.adjustments[q, place], snapshot[1], writes.explanation[q]
            )


@inner
def _register(
    index: HotIndex,
    query: Query,
    encoded: Encoded,
    writes: Writes,
    q: int,
    snapshot: tuple[int, int],
    scratch: Scratch,
    found: Found,
) -> None:
    """A record that was not known: link it to a person or make a new one."""
    alike = rivals_alike(index, query, q, snapshot, scratch, found)
    outcome, chosen, reasons = decide(query.tables, query.settings, found, q, snapshot[1], alike)
    record = index.counters[RECORDS]
    index.counters[RECORDS] = record + 1
    if outcome == LINKED:
        person = found.candidates[q, chosen, PERSON]
    else:
        person = index.counters[PERSONS]
        index.counters[PERSONS] = person + 1
        index.first_record[person] = 0
    start = add_group(index, encoded, q, record)
    index.row_cells[start, GROUP_PREVIOUS] = -1
    index.record_cells[record, RECORD_GROUP] = start
    link_group(index, query.rules, encoded, q, start)
    attach(index, record, person)
    writes.columns[q, OUTCOME], writes.columns[q, CHOSEN], writes.columns[q, REASONS] = outcome, chosen, reasons
    writes.columns[q, MADE_RECORD], writes.columns[q, MADE_PERSON], writes.columns[q, MADE_GROUP] = record, person, start


@inner
def _sum_up(writes: Writes, found: Found, q: int) -> None:
    """What follows from a decision: how sure the link is, and whether a person has to look."""
    outcome, reasons, place = writes.columns[q, OUTCOME], writes.columns[q, REASONS], writes.columns[q, CHOSEN]
    if place >= 0:
        writes.columns[q, CHOSEN_WEIGHT] = found.candidates[q, place, WEIGHT]
        writes.columns[q, CHOSEN_WINNER] = found.candidates[q, place, WINNER]
    by_document = reasons & reason(UNIQUE_DOCUMENT) != 0
    writes.columns[q, GRADE] = SOLE if outcome != LINKED else DOCUMENT if by_document else AUTOMATIC
    writes.columns[q, TASK] = outcome in (NEW_WITH_REVIEW, ALERT) or reasons & reason(POSSIBLE_DUPLICATE) != 0
    writes.columns[q, CUT] = found.queries[q, KEYS_CUT] > 0


@inner
def rivals_alike(index: HotIndex, query: Query, q: int, snapshot: tuple[int, int], scratch: Scratch, found: Found) -> bool:
    """Whether the two best persons look like one person: their best records reach the lower threshold together, and hold no
    two numbers."""
    if found.queries[q, KEPT] < 2:
        return False
    best = best_place(query.settings, found, q)
    rival = rival_place(found, q, best)
    if rival < 0 or found.candidates[q, best, WEIGHT] < query.settings.upper:
        return False
    if found.candidates[q, best, WEIGHT] - found.candidates[q, rival, WEIGHT] >= query.settings.margin:
        return False
    weight = stored_weight(
        index, query, found.candidates[q, best, RECORD], found.candidates[q, rival, RECORD], snapshot, scratch
    )
    national = query.settings.roles[NATIONAL]
    level = scratch.levels[national] if national >= 0 else 0
    return bool(weight >= query.settings.lower and level not in (NEAR_BOTH_VALID, NUMBERS_DIFFER))


@inner
def _update(
    index: HotIndex,
    query: Query,
    encoded: Encoded,
    writes: Writes,
    q: int,
    snapshot: tuple[int, int],
    scratch: Scratch,
    found: Found,
) -> None:
    """New content of a known record. It stays with its person; content that looks like someone else raises an alert."""
    record = writes.columns[q, KNOWN]
    person = wide(index.record_cells[record, RECORD_PERSON])
    old = group_in(index, record, snapshot[0])
    writes.columns[q, MADE_RECORD], writes.columns[q, MADE_PERSON], writes.columns[q, MADE_GROUP] = record, person, -1
    writes.columns[q, OUTCOME], writes.columns[q, CHOSEN], writes.columns[q, REASONS] = UPDATED, -1, 0
    if old < 0 or not same_rows(index, encoded, q, old):
        other = _other_person(query, q, person, found)
        itself = _own_weight(index, query, encoded, q, old, snapshot, scratch)
        if itself < query.settings.lower:
            writes.columns[q, OUTCOME], writes.columns[q, REASONS] = ALERT, reason(LOOKS_LIKE_SOMEONE_ELSE)
            writes.columns[q, CHOSEN] = other
        elif other >= 0 and found.candidates[q, other, WEIGHT] > itself:
            writes.columns[q, OUTCOME], writes.columns[q, REASONS], writes.columns[q, CHOSEN] = (
                ALERT,
                reason(POSSIBLE_DUPLICATE),
                other,
            )
        start = add_group(index, encoded, q, record)
        supersede(index, record, start)
        link_group(index, query.rules, encoded, q, start)
        writes.columns[q, MADE_GROUP] = start


@inner
def _other_person(query: Query, q: int, person: int, found: Found) -> int:
    """Place of the heaviest candidate that is not ``person`` and reaches the upper threshold, or −1."""
    best = -1
    for i in range(found.queries[q, KEPT]):
        above = found.candidates[q, i, WEIGHT] >= query.settings.upper and found.candidates[q, i, PERSON] != person
        if above and (best < 0 or found.candidates[q, i, WEIGHT] > found.candidates[q, best, WEIGHT]):
            best = i
    return best


@inner
def _own_weight(
    index: HotIndex, query: Query, encoded: Encoded, q: int, old: int, snapshot: tuple[int, int], scratch: Scratch
) -> int:
    """Match weight of the new content against the old; the upper threshold where they share no stated trait."""
    if old < 0:
        return query.settings.upper
    rows = (encoded.starts[q], encoded.starts[q + 1])
    pair_levels(
        query.tables, encoded, rows, stored(index), (old, old + index.row_cells[old, GROUP_SIZE]), index.dictionary, scratch
    )
    if not scratch.levels.any():
        return query.settings.upper
    return match_weight(query.tables, scratch.levels, scratch.adjustments, snapshot[1], len(query.tables.plan))[0]


@inner
def same_rows(index: HotIndex, encoded: Encoded, q: int, group: int) -> bool:
    """Whether a query encodes to exactly the rows of a group."""
    first, last = encoded.starts[q], encoded.starts[q + 1]
    if last - first != index.row_cells[group, GROUP_SIZE]:
        return False
    for r in range(first, last):
        for f in range(encoded.rows.shape[1]):
            if encoded.rows[r, f] != index.rows[group + r - first, f]:
                return False
    return True


@kernel
def roll_back(index: HotIndex, rules: Rules, encoded: Encoded, writes: Writes, done: int) -> None:
    """Undo the first ``done`` writes of a batch in reverse order. The dictionary keeps its values: they harm nothing."""
    for q in range(done - 1, -1, -1):
        start, record = writes.columns[q, MADE_GROUP], writes.columns[q, MADE_RECORD]
        if start < 0:
            continue
        unlink_group(index, rules, encoded, q, start)
        if writes.columns[q, KNOWN] >= 0:
            old = index.row_cells[start, GROUP_PREVIOUS]
            index.record_cells[record, RECORD_GROUP] = old
            if old >= 0:
                index.row_cells[old, GROUP_DEAD] = 0
        else:
            person = wide(index.record_cells[record, RECORD_PERSON])
            index.first_record[person] = index.record_cells[record, RECORD_NEXT]
            index.counters[RECORDS] = record
            if index.first_record[person] == 0:
                index.counters[PERSONS] = person
        index.counters[ROWS] = start


@kernel
def load_values(index: HotIndex, values: Values) -> None:
    """Insert journalled dictionary entries; the line of each slot names its feature."""
    for s in range(1, len(values.cells)):
        add_value(index, values.cells[s, FEATURE], values.cells[s, CODE], values, s)


@kernel
def load_groups(
    index: HotIndex,
    rules: Rules,
    encoded: Encoded,
    records: npt.NDArray[np.int64],
    persons: npt.NDArray[np.int64],
) -> None:
    """Insert journalled rows as they were: no search, no decision. Slots are filled from the dictionary.

    ``records[q]`` beyond the records in use is a new one (they are dense), else an update.
    """
    for q in range(len(records)):
        for r in range(encoded.starts[q], encoded.starts[q + 1]):
            for f in range(encoded.slots.shape[1]):
                if encoded.rows[r, f] != 0:
                    encoded.slots[r, f] = slot_in(index.dictionary, f, encoded.rows[r, f])
        record, person = records[q], persons[q]
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
        link_group(index, rules, encoded, q, start)
