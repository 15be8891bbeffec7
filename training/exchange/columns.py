"""Which column of a file is which trait, after its map; and which trait each column of a model file stands for."""

from __future__ import annotations

import re

from mpi.intake.mapping import FieldMap, as_take, columns_of
from mpi.linkage.features import NATIONAL
from mpi.records import IdentifierType

# source of a feature → its kind, where no fitted model has the source
KINDS = {
    "given": "name",
    "family": "name",
    "birth_date": "date",
    "sex": "category",
    "ethnicity": "category",
    "national_id": "identifier",
    "other_id": "identifier",
    "phone": "phone",
    "address.text": "text",
    "address.postcode": "number",
    "address.house_number": "number",
    "address.building": "number",
    "address.room": "number",
    "address.region": "category",
    "address.country": "category",
}
OTHER_ADDRESS, OTHER_ATTRIBUTE = "name", "category"


def column_sources(field_map: FieldMap) -> dict[str, str]:
    """Column → source of the feature it fills. Columns that fill nothing a model compares are left out."""
    found: dict[str, str] = {}
    for key, cell in field_map.cells():
        source = _source(field_map, key)
        for column in columns_of(key, cell) if source else ():
            found.setdefault(column, source)
    return found


def source_columns(field_map: FieldMap) -> dict[str, str]:
    """Source → the first column that fills it alone; a source made of several columns has none of its own."""
    found: dict[str, str] = {}
    for key, cell in field_map.cells():
        source, columns = _source(field_map, key), columns_of(key, cell)
        if source and len(columns) == 1:
            found.setdefault(source, columns[0])
    return found


def source_kind(source: str) -> str:
    """Kind in which a source is compared."""
    if source.startswith("attributes."):
        return OTHER_ATTRIBUTE
    return KINDS.get(source, OTHER_ADDRESS)


def _source(field_map: FieldMap, key: str) -> str:
    """Source of a key of the map, "" where nothing compares it."""
    plain = re.sub(r"\[\d+\]", "", key)
    if plain in ("names.given", "names.family"):
        return plain.removeprefix("names.")
    if plain in ("birth_date", "sex", "ethnicity") or plain.startswith("attributes."):
        return plain
    if plain == "phones":
        return "phone"
    if plain.startswith("addresses.") and plain != "addresses.division":
        return "address." + plain.removeprefix("addresses.")
    if plain == "identifiers.value":
        return _identifier(field_map, int(key.split("[")[1].split("]")[0]))
    return ""


def _identifier(field_map: FieldMap, place: int) -> str:
    """National or other number, where the type is a constant word; a type that a column holds may be both."""
    word = as_take("type", field_map.identifiers[place].type).constant
    national = {each.name.lower() for each in NATIONAL}
    known = {each.name.lower() for each in IdentifierType}
    return "other_id" if word.lower() in known - national else "national_id"
