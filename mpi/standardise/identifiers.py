"""Identity documents and numbers → one normal form per kind, and what a resident identity number says of birth and sex."""

from __future__ import annotations

import re

from mpi.records import Identifier, IdentifierType, Private, Sex, StandardIdentifier
from mpi.standardise.characters import capitals_and_digits, clean
from mpi.standardise.dates import days_in
from mpi.standardise.placeholders import is_placeholder_number, is_placeholder_word

_EIGHTEEN = re.compile(r"[0-9]{17}[0-9X]")
_FIFTEEN = re.compile(r"[0-9]{15}")
_PASSPORT = re.compile(r"[A-Z]{1,2}[0-9]{7,8}")
_HK_MACAO = re.compile(r"([HM][0-9]{8})(?:[0-9]{2})?")
_TAIWAN = re.compile(r"([0-9]{8})(?:[0-9]{2}[A-Z]?)?")
_YEARS = range(1850, 2101)
# First two digits by GB/T 2260: provinces, Taiwan, Hong Kong and Macao (81 to 83 on residence permits), foreigners (9x).
_PLACE = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|9[1-9]")
_CENTENARIAN_ORDER = ("996", "997", "998", "999")  # order codes the 15-digit form kept for people born before 1900


class IdentifierReading(Private, frozen=True, gc=False):
    """``identifier`` None: the value is missing. ``birth_date`` and ``sex`` come from valid resident numbers only."""

    identifier: StandardIdentifier | None = None
    placeholder: bool = False
    birth_date: int = 0
    sex: Sex = Sex.UNKNOWN
    unchecked: bool = False  # valid as far as can be seen, but without a check character of its own: 15 digits


def check_character(seventeen: str) -> str:
    """Check character of GB 11643 (ISO 7064 mod 11-2) for 17 digits.

    ``stdnum.cn.ric`` computes it the same way; its ``validate`` also demands that the division existed in the birth year and
    so rejects real numbers.
    """
    value = (1 - 2 * int(seventeen, 13)) % 11
    return "X" if value == 10 else str(value)


def read_identifier(kind: IdentifierType, value: str, issuer: str = "") -> IdentifierReading:
    """Standard form of one document.

    RESIDENT_ID is always 18 characters: the 15-digit form gets its century and check character. ``valid`` means that every
    check the number carries passes: check character and date inside (the 15-digit form has only the date). A resident number
    entered under another kind is recognised; what is entered as one and cannot be one becomes the document it looks like.
    """
    form = capitals_and_digits(value)
    if not form or is_placeholder_number(form) or (form.isalpha() and is_placeholder_word(value)):
        return IdentifierReading(placeholder=bool(clean(value)))
    if kind is not IdentifierType.NATIONAL_OTHER and (resident := _resident_number(kind, form)):
        return resident
    kind, form, valid = _other_document(kind, form)
    return IdentifierReading(StandardIdentifier(type=kind, value=form, issuer=_issuer(issuer), valid=valid))


def _resident_number(kind: IdentifierType, form: str) -> IdentifierReading | None:
    """The reading as a resident number; None where it is none.

    Under another kind it needs a possible place and date, and a check that passes unless the kind is OTHER.
    """
    declared = kind is IdentifierType.RESIDENT_ID
    if _EIGHTEEN.fullmatch(form):
        eighteen = form
    elif _FIFTEEN.fullmatch(form) and kind in (IdentifierType.RESIDENT_ID, IdentifierType.OTHER):
        eighteen = _from_fifteen(form)
    else:
        return None
    date = _date_inside(eighteen)
    passes = eighteen[17] == check_character(eighteen[:17])
    if not declared:
        plausible = date > 0 and _PLACE.match(eighteen) is not None
        if not (plausible and (passes or kind is IdentifierType.OTHER)):
            return None
    valid = passes and date > 0
    identifier = StandardIdentifier(type=IdentifierType.RESIDENT_ID, value=eighteen, valid=valid)
    if not valid:
        return IdentifierReading(identifier)
    sex = Sex.MALE if eighteen[16] in "13579" else Sex.FEMALE
    return IdentifierReading(identifier, birth_date=date, sex=sex, unchecked=len(form) < len(eighteen))


def _from_fifteen(form: str) -> str:
    century = "18" if form[12:] in _CENTENARIAN_ORDER else "19"
    seventeen = form[:6] + century + form[6:]
    return seventeen + check_character(seventeen)


def _date_inside(eighteen: str) -> int:
    date = int(eighteen[6:14])
    year, month, day = date // 10_000, date // 100 % 100, date % 100
    return date if year in _YEARS and 1 <= month <= 12 and 1 <= day <= days_in(year, month) else 0


def _other_document(kind: IdentifierType, form: str) -> tuple[IdentifierType, str, bool | None]:
    valid: bool | None = None
    if kind is IdentifierType.RESIDENT_ID:
        kind, valid = _looks_like(form)
    if kind is IdentifierType.HK_MACAO_PERMIT and (match := _HK_MACAO.fullmatch(form)):
        form = match[1]  # the last two digits count renewals of the same person's permit
    elif kind is IdentifierType.TAIWAN_PERMIT and (match := _TAIWAN.fullmatch(form)):
        form = match[1]
    return kind, form, valid


def _looks_like(form: str) -> tuple[IdentifierType, bool | None]:
    if _HK_MACAO.fullmatch(form):
        return IdentifierType.HK_MACAO_PERMIT, None
    if _PASSPORT.fullmatch(form):
        return IdentifierType.PASSPORT, None
    return IdentifierType.OTHER, False


def _issuer(issuer: str) -> str:
    return clean(issuer).casefold() if issuer else ""


def read_document(identifier: Identifier) -> IdentifierReading:
    kind = identifier.type
    if type(kind) is not IdentifierType:  # a plain number
        kind = IdentifierType(kind)
    return read_identifier(kind, identifier.value, identifier.issuer)
