"""A Splink model → ours: two classes, "same person" and strangers, and a list of what does not mean the same here."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec
import numpy as np

from mpi.errors import ModelError
from mpi.linkage.comparison import LEVELS
from mpi.linkage.model import (
    RESERVED_COLUMNS,
    SAME_PERSON,
    Decision,
    Feature,
    Model,
    RelationshipClass,
    TermFrequencies,
    check_model,
)
from mpi.records import PatientRecord
from training.exchange.agreement import SAME, STRANGERS
from training.exchange.columns import source_kind
from training.exchange.conditions import EXACT, OTHER, REVERSED, Condition, read_condition
from training.exchange.rules import read_rule
from training.exchange.splink_file import SplinkComparison, SplinkLevel, SplinkModel
from training.exchange.spreading import Floats, overlaps, spread
from training.modelling.encode import encode_records
from training.modelling.values import commonness, count_values

NARROW, WIDE = 8, 16
FEWEST_LEVELS = 2  # trained ones that a comparison must have to say anything
FREQUENCY_KINDS = ("name", "number", "phone")  # kinds whose commonness the service looks up


@dataclass
class Imported:
    """What became of a Splink model. ``lost``: sentences on what does not map, in the order of the file."""

    features: dict[str, Feature] = field(default_factory=dict)  # by column
    m: dict[str, tuple[float, ...]] = field(default_factory=dict)  # by feature
    weighed: set[str] = field(default_factory=set)  # features whose exact level is adjusted by term frequency
    rules: list[tuple[str, ...]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Prior:
    """Where the number of related records comes from: λ is Splink's probability that two random records match."""

    records: int  # that λ belongs to; 0 where nobody said
    persons: int  # at which the prior is Splink's


def import_model(splink: SplinkModel, sources: Mapping[str, str], like: Model) -> Imported:
    """Features, m, u and rules. ``sources``: column → source of a feature; ``like``: a fitted model of ours.

    Raises ModelError where nothing of the model maps.
    """
    found = Imported()
    for comparison in splink.comparisons:
        _add_comparison(found, comparison, sources, like)
    if not found.features:
        raise ModelError("no comparison of the Splink model is on a column that the map turns into a trait")
    _pair_names(found)
    for rule in splink.rules:
        terms, note = read_rule(rule.blocking_rule, found.features)
        if rule.arrays_to_explode:
            terms, note = (), "it explodes arrays"
        if not terms:
            found.lost.append(f"blocking rule {rule.blocking_rule}: left out; {note}")
        elif terms not in found.rules:
            found.rules.append(terms)
            found.lost += [f"blocking rule {rule.blocking_rule}: {note}"] if note else []
    if not found.rules:
        found.rules = _rules_like(found, like)
        found.lost.append("no blocking rule maps: those of the model it is like are taken, as far as their features are here")
    return found


def _add_comparison(found: Imported, comparison: SplinkComparison, sources: Mapping[str, str], like: Model) -> None:
    title = f"comparison '{comparison.output_column_name or comparison.comparison_description}'"
    levels = [level for level in comparison.comparison_levels if not level.is_null_level]
    asked = [read_condition(level.sql_condition) for level in levels]
    columns = list(dict.fromkeys(column for each in asked for column in each))
    known = [column for column in columns if column in sources]
    trained = [level.trained for level in levels]
    if sum(trained) < FEWEST_LEVELS:
        found.lost.append(f"{title}: was not trained, left out")
        return
    found.lost += [
        f"{title}: level {level.sql_condition!r} was never seen in training; its pairs fall into the next level"
        for level in levels
        if not level.trained
    ]
    levels = [level for level, known in zip(levels, trained, strict=True) if known]
    asked = [each for each, known in zip(asked, trained, strict=True) if known]
    if not known:
        found.lost.append(f"{title}: the map makes no trait of {', '.join(columns) or 'its columns'}; left out")
        return
    found.lost += [f"{title}: the map makes no trait of {c}; left out" for c in columns if c not in sources]
    if len(known) > 1:
        found.lost.append(f"{title}: compares several columns at once; taken apart as if they were independent")
    for column in known:
        if any(f.source == sources[column] for f in found.features.values()):
            found.lost.append(f"{title}: {column} is compared already; left out")
            continue
        _add_feature(found, title, column, (levels, [each.get(column) for each in asked]), sources[column], like)


def _add_feature(
    found: Imported,
    title: str,
    column: str,
    theirs: tuple[list[SplinkLevel], list[Condition | None]],
    source: str,
    like: Model,
) -> None:
    """One column of a comparison as a feature; ``theirs``: its levels, and what each asks of the column."""
    levels, conditions = theirs
    model_feature = next((f for f in like.features if f.source == source and f.scored), None)
    kind = model_feature.kind if model_feature else source_kind(source)
    name = model_feature.name if model_feature else source.replace("address.", "").replace("attributes.", "")
    for level, condition in zip(levels, conditions, strict=True):
        if condition is not None and condition.measure == OTHER:
            found.lost.append(f"{title}: level {level.sql_condition!r} has no like here; shared among our levels")
        if condition is not None and condition.measure == REVERSED and kind != "name":
            found.lost.append(f"{title}: exchanged columns are known of names only; counted as different")
    pattern = _like(like, model_feature, kind)
    m, u = (
        spread(np.array(values), overlaps(kind, side, conditions), pattern[side])
        for side, values in ((SAME, _each(levels, "m_probability")), (STRANGERS, _each(levels, "u_probability")))
    )
    if any(level.tf_adjustment_column == column for level in levels):
        if kind in FREQUENCY_KINDS:
            found.weighed.add(name)
        else:
            found.lost.append(f"{title}: no term frequencies for a {kind}")
    feature = model_feature or Feature(name=name, kind=kind, source=source)
    found.features[column] = Feature(
        name=name, kind=kind, source=source, label=feature.label, identity=feature.identity, u=_rounded(u)
    )
    found.m[name] = _rounded(m)
    if EXACT not in {c.measure for c in conditions if c is not None}:
        found.lost.append(f"{title}: has no exact level for {column}; our exact level takes its part of the first one")


