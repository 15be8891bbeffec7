"""Every record's best candidate among the records before it, weighed as the service would weigh it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mpi.linkage.features import Encoded
from mpi.linkage.model import Model, TermFrequencies
from training.modelling.keys import Groups, pair_chunks
from training.modelling.weighing import Weigher

NOTHING = -1000.0  # bits, of a record without candidate: probability 0


def best_candidates(
    model: Model, frequencies: TermFrequencies, encoded: Encoded, groups: list[Groups], *, population: float
) -> npt.NDArray[np.float64]:
    """float64[records]: probability that the best earlier record is the same person; 0 where none was compared.

    ``model`` is fitted, thresholds aside; ``groups`` are the records that share a key, rule by rule; ``population`` is the
    number of persons the prior is taken for.
    """
    weigher = Weigher(model, frequencies, encoded)
    best = np.full(len(encoded.starts) - 1, NOTHING)
    for each in groups:
        for a, b in pair_chunks(each):
            np.maximum.at(best, np.maximum(a, b), weigher.weigh(a, b, population))
    probability: npt.NDArray[np.float64] = 1 / (1 + np.exp2(np.minimum(-best, 1000.0)))
    return probability
