"""The commands against a real server in a process of its own, over a real socket, on a real DuckDB file."""

import csv
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from mpi.cli import application
from mpi.client import IndexClient
from mpi.commands.connection import embedded_server

MODEL = Path(__file__).parents[1] / "service" / "model.toml"  # round numbers, not fitted: these tests are not about accuracy
MAP = """
source = "hospital"
local_id = "id"
sex = "sex"
birth_date = { column = "born", formats = ["%Y%m%d"], otherwise = "missing" }
phones = ["phone"]
[[names]]
text = "name"
[[identifiers]]
type = "resident_id"
value = "number"
"""
HEADER = "hospital,id,name,sex,born,phone,number"
ONE = "north,A1,王晓明,男,19800117,13912345678,"
TWO = "south,B7,王小明,男,19800117,13912345678,"  # the same patient, another character of the same sound


class Live:
    """A server and what a person would type against it."""

    def __init__(self, target: str) -> None:
        self.target = target

    def run(self, *arguments: str | Path) -> Result:
        words = [str(word) for word in arguments]
        return CliRunner().invoke(application([words[0]]), [*words, "--server", self.target])

    def json(self, *arguments: str | Path, code: int = 0) -> dict:  # type: ignore[type-arg]  # any JSON object
        result = self.run(*arguments, "--json")
        assert result.exit_code == code, (result.output, result.exception)
        return json.loads(result.stdout)  # type: ignore[no-any-return]  # json knows no types

    def records(self) -> int:
        with IndexClient(self.target) as client:
            return client.service_info().records


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with embedded_server(tmp_path_factory.mktemp("data"), model=str(MODEL)) as target:
        yield Live(target)


@pytest.fixture
def map_file(tmp_path: Path) -> Path:
    path = tmp_path / "map.toml"
    path.write_text(MAP, encoding="utf-8")
    return path


def table(folder: Path, *lines: str | bytes, name: str = "f.csv") -> Path:
    path = folder / name
    encoded = [line if isinstance(line, bytes) else line.encode() for line in (HEADER, *lines)]
    path.write_bytes(b"\n".join(encoded) + b"\n")
    return path


def many(count: int, source: str) -> list[str]:
    """Rows of as many made-up people, no two alike."""
    return [
        f"{source},{n},人{chr(0x4E00 + n % 5000)}{chr(0x5E00 + n // 7)},女,{1940 + n % 60}0{1 + n % 9}{10 + n % 18},,"
        for n in range(count)
    ]


