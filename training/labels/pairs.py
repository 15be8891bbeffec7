"""Labels as pairs of a table: who decided what, in numbers, and the level pattern of every pair."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.estimation.problem import Flags, Levels
from training.labels.label_file import Labels
from training.modelling.encode import Key
from training.modelling.patterns import Comparer

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Decisions:
    """D decisions of named stewards on J distinct pairs.

    levels    uint8[J, F]  agreement pattern of each pair
    groups    int64[J]     pairs that hang together by a record have one number: they are never on two sides of a check
    pair      int64[D]     which pair was decided
    steward   int64[D]     number of the steward in ``stewards``
    same      bool[D]      what was decided
    not_found decisions on records that are not in the table
    """

    levels: Levels
    groups: Ints
    pair: Ints
    steward: Ints
    same: Flags
    stewards: tuple[str, ...]
    not_found: int = 0

    def of(self, stewards: Collection[int]) -> Flags:
        """bool[D]: the decisions of these stewards."""
        result: Flags = np.isin(self.steward, list(stewards))
        return result

    def verdicts(self, chosen: Flags) -> Ints:
        """int64[J]: what the chosen decisions come to: 1 same, −1 different, 0 not decided or as many for as against."""
        sums = np.zeros(len(self.levels), np.int64)
        np.add.at(sums, self.pair[chosen], np.where(self.same[chosen], 1, -1))
        return np.sign(sums)


def decided_pairs(labels: Labels, places: Mapping[Key, int], comparer: Comparer) -> Decisions:
    """Find the labelled records in a table and compare them. ``places``: of ``Table``."""
    names = sorted({label.steward for label in labels.labels})
    numbers = {name: number for number, name in enumerate(names)}
    pairs: dict[tuple[int, int], int] = {}
    rows: list[tuple[int, int, bool]] = []
    for label in labels.labels:
        a, b = places.get(label.a, -1), places.get(label.b, -1)
        if a >= 0 and b >= 0:
            rows.append((pairs.setdefault((a, b), len(pairs)), numbers[label.steward], label.same))
    sides = np.array(list(pairs), np.int32).reshape(-1, 2)
    columns = np.array(rows, np.int64).reshape(-1, 3)
    return Decisions(
        levels=comparer.unpacked(comparer.packed(np.ascontiguousarray(sides[:, 0]), np.ascontiguousarray(sides[:, 1]))),
        groups=_hanging_together(sides),
        pair=columns[:, 0],
        steward=columns[:, 1],
        same=columns[:, 2] == 1,
        stewards=tuple(names),
        not_found=len(labels.labels) - len(rows),
    )


def _hanging_together(sides: npt.NDArray[np.int32]) -> Ints:
    """int64[J]: components of the graph of pairs, by path halving."""
    parent: dict[int, int] = {}

    def root(node: int) -> int:
        while parent.setdefault(node, node) != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for a, b in sides.tolist():
        parent[root(a)] = root(b)
    roots = [root(a) for a in sides[:, 0].tolist()]
    return np.unique(np.array(roots, np.int64), return_inverse=True)[1].astype(np.int64)
