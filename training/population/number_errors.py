"""What goes wrong with identity numbers, birth dates and sexes."""

from __future__ import annotations

import random
from functools import cache

import numpy as np
from lunar_python import LunarYear  # type: ignore[import-untyped]  # the package ships no types
from numpy.typing import NDArray

from training.population.history import Draft, Facts
from training.population.numbers import Numbers, as_yyyymmdd
from training.population.persons import Bools, Group, Ints
from training.population.rates import ErrorRates
from training.population.strata import Stratum
from training.population.streams import Streams

EPOCH_JULIAN = 2440588  # day number of 1970-01-01


def spoil_numbers(draft: Draft, facts: Facts, rates: ErrorRates, streams: Streams) -> None:
    """Missing, borrowed, legacy, mistyped and placeholder numbers, in this order; then marks the strata."""
    rng = streams.numpy("number errors")
    size = len(draft)
    child = (draft.strata & Stratum.CHILD.value) != 0
    given = draft.number != b""
    missing = np.where(child, rates.number_missing_child, rates.number_missing_adult)
    gone = rng.random(size) < missing * draft.neglect
    draft.number[given & (gone | draft.newborn)] = b""
    _borrowed(draft, facts, rates, rng)
    resident = (draft.number_type == 1) & (draft.number != b"")
    _legacy(draft, facts, rates, resident, rng)
    typo = (draft.number != b"") & (rng.random(size) < rates.number_typo * draft.haste)
    _mistype(draft.number, np.flatnonzero(typo), streams.python("number typos"))
    draft.mark(typo, Stratum.WRONG_NUMBER)
    filler = resident & (rng.random(size) < rates.number_placeholder * draft.haste)
    fillers = np.array([b"000000000000000000", b"111111111111111111", b"999999999999999999", b"0", b"50000019000101000X"])
    draft.number[filler] = fillers[rng.integers(0, len(fillers), int(filler.sum()))]
    draft.strata[filler] &= ~(Stratum.LEGACY_NUMBER | Stratum.RELATIVE_NUMBER | Stratum.WRONG_NUMBER).value
    draft.mark((draft.number == b"") | filler, Stratum.NO_NUMBER)
    before = (draft.day < facts.corrected[draft.person]) & (facts.first_number[draft.person] != b"")
    draft.mark(before & resident & ~filler & (draft.number != b""), Stratum.WRONG_NUMBER)


def _borrowed(draft: Draft, facts: Facts, rates: ErrorRates, rng: np.random.Generator) -> None:
    """The number of the mother (newborns, children without one), of another relative, or of a stranger."""
    size = len(draft)
    empty = draft.number == b""
    infant = (draft.newborn | (empty & (draft.strata & Stratum.CHILD.value != 0))) & (draft.guardian >= 0)
    infant &= rng.random(size) < np.where(draft.newborn, rates.newborn_under_mother, rates.newborn_under_mother / 4)
    chance = rng.random(size) < rates.number_relative * draft.haste
    relative = np.where(infant, draft.guardian, _some_relative(draft, facts, rng))
    known = (relative >= 0) & (facts.document_type[np.maximum(relative, 0)] == 0)
    borrowed = (infant | (chance & ~empty & (draft.number_type == 1))) & known
    draft.number[borrowed] = facts.number[relative[borrowed]]
    draft.mark(borrowed, Stratum.RELATIVE_NUMBER)
    stranger = ~borrowed & ~empty & (draft.number_type == 1) & (rng.random(size) < rates.number_stranger * draft.haste)
    other = rng.integers(0, len(facts.persons), int(stranger.sum()))
    draft.number[stranger] = facts.number[other]
    draft.mark(stranger, Stratum.WRONG_NUMBER)


def _some_relative(draft: Draft, facts: Facts, rng: np.random.Generator) -> Ints:
    """A guardian, spouse or parent; else a neighbour in the household list; −1 for people who live alone."""
    persons = facts.persons
    person = draft.person
    near = person + np.where(rng.random(len(person)) < 0.5, 1, -1)
    inside = (near >= 0) & (near < len(persons))
    same = inside & (persons.household[np.clip(near, 0, len(persons) - 1)] == persons.household[person])
    beside = np.where(same, near, -1)
    close = np.where(persons.spouse[person] >= 0, persons.spouse[person], persons.mother[person])
    pick = np.where(rng.random(len(person)) < 0.7, close, beside)
    return np.where(draft.guardian >= 0, draft.guardian, np.where(pick >= 0, pick, beside))


def _legacy(draft: Draft, facts: Facts, rates: ErrorRates, resident: Bools, rng: np.random.Generator) -> None:
    """15 digits: without the century and the check character; numbers issued before 1999 only, rare after 2013."""
    birth_year = facts.number[draft.person].astype("S10").astype("S10")
    old = np.array([b[6:10] < b"1998" and b != b"" for b in birth_year.tolist()], bool)
    age_of_entry = np.where(draft.day < 16071, rates.number_legacy, rates.number_legacy / 60)  # 16071: 2014-01-01
    short = resident & old & (rng.random(len(draft)) < age_of_entry)
    for i in np.flatnonzero(short).tolist():
        value = draft.number[i]
        if len(value) == 18 and value[6:8] == b"19":
            draft.number[i] = value[:6] + value[8:17]
            draft.strata[i] |= Stratum.LEGACY_NUMBER.value


