"""Names of persons: Han names by sex and decade, names in families, Tibetan, Uyghur and foreign names."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.population.numbers import calendar
from training.population.persons import Group, Ints, Persons
from training.population.streams import Streams
from training.population.tables import DECADES, Weighted, given_names, lines, surnames, tab_rows
from training.population.vocabulary import Vocabulary

Codes = NDArray[np.int32]
SINGLE_SHARE = {1930: 0.05, 1950: 0.09, 1960: 0.16, 1970: 0.24, 1980: 0.31, 1990: 0.27, 2000: 0.18, 2010: 0.06}
"""Share of given names of one character. Chongqing and Sichuan have long had more of them than the rest of China."""
WHOLE_SHARE = 0.035  # drawn as a whole from the popular names of the decade
TAIL_SHARE = 0.08  # of characters drawn from the long tail


@dataclass(frozen=True)
class Names:
    """Codes into ``vocabulary``. A person without a family name (Tibetans, mostly) has code 0 there."""

    vocabulary: Vocabulary
    family: Codes
    given: Codes


def make_names(persons: Persons, streams: Streams) -> Names:
    rng = streams.numpy("names")
    characters = _given_characters(persons, rng)
    _share_characters(persons, characters, rng)
    vocabulary = Vocabulary()
    given = vocabulary.encode_array(np.ascontiguousarray(characters).view("U2").reshape(-1))
    shares = surnames()
    family = vocabulary.encode(shares.values)[shares.draw(rng, len(persons))]
    family = _inherit(family, persons)
    names = Names(vocabulary, family, given)
    _elsewhere(names, persons, streams.python("names elsewhere"))
    return names


def _inherit(family: Codes, persons: Persons) -> Codes:
    for _ in range(2):  # from grandparents to parents, then to children
        source = persons.family_from
        family = np.where(source >= 0, family[np.maximum(source, 0)], family)
    return family


def _given_characters(persons: Persons, rng: np.random.Generator) -> NDArray[np.uint32]:
    """(person, 2) code points; the second is 0 in given names of one character."""
    count = len(persons)
    year, _, _ = calendar(persons.birth)
    blurred = year + rng.normal(0, 3, count)  # fashions do not change on New Year's Day
    decade = np.maximum(np.searchsorted(np.array(DECADES), blurred, side="right") - 1, 0)
    result = np.zeros((count, 2), np.uint32)
    draw = rng.random(count)
    for sex in "mf":
        for index, start in enumerate(DECADES):
            mine = np.flatnonzero((persons.male == (sex == "m")) & (decade == index))
            if len(mine):
                result[mine] = _cohort(sex, start, draw[mine], rng)
    return result


def _cohort(sex: str, start: int, draw: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.uint32]:
    table = given_names()
    count = len(draw)
    single = draw < SINGLE_SHARE[start]
    whole = draw > 1 - WHOLE_SHARE
    result = np.stack([_characters(table[sex, start, place], count, rng) for place in "12"], axis=1)
    result[single, 0] = _characters(table[sex, start, "s"], int(single.sum()), rng, flat=12.0)
    result[single, 1] = 0
    popular = Weighted.by_rank(table[sex, start, "w"], flat=10.0)
    pairs = np.array([[ord(c) for c in name] for name in popular.values], np.uint32)
    result[whole] = pairs[popular.draw(rng, int(whole.sum()))]
    return result


def _characters(ranked: list[str], count: int, rng: np.random.Generator, *, flat: float = 6.0) -> NDArray[np.uint32]:
    """Mostly from the ranked list, now and then from the long tail."""
    common = Weighted.by_rank(ranked, flat=flat)
    tail = Weighted.by_rank(given_names()["*", 0, "t"], flat=400.0)
    code = np.array([ord(c) for c in common.values], np.uint32)[common.draw(rng, count)]
    rare = rng.random(count) < TAIL_SHARE
    code[rare] = np.array([ord(c) for c in tail.values], np.uint32)[tail.draw(rng, int(rare.sum()))]
    return code


def _share_characters(persons: Persons, characters: NDArray[np.uint32], rng: np.random.Generator) -> None:
    """Brothers and sisters often share a character; twins more often than not, and never the whole name."""
    later = np.flatnonzero((persons.role == 5) & np.r_[False, persons.household[1:] == persons.household[:-1]])
    later = later[persons.role[later - 1] == 4]
    twins = persons.twin_order[later] == 2
    share = rng.random(len(later)) < np.where(twins, 0.6, 0.22)
    second = later[share & (characters[later - 1, 1] > 0) & (characters[later, 1] > 0)]
    place = (rng.random(len(second)) < 0.6).astype(int)
    characters[second, place] = characters[second - 1, place]
    same = later[(characters[later] == characters[later - 1]).all(axis=1)]
    spare = np.array([ord(c) for c in "新雪林佳"], np.uint32)
    characters[same, 0] = spare[rng.integers(0, len(spare), len(same))]


def _elsewhere(names: Names, persons: Persons, rng: random.Random) -> None:
    taken: dict[int, set[str]] = {}  # given names in each foreign household
    for i in np.flatnonzero(np.isin(persons.group, [Group.TIBETAN, Group.UYGHUR, Group.FOREIGN])).tolist():
        male = bool(persons.male[i])
        group = persons.group[i]
        father = int(persons.father[i])
        if group == Group.TIBETAN:
            if rng.random() < 0.03:
                continue  # some have a Han name
            family, given = "", tibetan_name(male, rng)
            while persons.twin_order[i] == 2 and given == names.vocabulary.values[names.given[i - 1]]:
                given = tibetan_name(male, rng)
        elif group == Group.UYGHUR:
            elder = names.vocabulary.values[names.given[father]] if father >= 0 else rng.choice(uyghur()["m"])
            family, given = "", f"{rng.choice(uyghur()['m' if male else 'f'])}·{elder.split('·')[0]}"
        else:
            household = int(persons.household[i])
            family, given = foreign_name(household, male, rng, taken.setdefault(household, set()))
            if persons.family_from[i] >= 0:
                family = names.vocabulary.values[names.family[persons.family_from[i]]]
        names.family[i], names.given[i] = names.vocabulary.code(family), names.vocabulary.code(given)


@cache
def tibetan_elements() -> list[tuple[str, float, list[str], list[str]]]:
    """(use, weight, Han forms, Latin forms)."""
    return [(use, float(weight), han.split(), latin.split()) for use, weight, han, latin in tab_rows("tibetan.tsv")]


def namesakes(persons: Persons, family: NDArray[Any], given: NDArray[Any]) -> Ints:
    """For each person, how many others share full name and birth date."""
    key = np.stack([persons.birth, family.astype(np.int64), given.astype(np.int64)], axis=1)
    _, inverse, count = np.unique(key, axis=0, return_inverse=True, return_counts=True)
    shared: Ints = count[inverse.reshape(-1)] - 1
    return shared


def tibetan_name(male: bool, rng: random.Random) -> str:
    """Two elements for most, one for some; in the form that its bearer uses."""
    mine = [e for e in tibetan_elements() if e[0] in ("b", "m" if male else "f")]
    weights = [e[1] for e in mine]
    first, second = rng.choices(mine, weights, k=2)
    if rng.random() < 0.12 or first is second:
        return rng.choices(first[2], [6, 3, 2][: len(first[2])])[0]
    return "".join(rng.choices(e[2], [6, 3, 2][: len(e[2])])[0] for e in (first, second))


@cache
def uyghur() -> dict[str, list[str]]:
    return {sex: names for sex, *names in (line.split() for line in lines("uyghur.txt"))}


def foreign_name(household: int, male: bool, rng: random.Random, taken: set[str]) -> tuple[str, str]:
    """(family, given) in passport spelling; a household comes from one country, and no two of it have one given name."""
    table = _elsewhere_table()
    _, men, women, families = table[household * 7919 % 1009 % len(table)]
    given = men if male else women
    choices = given.split("|") if "|" in given else given.split()
    family, first = rng.choice(families.split()), choices.index(rng.choice(choices))
    turned = [*choices[first:], *choices[:first]]
    name = next(name for name in (*turned, *map(" ".join, permutations(turned, 2))) if name not in taken)
    taken.add(name)
    return family, name


@cache
def _elsewhere_table() -> list[list[str]]:
    return tab_rows("people_elsewhere.tsv")
