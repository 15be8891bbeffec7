"""Best candidates for another population are those of weighing every pair anew."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.ours import model_file
from mpi.linkage.model import load_model
from training import people
from training.modelling.candidates import NOTHING, Candidates
from training.modelling.encode import encode_records
from training.modelling.keys import Groups, groups_of, pair_chunks
from training.modelling.rules import level_rules
from training.modelling.weighing import Weigher

MODEL, FREQUENCIES = load_model(model_file("latin"))
PERSONS, SEED = 1_500, 12
ENCODED = encode_records(MODEL, people.generate(PERSONS, seed=SEED).records).encoded


def groups() -> list[Groups]:
    return [groups_of(MODEL, ENCODED, rule) for rule in level_rules(MODEL)[0]]


def weighed(population: float) -> np.ndarray:
    """Pair by pair, without a shortcut."""
    best = np.full(len(ENCODED.starts) - 1, NOTHING)
    weigher = Weigher(MODEL, FREQUENCIES, ENCODED)
    for each in groups():
        for a, b in pair_chunks(each):
            for later, weight in zip(np.maximum(a, b), weigher.weigh(a, b, population), strict=True):
                best[later] = max(best[later], weight)
    return 1 / (1 + np.exp2(np.minimum(-best, 1000.0)))


@pytest.mark.parametrize("population", [2_000.0, 1_100.0, 3_700.0, 100_000.0, 1.0])
def test_another_population_gives_what_weighing_all_gives(population: float) -> None:
    print(f"seed {SEED}")
    candidates = Candidates(MODEL, FREQUENCIES, ENCODED, groups(), population=2_000.0)
    found = candidates.best(population)
    np.testing.assert_array_equal(found, weighed(population))
    assert (found < 1e-200).any()
    assert (found > 0.99).any()


def test_without_groups_nobody_has_a_candidate() -> None:
    assert Candidates(MODEL, FREQUENCIES, ENCODED, [], population=2_000.0).best(1_900.0).max() < 1e-200
