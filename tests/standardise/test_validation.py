"""What is refused at the door, by field."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpi.errors import InputError
from mpi.records import Address, Guardian, HumanName, Identifier, IdentifierType, NameUse, PatientRecord, Sex
from mpi.standardise import validate

TODAY = date(2026, 1, 31)


def record(**fields: Any) -> PatientRecord:
    return PatientRecord(**{"source": "cqmu1", "local_id": "42", **fields})


def problem(bad: PatientRecord) -> str:
    """The message of the refusal, "" where the record is accepted."""
    try:
        validate(bad, today=TODAY)
    except InputError as error:
        return str(error)
    return ""


def refused(**fields: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        validate(record(**fields), today=TODAY)
    return caught.value


def test_a_full_record_is_accepted() -> None:
    validate(
        record(
            names=(HumanName(text="王小明"), HumanName(family="O'Brien", given="Séan")),
            sex=Sex.MALE,
            birth_date="1980-05-03",
            identifiers=(Identifier(type=IdentifierType.RESIDENT_ID, value="x", period_end="2040-01-01"),),
            phones=("13912345678",),
            addresses=(Address(text="石油路12号\n3栋\t1204"),),
            guardian=Guardian(name="王某", identifier=Identifier(value="1")),
            recorded_at="2026-02-01T09:00:00Z",
            attributes={"occupation": "farmer"},
        ),
        today=TODAY,
    )


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"source": ""}, "source"),
        ({"local_id": "   "}, "local_id"),
        ({"source": "s" * 129}, "source"),
        ({"names": (HumanName(), HumanName(family="王" * 1_000_000))}, "names[1].family"),
        ({"names": (HumanName(text="王\0小明"),)}, "names[0].text"),
        ({"names": (HumanName(given="a\nb"),)}, "names[0].given"),
        ({"names": (HumanName(given="\ud800"),)}, "names[0].given"),
        ({"names": (HumanName(),) * 17}, "names"),
        ({"phones": ("1",) * 17}, "phones"),
        ({"phones": ("1", "2\x7f")}, "phones[1]"),
        ({"identifiers": (Identifier(issuer="\x85"),)}, "identifiers[0].issuer"),
        ({"identifiers": (Identifier(period_start="1980-02-31"),)}, "identifiers[0].period_start"),
        ({"addresses": (Address(road="a\x0bb"),)}, "addresses[0].road"),
        ({"addresses": (Address(postcode="4" * 1001),)}, "addresses[0].postcode"),
        ({"attributes": {f"a{i}": "" for i in range(65)}}, "attributes"),
        ({"attributes": {"a": "x", "b": "\0"}}, "attributes[1].value"),
        ({"guardian": Guardian(name="\0")}, "guardian.name"),
        ({"guardian": Guardian(identifier=Identifier(value="\0"))}, "guardian.identifier.value"),
        ({"birth_date": "1980-02-31"}, "birth_date"),
        ({"birth_date": "1980-13-01"}, "birth_date"),
        ({"birth_date": "9999-01-01"}, "birth_date"),
        ({"birth_date": "2026-02-02"}, "birth_date"),
        ({"birth_date": "2027"}, "birth_date"),
        ({"birth_date": "next week"}, "birth_date"),
        ({"deceased_date": "2030-01-01"}, "deceased_date"),
        ({"recorded_at": "2026-02-03T00:00:00Z"}, "recorded_at"),
        ({"multiple_birth_order": -1}, "multiple_birth_order"),
        ({"sex": 9}, "sex"),
        ({"names": (HumanName(use=17),)}, "names[0].use"),  # type: ignore[arg-type]  # as a decoder hands unknown numbers on
        ({"identifiers": (Identifier(type=8),)}, "identifiers[0].type"),  # type: ignore[arg-type]  # the same
    ],
)
def test_refused_with_the_path_of_the_field(fields: dict[str, Any], path: str) -> None:
    assert refused(**fields).field == path


@pytest.mark.parametrize("text", ["", "1900-01-01", "1111-11-11", "不详", "1980", "1980-05", "1980-00-00", "2026-02-01"])
def test_accepted_dates(text: str) -> None:
    validate(record(birth_date=text), today=TODAY)


def test_enum_numbers_that_exist_are_accepted() -> None:
    validate(record(sex=1, names=(HumanName(use=NameUse.MAIDEN),)), today=TODAY)


@given(st.text(st.one_of(st.characters(), st.characters(categories=["Cs"])), max_size=30))
def test_messages_hold_no_value_and_nothing_else_is_raised(text: str) -> None:
    for fields in (
        {"source": text},
        {"names": (HumanName(text=text),)},
        {"birth_date": text},
        {"addresses": (Address(text=text),)},
        {"attributes": {text: text}},
    ):
        message = problem(msgspec.structs.replace(record(), **fields))
        assert len(text.strip()) < 3 or text not in message
