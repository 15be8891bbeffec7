"""``python -m training fit``: from a file to a model, and the true parameters behind it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mpi.linkage.model import Model, load_model
from training import people
from training.__main__ import main

PERSONS = 1_500
MAP = Path(people.__file__).parent / "map.toml"


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, Path]:
    """A model of few made-up people, and the folder it is in. No truth is in the map."""
    folder = tmp_path_factory.mktemp("fit")
    print("seed 21")
    people.generate(PERSONS, seed=21).to_parquet(folder / "people.parquet")
    assert main(["fit", str(folder / "people.parquet"), "--map", str(MAP), "--out", str(folder / "model.toml")]) == 0
    return load_model(folder / "model.toml")[0], folder


def test_the_model_says_what_it_was_made_of(fitted: tuple[Model, Path]) -> None:
    provenance = fitted[0].provenance
    assert provenance["sources"] == ["people.parquet"]
    assert provenance["seed"] == 1
    assert len(provenance["log_likelihood"]) > 3  # type: ignore[arg-type]  # a list, as written
    assert {"records", "date", "code", "blocking_recall", "aim_wrong_links", "notes"} <= provenance.keys()


def test_relations_are_as_frequent_as_they_are(fitted: tuple[Model, Path]) -> None:
    truth = people.generate(PERSONS, seed=21).truth
    sizes = np.unique(truth, return_counts=True)[1]
    expected = (sizes * (sizes - 1)).sum() / len(truth)
    assert fitted[0].classes[0].expected == pytest.approx(expected, rel=0.05)
    assert {"household", "same person"} <= {c.name for c in fitted[0].classes}


def test_the_same_person_and_strangers_are_told_apart(fitted: tuple[Model, Path]) -> None:
    model = fitted[0]
    for name in ("given", "family", "birth_date", "national_id", "road", "postcode"):
        feature = model.features[model.column(name)]
        assert model.classes[0].m[name][0] > 50 * feature.u[0]
        assert model.classes[0].m[name][-1] < 0.2
    assert model.features[model.column("national_id")].u[0] < 1e-5


def test_a_sample_scales_the_relations_up(fitted: tuple[Model, Path]) -> None:
    model, folder = fitted
    arguments = ["fit", str(folder / "people.parquet"), "--map", str(MAP), "--out", str(folder / "half.toml")]
    assert main([*arguments, "--max-records", "2400"]) == 0
    half = load_model(folder / "half.toml")[0]
    assert half.provenance["records"] == 2400
    assert half.classes[0].expected == pytest.approx(model.classes[0].expected, rel=0.15)


def rows(folder: Path, name: str, make: Callable[[int], list[str]], count: int) -> Path:
    """A CSV with the columns number, first, last and born."""
    file = folder / name
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["number", "first", "last", "born"])
        writer.writerows(make(i) for i in range(count))
    return file


@pytest.fixture
def plain_map(tmp_path: Path) -> Path:
    text = (
        'source = { constant = "s" }\nlocal_id = "number"\nbirth_date = "born"\n[[names]]\ngiven = "first"\nfamily = "last"\n'
    )
    file = tmp_path / "map.toml"
    file.write_text(text, encoding="utf-8")
    return file


def letters(number: int) -> str:
    """A name of its own for every number."""
    return "".join("abcdefghij"[int(digit)] * 2 for digit in f"{number:04}")


def unlike(i: int) -> list[str]:
    """A row that shares nothing with any other."""
    return [str(i), letters(i), letters(7 * i), f"{1800 + i}-{i % 12 + 1:02}-{i % 28 + 1:02}"]


@pytest.mark.parametrize(
    ("template", "count", "make", "message"),
    [
        ("latin", 20, lambda i: [str(i), letters(i), letters(i), "1970-01-02"], "too few"),
        ("auto", 20, lambda i: [str(i), letters(i), letters(i), "1970-01-02"], "too few"),
        ("latin", 200, lambda i: [str(i), "", "", ""], "no feature of the template is known"),
        ("auto", 200, lambda i: [str(i), "", "", ""], "two different values"),
        ("auto", 200, lambda i: [str(i), "ann", "lee", "1970-01-02"], "two different values"),
        ("latin", 200, unlike, "nothing to"),
        ("auto", 200, unlike, "no record seems to come twice"),
    ],
)  # fmt: skip
def test_records_that_support_no_model_are_refused_with_the_reason(
    tmp_path: Path,
    plain_map: Path,
    capsys: pytest.CaptureFixture[str],
    template: str,
    count: int,
    make: Callable[[int], list[str]],
    message: str,
) -> None:
    file = rows(tmp_path, "records.csv", make, count)
    out = tmp_path / "model.toml"
    assert main(["fit", str(file), "--map", str(plain_map), "--template", template, "--out", str(out)]) == 1
    assert message in capsys.readouterr().err
    assert not out.exists()


def test_files_and_maps_must_fit_together(tmp_path: Path, plain_map: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = str(tmp_path / "absent.csv")
    assert main(["fit", missing, "--map", str(plain_map), "--out", str(tmp_path / "m.toml")]) == 1
    assert "absent.csv" in capsys.readouterr().err
    three = ["fit", missing, missing, missing, "--map", str(plain_map), "--map", str(plain_map)]
    assert main([*three, "--out", str(tmp_path / "m.toml")]) == 1
    assert "2 maps for 3 files" in capsys.readouterr().err


def test_a_page_without_truth(fitted: tuple[Model, Path]) -> None:
    folder = fitted[1]
    arguments = ["fit", str(folder / "people.parquet"), "--map", str(MAP), "--out", str(folder / "drawn.toml")]
    assert main([*arguments, "--report", str(folder / "drawn.html")]) == 0
    page = (folder / "drawn.html").read_text(encoding="utf-8")
    assert page.count("<svg ") == 5
    assert "By its own probabilities the model expects" in page
    assert {path.stem for path in (folder / "drawn_files").iterdir()} == {
        "weights", "match-weights", "m-and-u", "blocking", "missing",
    }  # fmt: skip
