"""The limits of STYLE that no linter knows: sizes, SQL, ignores with a reason, documents that keep up with the code."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from mpi.config import Config
from mpi.v1 import admin_pb2, identity_pb2

ROOT = Path(__file__).parents[1]
FOLDERS = ("mpi", "training", "benchmarks", "tests", "protos")
GENERATED = ROOT / "mpi" / "v1"
FUNCTION_LINES = 70
FILE_LINES = 400

SQL = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|ATTACH|COPY|PRAGMA|WITH|CALL|SET)\s")
EXECUTING = frozenset({"execute", "executemany", "sql", "query"})
IGNORE = re.compile(r"#\s*(type:\s*ignore|noqa|pragma)")
RULES = r"(type:\s*ignore\[[a-z\-]+(,\s*[a-z\-]+)*\]|noqa:\s*[A-Z]+[0-9]+(,\s*[A-Z]+[0-9]+)*|pragma:\s*[a-z ]+)"
IGNORE_WITH_REASON = re.compile(rf"#\s*{RULES}\s*[#\-–—:]+\s*\w+")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
VAGUE = frozenset({"utils", "util", "misc", "helpers", "common", "stuff"})


def sources(*folders: str, suffixes: tuple[str, ...] = (".py",)) -> list[Path]:
    """Files written by hand below the named folders, in order."""
    found = (path for folder in folders for path in sorted((ROOT / folder).rglob("*")))
    return [path for path in found if path.suffix in suffixes and GENERATED not in path.parents and path.is_file()]


def named(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def long_functions(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, name) of every function over the limit, docstring included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            if node.end_lineno - node.lineno + 1 > FUNCTION_LINES:
                yield node.lineno, node.name


def assembled_sql(tree: ast.AST) -> Iterator[int]:
    """Lines where SQL is put together from pieces: an f-string that begins as SQL, or a composed argument to execute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            first = node.values[0] if node.values else None
            if isinstance(first, ast.Constant) and SQL.match(str(first.value)):
                yield node.lineno
        elif (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in EXECUTING and node.args
        ):
            given = node.args[0]
            formatted = isinstance(given, ast.Call) and isinstance(given.func, ast.Attribute) and given.func.attr == "format"
            if isinstance(given, ast.JoinedStr | ast.BinOp) or formatted:
                yield node.lineno


