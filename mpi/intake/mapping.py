"""MAP.toml: which columns of a file become which fields of a ``PatientRecord``. docs/mapping.md is the user's side of it.

The keys are those of ``PatientRecord``. A *cell* is where a value comes from: a string is a column name; a table says more
(``column`` or ``columns`` with ``join``, ``constant``, ``values``, ``nulls``, ``formats``, ``otherwise``). Only ``type`` of
an identifier and ``use`` of a name read a plain string as a word (``resident_id``), since these are hardly ever columns.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from enum import IntEnum
from pathlib import Path
from typing import Literal

import msgspec

from mpi.errors import ConfigError
from mpi.intake.formats import date_reader
from mpi.intake.words import IDENTIFIER_TYPES, NAME_USES, SEXES

MAX_MAP_BYTES = 1_000_000
ENCODINGS = ("utf-8", "gb18030", "gbk", "big5", "latin-1", "cp1252")
DOUBLE_BYTE = ("gb18030", "gbk", "big5")  # whose second byte can be a letter, a digit or a bar, but no comma or quote
DATE_KEYS = frozenset({"birth_date", "deceased_date", "recorded_at", "period_start", "period_end"})
WORD_KEYS: dict[str, Mapping[str, IntEnum]] = {"sex": SEXES, "type": IDENTIFIER_TYPES, "use": NAME_USES}


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of the tables of a MAP.toml: a key that does not exist is an error, not a silent nothing."""


class Take(_Table, frozen=True):
    """Where one value comes from, and how it is read.

    ``otherwise`` says what happens to a cell that is in no ``values`` or fits no ``formats``: ``reject`` the row (default),
    count it as ``missing`` (the summary says how often), or ``keep`` it as it stands.
    """

    column: str = ""
    columns: tuple[str, ...] = ()
    join: str = " "
    constant: str = ""
    values: dict[str, str] = {}
    nulls: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    otherwise: Literal["reject", "missing", "keep"] = "reject"


Cell = str | Take


class FileOptions(_Table, frozen=True):
    """How the file is read. ``delimiter`` "" means: the one the header suggests (comma, tab, semicolon, bar)."""

    encoding: str = "utf-8"
    delimiter: str = ""
    nulls: tuple[str, ...] = ("\\N",)


class NameMap(_Table, frozen=True):
    text: Cell | None = None
    family: Cell | None = None
    given: Cell | None = None
    use: Cell | None = None


class IdentifierMap(_Table, frozen=True):
    type: Cell
    value: Cell
    issuer: Cell | None = None
    period_start: Cell | None = None
    period_end: Cell | None = None


class AddressMap(_Table, frozen=True):
    text: Cell | None = None
    division: Cell | None = None
    region: Cell | None = None
    city: Cell | None = None
    locality: Cell | None = None
    road: Cell | None = None
    house_number: Cell | None = None
    community: Cell | None = None
    building: Cell | None = None
    room: Cell | None = None
    postcode: Cell | None = None
    country: Cell | None = None


class GuardianMap(_Table, frozen=True):
    name: Cell | None = None
    phone: Cell | None = None
    relationship: Cell | None = None
    identifier: IdentifierMap | None = None


class FieldMap(_Table, frozen=True):
    """A whole MAP.toml. ``source`` and ``local_id`` are the only keys it cannot do without."""

    source: Cell
    local_id: Cell
    file: FileOptions = FileOptions()
    names: tuple[NameMap, ...] = ()
    sex: Cell | None = None
    birth_date: Cell | None = None
    identifiers: tuple[IdentifierMap, ...] = ()
    phones: tuple[Cell, ...] = ()
    addresses: tuple[AddressMap, ...] = ()
    ethnicity: Cell | None = None
    guardian: GuardianMap | None = None
    multiple_birth_order: Cell | None = None
    deceased_date: Cell | None = None
    recorded_at: Cell | None = None
    attributes: dict[str, Cell] = {}

    def cells(self) -> Iterator[tuple[str, Cell]]:
        """Every cell with its key, as ``("identifiers[0].value", …)``, in the order of the fields."""
        return _cells_of(self, "")

    def columns(self) -> list[str]:
        """The columns this map reads, each once, in the order of their first use."""
        return list(dict.fromkeys(column for key, cell in self.cells() for column in columns_of(key, cell)))


