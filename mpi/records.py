"""The nouns, in the order of a record's life: PatientRecord → StandardRecord → Candidate → Decision → Person.

Glossary
--------
record      what one source knows of one patient, under one local number
source      the assigning authority of local numbers, usually a hospital (``cqmu1``)
row         one line of integers; a record with several names, phones, addresses or identifiers has several rows
person      whom the index believes to be one human being; has one master ID
link edge   the statement "this record belongs to this person"
durable     fsynced in the journal: survives ``kill -9``
automatic   decided by the model alone at the shipped thresholds, as opposed to by a document or by a steward
population  number of persons the prior is computed with: max(persons in the index, catchment)
catchment   number of people the hospitals serve (32 million for Chongqing); configuration
shipped threshold  a threshold as it stands in a published model file

None of these types shows a patient's values in its ``repr``: a traceback, a log line or a failing test must not leak them.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Any

import msgspec


class Private(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of everything that holds patient values. Its ``repr`` names the fields that are set, never their values."""

    def __repr__(self) -> str:
        filled = [f for f in self.__struct_fields__ if getattr(self, f) not in ("", (), None, 0, {})]
        return f"{type(self).__name__}({', '.join(filled)})"

    def __rich_repr__(self) -> Any:
        yield from (f for f in self.__struct_fields__ if getattr(self, f) not in ("", (), None, 0, {}))


class Sex(IntEnum):
    """Administrative sex. 0 is missing; OTHER is known to be neither and agrees only with itself."""

    UNKNOWN = 0
    MALE = 1
    FEMALE = 2
    OTHER = 3


class IdentifierType(IntEnum):
    """Kinds of identity documents and numbers. The value fits in three bits (the row encoding depends on it)."""

    OTHER = 0
    RESIDENT_ID = 1  # 居民身份证, GB 11643: 18 digits, or the 15-digit legacy form of the same number
    PASSPORT = 2
    HK_MACAO_PERMIT = 3  # 港澳居民来往内地通行证
    TAIWAN_PERMIT = 4  # 台湾居民来往大陆通行证
    MEDICAL_INSURANCE = 5
    HEALTH_CARD = 6
    NATIONAL_OTHER = 7  # a national number of another country, without a check this index knows


class NameUse(IntEnum):
    UNSPECIFIED = 0
    OFFICIAL = 1
    USUAL = 2
    MAIDEN = 3
    NICKNAME = 4
    TEMPORARY = 5  # a newborn's placeholder (王某之子)
    OLD = 6


# --- PatientRecord: as received ------------------------------------------------------------------------------------


class HumanName(Private, frozen=True, gc=False):
    """A name as the hospital wrote it: either ``text`` (whole name in one field) or ``family`` and ``given``, or all."""

    text: str = ""
    family: str = ""
    given: str = ""
    use: NameUse = NameUse.UNSPECIFIED


class Identifier(Private, frozen=True, gc=False):
    type: IdentifierType = IdentifierType.OTHER
    value: str = ""
    issuer: str = ""
    period_start: str = ""  # ISO 8601 date, may be partial
    period_end: str = ""


class Address(Private, frozen=True, gc=False):
    """An address as received: free ``text``, or parts, or both. ``division`` is a GB/T 2260 code (6 to 12 digits)."""

    text: str = ""
    division: str = ""
    region: str = ""  # province, state
    city: str = ""
    locality: str = ""  # district, suburb, township
    road: str = ""
    house_number: str = ""
    community: str = ""  # 小区, estate, locality inside a suburb
    building: str = ""
    room: str = ""
    postcode: str = ""
    country: str = ""


class Guardian(Private, frozen=True, gc=False):
    """The person who registered a child or a patient who cannot speak; never evidence about the patient's own traits."""

    name: str = ""
    phone: str = ""
    identifier: Identifier | None = None
    relationship: str = ""


class PatientRecord(Private, frozen=True):
    """What one source sends of one patient. Only ``source`` and ``local_id`` are required."""

    source: str
    local_id: str
    names: tuple[HumanName, ...] = ()
    sex: Sex = Sex.UNKNOWN
    birth_date: str = ""  # ISO 8601, may be partial (1980, 1980-05); other spellings are read where unambiguous
    identifiers: tuple[Identifier, ...] = ()
    phones: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()
    ethnicity: str = ""
    guardian: Guardian | None = None
    multiple_birth_order: int = 0  # 0 unknown or single; 1, 2, … for twins and more
    deceased_date: str = ""
    recorded_at: str = ""  # ISO 8601 date and time at the source
    attributes: dict[str, str] = {}  # further traits a model may use, by name


