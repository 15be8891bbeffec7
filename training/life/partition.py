"""Records divided among persons, once a model: pairs that are together are counted from the sizes of the overlaps."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


def together(*divisions: Ints) -> int:
    """Pairs of records that are with the same person in every division; each int64[N] numbers the persons."""
    sizes = np.unique(np.stack(divisions, axis=1), axis=0, return_counts=True)[1].astype(np.int64)
    return int((sizes * (sizes - 1) // 2).sum())


class Meeting(NamedTuple):
    """Records of two persons of one division that are one person in another: the members of each, in their order."""

    first: Ints
    second: Ints


def meetings(apart: Ints, joined: Ints) -> Iterator[Meeting]:
    """Every two persons of ``apart`` that share a person of ``joined``; members outside of that person are left out."""
    order = np.lexsort((np.arange(len(apart)), apart, joined))
    edges = np.flatnonzero(np.diff(joined[order], prepend=-1, append=-1))
    for start, end in pairwise(edges.tolist()):
        members = order[start:end]
        cuts = np.flatnonzero(np.diff(apart[members])) + 1
        parts = np.split(members, cuts)
        for place, first in enumerate(parts):
            for second in parts[place + 1 :]:
                yield Meeting(first, second)


def spread(apart: Ints, joined: Ints) -> tuple[int, int, int]:
    """(persons of ``joined`` that hold more than one person of ``apart``, those persons of ``apart``, records of all)."""
    cells = np.unique(np.stack([joined, apart], axis=1), axis=0)
    holders, parts = np.unique(cells[:, 0], return_counts=True)
    several = holders[parts > 1]
    inside = np.isin(joined, several)
    return len(several), len(np.unique(apart[inside])), int(inside.sum())


def companions_changed(old: Ints, new: Ints) -> int:
    """Records whose companions are not the same in both divisions."""
    _, cell, cell_sizes = np.unique(np.stack([old, new], axis=1), axis=0, return_inverse=True, return_counts=True)
    _, old_place, old_sizes = np.unique(old, return_inverse=True, return_counts=True)
    _, new_place, new_sizes = np.unique(new, return_inverse=True, return_counts=True)
    size = cell_sizes[cell.ravel()]
    return int(((size != old_sizes[old_place]) | (size != new_sizes[new_place])).sum())
