"""The command line itself: usage, exit codes, where errors go, and that nothing is sent when the input cannot be used."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from mpi.cli import COMMANDS, application

NOWHERE = "127.0.0.1:1"
CSV = "id,name\n1,Ann Lee\n"
MAP = 'source = { constant = "h" }\nlocal_id = "id"\n[[names]]\ntext = "name"\n'


def run(*arguments: str | Path) -> Result:
    words = [str(word) for word in arguments]
    return CliRunner().invoke(application([words[0]]), words)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    table, map_file = tmp_path / "f.csv", tmp_path / "map.toml"
    table.write_text(CSV, encoding="utf-8")
    map_file.write_text(MAP, encoding="utf-8")
    return table, map_file


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "serve"])
def test_every_command_has_help_and_refuses_nonsense(name: str) -> None:
    assert run(name, "--help").exit_code == 0
    assert run(name, "--no-such-flag").exit_code == 2


def test_mpi_alone_shows_help_and_tells_its_version() -> None:
    for words, code, sentence in ((["--version"], 0, "mpi 0."), (["--help"], 0, "crosswalk"), ([], 2, "crosswalk")):
        result = CliRunner().invoke(application(list(COMMANDS)), words)
        assert (result.exit_code, sentence in result.output) == (code, True)


def test_map_proposes_to_stdout_and_does_not_write_over_a_checked_map(files: tuple[Path, Path]) -> None:
    table, map_file = files
    result = run("map", table)
    assert result.exit_code == 0
    assert 'local_id = "id"' in result.stdout
    assert run("map", table, "--out", map_file).exit_code == 2
    assert map_file.read_text(encoding="utf-8") == MAP
    fresh = map_file.with_name("fresh.toml")
    assert run("map", table, "--out", fresh).exit_code == 0
    assert fresh.read_text(encoding="utf-8") == result.stdout


def test_bad_input_is_named_on_stderr_and_ends_with_2_before_a_server_is_sought(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    table, map_file = files
    bad_map = tmp_path / "bad.toml"
    bad_map.write_text(MAP.replace('"name"', '"nam"'), encoding="utf-8")
    for arguments, sentence in (
        (("load", tmp_path / "no.csv", "--map", map_file), "no.csv: cannot be read"),
        (("load", table, "--map", tmp_path / "no.toml"), "no.toml: cannot be read"),
        (("load", table, "--map", bad_map), "names[0].text: the file has no column 'nam'; did you mean 'name'?"),
        (("lookup",), "give --source and --local-id"),
        (("lookup", "--source", "h"), "give --source and --local-id"),
        (("lookup", "--identifier", "card", "1"), "no known kind"),
        (("match",), "give a JSON file or flags"),
        (("match", "--sex", "x"), "no known word"),
        (("explain", "a", "b:1"), "neither SOURCE:LOCAL_ID nor"),
        (("explain", tmp_path / "no.json", "b:1"), "no.json: cannot be read"),
        (("lookup", "--master-id", "m", "--server", NOWHERE, "--data", tmp_path), "not both"),
    ):
        result = run(*arguments)
        assert (result.exit_code, result.stdout) == (2, ""), arguments
        assert sentence in result.stderr.replace("\n", " "), result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.toml", "f.csv", "map.toml"]


def test_no_server_ends_with_3_and_leaves_nothing_behind(files: tuple[Path, Path], tmp_path: Path) -> None:
    table, map_file = files
    for arguments in (
        ("load", table, "--map", map_file),
        ("lookup", "--master-id", "m"),
        ("match", "--name", "Ann Lee"),
        ("explain", "a:1", "b:1"),
        ("export", "crosswalk", tmp_path / "x.parquet"),
    ):
        result = run(*arguments, "--server", NOWHERE)
        assert result.exit_code == 3, (arguments, result.output, result.exception)
        assert result.stderr.startswith("error: ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.csv", "map.toml"]


def test_with_json_an_error_is_json_too() -> None:
    result = run("lookup", "--master-id", "m", "--server", NOWHERE, "--json")
    assert result.stdout == ""
    assert set(msgspec.json.decode(result.stderr)["error"]) == {"reason", "message", "field"}


def test_the_command_line_starts_without_numba() -> None:
    names = [name for name in COMMANDS if name != "serve"]
    code = f"import sys; from mpi.cli import application; application({names}); print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
