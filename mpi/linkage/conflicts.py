"""What speaks against a link: facts of the whole person held against the query.

Vetoes look at the person, not at the best record: a number, a sex or a birth date of any of its records counts. Otherwise
number A, a record without number, and number B become one person.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mpi.linkage.comparison import DERIVED_BIT, LEVELS, date_level, identifier_kind, resident_birth_date, resident_check_ok
from mpi.linkage.digits import one_replaced
from mpi.linkage.features import MULTIPLE_BIRTH_SHIFT, Encoded
from mpi.linkage.hotindex import GROUP_SIZE, RECORD_NEXT, HotIndex, group_in
from mpi.linkage.jit import inner, wide
from mpi.linkage.settings import BIRTH, NATIONAL, SEX, Settings
from mpi.linkage.values import identifier_value
from mpi.records import IdentifierType, RecordFlag

# flags of a candidate
DOCUMENT = 1  # a valid unique identifier agrees exactly
OTHER_NUMBER = 2  # the person holds a different valid unique identifier, and none that agrees
SEX_DIFFERS = 4
BIRTH_DIFFERS = 8
BIRTH_ORDER_DIFFERS = 16  # another child of the same multiple birth
DIED_BEFORE = 32  # the person died before this patient was born
NEWBORN = 64  # the person or the query is flagged as newborn
MULTIPLE_BIRTH = 128  # the person or the query is a twin, or more
LENT = 256  # the query's valid unique identifier is another person's
SAME_SCRIPT = 512  # some record of the person writes its name as the query does: both in pinyin only, or neither
NEIGHBOURS = 1024  # a resident number of the person differs from the query's, and holds the same place and birth date

RESIDENT = int(IdentifierType.RESIDENT_ID)
NEWBORN_FLAG, MULTIPLE_BIRTH_FLAG = int(RecordFlag.NEWBORN), int(RecordFlag.MULTIPLE_BIRTH)
ROMANISED_FLAG, NO_CHECK_DIGIT_FLAG = int(RecordFlag.ROMANISED_NAME), int(RecordFlag.NO_CHECK_DIGIT)
ORDERS = 1_000  # the last three digits before the check character: order of birth, and sex
DATE_DIFFERENT = len(LEVELS["date"]) - 1


@inner
def unique_valid(settings: Settings, code: int) -> bool:
    """Whether an identifier code is of a kind declared unique and its check digit passes."""
    if code == 0:
        return False
    kind = identifier_kind(code)
    if (settings.unique >> kind) & 1 == 0:
        return False
    return kind == RESIDENT and resident_check_ok(code)


@inner
def stated(value: int) -> bool:
    """Whether a date or sex was entered, not derived from a number."""
    return value != 0 and (value & DERIVED_BIT) == 0


@inner
def lent(settings: Settings, row: npt.NDArray[np.int64]) -> bool:
    """Whether a row's valid number holds another birth date than was entered with it, and not by a slip.

    Then it is somebody else's (a parent's, a spouse's): no fact of this patient, and no veto.
    """
    national, birth = settings.roles[NATIONAL], settings.roles[BIRTH]
    if national < 0 or birth < 0 or not unique_valid(settings, row[national]) or not stated(row[birth]):
        return False
    return wide(date_level(row[birth], resident_birth_date(row[national]))) == DATE_DIFFERENT


@inner
def borrowed(settings: Settings, theirs: npt.NDArray[np.int64], mine: npt.NDArray[np.int64]) -> bool:
    """Whether a stored row only borrowed the number that the query's row has as its own: then the two are not one patient."""
    return bool(lent(settings, theirs) and not lent(settings, mine))


