"""Records with known truth and a model → an evaluation: link, judge, weigh, explain."""

from __future__ import annotations

import time
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from mpi.errors import InputError
from mpi.linkage.model import Model, TermFrequencies
from training.evaluation.blocking import BlockingRecall, Keys, blocking_recall
from training.evaluation.calibration import Calibration, calibrate
from training.evaluation.candidates import Spread, weigh_candidates
from training.evaluation.curves import Curve, threshold_curve
from training.evaluation.explained import ExplainedPair, Run, examples, review_reasons, worst_missed, worst_wrong
from training.evaluation.intervals import Share
from training.evaluation.labelled import Labelled
from training.evaluation.linking import link
from training.evaluation.metrics import Figures, edges, figures
from training.evaluation.missing import missing_shares
from training.evaluation.pairs import pairs_of, pairs_within
from training.evaluation.traits import reachable_records
from training.modelling.encode import encode_records
from training.modelling.patterns import Comparer
from training.modelling.weighing import Weigher

MOST_PAIRS = 100_000_000  # true pairs; more means that the column of truth does not name persons

Ints = npt.NDArray[np.int64]


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """All figures of a run, as ``--json`` prints them."""

    model: str  # name@hash
    records: int
    refused: int  # rows that were not mapped, not valid or had no truth
    repeated: int  # rows left out because an earlier one has their source and local number
    true_persons: int
    index_persons: int
    population: int  # persons the prior of curves and calibration is taken for
    upper: float  # thresholds as probabilities
    lower: float
    upper_bits: float
    lower_bits: float
    link_seconds: float
    seconds: float
    overall: Figures
    strata: dict[str, Figures]
    blocking: BlockingRecall
    candidate_pairs: int
    left_out_pairs: int
    calibration: Calibration
    review_reasons: dict[str, tuple[int, int]]  # reviews, useful ones
    missing: dict[str, Share]  # records without a value, by feature
    worst_wrong: list[ExplainedPair]
    worst_missed: list[ExplainedPair]
    examples: dict[str, ExplainedPair]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Evidence:
    """An evaluation, and the arrays that its charts are drawn from."""

    evaluation: Evaluation
    model: Model
    spread: Spread
    curve: Curve


def evaluate(labelled: Labelled, model: Model, frequencies: TermFrequencies, *, population: int = 0) -> Evidence:
    """Send the records through an index of their own and judge what came of it.

    ``population``: persons the prior is taken for, where it is more than the index holds. Raises InputError where there is
    nothing to judge, and what the registry raises.
    """
    began = time.monotonic()
    labelled, repeated = without_repeated(labelled)
    _check(labelled)
    linked = link(model, frequencies, labelled.records, population=population)
    link_seconds = time.monotonic() - began
    truth, judged = labelled.truth, edges(linked, labelled.truth)
    encoded = encode_records(model, labelled.records).encoded
    keys, weigher = Keys(model, encoded), Weigher(model, frequencies, encoded)
    a, b = pairs_of(truth)
    run = Run(labelled.records, truth, linked, judged, weigher, keys, population)
    blocking = blocking_recall(keys, keys.shared(a, b), linked.person[a] != linked.person[b])
    wrong, missed = worst_wrong(run), worst_missed(run, a, b)  # before the candidates, which drop keys
    reachable = reachable_records(Comparer(model, encoded), a, b, len(truth))
    persons = max(population, int(linked.person.max()) + 1)
    spread = weigh_candidates(weigher, keys, truth, persons=persons)
    upper, lower = bits(model.decision.upper), bits(model.decision.lower)
    members = {name: flags for name, flags in labelled.strata.items() if flags.any()}
    evaluation = Evaluation(
        model=model.reference,
        records=len(truth),
        refused=labelled.refused,
        repeated=repeated,
        true_persons=int(truth.max()) + 1,
        index_persons=int(linked.person.max()) + 1,
        population=persons,
        upper=model.decision.upper,
        lower=model.decision.lower,
        upper_bits=upper,
        lower_bits=lower,
        link_seconds=link_seconds,
        seconds=time.monotonic() - began,
        overall=figures(judged, linked.person, truth, reachable, np.ones(len(truth), np.bool_)),
        strata={name: figures(judged, linked.person, truth, reachable, flags) for name, flags in members.items()},
        blocking=blocking,
        candidate_pairs=spread.pairs,
        left_out_pairs=spread.left_out,
        calibration=calibrate(spread, lower=lower),
        review_reasons=review_reasons(run),
        missing=missing_shares(model, encoded),
        worst_wrong=wrong,
        worst_missed=missed,
        examples=examples(run, spread),
        notes=tuple(_notes(labelled, repeated, spread)),
    )
    return Evidence(evaluation, model, spread, threshold_curve(spread, truth, judged.linkable))


def bits(probability: float) -> float:
    """Log odds of a probability strictly between 0 and 1, in bits."""
    return float(np.log2(probability / (1 - probability)))


def without_repeated(labelled: Labelled) -> tuple[Labelled, int]:
    """The first record of each source and local number; a second one would be an update, not a record of its own."""
    seen: dict[tuple[str, str], int] = {}
    for place, record in enumerate(labelled.records):
        seen.setdefault((record.source, record.local_id), place)
    repeated = len(labelled.records) - len(seen)
    if repeated == 0:
        return labelled, 0
    kept = np.fromiter(seen.values(), np.int64, len(seen))
    _, truth = np.unique(labelled.truth[kept], return_inverse=True)
    strata = {name: flags[kept] for name, flags in labelled.strata.items()}
    return Labelled([labelled.records[i] for i in kept], truth.astype(np.int64), strata, labelled.refused), repeated


def _check(labelled: Labelled) -> None:
    if not labelled.records:
        raise InputError("truth", "no record of the file can be read and has a truth: is the map right?")
    if pairs_within(labelled.truth) > MOST_PAIRS:
        raise InputError("truth", "calls so many records one person that it cannot name persons: is it the right column?")


def _notes(labelled: Labelled, repeated: int, spread: Spread) -> list[str]:
    """What a reader of the figures has to know."""
    notes = []
    if labelled.refused:
        notes.append(f"{labelled.refused:,} rows could not be read, were not valid or had no truth; they are in no figure")
    if repeated:
        notes.append(f"{repeated:,} rows repeat the source and local number of an earlier row; only the first was taken")
    if len(np.unique(labelled.truth)) == len(labelled.truth):
        notes.append("no two records are of one person: there is no link to find, and recall says nothing")
    if spread.left_out:
        notes.append(
            f"{spread.left_out:,} pairs share a key that more rows have than a search follows to its end; curves and "
            "calibration leave them out unless they share another key"
        )
    return notes
