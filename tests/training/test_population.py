"""The synthetic Chongqing: the same for the same seed, and like life where that can be counted."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from mpi.records import IdentifierType, NameUse
from training.population import ErrorRates, Population, Stratum, generate

PERSONS = 20_000


@pytest.fixture(scope="module")
def base() -> Population:
    return generate(PERSONS, seed=11)


def digest(population: Population) -> str:
    text = "\n".join("|".join(map(str, row.values())) for row in population.table.to_pylist())
    return hashlib.sha256(text.encode()).hexdigest()


def test_same_seed_same_population_in_another_process() -> None:
    program = (
        "import hashlib; from training.population import generate; p = generate(400, seed=3); "
        "t = '\\n'.join('|'.join(map(str, r.values())) for r in p.table.to_pylist()); "
        "print(hashlib.sha256(t.encode()).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": h, "PYTHONPATH": "."},
        ).stdout.strip()
        for h in ("1", "2")
    }
    assert found == {digest(generate(400, seed=3))}


def test_another_seed_is_another_population() -> None:
    assert digest(generate(300, seed=3)) != digest(generate(300, seed=4))


@pytest.mark.parametrize("persons", [1, 2, 3, 7, 50])
def test_small_populations(persons: int) -> None:
    population = generate(persons, seed=persons)
    assert set(population.truth.tolist()) == set(range(persons))
    assert len(list(population.records)) == len(population)


def test_no_persons_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        generate(0, seed=1)
    with pytest.raises(ValueError, match="errors must be one of"):
        generate(1, seed=1, errors="none")


def test_records_per_person(base: Population) -> None:
    assert 2.0 <= len(base) / PERSONS <= 2.4


def test_local_numbers_are_unique(base: Population) -> None:
    pairs = set(zip(base.table["source"].to_pylist(), base.table["local_id"].to_pylist(), strict=True))
    assert len(pairs) == len(base)


def test_records_agree_with_the_table(base: Population) -> None:
    rows = base.table.slice(0, 500).to_pylist()
    for record, row in zip(base.records[:500], rows, strict=True):
        assert record.source == row["source"]
        assert [i.value for i in record.identifiers][:1] == ([row["id_number"]] if row["id_number"] else [])
    assert base.records[-1].local_id == base.table["local_id"][len(base) - 1].as_py()


def test_newborns_are_registered_under_the_mother(base: Population) -> None:
    newborn = [r for r in base.records if r.names and r.names[0].use is NameUse.TEMPORARY]
    assert len(newborn) == int(base.in_stratum(Stratum.NEWBORN).sum())
    assert len(newborn) > 200
    under = [r for r in newborn if any(i.type is IdentifierType.RESIDENT_ID for i in r.identifiers)]
    assert 0.5 < len(under) / len(newborn) < 0.7


def test_error_levels_are_ordered() -> None:
    wrong = [
        float(np.mean(generate(4000, seed=5, errors=level).in_stratum(Stratum.WRONG_NAME)))
        for level in ("low", "base", "high")
    ]
    assert wrong == sorted(wrong)
    assert wrong[2] > 2.5 * wrong[0]


def test_own_rates() -> None:
    nothing = ErrorRates().scaled(0.0)
    population = generate(2000, seed=5, errors=nothing)
    assert not population.in_stratum(Stratum.PLACEHOLDER_NAME).any()
