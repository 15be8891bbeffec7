"""Pairwise accuracy: every unordered pair of records put together, against every pair that belongs together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from itertools import combinations
from typing import NamedTuple


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


def pairs_within(sizes: Iterator[int]) -> int:
    """Number of unordered pairs inside groups of these sizes."""
    return sum(size * (size - 1) // 2 for size in sizes)


def count_pairs(predicted: Mapping[str, Hashable], truth: Mapping[str, Hashable]) -> PairCounts:
    """Compare two groupings of the same records: ``record -> group`` as predicted and as it is.

    Raises ValueError when a record lacks a prediction: a record left out must not pass as a correct non-link.
    """
    if predicted.keys() != truth.keys():
        raise ValueError(f"{len(predicted)} records predicted, {len(truth)} in the truth; both must be the same records")
    both = Counter((predicted[record], truth[record]) for record in truth)
    return PairCounts(
        right=pairs_within(iter(both.values())),
        predicted=pairs_within(iter(Counter(predicted.values()).values())),
        true=pairs_within(iter(Counter(truth.values()).values())),
    )


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
