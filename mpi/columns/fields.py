"""The fields of a plain record: each one's number on the wire, name in JSON and columns in ``Raw.cells``, once for both.

Numbers are those of ``protos/mpi/v1/records.proto``, names and limits those of ``mpi.records`` and ``mpi.standardise``. They
are repeated here because a compiled kernel keeps them: the kernels' cache notices a change in this room only. Tests compare.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mpi.columns import layout

# What a field holds.
NOTHING, NUMBER, TEXT, TEXTS, PART, PARTS = range(6)
# Kinds of messages.
RECORD, NAME, IDENTIFIER, ADDRESS, GUARDIAN = range(5)

LARGEST_SEX, LARGEST_TYPE, LARGEST_USE, LARGEST_BIRTH_ORDER = 3, 7, 6, 16

NUMBERS = 16  # field numbers below this fit into a tag of one byte


class Field(NamedTuple):
    """A field that a plain record may have. Its columns are counted from the first one of its message.

    most   of a number the largest value, of parts the largest number of them
    kind   of parts their kind of message
    width  of parts the number of columns that each takes, after one column for how many there are
    """

    number: int
    name: str
    what: int
    column: int
    most: int = 1
    kind: int = 0
    width: int = 0


FIELDS: dict[int, tuple[Field, ...]] = {
    RECORD: (
        Field(1, "source", TEXT, layout.SOURCE),
        Field(2, "local_id", TEXT, layout.LOCAL_ID),
        Field(3, "names", PARTS, layout.NAMES, 1, NAME, layout.NAME_USE + 1 - layout.TEXT),
        Field(4, "sex", NUMBER, layout.SEX, LARGEST_SEX),
        Field(5, "birth_date", TEXT, layout.BIRTH_DATE),
        Field(6, "identifiers", PARTS, layout.IDENTIFIERS, layout.MOST_IDENTIFIERS, IDENTIFIER, layout.IDENTIFIER_WIDTH),
        Field(7, "phones", TEXTS, layout.PHONES, layout.MOST_PHONES, RECORD, layout.PHONE_WIDTH),
        Field(8, "addresses", PARTS, layout.ADDRESSES, layout.MOST_ADDRESSES, ADDRESS, layout.ADDRESS_WIDTH),
        Field(9, "ethnicity", TEXT, layout.ETHNICITY),
        Field(10, "guardian", PART, layout.GUARDIAN, 1, GUARDIAN),
        Field(11, "multiple_birth_order", NUMBER, layout.MULTIPLE_BIRTH_ORDER, LARGEST_BIRTH_ORDER),
        Field(13, "recorded_at", TEXT, layout.RECORDED_AT),
    ),
    NAME: (
        Field(1, "text", TEXT, 0),
        Field(2, "family", TEXT, layout.FAMILY - layout.TEXT),
        Field(3, "given", TEXT, layout.GIVEN - layout.TEXT),
        Field(4, "use", NUMBER, layout.NAME_USE - layout.TEXT, LARGEST_USE),
    ),
    IDENTIFIER: (
        Field(1, "type", NUMBER, 0, LARGEST_TYPE),
        Field(2, "value", TEXT, 1),
        Field(3, "issuer", TEXT, 3),
    ),
    ADDRESS: (
        Field(1, "text", TEXT, 0),
        Field(2, "division", TEXT, layout.DIVISION),
        Field(3, "region", TEXT, layout.REGION),
        Field(4, "city", TEXT, layout.CITY),
        Field(5, "locality", TEXT, layout.LOCALITY),
        Field(6, "road", TEXT, layout.ROAD),
        Field(7, "house_number", TEXT, layout.HOUSE_NUMBER),
        Field(8, "community", TEXT, layout.COMMUNITY),
        Field(9, "building", TEXT, layout.BUILDING),
        Field(10, "room", TEXT, layout.ROOM),
        Field(11, "postcode", TEXT, layout.POSTCODE),
    ),
    GUARDIAN: (
        Field(1, "name", TEXT, layout.GUARDIAN_NAME - layout.GUARDIAN_NAME),
        Field(2, "phone", TEXT, layout.GUARDIAN_PHONE - layout.GUARDIAN_NAME),
        Field(3, "identifier", PART, layout.GUARDIAN_IDENTIFIERS - layout.GUARDIAN_NAME, 1, IDENTIFIER),
        Field(4, "relationship", TEXT, layout.GUARDIAN_RELATIONSHIP - layout.GUARDIAN_NAME),
    ),
}
"""Kind of message → its fields in the order of the nouns, which is that of the numbers. What is not here is not plain."""


class Column(NamedTuple):
    """A text or number of a record, with its column counted from the record's first."""

    column: int
    field: Field


def columns(kind: int = RECORD, base: int = 0) -> list[Column]:
    """Every text and every number of a message whose columns begin at ``base``, those of its parts included."""
    found: list[Column] = []
    for field in FIELDS[kind]:
        first = base + field.column
        if field.what in (TEXT, NUMBER):
            found.append(Column(first, field))
            continue
        for part in range(field.most):
            begin = first + 1 + part * field.width
            found += [Column(begin, field)] if field.what == TEXTS else columns(field.kind, begin)
    return found


TEXT_COLUMNS = np.array([c.column for c in columns() if c.field.what != NUMBER])
"""int64[T]: first columns of all spans."""
NUMBER_COLUMNS = np.array([(c.column, c.field.most) for c in columns() if c.field.what == NUMBER])
"""int64[N, 2]: columns of all numbers with the largest value of each."""
