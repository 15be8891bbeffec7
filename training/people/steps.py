"""Latin-script people in order: persons, names, addresses, visits, mistakes."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mpi.records import IdentifierType
from training.people.mistakes import mistake, wrong_date, wrong_digit
from training.people.rates import PeopleRates, people_rates
from training.people.words import Names, Places, family_names, given_names, make_places, nicknames
from training.population.names import namesakes
from training.population.numbers import as_yyyymmdd
from training.population.persons import FIRST_DAY, LAST_DAY, Ints, Persons, Role, make_persons
from training.population.population import Population
from training.population.render import iso_dates, moments
from training.population.strata import Stratum
from training.population.streams import Streams
from training.population.visits import visits

SOURCES = ("north", "south", "east", "west", "central", "harbour", "county", "childrens", "mercy")
SOURCE_SHARE = np.array([14, 13, 10, 9, 20, 10, 12, 5, 7]) / 100
MOVES, PHONES = 0.4, 0.45  # share of households that move, of persons who change numbers, in the whole period
FIELDS = {  # field → how often a modification falls on it
    "family": 14, "given": 16, "birth_date": 9, "house_number": 10, "road": 15, "community": 10, "locality": 11,
    "postcode": 9, "region": 3, "id_number": 9, "phone": 4,
}  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """What is true of persons and households; arrays of Python text by person or household."""

    persons: Persons
    family: NDArray[np.object_]
    maiden: NDArray[np.object_]  # "" where the family name never changed
    married: Ints  # day of marriage, for those with a maiden name
    given: NDArray[np.object_]
    middle: NDArray[np.object_]
    senior: NDArray[np.bool_]  # father and son of one name: the father …
    junior: NDArray[np.bool_]  # … and the son
    number: NDArray[np.object_]
    phone: NDArray[np.object_]  # (person, 2)
    phone_changed: Ints
    moved: Ints  # (household) day, after the last one where it never does
    address: list[tuple[dict[str, str], dict[str, str]]]  # by household, before and after the move


def generate(persons: int, *, seed: int, errors: PeopleRates | str = "base") -> Population:
    """``persons`` made-up people of an English-speaking country and about 2.2 records of each.

    Records have family and given name, address parts in FEBRL's shape (house_number, road, community for the building or
    locality name, locality for the suburb, postcode, region), sex, birth date, a national number without a check (seven
    digits up to 100,000 persons, else nine) and a telephone. The same arguments give the same population in every process.
    Raises ValueError for fewer than one person or an unknown level.
    """
    if persons < 1:
        raise ValueError("persons must be at least 1")
    rates = people_rates(errors)
    streams = Streams(seed ^ 0x5EED)
    facts = _make_facts(make_persons(persons, streams), streams)
    person, day, _ = visits(facts.persons, np.full(persons, LAST_DAY), streams.numpy("visits"))
    order = np.lexsort((person, day))
    return Population(_columns(facts, person[order], day[order], rates, streams), _person_table(facts))


def _draw(names: Names, count: int, rng: np.random.Generator) -> NDArray[np.object_]:
    return np.array(names.values, object)[rng.choice(len(names.values), size=count, p=names.share)]


def _make_facts(persons: Persons, streams: Streams) -> Facts:
    rng = streams.numpy("people")
    count = len(persons)
    born = _draw(family_names(), count, rng)
    given = np.where(persons.male, _draw(given_names(male=True), count, rng), _draw(given_names(male=False), count, rng))
    middle = np.where(persons.male, _draw(given_names(male=True), count, rng), _draw(given_names(male=False), count, rng))
    father = persons.father
    junior = persons.male & (father >= 0) & (rng.random(count) < 0.035)
    given[junior] = given[father[junior]]
    senior = np.zeros(count, bool)
    senior[father[junior]] = True
    for _ in range(2):
        born = np.where(persons.family_from >= 0, born[np.maximum(persons.family_from, 0)], born)
    wife = ~persons.male & (persons.spouse >= 0) & (rng.random(count) < 0.75)
    family = np.where(wife, born[np.maximum(persons.spouse, 0)], born)
    maiden = np.where(wife & (family != born), born, "")
    _same_name_twins(persons, given, middle)
    age = 20 + rng.gamma(3.0, 3.0, count)
    digits = 7 if count <= 100_000 else 9
    number = rng.choice(9 * 10 ** (digits - 1), size=count, replace=False) + 10 ** (digits - 1)
    households = int(persons.household.max()) + 1
    line = rng.integers(10**7, 10**8, (count, 2))
    return Facts(
        persons=persons,
        family=family,
        maiden=maiden,
        married=persons.birth + (age * 365.25).astype(np.int64),
        given=given,
        middle=middle,
        senior=senior,
        junior=junior,
        number=number.astype(str).astype(object),
        phone=np.char.add("04", line.astype(str)).astype(object),
        phone_changed=_some_day(count, PHONES, rng),
        moved=_some_day(households, MOVES, rng),
        address=_addresses(households, streams),
    )


def _same_name_twins(persons: Persons, given: NDArray[np.object_], middle: NDArray[np.object_]) -> None:
    second = np.flatnonzero(persons.role == Role.SECOND_CHILD)
    same = second[(second > 0) & (given[second] == given[second - 1])]
    given[same], middle[same] = middle[same], given[same]


def _some_day(count: int, share: float, rng: np.random.Generator) -> Ints:
    day = rng.integers(FIRST_DAY, LAST_DAY, count)
    return np.where(rng.random(count) < share, day, LAST_DAY + 1)


def _addresses(households: int, streams: Streams) -> list[tuple[dict[str, str], dict[str, str]]]:
    rng = streams.python("people addresses")
    places = make_places(rng)
    cumulative = np.cumsum(places.share).tolist()
    return [(_address(places, cumulative, rng), _address(places, cumulative, rng)) for _ in range(households)]


def _address(places: Places, cumulative: list[float], rng: random.Random) -> dict[str, str]:
    suburb = rng.choices(range(len(places.suburbs)), cum_weights=cumulative)[0]
    number = min(int(rng.paretovariate(0.8) * 3), 999) if rng.random() < 0.25 else rng.randrange(1, 160)
    return {
        "house_number": str(number),
        "road": rng.choice(places.streets),
        "community": rng.choice(places.houses),
        "locality": places.suburbs[suburb],
        "postcode": places.postcodes[suburb],
        "region": places.states[suburb],
    }


def _columns(facts: Facts, person: Ints, day: Ints, rates: PeopleRates, streams: Streams) -> dict[str, Any]:
    rng = streams.python("people records")
    numbers = streams.numpy("people records")
    source = numbers.choice(len(SOURCES), size=len(person), p=SOURCE_SHARE)
    adult = day - facts.persons.birth[person] > 16 * 365
    source[adult & (source == SOURCES.index("childrens"))] = SOURCES.index("central")
    rows: list[dict[str, str]] = []
    strata = np.where(_namesakes(facts)[person], Stratum.NAMESAKE.value, 0)
    for i, (p, d) in enumerate(zip(person.tolist(), day.tolist(), strict=True)):
        row, flags = _record(facts, p, d, rates, rng)
        strata[i] |= flags | spoil(row, rates, rng)
        rows.append(row)
    sex = np.where(facts.persons.male[person], 1, 2)
    sex[numbers.random(len(person)) < rates.missing_sex] = 0
    columns: dict[str, Any] = {name: pa.array([row[name] for row in rows]) for name in FIELDS}
    return columns | {
        "source": pa.array(SOURCES).take(pa.array(source)),
        "local_id": _local_ids(source),
        "sex": sex,
        "id_type": np.array([IdentifierType.NATIONAL_OTHER.value if row["id_number"] else 0 for row in rows]),
        "recorded_at": moments(day, numbers, zone="+10:00"),
        "truth_person": person,
        "strata": strata,
    }


def _namesakes(facts: Facts) -> NDArray[np.bool_]:
    codes = [np.unique(values.astype(str), return_inverse=True)[1] for values in (facts.family, facts.given)]
    return namesakes(facts.persons, codes[0], codes[1]) > 0


def _local_ids(source: Ints) -> list[str]:
    running = np.zeros(len(SOURCES), np.int64)
    ids = []
    for s in source.tolist():
        running[s] += 1
        ids.append(f"{SOURCES[s][0].upper()}{100000 + running[s]}")
    return ids


def _record(facts: Facts, p: int, day: int, rates: PeopleRates, rng: random.Random) -> tuple[dict[str, str], int]:
    """True values on that day, with the choices people make themselves: nickname, maiden name, whose telephone."""
    flags = 0
    household = int(facts.persons.household[p])
    moved = int(facts.moved[household]) <= day
    flags |= Stratum.MOVED.value if moved else 0
    family = str(facts.family[p])
    if facts.maiden[p]:
        flags |= Stratum.CHANGED_NAME.value
        if day < facts.married[p] or rng.random() < rates.maiden_after_marriage:
            family = str(facts.maiden[p])
    given = str(facts.given[p])
    if given in nicknames() and rng.random() < rates.nickname:
        given = rng.choice(nicknames()[given])
    if rng.random() < rates.middle_name:
        given += " " + (str(facts.middle[p]) if rng.random() < 0.5 else str(facts.middle[p])[0])
    if facts.junior[p] or facts.senior[p]:
        flags |= Stratum.JUNIOR_SENIOR.value
        if rng.random() < rates.suffix_written:
            family += " jr" if facts.junior[p] else " sr"
    flags |= Stratum.TWIN.value if facts.persons.twin_order[p] else 0
    child = day - int(facts.persons.birth[p]) < 14 * 365
    flags |= Stratum.CHILD.value if child else 0
    holder, number = p, p
    if child or rng.random() < rates.relative_phone:
        holder = _relative(facts.persons, p)
        flags |= Stratum.RELATIVE_PHONE.value if holder != p else 0
    if rng.random() < rates.relative_number and (number := _relative(facts.persons, p)) != p:
        flags |= Stratum.RELATIVE_NUMBER.value
    born = int(as_yyyymmdd(facts.persons.birth[p : p + 1])[0])
    row = dict(facts.address[household][int(moved)])
    return row | {
        "family": family,
        "given": given,
        "birth_date": f"{born // 10000}-{born // 100 % 100:02d}-{born % 100:02d}",
        "id_number": str(facts.number[number]),
        "phone": str(facts.phone[holder, int(facts.phone_changed[holder] <= day)]),
    }, flags


def _relative(persons: Persons, p: int) -> int:
    for other in (persons.mother[p], persons.spouse[p], persons.father[p]):
        if other >= 0:
            return int(other)
    return p


def spoil(row: dict[str, str], rates: PeopleRates, rng: random.Random) -> int:
    """Mistakes in place; returns the strata they make."""
    flags = 0
    low = rng.choices((0, 1, 2, 4), rates.severity)[0]
    count = {0: 0, 1: 1, 2: rng.randrange(2, 4), 4: rng.randrange(4, 9)}[low]
    for field in rng.choices(list(FIELDS), list(FIELDS.values()), k=count):
        before = row[field]
        if field == "birth_date":
            row[field] = wrong_date(before, rng)
        elif before:
            digits = field in ("id_number", "phone", "postcode", "house_number")
            row[field] = wrong_digit(before, rng) if digits and rng.random() < 0.9 else mistake(before, rng)
        flags |= Stratum.WRONG_NUMBER.value if field == "id_number" else 0
        flags |= Stratum.WRONG_NAME.value if field in ("family", "given") else 0
    if rng.random() < rates.swapped_names:
        row["family"], row["given"] = row["given"], row["family"]
    if rng.random() < rates.swapped_address:
        a, b = rng.choice([("community", "road"), ("road", "locality")])
        row[a], row[b] = row[b], row[a]
    _omit(row, rates, rng)
    return flags | (0 if row["id_number"] else Stratum.NO_NUMBER.value)


def _omit(row: dict[str, str], rates: PeopleRates, rng: random.Random) -> None:
    for field, share in (
        ("given", rates.missing_given),
        ("family", rates.missing_family),
        ("birth_date", rates.missing_birth),
        ("id_number", rates.missing_number),
        ("phone", rates.missing_phone),
        ("house_number", rates.missing_house_number),
        ("road", rates.missing_road),
        ("community", rates.missing_community),
        ("locality", rates.missing_locality),
        ("postcode", rates.missing_postcode),
        ("region", rates.missing_region),
    ):
        if rng.random() < share:
            row[field] = ""


def _person_table(facts: Facts) -> pa.Table:
    persons = facts.persons
    return pa.table(
        {
            "household": persons.household,
            "role": persons.role,
            "mother": persons.mother,
            "father": persons.father,
            "spouse": persons.spouse,
            "twin_order": persons.twin_order,
            "male": persons.male,
            "family": pa.array(facts.family.tolist()),
            "given": pa.array(facts.given.tolist()),
            "birth_date": iso_dates(as_yyyymmdd(persons.birth)),
            "number": pa.array(facts.number.tolist()),
        }
    )
