"""Dates of birth and death: many spellings → yyyymmdd with zeros where month or day is unknown."""

from __future__ import annotations

import re
from functools import lru_cache

from mpi.records import Private
from mpi.standardise.characters import clean
from mpi.standardise.placeholders import is_placeholder_word

_CACHED_VALUES = 1 << 16
_EARLIEST_YEAR, _LATEST_YEAR = 1000, 2200  # registers reach back centuries; what lies in the future is refused at the door
_PLAUSIBLE_YEARS = range(1850, 2101)  # decides how eight digits without separators are read

# "Not known" as systems write it: ones, epoch zeros of SQL Server, Excel and .NET. 1970-01-01 is a real date.
_PLACEHOLDERS = frozenset({11111111, 19000101, 19000000, 18991230, 18991231, 17530101, 18000101, 10101})

IMPOSSIBLE = "is not a date of the calendar"
UNREADABLE = "cannot be read as a date; write it as yyyy-mm-dd, yyyy-mm or yyyy"


class DateReading(Private, frozen=True, gc=False):
    """``value`` is yyyymmdd, 0 missing; ``problem`` says why the text must be refused.

    An impossible yyyymmdd keeps its digits as ``value``: a slip of one digit is still evidence to compare. Nothing impossible
    gets past ``validate``, so only the lab meets such values.
    """

    value: int = 0
    placeholder: bool = False
    problem: str = ""


_MISSING = DateReading()
_PLACEHOLDER = DateReading(placeholder=True)

_ISO = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ISO_TIME = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}[0-9:.+Z-]*")  # days repeat, moments do not
_EIGHT_DIGITS = re.compile(r"(\d{8})(?:\d{4}(?:\d{2}(?:\.\d+)?)?(?:[+-]\d{4})?)?")
_YEAR_FIRST = re.compile(r"(\d{4})(?:\s?[-/.年]\s?(\d{1,2})?(?:\s?[-/.月]\s?(\d{1,2})?)?)?\s?日?号?")
_YEAR_LAST = re.compile(r"(\d{1,2})\s?[-/. ]\s?(\d{1,2})\s?[-/. ]\s?(\d{4})")
_TIME_OF_DAY = re.compile(r"(?<=\d)[T ]\s?\d{1,2}:\d{2}.*$", re.IGNORECASE)
_DAY_MONTH_NAME = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[\s\-/.,]*([a-z]{3,9})[\s\-/.,]*(\d{4})")
_MONTH_NAME_DAY = re.compile(r"([a-z]{3,9})[\s\-/.,]*(?:(\d{1,2})(?:st|nd|rd|th)?[\s\-/.,]+)?(\d{4})")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAME = re.compile(
    "jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?|(nov|dec)(ember)?"
)
_MINGUO = re.compile(r"民[国國]\s?(\d{1,3}|元)\s?年")
_HAN_YEAR = re.compile("[〇零○oO0一二三四五六七八九]{4}(?=年|$)")
_HAN_DIGITS = str.maketrans("〇零○一二三四五六七八九元", "0001234567891")
_HAN_NUMBER = re.compile("([一二三]?)十([一二三四五六七八九]?)")


def read_date(text: str) -> DateReading:
    """Read a date in any of the spellings of ``tests/golden/dates.csv``; a time of day behind it is left out.

    Numbers with the year last are day/month/year (the usage of most countries) unless only month/day/year is possible.
    """
    return _read_date(text[:10] if len(text) > 10 and _ISO_TIME.fullmatch(text) else text)


@lru_cache(_CACHED_VALUES)
def _read_date(text: str) -> DateReading:
    if _ISO.fullmatch(text):  # the common case
        return _checked(int(text[:4]), int(text[5:7]), int(text[8:]))
    form = clean(text)
    if not form:
        return _MISSING
    if form.isdigit() and form.isascii():
        return _read_digits(form)
    if is_placeholder_word(form):
        return _PLACEHOLDER
    form = _TIME_OF_DAY.sub("", _with_digits(form)).strip()
    return _read_separated(form)


def _read_digits(digits: str) -> DateReading:
    if digits.strip("0") == "":
        return _PLACEHOLDER
    if len(digits) in (8, 12, 14):
        return _read_eight(digits[:8])
    if len(digits) == 6 and int(digits[:4]) in _PLAUSIBLE_YEARS:
        return _checked(int(digits[:4]), int(digits[4:]), 0)
    if len(digits) == 4:
        return _checked(int(digits), 0, 0)
    return DateReading(problem=UNREADABLE)


def _read_eight(digits: str) -> DateReading:
    year_first = _checked(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    if not year_first.problem and (year_first.placeholder or int(digits[:4]) in _PLAUSIBLE_YEARS):
        return year_first
    year_last = _day_month_year(int(digits[:2]), int(digits[2:4]), int(digits[4:]))
    if int(digits[4:]) in _PLAUSIBLE_YEARS and not year_last.problem:
        return year_last
    return year_first


def _read_separated(form: str) -> DateReading:
    if match := _YEAR_FIRST.fullmatch(form):
        year, month, day = (int(part or 0) for part in match.groups())
        return _checked(year, month, day)
    if match := _YEAR_LAST.fullmatch(form):
        return _day_month_year(*(int(part) for part in match.groups()))
    lower = form.lower()
    if (match := _DAY_MONTH_NAME.fullmatch(lower)) and _MONTH_NAME.fullmatch(match[2]):
        return _checked(int(match[3]), _MONTHS.index(match[2][:3]) + 1, int(match[1]))
    if (match := _MONTH_NAME_DAY.fullmatch(lower)) and _MONTH_NAME.fullmatch(match[1]):
        return _checked(int(match[3]), _MONTHS.index(match[1][:3]) + 1, int(match[2] or 0))
    if match := _EIGHT_DIGITS.fullmatch(form):
        return _read_eight(match[1])
    return DateReading(problem=UNREADABLE)


def _day_month_year(first: int, second: int, year: int) -> DateReading:
    if first <= 12 < second:
        first, second = second, first
    return _checked(year, second, first)


def _checked(year: int, month: int, day: int) -> DateReading:
    value = year * 10_000 + month * 100 + day
    if value in _PLACEHOLDERS or year == 0:
        return _PLACEHOLDER if value in _PLACEHOLDERS or value == 0 else DateReading(problem=IMPOSSIBLE)
    if year < _EARLIEST_YEAR or year > _LATEST_YEAR:
        return DateReading(problem=IMPOSSIBLE)
    if month > 12 or (month and day > days_in(year, month)) or (day and not month):
        return DateReading(value=value, problem=IMPOSSIBLE)
    return DateReading(value)


def days_in(year: int, month: int) -> int:
    """Days of a month of the Gregorian calendar, also before its time."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _with_digits(form: str) -> str:
    """Chinese numerals as digits, 民国 years as Gregorian ones."""
    if form.isascii():
        return form
    form = _HAN_YEAR.sub(lambda year: year[0].lower().replace("o", "0"), form)
    form = _HAN_NUMBER.sub(lambda number: f"{number[1] or '一'}{number[2] or '零'}", form)
    if match := _MINGUO.match(form):
        form = f"{1911 + int(match[1].translate(_HAN_DIGITS))}年{form[match.end() :]}"
    return form.translate(_HAN_DIGITS)
