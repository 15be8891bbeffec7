"""Every record's best candidate among the records before it, weighed as the service would weigh it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mpi.linkage.borrow import borrow
from mpi.linkage.features import Encoded
from mpi.linkage.hashtable import Table
from mpi.linkage.jit import kernel
from mpi.linkage.model import Model, TermFrequencies
from mpi.linkage.scoring import SCALE, Tables, compile_tables, match_weight
from mpi.linkage.search import Scratch, new_scratch
from training.modelling.keys import Groups, pair_chunks
from training.modelling.patterns import Int32s, empty_table, records_levels

Int64s = npt.NDArray[np.int64]

NOTHING = -(1 << 40)  # weight of a record without candidate: probability 0


def best_candidates(
    model: Model, frequencies: TermFrequencies, encoded: Encoded, groups: list[Groups], *, population: float
) -> npt.NDArray[np.float64]:
    """float64[records]: probability that the best earlier record is the same person; 0 where none was compared.

    ``model`` is fitted, thresholds aside; ``groups`` are the records that share a key, rule by rule; ``population`` is the
    number of persons the prior is taken for.
    """
    tables = compile_tables(model, frequencies)
    best = np.full(len(encoded.starts) - 1, NOTHING, np.int64)
    scratch, dictionary = new_scratch(len(model.features)), empty_table()
    for each in groups:
        for a, b in pair_chunks(each):
            _weigh(tables, encoded, a, b, round(np.log2(population) * SCALE), dictionary, scratch, best)
    return 1 / (1 + np.exp2(np.minimum(-best / SCALE, 1000.0)))


@kernel
def _weigh(
    tables: Tables,
    encoded: Encoded,
    a: Int32s,
    b: Int32s,
    population: int,
    dictionary: Table,
    scratch: Scratch,
    best: Int64s,
) -> None:
    tables, encoded, dictionary, scratch = borrow(tables), borrow(encoded), borrow(dictionary), borrow(scratch)
    for i in range(len(a)):
        records_levels(tables, encoded, a[i], b[i], dictionary, scratch)
        weight = match_weight(tables, scratch.levels, scratch.adjustments, population, len(scratch.levels))[0]
        later = max(a[i], b[i])
        best[later] = max(best[later], weight)
