"""What becomes of whole records: derived values, contradictions, guardians, newborns."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_11_2

from mpi.records import (
    Address,
    Guardian,
    HumanName,
    Identifier,
    IdentifierType,
    PatientRecord,
    RecordFlag,
    Sex,
    StandardRecord,
)
from mpi.standardise import standardise
from mpi.standardise.identifiers import check_character
from mpi.standardise.words import standard_ethnicity


def number(seventeen: str) -> Identifier:
    return Identifier(type=IdentifierType.RESIDENT_ID, value=seventeen + check_character(seventeen))


MOTHER = number("50010319880506124")
BOY = number("50010320150702123")


def standard(**fields: Any) -> StandardRecord:
    return standardise(PatientRecord(source="cqmu1", local_id="42", **fields))


@given(st.from_regex("[0-9]{17}", fullmatch=True))
def test_check_character_is_that_of_iso_7064(digits: str) -> None:
    assert check_character(digits) == mod_11_2.calc_check_digit(digits)


def test_birth_date_and_sex_come_from_the_number_as_derived() -> None:
    found = standard(identifiers=(BOY,))
    assert (found.birth_date, found.birth_date_derived) == (20150702, True)
    assert (found.sex, found.sex_derived) == (Sex.MALE, True)
    assert found.flags == RecordFlag.NONE


def test_entered_values_are_not_derived() -> None:
    found = standard(identifiers=(BOY,), birth_date="2015-07-02", sex=Sex.MALE)
    assert not found.birth_date_derived
    assert not found.sex_derived


def test_a_placeholder_date_is_filled_from_the_number() -> None:
    found = standard(identifiers=(BOY,), birth_date="1900-01-01")
    assert (found.birth_date, found.birth_date_derived) == (20150702, True)
    assert found.flags == RecordFlag.PLACEHOLDER_DATE


def test_contradictions_are_flagged_and_the_entered_value_stays() -> None:
    found = standard(identifiers=(BOY,), birth_date="2015-02-07", sex=Sex.FEMALE)
    assert (found.birth_date, found.sex) == (20150207, Sex.FEMALE)
    assert found.flags == RecordFlag.NUMBER_CONTRADICTS_BIRTH_DATE | RecordFlag.NUMBER_CONTRADICTS_SEX


@pytest.mark.parametrize("birth_date", ["2015", "2015-07"])
def test_a_partial_date_that_agrees_is_no_contradiction(birth_date: str) -> None:
    assert standard(identifiers=(BOY,), birth_date=birth_date).flags == RecordFlag.NONE


def test_an_invalid_number_tells_nothing() -> None:
    wrong = Identifier(type=IdentifierType.RESIDENT_ID, value="110105194912310021")
    found = standard(identifiers=(wrong,))
    assert (found.birth_date, found.sex) == (0, Sex.UNKNOWN)
    assert found.flags == RecordFlag.INVALID_IDENTIFIER
    assert found.identifiers[0].valid is False


def test_a_parents_number_is_a_guardians_and_tells_nothing_of_the_child() -> None:
    found = standard(identifiers=(MOTHER,), birth_date="2023-03-01", recorded_at="2023-03-05", sex=Sex.MALE)
    assert RecordFlag.GUARDIAN_NUMBER in found.flags
    assert RecordFlag.NEWBORN in found.flags
    assert RecordFlag.NUMBER_CONTRADICTS_SEX not in found.flags


def test_a_newborns_placeholder_name_under_the_mothers_number() -> None:
    found = standard(names=(HumanName(text="王芳之子"),), identifiers=(MOTHER,), recorded_at="2023-03-05")
    assert found.flags == RecordFlag.NEWBORN | RecordFlag.PLACEHOLDER_NAME | RecordFlag.GUARDIAN_NUMBER
    assert found.birth_date == 0


def test_the_guardians_number_given_as_the_patients() -> None:
    fifteen = Identifier(type=IdentifierType.RESIDENT_ID, value=MOTHER.value[:6] + MOTHER.value[8:17])
    found = standard(identifiers=(fifteen,), guardian=Guardian(name="王芳", identifier=MOTHER, relationship="母亲"))
    assert found.flags == RecordFlag.GUARDIAN_NUMBER


@pytest.mark.parametrize("relationship", ["本人", "self"])
def test_ones_own_guardian(relationship: str) -> None:
    found = standard(identifiers=(MOTHER,), guardian=Guardian(identifier=MOTHER, relationship=relationship))
    assert found.flags == RecordFlag.NONE
    assert found.birth_date == 19880506


def test_a_childs_own_number_repeated_as_the_guardians() -> None:
    found = standard(identifiers=(BOY,), birth_date="2015-07-02", guardian=Guardian(identifier=BOY))
    assert found.flags == RecordFlag.NONE


def test_an_adult_with_a_wrong_birth_date_has_no_guardian() -> None:
    found = standard(identifiers=(MOTHER,), birth_date="2003-05-06", recorded_at="2024-01-01")
    assert found.flags == RecordFlag.NUMBER_CONTRADICTS_BIRTH_DATE


def test_nothing_of_the_guardian_becomes_the_patients() -> None:
    guardian = Guardian(name="王芳", phone="13912345678", identifier=MOTHER, relationship="母亲")
    assert standard(guardian=guardian) == StandardRecord()


@pytest.mark.parametrize(
    ("birth_date", "recorded_at", "newborn"),
    [
        ("2023-03-01", "2023-03-29T10:00:00Z", True),
        ("2023-03-01", "2023-03-30", False),
        ("2022-12-20", "2023-01-03", True),
        ("2023-03", "2023-03-05", False),
        ("2023-03-06", "2023-03-05", False),
    ],
)
def test_born_within_28_days_of_recording(birth_date: str, recorded_at: str, newborn: bool) -> None:
    found = standard(birth_date=birth_date, recorded_at=recorded_at)
    assert (RecordFlag.NEWBORN in found.flags) is newborn


def test_equal_values_are_kept_once() -> None:
    found = standard(
        names=(HumanName(text="張偉"), HumanName(family="张", given="伟"), HumanName(text="张玮")),
        phones=("13912345678", "+86 139 1234 5678/023-68812345"),
        addresses=(Address(text="重庆市渝中区石油路12号"), Address(text="渝中区石油路１２号")),
        identifiers=(BOY, BOY),
    )
    assert (len(found.names), found.phones, len(found.addresses)) == (2, (13912345678, 2368812345), 1)
    assert len(found.identifiers) == 1


def test_death_and_multiple_birth_are_flagged() -> None:
    found = standard(deceased_date="2020-01-02", multiple_birth_order=2)
    assert found.flags == RecordFlag.DECEASED | RecordFlag.MULTIPLE_BIRTH
    assert (found.deceased_date, found.multiple_birth_order) == (20200102, 2)


def test_family_in_one_script_and_given_in_the_other() -> None:
    (name,) = standard(names=(HumanName(family="王", given="Xiaoming"),)).names
    assert name.family is not None
    assert name.given is not None
    assert (name.family.sound, name.given.sound) == ("wang", "xiaoming")


def test_attributes_become_words_and_placeholders_go() -> None:
    found = standard(attributes={"occupation": "農民", "employer": "unknown", "room": "B 12"})
    assert {key: value.text for key, value in found.attributes.items()} == {"occupation": "农民", "room": "b12"}


ETHNIC_GROUPS = [("汉族", "汉"), ("漢", "汉"), ("01", "汉"), ("1", "汉"), ("Tibetan", "藏"), ("土家族", "土家"), ("不详", "")]


@pytest.mark.parametrize(("text", "group"), ETHNIC_GROUPS)
def test_ethnic_groups(text: str, group: str) -> None:
    assert standard_ethnicity(text) == group


@pytest.mark.parametrize(
    ("name", "mother", "recorded_at", "family", "newborn"),
    [
        ("韩红子", "韩红", "2017-06-16", "韩", True),  # the mother is named: at any age
        ("韩红子", "韓紅", "2017-06-16", "韩", True),
        ("李范芬女", "", "2013-05-20", "李", True),  # written a day after the birth
        ("李芳二女", "李芳", "2020-01-01", "李", True),
        ("欧阳娜子", "欧阳娜", "2020-01-01", "欧阳", True),
        ("田梅子", "", "2020-01-01", "田", False),  # a name like any other
        ("王子", "", "2013-05-20", "王", False),
        ("韩红梅", "韩红", "2017-06-16", "韩", False),
    ],
)
def test_a_child_called_after_its_mother(name: str, mother: str, recorded_at: str, family: str, newborn: bool) -> None:
    guardian = Guardian(name=mother, relationship="母亲") if mother else None
    record = PatientRecord(
        source="a",
        local_id="1",
        names=(HumanName(text=name),),
        birth_date="2013-05-19",
        recorded_at=recorded_at,
        guardian=guardian,
    )
    found = standardise(record)
    assert (RecordFlag.PLACEHOLDER_NAME in found.flags) is newborn
    assert (found.names[0].given is None) is newborn
    assert found.names[0].family is not None
    assert found.names[0].family.text == family
