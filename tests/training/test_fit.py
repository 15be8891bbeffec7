"""From a file to a model that links: the command as a user runs it, on a small made-up population."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from mpi.linkage.model import load_model
from mpi.records import Outcome
from mpi.registry.registry import Limits, Registry
from training import population
from training.__main__ import main as training

MAP = Path(population.__file__).parent / "map.toml"


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fit")
    population.generate(3000, seed=11).to_parquet(folder / "people.parquet")
    out = folder / "ours.toml"
    command = ["fit", str(folder / "people.parquet"), "--map", str(MAP), "--template", "han", "--out", str(out)]
    assert training(command) == 0
    return out


def test_the_model_can_be_loaded_and_says_where_it_comes_from(fitted: Path) -> None:
    model, frequencies = load_model(fitted)
    assert len(frequencies.code) > 100
    assert {"records", "seed", "date", "code", "log_likelihood"} <= set(model.provenance)
    likelihood = model.provenance["log_likelihood"]
    assert isinstance(likelihood, list)
    assert all(later > earlier - 0.1 for earlier, later in pairwise(likelihood))  # smoothing costs a little at the end
    same = model.classes[0]
    assert same.m["given"][0] > 0.5 > model.features[model.column("given")].u[0]


def test_the_model_links_people_it_has_not_seen(fitted: Path, tmp_path: Path) -> None:
    model, frequencies = load_model(fitted)
    others = population.generate(400, seed=12)
    registry = Registry.open(tmp_path / "index", model, frequencies, Limits(catchment=10_000, capacity_rows=20_000))
    registry.start()
    try:
        records = list(others.records)
        answers = [future.result() for future in registry.resolve_many(records)]
        linked = sum(answer.outcome is Outcome.LINKED for answer in answers)
        persons: dict[str, set[int]] = {}
        for answer, person in zip(answers, others.truth.tolist(), strict=True):
            persons.setdefault(answer.master_id, set()).add(person)
        mixed = sum(len(truth) > 1 for truth in persons.values())
    finally:
        registry.close()
    assert linked > 0.75 * (len(records) - 400)
    assert mixed <= 2


def test_a_file_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["fit", str(tmp_path / "none.csv"), "--map", str(MAP), "--template", "han", "--out", str(tmp_path / "m.toml")]
    assert training(command) == 1
    assert "none.csv" in capsys.readouterr().err
