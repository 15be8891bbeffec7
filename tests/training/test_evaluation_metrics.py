"""Figures of a grouping, against cases worked by hand and against looking at every pair."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpi.records import Outcome
from training.evaluation.intervals import bootstrap
from training.evaluation.linking import Linked
from training.evaluation.metrics import Bools, Edges, Figures, Ints, edges, figures, person_sums, ratios

# Persons by number, true persons A = 0, B = 1, C = 2. Record 2 joins A's person wrongly; record 3 joins it too, but finds its
# own record 2 there. Record 4 founds a person, and a steward sees A's beside it. Record 6 founds one, and nobody is asked.
TRUTH = np.array([0, 0, 1, 1, 0, 2, 2])
PERSON = np.array([0, 0, 0, 0, 1, 2, 3])
SHOWN: list[tuple[int, ...]] = [(), (), (), (), (2, 0), (), ()]
RUNS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.booleans()), min_size=1, max_size=25)


def first_come(labels: list[int]) -> Ints:
    """Labels renumbered from 0 in the order of their first record, as an index numbers persons."""
    numbers: dict[int, int] = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in labels], np.int64)


def run(person: Ints, shown: list[tuple[int, ...]]) -> Linked:
    """A run in which every record but the first of a person was linked to it."""
    first = np.isin(np.arange(len(person)), np.unique(person, return_index=True)[1])
    outcome = np.where(first, np.where([bool(s) for s in shown], Outcome.NEW_WITH_REVIEW, Outcome.NEW), Outcome.LINKED)
    return Linked(person, outcome.astype(np.uint8), np.zeros(len(person)), shown, np.zeros(len(person), np.int64))


def judged(person: Ints, truth: Ints, shown: list[tuple[int, ...]], member: Bools | None = None) -> tuple[Edges, Figures]:
    everyone = np.ones(len(truth), np.bool_)
    found = edges(run(person, shown), truth)
    return found, figures(found, person, truth, everyone, everyone if member is None else member)


def test_an_error_is_counted_once() -> None:
    found, whole = judged(PERSON, TRUTH, SHOWN)
    assert np.flatnonzero(found.linked).tolist() == [1, 2, 3]
    assert np.flatnonzero(found.wrong).tolist() == [2]
    assert np.flatnonzero(found.linkable).tolist() == [1, 3, 4, 6]
    assert np.flatnonzero(found.missed).tolist() == [4, 6]
    assert np.flatnonzero(found.useful).tolist() == [4]
    assert (whole.wrong_links.count, whole.wrong_links.of) == (1, 3)
    assert whole.wrong_per_100k.value == pytest.approx(1e5 / 3)


def test_links_misses_and_reviews_by_hand() -> None:
    whole = judged(PERSON, TRUTH, SHOWN)[1]
    assert (whole.links_found.count, whole.links_found.of) == (2, 4)
    assert whole.links_found_with_review.count == 3
    assert (whole.missed_links.count, whole.missed_links.of) == (2, 4)
    assert (whole.split_persons.count, whole.split_persons.of) == (2, 3)
    assert (whole.reviews.count, whole.reviews.of) == (1, 7)
    assert (whole.useful_reviews.count, whole.useful_reviews.of) == (1, 1)


def test_pairs_and_b_cubed_by_hand() -> None:
    whole = judged(PERSON, TRUTH, SHOWN)[1]
    pairs = (whole.pair_precision.value, whole.pair_recall.value, whole.pair_f1.value)
    assert pairs == pytest.approx((2 / 6, 2 / 5, 4 / 11))
    precision, recall = (4 * 2 / 4 + 3) / 7, (2 / 3 + 2 / 3 + 1 / 3 + 2 + 1) / 7
    assert whole.bcubed_precision.value == pytest.approx(precision)
    assert whole.bcubed_recall.value == pytest.approx(recall)
    assert whole.bcubed_f1.value == pytest.approx(2 * precision * recall / (precision + recall))


def test_a_stratum_counts_the_pairs_it_takes_part_in() -> None:
    member = np.arange(7) == 2
    part = judged(PERSON, TRUTH, SHOWN, member)[1]
    assert (part.records, part.persons) == (1, 1)
    assert (part.wrong_links.count, part.wrong_links.of) == (1, 1)
    assert part.pair_precision.value == pytest.approx(1 / 3)
    assert part.pair_recall.value == 1.0
    assert part.links_found.of == 0
    assert np.isnan(part.links_found.value)


def test_a_person_shown_before_it_held_the_record_is_no_use() -> None:
    """Record 1 is shown person 0, which gets a record of the same true person only afterwards."""
    found = edges(run(np.array([0, 1, 0]), [(), (0,), ()]), np.array([0, 1, 1]))
    assert found.reviewed.tolist() == [False, True, False]
    assert not found.useful.any()


@given(RUNS)
def test_edges_equal_looking_at_every_earlier_record(records: list[tuple[int, int, bool]]) -> None:
    person, truth = first_come([p for p, _, _ in records]), first_come([t for _, t, _ in records])
    shown = [tuple(range(int(person[:i].max(initial=-1)) + 1)) if asked else () for i, (_, _, asked) in enumerate(records)]
    found = edges(run(person, shown), truth)
    for i in range(len(records)):
        own = [j for j in range(i) if truth[j] == truth[i]]
        with_it = [j for j in range(i) if person[j] == person[i]]
        assert found.linked[i] == bool(with_it)
        assert found.wrong[i] == (bool(with_it) and not set(own) & set(with_it))
        assert found.linkable[i] == bool(own)
        assert found.missed[i] == (bool(own) and not with_it)
        assert found.useful[i] == any(person[j] in shown[i] for j in own)
    parts = found.right.astype(int) + found.missed + (found.wrong & found.linkable)
    assert (parts[found.linkable] == 1).all()
    assert not found.right[~found.linkable].any()


@given(RUNS)
def test_sums_equal_looking_at_every_pair(records: list[tuple[int, int, bool]]) -> None:
    person, truth = first_come([p for p, _, _ in records]), first_come([t for _, t, _ in records])
    member = np.array([m for _, _, m in records])
    pairs = [(a, b) for a, b in combinations(range(len(records)), 2) if member[a] or member[b]]
    together = {(a, b) for a, b in pairs if person[a] == person[b]}
    same = {(a, b) for a, b in pairs if truth[a] == truth[b]}
    sums = person_sums(person, truth, member).sum(axis=0)
    assert sums[:3].tolist() == [len(together & same), len(together), len(same)]
    size = [((person == person[i]).sum(), (truth == truth[i]).sum()) for i in range(len(records))]
    both = [((person == person[i]) & (truth == truth[i])).sum() for i in range(len(records))]
    assert sums[3] == member.sum()
    assert sums[4] == pytest.approx(sum(both[i] / size[i][0] for i in np.flatnonzero(member)))
    assert sums[5] == pytest.approx(sum(both[i] / size[i][1] for i in np.flatnonzero(member)))


@given(st.lists(st.integers(0, 6), min_size=1, max_size=30))
def test_a_perfect_grouping_is_perfect(labels: list[int]) -> None:
    truth = first_come(labels)
    found, whole = judged(truth, truth, [()] * len(truth))
    assert not found.wrong.any()
    assert not found.missed.any()
    assert whole.split_persons.count == 0
    figures_ = ("pair_precision", "pair_recall", "pair_f1", "bcubed_precision", "bcubed_recall", "bcubed_f1")
    assert [getattr(whole, name).value for name in figures_] == [1.0] * 6


@given(RUNS, st.permutations(range(5)))
def test_names_of_persons_do_not_matter(records: list[tuple[int, int, bool]], names: list[int]) -> None:
    person, truth = first_come([p for p, _, _ in records]), first_come([t for _, t, _ in records])
    renamed = np.array(names)[person], np.array(names)[truth]
    everyone = np.ones(len(truth), np.bool_)
    before, after = (ratios(person_sums(*both, everyone).sum(axis=0)[None]) for both in ((person, truth), renamed))
    assert before == pytest.approx(after)
    shown: list[tuple[int, ...]] = [()] * len(truth)
    for one, other in zip(edges(run(person, shown), truth), edges(run(renamed[0], shown), renamed[1]), strict=True):
        assert (one == other).all()


def test_everything_in_one_person_finds_all_and_little_is_right() -> None:
    truth = np.arange(20) // 2
    whole = judged(np.zeros(20, np.int64), truth, [()] * 20)[1]
    assert whole.pair_recall.value == whole.bcubed_recall.value == 1.0
    assert whole.pair_precision.value == pytest.approx(10 / 190)


def test_the_bootstrap_covers_what_it_was_made_of() -> None:
    print("seed 3")
    random = np.random.default_rng(3)
    truth = np.arange(4_000) // 2
    person = np.where(random.random(4_000) < 0.1, 2_000 + np.arange(4_000), truth)
    sums = person_sums(person, truth, np.ones(4_000, np.bool_))
    recall = bootstrap(sums, ratios, seed=1)[1]
    split = sum(person[2 * i] != person[2 * i + 1] for i in range(2_000)) / 2_000
    assert recall.value == pytest.approx(1 - split)
    error = np.sqrt(split * (1 - split) / 2_000)
    assert recall.low == pytest.approx(recall.value - 1.96 * error, abs=0.3 * error)
    assert recall.high == pytest.approx(recall.value + 1.96 * error, abs=0.3 * error)
