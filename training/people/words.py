"""Latin names, streets and suburbs, from Faker's name lists at run time and small own tables."""

from __future__ import annotations

import importlib
import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.population.tables import rank_weights

FOLDER = Path(__file__).parent / "tables"
# Locale of Faker's person provider and its share in the population: English first, with the migration of a port city.
FAMILY_SHARES = {
    "en_GB": 0.50,
    "en_US": 0.22,
    "en_NZ": 0.08,
    "en_IE": 0.06,
    "it_IT": 0.05,
    "nl_NL": 0.03,
    "de_DE": 0.03,
    "es_ES": 0.03,
}
GIVEN_SHARES = {"en_NZ": 0.55, "en_US": 0.20, "en_GB": 0.13, "en_IE": 0.05, "it_IT": 0.04, "de_DE": 0.03}
STATES = {
    "nsw": (2, 32),
    "vic": (3, 25),
    "qld": (4, 20),
    "wa": (6, 11),
    "sa": (5, 7),
    "tas": (7, 3),
    "act": (26, 1),
    "nt": (8, 1),
}
"""State: first digit or digits of its postcodes, share of residents in percent."""


@dataclass(frozen=True)
class Names:
    """Lower-case values; ``share`` adds up to 1."""

    values: tuple[str, ...]
    share: NDArray[np.float64]


@cache
def family_names() -> Names:
    return _merged(FAMILY_SHARES, ("last_names",))


@cache
def given_names(*, male: bool) -> Names:
    return _merged(GIVEN_SHARES, ("first_names_male",) if male else ("first_names_female",))


def _merged(shares: dict[str, float], attributes: tuple[str, ...]) -> Names:
    """Faker's weights where a list has telling ones, else by rank: name frequencies are always skewed."""
    weight: dict[str, float] = {}
    for locale, share in shares.items():
        provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        names = [n for a in attributes for n in _weighted(getattr(provider, a))]
        total = sum(w for _, w in names)
        for name, w in names:
            plain = name.lower().strip()
            weight[plain] = weight.get(plain, 0.0) + share * w / total
    share_array = np.array(list(weight.values()))
    return Names(tuple(weight), share_array / share_array.sum())


def _weighted(names: object) -> list[tuple[str, float]]:
    if isinstance(names, dict):
        items = [(str(k), float(v)) for k, v in names.items()]
        if len({round(w, 4) for _, w in items}) > 20:
            return items
        listed = [name for name, _ in sorted(items, key=lambda item: -item[1])]
    else:
        assert isinstance(names, list | tuple)
        listed = list(dict.fromkeys(map(str, names)))
    if listed == sorted(listed):  # an alphabet is no ranking: shuffle it, the same way everywhere
        random.Random(20).shuffle(listed)
    return list(zip(listed, rank_weights(len(listed), flat=8.0).tolist(), strict=True))


@cache
def nicknames() -> dict[str, list[str]]:
    lines = (FOLDER / "nicknames.txt").read_text(encoding="utf-8").splitlines()
    return {first: rest for first, *rest in (line.split() for line in lines if line and not line.startswith("#"))}


@cache
def place_words() -> dict[str, list[str]]:
    lines = (FOLDER / "places.txt").read_text(encoding="utf-8").splitlines()
    return {first: rest for first, *rest in (line.split() for line in lines if line and not line.startswith("#"))}


@dataclass(frozen=True)
class Places:
    """Streets and house names anywhere; suburbs with their postcode and state, weighted by ``share``."""

    streets: list[str]
    houses: list[str]
    suburbs: list[str]
    postcodes: list[str]
    states: list[str]
    share: NDArray[np.float64]


def make_places(rng: random.Random, *, suburbs: int = 1500) -> Places:
    words = place_words()
    roots = [n for n in _merged({"en_GB": 0.6, "en_NZ": 0.4}, ("last_names",)).values if n.isalpha() and len(n) > 3]
    streets = list(dict.fromkeys(f"{rng.choice(roots)} {rng.choice(words['street'])}" for _ in range(6000)))
    houses = list(dict.fromkeys(_house(rng, roots, words) for _ in range(4000)))
    names = list(dict.fromkeys(_suburb(rng, roots, words) for _ in range(suburbs)))
    states = rng.choices(list(STATES), [s for _, s in STATES.values()], k=len(names))
    codes = [_postcode(rng, state) for state in states]
    return Places(streets, houses, names, codes, states, rank_weights(len(names), flat=60.0, power=0.8))


def _house(rng: random.Random, roots: list[str], words: dict[str, list[str]]) -> str:
    root = rng.choice(roots)
    style = rng.random()
    if style < 0.5:
        return root
    return f"{root} {rng.choice(words['house'])}" if style < 0.9 else f"unit {rng.randrange(1, 60)}"


def _suburb(rng: random.Random, roots: list[str], words: dict[str, list[str]]) -> str:
    root = rng.choice(roots)
    root = root + rng.choice(words["suburb_last"]) if rng.random() < 0.35 and len(root) < 8 else root
    style = rng.random()
    if style < 0.12:
        return f"{rng.choice(words['suburb_first'])} {root}"
    return f"{root} {rng.choice(words['suburb_second'])}" if style < 0.32 else root


def _postcode(rng: random.Random, state: str) -> str:
    prefix = str(STATES[state][0])
    return prefix + "".join(str(rng.randrange(10)) for _ in range(4 - len(prefix)))
