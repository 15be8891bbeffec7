"""What goes wrong between a person and a record. Every rate stands in a table; those of first records are much lower."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.crowd.people import ADDRESS_WIDTH, HOME, NAME_WIDTH, PHONE_WIDTH, Columns, homes
from benchmarks.crowd.text import DIGITS, Flags, joined, mistyped, random_digits, widened
from benchmarks.crowd.words import ABBREVIATIONS, NICKNAMES, family_names, female_names


class Rate(NamedTuple):
    """Share of the further records of a person, and of the first one, that something happens to."""

    further: float
    first: float = 0.0


RATES = {
    "nickname": Rate(0.08),
    "married": Rate(0.05),  # a new family name: all of these women, MARRIED_MEN of the men
    "double_name": Rate(0.01),
    "names_swapped": Rate(0.02, 0.002),
    "initial": Rate(0.02, 0.003),
    "wrong_given": Rate(0.015),
    "given_typo": Rate(0.12, 0.01),
    "family_typo": Rate(0.12, 0.01),
    "second_given_typo": Rate(0.02),
    "second_family_typo": Rate(0.02),
    "sex_flipped": Rate(0.01, 0.002),
    "day_and_month": Rate(0.03),
    "year_digit": Rate(0.03),
    "day_digit": Rate(0.03),
    "first_of_january": Rate(0.015, 0.004),
    "moved": Rate(0.18),
    "abbreviated": Rate(0.25, 0.1),
    "address_typo": Rate(0.12, 0.01),
    "postcode_typo": Rate(0.04, 0.003),
    "new_phone": Rate(0.2),
    "phone_typo": Rate(0.04, 0.003),
    "number_typo": Rate(0.03, 0.003),
}
MISSING = {
    "given_name": Rate(0.01, 0.003),
    "family_name": Rate(0.004, 0.001),
    "sex": Rate(0.03, 0.01),
    "birth_date": Rate(0.03, 0.01),
    "phone": Rate(0.22, 0.12),
    "address": Rate(0.06, 0.03),
    "city": Rate(0.06, 0.03),
    "postcode": Rate(0.06, 0.03),
    "national_id": Rate(0.4, 0.25),
}
MARRIED_MEN = 0.1
LAST_YEAR = 2024  # programs refuse dates to come
LAST_SAFE_DAY = 28  # of every month; later ones are moved to it where the month may be too short


class Chance:
    """Draws which records something happens to."""

    def __init__(self, further: Flags, random: np.random.Generator) -> None:
        self.further, self.random = further, random

    def __call__(self, rate: Rate) -> Flags:
        drawn: Flags = self.random.random(len(self.further)) < np.where(self.further, rate.further, rate.first)
        return drawn

    def of(self, name: str) -> Flags:
        return self(RATES[name])


def spoil(records: Columns, further: Flags, random: np.random.Generator) -> dict[str, Flags]:
    """Mistakes in place; returns what is missing, by column. ``further``: bool[N], False for a person's first record."""
    chance = Chance(further, random)
    _spoil_names(records, chance)
    flipped = chance.of("sex_flipped")
    records["sex"][flipped] = np.where(records["sex"][flipped] == b"F", b"M", b"F")
    records["birth_date"] = _spoiled_dates(records["birth_date"], chance)
    _spoil_contacts(records, chance)
    return {column: chance(rate) | (records[column] == b"") for column, rate in MISSING.items()}


