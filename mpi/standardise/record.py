"""The way of a record through this room: PatientRecord → StandardRecord, one kind of value after the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache

from mpi.records import (
    Address,
    PatientRecord,
    RecordFlag,
    StandardAddress,
    StandardIdentifier,
    StandardRecord,
    StandardText,
)
from mpi.standardise.addresses import read_address
from mpi.standardise.dates import read_date
from mpi.standardise.identifiers import IdentifierReading, read_document
from mpi.standardise.names import NameReading, read_childs_name, read_name
from mpi.standardise.numbers import number_facts
from mpi.standardise.phones import read_phone
from mpi.standardise.tibetan import TIBETAN, with_whole_names
from mpi.standardise.words import standard_ethnicity, standard_word

_NEWBORN_DAYS = 28


def standardise(record: PatientRecord) -> StandardRecord:
    """Comparison form of a record. Pure; never raises, whatever the texts hold (``validate`` refuses, this only reads).

    What cannot be read is missing; placeholders are missing and flagged; nothing of the guardian becomes the patient's.
    Birth date and sex missing in the record are read off a valid resident number of the patient, and marked as derived.
    """
    birth, death = read_date(record.birth_date), read_date(record.deceased_date)
    recorded = read_date(record.recorded_at).value
    just_born = _born_just_before(birth.value, recorded)
    named = _names(record, just_born=just_born)
    names, flags = named.names, named.flags
    ethnicity = standard_ethnicity(record.ethnicity) if record.ethnicity else ""
    if ethnicity == TIBETAN:
        names = with_whole_names(names)
    if just_born:
        flags = _both(flags, RecordFlag.NEWBORN)
    documents = [read_document(identifier) for identifier in record.identifiers]
    newborn = bool(flags) and RecordFlag.NEWBORN in flags
    facts = number_facts(record, documents, birth_date=birth.value, recorded=recorded, newborn=newborn)
    phones, phone_flags = _phones(record.phones)
    addresses, address_flags = _addresses(record.addresses)
    if birth.placeholder or death.placeholder:
        flags = _both(flags, RecordFlag.PLACEHOLDER_DATE)
    if record.multiple_birth_order > 0:
        flags = _both(flags, RecordFlag.MULTIPLE_BIRTH)
    if death.value:
        flags = _both(flags, RecordFlag.DECEASED)
    return StandardRecord(
        names=names,
        birth_date=birth.value or facts.birth_date,
        birth_date_derived=not birth.value and facts.birth_date != 0,
        sex=record.sex or facts.sex,
        sex_derived=not record.sex and facts.sex != 0,
        identifiers=_identifiers(documents),
        phones=phones,
        addresses=addresses,
        ethnicity=ethnicity,
        multiple_birth_order=max(record.multiple_birth_order, 0),
        deceased_date=death.value,
        flags=_all(flags, facts.flags, phone_flags, address_flags),
        attributes=_attributes(record.attributes) if record.attributes else {},
    )


def _names(record: PatientRecord, *, just_born: bool) -> NameReading:
    """Different names, in order; the flags of all."""
    if just_born or record.guardian is not None:
        mother = record.guardian.name if record.guardian is not None else ""
        readings = [read_childs_name(name, mother, just_born=just_born) for name in record.names]
    elif len(record.names) == 1:  # the common case
        return read_name(record.names[0])
    else:
        readings = [read_name(name) for name in record.names]
    if len(readings) == 1 and len(readings[0].names) < 2:
        return readings[0]
    found = dict.fromkeys(name for reading in readings for name in reading.names)
    flags = _all(*(reading.flags for reading in readings))
    if any(reading.names and RecordFlag.ROMANISED_NAME not in reading.flags for reading in readings):
        flags &= ~RecordFlag.ROMANISED_NAME  # its characters are known from another name
    return NameReading(tuple(found), flags)


@cache
def _both(some: RecordFlag, others: RecordFlag) -> RecordFlag:
    """The union. An IntFlag's own | takes longer than a look-up."""
    return some | others


def _all(*flags: RecordFlag) -> RecordFlag:
    """The union of what are mostly no flags."""
    union = RecordFlag.NONE
    for flag in flags:
        if flag:
            union = _both(union, flag)
    return union


def _identifiers(documents: Sequence[IdentifierReading]) -> tuple[StandardIdentifier, ...]:
    found = [document.identifier for document in documents if document.identifier is not None]
    return tuple(found if len(found) < 2 else dict.fromkeys(found))


def _phones(phones: Sequence[str]) -> tuple[tuple[int, ...], RecordFlag]:
    readings = [read_phone(phone) for phone in phones]
    flags = RecordFlag.NONE
    for reading in readings:
        if reading.placeholder:
            flags = RecordFlag.PLACEHOLDER_PHONE
    if len(readings) == 1:
        return readings[0].numbers, flags
    return tuple(dict.fromkeys(number for reading in readings for number in reading.numbers)), flags


def _addresses(addresses: Sequence[Address]) -> tuple[tuple[StandardAddress, ...], RecordFlag]:
    found: list[StandardAddress] = []
    flags = RecordFlag.NONE
    for address in addresses:
        reading = read_address(address)
        if reading.address is not None:
            found.append(reading.address)
        if reading.placeholder:
            flags = RecordFlag.PLACEHOLDER_ADDRESS
    return tuple(found if len(found) < 2 else dict.fromkeys(found)), flags


def _attributes(attributes: dict[str, str]) -> dict[str, StandardText]:
    values = {name: standard_word(text) for name, text in attributes.items()}
    return {name: value for name, value in values.items() if value is not None}


def _born_just_before(birth_date: int, recorded: int) -> bool:
    """Born within 28 days before recording; both days must be known in full."""
    if not birth_date or not recorded or recorded // 10_000 - birth_date // 10_000 not in (0, 1):
        return False
    born, seen = _calendar(birth_date), _calendar(recorded)
    return born is not None and seen is not None and 0 <= (seen - born).days <= _NEWBORN_DAYS


def _calendar(value: int) -> date | None:
    try:
        return date(value // 10_000, value // 100 % 100, value % 100)
    except ValueError:  # month or day unknown
        return None
