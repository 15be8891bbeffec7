"""The way of a record through this room: PatientRecord → StandardRecord, one kind of value after the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from mpi.records import (
    Address,
    PatientRecord,
    RecordFlag,
    Sex,
    StandardAddress,
    StandardName,
    StandardRecord,
    StandardText,
)
from mpi.standardise.addresses import read_address
from mpi.standardise.dates import read_date
from mpi.standardise.identifiers import read_document
from mpi.standardise.names import read_childs_name, read_name
from mpi.standardise.numbers import number_facts
from mpi.standardise.phones import read_phone
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
    names, flags = _names(record, just_born=just_born)
    if birth.placeholder or death.placeholder:
        flags |= RecordFlag.PLACEHOLDER_DATE
    if just_born:
        flags |= RecordFlag.NEWBORN
    documents = [read_document(identifier) for identifier in record.identifiers]
    newborn = bool(flags) and RecordFlag.NEWBORN in flags
    facts = number_facts(record, documents, birth_date=birth.value, recorded=recorded, newborn=newborn)
    phones, phone_flags = _phones(record.phones)
    addresses, address_flags = _addresses(record.addresses)
    if record.multiple_birth_order > 0:
        flags |= RecordFlag.MULTIPLE_BIRTH
    if death.value:
        flags |= RecordFlag.DECEASED
    return StandardRecord(
        names=names,
        birth_date=birth.value or facts.birth_date,
        birth_date_derived=not birth.value and facts.birth_date != 0,
        sex=record.sex or facts.sex,
        sex_derived=record.sex == Sex.UNKNOWN and facts.sex != Sex.UNKNOWN,
        identifiers=tuple(dict.fromkeys(document.identifier for document in documents if document.identifier is not None)),
        phones=phones,
        addresses=addresses,
        ethnicity=standard_ethnicity(record.ethnicity) if record.ethnicity else "",
        multiple_birth_order=max(record.multiple_birth_order, 0),
        deceased_date=death.value,
        flags=_all(flags, facts.flags, phone_flags, address_flags),
        attributes=_attributes(record.attributes) if record.attributes else {},
    )


def _names(record: PatientRecord, *, just_born: bool) -> tuple[tuple[StandardName, ...], RecordFlag]:
    """Different names, in order; the flags of all."""
    if just_born or record.guardian is not None:
        mother = record.guardian.name if record.guardian is not None else ""
        readings = [read_childs_name(name, mother, just_born=just_born) for name in record.names]
    elif len(record.names) == 1:  # the common case
        return read_name(record.names[0])
    else:
        readings = [read_name(name) for name in record.names]
    found = dict.fromkeys(name for reading in readings for name in reading.names)
    return tuple(found), _all(*(reading.flags for reading in readings))


def _all(*flags: RecordFlag) -> RecordFlag:
    """The union. An IntFlag's own | is slow, and most records have no flag."""
    union = RecordFlag.NONE
    for flag in flags:
        if flag:
            union = union | flag if union else flag
    return union


def _phones(phones: Sequence[str]) -> tuple[tuple[int, ...], RecordFlag]:
    found: dict[int, None] = {}
    flags = RecordFlag.NONE
    for phone in phones:
        reading = read_phone(phone)
        found.update(dict.fromkeys(reading.numbers))
        if reading.placeholder:
            flags |= RecordFlag.PLACEHOLDER_PHONE
    return tuple(found), flags


def _addresses(addresses: Sequence[Address]) -> tuple[tuple[StandardAddress, ...], RecordFlag]:
    found: dict[StandardAddress, None] = {}
    flags = RecordFlag.NONE
    for address in addresses:
        reading = read_address(address)
        if reading.address is not None:
            found[reading.address] = None
        if reading.placeholder:
            flags |= RecordFlag.PLACEHOLDER_ADDRESS
    return tuple(found), flags


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
