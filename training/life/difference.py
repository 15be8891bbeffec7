"""What differs between two model files, before any record is looked at."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mpi.linkage.comparison import LEVELS
from mpi.linkage.model import Feature, Model

LISTED = 10  # changes of weights, the largest first
NOTABLE = 0.05  # bits; smaller changes are noise of a fit


@dataclass(frozen=True)
class WeightChange:
    """log2(m / u) of one level under both models, bits: what it says for the same person against strangers."""

    feature: str
    level: str
    old: float
    new: float


@dataclass(frozen=True)
class ModelDifference:
    """Names that one model has and the other has not, and numbers that differ.

    ``features_changed``: features of both that are encoded or scored in another way. ``expected``: class → (old, new) records
    in that relation to a record. ``thresholds``: key of the decision → (old, new), those that differ. ``encoding``: whether a
    change of models means that all stored rows must be encoded again.
    """

    old: str
    new: str
    encoding: bool
    features_gone: tuple[str, ...]
    features_added: tuple[str, ...]
    features_changed: tuple[str, ...]
    classes_gone: tuple[str, ...]
    classes_added: tuple[str, ...]
    rules_gone: tuple[str, ...]
    rules_added: tuple[str, ...]
    expected: dict[str, tuple[float, float]]
    thresholds: dict[str, tuple[object, object]]
    weights: tuple[WeightChange, ...]
    weights_changed: int  # levels whose weight differs by more than NOTABLE bits


def model_difference(old: Model, new: Model) -> ModelDifference:
    """Compare two fitted models."""
    features = {f.name: f for f in old.features}, {f.name: f for f in new.features}
    classes = {c.name: c for c in old.classes}, {c.name: c for c in new.classes}
    rules = {" + ".join(r): r for r in old.rules}, {" + ".join(r): r for r in new.rules}
    changes = sorted(_weights(old, new), key=lambda change: -abs(change.new - change.old))
    changes = [change for change in changes if abs(change.new - change.old) > NOTABLE]
    decisions = [{key: getattr(m.decision, key) for key in m.decision.__struct_fields__} for m in (old, new)]
    return ModelDifference(
        old=old.reference,
        new=new.reference,
        encoding=old.encoding_version() != new.encoding_version(),
        features_gone=_missing(features[0], features[1]),
        features_added=_missing(features[1], features[0]),
        features_changed=tuple(
            name
            for name, feature in features[0].items()
            if name in features[1] and _plan(feature) != _plan(features[1][name])
        ),
        classes_gone=_missing(classes[0], classes[1]),
        classes_added=_missing(classes[1], classes[0]),
        rules_gone=_missing(rules[0], rules[1]),
        rules_added=_missing(rules[1], rules[0]),
        expected={
            name: (item.expected, classes[1][name].expected) for name, item in classes[0].items() if name in classes[1]
        },
        thresholds={key: (value, decisions[1][key]) for key, value in decisions[0].items() if value != decisions[1][key]},
        weights=tuple(changes[:LISTED]),
        weights_changed=len(changes),
    )


def _missing(here: Mapping[str, object], there: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(name for name in here if name not in there)


def _plan(feature: Feature) -> tuple[object, ...]:
    """What of a feature is not an estimated number."""
    keys = ("kind", "source", "counterpart", "division", "scored", "identity", "term_frequency")
    return tuple(getattr(feature, key) for key in keys)


def _weights(old: Model, new: Model) -> Iterator[WeightChange]:
    """Levels of the features that both score and compare in the same way."""
    for feature in old.features:
        column = new.column(feature.name)
        if column < 0 or not feature.scored or not new.features[column].scored or new.features[column].kind != feature.kind:
            continue
        for level, name in enumerate(LEVELS[feature.kind][1:]):
            yield WeightChange(
                feature.name, name, level_weight(old, feature.name, level), level_weight(new, feature.name, level)
            )


def level_weight(model: Model, feature: str, level: int) -> float:
    """log2(m / u) of level ``level`` + 1 of a scored feature."""
    u = model.features[model.column(feature)].u
    m = model.classes[0].m.get(feature, u)
    return math.log2(max(m[level], 2.0**-40) / max(u[level], 2.0**-40))
