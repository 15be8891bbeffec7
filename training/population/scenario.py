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


def _record(source: str, local_id: str, name: str, recorded_at: str, **fields: object) -> PatientRecord:
    number = fields.pop("number", "")
    address, phone = fields.pop("address", ""), fields.pop("phone", "")
    assert isinstance(number, str)
    return PatientRecord(
        source=source,
        local_id=local_id,
        names=(HumanName(text=name, use=fields.pop("use", NameUse.UNSPECIFIED)),),  # type: ignore[arg-type]
        identifiers=(Identifier(type=IdentifierType.RESIDENT_ID, value=number),) if number else (),
        phones=(str(phone),) if phone else (),
        addresses=(Address(text=str(address)),) if address else (),
        recorded_at=f"{recorded_at}:00+08:00",
        **fields,  # type: ignore[arg-type]
    )


def _patient() -> list[tuple[str, PatientRecord]]:
    her = {"sex": Sex.FEMALE, "birth_date": "1984-03-17", "ethnicity": "汉族"}
    return [
        ("patient", record)
        for record in (
            _record(
                "cqmu1", "90000417", "周晓芸", "2012-05-08T09:12",
                number=LEGACY_NUMBER, address=OLD_HOME, phone=OLD_PHONE, **her,
            ),
            _record(
                "cq500106a", "9000291", "周晓云", "2017-11-23T14:35",
                number=PATIENT_NUMBER, address="沙坪坝区梨树湾路86号3-2-502", phone=OLD_PHONE, **her,
            ),
            _record(
                "cqmu2", "9000835", "周晓芸", "2021-03-02T08:47",
                number=PATIENT_NUMBER, address=NEW_HOME, phone=NEW_PHONE, **her,
            ),
            _record(
                "cqarmy1", "ZY9000162", "周晓芸", "2024-09-19T16:03",
                address="渝北区金桥大道219号融景佳园11-1-1904", phone=NEW_PHONE, **her,
            ),
        )
    ]  # fmt: skip


def _family() -> list[tuple[str, PatientRecord]]:
    sister = {"sex": Sex.FEMALE, "birth_date": "1986-08-02", "ethnicity": "汉族", "number": citizen_number(51021219860802024)}
    husband = {"sex": Sex.MALE, "birth_date": "1982-12-05", "ethnicity": "汉族", "number": citizen_number(51022419821205213)}
    mother = {"sex": Sex.FEMALE, "birth_date": "1958-02-11", "ethnicity": "汉族", "number": citizen_number(51021219580211046)}
    child = {"sex": Sex.FEMALE, "birth_date": "2019-06-14"}
    guardian = Guardian(
        name="周晓芸",
        phone=NEW_PHONE,
        identifier=Identifier(type=IdentifierType.RESIDENT_ID, value=PATIENT_NUMBER),
        relationship="母亲",
    )
    return [
        ("sister", _record("cqmu1", "90000731", "周晓芹", "2014-08-21T10:20", address=OLD_HOME, phone=OLD_PHONE, **sister)),
        ("sister", _record("cqwh", "FY9000058", "周晓芹", "2020-10-12T09:31", address=NEW_HOME, phone=NEW_PHONE, **sister)),
        ("mother", _record("cqmu2", "9000120", "秦素芳", "2015-01-16T11:05", address=OLD_HOME, phone=OLD_PHONE, **mother)),
        ("husband", _record("cqmu2", "9000836", "李建明", "2021-03-02T08:51", address=NEW_HOME, phone=NEW_PHONE, **husband)),
        (
            "daughter",
            _record(
                "cqwh", "FY9000014", "周晓芸之女", "2019-06-14T13:40",
                number=PATIENT_NUMBER, address=NEW_HOME, phone=NEW_PHONE, use=NameUse.TEMPORARY, guardian=guardian, **child,
            ),
        ),
        (
            "daughter",
            _record(
                "cqch", "E9000377", "李雨芸", "2022-04-26T15:18",
                number=citizen_number(50011220190614248), address=NEW_HOME, phone=NEW_PHONE, guardian=guardian, **child,
            ),
        ),
    ]  # fmt: skip
