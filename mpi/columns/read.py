"""Raw → rows in kernels: what ``standardise`` and ``Encoder`` make of a record, for the records that kernels can read.

    names ┐
    documents, facts ├─▶ Line (one record's values) ─▶ rows
    phones, addresses ┘

A record comes out READ, IRREGULAR (left to the ordinary way), or with bits that say which of its values must be learnt first.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mpi.columns import layout as at
from mpi.columns.characters import Bytes
from mpi.columns.documents import CODE, read_document
from mpi.columns.facts import GUARDIAN_NUMBER, NEWBORN, born_just_before, number_facts
from mpi.columns.jit import inner, kernel, leaf, unlocked, wide
from mpi.columns.layout import Raw
from mpi.columns.lessons import ETHNICITY_WORD, RELATIONSHIP_WORD, learnt, word_key
from mpi.columns.line import (
    ADDRESS,
    COUNTS,
    FLAGS,
    FROM_BIRTH_DATE,
    FROM_ETHNICITY,
    FROM_FAMILY,
    FROM_GIVEN,
    FROM_NATIONAL,
    FROM_PHONE,
    FROM_SEX,
    IRREGULAR,
    MOST_NUMBERS,
    NATIONAL,
    NUMBERS,
    ONCE,
    OTHER_ID,
    PHONE,
    READ,
    SLOT,
    STATE,
    UNKNOWN_ETHNICITY,
    UNKNOWN_RELATIONSHIP,
    VALUE,
    Books,
    Rows,
    Work,
    span,
)
from mpi.columns.phones import FILLER, read_phone
from mpi.columns.record_addresses import read_addresses
from mpi.columns.record_names import read_name
from mpi.columns.side import Side
from mpi.linkage.borrow import borrow
from mpi.linkage.comparison import DERIVED_BIT
from mpi.linkage.features import MULTIPLE_BIRTH_SHIFT
from mpi.linkage.hashtable import Table
from mpi.linkage.values import CODE as TEXT_CODE
from mpi.linkage.values import IDENTIFIER_MASK, KIND_SHIFT, LENGTH, category_code
from mpi.records import IdentifierType, RecordFlag
from mpi.standardise.tibetan import TIBETAN

_PLACEHOLDER_PHONE, _MULTIPLE_BIRTH = int(RecordFlag.PLACEHOLDER_PHONE), int(RecordFlag.MULTIPLE_BIRTH)
_TIBETAN = category_code(TIBETAN)
_RESIDENT, _TAIWAN, _NATIONAL_OTHER = (
    int(IdentifierType.RESIDENT_ID),
    int(IdentifierType.TAIWAN_PERMIT),
    int(IdentifierType.NATIONAL_OTHER),
)


@inner
def _guardian_code(words: Table, raw: Raw, q: int, work: Work) -> tuple[int, int]:
    """(state, code of the guardian's own number, 0 for none)."""
    cells = raw.cells[q]
    if cells[at.GUARDIAN] == 0 or cells[at.GUARDIAN_IDENTIFIERS] == 0:
        return READ, wide(0)
    relationship = span(cells, at.GUARDIAN_RELATIONSHIP)
    if relationship[1] > 0:
        oneself = learnt(words, word_key(raw.data, relationship[0], relationship[1], RELATIONSHIP_WORD))
        if oneself < 0:
            return UNKNOWN_RELATIONSHIP, wide(0)
        if oneself > 0:
            return READ, wide(0)
    document = work.documents[at.MOST_IDENTIFIERS]
    if not _document(raw, q, at.GUARDIAN_IDENTIFIER, document, work.bytes):
        return IRREGULAR, wide(0)
    return READ, wide(document[CODE])


@leaf
def _document(raw: Raw, q: int, column: int, document: npt.NDArray[np.int64], form: Bytes) -> bool:
    cells = raw.cells[q]
    if cells[column + 4] > 0:  # an issuer
        return False
    return read_document(raw.data, (wide(cells[column]), wide(cells[column + 1]), wide(cells[column + 2])), document, form)


@leaf
def _put_number(line: npt.NDArray[np.int64], kind: int, code: int) -> None:
    """Append a code to those of a kind unless it is there."""
    count, first = line[COUNTS + kind], NUMBERS + kind * MOST_NUMBERS
    for k in range(first, first + count):
        if line[k] == code:
            return
    line[first + count] = code
    line[COUNTS + kind] = count + 1


@inner
def _documents(words: Table, raw: Raw, q: int, days: tuple[int, int], work: Work) -> int:
    """Identifiers, and what they tell of birth date and sex."""
    cells, line, count = raw.cells[q], work.line, wide(raw.cells[q, at.IDENTIFIERS])
    for n in range(count):
        if not _document(raw, q, at.IDENTIFIER + n * at.IDENTIFIER_WIDTH, work.documents[n], work.bytes):
            return IRREGULAR
    state, guardians = _guardian_code(words, raw, q, work)
    sex, newborn = wide(cells[at.SEX]), line[FLAGS] & NEWBORN != 0
    guardian = (cells[at.GUARDIAN] == 1, guardians)
    told_birth, told_sex, flags = number_facts(work.documents[:count], days, sex, guardian, newborn)
    line[FLAGS] |= flags
    line[FROM_BIRTH_DATE] = days[0] if days[0] or not told_birth else told_birth | DERIVED_BIT
    line[FROM_SEX] = sex if sex or not told_sex else told_sex | DERIVED_BIT
    for n in range(count):
        code = work.documents[n, CODE]
        kind = code >> KIND_SHIFT
        national = _RESIDENT <= kind <= _TAIWAN or kind == _NATIONAL_OTHER
        if code & IDENTIFIER_MASK != 0 and not (kind == _RESIDENT and line[FLAGS] & GUARDIAN_NUMBER):
            _put_number(line, wide(NATIONAL if national else OTHER_ID), code)
    return state


@inner
def _phones(raw: Raw, q: int, work: Work) -> int:
    cells = raw.cells[q]
    for n in range(cells[at.PHONES]):
        offset, length = span(cells, at.PHONE + n * at.PHONE_WIDTH)
        number = read_phone(raw.data, offset, length, work.bytes)
        if number < 0:
            return IRREGULAR
        if number == FILLER:
            work.line[FLAGS] |= _PLACEHOLDER_PHONE
        else:
            _put_number(work.line, wide(PHONE), number)
    return READ


@inner
def _ethnicity(words: Table, raw: Raw, q: int, line: npt.NDArray[np.int64]) -> int:
    offset, length = span(raw.cells[q], at.ETHNICITY)
    line[FROM_ETHNICITY] = 0
    if length == 0:
        return READ
    key = word_key(raw.data, offset, length, ETHNICITY_WORD)
    if key == 0:
        return IRREGULAR
    code = learnt(words, key)
    line[FROM_ETHNICITY] = max(code, 0)
    return READ if code >= 0 else UNKNOWN_ETHNICITY


@leaf
def _has_two_readings(side: Side, line: npt.NDArray[np.int64]) -> bool:
    """Whether a Tibetan's name has one character for each part: ``with_whole_names`` makes two of it."""
    family, given = line[FROM_FAMILY], line[FROM_GIVEN]
    if line[FROM_ETHNICITY] != _TIBETAN or family == 0 or given == 0:
        return False
    return bool(side.cells[family, LENGTH] == 1 and side.cells[given, LENGTH] == 1)


@leaf
def _number_at(line: npt.NDArray[np.int64], kind: int, n: int) -> int:
    """Code n of a kind, or the first one where there are fewer; 0 where there is none."""
    count = line[COUNTS + kind]
    return wide(line[NUMBERS + kind * MOST_NUMBERS + (n if n < count else 0)]) if count else wide(0)


@leaf
def _place_at(work: Work, f: int, n: int) -> tuple[int, int]:
    """Value and slot of a feature of address n, or of the first one where there are fewer or n has none."""
    count = work.line[COUNTS + ADDRESS]
    if count == 0:
        return wide(0), wide(0)
    place = work.places[n if n < count and work.places[n, f, VALUE] != 0 else 0, f]
    return place[VALUE], place[SLOT]


@inner
def _write_rows(plan: npt.NDArray[np.int64], side: Side, work: Work, multiple: int, out: Rows) -> int:
    """The record's rows; a row that runs out of values of a kind repeats the first one. Returns how many."""
    line, count = work.line, wide(1)
    for kind in range(COUNTS, COUNTS + 4):
        count = max(count, line[kind])
    first = side.used[2]
    for n in range(count):
        row, slots = out.rows[first + n], out.slots[first + n]
        row[:], slots[:] = 0, 0
        for f in range(len(plan)):
            source = plan[f]
            if source <= FROM_FAMILY:
                slots[f], row[f] = line[source], side.cells[line[source], TEXT_CODE]
            elif source <= ONCE:
                row[f] = line[source]
            elif source <= FROM_PHONE:
                row[f] = _number_at(line, source - FROM_NATIONAL, n)
            else:
                row[f], slots[f] = _place_at(work, f, n)
        row[-1] = line[FLAGS] | min(multiple, 15) << MULTIPLE_BIRTH_SHIFT
    side.used[2] = first + count
    return count


@inner
def read_all(
    books: Books,
    plan: npt.NDArray[np.int64],
    raw: Raw,
    born: npt.NDArray[np.int32],
    recorded: npt.NDArray[np.int32],
    wanted: npt.NDArray[np.int64],
    side: Side,
    work: Work,
    out: Rows,
) -> None:
    """Read the ``wanted`` records (int64[n], positions in ``raw``) in order.

    ``born`` and ``recorded`` int32[Q] are the days that ``check`` has read, ``plan`` int64[F] is each feature's source.
    ``side`` must have room for as many more slots a record as the plan can fill, ``out`` for MOST_ROWS more rows. Only
    regular records may be asked for.
    """
    line = work.line
    for n in range(len(wanted)):
        q, slots, characters = wanted[n], side.used[0], side.used[1]
        days = (wide(born[q]), wide(recorded[q]))
        line[FLAGS : COUNTS + 4] = 0
        if born_just_before(days[0], days[1]):
            line[FLAGS] |= NEWBORN
        if raw.cells[q, at.MULTIPLE_BIRTH_ORDER] > 0:
            line[FLAGS] |= _MULTIPLE_BIRTH
        state = read_name(books, side, raw, q, work) | _ethnicity(books.words, raw, q, line) | _phones(raw, q, work)
        state |= _documents(books.words, raw, q, days, work)
        if state == READ and _has_two_readings(side, line):
            state = wide(IRREGULAR)
        if state & IRREGULAR == 0:
            state |= read_addresses(books, plan, side, raw, q, work)
        span_of = out.spans[q]
        span_of[0], span_of[1], span_of[STATE] = side.used[2], 0, state
        if state == READ:
            span_of[1] = _write_rows(plan, side, work, wide(raw.cells[q, at.MULTIPLE_BIRTH_ORDER]), out)
        else:
            side.used[0], side.used[1] = slots, characters


@kernel
def read_records(
    books: Books,
    plan: npt.NDArray[np.int64],
    raw: Raw,
    born: npt.NDArray[np.int32],
    recorded: npt.NDArray[np.int32],
    wanted: npt.NDArray[np.int64],
    side: Side,
    work: Work,
    out: Rows,
) -> None:
    """``read_all``."""
    books, plan, raw, born, recorded = borrow(books), borrow(plan), borrow(raw), borrow(born), borrow(recorded)
    read_all(books, plan, raw, born, recorded, borrow(wanted), borrow(side), borrow(work), borrow(out))


@unlocked
def read_unlocked(
    books: Books,
    plan: npt.NDArray[np.int64],
    raw: Raw,
    born: npt.NDArray[np.int32],
    recorded: npt.NDArray[np.int32],
    wanted: npt.NDArray[np.int64],
    side: Side,
    work: Work,
    out: Rows,
) -> None:
    """``read_all``."""
    books, plan, raw, born, recorded = borrow(books), borrow(plan), borrow(raw), borrow(born), borrow(recorded)
    read_all(books, plan, raw, born, recorded, borrow(wanted), borrow(side), borrow(work), borrow(out))
