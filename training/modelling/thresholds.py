"""Thresholds from a stated aim, with the fitted mixture: no guess, and no number that a user did not ask for.

What counts is the link, not the pair: each record joins at most one person, by its best candidate among the records before
it. So the probability of that candidate is what the thresholds cut, over all records in their order.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from mpi.linkage.model import Decision

Floats = npt.NDArray[np.float64]

SUREST = 1 - 2.0**-30
LOWEST = 0.01  # a review that is right less often wastes the steward's time


@dataclass(frozen=True)
class Aim:
    """What the thresholds are to keep.

    ``wrong``: share of wrong links among automatic links. ``least``: probability that every single automatic link has at
    least, however sure the others are. ``reviews``: reviews per record, at most.
    """

    wrong: float = 1e-4
    least: float = 0.95
    reviews: float = 0.01


@dataclass(frozen=True)
class Thresholds:
    """Two probabilities, and what the mixture expects of them; vetoes and rules of the decision come on top."""

    upper: float
    lower: float
    wrong: float  # share of wrong links among automatic links
    linked: float  # automatic links a record
    reviews: float  # reviews a record
    missed: float  # share of the links to be found that are neither made nor reviewed, blocking aside


def choose_thresholds(best: Floats, *, aim: Aim) -> Thresholds:
    """The lowest upper threshold that meets the aim, and the lowest lower one whose reviews stay within it.

    ``best``: probability of every record's best candidate, 0 where it has none.
    """
    probability = np.sort(best)[::-1]
    records = len(probability)
    cuts = np.flatnonzero(np.append(probability[1:] < probability[:-1], True)) + 1  # equal ones stay together
    wrong = np.cumsum(1 - probability) / np.arange(1, records + 1)
    links = _last(cuts, (wrong <= aim.wrong) & (probability >= aim.least))
    within = np.arange(1, records + 1) <= links + aim.reviews * records
    shown = max(_last(cuts, within & (probability >= LOWEST)), links)
    upper = max(_below(probability, links), aim.least)
    return Thresholds(
        upper=upper,
        lower=min(_below(probability, shown), upper),
        wrong=float(wrong[links - 1]) if links else 0.0,
        linked=links / records,
        reviews=(shown - links) / records,
        missed=float(probability[shown:].sum() / max(probability.sum(), 1.0)),
    )


def as_strict_as(aim: Aim, decision: Decision) -> Decision:
    """A decision's rules about hardly more than name, birth date and sex (they are those of the default aim) for another aim.

    Where it allows a hundred times as many wrong links, a hundred times as many strangers may share the three, and what other
    traits must weigh is log2(100) bits less.
    """
    laxer = aim.wrong / Aim.wrong
    return msgspec.structs.replace(
        decision,
        common_limit=float(f"{decision.common_limit * laxer:.6g}"),
        further_bits=round(max(decision.further_bits - float(np.log2(laxer)), 0.0), 6),
    )


def _last(cuts: npt.NDArray[np.int64], fits: npt.NDArray[np.bool_]) -> int:
    """The largest of the cuts up to which the last record fits; 0 where none does."""
    fitting = cuts[fits[cuts - 1]]
    return int(fitting[-1]) if len(fitting) else 0


def _below(probability: Floats, count: int) -> float:
    """A threshold that the first ``count`` of the falling probabilities reach, halfway in log odds to the next one."""
    last = min(float(probability[count - 1]), SUREST) if count else SUREST
    following = float(probability[count]) if count < len(probability) else 0.0
    middle = (_log_odds(last) + _log_odds(min(max(following, LOWEST / 2), last))) / 2
    return float(1 / (1 + 2.0**-middle))


def _log_odds(probability: float) -> float:
    return float(np.log2(probability / (1 - probability)))
