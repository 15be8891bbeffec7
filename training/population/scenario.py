"""One made-up patient at four hospitals, and her family: a fixed scene for demonstrations and tests.

Zhou Xiaoyun was registered with her 15-digit number in 2012, typed with another character of the same sound in 2017, has
moved and changed her telephone by 2021, and came without papers in 2024. Her sister, mother, husband and newborn daughter
share family name, address, telephone or her identity number, and are other people.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mpi.records import Address, Guardian, HumanName, Identifier, IdentifierType, NameUse, PatientRecord, Sex
from training.population.numbers import with_check

OLD_PHONE, NEW_PHONE = "13594036271", "18723590684"
OLD_HOME = "重庆市沙坪坝区梨树湾路86号翠堤花园3栋2单元502室"
NEW_HOME = "重庆市渝北区金桥大道219号融景佳园11栋1单元1904室"


@dataclass(frozen=True)
class Scene:
    """``records`` in the order of recording; ``patient`` says which of them are hers, as (source, local number)."""

    records: tuple[PatientRecord, ...]
    patient: tuple[tuple[str, str], ...]
    people: dict[tuple[str, str], str] = field(default_factory=dict)  # (source, local number) → whose record it is


def scenario() -> Scene:
    """The scene; its local numbers lie above those of small generated populations, so that both load together."""
    entries = [*_patient(), *_family()]
    entries.sort(key=lambda entry: entry[1].recorded_at)
    people = {(record.source, record.local_id): who for who, record in entries}
    return Scene(
        records=tuple(record for _, record in entries),
        patient=tuple(key for key, who in people.items() if who == "patient"),
        people=people,
    )


def citizen_number(first: int) -> str:
    """The 18 characters of a number whose first 17 digits are given."""
    return bytes(with_check(np.array([first]))[0]).decode()


PATIENT_NUMBER = citizen_number(51021219840317062)
LEGACY_NUMBER = PATIENT_NUMBER[:6] + PATIENT_NUMBER[8:17]


@dataclass(frozen=True)
class _Person:
    """What is true of one person; ``number`` has its check character."""

    who: str
    sex: Sex
    birth_date: str
    number: str


def _record(person: _Person, place: str, at: str, written: HumanName, **given: str) -> tuple[str, PatientRecord]:
    """(whose, record). ``place``: source and local number; ``given``: number, address, phone as they were written down."""
    source, local_id = place.split()
    identifiers = (Identifier(type=IdentifierType.RESIDENT_ID, value=given["number"]),) if "number" in given else ()
    return person.who, PatientRecord(
        source=source,
        local_id=local_id,
        names=(written,),
        sex=person.sex,
        birth_date=person.birth_date,
        identifiers=identifiers,
        phones=(given["phone"],),
        addresses=(Address(text=given["address"]),),
        guardian=GUARDIAN if person.who == "daughter" else None,
        recorded_at=f"{at}:00+08:00",
    )


GUARDIAN = Guardian(
    name="周晓芸",
    phone=NEW_PHONE,
    identifier=Identifier(type=IdentifierType.RESIDENT_ID, value=PATIENT_NUMBER),
    relationship="母亲",
)


def _patient() -> list[tuple[str, PatientRecord]]:
    her = _Person("patient", Sex.FEMALE, "1984-03-17", PATIENT_NUMBER)
    right, wrong = HumanName(text="周晓芸"), HumanName(text="周晓云")
    old, new = {"address": OLD_HOME, "phone": OLD_PHONE}, {"address": NEW_HOME, "phone": NEW_PHONE}
    old_short, new_short = old | {"address": "沙坪坝区梨树湾路86号3-2-502"}, new | {"address": "渝北区金桥大道219号11-1-1904"}
    return [
        _record(her, "cqmu1 90000417", "2012-05-08T09:12", right, number=LEGACY_NUMBER, **old),
        _record(her, "cq500106a 9000291", "2017-11-23T14:35", wrong, number=PATIENT_NUMBER, **old_short),
        _record(her, "cqmu2 9000835", "2021-03-02T08:47", right, number=PATIENT_NUMBER, **new),
        _record(her, "cqarmy1 ZY9000162", "2024-09-19T16:03", right, **new_short),
    ]


def _family() -> list[tuple[str, PatientRecord]]:
    sister = _Person("sister", Sex.FEMALE, "1986-08-02", citizen_number(51021219860802024))
    mother = _Person("mother", Sex.FEMALE, "1958-02-11", citizen_number(51021219580211046))
    husband = _Person("husband", Sex.MALE, "1982-12-05", citizen_number(51022419821205213))
    child = _Person("daughter", Sex.FEMALE, "2019-06-14", citizen_number(50011220190614248))
    old, new = {"address": OLD_HOME, "phone": OLD_PHONE}, {"address": NEW_HOME, "phone": NEW_PHONE}
    unnamed = HumanName(text="周晓芸之女", use=NameUse.TEMPORARY)
    name = HumanName(text="周晓芹")
    return [
        _record(sister, "cqmu1 90000731", "2014-08-21T10:20", name, number=sister.number, **old),
        _record(sister, "cqwh FY9000058", "2020-10-12T09:31", name, number=sister.number, **new),
        _record(mother, "cqmu2 9000120", "2015-01-16T11:05", HumanName(text="秦素芳"), number=mother.number, **old),
        _record(husband, "cqmu2 9000836", "2021-03-02T08:51", HumanName(text="李建明"), number=husband.number, **new),
        _record(child, "cqwh FY9000014", "2019-06-14T13:40", unnamed, number=PATIENT_NUMBER, **new),
        _record(child, "cqch E9000377", "2022-04-26T15:18", HumanName(text="李雨芸"), number=child.number, **new),
    ]
