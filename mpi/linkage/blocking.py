"""Row → blocking keys. Two records are compared only if they share a key of at least one rule of the model.

A rule is a list of terms ``feature.transform``; its key mixes the rule's number with every term's integer. A rule with a
missing term has no key (0): empty never equals empty. Derived dates may block, though they are no evidence.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.linkage.comparison import DERIVED_BIT
from mpi.linkage.jit import leaf, wide
from mpi.linkage.model import TRANSFORMS, Model
from mpi.linkage.values import FOLD as FOLD_CELL
from mpi.linkage.values import LENGTH, OFFSET, Values
from mpi.linkage.values import SOUND as SOUND_CELL

VALUE, SOUND, FOLD, YEAR, MONTH_DAY, BAG, ENDING, BEGINNING = range(len(TRANSFORMS))
TERM_FEATURE, TERM_TRANSFORM, TERM_COUNTERPART, TERM_DERIVABLE = range(4)
BEGINNING_LENGTH = 3  # code points


class Rules(NamedTuple):
    """Blocking rules for the kernels: rule k has the terms start[k]:start[k + 1]."""

    start: npt.NDArray[np.int64]
    terms: npt.NDArray[np.int64]  # [T, 4] feature, transform, the feature's counterpart (−1 none), 1 if values can be derived


def compile_rules(model: Model) -> Rules:
    """Arrays of the model's blocking rules."""
    start, terms = [0], []
    for rule in model.rules:
        for term in rule:
            name, _, how = term.partition(".")
            column = model.column(name)
            other = model.features[column].counterpart
            derivable = int(model.features[column].kind in ("date", "category"))
            terms.append((column, TRANSFORMS.index(how or "value"), model.column(other) if other else -1, derivable))
        start.append(len(terms))
    return Rules(np.array(start, np.int64), np.array(terms, np.int64).reshape(-1, 4))


@leaf
def mix(seed: np.uint64, value: np.uint64) -> np.uint64:
    """One step of splitmix64 (Steele, Lea, Flood 2014) over ``seed`` and ``value``."""
    z = (seed ^ value) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@leaf
def beginning(values: Values, slot: int) -> np.uint64:
    """Hash of the first code points of a value; 0 for a value that is shorter."""
    if values.cells[slot, LENGTH] < BEGINNING_LENGTH:
        return np.uint64(0)
    result = np.uint64(BEGINNING_LENGTH)
    for k in range(BEGINNING_LENGTH):
        result = mix(result, np.uint64(values.chars[values.cells[slot, OFFSET] + k]))
    return result


@leaf
def term_value(transform: int, plain: int, other: int, values: Values, slot: int) -> np.uint64:
    """The integer a term contributes; 0 where it is missing. ``other`` is the counterpart's code."""
    if plain == 0:
        return np.uint64(0)
    if transform == SOUND:
        return np.uint64(values.cells[slot, SOUND_CELL])
    if transform == FOLD:
        return np.uint64(values.cells[slot, FOLD_CELL])
    if transform == YEAR:
        return np.uint64(plain // 10000)
    if transform == MONTH_DAY:
        return np.uint64(plain % 10000) if plain % 100 != 0 else np.uint64(0)
    if transform == BAG:
        if other == 0:
            return np.uint64(0)
        return mix(np.uint64(min(plain, other)), np.uint64(max(plain, other)))
    if transform == ENDING:
        return np.uint64(plain % 10_000_000)
    if transform == BEGINNING:
        return beginning(values, slot)
    return np.uint64(plain)


@leaf
def blocking_key(rules: Rules, rule: int, row: npt.NDArray[np.int64], slots: npt.NDArray[np.int32], values: Values) -> int:
    """Key of one rule for one row, or 0 if a term is missing. ``slots[f]`` is the slot of feature f's text in ``values``."""
    result = np.uint64(rule + 1)
    for t in range(rules.start[rule], rules.start[rule + 1]):
        feature = rules.terms[t, TERM_FEATURE]
        other = row[rules.terms[t, TERM_COUNTERPART]] if rules.terms[t, TERM_COUNTERPART] >= 0 else 0
        value = row[feature] & ~DERIVED_BIT if rules.terms[t, TERM_DERIVABLE] == 1 else row[feature]
        term = term_value(rules.terms[t, TERM_TRANSFORM], value, other, values, slots[feature])
        if term == np.uint64(0):
            return 0
        result = mix(result, term)
    key = wide(result)
    return key if key != 0 else wide(1)
