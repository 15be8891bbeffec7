"""StandardRecord → rows of int64: the border between text and numbers.

A row has one column a feature of the model, and two more: deceased date (yyyymmdd) and flags. A record with several names,
phones, addresses or identifiers takes several rows: they are zipped, not multiplied, and a row that runs out of values of a
kind repeats the first one (levels are the best over a record's rows, so repetition changes nothing).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.errors import ModelError
from mpi.linkage.comparison import DERIVED_BIT, KIND_CODES
from mpi.linkage.model import Model
from mpi.linkage.values import ValueBuilder, Values, category_code, identifier_code, number_code
from mpi.records import (
    IdentifierType,
    RecordFlag,
    StandardAddress,
    StandardIdentifier,
    StandardName,
    StandardRecord,
    StandardText,
)

MULTIPLE_BIRTH_SHIFT = 16  # order of a multiple birth, 4 bits, in the flags column
ROW_LIMIT = 16  # rows a record may take

NATIONAL = frozenset(
    {
        IdentifierType.RESIDENT_ID,
        IdentifierType.PASSPORT,
        IdentifierType.HK_MACAO_PERMIT,
        IdentifierType.TAIWAN_PERMIT,
        IdentifierType.NATIONAL_OTHER,
    }
)

Cell = StandardText | str | int | None


class Encoded(NamedTuple):
    """A batch of encoded records.

    rows    int64[R, width]   see the module docstring; 0 is missing
    slots   int32[R, F]       slot of a name or text value in ``values``; 0 where there is none
    starts  int64[Q + 1]      rows of record q are starts[q]:starts[q + 1]; at least one each
    values  Values            text of the batch (side buffer; slot 0 is the missing value)
    """

    rows: npt.NDArray[np.int64]
    slots: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]
    values: Values


def _name_cell(part: str) -> Callable[[StandardName], Cell]:
    return lambda name: getattr(name, part)


def _address_cell(part: str) -> Callable[[StandardAddress], Cell]:
    return lambda address: getattr(address, part)


_NAME_SOURCES = {part: _name_cell(part) for part in ("given", "family")}
_ADDRESS_SOURCES = {
    part: _address_cell(part)
    for part in ("text", "division", "region", "city", "locality", "road", "house_number", "community", "building", "room",
                 "postcode")
}  # fmt: skip


class Encoder:
    """Encodes records for one model. Holds no state but the plan made from the model's features."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._names: list[tuple[int, str, Callable[[StandardName], Cell]]] = []
        self._addresses: list[tuple[int, str, Callable[[StandardAddress], Cell]]] = []
        self._identifiers: list[tuple[int, bool]] = []
        self._phones: list[int] = []
        self._singles: list[tuple[int, str, Callable[[StandardRecord], Cell]]] = []
        for column, feature in enumerate(model.features):
            self._plan(column, feature.kind, feature.source)

    def _plan(self, column: int, kind: str, source: str) -> None:
        if kind not in KIND_CODES:
            raise ModelError(f"features: kind '{kind}' is unknown")
        if source in _NAME_SOURCES:
            self._names.append((column, kind, _NAME_SOURCES[source]))
        elif source.startswith("address.") and source[8:] in _ADDRESS_SOURCES:
            self._addresses.append((column, kind, _ADDRESS_SOURCES[source[8:]]))
        elif source in ("national_id", "other_id"):
            self._identifiers.append((column, source == "national_id"))
        elif source == "phone":
            self._phones.append(column)
        elif source == "birth_date":
            self._singles.append(
                (column, kind, lambda r: r.birth_date | DERIVED_BIT if r.birth_date_derived else r.birth_date)
            )
        elif source == "sex":
            self._singles.append((column, kind, lambda r: int(r.sex) | DERIVED_BIT if r.sex_derived else int(r.sex)))
        elif source == "ethnicity":
            self._singles.append((column, kind, lambda r: r.ethnicity))
        elif source.startswith("attributes."):
            key = source.removeprefix("attributes.")
            self._singles.append((column, kind, lambda r: r.attributes.get(key)))
        else:
            raise ModelError(f"features: source '{source}' is unknown")

    def encode(self, records: Sequence[StandardRecord]) -> Encoded:
        """Encode a batch; rows of a record stand together, in the order of ``records``."""
        builder = ValueBuilder()
        width, features = self.model.width, len(self.model.features)
        rows: list[list[int]] = []
        slots: list[list[int]] = []
        starts = [0]
        for record in records:
            self._append(record, builder, rows, slots)
            starts.append(len(rows))
        return Encoded(
            np.array(rows, np.int64).reshape(len(rows), width),
            np.array(slots, np.int32).reshape(len(rows), features),
            np.array(starts, np.int64),
            builder.build(),
        )

    def _append(self, record: StandardRecord, builder: ValueBuilder, rows: list[list[int]], slots: list[list[int]]) -> None:
        national, other = _identifiers(record)
        count = max(1, len(record.names), len(record.addresses), len(record.phones), len(national), len(other))
        first_row: list[int] = [0] * self.model.width
        first_slots: list[int] = [0] * len(self.model.features)
        for column, kind, get in self._singles:
            _put(get(record), kind, column, (first_row, first_slots, builder))
        first_row[-2] = record.deceased_date
        first_row[-1] = int(record.flags) | (min(record.multiple_birth_order, 15) << MULTIPLE_BIRTH_SHIFT)
        for index in range(min(count, ROW_LIMIT)):
            row, slot = (first_row, first_slots) if index == 0 else (first_row.copy(), first_slots.copy())
            if index < len(record.names):
                for column, kind, name_get in self._names:
                    _put(name_get(record.names[index]), kind, column, (row, slot, builder))
            if index < len(record.addresses):
                for column, kind, address_get in self._addresses:
                    _put(address_get(record.addresses[index]), kind, column, (row, slot, builder))
            if index < len(record.phones):
                for column in self._phones:
                    row[column] = record.phones[index]
            for column, is_national in self._identifiers:
                chosen = national if is_national else other
                if index < len(chosen):
                    row[column] = identifier_code(chosen[index])
            rows.append(row)
            slots.append(slot)


def _identifiers(record: StandardRecord) -> tuple[list[StandardIdentifier], list[StandardIdentifier]]:
    """Identifiers of the patient, national ones and others. A guardian's number is nobody's evidence but the guardian's."""
    if not record.identifiers:
        return [], []
    borrowed = bool(record.flags & RecordFlag.GUARDIAN_NUMBER)
    national = [
        i for i in record.identifiers if i.type in NATIONAL and not (borrowed and i.type is IdentifierType.RESIDENT_ID)
    ]
    return national, [i for i in record.identifiers if i.type not in NATIONAL]


def _put(cell: Cell, kind: str, column: int, target: tuple[list[int], list[int], ValueBuilder]) -> None:
    """Write one value into ``row[column]`` (and its text into the side buffer). A missing value leaves what is there."""
    if not cell:
        return
    row, slots, builder = target
    if kind in ("name", "text"):
        text = StandardText(text=cell) if isinstance(cell, str) else cell
        assert isinstance(text, StandardText)
        slot, code = builder.add(text)
        row[column] = code
        slots[column] = slot
    elif isinstance(cell, int):
        row[column] = cell
    else:
        plain = cell.text if isinstance(cell, StandardText) else cell
        row[column] = number_code(plain) if kind == "number" else category_code(plain)