def printed(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield node.lineno


def comments(text: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def bare_ignores(text: str) -> Iterator[int]:
    """Lines whose ignore names no rule or gives no reason."""
    for line, comment in comments(text):
        if IGNORE.search(comment) and not IGNORE_WITH_REASON.search(comment):
            yield line


def unfinished(text: str) -> Iterator[int]:
    yield from (line for line, comment in comments(text) if UNFINISHED.search(comment))


def mentioned(text: str, name: str) -> bool:
    """Whether a document has the name as a word of its own."""
    return re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", text) is not None


# --- the code ---------------------------------------------------------------------------------------------------------


def test_functions_are_short():
    found = [
        f"{named(path, line)} {name}"
        for path in sources(*FOLDERS)
        for line, name in long_functions(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


def test_files_are_short():
    files = [*sources(*FOLDERS, suffixes=(".py", ".sql", ".proto")), ROOT / "Makefile", ROOT / ".ci" / "run"]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    google = "protos/google/"  # Google's own
    assert {name: n for name, n in lengths.items() if n > FILE_LINES and not name.startswith(google)} == {}


def test_the_package_prints_nothing():
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sources("mpi")}
    assert [named(path, line) for path, tree in trees.items() for line in printed(tree)] == []


def test_sql_is_never_put_together():
    peers = ROOT / "benchmarks" / "peers"  # other people's engines, used as their users do
    files = [path for path in sources("mpi", "training", "benchmarks") if peers not in path.parents]
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in files}
    assert [named(path, line) for path, tree in trees.items() for line in assembled_sql(tree)] == []


def test_ignores_name_their_rule_and_reason():
    files = sources(*FOLDERS)
    assert [named(path, line) for path in files for line in bare_ignores(path.read_text(encoding="utf-8"))] == []


def test_nothing_is_left_unfinished():
    files = sources(*FOLDERS)
    assert [named(path, line) for path in files for line in unfinished(path.read_text(encoding="utf-8"))] == []


def test_modules_say_what_they_hold():
    parts = {path: {*path.relative_to(ROOT).with_suffix("").parts} for path in sources(*FOLDERS)}
    assert [str(path.relative_to(ROOT)) for path, names in parts.items() if names & VAGUE] == []


def test_test_files_have_names_of_their_own():
    names: dict[str, list[str]] = {}
    for path in sources("tests"):
        if path.name.startswith("test_"):
            names.setdefault(path.name, []).append(str(path.relative_to(ROOT)))
    assert [paths for paths in names.values() if len(paths) > 1] == []


def test_every_module_has_a_docstring():
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sources("mpi", "training", "benchmarks")}
    assert [str(path.relative_to(ROOT)) for path, tree in trees.items() if tree.body and not ast.get_docstring(tree)] == []


# --- the documents ----------------------------------------------------------------------------------------------------


def test_every_setting_is_documented():
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    settings = [field.name for field in msgspec.structs.fields(Config)]
    assert settings
    assert [name for name in settings if not mentioned(text, name)] == []


def test_every_rpc_is_documented():
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    files = (identity_pb2.DESCRIPTOR, admin_pb2.DESCRIPTOR)
    rpcs = [method.name for file in files for service in file.services_by_name.values() for method in service.methods]
    assert "Resolve" in rpcs
    assert [name for name in rpcs if not mentioned(text, name)] == []


# --- the detectors can fail -------------------------------------------------------------------------------------------


def test_a_long_function_is_found():
    body = "\n".join(f"    a = {n}" for n in range(FUNCTION_LINES))
    assert list(long_functions(ast.parse(f"def short():\n    pass\n\ndef long():\n{body}\n"))) == [(4, "long")]


@pytest.mark.parametrize(
    "line", ['q = f"SELECT {a} FROM t"', 'c.execute("SELECT " + a)', 'c.execute("SELECT {}".format(a))', 'c.sql(f"{a}")']
)
def test_assembled_sql_is_found(line):
    assert list(assembled_sql(ast.parse(line))) == [1]


@pytest.mark.parametrize("line", ['c.execute(sql["event"], [a])', 'm = f"UPDATED {a}"', 'c.execute("SELECT 1")'])
def test_plain_sql_passes(line):
    assert list(assembled_sql(ast.parse(line))) == []


@pytest.mark.parametrize(
    "comment", ["type: ignore", "noqa", "type: ignore[arg-type]", "noqa: E501", "type: ignore  # because"]
)
def test_a_bare_ignore_is_found(comment):
    assert list(bare_ignores(f"a = 1  # {comment}\n")) == [1]


@pytest.mark.parametrize(
    "comment", ["type: ignore[arg-type]  # by name", "noqa: BLE001 - any error counts", "a note: ignored"]
)
def test_an_ignore_with_its_reason_passes(comment):
    assert list(bare_ignores(f"a = 1  # {comment}\n")) == []


def test_unfinished_and_printed_lines_are_found():
    note = "TO" + "DO"
    assert list(unfinished(f"a = 1  # {note}: later\n")) == [1]
    assert list(printed(ast.parse("print(1)"))) == [1]


def test_a_name_within_another_is_no_mention():
    assert mentioned("`Resolve` does", "Resolve")
    assert not mentioned("BatchResolve does", "Resolve")


def test_no_traceback_is_logged() -> None:
    """Its last line is the exception's text, which can quote a patient's value; the log gets ``errors.places``."""
    logged = re.compile(r"\.exception\(|exc_info|stack_info")
    found = [
        named(path, number)
        for path in sources("mpi")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if logged.search(line)
    ]
    assert not found
