"""What resident identity numbers say about their bearer, and whether the bearer is the patient at all."""

from __future__ import annotations

from collections.abc import Sequence

from mpi.records import Guardian, IdentifierType, PatientRecord, Private, RecordFlag, Sex
from mpi.standardise.characters import clean, letters_and_digits
from mpi.standardise.identifiers import IdentifierReading, read_document
from mpi.standardise.table_files import word_lists

_GUARDIAN_YEARS = 12  # a number whose bearer is more years older than the patient is a parent's
_CHILD_YEARS = 18


class NumberFacts(Private, frozen=True, gc=False):
    """Birth date and sex to fill in where the record has none (0 and UNKNOWN: nothing), and flags."""

    birth_date: int = 0
    sex: Sex = Sex.UNKNOWN
    flags: RecordFlag = RecordFlag.NONE


_NOTHING = NumberFacts()


def number_facts(
    record: PatientRecord, documents: Sequence[IdentifierReading], *, birth_date: int, recorded: int, newborn: bool
) -> NumberFacts:
    """``birth_date`` and ``recorded`` are yyyymmdd, 0 unknown; ``birth_date`` was entered independently of any number."""
    flags = RecordFlag.NONE
    guardian_value = _guardian_number(record.guardian)
    own: IdentifierReading | None = None
    checked = False
    for document in documents:
        identifier = document.identifier
        if document.placeholder:
            flags |= RecordFlag.PLACEHOLDER_IDENTIFIER
        if identifier is None:
            continue
        if identifier.valid is False:
            flags |= RecordFlag.INVALID_IDENTIFIER
        own_number = document.birth_date != 0 and document.birth_date == birth_date and not newborn
        if own_number:  # the bearer is as old as the patient
            guardians = False
        elif guardian_value is not None and guardian_value == (identifier.type, identifier.value):
            guardians = True
        else:
            child = newborn or record.guardian is not None
            guardians = _is_parents(document, birth_date=birth_date, recorded=recorded, child=child)
        if guardians:
            flags |= RecordFlag.GUARDIAN_NUMBER
        elif document.birth_date:
            checked = checked or not document.unchecked
            own = own or document
    if own is None:
        return NumberFacts(flags=flags) if flags else _NOTHING
    if not checked:
        flags |= RecordFlag.NO_CHECK_DIGIT
    contradictions = _contradictions(own, birth_date, record.sex)
    return NumberFacts(own.birth_date, own.sex, flags | contradictions if contradictions else flags)


def _guardian_number(guardian: Guardian | None) -> tuple[IdentifierType, str] | None:
    if guardian is None or guardian.identifier is None:
        return None
    if is_oneself(guardian.relationship):
        return None
    identifier = read_document(guardian.identifier).identifier
    return (identifier.type, identifier.value) if identifier else None


def is_oneself(relationship: str) -> bool:
    """Whether the "guardian" is the patient himself, by the word for the relationship."""
    return letters_and_digits(clean(relationship)) in word_lists("latin_words")["themselves"]


def _is_parents(document: IdentifierReading, *, birth_date: int, recorded: int, child: bool) -> bool:
    """The bearer of the number is a generation older than the patient, who is a child."""
    if not document.birth_date:
        return False
    bearer_year = document.birth_date // 10_000
    if not birth_date:  # a newborn's placeholder name, nothing else known: the day of recording stands for the birth
        return child and recorded != 0 and recorded // 10_000 - bearer_year > _GUARDIAN_YEARS
    birth_year = birth_date // 10_000
    is_child = child or (recorded != 0 and recorded // 10_000 - birth_year < _CHILD_YEARS)
    return is_child and birth_year - bearer_year > _GUARDIAN_YEARS


def _contradictions(own: IdentifierReading, birth_date: int, sex: Sex) -> RecordFlag:
    flags = RecordFlag.NONE
    if birth_date and own.birth_date != birth_date and not _agree_as_far_as_known(own.birth_date, birth_date):
        flags |= RecordFlag.NUMBER_CONTRADICTS_BIRTH_DATE
    if sex != own.sex and sex in (Sex.MALE, Sex.FEMALE):
        flags |= RecordFlag.NUMBER_CONTRADICTS_SEX
    return flags


def _agree_as_far_as_known(full: int, partial: int) -> bool:
    if partial % 10_000 == 0:
        return full // 10_000 == partial // 10_000
    if partial % 100 == 0:
        return full // 100 == partial // 100
    return full == partial
