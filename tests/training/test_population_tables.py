"""The tables behind the synthetic Chongqing, held against published facts where those are at hand, and character errors."""

from __future__ import annotations

import csv
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from training.population import characters
from training.population.number_errors import lunar_date
from training.population.population import Population
from training.population.steps import generate
from training.population.tables import divisions, given_names, sources, surnames

SHARED = Path(__file__).parents[3] / "shared" / "data" / "cn"
needs_data = pytest.mark.skipif(not SHARED.exists(), reason="../shared/data is not here: third-party tables to compare with")


def rows(path: str) -> list[dict[str, str]]:
    with (SHARED / path).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def population() -> Population:
    return generate(30_000, seed=2)


@needs_data
def test_division_codes_are_facts() -> None:
    known = {row["code"] for row in rows("cn_divisions/gb2260_history_all.csv")}
    assert {str(code) for code in divisions().history_code.reshape(-1)} <= known
    assert {str(code) for code in divisions().code} <= known


@needs_data
def test_common_surnames_are_common_here_too(population: Population) -> None:
    national = {row["surname"]: float(row["ppm.1930_2008"]) for row in rows("cn_names_psychbruce/familyname.csv")}
    ours = Counter(population.persons["family"].to_pylist())
    top = [name for name, _ in ours.most_common(20) if name]
    assert sum(national[name] > 2000 for name in top) >= 18  # 冉 is common in the south-east of Chongqing only
    missing = [name for name, ppm in national.items() if ppm > 1000 and name not in surnames().values]
    assert not missing, missing


@needs_data
def test_given_names_are_as_concentrated_as_in_chongqing(population: Population) -> None:
    count = {row["name"]: int(row["chongqing"] or 0) for row in rows("cn_names_psychbruce/top1000name.prov.csv")}
    real = {name: n / 30_157_925 for name, n in count.items()}
    ours = Counter(population.persons["given"].to_pylist())
    total = sum(ours.values())
    floor = sum(share**2 for share in real.values())  # of the thousand commonest names alone
    assert floor < sum((n / total) ** 2 for n in ours.values()) < 2.2 * floor
    common = sorted(real, key=lambda name: -real[name])[:60]
    assert sum(ours[name] / total > 0.25 * real[name] for name in common) > 50


def test_tables_hold_together() -> None:
    assert divisions().chongqing == 38
    assert len(surnames().values) > 280
    assert len({c for values in given_names().values() for value in values for c in value}) > 400
    assert len(set(sources().code)) == len(sources().code) == 13 + 2 * 38
    assert all(chr(0x4E00) <= c <= chr(0x9FFF) for name in surnames().values for c in name)


def test_lunar_dates() -> None:
    """New Year's Days of the Chinese calendar, and a day of a leap month (2023, second month)."""
    days = np.array(["1984-02-02", "2000-02-05", "2023-03-22"], "datetime64[D]").astype(np.int64)
    year, month, day = lunar_date(days)
    assert year.tolist() == [1984, 2000, 2023]
    assert month.tolist() == [1, 1, 2]
    assert day.tolist() == [1, 1, 1]


@pytest.mark.parametrize("character", ["芸", "伟", "静", "张", "罗"])
def test_homophones_sound_alike_and_differ(character: str) -> None:
    rng = random.Random(4)
    found = {characters.homophone(character, rng) for _ in range(50)}
    assert character not in found
    assert {characters.reading(c) for c in found} == {characters.reading(character)}


def test_dialect_twins_are_heard_as_one() -> None:
    rng = random.Random(4)
    for character in "陈林珍黄胡兰能":
        other = characters.dialect_twin(character, rng)
        assert other != character
        assert characters.reading(other) != characters.reading(character)
        assert characters.folded(characters.reading(other)) == characters.folded(characters.reading(character))


def test_surname_readings() -> None:
    rng = random.Random(1)
    assert {characters.romanised("单", "晓明", rng).lower().replace(" ", "") for _ in range(40)} == {
        "shanxiaoming",
        "xiaomingshan",
    }
    assert "ouyangxiuzhu" in {characters.romanised("欧阳", "修竹", rng).lower().replace(" ", "") for _ in range(40)}


def test_wrong_characters_are_mostly_homophones(population: Population) -> None:
    """60–65 % of wrong name characters are homophones and 20–25 % look alike; dialect, chance and overlap take the rest."""
    family, given = (population.persons[name].to_pylist() for name in ("family", "given"))
    full = [f + g for f, g in zip(family, given, strict=True)]
    kinds: Counter[str] = Counter()
    for text, person in zip(population.table["name_text"].to_pylist(), population.truth.tolist(), strict=True):
        true = full[person]
        differing = [(a, b) for a, b in zip(text, true, strict=False) if a != b]
        if len(text) != len(true) or len(differing) != 1 or not all("一" <= c <= "鿿" for c in text):
            continue
        wrong, right = differing[0]
        if characters.traditional(right) == wrong:
            continue
        alike = characters.reading(wrong) == characters.reading(right)
        kinds["sound" if alike else "shape" if wrong in characters.look_alikes().get(right, []) else "other"] += 1
    total = sum(kinds.values())
    assert total > 400
    assert 0.5 < kinds["sound"] / total < 0.75
    assert 0.12 < kinds["shape"] / total < 0.30
