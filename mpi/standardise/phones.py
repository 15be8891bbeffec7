"""Telephone numbers → integers: national number where the country is China, else with the country code if one is written."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from mpi.records import Private
from mpi.standardise.characters import clean
from mpi.standardise.placeholders import is_filler_mobile, is_placeholder_phone, is_placeholder_word

_FEWEST_DIGITS, _MOST_DIGITS = 6, 15  # E.164 allows 15
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"0(?!0|86)\d{2,3}-?\d{7,8}", re.ASCII)  # with area code; 086 may be a country code
_CHINESE_PREFIX = re.compile(r"\A(?:00)?86(?=1[3-9]\d{9}$|0?[1-9]\d{8,10}$)")
_SEPARATED = re.compile(r"[/,;、|\\\n]|或者?|\bor\b", re.IGNORECASE)
_EXTENSION = re.compile(r"(?:转|转接|分机|ext\.?|extension|\bx)\s?\d{0,6}.*$|#\d{1,6}$", re.IGNORECASE)
_DASH_EXTENSION = re.compile(r"(\d{7,8})\s?-\s?\d{1,5}$")
_NOT_DIGITS = re.compile(r"\D+")
_CHINA = 86


class PhoneReading(Private, frozen=True, gc=False):
    numbers: tuple[int, ...] = ()
    placeholder: bool = False


def read_phone(text: str) -> PhoneReading:
    """All numbers in one field, in order, without repeats. Extensions are dropped; what has too few digits is no number."""
    if len(text) == 11 and text.isascii() and _MOBILE.fullmatch(text):  # the common case
        return PhoneReading(placeholder=True) if is_filler_mobile(text) else PhoneReading((int(text),))
    if _LANDLINE.fullmatch(text):
        digits = text.replace("-", "")[1:]
        return PhoneReading(placeholder=True) if is_placeholder_phone(digits) else PhoneReading((int(digits),))
    form = clean(text)
    if not form:
        return PhoneReading()
    found: dict[int, None] = {}
    placeholder = is_placeholder_word(form)
    for field in _SEPARATED.split(form):
        for part in _split_on_blanks(field):
            digits = _national_digits(part)
            if is_placeholder_phone(digits) and digits:
                placeholder = True
            elif _FEWEST_DIGITS <= len(digits) <= _MOST_DIGITS:
                found[int(digits)] = None
    found.pop(0, None)
    return PhoneReading(tuple(found), placeholder)


def _split_on_blanks(field: str) -> list[str]:
    """``138 1234 5678`` is one number; ``13812345678 13987654321`` and ``68812345 68812346`` are two."""
    words = field.split()
    if len(words) > 1 and all(len(_NOT_DIGITS.sub("", word)) >= 7 for word in words):
        return words
    digits = _NOT_DIGITS.sub("", field)
    if len(digits) == 22 and _MOBILE.fullmatch(digits[:11]) and _MOBILE.fullmatch(digits[11:]):
        return [digits[:11], digits[11:]]
    return [field]


def _national_digits(part: str) -> str:
    part = _DASH_EXTENSION.sub(r"\1", _EXTENSION.sub("", part)).strip()
    digits = _NOT_DIGITS.sub("", part)
    if not digits.isascii():
        digits = "".join(str(int(digit)) for digit in digits)
    international = part.startswith(("+", "(+")) or digits.startswith("00")
    chinese = _CHINESE_PREFIX.sub("", digits, count=1)
    if len(chinese) != len(digits):
        return chinese.lstrip("0")
    if not international:
        return digits.lstrip("0") if digits.strip("0") else digits
    return _international(digits.removeprefix("00"))


def _international(digits: str) -> str:
    """Country code and national number by the phone library, which knows where a trunk zero is to be dropped (+61 (0)2 …)."""
    try:
        number = _library().parse("+" + digits, None)
    except _library().NumberParseException:
        return digits
    if number.country_code == _CHINA:
        return str(number.national_number)
    return f"{number.country_code}{number.national_number}"


@cache
def _library() -> Any:
    import phonenumbers  # heavy, and only for numbers with a foreign country code

    return phonenumbers
