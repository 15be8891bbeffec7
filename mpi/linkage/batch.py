"""A batch of writes in one kernel call: search, decide and insert each query in arrival order, without the GIL.

Query i sees the rows of the queries before it, so that eight callers who register one new patient at once get one person,
inside one batch as well as across batches. Nothing becomes visible to readers here: they read up to the snapshot that the
writer raises after the commit. ``roll_back`` undoes a batch whose commit failed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.linkage.blocking import Rules
from mpi.linkage.borrow import borrow
from mpi.linkage.decision import LINKED, best_place, decide, reason, rival_place
from mpi.linkage.features import Encoded
from mpi.linkage.found import Found
from mpi.linkage.hotindex import (
    PERSONS,
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
from mpi.linkage.jit import kernel, leaf, wide
from mpi.linkage.scoring import SCALE, explain_weight, match_weight
from mpi.linkage.search import Query, Scratch, pair_levels, search_one, stored, stored_weight
from mpi.records import DecisionReason, Outcome

UPDATED, ALERT = int(Outcome.UPDATED), int(Outcome.UPDATED_WITH_ALERT)
LOOKS_LIKE_SOMEONE_ELSE = int(DecisionReason.LOOKS_LIKE_SOMEONE_ELSE)
POSSIBLE_DUPLICATE = int(DecisionReason.POSSIBLE_DUPLICATE_PERSONS)


class Writes(NamedTuple):
    """Q writes: what is known before, and what the kernel decided."""

    known: npt.NDArray[np.int64]  # [Q] in: the record to update, −1 for a new one
    outcome: npt.NDArray[np.int64]  # [Q] records.Outcome
    chosen: npt.NDArray[np.int64]  # [Q] place among the candidates, −1 none
    reasons: npt.NDArray[np.int64]  # [Q] bit set of DecisionReason
    record: npt.NDArray[np.int64]  # [Q]
    person: npt.NDArray[np.int64]  # [Q]
    group: npt.NDArray[np.int64]  # [Q] first row, −1 where no row was added
    population: npt.NDArray[np.int64]  # [Q] number of persons the prior was computed with
    explanation: npt.NDArray[np.int64]  # [Q, F + 1, 2] of the chosen candidate, see scoring.explain_weight


def new_writes(known: npt.NDArray[np.int64], features: int) -> Writes:
    """Writes for ``known``, nothing decided yet."""
    columns: list[npt.NDArray[np.int64]] = [np.zeros(len(known), np.int64) for _ in range(7)]
    return Writes._make([known, *columns, np.zeros((len(known), features + 1, 2), np.int64)])


@leaf
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
        writes.population[q] = population
        snapshot = (index.counters[ROWS], log_population(population))
        search_one(index, query, encoded, q, snapshot, scratch, found)
        if writes.known[q] < 0:
            _register(index, query, encoded, writes, q, snapshot, scratch, found)
        else:
            _update(index, query, encoded, writes, q, snapshot, scratch, found)
        place = writes.chosen[q]
        if place >= 0:
            explain_weight(
                query.tables, found.levels[q, place], found.adjustments[q, place], snapshot[1], writes.explanation[q]
            )


@leaf
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
        person = found.person[q, chosen]
    else:
        person = index.counters[PERSONS]
        index.counters[PERSONS] = person + 1
        index.first_record[person] = 0
    start = add_group(index, encoded, q, record)
    index.previous_group[start] = -1
    index.group_of[record] = start
    link_group(index, query.rules, encoded, q, start)
    attach(index, record, person)
    writes.outcome[q], writes.chosen[q], writes.reasons[q] = outcome, chosen, reasons
    writes.record[q], writes.person[q], writes.group[q] = record, person, start


@leaf
def rivals_alike(index: HotIndex, query: Query, q: int, snapshot: tuple[int, int], scratch: Scratch, found: Found) -> bool:
    """Whether the two best persons look like one person: their best records reach the lower threshold together."""
    if found.kept[q] < 2:
        return False
    best = best_place(found, q)
    rival = rival_place(found, q, best)
    if rival < 0 or found.weight[q, best] < query.settings.upper:
        return False
    if found.weight[q, best] - found.weight[q, rival] >= query.settings.margin:
        return False
    weight = stored_weight(index, query, found.record[q, best], found.record[q, rival], snapshot, scratch)
    return weight >= query.settings.lower


@leaf
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
    record = writes.known[q]
    person = wide(index.person_of[record])
    old = group_in(index, record, snapshot[0])
    writes.record[q], writes.person[q], writes.group[q] = record, person, -1
    writes.outcome[q], writes.chosen[q], writes.reasons[q] = UPDATED, -1, 0
    if old < 0 or not same_rows(index, encoded, q, old):
        other = _other_person(query, q, person, found)
        itself = _own_weight(index, query, encoded, q, old, snapshot, scratch)
        if itself < query.settings.lower:
            writes.outcome[q], writes.reasons[q] = ALERT, reason(LOOKS_LIKE_SOMEONE_ELSE)
            writes.chosen[q] = other
        elif other >= 0 and found.weight[q, other] > itself:
            writes.outcome[q], writes.reasons[q], writes.chosen[q] = ALERT, reason(POSSIBLE_DUPLICATE), other
        start = add_group(index, encoded, q, record)
        supersede(index, record, start)
        link_group(index, query.rules, encoded, q, start)
        writes.group[q] = start


@leaf
def _other_person(query: Query, q: int, person: int, found: Found) -> int:
    """Place of the heaviest candidate that is not ``person`` and reaches the upper threshold, or −1."""
    best = -1
    for i in range(found.kept[q]):
        above = found.weight[q, i] >= query.settings.upper and found.person[q, i] != person
        if above and (best < 0 or found.weight[q, i] > found.weight[q, best]):
            best = i
    return best


@leaf
def _own_weight(
    index: HotIndex, query: Query, encoded: Encoded, q: int, old: int, snapshot: tuple[int, int], scratch: Scratch
) -> int:
    """Match weight of the new content against the old; the upper threshold where they share no stated trait."""
    if old < 0:
        return query.settings.upper
    rows = (encoded.starts[q], encoded.starts[q + 1])
    pair_levels(query.tables, encoded, rows, stored(index), (old, old + index.group_size[old]), index.dictionary, scratch)
    if not scratch.levels.any():
        return query.settings.upper
    return match_weight(query.tables, scratch.levels, scratch.adjustments, snapshot[1], len(query.tables.kind))[0]


@leaf
def same_rows(index: HotIndex, encoded: Encoded, q: int, group: int) -> bool:
    """Whether a query encodes to exactly the rows of a group."""
    first, last = encoded.starts[q], encoded.starts[q + 1]
    if last - first != index.group_size[group]:
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
        start, record = writes.group[q], writes.record[q]
        if start < 0:
            continue
        unlink_group(index, rules, encoded, q, start)
        if writes.known[q] >= 0:
            old = index.previous_group[start]
            index.group_of[record] = old
            if old >= 0:
                index.dead_from[old] = 0
        else:
            person = wide(index.person_of[record])
            index.first_record[person] = index.next_record[record]
            index.counters[RECORDS] = record
            if index.first_record[person] == 0:
                index.counters[PERSONS] = person
        index.counters[ROWS] = start


@kernel
def load_values(index: HotIndex, features: npt.NDArray[np.uint8], source: Encoded) -> None:
    """Insert journalled dictionary entries: slot s + 1 of ``source.values`` belongs to feature ``features[s]``."""
    for s in range(len(features)):
        add_value(index, wide(features[s]), source.values.code[s + 1], source.values, s + 1)


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
            index.previous_group[start] = -1
            index.group_of[record] = start
            if person >= index.counters[PERSONS]:
                index.counters[PERSONS] = person + 1
                index.first_record[person] = 0
            attach(index, record, person)
        link_group(index, rules, encoded, q, start)
