"""Who the people of a crowd are: names, dates, homes, and the families that make them hard to tell apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.crowd.text import joined, random_digits, widened
from benchmarks.crowd.words import POSTCODES, STREETS, STREETS_OF_A_POSTCODE, family_names, female_names, male_names, places

Columns = dict[str, npt.NDArray[Any]]

FEMALE = 0.51
FIRST_BIRTH, DAYS_OF_LIFE = np.datetime64("1925-01-01"), 36_500
FLATS, HIGHEST_FLAT = 0.18, 60
# Members of an earlier person's household: family name and home are theirs, for some the telephone and more.
HOUSEHOLD, ONE_TELEPHONE, TWINS, JUNIORS = 0.25, 0.6, 0.04, 0.03
FOUNDERS = 11  # the first people, who join nobody
HOME = ("address", "postcode", "city")
NAME_WIDTH, ADDRESS_WIDTH, PHONE_WIDTH = 18, 44, 11  # bytes, with room for mistakes
DIGITS_OF_A_NUMBER = 10


def make_people(count: int, random: np.random.Generator) -> Columns:
    """The true traits of so many people; families included."""
    female = random.random(count) < FEMALE
    given = np.where(female, female_names().draw(count, random), male_names().draw(count, random))
    days = (random.beta(1.3, 1.1, count) * DAYS_OF_LIFE).astype(np.int64)
    people: Columns = {
        "given_name": widened(given, NAME_WIDTH),
        "family_name": widened(family_names().draw(count, random), NAME_WIDTH),
        "sex": np.where(female, b"F", b"M"),
        "birth_date": FIRST_BIRTH + days,
        "phone": widened(random_digits(count, DIGITS_OF_A_NUMBER, random), PHONE_WIDTH),
        "national_id": widened(random_digits(count, DIGITS_OF_A_NUMBER, random), PHONE_WIDTH),
        **homes(count, random),
    }
    _found_families(people, random)
    return people


def homes(count: int, random: np.random.Generator) -> Columns:
    """Addresses, with the city and the postcode where they lie."""
    known = places()
    postcode = random.choice(POSTCODES, count, p=known.share)
    number = (random.gamma(1.2, 120, count).astype(np.int64) + 1).astype("S5")
    street = (postcode * (STREETS_OF_A_POSTCODE + 1) + random.integers(0, STREETS_OF_A_POSTCODE, count)) % STREETS
    flat = random.integers(1, HIGHEST_FLAT, count).astype("S3")
    address = joined(number, b" ", known.streets[street])
    in_flat = np.flatnonzero(random.random(count) < FLATS)
    address = widened(address, ADDRESS_WIDTH)
    address[in_flat] = joined(address[in_flat], b" apt ", flat[in_flat])
    return {"address": address, "postcode": widened(known.postcodes[postcode], 6), "city": known.city[postcode]}


def _found_families(people: Columns, random: np.random.Generator) -> None:
    """In place, without regard to order: who joins a household that has changed already takes what it was before."""
    count = len(people["sex"])
    place = np.arange(count)
    joining = np.flatnonzero((random.random(count) < HOUSEHOLD) & (place >= FOUNDERS))
    host = (random.random(len(joining)) * joining).astype(np.int64)
    for trait in ("family_name", *HOME):
        people[trait][joining] = people[trait][host]
    telephone, twin = (random.random(len(joining)) < share for share in (ONE_TELEPHONE, TWINS))
    people["phone"][joining[telephone]] = people["phone"][host[telephone]]
    people["birth_date"][joining[twin]] = people["birth_date"][host[twin]]
    junior = (random.random(len(joining)) < JUNIORS) & (people["birth_date"][joining] != people["birth_date"][host])
    for trait in ("given_name", "sex"):
        people[trait][joining[junior]] = people[trait][host[junior]]
