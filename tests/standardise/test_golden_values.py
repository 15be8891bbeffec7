"""The golden tables: one row, one case, readable by a clinician."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from mpi.records import Address, HumanName, Identifier, IdentifierType, PatientRecord, StandardAddress, StandardText
from mpi.standardise import standardise
from mpi.standardise.addresses import read_address
from mpi.standardise.dates import read_date
from mpi.standardise.identifiers import read_identifier
from mpi.standardise.names import NameReading, read_name
from mpi.standardise.phones import read_phone

GOLDEN = Path(__file__).parents[1] / "golden"
Row = dict[str, str]


def rows(name: str) -> list[Row]:
    with (GOLDEN / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def expected(row: Row, *columns: str) -> Row:
    return {column: row[column] for column in columns}


def yes(value: bool) -> str:
    return "yes" if value else ""


def number(value: int) -> str:
    return str(value) if value else ""


def name_columns(reading: NameReading) -> Row:
    """Columns of the name tables; a second name stands after a plus sign."""

    def column(part: str, code: str) -> str:
        values: list[StandardText | None] = [getattr(name, part) for name in reading.names]
        texts = [getattr(value, code) if value else "" for value in values]
        return " + ".join(text or "-" for text in texts) if len(texts) > 1 else "".join(texts)

    columns = {f"{part}_{code}": column(part, code) for part in ("family", "given") for code in ("text", "sound", "fold")}
    return {**columns, "flags": reading.flags.name or "" if reading.flags else ""}


@pytest.mark.parametrize("table", ["han_names", "latin_names", "tibetan_names"])
def test_names(table: str) -> None:
    for row in rows(table):
        found = name_columns(read_name(HumanName(text=row["text"], family=row["family"], given=row["given"])))
        assert found == expected(row, *found), row


def test_dates() -> None:
    for row in rows("dates"):
        reading = read_date(row["date"])
        found = {"value": number(reading.value), "placeholder": yes(reading.placeholder), "refused_because": reading.problem}
        assert found == expected(row, *found), row


def test_phones() -> None:
    for row in rows("phones"):
        reading = read_phone(row["phone"])
        found = {"numbers": " ".join(map(str, reading.numbers)), "placeholder": yes(reading.placeholder)}
        assert found == expected(row, *found), row


def test_identifiers() -> None:
    for row in rows("identifiers"):
        reading = read_identifier(IdentifierType[row["entered_as"]], row["value"])
        standard = reading.identifier
        found = {
            "type": standard.type.name if standard else "",
            "standard_value": standard.value if standard else "",
            "valid": {True: "yes", False: "no", None: ""}[standard.valid] if standard else "",
            "birth_date_inside": number(reading.birth_date),
            "sex_inside": reading.sex.name if reading.sex else "",
            "placeholder": yes(reading.placeholder),
        }
        assert found == expected(row, *found), row


ADDRESS_PARTS = (
    "text", "division", "region", "city", "locality", "road", "house_number", "community", "building", "room", "postcode",
)  # fmt: skip


def test_addresses() -> None:
    for row in rows("addresses"):
        reading = read_address(Address(**expected(row, *ADDRESS_PARTS)))
        standard = reading.address or StandardAddress()
        found = {"placeholder": yes(reading.placeholder)}
        for part in ADDRESS_PARTS:
            value = getattr(standard, part)
            found[f"standard_{part}"] = value.text if isinstance(value, StandardText) else str(value or "")
        assert found == expected(row, *found), row


def placeholder_record(field: str, value: str) -> PatientRecord:
    if field == "name":
        return PatientRecord(source="s", local_id="1", names=(HumanName(text=value),))
    if field == "birth_date":
        return PatientRecord(source="s", local_id="1", birth_date=value)
    if field == "phone":
        return PatientRecord(source="s", local_id="1", phones=(value,))
    if field == "identifier":
        return PatientRecord(source="s", local_id="1", identifiers=(Identifier(value=value),))
    return PatientRecord(source="s", local_id="1", addresses=(Address(text=value),))


def test_placeholders() -> None:
    for row in rows("placeholders"):
        standard = standardise(placeholder_record(row["field"], row["value"]))
        family = [name.family.text for name in standard.names if name.family]
        given = [name.given.text for name in standard.names if name.given]
        found = {
            "family": "".join(family),
            "given": "".join(given),
            "missing": yes(
                not (given or standard.birth_date or standard.phones or standard.identifiers or standard.addresses)
            ),
            "flags": standard.flags.name or "" if standard.flags else "",
        }
        assert found == expected(row, *found), row


def test_there_are_enough_cases() -> None:
    assert sum(len(rows(path.stem)) for path in GOLDEN.glob("*.csv")) >= 170
