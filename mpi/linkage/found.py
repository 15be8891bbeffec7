"""The best candidate persons of a batch of queries, in arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.linkage.conflicts import DOCUMENT
from mpi.linkage.jit import leaf

CANDIDATES = 8  # persons kept per query


class Found(NamedTuple):
    """Results of Q queries, best first; ``kept[q]`` of the CANDIDATES places are filled."""

    kept: npt.NDArray[np.int64]  # [Q]
    compared: npt.NDArray[np.int64]  # [Q] records compared
    keys: npt.NDArray[np.int64]  # [Q] blocking keys the query has
    keys_cut: npt.NDArray[np.int64]  # [Q] keys not followed to their end
    person: npt.NDArray[np.int64]  # [Q, CANDIDATES]
    record: npt.NDArray[np.int64]  # [Q, CANDIDATES] the person's best record
    weight: npt.NDArray[np.int64]  # [Q, CANDIDATES] fixed point
    winner: npt.NDArray[np.int64]  # [Q, CANDIDATES] most likely relationship class
    flags: npt.NDArray[np.int64]  # [Q, CANDIDATES] see decision.py
    levels: npt.NDArray[np.uint8]  # [Q, CANDIDATES, F]
    adjustments: npt.NDArray[np.int32]  # [Q, CANDIDATES, F]


def new_found(queries: int, features: int) -> Found:
    """Empty results for ``queries`` queries."""
    shapes = [(queries,)] * 4 + [(queries, CANDIDATES)] * 5
    columns: list[npt.NDArray[Any]] = [np.zeros(shape, np.int64) for shape in shapes]
    shape = (queries, CANDIDATES, features)
    return Found._make([*columns, np.zeros(shape, np.uint8), np.zeros(shape, np.int32)])


@leaf
def keep(
    found: Found,
    q: int,
    levels: npt.NDArray[np.uint8],
    adjustments: npt.NDArray[np.int32],
    item: tuple[int, int, int, int, int],
) -> None:
    """Insert (person, record, weight, winner, flags) into the query's best persons, ranked by document, then weight."""
    person, record, weight, winner, flags = item
    count = found.kept[q]
    at = count
    for i in range(count):
        if found.person[q, i] == person:
            at = i
    if at < count and not _outranks(flags, weight, found.flags[q, at], found.weight[q, at]):
        return
    if at == count:
        if count < CANDIDATES:
            found.kept[q] = count + 1
        else:
            at = CANDIDATES - 1
            if not _outranks(flags, weight, found.flags[q, at], found.weight[q, at]):
                return
    while at > 0 and _outranks(flags, weight, found.flags[q, at - 1], found.weight[q, at - 1]):
        _move(found, q, at - 1, at)
        at -= 1
    found.person[q, at], found.record[q, at], found.weight[q, at] = person, record, weight
    found.winner[q, at], found.flags[q, at] = winner, flags
    found.levels[q, at, :] = levels
    found.adjustments[q, at, :] = adjustments


@leaf
def _outranks(flags: int, weight: int, other_flags: int, other_weight: int) -> bool:
    mine, theirs = flags & DOCUMENT, other_flags & DOCUMENT
    return mine > theirs or (mine == theirs and weight > other_weight)


@leaf
def _move(found: Found, q: int, source: int, target: int) -> None:
    found.person[q, target], found.record[q, target] = found.person[q, source], found.record[q, source]
    found.weight[q, target], found.winner[q, target] = found.weight[q, source], found.winner[q, source]
    found.flags[q, target] = found.flags[q, source]
    found.levels[q, target, :] = found.levels[q, source, :]
    found.adjustments[q, target, :] = found.adjustments[q, source, :]
