"""Single pairs of a run, explained level by level: the worst errors, and a few that are as they should be.

A pair is named by its records' sources and local numbers; nothing else of a patient is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from mpi.records import Comparison, DecisionReason, PatientRecord
from mpi.registry.answers import DECISION_TEXT, decision_reasons
from training.evaluation.blocking import Keys
from training.evaluation.candidates import Spread
from training.evaluation.linking import Linked
from training.evaluation.metrics import Edges, first_of
from training.evaluation.pairs import pairs_of
from training.modelling.patterns import Int32s
from training.modelling.weighing import Weigher

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

WORST = 20


class ExplainedPair(msgspec.Struct, frozen=True, kw_only=True):
    """A record, another one before it, and what the model makes of them, at the population in force when it was decided.

    ``compared``: they share a blocking key. ``decision``: why the record was linked or not, as the service says it.
    """

    record: tuple[str, str]  # source, local number
    other: tuple[str, str]
    compared: bool
    decision: tuple[str, ...]
    comparison: Comparison


class Run(NamedTuple):
    """Everything that is known of a run over N records."""

    records: Sequence[PatientRecord]
    truth: Ints
    linked: Linked
    judged: Edges
    weigher: Weigher
    keys: Keys
    population: int  # that the caller asked for; 0 takes what the index holds


def persons_before(run: Run) -> Ints:
    """int64[N]: the population in force when each record was decided."""
    founders = first_of(run.linked.person)
    persons: Ints = np.maximum(np.cumsum(founders) - founders, max(run.population, 1))
    return persons


def worst_wrong(run: Run) -> list[ExplainedPair]:
    """The wrong links of the highest weight, each with the record of the person that weighs most."""
    wrong = run.judged.wrong
    involved = np.flatnonzero(np.isin(run.linked.person, run.linked.person[wrong]))
    a, b = (involved[side].astype(np.int32) for side in pairs_of(run.linked.person[involved]))
    kept = wrong[b]
    return _heaviest(run, a[kept], b[kept])


def worst_missed(run: Run, a: Int32s, b: Int32s) -> list[ExplainedPair]:
    """The missed links of the highest weight that no steward is shown either. ``a < b``: all true pairs."""
    kept = (run.judged.missed & ~run.judged.useful)[b]
    return _heaviest(run, a[kept], b[kept])


def _heaviest(run: Run, a: Int32s, b: Int32s) -> list[ExplainedPair]:
    """The heaviest pair of each later record, heaviest first, at most ``WORST``."""
    weights = run.weigher.weigh(a, b, persons_before(run)[b])
    order = np.lexsort((b, a, -weights))
    _, first = np.unique(b[order], return_index=True)
    chosen = order[np.sort(first)][:WORST]
    return [explained(run, int(a[i]), int(b[i])) for i in chosen]


def examples(run: Run, spread: Spread) -> dict[str, ExplainedPair]:
    """One pair each that stands for many: the right link and the review of middle weight, and the weakest right link."""
    found = {}
    for name, chosen, place in (
        ("a typical right link", run.judged.right, 0.5),
        ("the weakest right link", run.judged.right, 0.0),
        ("a typical review", run.judged.reviewed & ~run.judged.linked, 0.5),
    ):
        records = np.flatnonzero(chosen & (spread.partner >= 0))
        if len(records):
            order = records[np.argsort(spread.best[records], kind="stable")]
            record = int(order[int(place * (len(order) - 1))])
            found[name] = explained(run, int(spread.partner[record]), record)
    return found


def explained(run: Run, a: int, b: int) -> ExplainedPair:
    """Records ``a < b`` side by side."""
    pair = (np.array([a], np.int32), np.array([b], np.int32))
    return ExplainedPair(
        record=_key(run.records[b]),
        other=_key(run.records[a]),
        compared=bool(run.keys.shared(*pair)[0]),
        decision=tuple(DECISION_TEXT[reason] for reason in decision_reasons(int(run.linked.reasons[b]))),
        comparison=run.weigher.explain(a, b, int(persons_before(run)[b])),
    )


def _key(record: PatientRecord) -> tuple[str, str]:
    return record.source, record.local_id


def review_reasons(run: Run) -> dict[str, tuple[int, int]]:
    """Why there are reviews: reason → (reviews, useful ones). A review may have several reasons."""
    found = {}
    for reason in DecisionReason:
        given = run.judged.reviewed & ((run.linked.reasons >> int(reason)) & 1 == 1)
        if reason and given.any():
            found[DECISION_TEXT[reason]] = (int(given.sum()), int((given & run.judged.useful).sum()))
    return dict(sorted(found.items(), key=lambda item: -item[1][0]))