def _spoil_names(records: Columns, chance: Chance) -> None:
    """In the order in which it happens: what people are called, what a clerk takes it for, what is typed."""
    random = chance.random
    given, family = records["given_name"], records["family_name"]
    familiar = np.flatnonzero(chance.of("nickname"))
    for full, short in NICKNAMES:
        given[familiar[given[familiar] == full.encode()]] = short.encode()
    women = records["sex"] == b"F"
    married = chance.of("married") & (women | (random.random(len(women)) < MARRIED_MEN))
    family[married] = family_names().draw(int(married.sum()), random)
    double = chance.of("double_name")
    family[double] = widened(joined(family[double], b"-", family_names().draw(int(double.sum()), random)), NAME_WIDTH)
    swapped = chance.of("names_swapped")
    given[swapped], family[swapped] = family[swapped].copy(), given[swapped].copy()
    initial = chance.of("initial")
    given[initial] = given[initial].astype("S1")
    wrong = chance.of("wrong_given")
    given[wrong] = female_names().draw(int(wrong.sum()), random)
    for mistake in ("given_typo", "second_given_typo"):
        given = mistyped(given, chance.of(mistake), random)
    for mistake in ("family_typo", "second_family_typo"):
        family = mistyped(family, chance.of(mistake), random)
    records["given_name"], records["family_name"] = given, family


def _spoiled_dates(dates: npt.NDArray[np.datetime64], chance: Chance) -> npt.NDArray[np.bytes_]:
    """Dates as texts, all of them days that exist."""
    random = chance.random
    months = dates.astype("M8[M]")
    year = (dates.astype("M8[Y]").astype(np.int64) + 1970).astype(np.int16)
    month = (months.astype(np.int64) % 12 + 1).astype(np.int8)
    day = ((dates - months).astype(np.int64) + 1).astype(np.int8)
    swapped = chance.of("day_and_month") & (day <= 12)
    day[swapped], month[swapped] = month[swapped].copy(), day[swapped].copy()
    wrong = chance.of("year_digit")
    written = year[wrong] // 10 * 10 + (year[wrong] + random.integers(1, 10, int(wrong.sum()))) % 10
    year[wrong] = np.where(written <= LAST_YEAR, written, year[wrong])
    wrong = chance.of("day_digit")
    day[wrong] = day[wrong] // 10 * 10 + (day[wrong] + random.integers(1, 9, int(wrong.sum()))) % 10
    unknown = chance.of("first_of_january")
    month[unknown] = day[unknown] = 1
    longest = np.array([0, 31, LAST_SAFE_DAY, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int8)
    day = np.clip(day, 1, longest[month])
    return _iso(year, month, day)


def _iso(year: npt.NDArray[np.int16], month: npt.NDArray[np.int8], day: npt.NDArray[np.int8]) -> npt.NDArray[np.bytes_]:
    matrix = np.full((len(year), 10), ord("-"), np.uint8)
    for place, digit in ((0, year // 1000), (1, year // 100), (2, year // 10), (3, year)):
        matrix[:, place] = digit % 10 + ord("0")
    for place, part in ((5, month), (8, day)):
        matrix[:, place], matrix[:, place + 1] = part // 10 + ord("0"), part % 10 + ord("0")
    texts: npt.NDArray[np.bytes_] = matrix.view("S10").ravel()
    return texts


def _spoil_contacts(records: Columns, chance: Chance) -> None:
    random = chance.random
    moved = np.flatnonzero(chance.of("moved"))
    home = homes(len(moved), random)
    for trait in HOME:
        records[trait][moved] = home[trait]
    short = np.flatnonzero(chance.of("abbreviated"))
    address = records["address"][short]
    for full, abbreviation in ABBREVIATIONS:
        address = np.strings.replace(address, full, abbreviation)
    records["address"][short] = widened(address, ADDRESS_WIDTH)
    records["address"] = mistyped(records["address"], chance.of("address_typo"), random)
    records["postcode"] = mistyped(records["postcode"], chance.of("postcode_typo"), random, letters=DIGITS)
    fresh = np.flatnonzero(chance.of("new_phone"))
    records["phone"][fresh] = random_digits(len(fresh), PHONE_WIDTH - 1, random)
    for trait, mistake in (("phone", "phone_typo"), ("national_id", "number_typo")):
        records[trait] = mistyped(records[trait], chance.of(mistake), random, letters=DIGITS)
