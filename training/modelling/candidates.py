"""Every record's best candidate among the records before it, weighed as the service would weigh it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mpi.linkage.features import Encoded
from mpi.linkage.model import Model, TermFrequencies
from training.modelling.keys import Groups, pairs_of_groups
from training.modelling.weighing import Weigher

Int32s = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

NOTHING = -1000.0  # bits, of a record without candidate: probability 0
RESERVE = 1.0  # bits below a record's best candidate within which others are kept to be weighed again
SLACK = 0.05  # bits by which sums of logarithms in fixed point can be off


class Candidates:
    """The candidates of every record among the records before it, weighed once and kept where they may be its best one.

    Another population moves the weight of a pair by at most as many bits as the prior. So whatever was further below the best
    one is below it still, and only the others are weighed again: the result is that of weighing all of them.
    """

    def __init__(
        self, model: Model, frequencies: TermFrequencies, encoded: Encoded, groups: list[Groups], *, population: float
    ) -> None:
        """``model`` is fitted, thresholds aside; ``groups`` are the records that share a key, rule by rule; ``population``
        is the number of persons the prior is taken for at first."""
        self._weigher = Weigher(model, frequencies, encoded)
        self._groups = groups
        self._records = len(encoded.starts) - 1
        self._weigh(population)

    def _weigh(self, population: float) -> None:
        self._population = population
        self._best = np.full(self._records, NOTHING)
        kept: list[tuple[Int32s, Int32s, Floats]] = [(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0))]
        for a, b, _ in pairs_of_groups(self._groups):
            weights = self._weigher.weigh(a, b, population)
            np.maximum.at(self._best, b, weights)
            kept.append(self._near((a, b, weights)))
        parts = [self._near(part) for part in kept]
        self._pairs = np.concatenate([a for a, _, _ in parts]), np.concatenate([b for _, b, _ in parts])

    def _near(self, part: tuple[Int32s, Int32s, Floats]) -> tuple[Int32s, Int32s, Floats]:
        a, b, weights = part
        near = weights >= self._best[b] - RESERVE
        return a[near], b[near], weights[near]

    def best(self, population: float) -> Floats:
        """float64[records]: probability that the best earlier record is the same person; 0 where none was compared."""
        if abs(float(np.log2(max(population, 1.0) / max(self._population, 1.0)))) > RESERVE - SLACK:
            self._weigh(population)
        best = self._best
        if population != self._population:
            a, b = self._pairs
            best = np.full(self._records, NOTHING)
            np.maximum.at(best, b, self._weigher.weigh(a, b, population))
        probability: Floats = 1 / (1 + np.exp2(np.minimum(-best, 1000.0)))
        return probability

    def ruled(self, population: float) -> Bools:
        """bool[records]: whether a rule of the decision makes a question of the link with the best candidate, whatever its
        weight. ``population`` is one that ``best`` was asked for last."""
        a, b = self._pairs
        weights = self._weigher.weigh(a, b, population)
        order = np.lexsort((-weights, b))
        first = order[np.unique(b[order], return_index=True)[1]]
        result = np.zeros(self._records, np.bool_)
        result[b[first]] = self._weigher.ruled(a[first], b[first], population)
        return result