# --- StandardRecord: what linkage sees of it ------------------------------------------------------------------------


class RecordFlag(IntFlag):
    """Facts about a record that are no agreement level: they steer rules and are shown as reasons."""

    NONE = 0
    NEWBORN = 1  # a newborn's placeholder name, or born within 28 days of recording
    GUARDIAN_NUMBER = 2  # the identity number given is, or must be, a guardian's
    PLACEHOLDER_NAME = 4
    PLACEHOLDER_DATE = 8
    PLACEHOLDER_PHONE = 16
    PLACEHOLDER_IDENTIFIER = 32
    NUMBER_CONTRADICTS_BIRTH_DATE = 64
    NUMBER_CONTRADICTS_SEX = 128
    MULTIPLE_BIRTH = 256
    DECEASED = 512
    INVALID_IDENTIFIER = 1024  # an identifier whose check digit fails
    PLACEHOLDER_ADDRESS = 2048
    ROMANISED_NAME = 4096  # every name is in Latin letters and reads as pinyin: how it is written in Han is not known
    NO_CHECK_DIGIT = 8192  # the patient's resident number came as 15 digits only, which nothing checks


class StandardText(Private, frozen=True, gc=False):
    """One standardised value: ``text`` is its comparison form, ``sound`` a phonetic code, ``fold`` a coarser one.

    Han: ``sound`` is toneless pinyin without spaces, ``fold`` the same with South-western Mandarin mergers (zh=z, n=l, …).
    Latin: ``sound`` is pinyin where the text reads as pinyin, else a phonetic code; ``fold`` also merges nicknames.
    Empty codes mean "has none" and never agree.
    """

    text: str
    sound: str = ""
    fold: str = ""


class StandardName(Private, frozen=True, gc=False):
    """``family`` and ``given`` as far as they can be told apart; a name without family name has only ``given``."""

    family: StandardText | None = None
    given: StandardText | None = None


class StandardIdentifier(Private, frozen=True, gc=False):
    """``value`` is the normal form (resident ID: always 18 characters). ``valid`` is None where the kind has no check."""

    type: IdentifierType
    value: str
    issuer: str = ""
    valid: bool | None = None


class StandardAddress(Private, frozen=True, gc=False):
    """Parts in comparison form; ``text`` joins road, number, community, building and room (not division or postcode)."""

    text: str = ""
    division: int = 0  # GB/T 2260, six digits; trailing zeros where only province or city is known
    region: str = ""
    city: str = ""
    locality: StandardText | None = None
    road: StandardText | None = None
    house_number: str = ""
    community: StandardText | None = None
    building: str = ""
    room: str = ""
    postcode: str = ""


class StandardRecord(Private, frozen=True):
    """A record in comparison form. Derived values (read off an identity number) are marked: they are no evidence."""

    names: tuple[StandardName, ...] = ()
    birth_date: int = 0  # yyyymmdd; month or day 0 where unknown; 0 missing
    birth_date_derived: bool = False
    sex: Sex = Sex.UNKNOWN
    sex_derived: bool = False
    identifiers: tuple[StandardIdentifier, ...] = ()
    phones: tuple[int, ...] = ()  # national significant digits with country code unless +86; > 0
    addresses: tuple[StandardAddress, ...] = ()
    ethnicity: str = ""
    multiple_birth_order: int = 0
    deceased_date: int = 0  # yyyymmdd
    flags: RecordFlag = RecordFlag.NONE
    attributes: dict[str, StandardText] = {}


# --- Candidate, Comparison, Decision ----------------------------------------------------------------------------------


class Grade(IntEnum):
    """How sure a link is; travels with every link so that a caller can refuse a weak one."""

    UNSPECIFIED = 0
    SOLE = 1  # the person's first record: nothing was linked
    AUTOMATIC = 2  # by the model, at the shipped upper threshold
    DOCUMENT = 3  # a valid unique document agreed, and a second independent trait
    STEWARD = 4  # a person confirmed it


class Certainty(IntEnum):
    """Grade of a search candidate: CERTAIN would link by itself, PROBABLE would be reviewed, POSSIBLE is a near miss."""

    UNSPECIFIED = 0
    CERTAIN = 1
    PROBABLE = 2
    POSSIBLE = 3


class Outcome(IntEnum):
    """What became of a write."""

    UNSPECIFIED = 0
    NEW = 1  # a new person
    LINKED = 2  # a new record of a known person
    NEW_WITH_REVIEW = 3  # a new person, and a task for a steward
    UPDATED = 4  # a known record changed; it stays with its person
    UNCHANGED = 5  # the same content again: nothing was stored
    UPDATED_WITH_ALERT = 6  # the update makes the record look like someone else: overlay alert
    RETIRED = 7
    LOCAL_ID_REPLACED = 8
    STALE = 9  # an older recorded_at than what is known: stored in the journal, not applied


