"""CSV and Parquet as they really arrive: every broken row is named, every other row is read."""

import csv
import datetime as dt
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpi.errors import InputError
from mpi.intake import Row, RowProblem, open_table
from mpi.intake.mapping import FileOptions


def read(path: Path, *columns: str, after_row: int = 0, options: FileOptions | None = None) -> list[Row | RowProblem]:
    with open_table(path, options) as table:
        return list(table.rows(columns or [column.name for column in table.columns], after_row=after_row))


def written(folder: Path, content: bytes, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def cells(rows: list[Row | RowProblem]) -> list[tuple[object, ...]]:
    return [(row.number, *row.cells) if isinstance(row, Row) else (row.row, row.column, row.problem) for row in rows]


# --- CSV ---


def test_rows_are_numbered_as_an_editor_shows_them(tmp_path: Path) -> None:
    path = written(tmp_path, b'\xef\xbb\xbfa, b\r\n1, 2\r\n\r\n"x\r\ny", 3\r\n 4 ,\r\n')
    assert cells(read(path)) == [(2, "1", "2"), (4, "x\r\ny", "3"), (6, "4", "")]
    assert cells(read(path, "b", after_row=4)) == [(6, "")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    path = written(tmp_path, f"a{delimiter}b\n1{delimiter}2\n".encode())
    assert cells(read(path)) == [(2, "1", "2")]


def test_wrong_utf8_costs_one_row_and_names_its_column(tmp_path: Path) -> None:
    path = written(tmp_path, b"a,b\n1,ok\n2,\xff\xfe\n\xff\n3,\xe4\xbd\xa0\n")
    assert cells(read(path)) == [
        (2, "1", "ok"),
        (3, "b", "is not valid utf-8"),
        (4, "", "has 1 fields, the header has 2"),
        (5, "3", "你"),
    ]
    assert cells(read(path, "a"))[1] == (3, "2")  # a column nobody asked for costs nothing


def test_gb18030_is_read_when_the_map_says_so(tmp_path: Path) -> None:
    path = written(tmp_path, "姓名,a\n镕|基,1\n".encode("gb18030"))
    assert cells(read(path, options=FileOptions(encoding="gb18030"))) == [(2, "镕|基", "1")]
    with pytest.raises(InputError, match=r"file\.csv: row 1: the header is not utf-8"):
        read(path)


def test_too_few_and_too_many_fields_cost_one_row(tmp_path: Path) -> None:
    path = written(tmp_path, b"a,b\n1\n2,3,4\n5,6\n")
    assert cells(read(path)) == [
        (2, "", "has 1 fields, the header has 2"),
        (3, "", "has 3 fields, the header has 2"),
        (4, "5", "6"),
    ]


@pytest.mark.parametrize("rest", [b"3,4\n5,6\n", b'3,"4"\n5,6\n', b'3,4\n5,"6"\n', b'3,"4",\n5,6\n3,4\n5,6\n'])
def test_a_quote_that_is_not_closed_costs_one_row(tmp_path: Path, rest: bytes) -> None:
    found = read(written(tmp_path, b'a,b\n1,"2\n' + rest), after_row=0)
    assert isinstance(found[0], RowProblem)
    assert found[0].row == 2
    assert "quote" in found[0].problem
    assert (found[-1].number if isinstance(found[-1], Row) else 0) == 2 + rest.count(b"\n")
    assert isinstance(found[-1], Row)
    assert found[-1].cells == ("5", "6")


def test_a_quote_that_is_not_closed_does_not_read_a_long_file_as_one_cell(tmp_path: Path) -> None:
    path = written(tmp_path, b'a,b\n1,"2\n' + b"3,4\n" * 5_000)
    found = read(path)
    assert isinstance(found[0], RowProblem)
    assert len(found) == 5_001
    assert all(isinstance(row, Row) for row in found[1:])


def test_a_very_long_cell_and_a_very_long_line_cost_one_row(tmp_path: Path) -> None:
    path = written(
        tmp_path, b"a,b\n1," + b"x" * 1_000_000 + b"\n2," + b"y" * 70_000 + b"\n3," + b"z" * 9_000_000 + b"\n4,5\n"
    )
    found = read(path)
    assert [type(row) for row in found] == [RowProblem, RowProblem, RowProblem, Row]
    assert [row.row for row in found if isinstance(row, RowProblem)] == [2, 3, 4]
    assert cells(found)[3] == (5, "4", "5")
    assert all(len(str(row)) < 300 for row in found)


def test_nul_bytes_reach_the_record_check_and_do_not_stop_the_file(tmp_path: Path) -> None:
    assert cells(read(written(tmp_path, b"a,b\n1,x\x00y\n2,z\n"))) == [(2, "1", "x\x00y"), (3, "2", "z")]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"\n1,2\n", "there is no header"),
        (b"a\x00b,c\n", "NUL"),
        (b'"a,b\n1,2\n', "no header|not a line of CSV"),
        (b"PK\x03\x04rest", "Excel"),
        (b"\x1f\x8brest", "gzip"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        (b"PAR1 and then nothing", "no complete Parquet file"),
    ],
)
def test_a_file_that_is_no_table_is_named(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        read(written(tmp_path, content))
    assert "file.csv" in caught.value.field


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.csv", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            read(path)


@given(st.lists(st.lists(st.text(max_size=8), min_size=3, max_size=3), max_size=8))
def test_what_csv_writes_is_read_back(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    buffer = io.StringIO()
    clean = [[cell.encode("utf-8", "replace").decode().replace("\r", "").replace("\n", " ") for cell in row] for row in rows]
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows([["a", "b", "c"], *clean])
    path = tmp_path_factory.mktemp("csv") / "file.csv"
    path.write_bytes(buffer.getvalue().encode())
    assert cells(read(path)) == [(n, *(cell.strip() for cell in row)) for n, row in enumerate(clean, 2)]


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_raise_anything_but_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, body: bytes
) -> None:
    path = tmp_path_factory.mktemp("csv") / "file.csv"
    path.write_bytes(b"a,b\n" + body + b"\n7,8\n")
    found = read(path)
    numbers = [row.number if isinstance(row, Row) else row.row for row in found]
    assert numbers == sorted(set(numbers))
    assert found, "the last row, or what was wrong with it, must be reported"


# --- Parquet ---


def parquet(folder: Path, table: pa.Table, **how: object) -> Path:
    path = folder / "file.parquet"
    pq.write_table(table, path, **how)
    return path


def test_typed_columns_become_the_text_a_csv_would_hold(tmp_path: Path) -> None:
    table = pa.table(
        {
            "whole": pa.array([1, None], pa.int64()),
            "gaps": pa.array([5304218.0, float("nan")]),
            "half": pa.array([0.5, None]),
            "day": pa.array([dt.date(1980, 2, 3), None]),
            "time": pa.array([dt.datetime(1980, 2, 3, 4, 5, 6), None]),
            "word": pa.array([" x ", None]).dictionary_encode(),
            "flag": pa.array([True, None]),
            "nothing": pa.nulls(2),
            "raw": pa.array([b"ab", None]),
        }
    )
    path = parquet(tmp_path, table)
    assert cells(read(path)) == [
        (1, "1", "5304218", "0.5", "1980-02-03", "1980-02-03T04:05:06", "x", "true", "", "ab"),
        (2, "", "", "", "", "", "", "", "", ""),
    ]
    with open_table(path) as opened:
        assert [column.name for column in opened.columns if column.is_date] == ["day", "time"]


def test_nested_columns_are_marked_and_do_not_stop_the_others(tmp_path: Path) -> None:
    path = parquet(tmp_path, pa.table({"id": ["1"], "deep": [[1, 2]]}))
    with open_table(path) as table:
        assert table.columns[1].unreadable.startswith("list")
        assert cells(list(table.rows(["id"]))) == [(1, "1")]


def test_wrong_utf8_in_parquet_costs_one_row(tmp_path: Path) -> None:
    broken = pa.Array.from_buffers(pa.string(), 2, pa.array([b"\xff", b"ok"]).buffers())
    path = parquet(tmp_path, pa.table({"id": ["1", "2"], "name": broken}))
    assert cells(read(path)) == [(1, "name", "is not valid utf-8"), (2, "2", "ok")]


def test_every_truncation_of_a_parquet_file_is_named_before_a_row_is_read(tmp_path: Path) -> None:
    whole = parquet(tmp_path, pa.table({"id": [str(n) for n in range(1_000)]})).read_bytes()
    for size in (1, 3, 4, 5, 100, len(whole) // 2, len(whole) - 9, len(whole) - 1):
        path = written(tmp_path, whole[:size], "cut.parquet")
        with pytest.raises(InputError, match=r"cut\.parquet: (is no complete Parquet file|is empty)"):
            read(path)


def test_damage_inside_a_parquet_file_names_the_row_after_which_it_lies(tmp_path: Path) -> None:
    table = pa.table({"id": [f"number {n} {n * 7919 % 10007}" for n in range(30_000)]})
    path = parquet(tmp_path, table, row_group_size=10_000, compression="zstd", use_dictionary=False)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2_000] = b"\x00" * 2_000
    path.write_bytes(content)
    with open_table(path) as opened:
        rows = opened.rows(["id"])
        assert len([next(rows) for _ in range(10_000)]) == 10_000
        with pytest.raises(InputError, match=r"row 10001 or after: the file is damaged"):
            next(rows)


def test_resuming_skips_what_was_read(tmp_path: Path) -> None:
    path = parquet(tmp_path, pa.table({"id": [str(n) for n in range(25)]}))
    assert cells(read(path, after_row=23)) == [(24, "23"), (25, "24")]
