"""Thresholds keep what was asked of them."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mpi.linkage.model import Decision
from training.modelling.thresholds import Aim, as_strict_as, choose_thresholds

NONE = np.zeros(200_000, np.bool_)  # no rule asks for anything
PROBABILITIES = arrays(np.float64, st.integers(1, 200), elements=st.floats(0, 1 - 2.0**-40))


@given(best=PROBABILITIES, wrong=st.sampled_from([1e-4, 1e-2]), reviews=st.sampled_from([0.0, 0.01, 0.2]))
def test_aims_are_kept(best: np.ndarray, wrong: float, reviews: float) -> None:
    aim = Aim(wrong=wrong, reviews=reviews)
    found = choose_thresholds(best, NONE[: len(best)], aim=aim)
    assert 0 < found.lower <= found.upper < 1
    assert found.upper >= aim.least
    linked = best[best >= found.upper]
    reviewed = best[(best >= found.lower) & (best < found.upper)]
    assert len(linked) == 0 or (1 - linked).mean() <= wrong + 1e-9
    assert len(reviewed) <= reviews * len(best) + 1e-9 or found.lower == found.upper
    assert (reviewed >= 0.005).all()


def test_the_lowest_threshold_that_keeps_the_aim_is_taken() -> None:
    """1,000 sure links pay for two that are a little doubtful, and not for three."""
    best = np.array([1 - 1e-9] * 1000 + [0.963, 0.962, 0.961, 0.96, 0.9, 0.5, 0.3, 0.0])
    found = choose_thresholds(best, NONE[: len(best)], aim=Aim(wrong=1e-4, reviews=0.003))
    assert found.linked == pytest.approx(1002 / 1008)
    assert found.wrong == pytest.approx(0.075 / 1002, rel=1e-3)
    assert found.reviews == pytest.approx(3 / 1008)
    assert found.missed == pytest.approx(0.8 / best.sum())


def test_ties_are_not_cut_in_two() -> None:
    """Equal probabilities are all linked or all reviewed, whatever a count would allow."""
    best = np.array([1 - 1e-9] * 1000 + [0.96] * 50)
    found = choose_thresholds(best, NONE[: len(best)], aim=Aim())
    assert found.upper > 0.96
    assert found.linked == pytest.approx(1000 / 1050)


def test_no_automatic_link_is_less_likely_than_asked() -> None:
    best = np.array([1 - 1e-9] * 100_000 + [0.8, 0.97])
    assert choose_thresholds(best, NONE[: len(best)], aim=Aim()).upper >= 0.95
    assert choose_thresholds(best, NONE[: len(best)], aim=Aim(least=0.5)).upper < 0.8
    assert choose_thresholds(best, NONE[: len(best)], aim=Aim(least=0.99)).upper >= 0.99


def test_nothing_that_could_be_linked_gives_the_highest_threshold() -> None:
    found = choose_thresholds(np.array([0.0, 0.2, 0.6]), NONE[:3], aim=Aim(reviews=0.5))
    assert found.linked == 0
    assert found.wrong == 0
    assert found.upper > 0.99


def test_what_the_rules_ask_is_part_of_the_reviews() -> None:
    """Ten reviews are allowed, the rules ask for six of the sure ones, so four doubtful ones are left."""
    best = np.array([1 - 1e-9] * 900 + [0.5 - i / 1000 for i in range(50)] + [0.0] * 50)
    ruled = np.arange(1000) % 150 == 0
    found = choose_thresholds(best, ruled, aim=Aim(reviews=0.01))
    assert found.ruled == pytest.approx(0.006)
    assert found.reviews == pytest.approx(0.01)
    assert found.linked == pytest.approx(0.894)
    assert 0.496 < found.lower <= 0.497


def test_rules_that_ask_more_than_the_aim_leave_no_band() -> None:
    best = np.array([1 - 1e-9] * 900 + [0.5] * 100)
    found = choose_thresholds(best, best > 0.9, aim=Aim(reviews=0.01))
    assert found.lower == found.upper
    assert (found.linked, found.reviews) == (0.0, pytest.approx(0.9))


@given(best=PROBABILITIES, crowd=st.sampled_from([1.0, 3.0, 17.0, 1e6]), reviews=st.sampled_from([0.0, 0.01, 0.2]))
def test_in_a_crowd_every_stranger_stands_for_many(best: np.ndarray, crowd: float, reviews: float) -> None:
    """A sure link stays one link; a candidate of probability p stands for crowd / (1 + (crowd - 1) p) of them."""
    found = choose_thresholds(best, NONE[: len(best)], aim=Aim(reviews=reviews), crowd=crowd)
    met = crowd / (1 + (crowd - 1) * best)
    assert 0 < found.lower <= found.upper < 1
    linked, shown = best >= found.upper, best >= found.lower
    assert found.linked == pytest.approx(met[linked].sum() / len(best))
    assert found.reviews <= reviews + 1e-6
    missed = (best * met)[~shown].sum() / max((best * met).sum(), 1.0)
    assert found.missed == pytest.approx(missed, abs=1e-6)


def test_ten_strangers_for_one_leave_room_for_fewer_reviews() -> None:
    best = np.array([1 - 1e-9] * 900 + [0.5 - i / 1000 for i in range(50)] + [0.0] * 50)
    alone = choose_thresholds(best, NONE[:1000], aim=Aim(reviews=0.01))
    crowded = choose_thresholds(best, NONE[:1000], aim=Aim(reviews=0.01), crowd=10.0)
    assert alone.reviews == pytest.approx(0.01)
    assert 0.008 < crowded.reviews <= 0.01
    assert crowded.lower > alone.lower


@pytest.mark.parametrize(
    ("wrong", "strangers", "bits"), [(1e-4, 1e-4, 5.0), (1e-2, 1e-2, 0.0), (1e-3, 1e-3, 1.678072), (1e-5, 1e-5, 8.321928)]
)
def test_the_rules_are_as_strict_as_the_aim(wrong: float, strangers: float, bits: float) -> None:
    found = as_strict_as(Aim(wrong=wrong), Decision())
    assert found.common_limit == pytest.approx(strangers)
    assert found.further_bits == pytest.approx(bits)
    kept = msgspec.structs.replace(found, common_limit=1e-4, further_bits=5.0)
    assert kept == Decision()


def test_a_template_says_how_strict_its_rules_are_for_the_default_aim() -> None:
    assert as_strict_as(Aim(), Decision(common_limit=2e-4, further_bits=7.0)) == Decision(common_limit=2e-4, further_bits=7.0)
    assert as_strict_as(Aim(wrong=2e-4), Decision(further_bits=7.0)).further_bits == pytest.approx(6.0)
