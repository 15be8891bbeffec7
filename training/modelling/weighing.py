"""Pairs of records of one table weighed and explained, as the service would."""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from mpi.linkage.borrow import borrow
from mpi.linkage.features import Encoded
from mpi.linkage.hashtable import Table
from mpi.linkage.jit import kernel
from mpi.linkage.model import Model, TermFrequencies
from mpi.linkage.scoring import SCALE, Tables, compile_tables, explain_weight, match_weight
from mpi.linkage.search import Scratch, new_scratch
from mpi.linkage.settings import compile_settings
from mpi.records import Comparison
from mpi.registry.answers import match_reasons, probability, relationship
from training.cores import cores, shared_out
from training.modelling.patterns import Int32s, empty_table, records_levels
from training.modelling.ruled import ruled_pairs

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class Weigher:
    """Weighs pairs with a fitted model, on all cores. Holds working memory: one caller at a time."""

    def __init__(self, model: Model, frequencies: TermFrequencies, encoded: Encoded) -> None:
        self.model, self.encoded = model, encoded
        self._tables = compile_tables(model, frequencies)
        self._dictionary = empty_table()
        self._scratches = [new_scratch(len(model.features)) for _ in range(cores())]

    def weigh(self, a: Int32s, b: Int32s, persons: float | Ints) -> Floats:
        """float64[P]: match weight of each pair in bits; ``persons`` the prior is taken for, one number or int64[P]."""
        population = np.broadcast_to(np.rint(np.log2(np.maximum(persons, 1)) * SCALE).astype(np.int64), len(a)).copy()
        out = np.zeros(len(a), np.int64)

        def weigh(worker: int, part: slice) -> None:
            pairs, scratch = (a[part], b[part], population[part]), self._scratches[worker]
            _weigh(self._tables, self.encoded, *pairs, self._dictionary, scratch, out[part])

        shared_out(len(a), weigh)
        weights: Floats = out / SCALE
        return weights

    def ruled(self, a: Int32s, b: Int32s, persons: float) -> Bools:
        """bool[P]: whether a rule of the decision makes a question of linking b with the earlier a, whatever they weigh."""
        population = round(float(np.log2(max(persons, 1))) * SCALE)
        out = np.zeros(len(a), np.bool_)
        decision = msgspec.structs.replace(self.model.decision, upper=0.5, lower=0.5)  # may be open still, and do not matter
        settings = compile_settings(msgspec.structs.replace(self.model, decision=decision))

        def judge(worker: int, part: slice) -> None:
            scratch = self._scratches[worker]
            work = (population, self._dictionary, scratch, out[part])
            ruled_pairs(self._tables, settings, self.encoded, a[part], b[part], *work)

        shared_out(len(a), judge)
        return out

    def explain(self, a: int, b: int, persons: int) -> Comparison:
        """The comparison of two records, level by level. Names of levels and weights, no value."""
        explanation = np.zeros((len(self.model.features) + 1, 2), np.int64)
        pair, population = (np.array([a]), np.array([b])), round(float(np.log2(max(persons, 1))) * SCALE)
        scratch = self._scratches[0]
        weight, winner = _explain(self._tables, self.encoded, *pair, population, self._dictionary, scratch, explanation)
        return Comparison(
            weight=weight / SCALE,
            probability=probability(weight),
            relationship=relationship(self.model, winner),
            population=persons,
            model=self.model.reference,
            reasons=match_reasons(self.model, scratch.levels, explanation, persons),
        )


@kernel
def _weigh(
    tables: Tables,
    encoded: Encoded,
    a: Int32s,
    b: Int32s,
    population: Ints,
    dictionary: Table,
    scratch: Scratch,
    out: Ints,
) -> None:
    tables, encoded, dictionary, scratch = borrow(tables), borrow(encoded), borrow(dictionary), borrow(scratch)
    for i in range(len(a)):
        records_levels(tables, encoded, a[i], b[i], dictionary, scratch)
        out[i] = match_weight(tables, scratch.levels, scratch.adjustments, population[i], len(scratch.levels))[0]


@kernel
def _explain(
    tables: Tables,
    encoded: Encoded,
    a: Ints,
    b: Ints,
    population: int,
    dictionary: Table,
    scratch: Scratch,
    explanation: Ints,
) -> tuple[int, int]:
    tables, encoded, dictionary, scratch = borrow(tables), borrow(encoded), borrow(dictionary), borrow(scratch)
    records_levels(tables, encoded, a[0], b[0], dictionary, scratch)
    explain_weight(tables, scratch.levels, scratch.adjustments, population, explanation)
    return match_weight(tables, scratch.levels, scratch.adjustments, population, len(scratch.levels))
