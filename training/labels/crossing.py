"""Held-out labels: how often a fit with the other labels gives the steward's answer, and how often one without any does."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from training.estimation.problem import Flags, Floats
from training.labels.pairs import Ints

FOLDS = 5
NORMAL_95 = 1.959964
LEAST_P = 1e-6  # a probability no fit is held to: one wrong label would outweigh a thousand right ones


@dataclass(frozen=True)
class HeldOut:
    """Agreement of P held-out pairs. ``surprise``: mean −log2 probability of the label, bits; less is better."""

    pairs: int
    folds: int
    agree: int
    agree_without: int  # the same pairs, by the fit without labels
    surprise: float
    surprise_without: float

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the share that agrees."""
        n, share, z = self.pairs, self.agree / self.pairs, NORMAL_95
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        width = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return middle - width, middle + width


def held_out(
    verdicts: Ints, groups: Ints, posterior: Callable[[Flags], Floats], *, seed: int, folds: int = FOLDS
) -> HeldOut | None:
    """Cross-validate over groups of pairs; None where there are fewer than two groups.

    ``verdicts`` int64[J]: 1 same, −1 different, 0 undecided. ``posterior``: bool[J] (labels to use) → float64[J].
    """
    decided = verdicts != 0
    names = np.unique(groups[decided])
    folds = min(folds, len(names))
    if folds < 2:
        return None
    fold_of = dict(zip(np.random.default_rng(seed).permutation(names).tolist(), np.arange(len(names)) % folds, strict=True))
    fold = np.array([fold_of.get(group, -1) for group in groups.tolist()])
    p = np.zeros(len(verdicts))
    for number in range(folds):
        tested = decided & (fold == number)
        p[tested] = posterior(decided & ~tested)[tested]
    without = posterior(np.zeros(len(verdicts), np.bool_))
    same = verdicts[decided] > 0
    return HeldOut(
        pairs=int(decided.sum()),
        folds=folds,
        agree=int(((p[decided] >= 0.5) == same).sum()),
        agree_without=int(((without[decided] >= 0.5) == same).sum()),
        surprise=_surprise(p[decided], same),
        surprise_without=_surprise(without[decided], same),
    )


def _surprise(p: Floats, same: Flags) -> float:
    return float(-np.log2(np.maximum(np.where(same, p, 1 - p), LEAST_P)).mean())
