"""Agreement levels of values that are integers through and through: dates, categories, phones, numbers, identifiers.

Every leaf takes two codes (int64, 0 missing), is symmetric, and returns an index into ``LEVELS`` of its kind.
"""

from __future__ import annotations

from mpi.linkage.jit import leaf
from mpi.linkage.levels import DERIVED_BIT
from mpi.linkage.values import (
    BASE,
    IDENTIFIER_HASHED,
    ISSUED_MASK,
    ISSUER_MASK,
    ISSUER_SHIFT,
    NUMBER_HASHED,
    RESIDENT_LIMIT,
    identifier_kind,
    identifier_value,
    issued_value,
    resident_check_ok,
)
from mpi.records import IdentifierType

RESIDENT = int(IdentifierType.RESIDENT_ID)
ISSUER_FREE_OTHER = int(IdentifierType.OTHER)
MEDICAL_INSURANCE = int(IdentifierType.MEDICAL_INSURANCE)
HEALTH_CARD = int(IdentifierType.HEALTH_CARD)

LONG = 6  # characters from which on two edits still say something
ENDING = 10_000_000  # a subscriber number's last seven digits
SEQUENCE_DISTANCE = 10  # resident numbers of one place and day this close in sequence are near


@leaf
def one_replaced(a: int, b: int, base: int) -> bool:
    """Whether two integers are at most one digit apart, or two neighbouring digits swapped, in ``base``."""
    while a != b and a % base == b % base:
        a //= base
        b //= base
    if a // base == b // base:
        return True
    square = base * base
    return a // square == b // square and a % base == b // base % base and b % base == a // base % base


@leaf
def differing_digits(a: int, b: int) -> int:
    """Number of decimal places at which two integers differ."""
    count = 0
    while a != b:
        if a % 10 != b % 10:
            count += 1
        a //= 10
        b //= 10
    return count


@leaf
def date_level(a: int, b: int) -> int:
    """Level of two dates (yyyymmdd; month or day 0 where unknown; ``DERIVED_BIT`` counts as missing)."""
    if a == 0 or b == 0 or (a | b) & DERIVED_BIT != 0:
        return 0
    if a % 100 == 0 or b % 100 == 0 or a % 10000 < 100 or b % 10000 < 100 or min(a, b) < 10000:
        return _partial_date_level(a, b)
    if a == b:
        return 1
    year_a, month_a, day_a = a // 10000, a // 100 % 100, a % 100
    year_b, month_b, day_b = b // 10000, b // 100 % 100, b % 100
    if year_a == year_b and month_a == day_b and day_a == month_b:
        return 2
    if one_replaced(a, b, 10):
        return 3
    if year_a == year_b and month_a == month_b:
        return 4
    if abs(year_a - year_b) == 1 and month_a == month_b and day_a == day_b:
        return 4
    return 6


@leaf
def _partial_date_level(a: int, b: int) -> int:
    """Two dates at least one of which is partial: what both know must agree. Nothing known in common is missing."""
    compared = 0
    for unit, size in ((1, 100), (100, 100), (10000, 10000)):
        part_a, part_b = a // unit % size, b // unit % size
        if part_a != 0 and part_b != 0:
            if part_a != part_b:
                return 6
            compared += 1
    return 5 if compared > 0 else 0


@leaf
def category_level(a: int, b: int) -> int:
    """Level of two categories (``DERIVED_BIT`` counts as missing)."""
    if a == 0 or b == 0 or (a | b) & DERIVED_BIT != 0:
        return 0
    return 1 if a == b else 2


@leaf
def one_edit(a: int, b: int, base: int) -> bool:
    """As ``one_replaced`` for packed texts, and one character missing or added. A lone character shares nothing."""
    if a < 1 or b < 1 or max(a, b) <= base:
        return False
    while a > 0 and b > 0 and (a - b) % base == 0:
        a = (a - 1) // base
        b = (b - 1) // base
    rest_a, rest_b = (a - 1) // base, (b - 1) // base
    if a == 0 or b == 0:
        return max(a, b) <= base
    if rest_a in (rest_b, b) or rest_b == a:
        return True
    if rest_a == 0 or rest_b == 0:
        return False
    crossed = (a - rest_b) % base == 0 and (b - rest_a) % base == 0
    return crossed and (rest_a - 1) // base == (rest_b - 1) // base