def _each(levels: list[SplinkLevel], key: str) -> list[float]:
    return [float(getattr(level, key)) for level in levels]


def _like(like: Model, feature: Feature | None, kind: str) -> dict[str, Floats]:
    """m and u of the fitted model's feature, of any feature of the kind, or even ones."""
    chosen = feature or next((f for f in like.features if f.kind == kind and f.scored), None)
    if chosen is None:
        return dict.fromkeys((SAME, STRANGERS), np.ones(len(LEVELS[kind]) - 1))
    return {SAME: np.array(like.classes[0].m.get(chosen.name, chosen.u)), STRANGERS: np.array(chosen.u)}


def _rounded(values: Floats) -> tuple[float, ...]:
    return tuple(float(f"{value:.8g}") for value in values)


def _pair_names(found: Imported) -> None:
    """Given and family name may be exchanged; each knows the other."""
    by_source = {feature.source: column for column, feature in found.features.items()}
    for own, other in (("given", "family"), ("family", "given")):
        if own in by_source and other in by_source:
            column, name = by_source[own], found.features[by_source[other]].name
            found.features[column] = msgspec.structs.replace(found.features[column], counterpart=name)


def _rules_like(found: Imported, like: Model) -> list[tuple[str, ...]]:
    names = {feature.name for feature in found.features.values()}
    bag = {feature.name for feature in found.features.values() if feature.counterpart}
    return [
        rule
        for rule in like.rules
        if all(term.partition(".")[0] in (bag if term.endswith(".bag") else names) for term in rule)
    ]


def expected_records(probability: float, records: int, fallback: float) -> tuple[float, Prior]:
    """(ρ, where it holds): Splink's odds λ / (1 − λ) are ρ ÷ persons. Without ``records``, ρ is ``fallback``.

    ρ = λ (n − 1) records of the same person to a record; n records are n / (1 + ρ) persons.
    """
    odds = probability / (1 - probability)
    if records <= 1:
        return fallback, Prior(0, round(fallback / odds))
    expected = probability * (records - 1)
    persons = records / (1 + expected)
    return odds * persons, Prior(records, round(persons))


def assemble(found: Imported, like: Model, *, expected: float, upper: float, lower: float) -> Model:
    """The model, without term frequencies and provenance. Raises ModelError where it could not be served."""
    features = tuple(found.features.values())
    width = NARROW if len(features) + RESERVED_COLUMNS <= NARROW else WIDE
    if len(features) + RESERVED_COLUMNS > WIDE:
        raise ModelError(f"{len(features)} traits are more than the {WIDE - RESERVED_COLUMNS} a model can hold")
    decision: Decision = msgspec.structs.replace(like.decision, upper=upper, lower=lower)
    model = Model(
        name="imported",
        width=width,
        features=features,
        classes=(RelationshipClass(name=SAME_PERSON, label="one person", expected=expected, m=found.m),),
        rules=tuple(found.rules),
        decision=decision,
    )
    check_model(model)
    return model


def with_frequencies(model: Model, weighed: set[str], records: Iterable[PatientRecord]) -> tuple[Model, TermFrequencies, int]:
    """(model, term frequencies, number of records): Splink's file holds none, so they come from the records.

    As in Splink they count at the exact level, and nowhere else.
    """
    table = encode_records(model, records)
    features, parts = list(model.features), []
    for column, feature in enumerate(model.features):
        if feature.name not in weighed or table.records == 0:
            continue
        counts = count_values(table.encoded, column, feature.kind)
        common = commonness(feature, counts, table.encoded.values, seed=1)
        levels = len(feature.u)
        features[column] = msgspec.structs.replace(
            feature,
            term_frequency=True,
            tf_exponent=(1.0, *(0.0,) * (levels - 1)),
            tf_reference=(float(np.log2(feature.u[0])), *(0.0,) * (levels - 1)),
            tf_default=float(f"{common.default:.6g}"),
        )
        parts.append((column, common))
    frequencies = TermFrequencies(
        np.concatenate([np.zeros(0, np.int64), *(np.full(len(c.codes), column) for column, c in parts)]),
        np.concatenate([np.zeros(0, np.int64), *(c.codes for _, c in parts)]),
        np.concatenate([np.zeros(0), *(c.frequency for _, c in parts)]),
    )
    return msgspec.structs.replace(model, features=tuple(features)), frequencies, table.records


def summary(found: Imported, prior: Prior) -> dict[str, object]:
    """For the provenance."""
    return {"not_mapped": list(found.lost), "prior": dataclasses.asdict(prior)}
