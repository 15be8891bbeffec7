"""A map bound to the columns of one file: rows of text in, ``PatientRecord`` or a ``RowProblem`` out.

Everything that can be decided once per file is decided in ``bind``; what is left per row is a list of small closures over
the row's cells (measured: 13 µs a row for the eleven columns of FEBRL).
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import IntEnum
from typing import Any

from mpi.errors import ConfigError
from mpi.intake.blocks import CellReader, KeyColumn, RowBlock, key_column
from mpi.intake.formats import DateReader, date_reader
from mpi.intake.mapping import AddressMap, Cell, FieldMap, IdentifierMap, NameMap, Take, as_take, columns_of
from mpi.intake.rows import Column, MappedRow, Row, RowProblem
from mpi.intake.words import IDENTIFIER_TYPES, NAME_USES, SEXES
from mpi.records import Address, Guardian, HumanName, Identifier, NameUse, PatientRecord, Sex

_DECIMAL_ZERO = re.compile(r"(?<=\d)\.0(?!\d)")  # a day column with gaps, as pandas writes it: 3.0

Reader = Callable[[Sequence[str]], str]


class _Fault(Exception):
    """A cell that cannot be used; becomes the RowProblem of its row."""

    def __init__(self, key: str, column: str, problem: str) -> None:
        super().__init__(key)
        self.key, self.column, self.problem = key, column, problem


class BoundMap:
    """``columns`` are the file's columns that are read, in the order in which ``record`` expects a row's cells.

    ``left_out`` counts, by key, the cells that ``otherwise = "missing"`` left out of their records.
    """

    def __init__(self, field_map: FieldMap, columns: Sequence[Column]) -> None:
        self.columns = tuple(columns)
        self.left_out: Counter[str] = Counter()
        self._columns_of = {key: columns_of(key, cell) for key, cell in field_map.cells()}
        self._place = {column.name: place for place, column in enumerate(columns)}
        self._nulls = frozenset(field_map.file.nulls)
        self._readers: dict[str, CellReader] = {}
        self._source = self._reader("source", field_map.source)
        self._local_id = self._reader("local_id", field_map.local_id)
        self._fields = list(self._field_readers(field_map))

    def column_of(self, key: str) -> str:
        """The column (or columns) behind a field path such as ``record.names[0].family``; "" where there is none.

        A path that is not a key itself falls back to the nearest key above or below it.
        """
        key = key.removeprefix("record.")
        fitting = [k for k in self._columns_of if k == key or k.startswith((f"{key}.", f"{key}[")) or key.startswith(f"{k}.")]
        return " + ".join(dict.fromkeys(column for k in fitting for column in self._columns_of[k]))

    def record(self, cells: Sequence[str]) -> PatientRecord:
        fields = {name: value for name, read in self._fields if (value := read(cells))}
        return PatientRecord(source=self._source(cells), local_id=self._local_id(cells), **fields)

    def rows(self, rows: Iterable[Row | RowProblem]) -> Iterator[MappedRow | RowProblem]:
        """Map rows in order. A row that cannot be mapped becomes its problem; the next rows go on."""
        for row in rows:
            if isinstance(row, RowProblem):
                yield row
                continue
            try:
                record = self.record(row.cells)
            except _Fault as fault:
                yield RowProblem(row=row.number, field=fault.key, column=fault.column, problem=fault.problem)
                continue
            for key, value in (("source", record.source), ("local_id", record.local_id)):
                if not value:
                    yield RowProblem(row=row.number, field=key, column=self.column_of(key), problem="must not be empty")
                    break
            else:
                yield MappedRow(row=row.number, record=record)

    def keys(self, block: RowBlock) -> dict[str, KeyColumn]:
        """Every key of the map in each row of a block, as ``record`` would read it; a word that is a number as a number."""
        found = {}
        for key, reader in self._readers.items():
            counted = self.left_out[key]

            def again(times: int, key: str = key) -> None:
                nonlocal counted
                if self.left_out[key] > counted:
                    self.left_out[key] += (self.left_out[key] - counted) * times
                    counted = self.left_out[key]

            found[key] = key_column(reader, block, _Fault, again)
        return found

    def read_again(self, rows: Iterable[Row]) -> Iterator[MappedRow | RowProblem]:
        """``rows`` for rows that ``keys`` has counted already: what they leave out is not counted twice."""
        counted = self.left_out.copy()
        yield from self.rows(rows)
        self.left_out = counted

    # --- closures, outermost first ---

    def _field_readers(self, field_map: FieldMap) -> Iterator[tuple[str, Callable[[Sequence[str]], Any]]]:
        for name in ("birth_date", "ethnicity", "deceased_date", "recorded_at"):
            if (cell := getattr(field_map, name)) is not None:
                yield name, self._reader(name, cell)
        if field_map.sex is not None:
            yield "sex", self._word("sex", field_map.sex, SEXES, Sex.UNKNOWN)
        if field_map.multiple_birth_order is not None:
            yield "multiple_birth_order", self._order(field_map.multiple_birth_order)
        if field_map.phones:
            readers = [self._reader(f"phones[{place}]", cell) for place, cell in enumerate(field_map.phones)]
            yield "phones", lambda cells: tuple(text for read in readers if (text := read(cells)))
        if field_map.names:
            yield "names", _several([self._name(f"names[{i}]", m) for i, m in enumerate(field_map.names)])
        if field_map.identifiers:
            yield (
                "identifiers",
                _several([self._identifier(f"identifiers[{i}]", m) for i, m in enumerate(field_map.identifiers)]),
            )
        if field_map.addresses:
            yield "addresses", _several([self._address(f"addresses[{i}]", m) for i, m in enumerate(field_map.addresses)])
        if field_map.guardian is not None:
            yield "guardian", self._guardian(field_map)
        if field_map.attributes:
            traits = [(name, self._reader(f"attributes.{name}", cell)) for name, cell in field_map.attributes.items()]
            yield "attributes", lambda cells: {name: text for name, read in traits if (text := read(cells))}

    def _texts(self, key: str, table: Any, leave: tuple[str, ...] = ()) -> list[tuple[str, Reader]]:
        names = [name for name in table.__struct_fields__ if name not in leave and getattr(table, name) is not None]
        return [(name, self._reader(f"{key}.{name}", getattr(table, name))) for name in names]

    def _name(self, key: str, table: NameMap) -> Callable[[Sequence[str]], HumanName | None]:
        texts = self._texts(key, table, ("use",))
        use = self._word(f"{key}.use", table.use, NAME_USES, NameUse.UNSPECIFIED) if table.use is not None else None

        def read(cells: Sequence[str]) -> HumanName | None:
            parts = {name: text for name, reader in texts if (text := reader(cells))}
            return HumanName(**parts, use=use(cells) if use else NameUse.UNSPECIFIED) if parts else None

        return read

    def _identifier(self, key: str, table: IdentifierMap) -> Callable[[Sequence[str]], Identifier | None]:
        texts = self._texts(key, table, ("type",))
        kind = self._word(f"{key}.type", table.type, IDENTIFIER_TYPES, None)

        def read(cells: Sequence[str]) -> Identifier | None:
            parts = {name: text for name, reader in texts if (text := reader(cells))}
            return Identifier(type=kind(cells), **parts) if "value" in parts else None

        return read

    def _address(self, key: str, table: AddressMap) -> Callable[[Sequence[str]], Address | None]:
        texts = self._texts(key, table)

        def read(cells: Sequence[str]) -> Address | None:
            parts = {name: text for name, reader in texts if (text := reader(cells))}
            return Address(**parts) if parts else None

        return read

    def _guardian(self, field_map: FieldMap) -> Callable[[Sequence[str]], Guardian | None]:
        table = field_map.guardian
        assert table is not None
        texts = self._texts("guardian", table, ("identifier",))
        identifier = self._identifier("guardian.identifier", table.identifier) if table.identifier is not None else None

        def read(cells: Sequence[str]) -> Guardian | None:
            parts: dict[str, Any] = {name: text for name, reader in texts if (text := reader(cells))}
            if identifier is not None and (document := identifier(cells)) is not None:
                parts["identifier"] = document
            return Guardian(**parts) if parts else None

        return read

    def _order(self, cell: Cell) -> Callable[[Sequence[str]], int]:
        read = self._reader("multiple_birth_order", cell)
        column = self.column_of("multiple_birth_order")

        def order(cells: Sequence[str]) -> int:
            text = read(cells)
            if not text:
                return 0
            if not (text.isascii() and text.isdigit() and len(text) <= 2):
                raise _Fault("multiple_birth_order", column, "not a whole number from 0 to 99")
            return int(text)

        self._readers["multiple_birth_order"] = self._readers["multiple_birth_order"]._replace(nulls=None, read=order)
        return order

    def _word(self, key: str, cell: Cell, words: dict[str, Any], empty: IntEnum | None) -> Callable[[Sequence[str]], Any]:
        """A reader of words; ``empty`` is the answer for an empty cell, None where the word must be there."""
        read, column = self._reader(key, cell), self.column_of(key)
        otherwise = as_take(key, cell).otherwise

        def word(cells: Sequence[str]) -> Any:
            text = read(cells)
            if not text and empty is not None:
                return empty
            known = words.get(text.lower())
            if known is None and otherwise == "missing" and empty is not None:
                self.left_out[key] += 1
                return empty
            if known is None:
                raise _Fault(
                    key, column, "not a word known here, and not in the map's values" if text else "must not be empty"
                )
            return known

        self._readers[key] = self._readers[key]._replace(nulls=None, read=word)
        return word

    def _reader(self, key: str, cell: Cell) -> Reader:
        """Text of a cell, with nulls, several columns, values and formats applied; "" is missing."""
        take = as_take(key, cell)
        places = () if take.constant else tuple(self._place[name] for name in columns_of(key, cell))
        nulls = self._nulls | frozenset(take.nulls)
        read = (lambda _cells: take.constant) if take.constant else self._converted(key, take, places, nulls)
        as_it_stands = len(places) == 1 and not take.values and (not take.formats or self.columns[places[0]].is_date)
        self._readers[key] = CellReader(places, nulls if as_it_stands else None, read)
        return read

    def _converted(self, key: str, take: Take, places: tuple[int, ...], nulls: frozenset[str]) -> Reader:
        read = _plain(places, take.join, nulls)
        if take.values:
            return self._translated(key, read, take.values, take.otherwise)
        if take.formats and not all(self.columns[place].is_date for place in places):
            whole = read if len(places) == 1 else lambda cells: _DECIMAL_ZERO.sub("", read(cells))
            return self._dated(key, whole, date_reader(take.formats), take.otherwise)
        return read

    def _translated(self, key: str, read: Reader, values: dict[str, str], otherwise: str) -> Reader:
        column = self.column_of(key)

        def translate(cells: Sequence[str]) -> str:
            text = read(cells)
            if not text or text in values or otherwise == "keep":
                return values.get(text, text)
            if otherwise == "reject":
                raise _Fault(key, column, "not among the values of the map")
            self.left_out[key] += 1
            return ""

        return translate

    def _dated(self, key: str, read: Reader, parse: DateReader, otherwise: str) -> Reader:
        column = self.column_of(key)

        def date(cells: Sequence[str]) -> str:
            text = read(cells)
            if not text:
                return ""
            iso = parse(text)
            if iso is not None:
                return iso
            if otherwise == "keep":
                return text
            if otherwise == "reject":
                raise _Fault(key, column, "not a date in any of the formats of the map")
            self.left_out[key] += 1
            return ""

        return date


def _plain(places: Sequence[int], join: str, nulls: frozenset[str]) -> Reader:
    if len(places) == 1:
        place = places[0]
        return lambda cells: "" if (text := cells[place]) in nulls else text
    return lambda cells: join.join(text for place in places if (text := cells[place]) and text not in nulls)


def _several(readers: Sequence[Callable[[Sequence[str]], Any]]) -> Callable[[Sequence[str]], tuple[Any, ...]]:
    return lambda cells: tuple(made for read in readers if (made := read(cells)) is not None)


def bind(field_map: FieldMap, columns: Sequence[Column]) -> BoundMap:
    """Bind a map to a file's columns.

    Raises ConfigError naming the key and the column where the file has no such column, has it twice, or holds in it what
    is no text, number or date.
    """
    names = [column.name for column in columns]
    by_name = {column.name: column for column in columns}
    for key, cell in field_map.cells():
        for name in columns_of(key, cell):
            if names.count(name) > 1:
                raise ConfigError(f"{key}: the file has more than one column {name!r}; rename one")
            if name not in by_name:
                raise ConfigError(f"{key}: the file has no column {name!r}{_nearest(name, names)}")
            if by_name[name].unreadable:
                raise ConfigError(
                    f"{key}: column {name!r} holds {by_name[name].unreadable}, which is no text, number or date"
                )
    return BoundMap(field_map, [by_name[name] for name in field_map.columns()])


def _nearest(name: str, names: Sequence[str]) -> str:
    by_fold = {known.casefold(): known for known in names}
    near = difflib.get_close_matches(name.casefold(), list(by_fold), n=1)
    if near:
        return f"; did you mean {by_fold[near[0]]!r}?"
    shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"; it has {shown}" if names else "; it has no columns"
