"""Templates, and models on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_model import MODEL, NO_FREQUENCIES

from mpi.errors import ModelError
from mpi.linkage.model import TermFrequencies, load_model
from training.modelling.template import read_template, template_path, without_classes, without_features
from training.modelling.writing import sidecar_bytes, write_model

CLASSES = '[[classes]]\nname = "same person"\n'


@pytest.mark.parametrize("name", ["latin", "han"])
def test_shipped_templates_hold_no_number_that_a_fit_finds(name: str) -> None:
    template = read_template(template_path(name))
    assert all(not f.u and not f.tf_exponent for f in template.model.features)
    assert all(not c.m and c.expected == 0 for c in template.model.classes)
    assert [c.name for c in template.classes] == [c.name for c in template.model.classes]
    assert template.model.decision.upper == 0


@pytest.mark.parametrize("name", ["latin", "han", "latin-individuals"])
def test_shipped_models_load_and_were_fitted(name: str) -> None:
    import mpi

    model, frequencies = load_model(Path(mpi.__file__).parent / "models" / f"{name}.toml")
    assert model.fitted()
    assert model.provenance["converged"] is True
    assert len(frequencies.code) > 1000
    assert 0.9 < model.decision.upper < 1


def test_a_path_stands_for_itself() -> None:
    assert template_path("somewhere/mine.toml") == Path("somewhere/mine.toml")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('same = ["shoe_size"]', "'shoe_size' is unknown"),
        ('excluded = { given = ["nearly"] }', "excluded.given: unknown feature or level"),
        ('excluded = { shoe_size = ["exact"] }', "excluded.shoe_size: unknown feature or level"),
    ],
)
def test_what_is_wrong_in_a_template_is_named(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "mine.toml"
    feature = '[[features]]\nname = "given"\nkind = "name"\nsource = "given"\n'
    file.write_text(f'name = "mine"\nrules = [["given"]]\n{feature}{CLASSES}[[classes]]\nname = "odd"\n{line}\n')
    with pytest.raises(ModelError, match=message):
        read_template(file)


def test_features_and_classes_can_be_left_out() -> None:
    template = read_template(template_path("latin"))
    fewer = without_classes(without_features(template, {"phone", "given"}), {"twin", "neighbour"})
    assert {f.name for f in fewer.model.features if not f.scored} == {"phone", "given"}
    assert all("phone" not in (*c.same, *c.shared, *c.free) for c in fewer.classes)
    assert "twin" not in [c.name for c in fewer.model.classes]
    assert [c.name for c in fewer.classes] == [c.name for c in fewer.model.classes]


def test_a_written_model_is_read_back_whole(tmp_path: Path) -> None:
    model = MODEL
    frequencies = TermFrequencies(np.array([0, 0], np.int64), np.array([7, -9], np.int64), np.array([0.25, 1e-7]))
    loaded = write_model(model, frequencies, tmp_path / "deep" / "mine.toml")
    again, read = load_model(tmp_path / "deep" / "mine.toml")
    assert loaded == again
    assert again.name == "mine"
    assert (again.features, again.classes, again.rules, again.decision) == (
        model.features, model.classes, model.rules, model.decision,
    )  # fmt: skip
    np.testing.assert_array_equal(read.code, frequencies.code)
    np.testing.assert_array_equal(read.frequency, frequencies.frequency)


def test_the_same_model_is_the_same_file(tmp_path: Path) -> None:
    model = MODEL
    assert sidecar_bytes(model, NO_FREQUENCIES) == sidecar_bytes(model, NO_FREQUENCIES)
    first = write_model(model, NO_FREQUENCIES, tmp_path / "a" / "mine.toml")
    second = write_model(model, NO_FREQUENCIES, tmp_path / "b" / "mine.toml")
    assert first.hash == second.hash


def test_arrays_of_numbers_stand_on_one_line(tmp_path: Path) -> None:
    write_model(MODEL, NO_FREQUENCIES, tmp_path / "mine.toml")
    lines = (tmp_path / "mine.toml").read_text().splitlines()
    assert all(line.endswith("]") for line in lines if line.startswith("u = "))
    assert len(lines) < 300
