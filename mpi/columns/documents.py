"""Identity documents in kernels: what ``standardise.identifiers`` and ``values.identifier_code`` make of the plain ones.

Plain is a number of ASCII or full-width letters and digits without an issuer; a resident number must be entered as one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mpi.columns.characters import Bytes
from mpi.columns.days import days_in
from mpi.columns.hashing import xxh3
from mpi.columns.jit import inner, leaf, wide
from mpi.linkage.values import (
    BASE,
    IDENTIFIER_HASHED,
    ISSUED_MASK,
    KIND_SHIFT,
    PACKED_LENGTH,
)
from mpi.records import IdentifierType

LONGEST = 60  # bytes of a plain number as written
RESIDENT, PASSPORT, HK_MACAO, TAIWAN = (
    int(IdentifierType.RESIDENT_ID),
    int(IdentifierType.PASSPORT),
    int(IdentifierType.HK_MACAO_PERMIT),
    int(IdentifierType.TAIWAN_PERMIT),
)
_OTHER, _NATIONAL_OTHER = int(IdentifierType.OTHER), int(IdentifierType.NATIONAL_OTHER)
_MEDICAL, _CARD = int(IdentifierType.MEDICAL_INSURANCE), int(IdentifierType.HEALTH_CARD)
_RUN = 20  # 01234567890123456789
_FIRST_YEAR, _LAST_YEAR = 1850, 2100

# columns of a document: code (0: missing), valid (1, 0, NO_CHECK, UNCHECKED), placeholder, birth date and sex of a valid
# resident number
CODE, VALID, PLACEHOLDER, BIRTH, SEX = range(5)
NO_CHECK = -1  # VALID where the kind has no check
UNCHECKED = 2  # VALID of a resident number of 15 digits, as far as can be seen
DOCUMENT_CELLS = 5


@leaf
def full_width(data: Bytes, at: int, end: int) -> int:
    """The ASCII letter or digit that the three bytes at ``at`` are the full-width form of, or 0."""
    if at + 3 > end or data[at] != 0xEF:
        return 0
    if data[at + 1] == 0xBC and (0x90 <= data[at + 2] <= 0x99 or 0xA1 <= data[at + 2] <= 0xBA):
        return wide(data[at + 2]) - 0x60
    if data[at + 1] == 0xBD and 0x81 <= data[at + 2] <= 0x9A:
        return wide(data[at + 2]) - 0x20
    return 0


@inner
def _normal_form(data: Bytes, offset: int, length: int, form: Bytes) -> int:
    """ASCII letters and digits in upper case, full-width ones too, other ASCII left out; −1 where there is anything else."""
    at, end, count = offset, offset + length, 0
    while at < end:
        character = wide(data[at])
        if character >= 0x80:
            character = full_width(data, at, end)
            if character == 0:
                return -1
            at += 3
        else:
            at += 1
        if 97 <= character <= 122:
            character -= 32
        if 48 <= character <= 57 or 65 <= character <= 90:
            form[count] = character
            count += 1
    return count


@leaf
def _is_digit(character: int) -> bool:
    return 48 <= character <= 57


@leaf
def digits_from(form: Bytes, start: int, length: int) -> bool:
    """Whether ``length`` characters from ``start`` on are digits."""
    for k in range(start, start + length):
        if not _is_digit(form[k]):
            return False
    return True


@inner
def is_filler(form: Bytes, length: int) -> bool:
    """``placeholders.is_placeholder_number``: zeros alone, or six and more equal characters or digits in a run."""
    same = up = down = True
    for k in range(1, length):
        same = same and form[k] == form[0]
        step = (wide(form[k]) - wide(form[k - 1])) % 10
        up = up and step == 1
        down = down and step == 9
    if same and form[0] == 48:
        return True
    if length < 6:
        return False
    runs = digits_from(form, 0, length)
    first = wide(form[0]) - 48
    return same or (runs and up and first + length <= _RUN) or (runs and down and 9 - first + length <= _RUN)


@leaf
def _number(form: Bytes, start: int, length: int) -> int:
    value = wide(0)
    for k in range(start, start + length):
        value = value * 10 + (wide(form[k]) - 48)
    return value


@leaf
def _check_value(form: Bytes) -> int:
    """Check of GB 11643 for 17 digits: 0 to 10."""
    value = wide(0)
    for k in range(17):
        value = (value * 2 + (wide(form[k]) - 48)) % 11
    return wide((1 - 2 * value) % 11)


@inner
def _resident(form: Bytes, length: int, cells: npt.NDArray[np.int64]) -> None:
    """A resident number of 18 characters, or of 15 digits, into ``cells``."""
    if length == 15:
        # Order codes 996 to 999 were kept for people born before 1900.
        eighteenth = form[12] == 57 and form[13] == 57 and form[14] >= 54
        for k in range(8, -1, -1):
            form[8 + k] = form[6 + k]
        form[6], form[7] = 49, 56 if eighteenth else 57
        check = _check_value(form)
    else:
        check = wide(10) if form[17] == 88 else wide(form[17]) - 48
    birth = _number(form, 6, 8)
    year, month, day = birth // 10_000, birth // 100 % 100, birth % 100
    real = _FIRST_YEAR <= year <= _LAST_YEAR and 1 <= month <= 12 and 1 <= day <= days_in(year, month)
    valid = real and check == _check_value(form)
    cells[CODE] = wide(RESIDENT) << KIND_SHIFT | _number(form, 0, 17) * 11 + check
    cells[VALID] = 0
    if valid:
        cells[VALID] = UNCHECKED if length == 15 else 1
        cells[BIRTH], cells[SEX] = birth, 1 if form[16] & 1 else 2


@leaf
def _has_permit_form(form: Bytes, length: int) -> bool:
    """H or M and eight digits, perhaps with two for renewals."""
    return (length == 9 or length == 11) and (form[0] == 72 or form[0] == 77) and digits_from(form, 1, length - 1)


@leaf
def _has_passport_form(form: Bytes, length: int) -> bool:
    letters = 1 if length > 1 and _is_digit(form[1]) else 2
    return (
        (length == letters + 7 or length == letters + 8)
        and not _is_digit(form[0])
        and not (letters == 2 and _is_digit(form[1]))
        and digits_from(form, letters, length - letters)
    )


@leaf
def _has_taiwan_form(form: Bytes, length: int) -> bool:
    if length == 8 or length == 10:
        return digits_from(form, 0, length)
    return length == 11 and digits_from(form, 0, 10) and not _is_digit(form[10])


@inner
def _other_code(kind: int, form: Bytes, length: int) -> int:
    """Code of a number without issuer that is no resident number."""
    if length <= PACKED_LENGTH:
        part = wide(0)
        for k in range(length):
            digit = wide(form[k]) - 47 if _is_digit(form[k]) else wide(form[k]) - 54
            part = part * BASE + digit
    elif kind == _OTHER or kind == _MEDICAL or kind == _CARD:
        part = IDENTIFIER_HASHED | wide(xxh3(form, wide(0), length)) & ISSUED_MASK
    else:
        part = IDENTIFIER_HASHED | wide(xxh3(form, wide(0), length) >> np.uint64(5))
    return wide(kind) << KIND_SHIFT | part


@inner
def read_document(data: Bytes, columns: tuple[int, int, int], cells: npt.NDArray[np.int64], form: Bytes) -> bool:
    """Read a document, (type, offset, length), into ``cells``; False where it needs the ordinary way."""
    kind, offset, length = columns
    cells[:] = 0
    cells[VALID] = NO_CHECK
    if length == 0:
        return True
    if length > LONGEST:
        return False
    length = _normal_form(data, offset, length, form)
    if length <= 0:
        return False
    if is_filler(form, length):
        cells[PLACEHOLDER] = 1
        return True
    letters = 0
    for k in range(length):
        letters += not _is_digit(form[k])
    if letters == length:  # perhaps a word
        return False
    if kind != _NATIONAL_OTHER:
        eighteen = length == 18 and digits_from(form, 0, 17) and (_is_digit(form[17]) or form[17] == 88)
        fifteen = length == 15 and letters == 0
        if kind == RESIDENT and (eighteen or fifteen):
            _resident(form, length, cells)
            return True
        if eighteen or (fifteen and kind == _OTHER):
            return False
    if kind == RESIDENT:
        if _has_permit_form(form, length):
            kind = HK_MACAO
        elif _has_passport_form(form, length):
            kind = PASSPORT
        else:
            kind = _OTHER
            cells[VALID] = 0
    if kind == HK_MACAO and _has_permit_form(form, length):
        length = 9
    elif kind == TAIWAN and _has_taiwan_form(form, length):
        length = 8
    cells[CODE] = _other_code(kind, form, length)
    return True
