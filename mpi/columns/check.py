"""Which records are in order: clears REGULAR where ``mpi.standardise.validate`` might refuse a record, and reads its dates.

Stricter than ``validate``: a key that begins with a blank, a tab in an address, a birth date without its day or one that
systems write for "not known" are left to the ordinary way, which accepts, cleans or refuses them. What stays regular passes.
The limits are those of ``mpi.standardise.validation`` and ``dates``, repeated here for the reason given in ``fields``.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.columns.days import days_in, days_since_1970
from mpi.columns.fields import NUMBER_COLUMNS, TEXT_COLUMNS
from mpi.columns.jit import inner, kernel, leaf, unlocked, wide
from mpi.columns.layout import BIRTH_DATE, CELLS, LOCAL_ID, RECORDED_AT, REGULAR, SOURCE, Raw
from mpi.linkage.borrow import borrow
from mpi.linkage.jit import direct
from mpi.standardise.validation import last_day

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int32]

MOST_KEY_CHARACTERS = 128
MOST_TEXT_BYTES = 1_000  # the limit is in characters; a longer text of fewer characters is left to the ordinary way

EARLIEST_BIRTH, EARLIEST_MOMENT = 1850, 1970  # years
PLACEHOLDER_DATES = (18991230, 18991231, 19000101)  # those of ``dates`` that are days of the calendar since 1850

DAY, MINUTE, SECOND, ZULU, OFFSET = 10, 16, 19, 20, 25  # lengths of yyyy-mm-ddThh:mm:ss±hh:mm up to there
NO_TIME = -(1 << 40)
HYPHEN, COLON, PLUS, BLANK, T, Z = 0x2D, 0x3A, 0x2B, 0x20, 0x54, 0x5A


@leaf
def follows(data: Bytes, at: int, end: int) -> bool:
    """Whether a continuation byte of UTF-8 stands at ``at``."""
    return at < end and wide(data[at]) & 0xC0 == 0x80


@leaf
def long_character(data: Bytes, at: int, end: int) -> int:
    """Bytes of the character of two or more that begins at ``at``; 0 for a C1 control or where it is no UTF-8."""
    first = wide(data[at])
    if first < 0xC2 or first > 0xF4 or not follows(data, at + 1, end):
        return 0
    second = wide(data[at + 1])
    if first < 0xE0:
        return 0 if first == 0xC2 and second < 0xA0 else 2
    if not follows(data, at + 2, end):
        return 0
    if first < 0xF0:
        return 0 if (first == 0xE0 and second < 0xA0) or (first == 0xED and second >= 0xA0) else 3
    if (first == 0xF0 and second < 0x90) or (first == 0xF4 and second >= 0x90):
        return 0
    return 4 if follows(data, at + 3, end) else 0


@inner
def characters(data: Bytes, at: int, length: int) -> int:
    """Characters of a text of valid UTF-8 without any control character; -1 for any other."""
    end, count = at + length, 0
    while at < end:
        first = wide(data[at])
        if first < 0x80:
            if first < 0x20 or first == 0x7F:
                return -1
            at += 1
        else:
            size = long_character(data, at, end)
            if size == 0:
                return -1
            at += size
        count += 1
    return count


@inner
def begins_blank(data: Bytes, at: int) -> bool:
    """Whether a text that ``characters`` has found in order begins with white space (as ``str.isspace``)."""
    first = wide(data[at])
    if first < 0x80:
        return first == BLANK
    if first < 0xE0:
        return first == 0xC2 and data[at + 1] == 0xA0
    if first >= 0xF0:
        return False
    point = (first & 0x0F) << 12 | (wide(data[at + 1]) & 0x3F) << 6 | wide(data[at + 2]) & 0x3F
    if 0x2000 <= point <= 0x200A:
        return True
    return point in (0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)


@inner
def is_key(data: Bytes, at: int, length: int) -> bool:
    """Whether a text, in order otherwise, may be a source or a local number."""
    return length > 0 and not begins_blank(data, at) and characters(data, at, length) <= MOST_KEY_CHARACTERS


@inner
def in_order(data: Bytes, row: Integers) -> bool:
    """Whether all texts and numbers of a record are."""
    for i in range(len(TEXT_COLUMNS)):
        column = TEXT_COLUMNS[i]
        length = wide(row[column + 1])
        if length and (length > MOST_TEXT_BYTES or characters(data, wide(row[column]), length) < 0):
            return False
    for i in range(len(NUMBER_COLUMNS)):
        number = row[NUMBER_COLUMNS[i, 0]]
        if number < 0 or number > NUMBER_COLUMNS[i, 1]:
            return False
    return True


@inner
def digits(data: Bytes, at: int, count: int) -> int:
    """The number that ``count`` decimal digits write; -1 where they are none."""
    value = 0
    for place in range(at, at + count):
        digit = wide(data[place]) - 0x30
        if digit < 0 or digit > 9:
            return -1
        value = value * 10 + digit
    return value


@inner
def day_at(data: Bytes, at: int, earliest: int) -> int:
    """The day written as yyyy-mm-dd, as yyyymmdd; -1 where there is none of the calendar since the year ``earliest``."""
    if data[at + 4] != HYPHEN or data[at + 7] != HYPHEN:
        return -1
    year, month, day = digits(data, at, 4), digits(data, at + 5, 2), digits(data, at + 8, 2)
    if year < earliest or month < 1 or month > 12 or day < 1 or day > days_in(year, month):
        return -1
    value = year * 10_000 + month * 100 + day
    return -1 if value in PLACEHOLDER_DATES else value


@inner
def minutes_at(data: Bytes, at: int) -> int:
    """The time of a day written as hh:mm, in minutes; -1 where it is none."""
    hour, minute = digits(data, at, 2), digits(data, at + 3, 2)
    if data[at + 2] != COLON or hour < 0 or hour > 23 or minute < 0 or minute > 59:
        return -1
    return hour * 60 + minute


@inner
def seconds_at(data: Bytes, at: int, length: int) -> int:
    """Seconds of what follows a day, hh:mm:ss and ``Z``, ±hh:mm or nothing, seen from UTC; NO_TIME where it is not that."""
    minutes, seconds = minutes_at(data, at + DAY + 1), digits(data, at + MINUTE + 1, 2)
    if (data[at + DAY] != T and data[at + DAY] != BLANK) or data[at + MINUTE] != COLON:
        return NO_TIME
    if minutes < 0 or seconds < 0 or seconds > 59:
        return NO_TIME
    total = minutes * 60 + seconds
    if length == SECOND:
        return total
    sign = wide(data[at + SECOND])
    if length == ZULU:
        return total if sign == Z else NO_TIME
    offset = minutes_at(data, at + SECOND + 1)
    if offset < 0 or (sign != PLUS and sign != HYPHEN):
        return NO_TIME
    return total - offset * 60 if sign == PLUS else total + offset * 60


@inner
def check_dates(data: Bytes, row: Integers, latest: int, days: Integers, moments: npt.NDArray[np.int64]) -> bool:
    """Read both dates into days[0:2] and moments[0]; False where one is not plain or lies in the future."""
    at, length = wide(row[BIRTH_DATE]), wide(row[BIRTH_DATE + 1])
    if length:
        birth = day_at(data, at, EARLIEST_BIRTH) if length == DAY else -1
        if birth < 0 or birth > latest:
            return False
        days[0] = birth
    at, length = wide(row[RECORDED_AT]), wide(row[RECORDED_AT + 1])
    if length == 0:
        return True
    if length != DAY and length != SECOND and length != ZULU and length != OFFSET:
        return False
    recorded = day_at(data, at, EARLIEST_MOMENT)
    if recorded < 0 or recorded > latest:
        return False
    seconds = 0 if length == DAY else seconds_at(data, at, length)
    if seconds == NO_TIME:
        return False
    days[1] = recorded
    moments[0] = (days_since_1970(recorded) * 86_400 + seconds) * 1_000_000
    return True


@inner
def check_rows(data: Bytes, cells: Integers, rules: tuple[int, int], days: Integers, moments: Any) -> None:
    """Clear REGULAR where a record is not in order.

    rules    two numbers  last day that does not lie in the future, as yyyymmdd; 1 where the keys are required
    days     int32[2, Q]  days of birth and of recording as yyyymmdd, zeroed by the caller, 0 where there is none
    moments  int64[Q]     µs since 1970 UTC of the recording, likewise
    """
    latest, keyed = rules
    for q in range(len(cells)):
        row = cells[q]
        if row[REGULAR] == 0:
            continue
        good = in_order(data, row)
        for column in (SOURCE, LOCAL_ID):
            at, length = wide(row[column]), wide(row[column + 1])
            good = good and ((length == 0 and not keyed) or is_key(data, at, length))
        if not good or not check_dates(data, row, latest, days[:, q], moments[q : q + 1]):
            row[REGULAR] = days[0, q] = days[1, q] = moments[q] = 0


@kernel
def check_records(data: Bytes, cells: Integers, rules: tuple[int, int], days: Integers, moments: Any) -> None:
    """``check_rows``."""
    check_rows(borrow(data), borrow(cells), rules, borrow(days), borrow(moments))


@unlocked
def check_unlocked(data: Bytes, cells: Integers, rules: tuple[int, int], days: Integers, moments: Any) -> None:
    """``check_rows``."""
    check_rows(borrow(data), borrow(cells), rules, borrow(days), borrow(moments))


class Checked(NamedTuple):
    """What ``check`` has read, each column contiguous; 0 where there is no such date and for irregular records.

    birth_date    int32[Q]  yyyymmdd, as ``read_date(record.birth_date).value``
    recorded_day  int32[Q]  yyyymmdd, as ``read_date(record.recorded_at).value``
    recorded_at   int64[Q]  µs since 1970 UTC, as the registry's ``microseconds(record.recorded_at)``
    """

    birth_date: Integers
    recorded_day: Integers
    recorded_at: npt.NDArray[np.int64]

    def __repr__(self) -> str:
        return f"Checked({len(self.recorded_at)} records)"


def check(raw: Raw, *, today: date | None = None, keyed: bool = True, threads: bool = False) -> Checked:
    """Clear REGULAR, in place, of every record that ``validate`` might refuse (``today`` as there), and read the dates.

    ``keyed`` False: source and local_id may be empty, as in a search. ``threads``: without the GIL.
    """
    days, moments = np.zeros((2, len(raw.cells)), np.int32), np.zeros(len(raw.cells), np.int64)
    _entry(threads)(raw.data, raw.cells, (last_day(today), int(keyed)), days, moments)
    return Checked(days[0], days[1], moments)


@cache
def _entry(threads: bool) -> Any:
    """Compiled check_records or check_unlocked, without Numba's dispatcher."""
    none, entry = np.zeros((0, CELLS), np.int32), check_unlocked if threads else check_records
    entry(np.frombuffer(b"", np.uint8), none, (0, 0), np.zeros((2, 0), np.int32), np.zeros(0, np.int64))
    return direct(entry)
