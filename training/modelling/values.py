"""Value counts: how often two records agree exactly by chance, how common each value is, and how many neighbours it has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mpi.linkage.borrow import borrow
from mpi.linkage.comparison import DERIVED_BIT, LEVELS, name_level
from mpi.linkage.features import Encoded
from mpi.linkage.jit import kernel
from mpi.linkage.model import Feature
from mpi.linkage.values import FOLD, SOUND, Values
from training.estimation.frequencies import exponents, references

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

SAMPLED_VALUES = 400  # values whose neighbours are looked for, drawn by frequency
COMPARED_VALUES = 30_000  # commonest values they are compared with
LISTED_COUNT = 3  # records a value must have to stand in the sidecar
DAYS = 100
UNCOUNTED = frozenset({"date"})  # a partial date equals another without being exact: random pairs tell


@dataclass(frozen=True)
class ValueCounts:
    """Distinct values of a feature: codes int64[V], records int64[V] that have it (a record counts once), a slot int64[V]."""

    codes: Ints
    records: Ints
    slots: Ints
    known: int  # records with any value


def count_values(encoded: Encoded, column: int, kind: str) -> ValueCounts:
    """Count a column. Derived dates and categories are no values here."""
    codes = encoded.rows[:, column]
    record = np.repeat(np.arange(len(encoded.starts) - 1), np.diff(encoded.starts))
    usable = codes != 0
    if kind in ("date", "category"):
        usable &= (codes < 0) | (codes & DERIVED_BIT == 0)
    rows = np.flatnonzero(usable)
    order = rows[np.lexsort((record[rows], codes[rows]))]
    fresh = np.ones(len(order), np.bool_)
    fresh[1:] = (codes[order][1:] != codes[order][:-1]) | (record[order][1:] != record[order][:-1])
    order = order[fresh]
    values, first, counts = np.unique(codes[order], return_index=True, return_counts=True)
    slots = encoded.slots[order[first], column].astype(np.int64)
    return ValueCounts(values, counts.astype(np.int64), slots, len(np.unique(record[order])))


def counted_pairs(counts: ValueCounts, values: Values, kind: str) -> dict[int, float]:
    """Level → number of pairs of records that have it, as far as equal codes tell. Names: also same sound, same fold."""
    exact = _equal_pairs(counts.codes, counts.records)
    if kind in UNCOUNTED:
        return {}
    found = {1: exact}
    if kind == "name":
        sound, fold = values.cells[counts.slots, SOUND], values.cells[counts.slots, FOLD]
        found[2] = _equal_pairs(sound, counts.records) - _equal_pairs(np.where(sound != 0, counts.codes, 0), counts.records)
        alike = np.where(sound != 0, sound, counts.codes)  # agrees at a better level
        both = np.where(fold != 0, _joined(fold, alike), 0)
        found[3] = _equal_pairs(fold, counts.records) - _equal_pairs(both, counts.records)
    return found


def _joined(first: Ints, second: Ints) -> Ints:
    """One key for two, never 0."""
    _, numbers = np.unique(np.stack([first, second], axis=1), axis=0, return_inverse=True)
    keys: Ints = numbers.reshape(-1) + 1
    return keys


def _equal_pairs(keys: Ints, records: Ints) -> float:
    """Pairs of records with one key; key 0 has none."""
    _, inverse = np.unique(keys, return_inverse=True)
    sums = np.bincount(inverse, np.where(keys != 0, records, 0).astype(np.float64))
    return float((sums * (sums - 1) / 2)[sums > 1].sum())


@dataclass(frozen=True)
class Commonness:
    """Term frequencies of a feature, as the model stores them."""

    codes: Ints
    frequency: Floats
    default: float
    exponent: Floats  # [L + 1]
    reference: Floats  # [L + 1], log2


def commonness(feature: Feature, counts: ValueCounts, values: Values, *, seed: int) -> Commonness:
    """Frequencies of the values that several records have, one frequency for all others, and the exponents by level."""
    frequency = counts.records / max(counts.known, 1)
    listed = counts.records >= LISTED_COUNT
    rare = frequency[~listed]
    default = float((rare**2).sum() / rare.sum()) if rare.size else float(frequency.min(initial=1.0))
    levels = len(LEVELS[feature.kind])
    alphas = np.zeros(levels)
    alphas[1] = 1.0
    if feature.kind == "name" and len(counts.codes) > 1:
        sampled, mass = _neighbours(counts, frequency, values, levels, seed)
        alphas = exponents(frequency[sampled], mass)
    return Commonness(counts.codes[listed], frequency[listed], default, alphas, references(frequency, alphas))


def _neighbours(counts: ValueCounts, frequency: Floats, values: Values, levels: int, seed: int) -> tuple[Ints, Floats]:
    """(values drawn by frequency, float64[V, L]: share of records whose value is at level l from each)."""
    random = np.random.default_rng(seed)
    size = min(SAMPLED_VALUES, len(frequency))
    sampled = np.sort(random.choice(len(frequency), size, replace=False, p=frequency / frequency.sum()))
    common = np.argsort(-frequency, kind="stable")[:COMPARED_VALUES]
    mass = np.zeros((size, levels))
    _add_neighbours(values, counts.slots[sampled], counts.slots[common], frequency[common], mass)
    mass[:, 1] = frequency[sampled]
    return sampled, mass


@kernel
def _add_neighbours(values: Values, sampled: Ints, others: Ints, frequency: Floats, mass: Floats) -> None:
    values, mass = borrow(values), borrow(mass)
    for i in range(len(sampled)):
        for j in range(len(others)):
            level = name_level(values, sampled[i], values, others[j], False)
            mass[i, level] += frequency[j]
