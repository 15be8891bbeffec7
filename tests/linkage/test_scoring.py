"""Weights by table look-up against the formula in floating point; explanations add up exactly."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_model import FEATURES, MODEL, NO_FREQUENCIES

from mpi.linkage.comparison import LEVELS
from mpi.linkage.model import TermFrequencies
from mpi.linkage.scoring import SCALE, compile_tables, explain_weight, fixed, log_add, log_frequency, match_weight

TABLES = compile_tables(MODEL, NO_FREQUENCIES)
PATTERNS = st.tuples(*(st.integers(0, len(LEVELS[f.kind]) - 1) for f in FEATURES))
PERSONS = st.integers(1, 10**9)


def formula(levels: tuple[int, ...], persons: int) -> float:
    """log2(ρ Π m / (Σ ρ_c Π p_c + N Π u)), missing counting 1."""

    def product(free: dict[str, tuple[float, ...]]) -> float:
        result = 1.0
        for feature, level in zip(FEATURES, levels, strict=True):
            if level:
                result *= free.get(feature.name, feature.u)[level - 1]
        return result

    same, *others = ((c.expected, product(c.m)) for c in MODEL.classes)
    return math.log2(same[0] * same[1] / (sum(r * p for r, p in others) + persons * product({})))


@given(PATTERNS, PERSONS)
def test_the_weight_is_the_mixtures(levels: tuple[int, ...], persons: int) -> None:
    adjustments = np.zeros(len(FEATURES), np.int32)
    population = fixed(math.log2(persons))
    weight, _ = match_weight(TABLES, np.array(levels, np.uint8), adjustments, population, len(FEATURES))
    assert weight / SCALE == pytest.approx(formula(levels, persons), abs=len(FEATURES) * 2 / SCALE)


@given(PATTERNS, PERSONS, st.lists(st.integers(-20_000, 20_000), min_size=len(FEATURES), max_size=len(FEATURES)))
def test_the_explanation_adds_up_to_the_weight_exactly(levels: tuple[int, ...], persons: int, parts: list[int]) -> None:
    pattern, adjustments = np.array(levels, np.uint8), np.array(parts, np.int32)
    population = fixed(math.log2(persons))
    out = np.zeros((len(FEATURES) + 1, 2), np.int64)
    explain_weight(TABLES, pattern, adjustments, population, out)
    assert out[:, 0].sum() == match_weight(TABLES, pattern, adjustments, population, len(FEATURES))[0]
    assert not out[1:][pattern == 0].any()


@given(st.integers(-200_000, 200_000), st.integers(-200_000, 200_000))
def test_log_add_is_symmetric_and_close_to_the_formula(a: int, b: int) -> None:
    result = log_add(TABLES, a, b)
    assert result == log_add(TABLES, b, a)
    high, low = max(a, b) / SCALE, min(a, b) / SCALE
    assert result / SCALE == pytest.approx(high + math.log2(1 + 2 ** (low - high)), abs=1 / SCALE)


def test_missing_says_nothing_in_any_class() -> None:
    nothing = np.zeros(len(FEATURES), np.uint8)
    weight, _ = match_weight(TABLES, nothing, np.zeros(len(FEATURES), np.int32), fixed(20.0), len(FEATURES))
    assert weight / SCALE == pytest.approx(formula((0,) * len(FEATURES), 2**20), abs=0.01)


def test_a_rare_value_weighs_more_than_a_common_one() -> None:
    frequencies = TermFrequencies(np.zeros(2, np.int64), np.array([11, 12], np.int64), np.array([0.05, 0.0001]))
    tables = compile_tables(MODEL, frequencies)
    assert log_frequency(tables, 0, 11) == fixed(math.log2(0.05))
    assert log_frequency(tables, 0, 12) == fixed(math.log2(0.0001))
    assert log_frequency(tables, 0, 13) == 0


def test_the_household_wins_where_only_family_phone_and_address_agree() -> None:
    names = [f.name for f in FEATURES]
    levels = np.zeros(len(FEATURES), np.uint8)
    for name, level in (("family", 1), ("phone", 1), ("address", 1), ("given", 9), ("birth_date", 6), ("sex", 2)):
        levels[names.index(name)] = level
    weight, winner = match_weight(TABLES, levels, np.zeros(len(FEATURES), np.int32), fixed(20.0), len(FEATURES))
    assert MODEL.classes[winner].name == "household"
    assert weight < 0
