"""FEBRL rows become patient records with every column in its place."""

from __future__ import annotations

import pytest

from benchmarks.febrl import key_of, load, to_record
from mpi.records import Address, HumanName, Identifier, IdentifierType, PatientRecord

ROW = {
    "rec_id": "rec-7-dup-0", "given_name": "mia", "surname": "green", "street_number": "7", "address_1": "wallaby place",
    "address_2": "delmar", "suburb": "cleveland", "postcode": "2119", "state": "sa",
    "date_of_birth": "19561209", "soc_sec_id": "1804974",
}  # fmt: skip
ADDRESS = Address(
    house_number="7", road="wallaby place", community="delmar", locality="cleveland", postcode="2119", region="sa"
)


def test_every_column_is_mapped() -> None:
    assert to_record("h", ROW) == PatientRecord(
        source="h",
        local_id="rec-7-dup-0",
        names=(HumanName(family="green", given="mia"),),
        birth_date="1956-12-09",
        identifiers=(Identifier(type=IdentifierType.NATIONAL_OTHER, value="1804974"),),
        addresses=(ADDRESS,),
    )


def test_missing_values_stay_away() -> None:
    empty = {column: float("nan") for column in ROW} | {"rec_id": "rec-1-org", "suburb": " "}
    assert to_record("h", empty) == PatientRecord(source="h", local_id="rec-1-org")


def test_an_impossible_date_is_missing() -> None:
    record = to_record("h", {"rec_id": "rec-2-org", "date_of_birth": "19561309"})
    assert record == PatientRecord(source="h", local_id="rec-2-org")


@pytest.mark.parametrize(("data", "entities"), [("febrl3", 2000), ("febrl4", 5000)])
def test_truth_covers_every_record(data: str, entities: int) -> None:
    labelled = load(data)
    assert [key_of(record) for record in labelled.records] == list(labelled.entity)
    assert len(set(labelled.entity.values())) == entities
