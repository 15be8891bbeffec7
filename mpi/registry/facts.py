"""Facts in rows: one line of fixed size for each record or person, written and read at once, changed by column.

What an answer says of a record stands in one cache line. Reading it as one tuple takes 0.26 µs; each NumPy scalar taken from
an array of its own costs 0.1 to 0.2 µs and a cache line (measured), and a link needs about ten.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from mpi.registry.memory import reserve

_STRUCT = {"i8": "q", "i4": "i", "i2": "h", "u2": "H", "u1": "B", "f4": "f", "V16": "16s"}  # NumPy's codes → struct's


class Facts:
    """A table of ``capacity`` rows. ``fields`` are names and NumPy type codes, in an order that needs no padding.

    Only the writer changes it: rows that nobody sees yet, and single rows and facts under the interpreter lock, so that no
    reader sees half of one.
    """

    def __init__(self, capacity: int, fields: Mapping[str, str]) -> None:
        layout = np.dtype([(name, code if code[0] == "V" else f"<{code}") for name, code in fields.items()])
        line = struct.Struct("<" + "".join(_STRUCT[code] for code in fields.values()))
        assert line.size == layout.itemsize
        memory: npt.NDArray[np.uint8] = reserve(capacity * line.size, np.uint8)
        self._bytes, self._size = memory.data, line.size
        self._read, self._write = line.unpack_from, line.pack_into
        self._columns: npt.NDArray[Any] = memory.view(layout)

    def column(self, name: str) -> npt.NDArray[Any]:
        """One fact of every row, to be looked at or changed by row number."""
        column: npt.NDArray[Any] = self._columns[name]
        return column

    def lines(self, count: int) -> npt.NDArray[Any]:
        """The first rows, to be kept or filled as they are."""
        return self._columns[:count]

    def row(self, number: int) -> tuple[Any, ...]:
        """All facts of a row in the order of the fields."""
        return self._read(self._bytes, number * self._size)

    def put(self, number: int, *facts: Any) -> None:
        """Write a row."""
        self._write(self._bytes, number * self._size, *facts)

    def put_rows(self, first: int, facts: Mapping[str, npt.ArrayLike], count: int) -> None:
        """Write ``count`` rows from number ``first`` on, by column; one value where a fact is the same in all."""
        for name, values in facts.items():
            self._columns[name][first : first + count] = values
