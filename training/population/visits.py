"""Who visits which hospital when, and how carefully the record is typed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.population.persons import FIRST_DAY, LAST_DAY, YEAR, Bools, Group, Ints, Persons
from training.population.tables import divisions, sources

EXTRA_RECORDS = 1.35  # mean number of records of a person beyond the first
# Of those born since the first day: the birth itself is a record, as in a neonatal ward. The others lie under the mother's.
BIRTH_RECORDED = 0.12


def visits(persons: Persons, last: Ints, rng: np.random.Generator) -> tuple[Ints, Ints, Bools]:
    """(person, day, is the birth) of every record; none after the day ``last`` of its person."""
    count = len(persons)
    age = (LAST_DAY - persons.birth) / YEAR
    need = np.where(age < 6, 1.2, np.where(age > 60, 1.35, np.where(age < 30, 0.8, 0.95)))
    visits = 1 + np.minimum(rng.poisson(EXTRA_RECORDS * need / 1.02 * rng.gamma(1.1, 1 / 1.1, count)), 14)
    born = (persons.birth >= FIRST_DAY) & (persons.group <= Group.UYGHUR) & (rng.random(count) < BIRTH_RECORDED)
    visits = visits - (born & (visits > 1))
    person = np.repeat(np.arange(count), visits)
    first = np.maximum(persons.birth[person] + 3, FIRST_DAY)
    # Registration grows over the years.
    day = first + ((last[person] - first + 1) * rng.random(len(person)) ** 0.65).astype(np.int64)
    babies = np.flatnonzero(born)
    birthday = np.minimum(persons.birth[babies] + rng.integers(0, 3, len(babies)), LAST_DAY)
    return (
        np.concatenate([person, babies]),
        np.concatenate([np.minimum(day, last[person]), birthday]),
        np.concatenate([np.zeros(len(person), bool), np.ones(len(babies), bool)]),
    )


def hospitals(persons: Persons, person: Ints, day: Ints, newborn: Bools, rng: np.random.Generator) -> Ints:
    """A hospital for each record; a person rarely gets a second number in the same hospital."""
    chosen = _choose(persons, person, day, newborn, rng)
    for _ in range(2):
        order = np.lexsort((np.arange(len(person)), chosen, person))
        same = (person[order][1:] == person[order][:-1]) & (chosen[order][1:] == chosen[order][:-1])
        again = np.sort(order[1:][same & (rng.random(len(same)) < 0.8)])
        chosen[again] = _choose(persons, person[again], day[again], newborn[again], rng)
    _same_birthplace(persons, person, newborn, chosen)
    return chosen


def second_numbers(person: Ints, source: Ints, newborn: Bools, rng: np.random.Generator) -> Bools:
    """Which records repeat a hospital the person is known in and would have got no new number there."""
    order = np.lexsort((~newborn, source, person))
    again = np.r_[False, (person[order][1:] == person[order][:-1]) & (source[order][1:] == source[order][:-1])]
    result = np.zeros(len(person), bool)
    result[order] = again
    return result & ~newborn & (rng.random(len(person)) < 0.7)


def _same_birthplace(persons: Persons, person: Ints, newborn: Bools, chosen: Ints) -> None:
    """Twins are born in one hospital."""
    births = np.flatnonzero(newborn & (persons.twin_order[person] > 0))
    place = dict(zip(person[births].tolist(), chosen[births].tolist(), strict=True))
    for i in births[persons.twin_order[person[births]] == 2].tolist():
        chosen[i] = place.get(int(person[i]) - 1, chosen[i])


def _choose(persons: Persons, person: Ints, day: Ints, newborn: Bools, rng: np.random.Generator) -> Ints:
    table = sources()
    size = len(person)
    place = persons.division[person]
    chongqing = divisions().chongqing
    kinds = {kind: np.flatnonzero(table.kind == kind) for kind in "mcwt"}

    def one_of(kind: str) -> Ints:
        share = table.weight[kinds[kind]]
        return rng.choice(kinds[kind], size=size, p=share / share.sum())

    district = np.flatnonzero(table.kind == "d").reshape(-1, 2)
    near = district[np.minimum(place, chongqing - 1), (rng.random(size) < 0.3).astype(int)]
    near = np.where(place >= chongqing, one_of("t"), near)
    age = (day - persons.birth[person]) / YEAR
    draw = rng.random(size)
    chosen = np.where(draw < 0.50, near, one_of("m"))
    chosen = np.where((draw > np.where(newborn, 0.97, 0.55)) & (age < 14), one_of("c"), chosen)
    woman = ~persons.male[person] & (age > 20) & (age < 45)
    return np.where((draw > 0.80) & (draw < 0.97) & (woman | newborn), one_of("w"), chosen)


def typing_haste(source: Ints, day: Ints, rng: np.random.Generator) -> NDArray[np.float64]:
    """Card readers (more of them every year) hardly err; typing errs more in some hospitals and at some hours."""
    card = rng.random(len(source)) < np.clip((day - FIRST_DAY) / (LAST_DAY - FIRST_DAY), 0.1, 1) * 0.55
    typed = sources().typing[source] * rng.gamma(1.2, 1 / 1.2, len(source))
    haste = np.where(card, 0.16, typed)
    result: NDArray[np.float64] = haste / haste.mean()
    return result
