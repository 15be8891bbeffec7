"""Blocking keys, weights and traits of all pairs of a small population, against looking at every pair."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
from small_model import MODEL, NO_FREQUENCIES

from mpi.linkage.comparison import LEVELS
from training import people
from training.evaluation.blocking import Keys, blocking_recall
from training.evaluation.calibration import calibrate, merged_bands
from training.evaluation.candidates import LIGHTEST, NOTHING, WIDTH, probabilities, weigh_candidates
from training.evaluation.curves import threshold_curve
from training.evaluation.metrics import first_of
from training.evaluation.pairs import pairs_of, pairs_within
from training.evaluation.traits import agreeing_traits, reachable_records
from training.modelling.encode import encode_records
from training.modelling.keys import pair_chunks
from training.modelling.patterns import Comparer, Int32s
from training.modelling.weighing import Weigher

PERSONS, SEED, POPULATION = 200, 9, 5_000


class Made(NamedTuple):
    truth: np.ndarray
    weigher: Weigher
    comparer: Comparer
    a: Int32s  # all pairs, a < b
    b: Int32s

    def keys(self) -> Keys:
        """New ones: weighing candidates drops the common ones."""
        return Keys(MODEL, self.weigher.encoded)


@cache
def made() -> Made:
    print(f"seed {SEED}")
    population = people.generate(PERSONS, seed=SEED)
    encoded = encode_records(MODEL, population.records).encoded
    _, truth = np.unique(population.truth, return_inverse=True)
    a, b = (side.astype(np.int32) for side in np.triu_indices(len(truth), 1))
    return Made(truth.astype(np.int64), Weigher(MODEL, NO_FREQUENCIES, encoded), Comparer(MODEL, encoded), a, b)


def test_pairs_of_groups_are_each_pair_once() -> None:
    a, b = pairs_of(made().truth)
    assert (a < b).all()
    assert len({*zip(a.tolist(), b.tolist(), strict=True)}) == len(a) == pairs_within(made().truth)
    assert (made().truth[a] == made().truth[b]).all()
    assert len(pairs_of(np.zeros(0, np.int64))[0]) == 0


def test_groups_and_shared_keys_are_the_same_pairs() -> None:
    keys = made().keys()
    shared = keys.shared(made().a, made().b)
    for rule in range(len(MODEL.rules)):
        grouped = {pair for x, y in pair_chunks(keys.groups(rule)) for pair in zip(x.tolist(), y.tolist(), strict=True)}
        chosen = shared & np.uint64(1 << rule) != 0
        listed = {*zip(made().a[chosen].tolist(), made().b[chosen].tolist(), strict=True)}
        assert {(min(pair), max(pair)) for pair in grouped} == listed


def test_blocking_recall_counts_true_pairs() -> None:
    a, b = pairs_of(made().truth)
    keys = made().keys()
    shared = keys.shared(a, b)
    missed = np.arange(len(a)) % 3 == 0
    found = blocking_recall(keys, shared, missed)
    assert (found.recall.count, found.recall.of) == (int((shared != 0).sum()), len(a))
    assert (found.missed_compared.count, found.missed_compared.of) == (int((shared[missed] != 0).sum()), int(missed.sum()))
    alone = sum(rule.alone.count for rule in found.rules)
    assert 0 < alone == sum(bin(bits).count("1") == 1 for bits in shared.tolist())
    assert found.recall.value > 0.8


def test_every_candidate_pair_is_weighed_once() -> None:
    truth, keys = made().truth, made().keys()
    candidate = keys.shared(made().a, made().b) != 0
    a, b = made().a[candidate], made().b[candidate]
    weights = made().weigher.weigh(a, b, POPULATION)
    spread = weigh_candidates(made().weigher, keys, truth, persons=POPULATION)
    assert (spread.pairs, spread.left_out) == (len(a), 0)
    assert spread.same.sum() == (truth[a] == truth[b]).sum()
    assert spread.expected.sum() == pytest.approx(probabilities(weights).sum())
    for record in range(len(truth)):
        mine = weights[b == record]
        assert spread.best[record] == mine.max(initial=NOTHING)
        assert spread.partner[record] == (a[b == record][mine.argmax()] if len(mine) else -1)


def test_common_keys_are_dropped_and_counted() -> None:
    keys, few = made().keys(), made().keys()
    pairs = few.drop_common(2)
    counts = np.unique(keys.keys[:, 0][keys.keys[:, 0] != 0], return_counts=True)[1]
    assert pairs > 0
    assert ((few.keys == 0) | (few.keys == keys.keys)).all()
    assert np.unique(few.keys[:, 0][few.keys[:, 0] != 0], return_counts=True)[1].max() <= 2 < counts.max()


def test_an_explanation_adds_up_to_the_weight() -> None:
    a, b = pairs_of(made().truth)
    weights = made().weigher.weigh(a[:20], b[:20], POPULATION)
    for x, y, weight in zip(a[:20].tolist(), b[:20].tolist(), weights.tolist(), strict=True):
        comparison = made().weigher.explain(x, y, POPULATION)
        assert comparison.weight == weight
        assert sum(reason.weight for reason in comparison.reasons) == pytest.approx(weight)


def test_calibration_bands_hold_every_candidate_pair() -> None:
    spread = weigh_candidates(made().weigher, made().keys(), made().truth, persons=POPULATION)
    calibration = calibrate(spread, lower=0.0)
    assert sum(band.observed.of for band in calibration.bands) == spread.pairs
    assert sum(band.observed.count for band in calibration.bands) == spread.same.sum()
    for band in calibration.bands:
        assert 1 / (1 + 2**-band.low) - 1e-9 <= band.predicted <= 1 / (1 + 2**-band.high) + 1e-9
    merged = merged_bands(calibration, beyond=10)
    assert sum(band.observed.of for band in merged) == spread.pairs
    assert len(merged) <= 12
    by_hand = sum(band.observed.of * abs(band.predicted - band.observed.value) for band in calibration.bands)
    assert calibration.error == pytest.approx(by_hand / spread.pairs)
    assert LIGHTEST + WIDTH * len(spread.same) == 112


def test_the_curve_is_what_each_threshold_would_do() -> None:
    spread = weigh_candidates(made().weigher, made().keys(), made().truth, persons=POPULATION)
    truth, linkable = made().truth, ~first_of(made().truth)
    curve = threshold_curve(spread, truth, linkable)
    assert (np.diff(curve.threshold) < 0).all()
    for k in (0, len(curve.threshold) // 2, -1):
        taken = spread.best >= curve.threshold[k]
        right = truth[spread.partner[taken]] == truth[taken]
        assert curve.precision[k] == pytest.approx(right.mean())
        assert curve.recall[k] == pytest.approx(right.sum() / linkable.sum())
        assert curve.above[k] == pytest.approx(taken.mean())


def pattern(**levels: str) -> np.ndarray:
    """Levels of one pair; features not named are missing."""
    columns = [MODEL.features[column] for column in made().comparer.scored]
    return np.array([[LEVELS[f.kind].index(levels.get(f.name, "missing")) for f in columns]], np.uint8)


@pytest.mark.parametrize(
    ("levels", "traits"),
    [
        ({}, 0),
        ({"given": "exact", "family": "same_sound"}, 1),
        ({"given": "exact"}, 1),  # no family name known on one side
        ({"given": "exact", "family": "different"}, 0),
        ({"given": "same_folded_sound", "family": "exact"}, 0),
        ({"given": "exact", "family": "exact", "birth_date": "exact", "sex": "same"}, 2),
        ({"birth_date": "partial", "phone": "same_ending"}, 1),
        ({"national_id": "exact", "other_id": "exact"}, 1),  # one group: documents are copied from each other
        ({"national_id": "slip", "phone": "exact", "address": "very_similar"}, 2),
        ({"address": "similar"}, 0),
    ],
)
def test_traits_by_hand(levels: dict[str, str], traits: int) -> None:
    assert agreeing_traits(made().comparer, pattern(**levels)).tolist() == [traits]


def test_reachable_records_have_an_earlier_record_they_share_two_traits_with() -> None:
    a, b = pairs_of(made().truth)
    reachable = reachable_records(made().comparer, a, b, len(made().truth))
    assert not reachable[first_of(made().truth)].any()
    count = agreeing_traits(made().comparer, made().comparer.unpacked(made().comparer.packed(a, b)))
    for record in range(len(made().truth)):
        assert reachable[record] == (count[b == record] >= 2).any()
    assert reachable[~first_of(made().truth)].mean() > 0.8