def rejected(path: Path) -> list[list[str]]:
    with path.with_name(path.name + ".rejected.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_a_load_links_answers_and_explains(live: Live, tmp_path: Path, map_file: Path) -> None:
    report = live.json("load", table(tmp_path, ONE, TWO), "--map", map_file)
    assert report["tally"]["outcomes"] in ({"new": 1, "linked": 1}, {"new": 1, "new_with_review": 1})
    assert report["rejected_file"] == ""
    found = live.json("lookup", "--source", "north", "--local-id", "A1")["persons"][0]
    assert ("north", "A1") in {(link["source"], link["local_id"]) for link in found["links"]}
    assert live.json("lookup", "--master-id", found["master_id"])["persons"][0] == found

    compared = live.json("explain", "north:A1", "south:B7")
    assert compared["reasons"][0]["feature"] == "prior"
    assert sum(reason["weight"] for reason in compared["reasons"]) == pytest.approx(compared["weight"])
    shown = live.run("explain", "north:A1", "south:B7")
    assert shown.exit_code == 0
    assert f"match weight {compared['weight']:.1f} bits" in shown.stdout

    matched = live.json("match", "--name", "王晓明", "--birth-date", "1980-01-17", "--phone", "13912345678")
    assert matched["candidates"]
    assert found["master_id"] in {candidate["person"]["master_id"] for candidate in matched["candidates"]}
    record = tmp_path / "r.json"
    record.write_text(
        '{"names": [{"text": "王晓明"}], "birth_date": "1980-01-17", "phones": ["13912345678"]}', encoding="utf-8"
    )
    assert live.json("match", record)["candidates"] == matched["candidates"]
    assert live.json("explain", record, "north:A1")["weight"] > 0


def test_not_found_ends_with_1_and_what_the_server_refuses_with_2(live: Live) -> None:
    assert live.run("lookup", "--source", "north", "--local-id", "nobody").exit_code == 1
    refused = live.run("lookup", "--master-id", "0000000000X")
    assert refused.exit_code == 2
    assert "check character" in refused.stderr


def test_bad_rows_are_listed_and_the_others_are_stored(live: Live, tmp_path: Path, map_file: Path) -> None:
    before = live.records()
    rows: list[str | bytes] = [
        "bad,1,李雷,男,19800101,,",
        b"bad,2,\xff\xfe,,,,",
        "bad,3,too,few",
        "bad,,no number,,,,",
        "bad,5,韩梅梅,女,19810231,,",  # no such day: taken without it, as the map says
        "bad,6,x\x00y,,,,",
        "bad,7," + "长" * 1_001 + ",,,,",
        "bad,8," + "y" * 1_000_000 + ",,,,",
        "bad,9,王芳,X,,,",
        'bad,10,"never closed,,,,',
        "bad,11,张伟,男,19820101,,",
    ]
    path = table(tmp_path, *rows)
    report = live.json("load", path, "--map", map_file, code=1)
    assert live.records() - before == 3
    assert report["left_out"] == {"birth_date": 1}
    assert (report["tally"]["rows"], report["tally"]["rejected"]) == (11, 8)
    listed = rejected(path)
    assert [line[0] for line in listed] == ["row", "3", "4", "5", "7", "8", "9", "10", "11"]
    by_row = {line[0]: line[1:] for line in listed}
    assert by_row["3"] == ["", "name", "is not valid utf-8"]
    assert by_row["7"][:2] == ["names[0].text", "name"]
    assert "NUL" in by_row["7"][2]
    assert by_row["8"][:2] == ["names[0].text", "name"]
    assert by_row["10"][:2] == ["sex", "sex"]
    assert sum(map(len, map(str, listed))) < 2_000, "no value of a row is listed"
    assert live.json("load", path, "--map", map_file, code=1)["tally"]["outcomes"] == {"unchanged": 3}


def test_the_last_version_of_a_record_stands(live: Live, tmp_path: Path, map_file: Path) -> None:
    rows = [f"again,1,{name},男,19700203,," for name in ("郭靖", "杨过", "郭靖", "杨康")]
    live.json("load", table(tmp_path, *rows), "--map", map_file)
    same, other = tmp_path / "same.json", tmp_path / "other.json"
    same.write_text('{"names": [{"text": "杨康"}], "birth_date": "1970-02-03", "sex": "male"}', encoding="utf-8")
    other.write_text('{"names": [{"text": "郭靖"}], "birth_date": "1970-02-03", "sex": "male"}', encoding="utf-8")
    assert live.json("explain", "again:1", same)["weight"] > live.json("explain", "again:1", other)["weight"]


def test_a_truncated_parquet_file_stores_nothing(live: Live, tmp_path: Path, map_file: Path) -> None:
    before = live.records()
    path = tmp_path / "f.parquet"
    columns = HEADER.split(",")
    pq.write_table(pa.table([pa.array([f"cut {n}" for n in range(500)])] * len(columns), names=columns), path)
    path.write_bytes(path.read_bytes()[:-20])
    result = live.run("load", path, "--map", map_file)
    assert result.exit_code == 2
    assert "f.parquet: is no complete Parquet file" in result.stderr.replace("\n", "")
    assert live.records() == before


def test_a_load_that_is_killed_goes_on_where_it_was(live: Live, tmp_path: Path, map_file: Path) -> None:
    path = table(tmp_path, *many(9_000, "killed"))
    progress = path.with_name("f.csv.progress.json")
    command = [sys.executable, "-m", "mpi.cli", "load", path, "--map", map_file, "--server", live.target]
    before = live.records()
    loader = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not progress.exists():
        assert loader.poll() is None, "the load ended before it could be killed"
        time.sleep(0.005)
    loader.send_signal(signal.SIGKILL)
    loader.wait()
    assert progress.exists()
    report = live.json("load", path, "--map", map_file)
    assert report["resumed_after_row"] > 1
    assert report["rows_this_run"] < 9_000
    assert report["tally"]["rows"] == 9_000
    assert live.records() - before == 9_000, "nothing is lost and nothing is stored twice"
    assert not progress.exists()


def test_a_load_outlives_a_server_that_is_killed_and_comes_back(tmp_path: Path, map_file: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    flags = ["--data-dir", str(tmp_path / "data"), "--port", port, "--model", str(MODEL)]

    def serve() -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "mpi.cli", "serve", *flags], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert process.stdout is not None
        assert b"listening" in process.stdout.readline()
        return process

    path = table(tmp_path, *many(30_000, "outlives"))
    server = serve()
    try:
        command = [sys.executable, "-m", "mpi.cli", "load", str(path), "--map", str(map_file), "--json"]
        loader = subprocess.Popen([*command, "--server", f"127.0.0.1:{port}"], stdout=subprocess.PIPE)
        while not path.with_name("f.csv.progress.json").exists():
            assert loader.poll() is None, "the load ended before the server could be killed"
            time.sleep(0.005)
        server.kill()
        server.communicate()
        server = serve()
        answer, _ = loader.communicate(timeout=120)
        assert loader.returncode == 0
        assert json.loads(answer)["tally"]["rows"] == 30_000
        with IndexClient(f"127.0.0.1:{port}") as client:
            assert client.service_info().records == 30_000
    finally:
        server.terminate()
        server.communicate()


def test_another_file_or_restart_begins_at_the_first_row(live: Live, tmp_path: Path, map_file: Path) -> None:
    path = table(tmp_path, *many(20, "restart"))
    progress = path.with_name("f.csv.progress.json")
    progress.write_text('{"file":"other","map":"other","index":"other","row":15}', encoding="utf-8")
    result = live.run("load", path, "--map", map_file, "--json")
    assert "starting anew" in result.stderr
    assert json.loads(result.stdout)["rows_this_run"] == 20


def test_the_crosswalk_and_the_reviews_are_exported(live: Live, tmp_path: Path, map_file: Path) -> None:
    rows = [
        f"export,{n},{name},{sex},19660606,13700000001,"
        for n, (name, sex) in enumerate([("周瑜", "男"), ("周瑜", "女"), ("小乔", "女")])
    ]
    live.json("load", table(tmp_path, *rows), "--map", map_file)
    out = tmp_path / "x.parquet"
    assert live.json("export", "crosswalk", out)["rows"] == live.records()
    crosswalk = pq.read_table(out)
    assert crosswalk.column_names == ["source", "local_id", "master_id"]
    mine = {(line["source"], line["local_id"]): line["master_id"] for line in crosswalk.to_pylist()}
    for n in range(3):
        person = live.json("lookup", "--source", "export", "--local-id", str(n))["persons"][0]
        assert mine["export", str(n)] == person["master_id"]
    with IndexClient(live.target) as client:
        tasks = client.service_info().open_reviews
    live.json("export", "reviews", out)
    pairs = pq.read_table(out).to_pylist()
    assert len({pair["review_task"] for pair in pairs}) == tasks
    for pair in pairs:
        assert mine[pair["source"], pair["local_id"]] == pair["master_id"] != pair["candidate_master_id"]
        assert 0 <= pair["probability"] <= 1
        assert pair["decision_reasons"]
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".new"] == []


