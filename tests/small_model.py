"""A small hand-made model: its numbers are plausible, and fitted to nothing. Tests of rules must not move with a fit."""

from __future__ import annotations

import numpy as np

from mpi.linkage.comparison import LEVELS
from mpi.linkage.model import Decision, Feature, Model, RelationshipClass, TermFrequencies, check_model

NO_FREQUENCIES = TermFrequencies(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))


def falling(kind: str, first: float) -> tuple[float, ...]:
    """m of a kind: ``first`` on the best level, the rest halved from level to level."""
    levels = len(LEVELS[kind]) - 1
    rest = [0.5**i for i in range(1, levels)]
    return (first, *((1 - first) * r / sum(rest) for r in rest))


def rare(kind: str, first: float) -> tuple[float, ...]:
    """u of a kind: ``first`` on the best level, 2 % on each middle one, the rest on the last."""
    levels = len(LEVELS[kind]) - 1
    middle = [0.02 * (1 - first)] * (levels - 2)
    return (first, *middle, 1 - first - sum(middle))


SPECS = [
    # name, kind, source, u, m, more
    ("given", "name", "given", 0.002, 0.9, {"counterpart": "family", "identity": True}),
    ("family", "name", "family", 0.02, 0.95, {"counterpart": "given", "identity": True}),
    ("birth_date", "date", "birth_date", 1 / 25000, 0.93, {"identity": True}),
    ("sex", "category", "sex", 0.5, 0.99, {"identity": True}),
    ("national_id", "identifier", "national_id", 1e-7, 0.95, {}),
    ("other_id", "identifier", "other_id", 1e-6, 0.9, {}),
    ("phone", "phone", "phone", 1e-5, 0.6, {}),
    ("address", "text", "address.text", 1e-4, 0.5, {}),
]
FEATURES = tuple(
    Feature(name=name, kind=kind, source=source, u=rare(kind, u), **more) for name, kind, source, u, _, more in SPECS
)
M = {name: falling(kind, m) for name, kind, _, _, m, _ in SPECS}
HOUSEHOLD = ("family", "phone", "address")

MODEL = Model(
    name="small",
    features=FEATURES,
    classes=(
        RelationshipClass(name="same person", expected=1.0, m=M),
        RelationshipClass(name="household", expected=2.5, shared=HOUSEHOLD, m={k: M[k] for k in HOUSEHOLD}),
        RelationshipClass(
            name="twin", expected=0.02, shared=(*HOUSEHOLD, "birth_date"), m={k: M[k] for k in (*HOUSEHOLD, "birth_date")}
        ),
    ),
    rules=(
        ("national_id",),
        ("other_id",),
        ("phone",),
        ("given.sound", "birth_date"),
        ("family.sound", "birth_date"),
        ("given.sound", "family.sound", "birth_date.year"),
        ("given.bag", "birth_date.year"),
    ),
    decision=Decision(
        upper=0.999,
        lower=0.5,
        different_given=("one_edit", "similar", "somewhat_similar", "part", "different"),
        unique_identifiers=(1,),
    ),
    hash="0123456789ab",
)
check_model(MODEL)