@inner
def other_number(settings: Settings, theirs: npt.NDArray[np.int64], mine: npt.NDArray[np.int64]) -> bool:
    """Whether two rows with different valid numbers are of two people. A lent number says nothing. Nor does a slip where one
    of the two came as 15 digits, without the check digit that tells a slip from another person's number: if both patients
    gave one birth date, and the numbers do not differ in the order of birth, as neighbours' and twins' do."""
    if lent(settings, theirs) or lent(settings, mine):
        return False
    national, birth = settings.roles[NATIONAL], settings.roles[BIRTH]
    unchecked = (theirs[len(theirs) - 1] | mine[len(mine) - 1]) & NO_CHECK_DIGIT_FLAG
    if unchecked == 0 or birth < 0 or not stated(mine[birth]) or mine[birth] != theirs[birth]:
        return True
    a, b = identifier_value(theirs[national]) // 11, identifier_value(mine[national]) // 11  # without the check character
    return bool(a // ORDERS == b // ORDERS or not one_replaced(a, b, 10))


@inner
def neighbours(settings: Settings, theirs: npt.NDArray[np.int64], mine: npt.NDArray[np.int64]) -> bool:
    """Whether two rows hold different resident numbers of one place and birth date, valid or not."""
    national = settings.roles[NATIONAL]
    if national < 0 or theirs[national] == mine[national] or theirs[national] == 0 or mine[national] == 0:
        return False
    if identifier_kind(theirs[national]) != RESIDENT or identifier_kind(mine[national]) != RESIDENT:
        return False
    return bool(identifier_value(theirs[national]) // (11 * ORDERS) == identifier_value(mine[national]) // (11 * ORDERS))


@inner
def document_agrees(index: HotIndex, settings: Settings, encoded: Encoded, q: int, group: int) -> bool:
    """Whether a valid unique identifier of the query is also one of this record's, and not one that it borrowed."""
    column = settings.roles[NATIONAL]
    if column < 0 or settings.unique == 0:
        return False
    for r in range(encoded.starts[q], encoded.starts[q + 1]):
        code = encoded.rows[r, column]
        for row in range(group, group + index.row_cells[group, GROUP_SIZE]):
            theirs = index.rows[row]
            if code == theirs[column] and unique_valid(settings, code) and not borrowed(settings, theirs, encoded.rows[r]):
                return True
    return False


@inner
def person_conflicts(index: HotIndex, settings: Settings, encoded: Encoded, q: int, person: int, visible: int) -> int:
    """Flags of the conflicts between the query and everything the person's records say (first row of the query's group
    stands for its birth date, sex and flags; all rows for its numbers)."""
    first = encoded.starts[q]
    width = encoded.rows.shape[1]
    flags = 0
    same = np.zeros(3, np.int64)  # number, sex, birth date: seen agreeing
    other = np.zeros(3, np.int64)  # … seen different
    if encoded.rows[first, width - 1] & NEWBORN_FLAG:
        flags |= NEWBORN
    for r in range(first, encoded.starts[q + 1]):
        if lent(settings, encoded.rows[r]):
            flags |= LENT
    record = wide(index.first_record[person])
    while record > 0:
        group = group_in(index, record - 1, visible)
        record = wide(index.record_cells[record - 1, RECORD_NEXT])
        if group < 0:
            continue
        for row in range(group, group + index.row_cells[group, GROUP_SIZE]):
            _tally(index, settings, encoded, q, row, same, other)
            for r in range(encoded.starts[q], encoded.starts[q + 1]):
                if neighbours(settings, index.rows[row], encoded.rows[r]):
                    flags |= NEIGHBOURS
        flags |= header_flags(index.rows[group], encoded.rows[first], settings)
    for i, flag in enumerate((OTHER_NUMBER, SEX_DIFFERS, BIRTH_DIFFERS)):
        if other[i] > 0 and same[i] == 0:
            flags |= flag
    return flags


@inner
def _tally(
    index: HotIndex,
    settings: Settings,
    encoded: Encoded,
    q: int,
    row: int,
    same: npt.NDArray[np.int64],
    other: npt.NDArray[np.int64],
) -> None:
    """Count agreements and differences of one stored row with the query's rows. A lent number is no difference."""
    theirs, first = index.rows[row], encoded.starts[q]
    national, sex, birth = settings.roles[NATIONAL], settings.roles[SEX], settings.roles[BIRTH]
    if national >= 0 and unique_valid(settings, theirs[national]):
        for r in range(first, encoded.starts[q + 1]):
            mine = encoded.rows[r, national]
            if unique_valid(settings, mine):
                if mine == theirs[national]:
                    same[0] += not borrowed(settings, theirs, encoded.rows[r])
                elif other_number(settings, theirs, encoded.rows[r]):
                    other[0] += 1
    mine_row = encoded.rows[first]
    if sex >= 0 and stated(mine_row[sex]) and stated(theirs[sex]):
        if mine_row[sex] == theirs[sex]:
            same[1] += 1
        else:
            other[1] += 1
    if birth >= 0 and stated(mine_row[birth]) and stated(theirs[birth]):
        if date_level(mine_row[birth], theirs[birth]) != DATE_DIFFERENT:
            same[2] += 1
        else:
            other[2] += 1


@inner
def header_flags(theirs: npt.NDArray[np.int64], mine: npt.NDArray[np.int64], settings: Settings) -> int:
    """Conflicts by birth order and death, and what is flagged on either side or both."""
    width = len(mine)
    flags = 0
    if (theirs[width - 1] | mine[width - 1]) & MULTIPLE_BIRTH_FLAG:
        flags |= MULTIPLE_BIRTH
    if theirs[width - 1] & NEWBORN_FLAG:
        flags |= NEWBORN
    if (theirs[width - 1] ^ mine[width - 1]) & ROMANISED_FLAG == 0:
        flags |= SAME_SCRIPT
    my_order = (mine[width - 1] >> MULTIPLE_BIRTH_SHIFT) & 15
    their_order = (theirs[width - 1] >> MULTIPLE_BIRTH_SHIFT) & 15
    if my_order != 0 and their_order != 0 and my_order != their_order:
        flags |= BIRTH_ORDER_DIFFERS
    birth = settings.roles[BIRTH]
    if birth >= 0:
        my_birth, their_birth = mine[birth] & ~DERIVED_BIT, theirs[birth] & ~DERIVED_BIT
        my_death, their_death = mine[width - 2], theirs[width - 2]
        if (their_death > 0 and my_birth > their_death) or (my_death > 0 and their_birth > my_death):
            flags |= DIED_BEFORE
    return flags


@inner
def pair_flags(settings: Settings, theirs: npt.NDArray[np.int64], mine: npt.NDArray[np.int64]) -> int:
    """Conflicts between two records, given as the rows of the earlier (``theirs``) and of the later one, as
    ``person_conflicts`` finds them for a person of one record."""
    sex, birth, width = settings.roles[SEX], settings.roles[BIRTH], mine.shape[1]
    flags = header_flags(theirs[0], mine[0], settings) | _number_flags(settings, theirs, mine)
    if mine[0, width - 1] & NEWBORN_FLAG:
        flags |= NEWBORN
    if sex >= 0 and stated(mine[0, sex]) and stated(theirs[0, sex]) and mine[0, sex] != theirs[0, sex]:
        flags |= SEX_DIFFERS
    both = birth >= 0 and stated(mine[0, birth]) and stated(theirs[0, birth])
    if both and date_level(mine[0, birth], theirs[0, birth]) == DATE_DIFFERENT:
        flags |= BIRTH_DIFFERS
    return wide(flags)


@inner
def _number_flags(settings: Settings, theirs: npt.NDArray[np.int64], mine: npt.NDArray[np.int64]) -> int:
    """DOCUMENT, OTHER_NUMBER, LENT and NEIGHBOURS of two records."""
    national, flags, other = settings.roles[NATIONAL], wide(0), False
    if national < 0:
        return flags
    for r in range(len(mine)):
        if lent(settings, mine[r]):
            flags |= LENT
        for s in range(len(theirs)):
            if neighbours(settings, theirs[s], mine[r]):
                flags |= NEIGHBOURS
            if not unique_valid(settings, mine[r, national]) or not unique_valid(settings, theirs[s, national]):
                continue
            if mine[r, national] == theirs[s, national]:
                flags |= 0 if borrowed(settings, theirs[s], mine[r]) else DOCUMENT
            elif other_number(settings, theirs[s], mine[r]):
                other = True
    return flags | OTHER_NUMBER if other and flags & DOCUMENT == 0 else flags
