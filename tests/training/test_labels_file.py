"""LABELS.csv: what is read, what is refused, and from a file to a model that says which labels it knows."""

from __future__ import annotations

import csv
from itertools import combinations
from pathlib import Path

import msgspec
import numpy as np
import pytest

from mpi.errors import InputError
from mpi.linkage.model import load_model
from training import people
from training.__main__ import main
from training.labels.label_file import COLUMNS, read_labels
from training.labels.pairs import decided_pairs
from training.life.records import read_files
from training.modelling.encode import encode_records
from training.modelling.patterns import Comparer
from training.modelling.template import read_template, template_path

MAP = Path(people.__file__).parent / "map.toml"
LINE = "north,1,south,2,same,anna,2026-01-05T10:00:00"
PERSONS, SEED = 150, 61


def write(tmp_path: Path, *lines: str, header: str = ",".join(COLUMNS)) -> Path:
    file = tmp_path / "labels.csv"
    file.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return file


def test_a_pair_is_the_same_whichever_side_stands_first(tmp_path: Path) -> None:
    labels = read_labels(write(tmp_path, LINE, "south,2,north,1,Different,bo,2026-01-05T10:00:00Z")).labels
    assert [(label.a, label.b) for label in labels] == [(("north", "1"), ("south", "2"))] * 2
    assert [label.same for label in labels] == [True, False]


def test_the_later_decision_of_a_steward_counts(tmp_path: Path) -> None:
    early = LINE.replace("same", "different").replace("2026", "2025")
    labels = read_labels(write(tmp_path, LINE, early))
    assert [label.same for label in labels.labels] == [True]
    assert labels.replaced == 1


def test_the_hash_is_of_the_file(tmp_path: Path) -> None:
    first = read_labels(write(tmp_path, LINE)).digest
    assert read_labels(write(tmp_path, LINE)).digest == first
    assert read_labels(write(tmp_path, LINE, LINE.replace("anna", "bo"))).digest != first


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (LINE.replace("same", "perhaps"), "line 2: decision must be same or different"),
        (LINE.replace("anna", ""), "line 2: steward is empty"),
        (LINE.replace("south,2", "north,1"), "line 2: both sides are the same record"),
        (LINE.replace("2026-01-05T10:00:00", "yesterday"), "line 2: decided_at is no ISO 8601"),
    ],
)
def test_a_line_that_makes_no_sense_is_named_without_its_values(tmp_path: Path, line: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        read_labels(write(tmp_path, line))
    assert "north" not in str(caught.value)


def test_files_without_labels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no label"):
        read_labels(write(tmp_path))
    with pytest.raises(InputError, match="has no column 'steward'"):
        read_labels(write(tmp_path, header="source_a,local_id_a,source_b,local_id_b,decision,decided_at"))


def test_labelled_records_are_found_and_hang_together(tmp_path: Path) -> None:
    records = list(people.generate(20, seed=SEED).records)
    keys = [f"{record.source},{record.local_id}" for record in records]
    sides = [(0, 1), (1, 2), (3, 4)]
    lines = [f"{keys[a]},{keys[b]},same,anna,2026-01-01" for a, b in sides]
    labels = read_labels(write(tmp_path, *lines, f"{keys[0]},elsewhere,9,same,anna,2026-01-01"))
    template = read_template(template_path("latin"))
    invalid = msgspec.structs.replace(records[0], source="")
    table = encode_records(template.model, [invalid, *records], labels.keys())
    assert table.refused == 1
    assert table.places[records[3].source, records[3].local_id] == 3
    comparer = Comparer(template.model, table.encoded)
    found = decided_pairs(labels, table.places, comparer)
    assert found.not_found == 1
    assert found.groups[0] == found.groups[1] != found.groups[2]
    expected = comparer.unpacked(comparer.packed(np.array([0], np.int32), np.array([1], np.int32)))
    assert any((found.levels == expected).all(axis=1))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """People, and labels on pairs of one birth date or family name: two who know, one who answers at random."""
    print(f"seed {SEED}")
    made = tmp_path_factory.mktemp("labels")
    people.generate(PERSONS, seed=SEED).to_parquet(made / "people.parquet")
    read = read_files([made / "people.parquet"], [MAP], "truth_person")
    assert read.truth is not None
    groups: dict[str, list[int]] = {}
    for place, record in enumerate(read.records):
        for key in {record.birth_date, *(name.family for name in record.names)}:
            groups.setdefault(key, []).append(place)
    pairs = sorted({pair for group in groups.values() if len(group) < 12 for pair in combinations(group, 2)})
    random = np.random.default_rng(SEED)
    random.shuffle(pairs)
    with (made / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number, (a, b) in enumerate(pairs[:240]):
            steward = ("anna", "bo", "carl")[number % 3]
            same = random.random() < 0.5 if steward == "carl" else read.truth[a] == read.truth[b]
            sides = [cell for place in (a, b) for cell in (read.records[place].source, read.records[place].local_id)]
            writer.writerow([*sides, "same" if same else "different", steward, "2026-03-01T10:00:00"])
    return made


def run(folder: Path, *more: str) -> int:
    files = [str(folder / "people.parquet"), "--map", str(MAP), "--out", str(folder / "model.toml")]
    return main(["fit", *files, "--labels", str(folder / "labels.csv"), *more])


def test_a_model_says_which_labels_it_knows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "--label-weight", "0.5") == 0
    provenance = load_model(folder / "model.toml")[0].provenance
    labels = provenance["labels"]
    assert isinstance(labels, dict)
    assert labels["hash"] == read_labels(folder / "labels.csv").digest
    assert labels["left_out"] == ["carl"]
    assert [(each["name"], each["decisions"], each["used"]) for each in labels["stewards"]] == [
        ("anna", 80, True),
        ("bo", 80, True),
        ("carl", 80, False),
    ]
    assert labels["weight"] == 0.5
    assert labels["held_out_agreement"] > 0.9
    assert any("labels of 'carl'" in note for note in provenance["notes"])  # type: ignore[attr-defined]  # a list, as written
    shown = capsys.readouterr().out
    assert "held-out labels" in shown


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--label-weight", "2"], "--label-weight: must be above 0 and at most 1"),
        (["--keep-labeller", "dora"], "'dora' has no label in labels.csv"),
    ],
)
def test_options_that_make_no_sense_are_named(
    folder: Path, capsys: pytest.CaptureFixture[str], more: list[str], message: str
) -> None:
    assert run(folder, *more) == 1
    assert message in capsys.readouterr().err
