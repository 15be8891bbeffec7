"""What is refused at the door: a record that breaks a limit or holds a date that cannot be. Nothing is stored of it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import date, timedelta
from enum import IntEnum
from functools import lru_cache

import msgspec

from mpi.errors import InputError
from mpi.records import Address, Guardian, Identifier, IdentifierType, NameUse, PatientRecord, Sex
from mpi.standardise.dates import read_date

MAX_KEY_LENGTH = 128  # characters of source and local_id
MAX_TEXT_LENGTH = 1_000  # characters of any other text
MAX_REPEATS = 16  # names, identifiers, phones, addresses of one record
MAX_ATTRIBUTES = 64

_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# Tab and line ends are allowed in addresses and folded to a space.
_FORBIDDEN_IN_ADDRESS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]"
)  # tab and line ends are folded to a space
_JSON = msgspec.json.Encoder()
_C1_CONTROL = re.compile(b"\xc2[\x80-\x9f]")  # in UTF-8
_REPEATED = ("names", "identifiers", "phones", "addresses")
_ADDRESS_PARTS = Address.__struct_fields__
_DAY = timedelta(days=1)


def validate(record: PatientRecord, *, today: date | None = None) -> None:
    """Raise InputError with the path of the first bad field (``names[1].family``) and a reason that holds no value.

    ``today`` is the day by which dates lie in the future (default: this machine's); one day of grace for time zones.
    """
    suspicious = _suspicious(record)
    _check_key("source", record.source, suspicious=suspicious)
    _check_key("local_id", record.local_id, suspicious=suspicious)
    _check_counts(record)
    if suspicious:
        _check_texts(record)
    _check_numbers(record)
    _check_dates(record, last_day(today))


def last_day(today: date | None = None) -> int:
    """The last day, as yyyymmdd, that does not lie in the future for ``validate``."""
    return _last_day(today) if today else _last_day_by_clock(int(time.time() // 60))


def _suspicious(record: PatientRecord) -> bool:
    """Whether any text could be refused: one look at all texts together, for the many records that are in order.

    JSON escapes exactly what is forbidden below U+0020, and cannot hold a lone surrogate.
    """
    try:
        data = _JSON.encode(record)
    except UnicodeEncodeError:
        return True
    if len(data) > MAX_TEXT_LENGTH or b"\\" in data or b"\x7f" in data:
        return True
    return b"\xc2" in data and _C1_CONTROL.search(data) is not None


def _check_texts(record: PatientRecord) -> None:
    """Name the text that is refused, if one is."""
    for field, text in _texts(record):
        _check_text(field, text, _FORBIDDEN)
    for position, address in enumerate(record.addresses):
        for part in _ADDRESS_PARTS:
            _check_text(f"addresses[{position}].{part}", getattr(address, part), _FORBIDDEN_IN_ADDRESS)


def _check_key(field: str, text: str, *, suspicious: bool) -> None:
    if not text.strip():
        raise InputError(field, "is required")
    if len(text) > MAX_KEY_LENGTH:
        raise InputError(field, f"is longer than {MAX_KEY_LENGTH} characters")
    if suspicious:
        _check_text(field, text, _FORBIDDEN)


def _check_text(field: str, text: str, forbidden: re.Pattern[str]) -> None:
    if not text:
        return
    if len(text) > MAX_TEXT_LENGTH:
        raise InputError(field, f"is longer than {MAX_TEXT_LENGTH} characters")
    if text.isascii() and text.isprintable():
        return
    if match := forbidden.search(text):
        kind = "NUL" if match[0] == "\0" else "a lone surrogate" if match[0] >= "\ud800" else "a control character"
        raise InputError(field, f"holds {kind} at position {match.start()}")


def _check_counts(record: PatientRecord) -> None:
    if max(len(record.names), len(record.identifiers), len(record.phones), len(record.addresses)) > MAX_REPEATS:
        field = next(field for field in _REPEATED if len(getattr(record, field)) > MAX_REPEATS)
        raise InputError(field, f"has more than {MAX_REPEATS} entries")
    if len(record.attributes) > MAX_ATTRIBUTES:
        raise InputError("attributes", f"has more than {MAX_ATTRIBUTES} entries")


def _texts(record: PatientRecord) -> Iterator[tuple[str, str]]:
    """Every text of the record but keys and addresses, with its path."""
    for position, name in enumerate(record.names):
        yield f"names[{position}].text", name.text
        yield f"names[{position}].family", name.family
        yield f"names[{position}].given", name.given
    for position, identifier in enumerate(record.identifiers):
        yield from _identifier_texts(f"identifiers[{position}]", identifier)
    for position, phone in enumerate(record.phones):
        yield f"phones[{position}]", phone
    yield "birth_date", record.birth_date
    yield "deceased_date", record.deceased_date
    yield "recorded_at", record.recorded_at
    yield "ethnicity", record.ethnicity
    if record.guardian is not None:
        yield from _guardian_texts(record.guardian)
    for position, (key, text) in enumerate(record.attributes.items()):
        yield f"attributes[{position}].key", key
        yield f"attributes[{position}].value", text


def _identifier_texts(field: str, identifier: Identifier) -> Iterator[tuple[str, str]]:
    yield f"{field}.value", identifier.value
    yield f"{field}.issuer", identifier.issuer
    yield f"{field}.period_start", identifier.period_start
    yield f"{field}.period_end", identifier.period_end


def _guardian_texts(guardian: Guardian) -> Iterator[tuple[str, str]]:
    yield "guardian.name", guardian.name
    yield "guardian.phone", guardian.phone
    yield "guardian.relationship", guardian.relationship
    if guardian.identifier is not None:
        yield from _identifier_texts("guardian.identifier", guardian.identifier)


def _check_numbers(record: PatientRecord) -> None:
    if record.multiple_birth_order < 0:
        raise InputError("multiple_birth_order", "is negative")
    if record.multiple_birth_order > MAX_REPEATS:
        raise InputError("multiple_birth_order", f"is greater than {MAX_REPEATS}")
    if type(record.sex) is not Sex:
        _check_enum("sex", record.sex, Sex)
    for position, name in enumerate(record.names):
        if type(name.use) is not NameUse:
            _check_enum(f"names[{position}].use", name.use, NameUse)
    for position, identifier in enumerate(record.identifiers):
        if type(identifier.type) is not IdentifierType:
            _check_enum(f"identifiers[{position}].type", identifier.type, IdentifierType)
    if record.guardian is not None and record.guardian.identifier is not None:
        _check_enum("guardian.identifier.type", record.guardian.identifier.type, IdentifierType)


def _check_enum(field: str, number: int, kind: type[IntEnum]) -> None:
    if isinstance(number, kind):
        return
    try:
        kind(number)
    except ValueError:
        raise InputError(field, f"is none of the values of {kind.__name__}") from None


@lru_cache(2)
def _last_day(today: date) -> int:
    """The last day, as yyyymmdd, that does not lie in the future."""
    last = today + _DAY
    return last.year * 10_000 + last.month * 100 + last.day


@lru_cache(1)
def _last_day_by_clock(minute: int) -> int:
    """``_last_day`` of this machine's date in a minute since 1970: asking for the date each time takes 3 µs."""
    return _last_day(date.fromtimestamp(minute * 60))


def _check_dates(record: PatientRecord, latest: int) -> None:
    if record.birth_date:
        _check_date("birth_date", record.birth_date, latest)
    if record.deceased_date:
        _check_date("deceased_date", record.deceased_date, latest)
    if record.recorded_at:
        _check_date("recorded_at", record.recorded_at, latest)
    for position, identifier in enumerate(record.identifiers):
        if identifier.period_start or identifier.period_end:
            _check_date(f"identifiers[{position}].period_start", identifier.period_start, latest)
            _check_date(f"identifiers[{position}].period_end", identifier.period_end, None)


def _check_date(field: str, text: str, latest: int | None) -> None:
    """``latest`` None: may lie in the future (a document is valid until then)."""
    if not text:
        return
    reading = read_date(text)
    if reading.problem:
        raise InputError(field, reading.problem)
    if latest is not None and reading.value > latest:
        raise InputError(field, "lies in the future")
