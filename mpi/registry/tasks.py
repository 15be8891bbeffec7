"""What stewards have been asked: which persons may be one. A link that asks the same again opens no task."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from mpi.linkage.conflicts import DOCUMENT
from mpi.registry.events import unpack_candidates

PERSON_BITS = 50  # of a person's number at most, see master_id.py
Numbers = npt.NDArray[np.int64]


class Asked:
    """Pairs of persons that a task was opened about, beside those of ``before``. Only the writer's thread uses it.

    A function of the journal and of the lower threshold in force: after a start with another one, those are known whom it
    would show.
    """

    def __init__(self, before: Asked | None = None) -> None:
        self._pairs: set[int] = set()
        self._before = before

    def knows(self, person: int, others: list[int]) -> bool:
        """Whether each of ``others`` was asked about with ``person`` already, and there is one."""
        return bool(others) and all(self._has(_pair(person, other)) for other in others)

    def _has(self, pair: int) -> bool:
        return pair in self._pairs or (self._before is not None and self._before._has(pair))

    def add(self, person: int, others: list[int]) -> None:
        """Note a task about ``person`` and ``others``."""
        self._pairs.update(_pair(person, other) for other in others)

    def add_packed(self, tasks: Iterable[tuple[int, bytes]], features: int, lower: int) -> None:
        """Note what tasks asked, each the person and the candidates as the journal has them."""
        persons, packed = zip(*tasks, strict=True)
        found = unpack_candidates(b"".join(packed), features)
        own = np.repeat(np.array(persons, np.int64), [len(each) // found.itemsize for each in packed])
        wanted = _wanted(found["person"], found["weight"], found["flags"], own, lower)
        a, b = own[wanted], found["person"][wanted]
        self._pairs.update((np.minimum(a, b).astype(object) << PERSON_BITS | np.maximum(a, b)).tolist())

    def keep(self) -> None:
        """Add the pairs to those of ``before``: what asked about them is committed."""
        assert self._before is not None
        self._before._pairs |= self._pairs


def _pair(a: int, b: int) -> int:
    """Two persons as one number, in half the memory of a tuple."""
    return (a << PERSON_BITS | b) if a < b else (b << PERSON_BITS | a)


def shown(persons: Numbers, weights: Numbers, flags: Numbers, own: int, lower: int) -> list[int]:
    """The candidates that a task about person ``own`` shows: at or above the lower threshold, or with the same document."""
    found: list[int] = persons[_wanted(persons, weights, flags, own, lower)].tolist()
    return found


def _wanted(persons: Numbers, weights: Numbers, flags: Numbers, own: int | Numbers, lower: int) -> npt.NDArray[np.bool_]:
    """Which candidates are shown beside ``own``."""
    wanted: npt.NDArray[np.bool_] = ((weights >= lower) | (flags & DOCUMENT != 0)) & (persons != own)
    return wanted