def _mistype(number: Numbers, hit: Ints, rng: random.Random) -> None:
    """One digit replaced (0.55), two neighbours swapped (0.25), one left out (0.1), one doubled (0.1)."""
    for i in hit.tolist():
        text = number[i].decode()
        kind = rng.choices(range(4), [55, 25, 10, 10])[0]
        digits = [p for p in range(len(text) - 1) if text[p].isdigit()]
        at = rng.choice(digits)
        if kind == 0:
            text = text[:at] + rng.choice([d for d in "0123456789" if d != text[at]]) + text[at + 1 :]
        elif kind == 1:
            pairs = [p for p in digits if p > 0 and text[p] != text[p - 1] and text[p - 1].isdigit()]
            at = rng.choice(pairs) if pairs else at
            text = text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :] if pairs else text
        elif kind == 2:
            text = text[:at] + text[at + 1 :]
        else:
            text = text[:at] + text[at] + text[at:]
        number[i] = text.encode()


def spoil_dates(draft: Draft, facts: Facts, rates: ErrorRates, streams: Streams) -> None:
    """Changes ``draft.birth``: lunar date, one digit, day and month swapped, 1 January, a year off, partial, missing."""
    rng = streams.numpy("date errors")
    true = facts.persons.birth[draft.person]
    year, month, day = draft.birth // 10000, draft.birth // 100 % 100, draft.birth % 100
    han = facts.persons.group[draft.person] <= Group.OTHER_MINORITY

    def some(share: float | NDArray[np.float64]) -> Bools:
        return rng.random(len(draft)) < np.minimum(share * draft.haste, 0.9)

    lunar = some(np.where(year < 1970, 2.0, np.where(year < 1990, 0.6, 0.1)) * rates.date_lunar) & han & ~draft.newborn
    if lunar.any():
        ly, lm, ld = lunar_date(true[lunar])
        year[lunar], month[lunar], day[lunar] = ly, lm, ld
    swapped = some(rates.date_swapped) & (day <= 12)
    month[swapped], day[swapped] = day[swapped], month[swapped].copy()
    january = some(rates.date_first_of_january * np.where(year < 1960, 2.0, 0.6)) & ~draft.newborn
    month[january], day[january] = 1, 1
    year += np.where(some(rates.date_year) & ~draft.newborn, rng.choice([-1, 1], len(draft)), 0)
    wrong = some(rates.date_digit)
    _one_digit(year, month, day, wrong, rng)
    partial = some(rates.date_partial) & ~draft.newborn
    no_month = partial & (rng.random(len(draft)) < 0.5)
    day[partial], month[no_month] = 0, 0
    _existing_day(year, month, day)
    late = (year * 10000 + month * 100 + day) > as_yyyymmdd(draft.day)
    draft.birth = np.where(some(rates.date_missing), 0, np.where(late, draft.birth, year * 10000 + month * 100 + day))


def _one_digit(year: Ints, month: Ints, day: Ints, hit: Bools, rng: np.random.Generator) -> None:
    part = rng.random(len(year))
    decade = hit & (part < 0.25)
    year[decade] += rng.choice([-10, 10], int(decade.sum()))
    unit = hit & (part >= 0.25) & (part < 0.4)
    year[unit] = year[unit] // 10 * 10 + rng.integers(0, 10, int(unit.sum()))
    months = hit & (part >= 0.4) & (part < 0.6)
    month[months] = np.where(month[months] > 9, month[months] - 9, rng.integers(1, 10, int(months.sum())))
    days = hit & (part >= 0.6)
    tens = np.where(rng.random(int(days.sum())) < 0.5, rng.choice([-10, 10], int(days.sum())), 0)
    moved = day[days] + np.where(tens != 0, tens, rng.integers(-3, 4, int(days.sum())))
    day[days] = np.where((moved >= 1) & (moved <= 31), moved, day[days])


def _existing_day(year: Ints, month: Ints, day: Ints) -> None:
    """Registration programs refuse 31 June: the day falls back to the last one of the month."""
    last = np.array([31, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])[month]
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    np.minimum(day, np.where(leap & (month == 2), 29, last), out=day)


@cache
def lunar_months() -> tuple[Ints, Ints, Ints]:
    """First days (since 1970-01-01) of all months of the Chinese calendar 1900–2030, year, month; leap months repeat."""
    months = {
        (int(m.getFirstJulianDay()) - EPOCH_JULIAN, m.getYear(), abs(m.getMonth()))
        for y in range(1900, 2031)
        for m in LunarYear.fromYear(y).getMonths()
    }
    table = np.array(sorted(months))
    return table[:, 0], table[:, 1], table[:, 2]


def lunar_date(days: Ints) -> tuple[Ints, Ints, Ints]:
    """Year, month and day of the Chinese calendar. The day 30 of a second month is no Gregorian date; callers clip it."""
    first, year, month = lunar_months()
    at = np.searchsorted(first, days, side="right") - 1
    return year[at], month[at], days - first[at] + 1


def spoil_sex(draft: Draft, rates: ErrorRates, streams: Streams) -> None:
    rng = streams.numpy("sex errors")
    wrong = rng.random(len(draft)) < rates.sex_wrong * draft.haste
    draft.sex = np.where(wrong, 3 - draft.sex, draft.sex)
    draft.sex[rng.random(len(draft)) < rates.sex_missing * draft.haste] = 0
