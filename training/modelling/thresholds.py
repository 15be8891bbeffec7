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

ROUNDING = 1e-6  # records

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Aim:
    """What the thresholds are to keep.

    ``wrong``: share of wrong links among automatic links. ``least``: probability that every single automatic link has at
    least, however sure the others are. ``reviews``: reviews per record, at most, those that the rules ask for included.
    """

    wrong: float = 1e-4
    least: float = 0.95
    reviews: float = 0.01


@dataclass(frozen=True)
class Thresholds:
    """Two probabilities, and what the mixture expects of them."""

    upper: float
    lower: float
    wrong: float  # share of wrong links among the candidates above ``upper``; the rules take out the more doubtful of them
    linked: float  # automatic links a record
    reviews: float  # reviews a record
    ruled: float  # … of them those above ``upper``, which a rule asks for whatever they weigh
    missed: float  # share of the links to be found that are neither made nor reviewed, blocking aside


def choose_thresholds(best: Floats, ruled: Bools, *, aim: Aim, crowd: float = 1.0) -> Thresholds:
    """The lowest upper threshold that meets the aim, and the lowest lower one whose reviews stay within it.

    ``best``: probability of every record's best candidate, 0 where it has none. ``ruled``: whether a rule of the decision
    asks a person about it, however likely. The rules' questions count among the reviews, not among the links; where they
    alone are more than the aim allows, the thresholds coincide.

    ``crowd``: how many times as many persons the index will hold as these records are of. ``best`` is taken for so many
    persons, and there a record meets ``crowd`` times as many strangers that look like it: see ``_met``.
    """
    order = np.argsort(-best, kind="stable")
    probability = best[order]
    records = len(probability)
    met = _met(probability, crowd)
    candidates, asked = np.cumsum(met), np.cumsum(np.where(ruled[order], met, 0.0))
    cuts = np.flatnonzero(np.append(probability[1:] < probability[:-1], True)) + 1  # equal ones stay together
    wrong = np.cumsum((1 - probability) * met) / candidates
    links = _last(cuts, (wrong <= aim.wrong) & (probability >= aim.least))
    linked, by_rule = (float(candidates[links - 1]), float(asked[links - 1])) if links else (0.0, 0.0)
    within = candidates <= linked - by_rule + aim.reviews * records + ROUNDING
    shown = max(_last(cuts, within & (probability >= LOWEST)), links)
    upper = max(_below(probability, links), aim.least)
    return Thresholds(
        upper=upper,
        lower=min(_below(probability, shown), upper),
        wrong=float(wrong[links - 1]) if links else 0.0,
        linked=(linked - by_rule) / records,
        reviews=((float(candidates[shown - 1]) if shown else 0.0) - linked + by_rule) / records,
        ruled=by_rule / records,
        missed=float((probability * met)[shown:].sum() / max(float((probability * met).sum()), 1.0)),
    )


def _met(probability: Floats, crowd: float) -> Floats:
    """How many candidates of this probability an index of ``crowd`` times as many persons has for each one seen here.

    Of n seen, m are the same person and n − m strangers, of whom the index has ``crowd`` times as many; and the probability,
    taken for the index, is m / (m + crowd (n − m)).
    """
    return crowd / (1 + (crowd - 1) * probability)


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
