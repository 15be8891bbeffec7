"""The way of every record through an index of its own, in the order given, as the service would take them."""

from __future__ import annotations

import queue
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mpi.errors import MpiError
from mpi.linkage.model import Model, TermFrequencies
from mpi.records import PatientRecord, ResolveAnswer
from mpi.registry.registry import Limits, Registry
from mpi.registry.writes import Submission

BATCH, UNDER_WAY = 500, 16  # records a submission, submissions that wait at a time
ROWS_PER_RECORD = 3  # memory that is reserved, and costs nothing where it is not used


@dataclass(frozen=True)
class Linked:
    """What became of N records.

    person      int64[N]    number of the person the record ended with; numbers count from 0 in the order of creation
    outcome     uint8[N]    records.Outcome
    probability float64[N]  of the best candidate; 0 where there was none
    reviewed    for each record the numbers of the persons a steward would be shown beside it; () without a task. A record
                that was linked has one where a second person is likely enough, a possible duplicate, and nobody was asked yet
    reasons     int64[N]    bit set of records.DecisionReason
    """

    person: npt.NDArray[np.int64]
    outcome: npt.NDArray[np.uint8]
    probability: npt.NDArray[np.float64]
    reviewed: list[tuple[int, ...]]
    reasons: npt.NDArray[np.int64]


def link(model: Model, frequencies: TermFrequencies, records: Sequence[PatientRecord], *, population: int = 0) -> Linked:
    """Resolve valid records one after the other on an empty index. Keys of records must differ.

    ``population``: persons the prior is taken for, where it is more than the index holds. Raises what the registry answers.
    """
    capacity = ROWS_PER_RECORD * len(records) + 200_000
    with tempfile.TemporaryDirectory(prefix="mpi-evaluation-") as folder:
        limits = Limits(catchment=population, capacity_rows=capacity)
        registry = Registry.open(Path(folder) / "index", model, frequencies, limits)
        try:
            registry.start()
            return _collected(_answers(registry, records), len(records))
        finally:
            registry.close()


def _answers(registry: Registry, records: Sequence[PatientRecord]) -> Iterator[ResolveAnswer]:
    """Answers in order; a few submissions wait at a time, so that memory stays small and the writer busy."""
    finished: queue.SimpleQueue[Submission] = queue.SimpleQueue()

    def deliver(submissions: list[Submission]) -> None:
        for submission in submissions:
            finished.put(submission)

    under_way = 0
    for batch in batched_records(records):
        registry.submit(batch, deliver, explain=False)
        under_way += 1
        if under_way == UNDER_WAY:
            yield from _checked(finished.get())
            under_way -= 1
    for _ in range(under_way):
        yield from _checked(finished.get())


def batched_records(records: Sequence[PatientRecord]) -> Iterator[list[PatientRecord]]:
    """Records in batches; a sequence may make them as it is read."""
    batch: list[PatientRecord] = []
    for record in records:
        batch.append(record)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _checked(submission: Submission) -> Iterator[ResolveAnswer]:
    for answer in submission.answers():
        if isinstance(answer, MpiError):
            raise answer
        yield answer


def _collected(answers: Iterator[ResolveAnswer], count: int) -> Linked:
    numbers: dict[str, int] = {}
    linked = Linked(np.zeros(count, np.int64), np.zeros(count, np.uint8), np.zeros(count), [], np.zeros(count, np.int64))
    for place, answer in enumerate(answers):
        linked.person[place] = numbers.setdefault(answer.master_id, len(numbers))
        linked.outcome[place] = answer.outcome
        linked.probability[place] = answer.probability
        linked.reviewed.append(tuple(numbers[master_id] for master_id in answer.candidates if answer.review_task))
        linked.reasons[place] = sum(1 << reason for reason in answer.decision_reasons)
    return linked
