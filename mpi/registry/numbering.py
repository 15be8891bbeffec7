"""Numbers for the records of a load, by their local numbers' hashes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mpi.linkage.hashtable import Table, get, put
from mpi.linkage.jit import kernel


@kernel
def number_new(
    table: Table, keys: npt.NDArray[np.int64], first: int, found: npt.NDArray[np.int64], fresh: npt.NDArray[np.bool_]
) -> None:
    """Number the keys that are in no table: those that were not ``found`` (−1) elsewhere and not in ``table``, from ``first``
    on. ``found`` becomes each key's number, ``fresh`` says which are new."""
    for i in range(len(keys)):
        if found[i] < 0:
            found[i] = get(table, keys[i])
        fresh[i] = found[i] < 0
        if fresh[i]:
            found[i] = first
            put(table, keys[i], first)
            first += 1
