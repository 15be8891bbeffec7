"""Resident identity numbers (GB 11643), other documents, and telephone numbers."""

from __future__ import annotations

import random

import numpy as np
from numpy.typing import NDArray

from training.population.persons import Group, Ints, Persons
from training.population.streams import Streams
from training.population.tables import divisions, outside_counties

Numbers = NDArray[np.bytes_]
WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
UYGHUR_COUNTIES = (650102, 650103, 652101, 652901, 652922, 653101, 653121, 653125, 653201, 653221, 654101, 654121)
CHECK = np.frombuffer(b"10X98765432", dtype=np.uint8)  # by weighted sum modulo 11
MOBILE = (
    ("139", 5), ("138", 6), ("137", 5), ("136", 5), ("135", 5), ("134", 2), ("130", 3), ("131", 2), ("132", 2), ("133", 3),
    ("150", 4), ("151", 3), ("152", 3), ("153", 3), ("155", 2), ("156", 2), ("157", 1), ("158", 4), ("159", 4), ("176", 1),
    ("177", 3), ("178", 1), ("180", 3), ("181", 2), ("182", 3), ("183", 4), ("185", 2), ("186", 2), ("187", 4), ("188", 3),
    ("189", 3), ("173", 1), ("166", 1), ("191", 1), ("198", 1), ("199", 2), ("147", 1),
)  # fmt: skip


def calendar(days: Ints) -> tuple[Ints, Ints, Ints]:
    """Year, month and day of days since 1970-01-01."""
    date = days.astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    year = date.astype("datetime64[Y]").astype(np.int64) + 1970
    return year, month.astype(np.int64) % 12 + 1, (date - month).astype(np.int64) + 1


def as_yyyymmdd(days: Ints) -> Ints:
    year, month, day = calendar(days)
    return year * 10000 + month * 100 + day


def with_check(body: Ints) -> Numbers:
    """``body``: the first 17 digits as integers. Returns 18 characters with the check character."""
    digits = body[:, None] // 10 ** np.arange(16, -1, -1, dtype=np.int64) % 10
    check = CHECK[(digits * WEIGHTS).sum(axis=1) % 11]
    text = np.concatenate([digits.astype(np.uint8) + ord("0"), check[:, None].astype(np.uint8)], axis=1)
    return np.ascontiguousarray(text).view("S18").reshape(-1)


def resident_numbers(persons: Persons, streams: Streams, *, stream: str = "numbers") -> Numbers:
    """A valid number for everyone, all distinct; empty for foreigners and patients from Hong Kong, Macao and Taiwan.

    The first six digits are the division under the code of the year of first issue: about the sixteenth birthday between 1986
    and 1999, the year of birth since then. Twins get neighbouring order numbers.
    """
    rng = streams.numpy(stream)
    year, month, day = calendar(persons.birth)
    issued = np.where(year >= 1999, year, np.clip(year + 16, 1986, 1999))
    code = _issuing_code(persons.origin, issued, rng)
    xinjiang = persons.group == Group.UYGHUR
    code[xinjiang] = np.array(UYGHUR_COUNTIES)[rng.integers(0, len(UYGHUR_COUNTIES), int(xinjiang.sum()))]
    stem = (code * 10**8 + year * 10**4 + month * 100 + day) * 1000
    order = (500 * rng.random(len(persons)) ** 1.6).astype(np.int64)
    second = np.flatnonzero(persons.twin_order == 2)
    step = 1 + (rng.random(len(second)) < 0.2)
    stem[second] = stem[second - 1]
    order[second] = (order[second - 1] + step) % 500
    body = stem + order * 2 + persons.male
    _make_distinct(body, rng)
    numbers = with_check(body)
    numbers[persons.group >= Group.FOREIGN] = b""
    return numbers


def _issuing_code(origin: Ints, issued: Ints, rng: np.random.Generator) -> Ints:
    inside = divisions().code_in(np.maximum(origin, 0), issued)
    county, first, last = outside_counties()
    pick = rng.integers(0, len(county), len(origin))
    for _ in range(20):
        wrong = (first[pick] > issued) | (last[pick] < issued)
        pick[wrong] = rng.integers(0, len(county), int(wrong.sum()))
    outside: Ints = np.where(origin < 0, county[pick], inside)
    return outside


def _make_distinct(body: Ints, rng: np.random.Generator) -> None:
    """Draws the order number of every later holder again until all bodies differ. Parity (the sex) is kept."""
    while True:
        _, first = np.unique(body, return_index=True)
        again = np.setdiff1d(np.arange(len(body)), first)
        if not len(again):
            return
        body[again] = body[again] // 1000 * 1000 + rng.integers(0, 500, len(again)) * 2 + body[again] % 2


def other_documents(persons: Persons, streams: Streams) -> tuple[Numbers, Ints]:
    """Documents of those who have no resident number of their own: (number, identifier type); empty and 0 for all others."""
    rng = streams.python("documents")
    number = np.zeros(len(persons), "S18")
    kind = np.zeros(len(persons), np.int64)
    for i in np.flatnonzero(persons.group >= Group.FOREIGN).tolist():
        group = Group(int(persons.group[i]))
        if group is Group.FOREIGN:
            number[i], kind[i] = f"{rng.choice('EMGKXP')}{rng.randrange(10**7, 10**8)}".encode(), 2
        elif rng.random() < 0.2:  # the residence permit of 2018, numbered like a resident identity card
            number[i], kind[i] = _residence_permit(persons, i, rng), 1
        elif group is Group.HONG_KONG_MACAO:
            number[i], kind[i] = f"{rng.choice('HHHM')}{rng.randrange(10**7, 10**8)}".encode(), 3
        else:
            number[i], kind[i] = f"{rng.randrange(10**7, 10**8)}".encode(), 4
    return number, kind


def _residence_permit(persons: Persons, i: int, rng: random.Random) -> bytes:
    area = 830000 if persons.group[i] == Group.TAIWAN else rng.choice([810000, 810000, 820000])
    year, month, day = (int(part[0]) for part in calendar(persons.birth[i : i + 1]))
    order = rng.randrange(500) * 2 + int(persons.male[i])
    body = ((area * 10**8) + year * 10**4 + month * 100 + day) * 1000 + order
    return bytes(with_check(np.array([body]))[0])


def mobiles(count: int, rng: np.random.Generator) -> Ints:
    """Mobile numbers of 11 digits."""
    share = np.array([w for _, w in MOBILE], float)
    prefix = np.array([int(p) for p, _ in MOBILE])[rng.choice(len(MOBILE), size=count, p=share / share.sum())]
    return prefix * 10**8 + rng.integers(0, 10**8, count)


def landlines(count: int, rng: np.random.Generator) -> Ints:
    """Chongqing landlines: area code 23 (written 023) and eight digits."""
    first = np.array([4, 5, 6, 6, 6, 7, 8])[rng.integers(0, 7, count)]
    return 23 * 10**8 + first * 10**7 + rng.integers(0, 10**7, count)
