"""The small tables of this folder, read once: plain text, written for this project, checked by ``tests/training``.

Surnames, given-name characters and place syllables are approximations from general knowledge: no third-party list is shipped.
Division codes are facts (GB/T 2260). Divisions of other provinces come from the installed ``python-stdnum`` at run time.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).parent / "tables"
DECADES = (1930, 1950, 1960, 1970, 1980, 1990, 2000, 2010)
"""First birth year of each cohort of ``given_names.txt``; the first one also serves those born before."""


def lines(name: str) -> Iterator[str]:
    """The lines of one table without comments and blank lines."""
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line


def tab_rows(name: str) -> list[list[str]]:
    return [line.split("\t") for line in lines(name)]


def rank_weights(count: int, *, flat: float = 4.0, power: float = 0.9) -> NDArray[np.float64]:
    """Zipf–Mandelbrot weights by rank, adding up to 1; how name frequencies fall in every population we know of."""
    weights = 1.0 / (np.arange(count, dtype=np.float64) + flat) ** power
    return np.asarray(weights / weights.sum())


@dataclass(frozen=True)
class Weighted:
    """Values with probabilities that add up to 1."""

    values: tuple[str, ...]
    share: NDArray[np.float64]

    @classmethod
    def by_rank(cls, values: list[str], *, flat: float = 4.0, power: float = 0.9) -> Weighted:
        distinct = tuple(dict.fromkeys(values))
        return cls(distinct, rank_weights(len(distinct), flat=flat, power=power))

    def draw(self, rng: np.random.Generator, count: int) -> NDArray[np.int64]:
        """Indices into ``values``."""
        return rng.choice(len(self.values), size=count, p=self.share)


@cache
def surnames() -> Weighted:
    weights: dict[str, float] = {}
    for line in lines("surnames.txt"):
        first, *rest = line.split()
        if first.startswith("@"):
            for name in rest:
                weights.setdefault(name, float(first[1:]))
        else:
            weights.setdefault(first, float(rest[0]))
    share = np.array(list(weights.values()))
    return Weighted(tuple(weights), share / share.sum())


@cache
def given_names() -> dict[tuple[str, int, str], list[str]]:
    """(sex m or f or *, first year of the decade or 0, place) → values in falling order."""
    table: dict[tuple[str, int, str], list[str]] = {}
    for line in lines("given_names.txt"):
        sex, year, place, *values = line.split()
        table[sex, 0 if year == "*" else int(year), place] = list(dict.fromkeys(values))
    return table


@dataclass(frozen=True)
class Divisions:
    """Chongqing's districts and counties, then Chamdo's. Arrays run over ``names``."""

    names: tuple[str, ...]
    code: NDArray[np.int64]
    residents: NDArray[np.float64]
    urban: NDArray[np.float64]
    postcode: NDArray[np.int64]
    minority: NDArray[np.float64]
    chongqing: int
    history_year: NDArray[np.int64]  # (division, period): year the code came into use, 9999 where there is no such period
    history_code: NDArray[np.int64]

    def code_in(self, division: NDArray[np.int64], year: NDArray[np.int64]) -> NDArray[np.int64]:
        """The code of ``division`` that was in use in ``year``; the oldest known one before that."""
        period = np.maximum((self.history_year[division] <= year[:, None]).sum(axis=1) - 1, 0)
        return np.asarray(self.history_code[division, period])


@cache
def divisions() -> Divisions:
    rows = [row for row in tab_rows("divisions.tsv") if row[0] != "name"]
    periods = [[tuple(map(int, p.split(":"))) for p in row[6].split()] for row in rows]
    longest = max(map(len, periods))
    padded = [p + [(9999, p[-1][1])] * (longest - len(p)) for p in periods]
    return Divisions(
        names=tuple(row[0] for row in rows),
        code=np.array([int(row[1]) for row in rows]),
        residents=np.array([float(row[2]) for row in rows]),
        urban=np.array([float(row[3]) for row in rows]),
        postcode=np.array([int(row[4]) for row in rows]),
        minority=np.array([float(row[5]) for row in rows]),
        chongqing=sum(row[1].startswith("50") for row in rows),
        history_year=np.array([[y for y, _ in p] for p in padded]),
        history_code=np.array([[c for _, c in p] for p in padded]),
    )


@cache
def outside_counties() -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """County codes outside Chongqing and Chamdo: (code, first year, last year), from python-stdnum's ``cn/loc.dat``.

    Provinces that send people to Chongqing come several times, so that a plain uniform draw favours them.
    """
    origin = importlib.util.find_spec("stdnum.cn")
    assert origin is not None
    assert origin.origin is not None, "python-stdnum is installed as a package"
    text = (Path(origin.origin).parent / "loc.dat").read_text(encoding="utf-8")
    repeat = {"51": 6, "52": 3, "42": 3, "43": 2, "41": 2, "53": 1}
    codes: list[tuple[int, int, int]] = []
    province = ""
    for line in text.splitlines():
        if match := re.match(r"(\d\d) province", line):
            province = match[1]
        elif (match := re.match(r'\s+(\d{4}) county="(.*)"', line)) and not match[1].endswith("00"):
            if province in ("50", "71", "81", "82") or (province == "54" and match[1][:2] in ("03", "21")):
                continue
            for first, last, _ in re.findall(r"(?:\[(\d*)-(\d*)\])?([^,\[\]]+)", match[2]):
                span = (int(province + match[1]), int(first or 1900), int(last or 2100))
                codes.extend([span] * repeat.get(province, 1) if span[2] >= 1986 else [])
    table = np.array(codes)
    return table[:, 0], table[:, 1], table[:, 2]


@cache
def syllables() -> dict[str, list[str]]:
    return {first: rest for first, *rest in (line.split() for line in lines("places.txt"))}


@dataclass(frozen=True)
class Sources:
    code: tuple[str, ...]
    kind: NDArray[np.str_]
    weight: NDArray[np.float64]
    split_names: NDArray[np.bool_]
    typing: NDArray[np.float64]
    pattern: tuple[str, ...]
    division: NDArray[np.int64]  # the district a district hospital serves, else -1


@cache
def sources() -> Sources:
    """The made-up hospitals: the municipal ones of the table, and two for each district (``cq500101a``, ``cq500101b``)."""
    rows = [(*row, "-1") for row in tab_rows("sources.tsv")]
    place = divisions()
    for i in range(place.chongqing):
        for letter, weight, typing in (("a", "7", 1.0), ("b", "3", 1.4)):
            style = "s" if (i * 7 + ord(letter)) % 5 == 0 else "w"
            quality = str(typing * (0.8 + 0.1 * ((i * 5 + ord(letter)) % 6)))
            rows.append((f"cq{place.code[i]}{letter}", "d", weight, style, quality, "{:07d}", str(i)))
    return Sources(
        code=tuple(row[0] for row in rows),
        kind=np.array([row[1] for row in rows]),
        weight=np.array([float(row[2]) for row in rows]),
        split_names=np.array([row[3] == "s" for row in rows]),
        typing=np.array([float(row[4]) for row in rows]),
        pattern=tuple(row[5] for row in rows),
        division=np.array([int(row[6]) for row in rows]),
    )
