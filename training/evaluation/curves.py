"""What other thresholds would do: every record by its best candidate, as the thresholds cut it.

The rules of the decision (vetoes, documents) come on top of thresholds; the point that a run reached stands beside a curve,
not on it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from training.evaluation.candidates import Spread

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Curve(NamedTuple):
    """float64[K] each, by falling threshold: every distinct weight of a best candidate is a threshold.

    threshold  bits
    precision  share of the records at or above it whose best candidate is of their person
    recall     share of the linkable records that are among these, rightly
    above      records at or above it, a record
    """

    threshold: Floats
    precision: Floats
    recall: Floats
    above: Floats


def threshold_curve(spread: Spread, truth: Ints, linkable: Bools) -> Curve:
    """The curve over all thresholds. Empty where no record has a candidate."""
    records = np.flatnonzero(spread.partner >= 0)
    order = records[np.argsort(-spread.best[records], kind="stable")]
    weights = spread.best[order]
    right = np.cumsum(truth[spread.partner[order]] == truth[order])
    last = np.flatnonzero(np.append(weights[1:] < weights[:-1], True)) if len(order) else np.zeros(0, np.int64)
    taken = last + 1
    return Curve(
        threshold=weights[last],
        precision=right[last] / taken,
        recall=right[last] / max(int(linkable.sum()), 1),
        above=taken / max(len(truth), 1),
    )
