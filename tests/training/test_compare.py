"""``python -m training compare``: what would change, on few made-up people and two hand-made models."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from small_model import MODEL, NO_FREQUENCIES

from mpi.linkage.model import Model, load_model
from mpi.records import Outcome
from training import people
from training.__main__ import main
from training.evaluation.linking import Linked
from training.life.changes import find_changes
from training.life.comparison import compare
from training.life.difference import model_difference
from training.life.explain import PairExplainer
from training.life.records import read_files
from training.modelling.writing import write_model

MAP = Path(people.__file__).parent / "map.toml"
PERSONS, SEED = 120, 31


def changed(model: Model, **decision: Any) -> Model:
    return msgspec.structs.replace(model, decision=msgspec.structs.replace(model.decision, **decision))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """People with their truth; a strict model; and a lax one that knows no families."""
    print(f"seed {SEED}")
    made = tmp_path_factory.mktemp("compare")
    people.generate(PERSONS, seed=SEED).to_parquet(made / "people.parquet")
    write_model(changed(MODEL, upper=0.9999), NO_FREQUENCIES, made / "strict.toml")
    lax = msgspec.structs.replace(changed(MODEL, upper=0.6, lower=0.2), classes=MODEL.classes[:1], rules=MODEL.rules[:-1])
    write_model(lax, NO_FREQUENCIES, made / "lax.toml")
    return made


def run(folder: Path, *more: str) -> int:
    models = [str(folder / "strict.toml"), str(folder / "lax.toml")]
    return main(["compare", *models, str(folder / "people.parquet"), "--map", str(MAP), *more])


def test_a_lax_model_gains_links_that_are_wrong(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "--truth", "truth_person", "--json", "--examples", "3") == 0
    found = json.loads(capsys.readouterr().out)
    gained = found["changes"]["links_gained"]
    assert gained["all"] > 0
    assert 0 <= gained["right"] <= gained["all"]
    assert found["models"]["classes_gone"] == ["household", "twin"]
    assert found["models"]["rules_gone"] == ["given.bag + birth_date.year"]
    assert found["models"]["thresholds"]["upper"] == [0.9999, 0.6]
    shown = found["examples"]["links gained"]
    assert 0 < len(shown) <= 3
    first = shown[0]
    total = first["new"]["prior"] + sum(line["bits"] for line in first["new"]["lines"].values())
    assert total == pytest.approx(first["new"]["weight"])


def test_what_is_printed_names_records_and_no_values(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder) == 0
    text = capsys.readouterr().out
    records = read_files([folder / "people.parquet"], [MAP]).records
    words = set(text.replace("│", " ").split())
    assert {"links", "reviews", "strict@" + load_model(folder / "strict.toml")[0].hash} <= words
    values = {name.family for r in records for name in r.names} | {r.birth_date for r in records}
    assert not {value for value in values if len(value) > 3} & words


def test_a_model_changes_nothing_against_itself(folder: Path) -> None:
    strict = load_model(folder / "strict.toml")
    records = read_files([folder / "people.parquet"], [MAP], "truth_person")
    found = compare(strict, strict, records)
    assert found.changes.links_gained.all == found.changes.links_lost.all == found.changes.records_moved == 0
    assert found.changes.reviews_gained.all == found.changes.reviews_lost.all == 0
    assert found.changes.links_kept.all > PERSONS / 2
    assert not any(found.examples.values())
    assert not found.models.weights


def test_a_change_of_weights_is_listed_largest_first() -> None:
    features = [msgspec.structs.replace(f, u=(0.3, 0.7)) if f.name == "sex" else f for f in MODEL.features]
    other = msgspec.structs.replace(MODEL, features=tuple(features))
    difference = model_difference(MODEL, other)
    assert [(w.feature, w.level) for w in difference.weights] == [("sex", "same"), ("sex", "different")]
    assert difference.weights[0].new > difference.weights[0].old
    assert not difference.encoding


def test_lost_and_gained_change_places_when_the_models_do(folder: Path) -> None:
    models = [load_model(folder / f"{name}.toml") for name in ("strict", "lax")]
    records = read_files([folder / "people.parquet"], [MAP], "truth_person")
    there, back = compare(*models, records, examples=0).changes, compare(*reversed(models), records, examples=0).changes
    assert there.links_gained == back.links_lost
    assert there.reviews_lost.all == back.reviews_gained.all
    assert there.merged == back.split


def test_an_explanation_says_missing_where_nothing_is_known() -> None:
    explainer = PairExplainer(MODEL, NO_FREQUENCIES, population=1000)
    records = list(people.generate(5, seed=SEED).records)
    explained = explainer.explain(records[0], msgspec.structs.replace(records[0], phones=()))
    assert explained.lines["phone"].level == "missing"
    assert explained.lines["phone"].bits == 0
    assert explained.lines["family"].level == "exact"
    assert explained.relationship == "same person"


def test_a_review_is_right_where_a_person_shown_holds_the_patient() -> None:
    columns: dict[str, Any] = {each.name: np.zeros(5, np.int64) for each in dataclasses.fields(Linked)}
    columns["person"] = np.array([0, 0, 1, 0, 1], np.int64)
    columns["outcome"] = np.array(
        [Outcome.NEW, Outcome.LINKED, Outcome.NEW_WITH_REVIEW, Outcome.LINKED, Outcome.LINKED], np.uint8
    )
    linked = Linked(**columns | {"reviewed": [(), (), (0,), (), ()]})
    truth = np.array([7, 7, 7, 8, 7], np.int64)
    assert find_changes(linked, linked, truth).reviews_kept.right == 1


def test_files_that_cannot_be_read_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "--truth", "nobody") == 1
    assert "has no column 'nobody'" in capsys.readouterr().err
    missing = str(folder / "none.toml")
    assert main(["compare", missing, missing, str(folder / "people.parquet"), "--map", str(MAP)]) == 1
    assert "none.toml cannot be read" in capsys.readouterr().err
