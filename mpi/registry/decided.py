"""What the kernel decided about a segment, by column: what journal, facts in memory and answers are made of."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.linkage.batch import CHOSEN, CHOSEN_WEIGHT, MADE_PERSON, TASK, Writes
from mpi.linkage.hotindex import PERSONS
from mpi.registry import answers
from mpi.registry.index import Index
from mpi.registry.master_id import MasterIds


class Decisions(NamedTuple):
    """Q writes, or some of them in a row.

    first        int          sequence number of the first write; the others follow
    columns      int64[Q, …]  see linkage.batch.Writes
    codes        int64[Q]     of the persons' master IDs
    probability  float64[Q]   of the chosen candidate, 0 without one
    candidates   codes of the master IDs that a review task asks about, by sequence number
    model        what decided, name@hash
    """

    first: int
    columns: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int64]
    probability: npt.NDArray[np.float64]
    candidates: Mapping[int, tuple[int, ...]]
    model: str

    def __repr__(self) -> str:
        return f"Decisions({len(self.columns)} from {self.first})"

    def sequences(self) -> npt.NDArray[np.int64]:
        """int64[Q]: the events' numbers."""
        return np.arange(self.first, self.first + len(self.columns))

    def tasks(self) -> npt.NDArray[np.int64]:
        """int64[Q]: numbers of the review tasks that are opened, 0 for none."""
        return self.sequences() * self.columns[:, TASK]

    def part(self, start: int, end: int) -> Decisions:
        """Those of the writes from ``start`` to before ``end`` (views)."""
        here = slice(start, end)
        return Decisions(
            self.first + start, self.columns[here], self.codes[here], self.probability[here], self.candidates, self.model
        )


def decided(
    index: Index, ids: MasterIds, writes: Writes, first: int, persons: int, asked: Mapping[int, list[int]]
) -> Decisions:
    """The kernel's decisions, numbered from ``first``. Gives new persons, from number ``persons`` on, their codes.

    ``asked``: the persons that a review task asks about, by sequence number.
    """
    columns, end = writes.columns, int(index.hot.counters[PERSONS])
    if end > persons:  # invisible until the snapshot rises
        index.master_code[persons:end] = [ids.code(person) for person in range(persons, end)]
    likely = [_probability(weight) if chosen >= 0 else 0.0 for chosen, weight in columns[:, [CHOSEN, CHOSEN_WEIGHT]].tolist()]
    codes = index.master_code[columns[:, MADE_PERSON]]
    candidates = {sequence: tuple(index.master_code[others].tolist()) for sequence, others in asked.items()}
    return Decisions(first, columns, codes, np.array(likely, np.float64), candidates, index.model.reference)


_probability = lru_cache(1 << 14)(answers.probability)  # weights repeat: a thousand to a bit, and nearly all within 60 bits
