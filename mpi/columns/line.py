"""One record's values on their way from bytes to rows: the working memory that the kernels of ``read`` share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.columns import layout as at
from mpi.columns.address_book import AddressBook
from mpi.columns.characters import Bytes, Points
from mpi.columns.documents import DOCUMENT_CELLS
from mpi.columns.hashing import LONGEST
from mpi.columns.jit import leaf, wide
from mpi.columns.latin_tables import LatinTables
from mpi.columns.latin_words import Letters, new_letters
from mpi.columns.lessons import NameBook
from mpi.columns.names import NameTables
from mpi.linkage.hashtable import Table

# what became of a record; the bits from UNKNOWN_NAME on say what is to be learnt
READ, IRREGULAR, UNKNOWN_NAME, UNKNOWN_ETHNICITY, UNKNOWN_RELATIONSHIP, UNKNOWN_ADDRESS = 0, 1, 2, 4, 8, 16
# UNKNOWN_ADDRESS << n is address n

MOST_ROWS = max(at.MOST_IDENTIFIERS, at.MOST_PHONES, at.MOST_ADDRESSES)  # of a record
MOST_FEATURES = 64
MOST_CHARACTERS = 1_000  # of a text, see standardise.validation

# where a feature's values come from
FROM_GIVEN, FROM_FAMILY, FROM_BIRTH_DATE, FROM_SEX, FROM_ETHNICITY, FROM_NATIONAL, FROM_OTHER_ID = range(7)
FROM_PHONE, FROM_ADDRESS, FROM_DIVISION = range(7, 10)
FROM_PLACE = 10  # from here on: a field of the standard address × FORMS + its form
AS_NAME, AS_TEXT, AS_NUMBER, AS_CATEGORY = range(4)
FORMS = 4
ONCE = FROM_ETHNICITY  # sources up to here are the same in all rows of a record


class Books(NamedTuple):
    """Everything kernels read by: fixed tables and what was learnt."""

    names: NameTables
    latin: LatinTables
    learnt_names: NameBook
    words: Table
    addresses: AddressBook


# Columns of Work.line, one record's values. By source up to ONCE; for given and family name their slots in the side buffer.
FLAGS = ONCE + 1
COUNTS = FLAGS + 1  # of values in use: national identifiers, other ones, phones, addresses
NATIONAL, OTHER_ID, PHONE, ADDRESS = range(4)
NUMBERS = COUNTS + 4  # codes: three kinds × MOST_NUMBERS
MOST_NUMBERS = max(at.MOST_IDENTIFIERS, at.MOST_PHONES)
PLACES = NUMBERS + 3 * MOST_NUMBERS  # of the first address: code of its text, division
LINE_CELLS = PLACES + 2
VALUE, SLOT = 0, 1  # of a place's feature


class Work(NamedTuple):
    """Working memory; one thread at a time.

    line       int64[LINE_CELLS]
    documents  int64[n + 1, 5]    see documents.py; the last line is the guardian's
    points     uint32[m]          code points of a text as received
    text       uint32[m]          … in comparison form
    bytes      uint8[k]
    letters    Letters            for texts of ASCII letters
    places     int64[MOST_ADDRESSES, MOST_FEATURES, 2]   value and slot of each feature, by address
    """

    line: npt.NDArray[np.int64]
    documents: npt.NDArray[np.int64]
    points: Points
    text: Points
    bytes: Bytes
    letters: Letters
    places: npt.NDArray[np.int64]

    def __repr__(self) -> str:
        return "Work(…)"


class Rows(NamedTuple):
    """Where rows go.

    rows    int64[R, width]   as Encoded.rows
    slots   int32[R, F]
    spans   int64[Q, 3]       first row, number of rows, and what became of each record: READ, IRREGULAR, or what is unknown
    """

    rows: npt.NDArray[np.int64]
    slots: npt.NDArray[np.int32]
    spans: npt.NDArray[np.int64]

    def __repr__(self) -> str:
        return "Rows(…)"


STATE = 2  # column of Rows.spans


def new_work() -> Work:
    points = np.zeros((2, 2 * MOST_CHARACTERS + 64), np.uint32)
    documents = np.zeros((at.MOST_IDENTIFIERS + 1, DOCUMENT_CELLS), np.int64)
    places = np.zeros((at.MOST_ADDRESSES, MOST_FEATURES, 2), np.int64)
    form = np.zeros(3 * LONGEST + 64, np.uint8)
    return Work(np.zeros(LINE_CELLS, np.int64), documents, points[0], points[1], form, new_letters(), places)


@leaf
def span(cells: npt.NDArray[np.int32], column: int) -> tuple[int, int]:
    return wide(cells[column]), wide(cells[column + 1])