def test_a_data_directory_is_served_for_as_long_as_a_command_takes(
    tmp_path: Path, map_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MPI_MODEL", str(MODEL))
    data = tmp_path / "data"

    def run(*words: str | Path) -> Result:
        return CliRunner().invoke(application([str(words[0])]), [*map(str, words), "--data", str(data), "--json"])

    loaded = run("load", table(tmp_path, ONE, TWO), "--map", map_file)
    assert loaded.exit_code == 0, loaded.output
    assert json.loads(loaded.stdout)["tally"]["rows"] == 2
    assert json.loads(run("lookup", "--source", "south", "--local-id", "B7").stdout)["persons"][0]["links"]
    monkeypatch.setenv("MPI_MODEL", str(tmp_path / "no.toml"))
    failed = run("lookup", "--source", "south", "--local-id", "B7")
    assert failed.exit_code == 2
    assert "no.toml" in failed.stderr


def test_serve_refuses_a_setting_that_cannot_be() -> None:
    for words, sentence in (
        (["--port", "99999"], "port"),
        (["--set", "nothing=1"], "nothing"),
        (["--set", "x"], "KEY=VALUE"),
    ):
        result = CliRunner().invoke(application(["serve"]), ["serve", *words])
        assert result.exit_code == 2
        assert sentence in result.stderr
