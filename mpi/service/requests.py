"""From the wire: protobuf messages to nouns. Each field is read once; what a noun cannot hold is an InputError with its path.

Whether a record's *values* make sense (dates, lengths, control characters) is the business of ``mpi.standardise.validate``;
here it is only the form: enum numbers, missing parts, limits. Measured: 5 µs for a record with every usual field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntEnum

from mpi.errors import InputError
from mpi.records import Address, Guardian, HumanName, Identifier, IdentifierType, NameUse, PatientRecord, Sex
from mpi.standardise import validate
from mpi.v1 import identity_pb2, records_pb2

MAX_CORRELATION_ID_LENGTH = 128
MAX_MASTER_ID_LENGTH = 64
MAX_SOURCES = 1_000  # of a filter

_SEXES: dict[int, Sex] = {int(s): s for s in Sex}
_TYPES: dict[int, IdentifierType] = {int(t): t for t in IdentifierType}
_USES: dict[int, NameUse] = {int(u): u for u in NameUse}
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
# A search needs no key, a record does: stands in for it.
_NO_KEY = "-"


def patient_record(message: records_pb2.PatientRecord) -> PatientRecord:
    """The record as received, not validated. Raises InputError (path from the record on) for an unknown enum number."""
    # Slices: going through a repeated field ends with an IndexError inside, which takes half a microsecond.
    try:
        return PatientRecord(
            source=message.source,
            local_id=message.local_id,
            names=tuple([HumanName(text=n.text, family=n.family, given=n.given, use=_USES[n.use]) for n in message.names[:]]),
            sex=_SEXES[message.sex],
            birth_date=message.birth_date,
            identifiers=tuple([_identifier(i) for i in message.identifiers[:]]),
            phones=tuple(message.phones[:]),
            addresses=tuple([_address(a) for a in message.addresses[:]]),
            ethnicity=message.ethnicity,
            guardian=_guardian(message.guardian) if message.HasField("guardian") else None,
            multiple_birth_order=message.multiple_birth_order,
            deceased_date=message.deceased_date,
            recorded_at=message.recorded_at,
            attributes=dict(message.attributes) if message.attributes else {},
        )
    except KeyError:
        raise _unknown_enum(message) from None


def valid_record(message: records_pb2.PatientRecord) -> PatientRecord:
    """The record as received, fit to be stored. Raises InputError (path from the record on)."""
    record = patient_record(message)
    validate(record)
    return record


def searched_record(message: records_pb2.PatientRecord) -> PatientRecord:
    """What is known of a patient, fit to be compared; source and local_id may be missing. Raises InputError."""
    if message.source and message.local_id:
        return valid_record(message)
    copy = records_pb2.PatientRecord()
    copy.CopyFrom(message)
    copy.source, copy.local_id = copy.source or _NO_KEY, copy.local_id or _NO_KEY
    return valid_record(copy)


def identifier(message: records_pb2.Identifier) -> Identifier:
    """A document to look up. Raises InputError (path from the identifier on)."""
    if not message.value.strip():
        raise InputError("value", "is required")
    try:
        found = _identifier(message)
    except KeyError:
        raise InputError("type", _none_of(IdentifierType)) from None
    # The same limits as inside a record.
    try:
        validate(PatientRecord(source=_NO_KEY, local_id=_NO_KEY, identifiers=(found,)))
    except InputError as error:
        raise InputError(error.field.removeprefix("identifiers[0]."), error.problem) from None
    return found


def record_key(message: records_pb2.RecordKey) -> tuple[str, str]:
    """Source and local number. Raises InputError (path from the key on)."""
    return key(message.source, message.local_id, ("source", "local_id"))


def key(source: str, local_id: str, fields: tuple[str, str]) -> tuple[str, str]:
    """Source and local number with the limits of a record's. Raises InputError with the name in ``fields``."""
    try:
        validate(PatientRecord(source=source, local_id=local_id))
    except InputError as error:
        raise InputError(fields[error.field == "local_id"], error.problem) from None
    return source, local_id


def request_id(text: str) -> str:
    """A UUID in lower case, or "" where none was given."""
    if not text:
        return ""
    lower = text.lower()
    if not _UUID.fullmatch(lower):
        raise InputError("request_id", "is not a UUID")
    return lower


def limited(field: str, text: str, limit: int) -> str:
    """The text, unless it is too long."""
    if len(text) > limit:
        raise InputError(field, f"is longer than {limit} characters")
    return text


def sources(names: Iterable[str]) -> frozenset[str]:
    """A filter by source; empty means all."""
    chosen = frozenset(names)
    if len(chosen) > MAX_SOURCES:
        raise InputError("sources", f"has more than {MAX_SOURCES} entries")
    return chosen


def search_limit(limit: int, most: int) -> int:
    """How many candidates to return; 0 means as many as may be asked for."""
    if limit < 0:
        raise InputError("limit", "is negative")
    if limit > most:
        raise InputError("limit", f"is greater than {most}")
    return limit or most


def batch_size(field: str, number: int, most: int) -> None:
    """Refuse an empty or too large batch as a whole."""
    if number > most:
        raise InputError(field, f"has {number} entries, more than {most}")
    if number == 0:
        raise InputError(field, "is empty")


def within(path: str, error: InputError) -> InputError:
    """The same error with its path seen from further out."""
    inner = type(error).__new__(type(error))
    InputError.__init__(inner, f"{path}.{error.field}", error.problem)
    return inner


def one_key(message: identity_pb2.LookupKey) -> str:
    """Which of the three keys is set. Raises InputError when none is."""
    which = message.WhichOneof("key")
    if which is None:
        raise InputError("key", "is required: one of record, identifier, master_id")
    return str(which)


def _identifier(message: records_pb2.Identifier) -> Identifier:
    if message.HasField("period"):
        period = message.period
        return Identifier(
            type=_TYPES[message.type],
            value=message.value,
            issuer=message.issuer,
            period_start=period.start,
            period_end=period.end,
        )
    return Identifier(type=_TYPES[message.type], value=message.value, issuer=message.issuer)


def _address(message: records_pb2.Address) -> Address:
    return Address(
        text=message.text,
        division=message.division,
        region=message.region,
        city=message.city,
        locality=message.locality,
        road=message.road,
        house_number=message.house_number,
        community=message.community,
        building=message.building,
        room=message.room,
        postcode=message.postcode,
        country=message.country,
    )


def _guardian(message: records_pb2.Guardian) -> Guardian:
    return Guardian(
        name=message.name,
        phone=message.phone,
        identifier=_identifier(message.identifier) if message.HasField("identifier") else None,
        relationship=message.relationship,
    )


def _unknown_enum(message: records_pb2.PatientRecord) -> InputError:
    """Which enum number it was that the fast way stumbled over."""
    if message.sex not in _SEXES:
        return InputError("sex", _none_of(Sex))
    for position, name in enumerate(message.names):
        if name.use not in _USES:
            return InputError(f"names[{position}].use", _none_of(NameUse))
    for position, document in enumerate(message.identifiers):
        if document.type not in _TYPES:
            return InputError(f"identifiers[{position}].type", _none_of(IdentifierType))
    return InputError("guardian.identifier.type", _none_of(IdentifierType))


def _none_of(kind: type[IntEnum]) -> str:
    return f"is none of the numbers of {kind.__name__}"
