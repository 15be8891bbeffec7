"""Addresses: composed roads, estates, towns and villages of every division, and how clerks write them."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from training.population.persons import Bools, Ints
from training.population.streams import Streams
from training.population.tables import divisions, syllables

ROADS, ESTATES, TOWNS, VILLAGES = 160, 260, 18, 200  # per division
SLOTS = 4  # addresses of a household: three in a row, then the one in the household register
REGISTERED = 3
URBAN_STYLES, RURAL_STYLES = 9, 5


@dataclass(frozen=True)
class PlaceNames:
    """Names by (division × size + index)."""

    roads: list[str]
    estates: list[str]
    towns: list[str]
    villages: list[str]


@dataclass(frozen=True)
class Addresses:
    """Arrays over addresses; ``urban`` ones use road to room, the others town, village and group."""

    division: Ints
    urban: NDArray[np.bool_]
    estate: Ints
    road: Ints
    number: Ints
    building: Ints
    unit: Ints
    room: Ints
    village: Ints
    group: Ints


def make_place_names(streams: Streams) -> PlaceNames:
    rng = streams.python("place names")
    parts = syllables()
    place = divisions()
    roads: list[str] = []
    estates: list[str] = []
    towns: list[str] = []
    villages: list[str] = []
    for i in range(len(place.names)):
        if i >= place.chongqing:
            _chamdo(int(place.code[i]), (roads, estates, towns, villages), rng)
            continue
        roads += _distinct(ROADS, lambda: _compose(rng, parts["place"], parts["road"]) + rng.choice(parts["kind"]))
        estates += _distinct(ESTATES, lambda: _estate(rng, parts))
        towns += _distinct(TOWNS, lambda: _compose(rng, parts["town"], parts["town_end"]) + rng.choice("镇镇镇乡"))
        villages += _distinct(VILLAGES, lambda: _compose(rng, parts["village"], parts["village_end"]) + "村")
    return PlaceNames(roads, estates, towns, villages)


def _distinct(count: int, make: object) -> list[str]:
    assert callable(make)
    found: dict[str, None] = {}
    while len(found) < count:
        found[make()] = None
    return list(found)


def _compose(rng: random.Random, first: list[str], second: list[str]) -> str:
    while True:
        a, b = rng.choice(first), rng.choice(second)
        if not b.startswith(a):
            return a + b


def _estate(rng: random.Random, parts: dict[str, list[str]]) -> str:
    name = rng.choice(parts["estate"])
    if rng.random() < 0.35:
        name += rng.choice([e for e in parts["estate"] if e != name])
    return name + rng.choice(parts["estate_kind"])


def _chamdo(code: int, into: tuple[list[str], list[str], list[str], list[str]], rng: random.Random) -> None:
    """Names for one county of Chamdo; short lists repeat, as there is one town worth the name."""
    parts = syllables()
    roads, estates, towns, villages = into
    here = parts[f"towns_{code}"]
    roads += [parts["chamdo_road"][i % len(parts["chamdo_road"])] for i in range(ROADS)]
    estates += [parts["chamdo_estate"][i % len(parts["chamdo_estate"])] for i in range(ESTATES)]
    towns += [here[i % len(here)] + ("镇" if i % len(here) == 0 else "乡") for i in range(TOWNS)]
    villages += _distinct(VILLAGES, lambda: _compose(rng, parts["tibetan_village"], parts["tibetan_village"]) + "村")


def make_addresses(division: Ints, origin: Ints, townspeople: Bools, streams: Streams) -> Addresses:
    """``SLOTS`` addresses for each household, in a row. ``origin``: division of the register, −1 unknown (then home).
    ``townspeople`` (foreigners, patients from Hong Kong, Macao and Taiwan) never live in a village."""
    rng = streams.numpy("addresses")
    place = divisions()
    households = len(division)
    where = np.repeat(division, SLOTS).reshape(households, SLOTS)
    local = place.residents[: place.chongqing]
    moved = rng.random((households, SLOTS)) < 0.3
    moved[:, 0] = False
    elsewhere = rng.choice(place.chongqing, size=(households, SLOTS), p=local / local.sum())
    where = np.where(moved, elsewhere, where)
    where[:, REGISTERED] = np.where(origin >= 0, origin, division)
    flat = where.reshape(-1)
    share = np.tile([1.0, 1.05, 1.1, 0.75], households) * place.urban[flat]
    size = len(flat)
    estate = (ESTATES * rng.random(size) ** 1.4).astype(np.int64)
    return Addresses(
        division=flat,
        urban=(rng.random(size) < share) | np.repeat(townspeople, SLOTS),
        estate=estate,
        road=(estate * 37 + 11) % ROADS,
        number=1 + (estate * 7919 + flat * 31) % 380,
        building=1 + rng.integers(0, 18, size) * rng.integers(0, 2, size) + rng.integers(0, 8, size),
        unit=rng.integers(1, 4, size),
        room=rng.integers(1, 33, size) * 100 + rng.integers(1, 9, size),
        village=(VILLAGES * rng.random(size) ** 1.2).astype(np.int64),
        group=rng.integers(1, 13, size),
    )


def address_text(addresses: Addresses, names: PlaceNames, which: Ints, style: Ints) -> pa.Array:
    """Text of each address ``which`` (−1 gives an empty one), written in ``style`` (any integer ≥ 0)."""
    known = which >= 0
    index = np.where(known, which, 0)
    urban = addresses.urban[index] & known
    rural = ~addresses.urban[index] & known
    return pc.coalesce(
        _scatter(_urban_text(addresses, names, index[urban], style[urban] % URBAN_STYLES), urban),
        _scatter(_rural_text(addresses, names, index[rural], style[rural] % RURAL_STYLES), rural),
        pa.scalar(""),
    )


def _scatter(values: pa.Array, where: NDArray[np.bool_]) -> pa.Array:
    position = np.where(where, np.cumsum(where) - 1, 0)
    return values.take(pa.array(position, mask=~where)) if len(values) else pa.nulls(len(where), pa.string())


def _pick(values: list[str], codes: Ints) -> pa.Array:
    return pa.array(values).take(pa.array(codes))


def _if(condition: NDArray[np.bool_], text: pa.Array | str, otherwise: pa.Array | str = "") -> pa.Array:
    def argument(value: pa.Array | str) -> object:
        return pa.scalar(value) if isinstance(value, str) else value

    return pc.if_else(pa.array(condition), argument(text), argument(otherwise))


def _digits(values: Ints) -> pa.Array:
    return pa.array(values).cast(pa.string())


def _province(division: Ints, long: NDArray[np.bool_]) -> pa.Array:
    chamdo = division >= divisions().chongqing
    tibet = _if(long, "西藏自治区昌都市", "西藏昌都")
    return _if(chamdo, tibet, _if(long, "重庆市", "重庆"))


def _urban_text(addresses: Addresses, names: PlaceNames, index: Ints, style: Ints) -> pa.Array:
    """Nine ways to write one urban address, from complete to the estate alone."""
    place = addresses.division[index]
    road = _pick(names.roads, place * ROADS + addresses.road[index])
    estate = _pick(names.estates, place * ESTATES + addresses.estate[index])
    street = pc.binary_join_element_wise(pc.utf8_slice_codeunits(road, 0, 2), pa.scalar("街道"), "")
    number = pc.binary_join_element_wise(_digits(addresses.number[index]), pa.scalar("号"), "")
    building, unit, room = (_digits(part[index]) for part in (addresses.building, addresses.unit, addresses.room))
    full = pc.binary_join_element_wise(
        building, _if(style == 5, "幢", _if(style == 8, "号楼", "栋")), unit, pa.scalar("单元"), room, pa.scalar("室"), ""
    )
    dashed = pc.binary_join_element_wise(building, unit, room, "-")
    short = pc.binary_join_element_wise(building, pa.scalar("栋"), room, "")
    inside = _if(np.isin(style, [0, 5, 8]), full, _if(np.isin(style, [1, 2, 6]), dashed, _if(style == 3, short, "")))
    with_road = ~np.isin(style, [3, 7])
    return pc.binary_join_element_wise(
        _if(np.isin(style, [0, 2, 4, 5, 7, 8]), _province(place, style != 7), ""),
        _if(style != 6, _pick(list(divisions().names), place), ""),
        _if(style == 5, street, ""),
        _if(with_road, road, ""),
        _if(with_road, number, ""),
        _if(np.isin(style, [0, 1, 3, 5, 7, 8]), estate, ""),
        inside,
        "",
    )


def _rural_text(addresses: Addresses, names: PlaceNames, index: Ints, style: Ints) -> pa.Array:
    place = addresses.division[index]
    village = addresses.village[index]
    tibetan = place >= divisions().chongqing
    group = pc.binary_join_element_wise(_digits(addresses.group[index]), _if(style == 3, "社", "组"), "")
    number = pc.binary_join_element_wise(_digits(addresses.number[index] % 90 + 1), pa.scalar("号"), "")
    return pc.binary_join_element_wise(
        _if(np.isin(style, [0, 2, 3]), _province(place, style != 3), ""),
        _if(style != 4, _pick(list(divisions().names), place), ""),
        _pick(names.towns, place * TOWNS + village % TOWNS),
        _pick(names.villages, place * VILLAGES + village),
        _if((style != 4) & ~tibetan, group, ""),
        _if((style == 0) & ~tibetan, number, ""),
        "",
    )
