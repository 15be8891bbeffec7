"""Records of a load into the hot index: their rows at once, their chains and persons when all have been compared.

Nothing of it is visible until the snapshot rises; where a load ends before that, the index is thrown away.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mpi.linkage.borrow import borrow
from mpi.linkage.features import Encoded
from mpi.linkage.hotindex import (
    GROUP_DEAD,
    GROUP_PREVIOUS,
    GROUP_SIZE,
    PERSONS,
    RECORD_GROUP,
    RECORDS,
    ROW_GROUP,
    ROW_RECORD,
    ROWS,
    HotIndex,
    add_value,
    attach,
)
from mpi.linkage.jit import kernel, wide


@kernel
def place_rows(
    index: HotIndex,
    encoded: Encoded,
    wanted: npt.NDArray[np.bool_],
    slots: npt.NDArray[np.int32],
    known: npt.NDArray[np.bool_],
) -> None:
    """Append the rows of the ``wanted`` (bool[Q]) records of a batch, each a new record without a person yet.

    The dictionary slots of their texts go into ``slots`` (int32[capacity, F], by row); ``known`` says which rows have them.
    """
    index, encoded, slots = borrow(index), borrow(encoded), borrow(slots)
    for q in range(len(wanted)):
        if not wanted[q]:
            continue
        record, start = index.counters[RECORDS], index.counters[ROWS]
        first, last = encoded.starts[q], encoded.starts[q + 1]
        for r in range(first, last):
            row = start + r - first
            for f in range(index.rows.shape[1]):
                index.rows[row, f] = encoded.rows[r, f]
            for f in range(slots.shape[1]):
                slot = wide(encoded.slots[r, f])
                slots[row, f] = add_value(index, f, encoded.rows[r, f], encoded.values, slot) if slot > 0 else 0
            known[row] = True
            index.row_cells[row, ROW_RECORD] = record
            index.row_cells[row, ROW_GROUP] = start
            index.row_cells[row, GROUP_DEAD] = 0
        index.row_cells[start, GROUP_SIZE] = last - first
        index.row_cells[start, GROUP_PREVIOUS] = -1
        index.record_cells[record, RECORD_GROUP] = start
        index.counters[ROWS] = start + last - first
        index.counters[RECORDS] = record + 1


@kernel
def attach_records(index: HotIndex, first: int, persons: npt.NDArray[np.int64]) -> None:
    """Give the records from number ``first`` on their persons (int64[n]); new persons are dense, in order."""
    index = borrow(index)
    for i in range(len(persons)):
        person = persons[i]
        if person >= index.counters[PERSONS]:
            index.counters[PERSONS] = person + 1
            index.first_record[person] = 0
        attach(index, first + i, person)
