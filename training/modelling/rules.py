"""Blocking rules as conditions on agreement levels, so that whether a pair was looked at follows from its level pattern.

A term of the model, ``given.sound``, becomes the levels that are certain to have equal keys (exact, same sound) and a key
that all pairs of those levels share. What the term lets through beyond them (two dates in one year that are "different") is
not counted: the estimation knows exactly what it has seen, at the price of a few pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mpi.linkage.comparison import DERIVED_BIT, LEVELS
from mpi.linkage.features import Encoded
from mpi.linkage.model import Model
from mpi.linkage.values import FOLD, SOUND

Keys = npt.NDArray[np.uint64]

ENDING = 10_000_000
DAYS, YEARS = 100, 10_000
ODD = np.uint64(0x9E3779B97F4A7C15)

# transform → levels by name, for the kinds that have them
CERTAIN = {
    "value": ("exact", "same"),
    "sound": ("exact", "same_sound"),
    "fold": ("exact", "same_folded_sound"),  # equal sounds may fold apart: a nickname folds to its name
    "year": ("exact", "day_month_swapped"),
    "month_day": ("exact",),
    "bag": ("exact",),
    "ending": ("exact", "same_ending"),
    "beginning": ("exact",),
}


@dataclass(frozen=True)
class Term:
    """One condition: the feature in ``column`` has one of ``levels``; ``transform`` says how its key is made."""

    column: int
    transform: str
    levels: frozenset[int]


@dataclass(frozen=True)
class LevelRule:
    """A blocking rule as the estimation sees it. ``text`` is the rule as it stands in the model."""

    text: str
    terms: tuple[Term, ...]


def level_rules(model: Model) -> tuple[list[LevelRule], list[str]]:
    """(rules, notes on the rules that cannot be put into levels). Equal rules are kept once."""
    rules: list[LevelRule] = []
    notes = []
    for rule in model.rules:
        text = " + ".join(rule)
        terms: dict[int, Term] = {}
        for part in rule:
            for term in _terms(model, part):
                terms[term.column] = _stricter(terms.get(term.column), term)
        if any(not model.features[column].scored for column in terms):
            notes.append(f"rule {text}: has a feature that is not scored, so it is left out of the estimation")
        elif not any(set(terms.values()) == set(known.terms) for known in rules):
            rules.append(LevelRule(text, tuple(terms.values())))
    return rules, notes


def _terms(model: Model, part: str) -> list[Term]:
    name, _, how = part.partition(".")
    transform = how or "value"
    columns = [model.column(name)]
    if transform == "bag":  # holds for two names in either order; certain where both are exact
        columns.append(model.column(model.features[columns[0]].counterpart))
    return [Term(column, transform, _levels(model.features[column].kind, transform)) for column in columns]


def _levels(kind: str, transform: str) -> frozenset[int]:
    return frozenset(LEVELS[kind].index(name) for name in CERTAIN[transform] if name in LEVELS[kind])


def _stricter(known: Term | None, term: Term) -> Term:
    """Two terms on one feature: both must hold."""
    if known is None or term.levels <= known.levels:
        return term
    return known


def term_keys(model: Model, table: Encoded, term: Term) -> Keys:
    """uint64[R]: a key for each row that all pairs of the term's levels share; 0 where the value is missing."""
    values = table.rows[:, term.column]
    if model.features[term.column].kind == "date":
        return _date_keys(values, term.transform)
    if term.transform == "ending":
        return _scrambled(np.where(values != 0, values % ENDING + 1, 0))
    if term.transform in ("sound", "fold"):
        cell = SOUND if term.transform == "sound" else FOLD
        coded = table.values.cells[table.slots[:, term.column], cell]
        return _scrambled(np.where(coded != 0, coded, values))
    derived = (values & DERIVED_BIT != 0) & (values > 0)
    is_category = model.features[term.column].kind == "category"
    return _scrambled(np.where(derived, 0, values) if is_category else values)


def _date_keys(values: npt.NDArray[np.int64], transform: str) -> Keys:
    """Full, entered dates only: partial and derived ones have no exact level."""
    full = (values > 0) & (values & DERIVED_BIT == 0) & (values % DAYS != 0) & (values // DAYS % DAYS != 0)
    part = {"year": values // YEARS, "month_day": values % YEARS}.get(transform, values)
    return _scrambled(np.where(full, part, 0))


def _scrambled(values: npt.NDArray[np.int64]) -> Keys:
    """One-to-one and 0 for 0."""
    mixed: Keys = values.astype(np.uint64) * ODD
    return mixed ^ (mixed >> np.uint64(32))
