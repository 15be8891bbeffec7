"""Latin-script people: the same for the same seed, and errors of several severities."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpi.intake import MappedRow, read_records
from mpi.standardise import standardise, validate
from training.people import PeopleRates, generate
from training.people.mistakes import mistake, wrong_date, wrong_digit
from training.people.words import family_names, given_names
from training.population import Population, Stratum

MAP = Path(__file__).parents[2] / "training" / "people" / "map.toml"
FIELDS = ("family", "given", "birth_date", "id_number", "road", "community", "locality", "postcode", "region", "house_number")


@pytest.fixture(scope="module")
def base() -> Population:
    return generate(6000, seed=4)


def test_same_seed_same_people() -> None:
    assert generate(300, seed=1).table.equals(generate(300, seed=1).table)
    assert not generate(300, seed=1).table.equals(generate(300, seed=2).table)


@pytest.mark.parametrize("persons", [1, 2, 5])
def test_few_people(persons: int) -> None:
    for seed in range(10):
        assert set(generate(persons, seed=seed).truth.tolist()) == set(range(persons))


def test_refusals() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        generate(0, seed=1)
    with pytest.raises(ValueError, match="errors must be one of"):
        generate(2, seed=1, errors="worse")


def test_every_record_is_valid_input(base: Population) -> None:
    for record in base.records[:3000]:
        validate(record)
        standardise(record)


def test_names_are_skewed_as_names_are(base: Population) -> None:
    families = Counter(base.persons["family"].to_pylist())
    assert families.most_common(1)[0][1] > 15
    assert sum(n == 1 for n in families.values()) > 100
    assert abs(family_names().share.sum() - 1) < 1e-9
    assert abs(given_names(male=True).share.sum() - 1) < 1e-9


def test_shares(base: Population) -> None:
    expected = {
        Stratum.TWIN: (0.003, 0.02),
        Stratum.JUNIOR_SENIOR: (0.005, 0.03),
        Stratum.CHANGED_NAME: (0.1, 0.3),
        Stratum.MOVED: (0.1, 0.4),
        Stratum.NO_NUMBER: (0.04, 0.08),
        Stratum.WRONG_NUMBER: (0.03, 0.12),
        Stratum.RELATIVE_NUMBER: (0.0005, 0.01),
    }
    shares = {stratum: base.in_stratum(stratum).mean() for stratum in expected}
    assert all(low < shares[s] < high for s, (low, high) in expected.items()), shares


def test_several_severities(base: Population) -> None:
    """Between two records of a person: often nothing differs, sometimes one field, now and then many."""
    order = np.argsort(base.truth, kind="stable")
    pairs = np.flatnonzero(base.truth[order][1:] == base.truth[order][:-1])
    differing = np.zeros(len(pairs), int)
    for name in FIELDS:
        values = np.array(base.table[name].to_pylist(), object)[order]
        differing += (values[pairs] != values[pairs + 1]) & (values[pairs] != "") & (values[pairs + 1] != "")
    shares = np.bincount(np.minimum(differing, 4), minlength=5) / len(differing)
    assert (shares > 0.05).all(), shares


def test_no_errors_at_all() -> None:
    population = generate(800, seed=3, errors=PeopleRates().scaled(0.0))
    assert not population.in_stratum(Stratum.WRONG_NAME | Stratum.WRONG_NUMBER | Stratum.NO_NUMBER).any()


def test_the_file_and_its_map_give_the_same_records(tmp_path: Path) -> None:
    population = generate(200, seed=6)
    population.to_parquet(tmp_path / "people.parquet")
    rows = list(read_records(tmp_path / "people.parquet", MAP))
    read = [row.record for row in rows if isinstance(row, MappedRow)]
    assert [standardise(r) for r in read] == [standardise(r) for r in population.records]


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz '-0123456789", min_size=1, max_size=30), st.integers(0, 2**32))
def test_a_mistake_leaves_something(text: str, seed: int) -> None:
    text = " ".join(text.split()) or "x"  # blanks at the ends and runs of them are no text
    changed = mistake(text, random.Random(seed))
    assert changed
    assert abs(len(changed) - len(text)) <= 2


@given(st.dates(), st.integers(0, 2**32))
def test_a_wrong_date_is_still_written_as_a_date(date: object, seed: int) -> None:
    text = str(date)
    np.datetime64(wrong_date(text, random.Random(seed)))


def test_a_wrong_digit_keeps_the_length() -> None:
    rng = random.Random(2)
    assert all(len(wrong_digit("7342185", rng)) == 7 for _ in range(100))
