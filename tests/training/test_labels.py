"""Stewards' labels in the estimate: nearer the truth on a hard problem, and no harm from somebody who answers at random."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.estimation import ClassSpec, FeatureSpec, Fit, Problem, fit, independent_missing
from training.estimation.problem import Floats, Levels
from training.estimation.simulation import count_patterns, draw_patterns
from training.labels.crossing import held_out
from training.labels.label_file import Labels
from training.labels.pairs import Decisions
from training.labels.refining import LabelPlan, LabelReport, refine
from training.labels.stewards import at_least, judge_stewards
from training.labels.weighing import same_person, with_labels

FEATURES = (
    FeatureSpec("given", ("exact", "close", "different")),
    FeatureSpec("birth_date", ("exact", "close", "different")),
    FeatureSpec("sex", ("same", "different")),
    FeatureSpec("place", ("exact", "near", "different")),
)
ONE = frozenset({1})
RULES = ({"given": ONE}, {"birth_date": ONE}, {"place": ONE, "sex": ONE})
CLASSES = (ClassSpec("same person"), ClassSpec("household", shared=("place",), free=("given",)))
RECORDS = 3_000
PLAN = LabelPlan(Labels((), "labels.csv", "0" * 32, 0))


def table(rows: list[list[float]]) -> Floats:
    result = np.zeros((len(rows), 4))
    for f, row in enumerate(rows):
        result[f, 1 : len(row) + 1] = row
    return result


M = table([[0.7, 0.15, 0.15], [0.8, 0.1, 0.1], [0.98, 0.02], [0.5, 0.2, 0.3]])
U = table([[0.02, 0.05, 0.93], [0.003, 0.05, 0.947], [0.5, 0.5], [0.02, 0.1, 0.88]])


class Drawn(NamedTuple):
    """A hard problem: few features, few matches, families. ``rows`` and ``same`` are all its pairs, one by one."""

    problem: Problem
    plain: Fit
    rows: Levels
    same: np.ndarray
    random: np.random.Generator


def draw(seed: int, matches: float = 400.0, families: float = 3_000.0) -> Drawn:
    print(f"seed {seed}")
    random = np.random.default_rng(seed)
    missing = independent_missing([0, 0.02, 0, 0.1])
    nothing = np.zeros((0, 4), np.uint8)
    empty = Problem(FEATURES, CLASSES, RULES, nothing, np.zeros(0), U, *missing, records=RECORDS)
    household = U.copy()
    household[3] = 0.8 * M[3] + 0.2 * U[3]
    household[0, 1:4] = [0.02, 0.3, 0.68]
    p, pairs = np.stack([M, household, U]), np.array([matches, families, empty.total_pairs - matches - families])
    parts = [draw_patterns(empty, p, np.where(np.arange(3) == c, pairs, 0.0), random) for c in range(3)]
    rows = np.concatenate([np.repeat(levels, counts.astype(int), axis=0) for levels, counts in parts])
    same = np.arange(len(rows)) < parts[0][1].sum()
    patterns, counts = count_patterns(rows)
    problem = dataclasses.replace(empty, patterns=patterns, counts=counts)
    return Drawn(problem, fit(problem, seed=seed), rows, same, random)


def in_doubt(drawn: Drawn, count: int) -> np.ndarray:
    """Pairs as a steward gets them: those that could be one person."""
    zone = np.flatnonzero(same_person(drawn.plain, drawn.rows) > 0.02)
    return drawn.random.choice(zone, min(count, len(zone)), replace=False)


def error(found: Fit) -> float:
    return float(np.abs(found.probabilities[0] - M).sum())


def decide(drawn: Drawn, wrong: list[float], each: int = 200) -> Decisions:
    """Stewards who decide pairs of their own and, a third of them, pairs of the first one; each errs at his rate."""
    pool = in_doubt(drawn, each * len(wrong))
    pair, steward, said = [], [], []
    for number, rate in enumerate(wrong):
        mine = pool[number * each : (number + 1) * each]
        mine = np.concatenate([mine[each // 3 :], pool[: each // 3]]) if number else mine
        pair += mine.tolist()
        steward += [number] * len(mine)
        said += (drawn.same[mine] ^ (drawn.random.random(len(mine)) < rate)).tolist()
    places, inverse = np.unique(pair, return_inverse=True)
    return Decisions(
        levels=drawn.rows[places],
        groups=np.arange(len(places)),
        pair=inverse.astype(np.int64),
        steward=np.array(steward, np.int64),
        same=np.array(said, np.bool_),
        stewards=tuple("abcdef"[: len(wrong)]),
    )


def refined(drawn: Drawn, decisions: Decisions, plan: LabelPlan = PLAN) -> tuple[Problem, Fit, LabelReport]:
    return refine(drawn.problem, drawn.plain, decisions, plan, lambda problem: (problem, fit(problem)), seed=1)


def test_labels_bring_a_hard_fit_closer_to_the_truth() -> None:
    before, after, pairs = [], [], []
    for seed in range(4):
        drawn = draw(seed)
        pick = in_doubt(drawn, 800)
        labelled, unseen = with_labels(drawn.problem, drawn.rows[pick], np.where(drawn.same[pick], 1, -1), 1.0)
        assert unseen == 0
        found = fit(labelled, seed=seed)
        assert found.converged
        before.append(error(drawn.plain))
        after.append(error(found))
        pairs.append(abs(np.log(found.pairs[0] / 400)) - abs(np.log(drawn.plain.pairs[0] / 400)))
    assert np.mean(after) < 0.7 * np.mean(before)
    assert np.mean(pairs) < 0


def test_labels_from_the_difficult_zone_do_not_make_it_larger() -> None:
    drawn = draw(11, matches=1_500.0)
    pick = in_doubt(drawn, 1_000)
    for weight in (0.3, 1.0):
        labelled, _ = with_labels(drawn.problem, drawn.rows[pick], np.where(drawn.same[pick], 1, -1), weight)
        assert labelled.labelled is not None
        assert labelled.seen_pairs == pytest.approx(drawn.problem.seen_pairs)
        assert (labelled.labelled.same + labelled.labelled.different).sum() == pytest.approx(weight * len(pick))
        assert labelled.counts.min() >= 0
        assert fit(labelled).pairs[0] == pytest.approx(1_500, rel=0.15)


def test_errors_that_are_stated_get_smaller_with_labels() -> None:
    drawn = draw(12, matches=1_500.0)
    pick = in_doubt(drawn, 1_500)
    labelled, _ = with_labels(drawn.problem, drawn.rows[pick], np.where(drawn.same[pick], 1, -1), 1.0)
    found = fit(labelled)
    assert found.pairs_error[0] < drawn.plain.pairs_error[0]
    z = (found.probabilities[0] - M)[found.standard_errors[0] > 0] / found.standard_errors[0][found.standard_errors[0] > 0]
    assert np.sqrt(np.mean(z**2)) < 2


def test_pairs_that_no_rule_shows_are_left_out() -> None:
    drawn = draw(13)
    unseen = np.array([[3, 3, 2, 3], [3, 3, 1, 2]], np.uint8)
    labelled, missing = with_labels(drawn.problem, unseen, np.array([1, -1]), 1.0)
    assert missing == 2
    assert labelled.seen_pairs == drawn.problem.seen_pairs


@pytest.mark.parametrize("rate", [0.5, 0.97], ids=["at random", "the question mistaken"])
def test_a_bad_labeller_is_noticed_and_does_no_harm(rate: float) -> None:
    drawn = draw(21, matches=1_500.0)
    decisions = decide(drawn, [0.03, 0.03, rate])
    _, found, report = refined(drawn, decisions)
    assert report.left_out == ("c",)
    assert [each.noticed for each in report.stewards] == [False, False, True]
    assert any("labels of 'c'" in note and "left out" in note for note in report.notes)
    kept = decisions.of([0, 1])
    _, without, _ = refined(
        drawn,
        dataclasses.replace(decisions, pair=decisions.pair[kept], steward=decisions.steward[kept], same=decisions.same[kept]),
    )
    assert found.probabilities == pytest.approx(without.probabilities, abs=1e-6)


def test_the_model_settles_which_of_two_is_right_and_one_alone_is_noticed_too() -> None:
    drawn = draw(22, matches=1_500.0)
    assert refined(drawn, decide(drawn, [0.03, 0.5]))[2].left_out == ("b",)
    assert refined(drawn, decide(drawn, [0.5, 0.03]))[2].left_out == ("a",)
    problem, found, report = refined(drawn, decide(drawn, [0.5]))
    assert report.left_out == ("a",)
    assert found is drawn.plain
    assert problem is drawn.problem
    assert "labels: none of them can be used; the model is fitted without" in report.notes


def test_a_labeller_can_be_kept_and_is_noticed_still() -> None:
    drawn = draw(23, matches=1_500.0)
    plan = dataclasses.replace(PLAN, keep=frozenset({"b"}))
    report = refined(drawn, decide(drawn, [0.03, 0.5]), plan)[2]
    assert report.left_out == ()
    assert report.stewards[1].noticed
    assert any("kept as told" in note for note in report.notes)


def test_honest_stewards_are_left_in_peace() -> None:
    for seed in range(30, 33):
        drawn = draw(seed, matches=1_500.0)
        assert refined(drawn, decide(drawn, [0.02, 0.05, 0.05, 0.0], each=150))[2].left_out == ()


def test_stewards_who_agree_are_believed_against_a_model_that_is_wrong() -> None:
    drawn = draw(24, matches=1_500.0)
    decisions = decide(drawn, [0.03, 0.03, 0.03])
    judged = judge_stewards(decisions, lambda _: np.full(len(decisions.levels), 0.999))
    assert not any(each.noticed for each in judged)


def test_held_out_labels_are_never_those_fitted_on() -> None:
    verdicts = np.array([1, -1, 1, -1, 1, 0])
    groups = np.array([0, 0, 1, 2, 3, 4])
    used = []

    def posterior(pairs: np.ndarray) -> np.ndarray:
        used.append(pairs.copy())
        return np.where(pairs, 0.0, 1.0)  # what was fitted on would be answered wrongly

    found = held_out(verdicts, groups, posterior, seed=1)
    assert found is not None
    assert (found.pairs, found.folds) == (5, 4)
    assert found.agree == 3  # of the held-out ones, for which "same" is always said
    for pairs in used[:-1]:
        assert pairs[0] == pairs[1]  # they hang together
    assert not used[-1].any()
    assert held_out(np.array([1, 1]), np.array([3, 3]), posterior, seed=1) is None


@given(st.lists(st.floats(0, 1), max_size=12), st.integers(0, 13))
def test_the_chance_of_many_disagreements_is_exact(chances: list[float], count: int) -> None:
    total = 0.0
    for outcome in range(1 << len(chances)):
        thrown = [(outcome >> place) & 1 for place in range(len(chances))]
        if sum(thrown) >= count:
            total += float(np.prod([c if t else 1 - c for c, t in zip(chances, thrown, strict=True)]))
    assert at_least(np.array(chances), count) == pytest.approx(min(total, 1.0), abs=1e-9)
