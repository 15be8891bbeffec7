"""The columns of a batch of records as received: where each text stands in the batch's bytes.

A record that has more than fits here (a second name, attributes, …) is *irregular*: it is read by the
ordinary way. A span is two columns, offset and length in bytes; a length of 0 is an empty text, which is a missing one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

MOST_IDENTIFIERS, MOST_PHONES, MOST_ADDRESSES = 3, 3, 2

# Columns of Raw.cells. A name in the plural is a number of repeated parts, whose columns follow it.
REGULAR = 0  # 1 while the kernels may read the record, 0 where it needs the ordinary way
SOURCE, LOCAL_ID = 1, 3  # spans
NAMES = 5  # 0 or 1
TEXT, FAMILY, GIVEN = 6, 8, 10  # spans
NAME_USE = 12
SEX = 13
BIRTH_DATE = 14  # span
IDENTIFIERS = 16  # number
IDENTIFIER = 17  # MOST_IDENTIFIERS × (type, value span, issuer span)
IDENTIFIER_WIDTH = 5
PHONES = IDENTIFIER + MOST_IDENTIFIERS * IDENTIFIER_WIDTH  # number
PHONE = PHONES + 1  # MOST_PHONES × span
PHONE_WIDTH = 2
ADDRESSES = PHONE + MOST_PHONES * PHONE_WIDTH  # number
ADDRESS = ADDRESSES + 1  # MOST_ADDRESSES × the spans below, counted from the address's first column
DIVISION, POSTCODE = 2, 4  # behind the text
REGION, CITY, LOCALITY, ROAD, HOUSE_NUMBER, COMMUNITY, BUILDING, ROOM = range(6, 22, 2)
ADDRESS_WIDTH = 22
ETHNICITY = ADDRESS + MOST_ADDRESSES * ADDRESS_WIDTH  # span
GUARDIAN = ETHNICITY + 2  # 1 where there is one
GUARDIAN_NAME, GUARDIAN_PHONE, GUARDIAN_RELATIONSHIP = GUARDIAN + 1, GUARDIAN + 3, GUARDIAN + 5  # spans
GUARDIAN_IDENTIFIERS = GUARDIAN + 7  # 0 or 1
GUARDIAN_IDENTIFIER = GUARDIAN + 8  # (type, value span, issuer span)
MULTIPLE_BIRTH_ORDER = GUARDIAN_IDENTIFIER + IDENTIFIER_WIDTH
RECORDED_AT = MULTIPLE_BIRTH_ORDER + 1  # span
CELLS = RECORDED_AT + 2


class Raw(NamedTuple):
    """Records as received.

    data   uint8[n]          UTF-8 (and whatever stood between the texts on the wire)
    cells  int32[Q, CELLS]   see the column names above
    """

    data: npt.NDArray[np.uint8]
    cells: npt.NDArray[np.int32]

    def __repr__(self) -> str:
        return f"Raw({len(self.cells)} records)"
