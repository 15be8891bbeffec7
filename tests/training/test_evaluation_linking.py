"""The way of records through an index: outcomes, tasks and reasons in the order of the records."""

from __future__ import annotations

import numpy as np
from small_model import MODEL, NO_FREQUENCIES

from mpi.records import DecisionReason, Outcome
from training import people
from training.evaluation.linking import link
from training.evaluation.metrics import edges, first_of

PERSONS, SEED = 300, 23


def test_every_record_ends_with_a_person_and_says_why() -> None:
    print(f"seed {SEED}")
    population = people.generate(PERSONS, seed=SEED)
    records = list(population.records)
    linked = link(MODEL, NO_FREQUENCIES, records, population=100_000)
    assert len(linked.person) == len(linked.outcome) == len(linked.reviewed) == len(records)
    first = first_of(linked.person)
    assert (first == (linked.outcome != Outcome.LINKED)).all()
    assert linked.person[first].tolist() == list(range(int(first.sum())))
    tasks = np.array([bool(shown) for shown in linked.reviewed])
    duplicate = (linked.reasons >> int(DecisionReason.POSSIBLE_DUPLICATE_PERSONS)) & 1 == 1
    review = linked.outcome == Outcome.NEW_WITH_REVIEW
    assert tasks[review].all()
    assert not tasks[~(review | duplicate)].any()  # of the duplicates those that were asked about already have none
    assert (linked.reasons != 0).all()
    for i in np.flatnonzero(tasks).tolist():
        assert all(person < int(first[:i].sum()) for person in linked.reviewed[i])
        assert linked.person[i] not in linked.reviewed[i]
    _, truth = np.unique(population.truth, return_inverse=True)
    judged = edges(linked, truth.astype(np.int64))
    assert judged.wrong.sum() < 0.01 * judged.linked.sum()
    assert judged.right.sum() > 0.8 * judged.linkable.sum()
