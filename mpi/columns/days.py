"""Days of the Gregorian calendar in kernels. A day is written yyyymmdd."""

from __future__ import annotations

from mpi.columns.jit import inner, leaf


@leaf
def days_in(year: int, month: int) -> int:
    """Days of a month of the Gregorian calendar."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month == 4 or month == 6 or month == 9 or month == 11 else 31


@inner
def days_since_1970(day: int) -> int:
    """Days from 1970-01-01 to yyyymmdd (Hinnant, *chrono-compatible low-level date algorithms*, 2013)."""
    year, month = day // 10_000, day // 100 % 100
    if month <= 2:
        year -= 1
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day % 100 - 1
    of_era = (year % 400) * 365 + (year % 400) // 4 - (year % 400) // 100 + of_year
    return (year // 400) * 146_097 + of_era - 719_468
