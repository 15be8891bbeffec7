"""Pairwise accuracy: every unordered pair of records put together, against every pair that belongs together."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from itertools import combinations
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from training.modelling.keys import Groups, pair_chunks
from training.modelling.patterns import Int32s

Ints = npt.NDArray[np.int64]
K = TypeVar("K", bound=Hashable)


class PairCounts(NamedTuple):
    """``right`` of the ``predicted`` pairs are among the ``true`` ones."""

    right: int
    predicted: int
    true: int

    @property
    def precision(self) -> float:
        """Share of the predicted pairs that are right; 1.0 when nothing was predicted, for nothing was wrong."""
        return self.right / self.predicted if self.predicted else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 2·right / (predicted + true)."""
        return 2 * self.right / (self.predicted + self.true) if self.predicted + self.true else 1.0

    def as_keys(self) -> dict[str, float | int]:
        """The keys that every accuracy line carries."""
        return {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "wrong_pairs": self.predicted - self.right,
            "missed_pairs": self.true - self.right,
        }


def pairs_within(groups: Ints) -> int:
    """Number of unordered pairs of records that stand in one group; ``groups`` int64[N] is the group of each record."""
    sizes = np.unique(groups, return_counts=True)[1].astype(np.int64)
    return int((sizes * (sizes - 1) // 2).sum())


def pairs_of(groups: Ints) -> tuple[Int32s, Int32s]:
    """(a, b) int32[P]: all pairs of records in one group, ``a < b``; ``groups`` int64[N]."""
    order = np.argsort(groups, kind="stable").astype(np.int32)
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1, append=-1)).astype(np.int64)
    chunks = list(pair_chunks(Groups(order, starts if len(groups) else np.zeros(1, np.int64), repeated=False)))
    nothing = np.zeros(0, np.int32)
    return np.concatenate([nothing, *(a for a, _ in chunks)]), np.concatenate([nothing, *(b for _, b in chunks)])


def joint(first: Ints, second: Ints) -> Ints:
    """int64[N]: one number for each combination of the two groups of a record. Both count from 0."""
    keys: Ints = first * (int(second.max(initial=0)) + 1) + second
    return keys


def pair_counts(person: Ints, truth: Ints) -> PairCounts:
    """Compare two groupings of N records, int64[N] each, counting from 0: as found and as it is."""
    return PairCounts(pairs_within(joint(person, truth)), pairs_within(person), pairs_within(truth))


def count_pairs(predicted: Mapping[K, Hashable], truth: Mapping[K, Hashable]) -> PairCounts:
    """Compare two groupings of the same records: ``record -> group`` as predicted and as it is.

    Raises ValueError when a record lacks a prediction: a record left out must not pass as a correct non-link.
    """
    if predicted.keys() != truth.keys():
        raise ValueError(f"{len(predicted)} records predicted, {len(truth)} in the truth; both must be the same records")
    return pair_counts(numbered(predicted[record] for record in truth), numbered(truth.values()))


def numbered(groups: Iterable[Hashable]) -> Ints:
    """int64[N]: equal groups get equal numbers, from 0 in the order of their first record."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(group, len(numbers)) for group in groups], np.int64)


def wrong_and_missed(
    predicted: Mapping[str, Hashable], truth: Mapping[str, Hashable]
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The pairs behind the counts: (put together though different, left apart though the same)."""
    return list(differing(predicted, truth)), list(differing(truth, predicted))


def differing(groups: Mapping[str, Hashable], other: Mapping[str, Hashable]) -> Iterator[tuple[str, str]]:
    """Pairs together in ``groups`` and apart in ``other``."""
    members: dict[Hashable, list[str]] = {}
    for record, group in groups.items():
        members.setdefault(group, []).append(record)
    for records in members.values():
        for left, right in combinations(records, 2):
            if other[left] != other[right]:
                yield left, right
