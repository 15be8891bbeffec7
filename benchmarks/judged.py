"""Graded cases and what was decided about them: counts that say what a wrong decision costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.graded import GRADES, MATCH, NO_MATCH, POSSIBLE

LINK, REVIEW, NEW = DECISIONS = ("link", "review", "new")


class Case(NamedTuple):
    """``named``: what was linked, or shown for review, holds the record that the grade is about."""

    grade: str
    decision: str
    named: bool


def case_counts(cases: Iterable[Case]) -> dict[str, Any]:
    """The table grade × decision, and:

    right_links       matches linked to the right person
    wrong_links       linked though graded no match, or to another person than the one the grade is about
    hasty_links       linked, and the grade says that a person should have looked
    right_reviews     possible matches that a person is asked about
    cautious_reviews  matches that a person is asked about
    needless_reviews  asked though graded no match, or without showing the right person
    missed            matches and possible matches that became a new person without a question
    """
    table = {grade: dict.fromkeys(DECISIONS, 0) for grade in GRADES}
    keys = ("right_links", "wrong_links", "hasty_links", "right_reviews", "cautious_reviews", "needless_reviews", "missed")
    counts = dict.fromkeys(keys, 0)
    for case in cases:
        table[case.grade][case.decision] += 1
        if (kind := _kind(case)) is not None:
            counts[kind] += 1
    return {"table": table, **counts}


def _kind(case: Case) -> str | None:
    """The key of ``case_counts`` under which a case counts; None where a new person is right."""
    if case.decision == NEW:
        return None if case.grade == NO_MATCH else "missed"
    wrong = case.grade == NO_MATCH or not case.named
    if case.decision == LINK:
        return "wrong_links" if wrong else {MATCH: "right_links", POSSIBLE: "hasty_links"}[case.grade]
    return "needless_reviews" if wrong else {MATCH: "cautious_reviews", POSSIBLE: "right_reviews"}[case.grade]


def by_probability(grade: str, about: str, found: Mapping[str, float], *, upper: float, lower: float) -> Case:
    """Decide a case by the probabilities of the records it may belong to: link from ``upper``, ask from ``lower``."""
    best = max(found.values(), default=0.0)
    decision, least = (LINK, upper) if best >= upper else (REVIEW, lower) if best >= lower else (NEW, 2.0)
    return Case(grade, decision, found.get(about, 0.0) >= least)


def area_under_curve(scores: Sequence[float] | npt.NDArray[np.float64], grades: Sequence[str]) -> float:
    """Probability that a random match scores above a random no match; ties count half."""
    values, match = np.asarray(scores, np.float64), np.array([grade == MATCH for grade in grades])
    difference = values[match][:, None] - values[~match][None, :]
    return float(np.mean((difference > 0) + 0.5 * (difference == 0)))