def _cells_of(table: _Table, prefix: str) -> Iterator[tuple[str, Cell]]:
    for name in table.__struct_fields__:
        held = getattr(table, name)
        key = prefix + name
        if name == "file" or held is None:
            continue
        if isinstance(held, str | Take):
            yield key, held
        elif isinstance(held, _Table):
            yield from _cells_of(held, f"{key}.")
        elif isinstance(held, dict):
            yield from ((f"{key}.{word}", cell) for word, cell in held.items())
        else:
            for place, entry in enumerate(held):
                if isinstance(entry, str | Take):
                    yield f"{key}[{place}]", entry
                else:
                    yield from _cells_of(entry, f"{key}[{place}].")


def as_take(key: str, cell: Cell) -> Take:
    """The long form of a cell: a plain string is a constant word for ``type`` and ``use``, else a column."""
    if isinstance(cell, Take):
        return cell
    return Take(constant=cell) if last_part(key) in ("type", "use") else Take(column=cell)


def columns_of(key: str, cell: Cell) -> tuple[str, ...]:
    take = as_take(key, cell)
    return take.columns or ((take.column,) if take.column else ())


def last_part(key: str) -> str:
    """``identifiers[0].value`` → ``value``; an attribute, whatever its name, → ``attributes``."""
    return "attributes" if key.startswith("attributes.") else re.sub(r"\[\d+\]$", "", key.rsplit(".", 1)[-1])


def load_map(path: Path) -> FieldMap:
    """Read a MAP.toml. Raises ConfigError naming the file, the key and what is wrong with it."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    if len(content) > MAX_MAP_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_MAP_BYTES:,} bytes; this is no map")
    try:
        return parse_map(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start} is not UTF-8") from None
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def parse_map(text: str) -> FieldMap:
    """The map a TOML text holds, checked. Raises ConfigError naming the key."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"not valid TOML: {error}") from None
    try:
        parsed = msgspec.convert(tree, FieldMap)
    except msgspec.ValidationError as error:
        raise ConfigError(_readable(str(error))) from None
    _check_file_options(parsed.file)
    for key, cell in parsed.cells():
        _check_cell(key, as_take(key, cell))
    return parsed


_AT = re.compile(r" - at `(?:key in )?\$\.?(.*?)`$")
_OUR_WORDS = {
    "Object contains unknown field": "unknown key",
    "Object missing required field": "missing key",
    "`object`": "`table`",
}
_QUOTED = re.compile(r"`([^`]*)`")


def _readable(message: str) -> str:
    """msgspec's sentence, with the key in front and, for a misspelt key, the nearest that exists."""
    found = _AT.search(message)
    key, problem = (found[1], message[: found.start()]) if found else ("", message)
    for theirs, ours in _OUR_WORDS.items():
        problem = problem.replace(theirs, ours)
    quoted = _QUOTED.search(problem)
    if quoted and problem.startswith("unknown key"):
        known = {name for table in _Table.__subclasses__() for name in table.__struct_fields__}
        near = difflib.get_close_matches(quoted[1], sorted(known), n=1)
        problem += f"; did you mean `{near[0]}`?" if near else ""
    return f"{key}: {problem}" if key else problem


def _check_file_options(options: FileOptions) -> None:
    if options.encoding.lower() not in ENCODINGS:
        raise ConfigError(f"file.encoding: not one of {', '.join(ENCODINGS)}")
    if len(options.delimiter) > 1 or options.delimiter in ('"', "\n", "\r") or options.delimiter.isalnum():
        raise ConfigError("file.delimiter: must be one character, and no letter, digit or quote")
    if options.delimiter > "?" and options.encoding.lower() in DOUBLE_BYTE:
        raise ConfigError(
            f"file.delimiter: {options.delimiter} can be half of a character in {options.encoding}; convert to utf-8"
        )


def _check_cell(key: str, take: Take) -> None:
    given = [word for word in ("column", "columns", "constant") if getattr(take, word)]
    if len(given) != 1:
        raise ConfigError(f"{key}: give one of column, columns or constant ({len(given)} given)")
    if take.formats and last_part(key) not in DATE_KEYS:
        raise ConfigError(f"{key}.formats: only for dates ({', '.join(sorted(DATE_KEYS))})")
    if take.formats and take.values:
        raise ConfigError(f"{key}: give values or formats, not both")
    try:
        date_reader(take.formats)
    except ValueError as error:
        raise ConfigError(f"{key}.formats: {error}") from None
    if words := WORD_KEYS.get(last_part(key)):
        wanted: list[str] = [*take.values.values(), *([take.constant] if take.constant and not take.values else [])]
        if any(word.lower() not in words for word in wanted):
            shown = ", ".join(word for word in words if word.isascii() and len(word) > 1)
            raise ConfigError(f"{key}: not a word known here; use {shown}")
