"""Who lives together: ages, sexes, parents, couples, twins, and where people come from. Numbers only, no names yet."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from training.population.streams import Streams
from training.population.tables import divisions

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
LAST_DAY = int((np.datetime64("2025-12-31") - np.datetime64("1970-01-01")).astype(int))
FIRST_DAY = int((np.datetime64("2008-01-01") - np.datetime64("1970-01-01")).astype(int))
YEAR = 365.2425


class Group(IntEnum):
    HAN = 0
    TUJIA = 1
    MIAO = 2
    OTHER_MINORITY = 3  # Hui, Yi, Manchu, … with names of the Han kind
    TIBETAN = 4
    UYGHUR = 5
    FOREIGN = 6
    HONG_KONG_MACAO = 7
    TAIWAN = 8


class Role(IntEnum):
    GRANDFATHER = 0
    GRANDMOTHER = 1
    FATHER = 2  # also a man alone, or the husband of a couple without children at home
    MOTHER = 3
    CHILD = 4
    SECOND_CHILD = 5


@dataclass(frozen=True)
class Persons:
    """Arrays over persons, members of a household next to each other and elders first. −1 is "none"."""

    household: Ints
    role: Ints
    birth: Ints  # days since 1970-01-01
    male: Bools
    group: Ints
    mother: Ints
    father: Ints
    spouse: Ints
    family_from: Ints  # the person whose family name is inherited
    twin_order: Ints  # 0 single, 1 first, 2 second
    division: Ints  # where the household lives, index into ``tables.divisions``
    origin: Ints  # where the number was first issued: a division index, or −1 for outside

    def __len__(self) -> int:
        return len(self.birth)

    def cut(self, count: int) -> Persons:
        """The first ``count`` persons; nobody refers to a later person except a spouse, who is forgotten."""
        part = Persons(**{f.name: getattr(self, f.name)[:count] for f in fields(self)})
        part.spouse[part.spouse >= count] = -1
        return part


# Kinds of household: share, members, and what fixes the ages: the age of the eldest couple, or of the first child.
KINDS: tuple[tuple[float, tuple[Role, ...], str], ...] = (
    (0.27, (Role.FATHER,), "adult"),  # the sex of a person alone is drawn later
    (0.07, (Role.FATHER,), "old"),
    (0.13, (Role.FATHER, Role.MOTHER), "adult"),
    (0.12, (Role.FATHER, Role.MOTHER), "old"),
    (0.16, (Role.FATHER, Role.MOTHER, Role.CHILD), "child"),
    (0.08, (Role.FATHER, Role.MOTHER, Role.CHILD, Role.SECOND_CHILD), "child"),
    (0.03, (Role.MOTHER, Role.CHILD), "child"),
    (0.05, (Role.GRANDFATHER, Role.GRANDMOTHER, Role.FATHER, Role.MOTHER, Role.CHILD), "child"),
    (0.03, (Role.GRANDMOTHER, Role.FATHER, Role.MOTHER, Role.CHILD, Role.SECOND_CHILD), "child"),
    (0.05, (Role.GRANDFATHER, Role.GRANDMOTHER, Role.CHILD), "child"),  # the parents work elsewhere
)
TWIN_BIRTHS = 0.018  # of births
ELSEWHERE = {
    Group.TIBETAN: 0.012,
    Group.UYGHUR: 0.0008,
    Group.FOREIGN: 0.003,
    Group.HONG_KONG_MACAO: 0.003,
    Group.TAIWAN: 0.0025,
}


def make_persons(count: int, streams: Streams) -> Persons:
    """Exactly ``count`` persons in households; the last household may be incomplete."""
    rng = streams.numpy("households")
    households = int(count / 1.9) + 20
    kind = rng.choice(len(KINDS), size=households, p=np.array([k[0] for k in KINDS]) / sum(k[0] for k in KINDS))
    member_of = np.concatenate([np.repeat(np.flatnonzero(kind == k), len(KINDS[k][1])) for k in range(len(KINDS))])
    role = np.concatenate([np.tile(np.array(KINDS[k][1], int), int((kind == k).sum())) for k in range(len(KINDS))])
    ages = _household_ages(kind, rng)
    twins = rng.random(households) < TWIN_BIRTHS * 1.3
    single_child = ~np.isin(kind, [5, 8]) & np.array([Role.CHILD in k[1] for k in KINDS])[kind] & twins
    member_of = np.concatenate([member_of, np.flatnonzero(single_child)])
    role = np.concatenate([role, np.full(int(single_child.sum()), Role.SECOND_CHILD)])
    order = np.lexsort((role, member_of))
    household, role = member_of[order], role[order]
    age = ages[household, role]
    twin = twins[household] & (role >= Role.CHILD) & np.isin(kind[household], [5, 8])
    twin |= single_child[household] & (role >= Role.CHILD)
    age[twin] = ages[household[twin], Role.CHILD]
    unborn = age < 0.002
    return _assemble(household[~unborn], role[~unborn], age[~unborn], twin[~unborn], streams).cut(count)


def _household_ages(kind: Ints, rng: np.random.Generator) -> NDArray[np.float64]:
    """Ages in years by (household, role); roles a household has not are filled too and not used."""
    size = len(kind)
    based = np.array([["adult", "old", "child"].index(k[2]) for k in KINDS])[kind]
    years = np.arange(0, 30)
    child_share = np.where(years < 7, 2.2, np.where(years < 15, 1.2, 0.8)) * np.where(years > 22, 0.4, 1.0)
    child = rng.choice(years, size=size, p=child_share / child_share.sum()) + rng.random(size)
    at_birth = np.clip(rng.normal(26.5, 4.5, size), 18, 45)
    adult = 20 + 42 * rng.beta(1.3, 1.3, size)
    old = 60 + 38 * rng.beta(1.2, 2.6, size)
    mother = np.where(based == 2, child + at_birth, np.where(based == 1, old, adult))
    husband = np.maximum(mother + rng.normal(2.0, 3.0, size), 20.0)
    father = np.where(based == 2, np.maximum(husband, 19 + child), husband)
    grandfather = np.minimum(father + np.clip(rng.normal(27, 4, size), 19, 42), 99)
    grandmother = np.minimum(np.maximum(grandfather - rng.normal(2, 2.5, size), father + 17), 99)
    second = child - 1.0 - rng.gamma(2.2, 1.9, size)
    return np.stack([grandfather, grandmother, father, mother, child, second], axis=1)


def _assemble(household: Ints, role: Ints, age: NDArray[np.float64], twin: Bools, streams: Streams) -> Persons:
    """Dates, sexes, relations and origin for members that are sorted by household and role."""
    rng = streams.numpy("members")
    count = len(role)
    birth = LAST_DAY - (age * YEAR).astype(np.int64)
    start = np.flatnonzero(np.r_[True, household[1:] != household[:-1]])
    number = np.cumsum(np.r_[False, household[1:] != household[:-1]])
    at = np.full((len(start), len(Role)), -1)
    at[number, role] = np.arange(count)
    male = np.isin(role, [Role.GRANDFATHER, Role.FATHER])
    alone = (np.bincount(number) == 1)[number] & (role == Role.FATHER)
    male = np.where(alone | (role >= Role.CHILD), rng.random(count) < 0.515, male)
    order = np.where(twin, np.where(role == Role.CHILD, 1, 2), 0)
    same_sex = (rng.random(count) < 0.64) & (order == 2)
    male[same_sex] = male[at[number[same_sex], Role.CHILD]]
    child = role >= Role.CHILD
    father = np.where(child, at[number, Role.FATHER], np.where(role == Role.FATHER, at[number, Role.GRANDFATHER], -1))
    mother = np.where(child, at[number, Role.MOTHER], np.where(role == Role.FATHER, at[number, Role.GRANDMOTHER], -1))
    partner = np.array([Role.GRANDMOTHER, Role.GRANDFATHER, Role.MOTHER, Role.FATHER, -1, -1])[role]
    spouse = np.where(partner >= 0, at[number, np.maximum(partner, 0)], -1)
    grandparent = np.where(at[number, Role.GRANDFATHER] >= 0, at[number, Role.GRANDFATHER], at[number, Role.MOTHER])
    family = np.where(child, np.where(at[number, Role.FATHER] >= 0, at[number, Role.FATHER], grandparent), father)
    by_mother = child & (mother >= 0) & (rng.random(len(start)) < 0.05)[number]
    group, division = _origins(len(start), rng)
    return Persons(
        household=number,
        role=role,
        birth=birth,
        male=male,
        group=_person_groups(group[number], role, rng),
        mother=mother,
        father=father,
        spouse=spouse,
        family_from=np.where(by_mother, mother, family),
        twin_order=order,
        division=division[number],
        origin=_first_issued(division[number], group[number], child, rng),
    )


def _origins(households: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Group and division of every household."""
    place = divisions()
    local = place.residents[: place.chongqing]
    division = rng.choice(place.chongqing, size=households, p=local / local.sum())
    group = np.full(households, Group.HAN.value)
    draw = rng.random(households)
    minority = draw < place.minority[division]
    group[minority] = np.where(rng.random(int(minority.sum())) < 0.72, Group.TUJIA, Group.MIAO)
    group[(group == Group.HAN) & (rng.random(households) < 0.007)] = Group.OTHER_MINORITY
    edges = np.cumsum(list(ELSEWHERE.values()))
    pick = np.searchsorted(edges, rng.random(households), side="right")
    for i, which in enumerate(ELSEWHERE):
        group[pick == i] = which
    chamdo = group == Group.TIBETAN
    share = place.residents[place.chongqing :]
    division[chamdo] = place.chongqing + rng.choice(len(share), size=int(chamdo.sum()), p=share / share.sum())
    return group, division


def _person_groups(household_group: Ints, role: Ints, rng: np.random.Generator) -> Ints:
    """A minority household may hold Han members who married in; children follow the household."""
    mixed = np.isin(household_group, [Group.TUJIA, Group.MIAO, Group.OTHER_MINORITY]) & (role == Role.MOTHER)
    return np.where(mixed & (rng.random(len(role)) < 0.35), Group.HAN, household_group)


def _first_issued(division: Ints, group: Ints, child: Bools, rng: np.random.Generator) -> Ints:
    """Origin of each person: mostly home, else another division of Chongqing, else outside (−1)."""
    place = divisions()
    draw = rng.random(len(division))
    local = place.residents[: place.chongqing]
    other = rng.choice(place.chongqing, size=len(division), p=local / local.sum())
    adult = np.where(draw < 0.72, division, np.where(draw < 0.90, other, -1))
    origin = np.where(child, np.where(draw < 0.88, division, other), adult)
    origin = np.where(group == Group.TIBETAN, division, origin)
    return np.where(group == Group.UYGHUR, -1, origin)
