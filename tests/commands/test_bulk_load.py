"""``mpi load --data``: a file into a data directory at once, told as a load through a server is."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner, Result

from mpi.cli import application

MODEL = Path(__file__).parents[1] / "service" / "model.toml"  # round numbers, not fitted
MAP = """
source = "hospital"
local_id = "id"
sex = "sex"
birth_date = { column = "born", formats = ["%Y%m%d"], otherwise = "missing" }
phones = ["phone"]
[[names]]
text = "name"
"""
HEADER = "hospital,id,name,sex,born,phone"
ROWS = [
    "north,A1,王晓明,男,19800117,13912345678",
    "south,B7,王小明,男,19800117,13912345678",
    "south,B8,李芳,女,nonsense,13712345678",
    "south,B9,李芳,secret,19620305,13712345679",
    "south,,张伟,男,19620305,13712345679",
    "south,B7,王小明,男,19800117,13612345678",
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "map.toml").write_text(MAP)
    (tmp_path / "p.csv").write_text("\n".join([HEADER, *ROWS]))
    monkeypatch.setenv("MPI_MODEL", str(MODEL))
    monkeypatch.setenv("MPI_CATCHMENT", "1000")
    monkeypatch.setenv("MPI_INDEX_CAPACITY_ROWS", "10000")
    return tmp_path


def load(folder: Path, *more: str, file: str = "p.csv") -> Result:
    words = ["load", str(folder / file), "--map", str(folder / "map.toml"), "--data", str(folder / "index"), *more]
    return CliRunner().invoke(application(["load"]), words)


def told(result: Result, code: int = 0) -> dict[str, object]:
    assert result.exit_code == code, (result.output, result.exception)
    found: dict[str, object] = json.loads(result.stdout)
    return found


def test_a_file_is_loaded_and_all_of_it_is_told(folder: Path) -> None:
    report = told(load(folder, "--json"), code=1)  # rows were rejected
    tally = report["tally"]
    assert isinstance(tally, dict)
    assert tally["rows"] == 6
    assert tally["rejected"] == 2
    assert tally["outcomes"] == {"new": 2, "linked": 1, "updated": 1}
    assert report["left_out"] == {"birth_date": 1}
    with (folder / "p.csv.rejected.csv").open() as file:
        listed = list(csv.DictReader(file))
    assert [(line["row"], line["field"]) for line in listed] == [("5", "sex"), ("6", "local_id")]
    assert "secret" not in (folder / "p.csv.rejected.csv").read_text()
    bulk = report["bulk"]
    assert isinstance(bulk, dict)
    assert (bulk["records"], bulk["persons"]) == (3, 2)
    assert set(bulk["seconds"]) == {"read", "compare", "cluster", "store"}


def test_again_it_changes_nothing_and_a_server_answers_from_it(folder: Path) -> None:
    told(load(folder, "--json"), code=1)
    tally = told(load(folder, "--json"), code=1)["tally"]
    assert isinstance(tally, dict)
    assert tally["outcomes"] == {"unchanged": 2, "updated": 2}  # the number that comes twice goes to and fro
    words = ["lookup", "--source", "north", "--local-id", "A1", "--data", str(folder / "index"), "--json"]
    person = json.loads(CliRunner().invoke(application(["lookup"]), words).stdout)
    assert "B7" in json.dumps(person)


def test_a_summary_is_for_people(folder: Path) -> None:
    result = load(folder)
    assert "6 rows" in result.stdout
    assert re.search(r"2 +new persons", result.stdout)
    assert "rejected" in result.stdout


def test_the_rows_of_a_query_are_loaded(folder: Path) -> None:
    with duckdb.connect(str(folder / "d.duckdb")) as database:
        database.execute(f"CREATE TABLE p AS SELECT * FROM read_csv('{folder / 'p.csv'}', all_varchar = true)")
    query = ("--query", "SELECT * FROM p WHERE id LIKE 'A%'")
    tally = told(load(folder, *query, "--json", file="d.duckdb"))["tally"]
    assert isinstance(tally, dict)
    assert tally["outcomes"] == {"new": 1}


def test_only_registered_sources_may_be_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPI_SOURCES", "north")
    tally = told(load(folder, "--json"), code=1)["tally"]
    assert isinstance(tally, dict)
    assert tally["outcomes"] == {"new": 1}
    assert tally["problems"]["source: is not a registered source"] == 3


def test_a_directory_that_somebody_has_open_is_not_loaded_into(folder: Path) -> None:
    from mpi.store import Store

    with Store.open(folder / "index"):
        result = load(folder, "--json")
    assert result.exit_code == 4
    assert "another process" in result.output or "in use" in result.output


def test_an_index_that_is_too_small_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPI_INDEX_CAPACITY_ROWS", "1")
    result = load(folder)
    assert result.exit_code == 3
    assert "index_capacity_rows" in result.output
