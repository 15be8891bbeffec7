"""A pair that is said to be asked about is one that the index asks about, whatever it weighs."""

from __future__ import annotations

import msgspec
import numpy as np

from benchmarks.ours import model_file
from mpi.linkage.model import load_model
from mpi.records import Outcome
from training import population
from training.evaluation.linking import link
from training.modelling.encode import encode_records
from training.modelling.keys import Groups, groups_of, pairs_of_groups
from training.modelling.rules import level_rules
from training.modelling.weighing import Weigher

PERSONS, SEED, CITY, EACH = 1_500, 4, 1_000_000, 20
MODEL, FREQUENCIES = load_model(model_file("han"))


def blocked_pairs(encoded: object) -> tuple[np.ndarray, np.ndarray]:
    groups: list[Groups] = [groups_of(MODEL, encoded, rule) for rule in level_rules(MODEL)[0]]
    a, b = zip(*((a, b) for a, b, _ in pairs_of_groups(groups)), strict=True)
    return np.concatenate(a), np.concatenate(b)


def test_ruled_pairs_are_questions_and_the_others_links() -> None:
    """Each pair is resolved on an index of its own, with thresholds that all of them reach."""
    print(f"seed {SEED}")
    records = population.generate(PERSONS, seed=SEED).records
    encoded = encode_records(MODEL, records).encoded
    weigher = Weigher(MODEL, FREQUENCIES, encoded)
    a, b = blocked_pairs(encoded)
    heavy = weigher.weigh(a, b, CITY) > -5.0
    a, b = a[heavy], b[heavy]
    ruled = weigher.ruled(a, b, CITY)
    low = msgspec.structs.replace(MODEL.decision, upper=0.001, lower=0.001)
    model = msgspec.structs.replace(MODEL, decision=low)
    random = np.random.default_rng(SEED)
    for asked in (False, True):
        places = random.choice(np.flatnonzero(ruled == asked), EACH, replace=False)
        for place in places.tolist():
            linked = link(model, FREQUENCIES, [records[int(a[place])], records[int(b[place])]], population=CITY)
            wanted = Outcome.NEW_WITH_REVIEW if asked else Outcome.LINKED
            assert linked.outcome[1] == wanted, f"pair {place}"
