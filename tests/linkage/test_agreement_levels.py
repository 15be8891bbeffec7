"""Golden table: two values as a hospital writes them → the agreement level a steward reads."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from mpi.linkage.comparison import KIND_CODES, LEVELS, name_level, number_kind_level, text_level
from mpi.linkage.values import CODE, ValueBuilder, identifier_code, number_code
from mpi.records import (
    Address,
    HumanName,
    Identifier,
    IdentifierType,
    PatientRecord,
    StandardRecord,
    StandardText,
)
from mpi.standardise import standardise

TABLE = Path(__file__).parents[1] / "golden" / "agreement_levels.csv"
with TABLE.open(encoding="utf-8", newline="") as file:
    CASES = [tuple(row[key] for key in ("feature", "a", "b", "level")) for row in csv.DictReader(file)]

Text = StandardText | str | None


def record(feature: str, value: str) -> StandardRecord:
    """The record of a patient of whom only this is known."""
    known: dict[str, object] = {}
    if feature in ("given name", "family name"):
        known["names"] = (HumanName(text=value),)
    elif feature == "birth date":
        known["birth_date"] = value
    elif feature == "phone":
        known["phones"] = (value,)
    elif feature == "identifier":
        kind, _, rest = value.partition(" ")
        number, _, issuer = rest.partition("@")
        known["identifiers"] = (Identifier(type=IdentifierType[kind], value=number, issuer=issuer),)
    else:
        known["addresses"] = (Address(text=value),)
    return standardise(PatientRecord(source="golden", local_id="1", **known))  # type: ignore[arg-type]  # one field at a time


def texts(a: Text, b: Text, kind: str, *, swapped: bool = False, divisions: tuple[int, int] = (0, 0)) -> int:
    left, right = ValueBuilder(), ValueBuilder()
    (i, code_a), (j, code_b) = left.add(a or ""), right.add(b or "")
    va, vb = left.build(), right.build()
    assert (va.cells[i, CODE], vb.cells[j, CODE]) == (code_a, code_b)
    if not (code_a and code_b):
        return 0
    level = int(number_kind_level(KIND_CODES[kind], code_a, code_b))
    if level >= 0:
        return level
    return int(name_level(va, i, vb, j, swapped) if kind == "name" else text_level(va, i, vb, j, *divisions))


def integers(a: int, b: int, kind: str) -> int:
    return int(number_kind_level(KIND_CODES[kind], a, b)) if a and b else 0


def name_part(part: str) -> Callable[[StandardRecord, StandardRecord], int]:
    def level(a: StandardRecord, b: StandardRecord) -> int:
        first, second = (getattr(r.names[0], part) if r.names else None for r in (a, b))
        return texts(first, second, "name")

    return level


def address(a: StandardRecord, b: StandardRecord) -> int:
    first, second = a.addresses[0], b.addresses[0]
    return texts(first.text, second.text, "text", divisions=(first.division, second.division))


FEATURES: dict[str, tuple[str, Callable[[StandardRecord, StandardRecord], int]]] = {
    "given name": ("name", name_part("given")),
    "family name": ("name", name_part("family")),
    "birth date": ("date", lambda a, b: integers(a.birth_date, b.birth_date, "date")),
    "identifier": (
        "identifier",
        lambda a, b: integers(identifier_code(a.identifiers[0]), identifier_code(b.identifiers[0]), "identifier"),
    ),
    "phone": ("phone", lambda a, b: integers(next(iter(a.phones), 0), next(iter(b.phones), 0), "phone")),
    "house number": (
        "number",
        lambda a, b: integers(number_code(a.addresses[0].house_number), number_code(b.addresses[0].house_number), "number"),
    ),
    "address": ("text", address),
}


@pytest.mark.parametrize(("feature", "a", "b", "expected"), CASES)
def test_golden_level(feature: str, a: str, b: str, expected: str) -> None:
    kind, level = FEATURES[feature]
    first, second = record(feature, a), record(feature, b)
    assert LEVELS[kind][level(first, second)] == expected
    assert LEVELS[kind][level(second, first)] == expected


def test_the_table_has_every_kind_and_almost_every_level() -> None:
    """A swapped name is a matter of two fields: it is tested with the search."""
    seen = {(FEATURES[feature][0], level) for feature, _, _, level in CASES}
    wanted = {(kind, level) for kind, _ in FEATURES.values() for level in LEVELS[kind]}
    assert wanted - seen == {("name", "swapped"), ("number", "missing"), ("text", "missing")}
    assert len(CASES) >= 60
