"""Hashes of local numbers, many in one call: what ``mpi.registry.index.number_key`` says of each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mpi.columns.hashing import LONGEST, xxh3
from mpi.columns.jit import kernel, wide

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]


@kernel
def local_number_keys(names: Bytes, name_starts: Ints, sources: Ints, text: Bytes, starts: Ints) -> Ints:
    """63-bit hash of each of n local numbers with its source, never 0; 0 where both are too long for this kernel.

    names, name_starts  the sources' names, UTF-8, one after the other: name s is names[name_starts[s]:name_starts[s + 1]]
    sources             int64[n], number of each local number's source
    text, starts        the local numbers, UTF-8: number i is text[starts[i]:starts[i + 1]]
    """
    keys = np.empty(len(sources), np.int64)
    both = np.empty(LONGEST, np.uint8)
    for i in range(len(sources)):
        name, begin = name_starts[sources[i]], starts[i]
        named, length = name_starts[sources[i] + 1] - name, starts[i + 1] - begin
        if named + 1 + length > LONGEST:
            keys[i] = 0
            continue
        for k in range(named):
            both[k] = names[name + k]
        both[named] = 0
        for k in range(length):
            both[named + 1 + k] = text[begin + k]
        key = wide(xxh3(both, 0, named + 1 + length) >> np.uint64(1))
        keys[i] = key if key != 0 else 1
    return keys
