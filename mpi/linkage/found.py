"""The best candidate persons of a batch of queries, in arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.linkage.conflicts import DOCUMENT
from mpi.linkage.jit import inner

CANDIDATES = 8  # persons kept per query


# columns of Found.queries
KEPT, COMPARED, KEYS, KEYS_CUT = range(4)  # candidates kept, records compared, blocking keys, keys not followed to their end
# columns of Found.candidates: the person, its best record, that record's weight (fixed point), class, flags (conflicts.py)
PERSON, RECORD, WEIGHT, WINNER, FLAGS = range(5)


class Found(NamedTuple):
    """Results of Q queries, best first; ``queries[q, KEPT]`` of the CANDIDATES places are filled.

    Few arrays with many columns: each array that is passed to a kernel's leaf costs compile time.
    """

    queries: npt.NDArray[np.int64]  # [Q, 4]
    candidates: npt.NDArray[np.int64]  # [Q, CANDIDATES, 5]
    levels: npt.NDArray[np.uint8]  # [Q, CANDIDATES, F]
    adjustments: npt.NDArray[np.int32]  # [Q, CANDIDATES, F]


def new_found(queries: int, features: int) -> Found:
    """Empty results for ``queries`` queries."""
    shape = (queries, CANDIDATES, features)
    return Found(
        np.zeros((queries, 4), np.int64),
        np.zeros((queries, CANDIDATES, 5), np.int64),
        np.zeros(shape, np.uint8),
        np.zeros(shape, np.int32),
    )


@inner
def keep(
    found: Found,
    q: int,
    levels: npt.NDArray[np.uint8],
    adjustments: npt.NDArray[np.int32],
    item: tuple[int, int, int, int, int],
) -> None:
    """Insert (person, record, weight, winner, flags) into the query's best persons, ranked by document, then weight."""
    person, record, weight, winner, flags = item
    count = found.queries[q, KEPT]
    at = count
    for i in range(count):
        if found.candidates[q, i, PERSON] == person:
            at = i
    if at < count and not _outranks(flags, weight, found.candidates[q, at, FLAGS], found.candidates[q, at, WEIGHT]):
        return
    if at == count:
        if count < CANDIDATES:
            found.queries[q, KEPT] = count + 1
        else:
            at = CANDIDATES - 1
            if not _outranks(flags, weight, found.candidates[q, at, FLAGS], found.candidates[q, at, WEIGHT]):
                return
    while at > 0 and _outranks(flags, weight, found.candidates[q, at - 1, FLAGS], found.candidates[q, at - 1, WEIGHT]):
        _move(found, q, at - 1, at)
        at -= 1
    found.candidates[q, at, PERSON], found.candidates[q, at, RECORD], found.candidates[q, at, WEIGHT] = person, record, weight
    found.candidates[q, at, WINNER], found.candidates[q, at, FLAGS] = winner, flags
    found.levels[q, at, :] = levels
    found.adjustments[q, at, :] = adjustments


@inner
def _outranks(flags: int, weight: int, other_flags: int, other_weight: int) -> bool:
    mine, theirs = flags & DOCUMENT, other_flags & DOCUMENT
    return mine > theirs or (mine == theirs and weight > other_weight)


@inner
def _move(found: Found, q: int, source: int, target: int) -> None:
    found.candidates[q, target, :] = found.candidates[q, source, :]
    found.levels[q, target, :] = found.levels[q, source, :]
    found.adjustments[q, target, :] = found.adjustments[q, source, :]
