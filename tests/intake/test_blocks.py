"""Rows by column are the rows one by one: the same cells, the same problems, the same counts of what was left out."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpi.errors import InputError
from mpi.intake import ArrowTable, Column, Row, RowProblem, bind, open_table, parse_map
from mpi.intake.blocks import RowBlock, blocks_of_rows
from mpi.store.foreign import ForeignQuery

TEXT = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    [" a ", "\u3000b\u3000", "\x1cc\x1f", "\x85d", "\u200be"]
)
COLUMNS = {
    "text": pa.array([" a", None, "b\u3000", "\x1cc\x1f"]),
    "large": pa.array(["a", None, "b", "c"], pa.large_string()),
    "words": pa.array(["x", "y", None, "x"]).dictionary_encode(),
    "whole": pa.array([1, None, 3, 4], pa.int32()),
    "gaps": pa.array([1.0, None, 3.5, float("nan")]),
    "day": pa.array([dt.date(2024, 1, 2), None, dt.date(1980, 5, 3), None]),
    "moment": pa.array([dt.datetime(2024, 1, 2, 3, 4, 5, 678), None, None, dt.datetime(1980, 5, 3)]),
    "flag": pa.array([True, False, None, True]),
    "nothing": pa.nulls(4),
}


def apart(blocks: list[RowBlock]) -> list[Row | RowProblem]:
    found: list[Row | RowProblem] = []
    for block in blocks:
        found += [*block.rows(range(len(block.numbers))), *block.problems]
    return sorted(found, key=lambda row: row.number if isinstance(row, Row) else row.row)


def test_every_type_of_a_parquet_file_reads_alike(tmp_path: Path) -> None:
    pq.write_table(pa.table(COLUMNS), tmp_path / "f.parquet")
    with open_table(tmp_path / "f.parquet") as table:
        names = [column.name for column in table.columns]
        rows = list(table.rows(names))
        assert apart(list(table.blocks(names))) == rows
        assert apart(list(table.blocks([]))) == list(table.rows([]))


@given(st.lists(st.one_of(st.none(), TEXT), max_size=20))
def test_any_text_reads_alike(tmp_path_factory: pytest.TempPathFactory, texts: list[str | None]) -> None:
    path = tmp_path_factory.mktemp("blocks") / "f.parquet"
    pq.write_table(pa.table({"t": pa.array(texts, pa.string())}), path)
    with open_table(path) as table:
        assert apart(list(table.blocks(["t"]))) == list(table.rows(["t"]))


def test_a_cell_that_cannot_be_read_costs_its_row_only(tmp_path: Path) -> None:
    broken = pa.Array.from_buffers(pa.string(), 3, pa.array([b"a", b"\xff", b"b"], pa.binary()).buffers())
    pq.write_table(pa.table({"t": broken, "u": ["1", "2", "x" * 70_000]}), tmp_path / "f.parquet")
    with open_table(tmp_path / "f.parquet") as table:
        found = apart(list(table.blocks(["t", "u"])))
        assert found == list(table.rows(["t", "u"]))
    assert [type(row) for row in found] == [Row, RowProblem, RowProblem]


def test_a_csv_file_reads_alike(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text('a,b\n1, 2\n3\n"x\n4,5\n')
    with open_table(tmp_path / "f.csv") as table:
        blocks = list(table.blocks(["b", "a"]))
    with open_table(tmp_path / "f.csv") as table:
        assert apart(blocks) == list(table.rows(["b", "a"]))


MAP = """
source = { constant = "h" }
local_id = "id"
sex = { column = "s", otherwise = "missing" }
birth_date = { column = "born", formats = ["%d.%m.%Y"], otherwise = "missing" }
multiple_birth_order = "order"
[file]
nulls = ["-"]
[[names]]
text = { columns = ["first", "last"] }
[[identifiers]]
type = { column = "kind", values = { "P" = "passport" } }
value = "number"
[[addresses]]
text = { column = "place", values = { "1" = "Leeds" }, otherwise = "keep" }
"""
CELLS = {
    "id": ["1", "2", "", "-"],
    "s": ["m", "f", "?", "", "-"],
    "born": ["3.5.1980", "31.2.1980", "-", ""],
    "order": ["", "2", "two"],
    "first": ["Ann", "", "-"],
    "last": ["Smith", ""],
    "kind": ["P", "X", ""],
    "number": ["E1234567", ""],
    "place": ["1", "York", ""],
}


@given(st.lists(st.tuples(*(st.sampled_from(cells) for cells in CELLS.values())), max_size=30))
def test_each_key_is_what_the_record_of_its_row_says(lines: list[tuple[str, ...]]) -> None:
    columns = [Column(name) for name in CELLS]
    bound, counted = bind(parse_map(MAP), columns), bind(parse_map(MAP), columns)
    names = [column.name for column in bound.columns]
    rows = [Row(number=n, cells=tuple(line[list(CELLS).index(name)] for name in names)) for n, line in enumerate(lines)]
    for block in blocks_of_rows(rows, len(names), 7):
        keys = bound.keys(block)
        for place, row in enumerate(block.rows(range(len(block.numbers)))):
            (mapped,) = counted.rows([row])
            if isinstance(mapped, RowProblem):
                continue
            record = mapped.record
            said = {key: column.values[place] for key, column in keys.items()}
            assert said["local_id"].as_py() == record.local_id
            assert said["sex"] == record.sex
            assert said["birth_date"].as_py() == record.birth_date
            assert said["names[0].text"].as_py() == (record.names[0].text if record.names else "")
            assert said["addresses[0].text"].as_py() == (record.addresses[0].text if record.addresses else "")
            if record.identifiers:
                assert said["identifiers[0].type"] == record.identifiers[0].type


def test_what_the_map_leaves_out_is_counted_by_row() -> None:
    bound = bind(parse_map(MAP), [Column(name) for name in CELLS])
    place = [column.name for column in bound.columns]
    cells = {"id": "1", "s": "?", "born": "nonsense"}
    rows = [Row(number=n, cells=tuple(cells.get(name, "") for name in place)) for n in range(5)]
    (block,) = blocks_of_rows(rows, len(place), 10)
    bound.keys(block)
    assert (bound.left_out["sex"], bound.left_out["birth_date"]) == (5, 5)
    list(bound.read_again(rows[:2]))
    assert bound.left_out["sex"] == 5


def test_the_rows_of_a_query_read_like_those_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "d.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute(
            "CREATE TABLE p AS SELECT i AS id, ' n' || i AS name, DATE '1980-05-03' + i::INT AS born FROM range(3) t(i)"
        )
    query = ForeignQuery(path, "SELECT name, id, born FROM p WHERE id > 0 ORDER BY id")
    table = ArrowTable(query.schema, query.batches)
    assert [column.is_date for column in table.columns] == [False, False, True]
    assert [row.cells for row in apart(list(table.blocks(["id", "name", "born"])))] == [
        ("1", "n1", "1980-05-04"),
        ("2", "n2", "1980-05-05"),
    ]
    query.close()


@pytest.mark.parametrize(
    "query", ["SELECT secret FROM nowhere", "nonsense", "SELECT * FROM read_csv('/etc/passwd')", "CREATE TABLE x (i INT)"]
)
def test_a_query_that_cannot_be_run_is_refused_without_a_word_of_it(tmp_path: Path, query: str) -> None:
    path = tmp_path / "d.duckdb"
    duckdb.connect(str(path)).close()
    with pytest.raises(InputError, match="query: cannot be run") as refused:
        ForeignQuery(path, query)
    assert "secret" not in str(refused.value)


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("no database")
    with pytest.raises(InputError, match="cannot be opened"):
        ForeignQuery(tmp_path / "x", "SELECT 1")
