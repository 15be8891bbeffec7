"""The fit gives back the parameters that level patterns were drawn from, within the errors it states."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpi.errors import ModelError
from training.estimation import ClassSpec, FeatureSpec, Fit, Problem, fit, independent_missing
from training.estimation.problem import FREE, SHARED, Floats
from training.estimation.simulation import redraw
from training.modelling.classchoice import most_untrue_class, unneeded_classes

NAME = ("exact", "same_sound", "swapped", "one_edit", "similar", "different")
DATE = ("exact", "one_digit", "near", "different")
PHONE = ("exact", "one_digit", "same_ending", "different")
FEATURES = (
    FeatureSpec("given", NAME),
    FeatureSpec("family", NAME),
    FeatureSpec("birth_date", DATE),
    FeatureSpec("sex", ("same", "different")),
    FeatureSpec("phone", PHONE),
    FeatureSpec("address", DATE),
)
U = [
    [0.004, 0.006, 0.001, 0.004, 0.02, 0.965],
    [0.01, 0.01, 0.001, 0.003, 0.02, 0.956],
    [4e-5, 8e-4, 3e-3, 0.99616],
    [0.5, 0.5],
    [1e-6, 1e-5, 1e-4, 0.999889],
    [1e-5, 1e-5, 1e-3, 0.99898],
]
M = [
    [0.9, 0.03, 0.01, 0.03, 0.01, 0.02],
    [0.93, 0.02, 0.01, 0.02, 0.01, 0.01],
    [0.95, 0.03, 0.01, 0.01],
    [0.995, 0.005],
    [0.6, 0.03, 0.02, 0.35],
    [0.5, 0.15, 0.1, 0.25],
]
SHARING = {"family": 0.7, "phone": 0.5, "address": 0.9}  # of a household
TWIN_NUMBER = [0.02, 0.3, 0.28, 0.4]  # twins' telephones, to have a free distribution
SOUND, EXACT = frozenset({1, 2}), frozenset({1})
RULES = (
    {"given": SOUND, "birth_date": EXACT},
    {"family": SOUND, "birth_date": EXACT},
    {"phone": EXACT},
    {"given": EXACT, "family": EXACT, "sex": EXACT},
    {"address": EXACT},
)
TWO = (ClassSpec("same person"),)
HOUSEHOLD = ClassSpec("household", shared=tuple(SHARING))
TWIN = ClassSpec("twin", same=("birth_date",), shared=("family", "address"), free=("phone",), excluded={"given": EXACT})
THREE = (*TWO, HOUSEHOLD)
FOUR = (*THREE, TWIN)
MISSING = [0.0, 0.02, 0.05, 0.01, 0.3, 0.1]
RECORDS = 100_000


def table(rows: list[list[float]]) -> Floats:
    result = np.zeros((len(rows), 7))
    for f, row in enumerate(rows):
        result[f, 1 : len(row) + 1] = row
    return result


def mixed(names: tuple[str, ...], m: Floats, u: Floats) -> Floats:
    """u, with the named features shared as in a household."""
    p = u.copy()
    for name in names:
        f = [spec.name for spec in FEATURES].index(name)
        p[f] = SHARING[name] * m[f] + (1 - SHARING[name]) * u[f]
    return p


def truth(classes: tuple[ClassSpec, ...]) -> tuple[Problem, Floats, Floats]:
    """(problem without patterns, p, λ)."""
    u, m = table(U), table(M)
    household = mixed(HOUSEHOLD.shared, m, u)
    twin = mixed(TWIN.shared, m, u)
    twin[2], twin[4] = m[2], table([TWIN_NUMBER])[0]
    twin[0, 1] = 0
    twin[0] /= twin[0].sum()
    size = len(classes)
    pairs = [60_000.0, 40_000.0, 3_000.0][:size]
    total = RECORDS * (RECORDS - 1) / 2
    empty = np.zeros((0, len(FEATURES)), np.uint8)
    made = Problem(FEATURES, classes, RULES, empty, np.zeros(0), u, *independent_missing(MISSING), records=RECORDS)
    return made, np.stack([*(m, household, twin)[:size], u]), np.array([*pairs, total - sum(pairs)])


def draw(classes: tuple[ClassSpec, ...], seed: int) -> tuple[Problem, Floats, Floats]:
    empty, p, pairs = truth(classes)
    print(f"seed {seed}")
    return redraw(empty, p, pairs, np.random.default_rng(seed)), p, pairs


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("classes", [TWO, THREE, FOUR], ids=["two classes", "three classes", "four classes"])
def test_fit_recovers_known_parameters_within_its_errors(classes: tuple[ClassSpec, ...], seed: int) -> None:
    problem, p, pairs = draw(classes, seed)
    found = fit(problem, seed=seed)
    assert found.converged
    known = found.standard_errors > 0
    z = (found.probabilities - p)[known] / found.standard_errors[known]
    assert np.sqrt(np.mean(z**2)) < 1.6
    assert np.abs(z).max() < 5
    z_pairs = np.log(found.pairs[:-1] / pairs[:-1]) / found.pairs_error
    assert np.abs(z_pairs).max() < 4
    assert found.expected[0] == pytest.approx(1.2, rel=0.02)


def test_stated_errors_are_neither_too_small_nor_too_large() -> None:
    z = []
    for seed in range(10, 18):
        problem, p, pairs = draw(FOUR, seed)
        found = fit(problem, seed=seed, starts=1)
        large = found.standard_errors > 1e-3
        large[1:] &= (found.kinds[1:, :, None] == FREE) | (found.kinds[1:, :, None] == SHARED)
        z += [*((found.probabilities - p)[large] / found.standard_errors[large])]
        f = [spec.name for spec in FEATURES].index("phone")
        z.append((found.sharing[1, f] - SHARING["phone"]) / found.sharing_error[1, f])
        z += [*(np.log(found.pairs[:-1] / pairs[:-1]) / found.pairs_error)]
    assert 0.8 < np.sqrt(np.mean(np.square(z))) < 1.25


def test_pairs_that_blocking_cannot_see_are_counted() -> None:
    """Two rules see about nine tenths of the same-person pairs; λ is right all the same."""
    problem, p, pairs = truth(THREE)
    problem = dataclasses.replace(problem, rules=(RULES[0], RULES[4]))
    drawn = redraw(problem, p, pairs, np.random.default_rng(5))
    found = fit(drawn, seed=1)
    given_and_birth = 0.93 * 0.95 * 0.95
    address = 0.5 * 0.9
    assert found.blocking_recall[0] == pytest.approx(1 - (1 - given_and_birth) * (1 - address), abs=0.01)
    assert found.pairs[0] == pytest.approx(60_000, rel=0.02)


def test_a_trait_that_every_rule_asks_for_is_reported() -> None:
    """What differs in it is never seen, so nothing can be learnt of how often it does."""
    problem, p, pairs = truth(THREE)
    drawn = redraw(dataclasses.replace(problem, rules=RULES[:1]), p, pairs, np.random.default_rng(6))
    found = fit(drawn, seed=1)
    assert any("every blocking rule asks for given" in w for w in found.warnings)


@pytest.mark.parametrize("seed", [1, 2])
def test_posterior_never_falls(seed: int) -> None:
    problem, _, _ = draw(THREE, seed)
    found = fit(problem, seed=seed, starts=2)
    objectives = np.array(found.objectives)
    assert len(objectives) > 5
    assert np.diff(objectives).min() > -1e-9 * abs(objectives[-1])
    assert found.log_likelihoods[-1] > found.log_likelihoods[0]


def test_order_of_patterns_does_not_matter() -> None:
    problem, _, _ = draw(THREE, 4)
    shuffled = np.random.default_rng(0).permutation(len(problem.counts))
    other = dataclasses.replace(problem, patterns=problem.patterns[shuffled], counts=problem.counts[shuffled])
    a, b = fit(problem, seed=1, starts=1, max_iterations=40), fit(other, seed=1, starts=1, max_iterations=40)
    np.testing.assert_allclose(a.probabilities, b.probabilities, rtol=1e-6)
    np.testing.assert_allclose(a.pairs, b.pairs, rtol=1e-6)


def test_same_seed_same_estimate() -> None:
    problem, _, _ = draw(THREE, 4)
    a, b = fit(problem, seed=3), fit(problem, seed=3)
    assert np.array_equal(a.probabilities, b.probabilities)
    assert a.objectives == b.objectives


def test_frozen_features_keep_a_class_from_drifting() -> None:
    """A household class that is free in everything takes over pairs of the same person; the declared one does not."""
    problem, p, _ = draw(THREE, 7)
    everything = tuple(f.name for f in FEATURES)
    loose = dataclasses.replace(problem, classes=(THREE[0], ClassSpec("household", free=everything)))
    tight_fit, loose_fit = fit(problem, seed=1), fit(loose, seed=1)

    def error(found: Fit) -> float:
        return float(np.abs(found.probabilities[1] - p[1]).sum())

    assert error(tight_fit) < 0.1
    assert error(loose_fit) > error(tight_fit)


def test_leaving_out_a_class_calls_a_household_a_person() -> None:
    problem, _, pairs = draw(THREE, 8)
    two = fit(dataclasses.replace(problem, classes=TWO), seed=1)
    three = fit(problem, seed=1)
    assert two.pairs[0] > 1.2 * pairs[0]
    assert three.pairs[0] == pytest.approx(pairs[0], rel=0.02)
    assert three.log_likelihoods[-1] > two.log_likelihoods[-1] + 1000


def test_what_is_truly_shared_differs_as_in_one_person() -> None:
    problem, _, _ = draw(FOUR, 9)
    found = fit(problem, seed=1)
    np.testing.assert_array_equal(found.probabilities[2, 2], found.probabilities[0, 2])
    s = found.sharing[1, 1]
    np.testing.assert_allclose(found.probabilities[1, 1], s * found.probabilities[0, 1] + (1 - s) * problem.u[1])
    assert s == pytest.approx(SHARING["family"], abs=5 * found.sharing_error[1, 1])


def test_excluded_levels_stay_at_zero_and_the_rest_is_rescaled() -> None:
    problem, _, _ = draw(THREE, 9)
    found = fit(dataclasses.replace(problem, classes=FOUR), seed=1, max_iterations=60)
    assert found.probabilities[2, 0, 1] == 0
    np.testing.assert_allclose(found.probabilities[2, 0, 2:], problem.u[0, 2:] / problem.u[0, 2:].sum())


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31), patterns=st.integers(1, 40))
def test_probabilities_are_normalised_whatever_the_counts(seed: int, patterns: int) -> None:
    random = np.random.default_rng(seed)
    empty, _, _ = truth(THREE)
    rows = np.stack([random.integers(0, len(f.levels) + 1, patterns) for f in FEATURES], axis=1).astype(np.uint8)
    rows[:, 4] = 1
    rows = np.unique(rows, axis=0)
    counts = random.integers(1, 50, len(rows)).astype(np.float64)
    found = fit(dataclasses.replace(empty, patterns=rows, counts=counts), seed=1, starts=2, max_iterations=60)
    np.testing.assert_allclose(found.probabilities.sum(axis=2), 1, atol=1e-9)
    assert (found.probabilities >= 0).all()
    assert (found.pairs > 0).all()
    assert np.isfinite(found.standard_errors).all()
    assert np.diff(found.objectives).min() > -1e-6


def test_a_class_without_pairs_is_reported() -> None:
    problem, _, _ = draw(TWO, 1)
    found = fit(dataclasses.replace(problem, classes=THREE), seed=1)
    assert found.pairs[0] == pytest.approx(60_000, rel=0.02)
    assert any("'household' has about" in w for w in found.warnings)


def test_two_classes_that_share_the_same_features_are_reported() -> None:
    problem, _, _ = draw(THREE, 1)
    again = ClassSpec("also household", shared=HOUSEHOLD.shared)
    found = fit(dataclasses.replace(problem, classes=(*THREE, again)), seed=1, max_iterations=300)
    assert any("look the same" in w or "known to a factor" in w or "has about" in w for w in found.warnings)


def test_a_clean_fit_has_nothing_to_report_but_levels_out_of_order() -> None:
    problem, _, _ = draw(THREE, 2)
    assert all("better level before it" in w for w in fit(problem, seed=1).warnings)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"patterns": np.zeros((0, 6), np.uint8), "counts": np.zeros(0)}, "nothing to learn from"),
        ({"records": 3}, "more pairs are counted"),
        ({"u": np.zeros((6, 7))}, "must be positive"),
        ({"rules": ({"phone": frozenset({2})},)}, "satisfies no blocking rule"),
        ({"classes": (THREE[0], ClassSpec("twin", same=("shoe_size",)))}, "'shoe_size' is unknown"),
        ({"classes": (THREE[0], ClassSpec("odd", excluded={"sex": frozenset({1, 2})}))}, "excludes every level"),
        ({"classes": (THREE[0], ClassSpec("odd", ("given",), excluded={"given": EXACT}))}, "make it free instead"),
    ],
)
def test_a_problem_that_cannot_be_estimated_is_refused(change: dict[str, object], message: str) -> None:
    problem, _, _ = draw(THREE, 1)
    with pytest.raises(ModelError, match=message):
        fit(dataclasses.replace(problem, **change))  # type: ignore[arg-type]  # the point of the test


@pytest.mark.parametrize(("offered", "there"), [(THREE, TWO), (FOUR, THREE), (FOUR, FOUR)])
def test_classes_that_are_not_there_are_found_out_by_unseen_pairs(
    offered: tuple[ClassSpec, ...], there: tuple[ClassSpec, ...]
) -> None:
    problem, _, _ = draw(there, seed=4)
    problem = dataclasses.replace(problem, classes=offered)
    gone = {name for name, _ in unneeded_classes(problem, seed=2)}
    assert gone == {c.name for c in offered} - {c.name for c in there}
    kept = dataclasses.replace(problem, classes=tuple(c for c in offered if c.name not in gone))
    assert fit(kept, seed=1, errors=False).converged


def test_a_class_that_took_the_pairs_of_another_one_is_untrue() -> None:
    """Households offered as people of one birthday: the class takes them, and its birth dates are those of strangers."""
    problem, _, _ = draw(THREE, seed=5)
    birthday = ClassSpec("one birthday", same=("birth_date",), shared=("family", "phone", "address"))
    problem = dataclasses.replace(problem, classes=(*TWO, birthday))
    assert most_untrue_class(problem, fit(problem, errors=False)) == ("one birthday", "birth_date")


@pytest.mark.parametrize("classes", [TWO, FOUR])
def test_classes_that_are_what_they_say_are_true(classes: tuple[ClassSpec, ...]) -> None:
    problem, _, _ = draw(classes, seed=6)
    assert most_untrue_class(problem, fit(problem, errors=False)) is None
