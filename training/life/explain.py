"""Two records under a model: level and weight of every feature, as the service explains them. Values never leave here."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mpi.linkage.blocking import compile_rules
from mpi.linkage.comparison import LEVELS
from mpi.linkage.features import Encoder
from mpi.linkage.match import compare_pair
from mpi.linkage.model import STRANGER, Model, TermFrequencies
from mpi.linkage.scoring import SCALE, compile_tables, fixed
from mpi.linkage.search import Query, new_scratch
from mpi.linkage.settings import compile_settings
from mpi.records import PatientRecord
from mpi.standardise import standardise
from training.modelling.patterns import empty_table


@dataclass(frozen=True)
class Line:
    """One feature: the name of its level ("missing" included) and what it adds to the match weight, bits."""

    level: str
    bits: float


@dataclass(frozen=True)
class PairExplanation:
    """A pair under one model; ``prior`` and the bits of all lines add up to ``weight``, bits.

    ``probability``: that the two are one person; the weight said otherwise. ``relationship``: the most likely class, or
    "stranger". ``lines``: feature → line, in the model's order.
    """

    weight: float
    probability: float
    relationship: str
    prior: float
    lines: dict[str, Line]


class PairExplainer:
    """A model ready to explain pairs at a population of so many persons."""

    def __init__(self, model: Model, frequencies: TermFrequencies, *, population: int) -> None:
        self.model = model
        self._encoder = Encoder(model)
        self._query = Query(compile_tables(model, frequencies), compile_rules(model), compile_settings(model))
        self._population = fixed(math.log2(max(population, 1)))
        self._scratch = new_scratch(len(model.features))
        self._dictionary = empty_table()

    def explain(self, a: PatientRecord, b: PatientRecord) -> PairExplanation:
        """Compare two valid records."""
        first, second = (self._encoder.encode([standardise(each)]) for each in (a, b))
        lines = np.zeros((len(self.model.features) + 1, 2), np.int64)
        weight, winner = compare_pair(self._query, first, second, self._dictionary, self._population, self._scratch, lines)
        bits = (lines[:, 0] / SCALE).tolist()
        names = [*(item.name for item in self.model.classes), STRANGER]
        return PairExplanation(
            weight=weight / SCALE,
            probability=1 / (1 + 2.0 ** -max(min(weight / SCALE, 1000.0), -1000.0)),
            relationship=names[winner],
            prior=bits[0],
            lines={
                feature.name: Line(LEVELS[feature.kind][int(self._scratch.levels[f])], bits[f + 1])
                for f, feature in enumerate(self.model.features)
                if feature.scored
            },
        )
