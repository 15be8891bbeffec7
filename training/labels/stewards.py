"""A bad labeller is noticed: his decisions differ from what the others and the model expect more often than an honest one's.

For every decision, p is the probability that the pair is one person: by a model that has seen the other stewards' labels and
none of his, set right on those labels (a logistic line through log odds, held near the model's own), and by what the others
decided on that very pair. An honest steward says "same" with probability q = (1 − ε) p + ε (1 − p). Where the likelier answer
is g, he differs from it with probability min(q, 1 − q), and the number of times he does is a sum of unlike coin throws. The
chance of as many or more is exact (a convolution), one-sided, and small for somebody who answers at random, who always gives
one answer, or who mistakes the question. Where the model itself does not know (p near ½), nothing is held against anybody.

Stewards are trusted one after the other, who fits best first, each judged by the model and by those trusted before him: so
the model settles which of two who contradict each other is right. Where not even the first fits the model, it may be the
model that is wrong; then all are judged by all others, and the worst is taken out until nobody stands out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from training.estimation.problem import Flags, Floats
from training.labels.pairs import Decisions, Ints

HONEST_ERROR = 0.05  # ε: share of wrong decisions a good steward makes
RARE = 0.001  # chance of being noticed though honest, over all stewards of a file
EXCESS = 0.05  # more disagreement than expected, as a share, before it matters
FEWEST = 20  # decisions before anybody is judged
FEWEST_OTHERS = 30  # pairs decided by others before the model is set right on them
HELD = 4.0  # prior precision that keeps the line near the model's own odds
FARTHEST = 12.0  # log odds beyond which a model is not believed
BEYOND = 500.0  # log odds that are 0 or 1 in every respect
LINE_STEPS, LINE_CLOSE = 50, 1e-8

Posterior = Callable[[frozenset[int]], Floats]  # stewards whose labels are used → float64[J] probability of one person
Judge = Callable[[int, frozenset[int]], "StewardFinding"]  # steward, those he is compared with


@dataclass(frozen=True)
class StewardFinding:
    """How a steward's decisions compare. ``differs``: decisions against the likelier answer; ``expected`` of an honest one.

    ``chance``: of as many or more, if he were honest. ``with_model``: share of decisions that are the model's own answer.
    ``shared``: decisions on pairs that others decided as well; ``with_others``: those that agree with their majority.
    """

    steward: str
    decisions: int
    same: int
    differs: int
    expected: float
    chance: float
    with_model: float
    shared: int
    with_others: int
    noticed: bool


def judge_stewards(decisions: Decisions, posterior: Posterior) -> list[StewardFinding]:
    """A finding for each steward, by name."""
    everyone = frozenset(range(len(decisions.stewards)))

    def finding(steward: int, others: frozenset[int]) -> StewardFinding:
        return _finding(decisions, posterior, steward, others - {steward})

    trusted = _admitted(everyone, finding) or _remaining(everyone, finding)
    found = {steward: finding(steward, trusted) for steward in sorted(everyone)}
    return [replace(each, noticed=steward not in trusted) for steward, each in found.items()]


def _admitted(everyone: frozenset[int], finding: Judge) -> frozenset[int]:
    """Stewards trusted one after the other, by the model and those trusted before; none where the first is not."""
    trusted: frozenset[int] = frozenset()
    while trusted != everyone:
        found = {steward: finding(steward, trusted) for steward in sorted(everyone - trusted)}
        best = max(found, key=lambda steward: (found[steward].chance, -steward))
        fitting = [steward for steward, each in found.items() if not _stands_out(each, len(everyone))]
        if not fitting:
            break
        trusted |= {best if best in fitting else fitting[0]}
    return trusted


def _remaining(everyone: frozenset[int], finding: Judge) -> frozenset[int]:
    """Stewards that are left when the one who differs most from all others is taken out, again and again."""
    trusted = everyone
    while trusted:
        found = {steward: finding(steward, trusted) for steward in sorted(trusted)}
        bad = [steward for steward, each in found.items() if _stands_out(each, len(everyone))]
        if not bad:
            break
        trusted -= {min(bad, key=lambda steward: (found[steward].chance, steward))}
    return trusted


def _stands_out(each: StewardFinding, stewards: int) -> bool:
    enough = each.decisions >= FEWEST and each.differs - each.expected > EXCESS * each.decisions
    return enough and each.chance < RARE / stewards


def _finding(decisions: Decisions, posterior: Posterior, steward: int, others: frozenset[int]) -> StewardFinding:
    mine, theirs = decisions.steward == steward, decisions.of(others)
    odds = _log_odds(posterior(others))
    set_right = _line(odds, decisions.verdicts(theirs))
    own = decisions.pair[mine]
    said = decisions.same[mine]
    p = _expit(set_right[own] + _votes(decisions, theirs)[own] * np.log((1 - HONEST_ERROR) / HONEST_ERROR))
    q = (1 - HONEST_ERROR) * p + HONEST_ERROR * (1 - p)
    differs = int((said != (q >= 0.5)).sum())
    unlikely = np.minimum(q, 1 - q)
    elsewhere = decisions.verdicts(~mine)[own]  # by everybody else, trusted or not
    return StewardFinding(
        steward=decisions.stewards[steward],
        decisions=len(own),
        same=int(said.sum()),
        differs=differs,
        expected=float(unlikely.sum()),
        chance=at_least(unlikely, differs),
        with_model=float(np.mean(said == (odds[own] >= 0))) if len(own) else 1.0,
        shared=int((elsewhere != 0).sum()),
        with_others=int((np.where(said, 1, -1) == elsewhere).sum()),
        noticed=False,
    )


def _votes(decisions: Decisions, chosen: Flags) -> Ints:
    """int64[J]: decisions for "same" less those for "different"."""
    votes = np.zeros(len(decisions.levels), np.int64)
    np.add.at(votes, decisions.pair[chosen], np.where(decisions.same[chosen], 1, -1))
    return votes


def at_least(chances: Floats, count: int) -> float:
    """Probability of ``count`` successes or more in independent trials with these chances: exact, by convolution."""
    if count <= 0:
        return 1.0
    exactly = np.zeros(count)
    exactly[0] = 1.0
    reached = 0.0
    for chance in chances.tolist():
        reached += exactly[-1] * chance
        exactly[1:] = exactly[1:] * (1 - chance) + exactly[:-1] * chance
        exactly[0] *= 1 - chance
    return float(min(reached, 1.0))


def _line(odds: Floats, verdicts: Ints) -> Floats:
    """float64[J]: a + b × odds, fitted to the verdicts by penalised logistic regression; the odds where there are too few."""
    decided = verdicts != 0
    if decided.sum() < FEWEST_OTHERS:
        return odds
    x = np.column_stack([np.ones(int(decided.sum())), odds[decided]])
    target = (verdicts[decided] > 0).astype(np.float64)
    start = np.array([0.0, 1.0])

    def height(line: Floats) -> float:
        ahead = x @ line
        return float((target * ahead - np.logaddexp(0.0, ahead)).sum() - HELD / 2 * ((line - start) ** 2).sum())

    line = start.copy()
    for _ in range(LINE_STEPS):
        p = _expit(x @ line)
        slope = x.T @ (target - p) - HELD * (line - start)
        bend = (x * (p * (1 - p))[:, None]).T @ x + HELD * np.eye(2)
        move = np.linalg.solve(bend, slope)
        while np.abs(move).max() > LINE_CLOSE and height(line + move) < height(line):
            move = move / 2  # Newton's step is too long where almost every probability is 0 or 1
        line = line + move
        if np.abs(move).max() <= LINE_CLOSE:
            break
    result: Floats = line[0] + line[1] * odds
    return result


def _log_odds(p: Floats) -> Floats:
    clipped = np.clip(p, 1e-12, 1 - 1e-12)
    result: Floats = np.clip(np.log(clipped / (1 - clipped)), -FARTHEST, FARTHEST)
    return result


def _expit(odds: Floats) -> Floats:
    result: Floats = 1 / (1 + np.exp(-np.clip(odds, -BEYOND, BEYOND)))
    return result