class DecisionReason(IntEnum):
    """Why an outcome was chosen. Shown beside the per-feature reasons; the text is in ``registry.reasons``."""

    UNSPECIFIED = 0
    ABOVE_UPPER_THRESHOLD = 1
    BETWEEN_THRESHOLDS = 2
    BELOW_LOWER_THRESHOLD = 3
    NO_CANDIDATE = 4
    NO_USABLE_TRAIT = 5
    UNIQUE_DOCUMENT_AGREES = 6
    DOCUMENT_WITHOUT_SECOND_TRAIT = 7
    DOCUMENT_CONTRADICTED = 8
    DIFFERENT_VALID_NUMBERS = 9
    SEX_AND_BIRTH_DATE_DIFFER = 10
    LIKELY_TWINS = 11
    GUARDIAN_OR_NEWBORN = 12
    COMMON_NAME_AND_BIRTH_DATE = 13
    RUNNER_UP_TOO_CLOSE = 14
    POSSIBLE_DUPLICATE_PERSONS = 15
    DECEASED_BEFORE_RECORDED = 16
    SEARCH_WAS_CUT = 17
    LIKELY_RELATIVE = 18
    LOOKS_LIKE_SOMEONE_ELSE = 19


class MatchReason(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line of an explanation; the weights of all lines add up to the total. Holds level names, no values."""

    feature: str
    level: str
    description: str
    weight: float  # bits; the change of the total when this feature is added in the model's order
    term_frequency: float = 0.0  # bits; the part of ``weight`` that comes from how common the value is


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two records compared. ``reasons`` starts with the prior and telescopes to ``weight``."""

    weight: float  # bits, prior included
    probability: float
    relationship: str  # the most likely relationship class, e.g. "same person", "household"
    population: int
    model: str  # name@hash
    reasons: tuple[MatchReason, ...]


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A person a search found, graded, with the reasons of its best record."""

    person: Person
    weight: float
    probability: float
    certainty: Certainty
    relationship: str
    decision_reasons: tuple[DecisionReason, ...] = ()
    reasons: tuple[MatchReason, ...] = ()


class MatchOutcome(IntEnum):
    """Typed result of a search: "too many" is never answered as "none"."""

    UNSPECIFIED = 0
    CERTAIN = 1
    SEVERAL = 2
    TOO_MANY = 3
    NONE = 4
    DEGRADED = 5
    POSSIBLE = 6  # no certain person; candidates that a human could look at


class MatchAnswer(msgspec.Struct, frozen=True, kw_only=True):
    outcome: MatchOutcome
    candidates: tuple[Candidate, ...]
    compared: int  # records compared
    keys_cut: int  # blocking keys left out because too many records share them
    population: int


# --- Person ----------------------------------------------------------------------------------------------------------


class PersonStatus(IntEnum):
    UNSPECIFIED = 0
    ACTIVE = 1
    MERGED = 2
    EMPTY = 3  # every record was retired


class RecordLink(Private, frozen=True):
    """A link edge as a caller sees it: under which number a source knows the person, since when, and how sure that is."""

    source: str
    local_id: str
    since: int  # microseconds since 1970-01-01 UTC, of the commit that made the link
    grade: Grade
    probability: float  # of the decision; 1.0 for SOLE
    model: str  # name@hash of the model that decided


class Person(Private, frozen=True):
    master_id: str
    status: PersonStatus = PersonStatus.ACTIVE
    links: tuple[RecordLink, ...] = ()
    version: int = 0  # sequence number of the last change
    open_reviews: int = 0
    quarantined: bool = False


class ResolveAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The durable answer to one write."""

    master_id: str
    outcome: Outcome
    sequence: int
    probability: float = 0.0
    weight: float = 0.0
    relationship: str = ""
    population: int = 0
    grade: Grade = Grade.UNSPECIFIED
    decision_reasons: tuple[DecisionReason, ...] = ()
    reasons: tuple[MatchReason, ...] = ()
    review_task: int = 0  # 0 none
    candidates: tuple[str, ...] = ()  # master IDs in the review task
    model: str = ""


class ChangeEvent(Private, frozen=True):
    """One entry of the change feed, in the order of ``sequence``."""

    sequence: int
    at: int  # microseconds since 1970-01-01 UTC
    outcome: Outcome
    source: str
    local_id: str
    master_id: str
    previous_local_id: str = ""
    review_task: int = 0
