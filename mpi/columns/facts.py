"""What resident numbers say in kernels: whose they are, birth date and sex to fill in, contradictions.

The same as ``standardise.numbers.number_facts`` for records whose birth date is whole or missing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mpi.columns.days import days_since_1970
from mpi.columns.documents import BIRTH, CODE, PLACEHOLDER, SEX, UNCHECKED, VALID
from mpi.columns.jit import inner, leaf, wide
from mpi.records import RecordFlag

GUARDIAN_YEARS, CHILD_YEARS, NEWBORN_DAYS = 12, 18, 28  # as in standardise.numbers and standardise.record

NEWBORN = int(RecordFlag.NEWBORN)
GUARDIAN_NUMBER = int(RecordFlag.GUARDIAN_NUMBER)
_PLACEHOLDER, _INVALID = int(RecordFlag.PLACEHOLDER_IDENTIFIER), int(RecordFlag.INVALID_IDENTIFIER)
_OTHER_BIRTH, _OTHER_SEX = int(RecordFlag.NUMBER_CONTRADICTS_BIRTH_DATE), int(RecordFlag.NUMBER_CONTRADICTS_SEX)
_NO_CHECK_DIGIT = int(RecordFlag.NO_CHECK_DIGIT)

Cells = npt.NDArray[np.int64]


@leaf
def born_just_before(birth: int, recorded: int) -> bool:
    """Born within 28 days before recording; whole dates, 0 for a missing one."""
    if birth == 0 or recorded == 0 or not 0 <= recorded // 10_000 - birth // 10_000 <= 1:
        return False
    return 0 <= days_since_1970(recorded) - days_since_1970(birth) <= NEWBORN_DAYS


@leaf
def _is_parents(bearer: int, birth: int, recorded: int, child: bool) -> bool:
    """The bearer of a number is a generation older than the patient, who is a child."""
    if bearer == 0:
        return False
    if birth == 0:  # the day of recording stands for the birth
        return bool(child and recorded != 0 and recorded // 10_000 - bearer // 10_000 > GUARDIAN_YEARS)
    young = child or (recorded != 0 and recorded // 10_000 - birth // 10_000 < CHILD_YEARS)
    return bool(young and birth // 10_000 - bearer // 10_000 > GUARDIAN_YEARS)


@inner
def number_facts(
    documents: Cells, days: tuple[int, int], sex: int, guardian: tuple[bool, int], newborn: bool
) -> tuple[int, int, int]:
    """(birth date, sex, flags) told by the documents (their used lines only).

    ``days``: birth date and day of recording; ``guardian``: whether one is named, and the code of the guardian's own number.
    """
    birth, recorded = days
    flags, own, checked = 0, -1, False
    for n in range(len(documents)):
        document = documents[n]
        if document[PLACEHOLDER]:
            flags |= _PLACEHOLDER
        if document[CODE] == 0:
            continue
        if document[VALID] == 0:
            flags |= _INVALID
        if document[BIRTH] != 0 and document[BIRTH] == birth and not newborn:
            guardians = False  # the bearer is as old as the patient
        elif guardian[1] != 0 and guardian[1] == document[CODE]:
            guardians = True
        else:
            guardians = _is_parents(document[BIRTH], birth, recorded, newborn or guardian[0])
        if guardians:
            flags |= GUARDIAN_NUMBER
        elif document[BIRTH]:
            checked = checked or document[VALID] != UNCHECKED
            own = n if own < 0 else own
    if own < 0:
        return wide(0), wide(0), wide(flags)
    if not checked:
        flags |= _NO_CHECK_DIGIT
    if birth and documents[own, BIRTH] != birth:
        flags |= _OTHER_BIRTH
    if sex != documents[own, SEX] and (sex == 1 or sex == 2):
        flags |= _OTHER_SEX
    return wide(documents[own, BIRTH]), wide(documents[own, SEX]), wide(flags)
