"""Names and places of the crowd: heads with the frequencies of a census, long tails from elsewhere, all from Faker."""

from __future__ import annotations

import importlib
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.crowd.text import Texts

# Faker's person providers of the tail; the head is en_US, whose weights are counts of a census.
TAIL = (
    *("en", "en_GB", "en_NZ", "en_IE", "en_IN", "de_DE", "fr_FR", "it_IT"),
    *("es_ES", "nl_NL", "sv_SE", "da_DK", "no_NO", "fi_FI"),
)
HEAD_SHARE = 0.8  # of all bearers
SHORTEST, LONGEST = 2, 15  # letters of a name
FIXED_SEED = 99  # names and places are the same for every crowd
POSTCODES, STREETS, CITIES, STREETS_OF_A_POSTCODE = 3_000, 6_000, 600, 60
STREET_TYPES = 40
ABBREVIATIONS = (
    *((b" street", b" st"), (b" avenue", b" ave"), (b" road", b" rd"), (b" apt ", b" #")),
    *((b" drive", b" dr"), (b" court", b" ct"), (b" lane", b" ln")),
)
NICKNAMES = (
    *(("william", "bill"), ("robert", "bob"), ("richard", "dick"), ("james", "jim"), ("john", "jack"), ("michael", "mike")),
    *(("thomas", "tom"), ("charles", "chuck"), ("joseph", "joe"), ("daniel", "dan"), ("matthew", "matt"), ("david", "dave")),
    *(("anthony", "tony"), ("christopher", "chris"), ("steven", "steve"), ("andrew", "andy"), ("edward", "ted")),
    *(("kenneth", "ken"), ("timothy", "tim"), ("elizabeth", "liz"), ("margaret", "peggy"), ("katherine", "kate")),
    *(("jennifer", "jenny"), ("patricia", "pat"), ("susan", "sue"), ("barbara", "barb"), ("deborah", "debbie")),
    *(("rebecca", "becky"), ("victoria", "vicky"), ("samantha", "sam"), ("nicholas", "nick"), ("benjamin", "ben")),
    *(("alexander", "alex"), ("gregory", "greg"), ("jonathan", "jon"), ("kimberly", "kim"), ("amanda", "mandy")),
    *(("stephanie", "steph"), ("pamela", "pam"), ("cynthia", "cindy")),
)


class Names(NamedTuple):
    """Distinct lower-case names; ``share`` of their bearers adds up to 1."""

    values: Texts
    share: npt.NDArray[np.float64]

    def draw(self, count: int, random: np.random.Generator) -> Texts:
        """Names of so many people."""
        return self.values[random.choice(len(self.values), count, p=self.share)]


class Places(NamedTuple):
    """``city`` and ``share`` by postcode; ``streets`` belong to no place by themselves."""

    postcodes: Texts
    city: Texts
    share: npt.NDArray[np.float64]
    streets: Texts


@cache
def female_names() -> Names:
    return _names("first_names_female")


@cache
def male_names() -> Names:
    return _names("first_names_male")


@cache
def family_names() -> Names:
    return _names("last_names")


def _names(attribute: str) -> Names:
    """The weighted head, and a tail that falls off slowly in an order that means nothing."""
    head: dict[str, float] = {}
    for name, weight in _weights(attribute).items():
        if plain := _plain(name):
            head[plain] = head.get(plain, 0.0) + float(weight)
    elsewhere = {_plain(name) for place in TAIL for name in _provider("person", place, attribute)}
    tail = sorted(elsewhere - set(head) - {""})
    common = np.array(list(head.values()))
    rare = np.random.default_rng(FIXED_SEED).permutation(1.0 / (np.arange(len(tail)) + 200.0) ** 0.8)
    share = np.concatenate([common / common.sum() * HEAD_SHARE, rare / rare.sum() * (1 - HEAD_SHARE)])
    return Names(np.array([*head, *tail], dtype="S15"), share / share.sum())


def _weights(attribute: str) -> dict[str, float]:
    weights = _provider("person", "en_US", attribute)
    assert isinstance(weights, dict)
    return weights


def _provider(kind: str, place: str, attribute: str) -> dict[str, float] | Iterable[str]:
    module = importlib.import_module(f"faker.providers.{kind}.{place}")
    found: dict[str, float] | Iterable[str] = getattr(module.Provider, attribute)
    return found


def _plain(name: str) -> str:
    """Lower case without accents; "" where more than letters, hyphens, apostrophes and blanks is left, or by its length."""
    text = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    usual = text.translate({ord(mark): None for mark in "-' "}).isalpha()
    return text if usual and SHORTEST <= len(text) <= LONGEST else ""


@cache
def places() -> Places:
    """Three thousand postcodes, some of them much larger than others, each with a city and sixty streets."""
    random, family = np.random.default_rng(FIXED_SEED), family_names().values
    postcodes = np.unique(random.integers(10_000, 99_999, POSTCODES + 200))[:POSTCODES].astype("S5")
    share = 1 / (np.arange(POSTCODES) + 30.0) ** 0.7
    roots = sorted({name.decode() for name in family[: CITIES // 2 + 100]})
    cities = np.array([root + ending for root in roots for ending in ("ville", "ton")], dtype="S19")[:CITIES]
    types = [str(word).lower().encode() for word in _provider("address", "en_US", "street_suffixes")]
    kinds = [types[5 * kind % len(types)] for kind in random.choice(STREET_TYPES, STREETS)]
    named = family[random.choice(len(family), STREETS)]
    streets = np.array([b" ".join(words) for words in zip(named.tolist(), kinds, strict=True)], dtype="S26")
    return Places(postcodes, cities[random.integers(0, CITIES, POSTCODES)], share / share.sum(), streets)
