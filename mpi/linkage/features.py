"""StandardRecord → rows of int64: the border between text and numbers.

A row has one column a feature of the model, and two more: deceased date (yyyymmdd) and flags. A record with several names,
phones, addresses or identifiers takes several rows: they are zipped, not multiplied, and a row that runs out of values of a
kind repeats the first one (levels are the best over a record's rows, so repetition changes nothing).
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.errors import ModelError
from mpi.linkage.comparison import DERIVED_BIT
from mpi.linkage.model import Model
from mpi.linkage.values import ValueBuilder, Values, category_code, identifier_code, number_code
from mpi.records import (
    IdentifierType,
    RecordFlag,
    StandardAddress,
    StandardIdentifier,
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


class Getter(NamedTuple):
    """How one column is filled: ``get`` takes the cell out of its noun, ``code`` turns what is no integer yet into one.

    ``code`` is None for names and texts, whose text goes into the side buffer; only a text has a sketch.
    """

    column: int
    get: Callable[[Any], Cell]
    code: Callable[[Any], int] | None
    sketched: bool


_NAME_SOURCES = ("given", "family")
_ADDRESS_SOURCES = frozenset(StandardAddress.__struct_fields__)
_CODES: dict[str, Callable[[Any], int] | None] = {
    "name": None,
    "text": None,
    "number": number_code,
    "category": category_code,
}


def _birth_date(record: StandardRecord) -> int:
    return record.birth_date | DERIVED_BIT if record.birth_date_derived else record.birth_date


def _sex(record: StandardRecord) -> int:
    return record.sex | DERIVED_BIT if record.sex_derived else int(record.sex)


_SINGLES: dict[str, Callable[[Any], Cell]] = {
    "birth_date": _birth_date,
    "sex": _sex,
    "ethnicity": attrgetter("ethnicity"),
}


def _attribute(key: str) -> Callable[[StandardRecord], Cell]:
    return lambda record: record.attributes.get(key)


def _plain(code: Callable[[Any], int]) -> Callable[[Any], int]:
    """``code`` of a cell that may be a StandardText."""
    return lambda cell: code(cell.text if isinstance(cell, StandardText) else cell)


class Encoder:
    """Encodes records for one model. Holds no state but the plan made from the model's features."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._names: list[Getter] = []
        self._addresses: list[Getter] = []
        self._singles: list[Getter] = []
        self._identifiers: list[tuple[int, bool]] = []  # column, whether it takes national numbers
        self._phones: list[int] = []
        self._no_values = [0] * model.width
        self._no_slots = [0] * len(model.features)
        for column, feature in enumerate(model.features):
            self._plan(column, feature.kind, feature.source)

    def _plan(self, column: int, kind: str, source: str) -> None:
        code = _CODES.get(kind, int)

        def getter(get: Callable[[Any], Cell]) -> Getter:
            return Getter(column, get, _plain(code) if code is not None else None, kind == "text")

        if source in _NAME_SOURCES:
            self._names.append(getter(attrgetter(source)))
        elif source.startswith("address.") and source[8:] in _ADDRESS_SOURCES:
            self._addresses.append(getter(attrgetter(source[8:])))
        elif source in ("national_id", "other_id"):
            self._identifiers.append((column, source == "national_id"))
        elif source == "phone":
            self._phones.append(column)
        elif source in _SINGLES:
            self._singles.append(getter(_SINGLES[source]))
        elif source.startswith("attributes."):
            self._singles.append(getter(_attribute(source.removeprefix("attributes."))))
        else:
            raise ModelError(f"features: source '{source}' is unknown")

    def encode(self, records: Sequence[StandardRecord]) -> Encoded:
        """Encode a batch; rows of a record stand together, in the order of ``records``."""
        builder = ValueBuilder()
        rows: list[int] = []
        slots: list[int] = []
        starts = [0]
        taken = 0
        for record in records:
            taken += self._append(record, builder, rows, slots)
            starts.append(taken)
        # Flat lists through array.array: for one record a third of the time of np.array over lists of lists.
        return Encoded(
            np.frombuffer(array("q", rows), np.int64).reshape(taken, self.model.width),
            np.frombuffer(array("i", slots), np.int32).reshape(taken, len(self.model.features)),
            np.frombuffer(array("q", starts), np.int64),
            builder.build(),
        )

    def _append(self, record: StandardRecord, builder: ValueBuilder, rows: list[int], slots: list[int]) -> int:
        """Write the rows of a record; returns how many."""
        names, addresses, phones = record.names, record.addresses, record.phones
        national, other = _identifiers(record)
        count = min(max(1, len(names), len(addresses), len(phones), len(national), len(other)), ROW_LIMIT)
        first_row, first_slots = self._no_values.copy(), self._no_slots.copy()
        _fill(self._singles, record, (first_row, first_slots, builder))
        first_row[-2] = record.deceased_date
        first_row[-1] = int(record.flags) | (min(record.multiple_birth_order, 15) << MULTIPLE_BIRTH_SHIFT)
        for index in range(count):
            if index == 0:
                row, slot = first_row, first_slots
            else:  # further rows repeat the first one's values
                row, slot = first_row.copy(), first_slots.copy()
            target = (row, slot, builder)
            if index < len(names):
                _fill(self._names, names[index], target)
            if index < len(addresses):
                _fill(self._addresses, addresses[index], target)
            if index < len(phones):
                for column in self._phones:
                    row[column] = phones[index]
            for column, is_national in self._identifiers:
                chosen = national if is_national else other
                if index < len(chosen):
                    row[column] = identifier_code(chosen[index])
            rows += row
            slots += slot
        return count


def _identifiers(record: StandardRecord) -> tuple[list[StandardIdentifier], list[StandardIdentifier]]:
    """Identifiers of the patient, national ones and others. A guardian's number is nobody's evidence but the guardian's."""
    if not record.identifiers:
        return [], []
    borrowed = bool(record.flags) and RecordFlag.GUARDIAN_NUMBER in record.flags  # most records have no flag
    national = [
        i for i in record.identifiers if i.type in NATIONAL and not (borrowed and i.type is IdentifierType.RESIDENT_ID)
    ]
    return national, [i for i in record.identifiers if i.type not in NATIONAL]


def _fill(plan: list[Getter], noun: object, target: tuple[list[int], list[int], ValueBuilder]) -> None:
    """Write a noun's cells into ``row`` (and their texts into the side buffer). A missing cell leaves what is there."""
    row, slots, builder = target
    for column, get, code, sketched in plan:
        cell = get(noun)
        if not cell:
            continue
        if code is None:
            assert not isinstance(cell, int)
            slots[column], row[column] = builder.add(cell, sketched)
        else:
            row[column] = cell if isinstance(cell, int) else code(cell)
