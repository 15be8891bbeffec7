"""All candidate pairs of a table weighed: how weights are spread among pairs that are one person and pairs that are not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mpi.linkage.jit import kernel
from training.evaluation.blocking import Keys
from training.modelling.keys import pair_chunks
from training.modelling.patterns import Int32s
from training.modelling.weighing import Weigher

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

WIDTH = 0.25  # bits a bin
LIGHTEST, HEAVIEST = -80.0, 112.0  # weights beyond are counted in the last bin
BINS = round((HEAVIEST - LIGHTEST) / WIDTH)
NOTHING = -np.inf  # weight of a record without a candidate


@dataclass(frozen=True)
class Spread:
    """Weights of all pairs that share a blocking key, each pair once.

    same, different   int64[BINS]    pairs by weight, bins of ``WIDTH`` bits from ``LIGHTEST``; one person, and not
    expected          float64[BINS]  sum of their match probabilities
    best              float64[N]     weight of each record's best candidate among the records before it, or ``NOTHING``
    partner           int32[N]       that candidate, -1 without one; the earliest of equals
    left_out          pairs of rows under keys that more than ``block_limit`` rows have, which a search follows in part only;
                      weighed is such a pair only where it shares another key
    """

    same: Ints
    different: Ints
    expected: Floats
    best: Floats
    partner: Int32s
    left_out: int

    @property
    def pairs(self) -> int:
        return int(self.same.sum() + self.different.sum())


def edges_of_bins() -> Floats:
    """float64[BINS + 1], bits."""
    return np.linspace(LIGHTEST, HEAVIEST, BINS + 1)


def weigh_candidates(weigher: Weigher, keys: Keys, truth: Ints, *, persons: int) -> Spread:
    """Weigh every candidate pair. ``truth`` int64[N]; ``persons``: population the prior is taken for.

    Drops the keys that are too common from ``keys``: what else is to be learnt of them must be asked before.
    """
    records = len(keys.starts) - 1
    left_out = keys.drop_common(weigher.model.decision.block_limit)
    same, different = np.zeros(BINS, np.int64), np.zeros(BINS, np.int64)
    expected = np.zeros(BINS)
    best, partner = np.full(records, NOTHING), np.full(records, -1, np.int32)
    for rule in range(len(keys.texts)):
        earlier = np.uint64((1 << rule) - 1)
        for a, b in pair_chunks(keys.groups(rule)):
            fresh = (keys.shared(a, b) & earlier) == 0
            first, second = a[fresh], b[fresh]
            weights = weigher.weigh(first, second, persons)
            place = np.clip(((weights - LIGHTEST) / WIDTH).astype(np.int64), 0, BINS - 1)
            right = truth[first] == truth[second]
            same += np.bincount(place[right], minlength=BINS)
            different += np.bincount(place[~right], minlength=BINS)
            expected += np.bincount(place, probabilities(weights), minlength=BINS)
            _keep_best(first, second, weights, best, partner)
    return Spread(same, different, expected, best, partner, left_out)


def probabilities(weights: Floats) -> Floats:
    """Match probability of weights in bits."""
    odds: Floats = 1 / (1 + np.exp2(np.clip(-weights, -1000.0, 1000.0)))
    return odds


@kernel
def _keep_best(a: Int32s, b: Int32s, weights: Floats, best: Floats, partner: Int32s) -> None:
    for i in range(len(a)):
        earlier, later = min(a[i], b[i]), max(a[i], b[i])
        heavier = weights[i] > best[later]
        if heavier or (weights[i] == best[later] and earlier < partner[later]):
            best[later], partner[later] = weights[i], earlier
