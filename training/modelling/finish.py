"""An estimate as a model: u, m, ρ and term frequencies in the places of the file."""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from mpi.linkage.comparison import LEVELS
from mpi.linkage.model import Feature, Model, RelationshipClass, TermFrequencies
from training.estimation.problem import CHANCE
from training.modelling.assemble import Estimate

Floats = npt.NDArray[np.float64]

SMALLEST = 2.0**-40  # what a model file says for "cannot occur"


def finished_model(found: Estimate, *, sampled: float) -> tuple[Model, TermFrequencies]:
    """The model with the estimate in it, thresholds and provenance still open.

    ``sampled``: share of the records that were drawn; a record of the whole has 1 / ``sampled`` times as many relations.
    """
    template = found.template.model
    features = tuple(_feature(found, f) for f in template.features)
    classes = tuple(_relationship(found, c, item, sampled) for c, item in enumerate(template.classes))
    model = msgspec.structs.replace(template, features=features, classes=classes)
    columns = {f.name: i for i, f in enumerate(model.features)}
    parts = sorted(found.commonness.items(), key=lambda part: columns[part[0]])
    frequencies = TermFrequencies(
        np.concatenate([np.zeros(0, np.int64), *(np.full(len(c.codes), columns[name]) for name, c in parts)]),
        np.concatenate([np.zeros(0, np.int64), *(c.codes for _, c in parts)]),
        np.concatenate([np.zeros(0), *(c.frequency for _, c in parts)]),
    )
    return model, frequencies


def _feature(found: Estimate, feature: Feature) -> Feature:
    if not feature.scored:
        return feature
    u = found.problem.u[found.problem.column(feature.name), 1 : len(LEVELS[feature.kind])]
    changed = msgspec.structs.replace(feature, u=tuple(_rounded(u)))
    if not feature.term_frequency:
        return changed
    common = found.commonness[feature.name]
    reference = common.reference[1:].copy()
    reference[0] = np.log2(u[0])  # at exact, the frequency at which u holds is u itself
    return msgspec.structs.replace(
        changed,
        tf_exponent=tuple(_rounded(common.exponent[1:])),
        tf_reference=tuple(_rounded(reference)),
        tf_default=_rounded(np.array([common.default]))[0],
    )


def _relationship(found: Estimate, c: int, item: RelationshipClass, sampled: float) -> RelationshipClass:
    """The class with its numbers; ``shared`` lists all features in which it is more than chance."""
    m, shared = {}, []
    for f, spec in enumerate(found.problem.features):
        if found.fit.kinds[c, f] != CHANCE:
            shared.append(spec.name)
        if found.fit.kinds[c, f] != CHANCE or spec.name in found.problem.classes[c].excluded:
            values = found.fit.probabilities[c, f, 1 : len(spec.levels) + 1]
            m[spec.name] = tuple(_rounded(np.maximum(values, SMALLEST)))
    expected = _rounded(found.fit.expected[c : c + 1] / sampled)[0]
    return msgspec.structs.replace(item, shared=tuple(shared) if c > 0 else (), expected=expected, m=m)


def _rounded(values: Floats) -> list[float]:
    """Six significant digits: more than is known, and a file a person can read."""
    return [float(f"{value:.6g}") for value in values]