@leaf
def two_edits(a: int, b: int, base: int) -> bool:
    """Whether two packed texts of at least LONG characters are at most two edits apart (replaced, missing, added, swapped).

    What is equal at the end is kept; the first edit then is at the place where they part, so four cases decide.
    """
    if min(a, b) < base ** (LONG - 1):
        return False
    while a > 0 and b > 0 and (a - b) % base == 0:
        a = (a - 1) // base
        b = (b - 1) // base
    if a == 0 or b == 0:
        return max(a, b) <= base * base + base
    rest_a, rest_b = (a - 1) // base, (b - 1) // base
    if _rest_within_one(rest_a, rest_b, base) or _rest_within_one(rest_a, b, base) or _rest_within_one(a, rest_b, base):
        return True
    if rest_a == 0 or rest_b == 0:
        return False
    crossed = (a - rest_b) % base == 0 and (b - rest_a) % base == 0
    return crossed and _rest_within_one((rest_a - 1) // base, (rest_b - 1) // base, base)


@leaf
def _rest_within_one(a: int, b: int, base: int) -> bool:
    """Whether what is left of two packed texts is at most one edit apart; nothing against one character is."""
    return a == b or max(a, b) <= base or one_edit(a, b, base)


@leaf
def number_level(a: int, b: int) -> int:
    """Level of two short strings (codes of ``number_code``). Hashed ones have no level between exact and different."""
    if a == 0 or b == 0:
        return 0
    if a == b:
        return 1
    if a >= NUMBER_HASHED or b >= NUMBER_HASHED:
        return 3
    return 2 if one_edit(a, b, BASE) else 3


@leaf
def phone_level(a: int, b: int) -> int:
    """Level of two telephone numbers (national significant digits as an integer)."""
    if a == 0 or b == 0:
        return 0
    if a == b:
        return 1
    if one_replaced(a, b, 10):
        return 2
    if a % ENDING == b % ENDING and min(a, b) >= ENDING // 10:
        return 3
    return 4


@leaf
def identifier_level(a: int, b: int) -> int:
    """Level of two identifiers (codes of ``identifier_code``). Different types, or issuers, cannot be compared: missing."""
    if a == 0 or b == 0 or identifier_kind(a) != identifier_kind(b):
        return 0
    if a == b:
        return 1
    if identifier_kind(a) == RESIDENT:
        return _resident_level(a, b)
    return _other_identifier_level(identifier_kind(a), identifier_value(a), identifier_value(b))


@leaf
def _resident_level(a: int, b: int) -> int:
    """Two different resident numbers: a slip where a check fails; near where both pass; hashes are just different.

    One wrong or two swapped characters always break a check (MOD 11-2 detects both), so two valid numbers are near when at
    most two characters differ, or when place and birth date are the same and the sequence numbers are less than ten apart.
    """
    value_a, value_b = identifier_value(a), identifier_value(b)
    if value_a >= RESIDENT_LIMIT or value_b >= RESIDENT_LIMIT:
        return 5
    if resident_check_ok(a) and resident_check_ok(b):
        return 3 if _resident_near(value_a, value_b) else 5
    digits_a, digits_b = value_a // 11, value_b // 11
    if digits_a == digits_b:
        return 2
    if value_a % 11 == value_b % 11:
        return 2 if one_replaced(digits_a, digits_b, 10) else 5
    swapped_check = digits_a // 10 == digits_b // 10 and digits_a % 10 == value_b % 11 and digits_b % 10 == value_a % 11
    return 2 if swapped_check else 5


@leaf
def _resident_near(value_a: int, value_b: int) -> bool:
    digits_a, digits_b = value_a // 11, value_b // 11
    if digits_a // 1000 == digits_b // 1000 and abs(digits_a - digits_b) < SEQUENCE_DISTANCE:
        return True
    checks_differ = 0 if value_a % 11 == value_b % 11 else 1
    return differing_digits(digits_a, digits_b) + checks_differ <= 2


@leaf
def _other_identifier_level(kind: int, value_a: int, value_b: int) -> int:
    """Two different codes of a type without check digit."""
    hashed_a, hashed_b = value_a & IDENTIFIER_HASHED != 0, value_b & IDENTIFIER_HASHED != 0
    if not hashed_a and not hashed_b:
        if one_edit(value_a, value_b, BASE):
            return 2
        return 4 if two_edits(value_a, value_b, BASE) else 5
    if kind not in (ISSUER_FREE_OTHER, MEDICAL_INSURANCE, HEALTH_CARD):
        return 5
    issuer_a = (value_a >> ISSUER_SHIFT) & ISSUER_MASK if hashed_a else 0
    issuer_b = (value_b >> ISSUER_SHIFT) & ISSUER_MASK if hashed_b else 0
    if issuer_a == issuer_b:
        return 5
    if issuer_a != 0 and issuer_b != 0:
        return 0
    rest_a = value_a & ISSUED_MASK if hashed_a else issued_value(value_a)
    rest_b = value_b & ISSUED_MASK if hashed_b else issued_value(value_b)
    return 1 if rest_a == rest_b else 0
