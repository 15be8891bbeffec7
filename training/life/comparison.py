"""Two models over the same records: what differs, and examples of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mpi.errors import MpiError
from mpi.linkage.model import Model, TermFrequencies
from mpi.records import PatientRecord
from training.evaluation.linking import Linked, link
from training.life.changes import Changes, Pair, find_changes, gained_pairs, review_pairs
from training.life.difference import ModelDifference, model_difference
from training.life.explain import PairExplainer, PairExplanation
from training.life.records import Records

EXAMPLES = 10  # of each kind

Loaded = tuple[Model, TermFrequencies]


@dataclass(frozen=True)
class Example:
    """A pair of records that the two models treat differently. ``right``: whether they are one person, None if unknown."""

    a: str  # source/local_id
    b: str
    right: bool | None
    old: PairExplanation
    new: PairExplanation


@dataclass(frozen=True)
class ModelComparison:
    """Everything ``compare`` says; ``examples``: kind of change → pairs."""

    models: ModelDifference
    changes: Changes
    examples: dict[str, list[Example]]
    population: int
    refused: int


def compare(old: Loaded, new: Loaded, records: Records, *, population: int = 0, examples: int = EXAMPLES) -> ModelComparison:
    """Link the records with both models and say what differs. Raises what the registry answers, and MpiError for no records.

    ``population``: persons the prior is taken for, where it is more than the files hold. ``examples``: of each kind, at most.
    """
    if not records.records:
        raise MpiError("no row of the files became a record: is the map right?")
    before, after = (link(*model, records.records, population=population) for model in (old, new))
    persons = max(population, int(before.person.max()) + 1, int(after.person.max()) + 1)
    explainers = [PairExplainer(*model, population=persons) for model in (old, new)]
    return ModelComparison(
        models=model_difference(old[0], new[0]),
        changes=find_changes(before, after, records.truth),
        examples=_examples(before, after, records, explainers, examples),
        population=persons,
        refused=records.refused,
    )


def _examples(
    before: Linked, after: Linked, records: Records, explainers: list[PairExplainer], most: int
) -> dict[str, list[Example]]:
    def weigh(explainer: PairExplainer) -> Callable[[Pair], float]:
        return lambda pair: explainer.explain(records.records[pair[0]], records.records[pair[1]]).weight

    pairs = {
        "links gained": gained_pairs(before, after, weigh(explainers[1]), records.truth, most),
        "links lost": gained_pairs(after, before, weigh(explainers[0]), records.truth, most),
        "reviews gained": review_pairs(after, before, most),
        "reviews lost": review_pairs(before, after, most),
    }
    return {kind: [_example(pair, records, explainers) for pair in found] for kind, found in pairs.items()}


def _example(pair: Pair, records: Records, explainers: list[PairExplainer]) -> Example:
    a, b = (records.records[place] for place in pair)
    right = None if records.truth is None else bool(records.truth[pair[0]] == records.truth[pair[1]])
    return Example(_key(a), _key(b), right, explainers[0].explain(a, b), explainers[1].explain(a, b))


def _key(record: PatientRecord) -> str:
    return f"{record.source}/{record.local_id}"
