"""Columns of a file → ``Raw``, without an object a row: a key of the map is a column of texts, and Raw says where they are.

A row that has more than Raw can hold (a second name, an attribute, a date of death, …) or a cell that cannot be used is left
to the ordinary way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mpi.columns.fields import FIELDS, IDENTIFIER, NUMBER, PART, PARTS, RECORD, TEXT, TEXTS, Field
from mpi.columns.layout import CELLS, REGULAR, Raw
from mpi.intake.blocks import KeyColumn

_PLACE = re.compile(r"\[(\d+)\]")
_NEEDED = {IDENTIFIER: "value"}  # without which a part is not there
_LONGEST = 65_535  # bytes of a text that the kernels take

Bools = npt.NDArray[np.bool_]


class _Builder:
    """Raw of N rows while it is filled."""

    def __init__(self, count: int, keys: Mapping[str, KeyColumn]) -> None:
        self._keys = keys
        self._used: set[str] = set()
        self.cells = np.zeros((count, CELLS), np.int32)
        self.whole = np.ones(count, np.bool_)  # rows that are in ``cells`` with all they have
        self._data: list[npt.NDArray[np.uint8]] = []
        self._where: dict[str, tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]] = {}
        self._bytes = 0

    def raw(self) -> Raw:
        for key, column in self._keys.items():
            if key not in self._used:
                self.whole &= ~_filled(column)
        self.cells[:, REGULAR] = self.whole
        data = np.concatenate(self._data) if self._data else np.zeros(0, np.uint8)
        data.setflags(write=False)  # as the bytes of a request: kernels are compiled for one or the other
        return Raw(data, self.cells)

    def fill(self, kind: int, prefix: str, first: int, rows: Bools) -> None:
        """The fields of a message whose columns begin at ``first``, in ``rows``."""
        for field in FIELDS[kind]:
            key, column = prefix + field.name, first + field.column
            if field.what in (NUMBER, TEXT):
                if key in self._keys:
                    self._put(key, field, column, rows)
            elif field.what == TEXTS:
                self._put_list([[f"{key}[{n}]"] for n in self._places(key)], field, column, rows)
            elif field.what == PARTS:
                self._put_parts(key, field, column, rows)
            elif field.what == PART and any(name.startswith(f"{key}.") for name in self._keys):
                present = self._present(f"{key}.", field.kind) & rows
                self.cells[present, column] = 1
                self.fill(field.kind, f"{key}.", column + 1, present)

    def _places(self, key: str) -> range:
        found = [
            int(match[1]) for name in self._keys if name.startswith(f"{key}[") and (match := _PLACE.match(name, len(key)))
        ]
        return range(max(found) + 1) if found else range(0)

    def _present(self, prefix: str, kind: int) -> Bools:
        """Rows in which a part is there: any of its texts, or the one it cannot do without."""
        needed = _NEEDED.get(kind)
        names = [n for n in self._keys if n.startswith(prefix) and (needed is None or n == prefix + needed)]
        found = np.zeros(len(self.cells), np.bool_)
        for name in names:
            if isinstance(self._keys[name].values, pa.Array):
                found |= _filled(self._keys[name])
        return found

    def _put_parts(self, key: str, field: Field, column: int, rows: Bools) -> None:
        """Parts that are there, one behind the other; a row with more than there is room for is not whole."""
        used = np.zeros(len(self.cells), np.int32)
        for n in self._places(key):
            prefix = f"{key}[{n}]."
            present = self._present(prefix, field.kind) & rows
            self._used.update(name for name in self._keys if name.startswith(prefix))
            for slot in range(field.most):
                here = present & (used == slot)
                if here.any():
                    self.fill(field.kind, prefix, column + 1 + slot * field.width, here)
            self._leave_unknown(prefix, field.kind, present)
            used += present
        self.whole &= used <= field.most
        self.cells[:, column] = np.minimum(used, field.most)

    def _leave_unknown(self, prefix: str, kind: int, present: Bools) -> None:
        """Rows with a field of a part that Raw has no place for are not whole."""
        known = {field.name for field in FIELDS[kind]}
        for name, column in self._keys.items():
            if name.startswith(prefix) and name.removeprefix(prefix).split(".")[0] not in known:
                self.whole &= ~(present & _filled(column))

    def _put_list(self, keys: Sequence[Sequence[str]], field: Field, column: int, rows: Bools) -> None:
        used = np.zeros(len(self.cells), np.int32)
        for (key,) in keys:
            if key not in self._keys:
                continue
            present = _filled(self._keys[key]) & rows
            self._used.add(key)
            for slot in range(field.most):
                here = present & (used == slot)
                if here.any():
                    self._put(key, field, column + 1 + slot * field.width, here)
            used += present
        self.whole &= used <= field.most
        self.cells[:, column] = np.minimum(used, field.most)

    def _put(self, key: str, field: Field, column: int, rows: Bools) -> None:
        """One text or number in some rows."""
        self._used.add(key)
        found = self._keys[key]
        if found.faults is not None:
            self.whole &= ~(found.faults & rows)
        if field.what == NUMBER:
            values = found.values if isinstance(found.values, np.ndarray) else np.zeros(len(rows), np.int64)
            self.whole &= ~(rows & ((values < 0) | (values > field.most)))
            self.cells[rows, column] = values[rows]
            return
        starts, lengths = self._spans(key, found.values)
        self.whole &= ~(rows & (lengths > _LONGEST))
        if rows.all():
            self.cells[:, column], self.cells[:, column + 1] = starts, lengths
        else:
            self.cells[rows, column], self.cells[rows, column + 1] = starts[rows], lengths[rows]

    def _spans(self, key: str, values: pa.Array) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Where each text of a column stands in the bytes of all, and how long it is."""
        if key in self._where:
            return self._where[key]
        _, offsets, data = values.buffers()
        ends = np.frombuffer(offsets, np.int32)[values.offset : values.offset + len(values) + 1]
        text = np.frombuffer(data, np.uint8)[ends[0] : ends[-1]] if data is not None else np.zeros(0, np.uint8)
        starts = ends[:-1] - ends[0] + self._bytes
        self._data.append(text)
        self._bytes += len(text)
        self._where[key] = starts, np.diff(ends)
        return self._where[key]


def _filled(column: KeyColumn) -> Bools:
    """Rows in which a key says something, or holds a cell that cannot be used."""
    if isinstance(column.values, np.ndarray):
        filled: Bools = column.values != 0
    else:
        offsets = np.frombuffer(column.values.buffers()[1], np.int32)
        filled = np.diff(offsets[column.values.offset : column.values.offset + len(column.values) + 1]) > 0
    return filled if column.faults is None else filled | column.faults


def raw_of_columns(count: int, keys: Mapping[str, KeyColumn]) -> Raw:
    """Raw of N rows of a file by the keys of its map (``names[0].family``). Irregular: rows left to the ordinary way."""
    builder = _Builder(count, keys)
    builder.fill(RECORD, "", 0, np.ones(count, np.bool_))
    return builder.raw()
