"""schema.sql, the migrations and queries.sql agree; a newer file is refused; every statement is used and can be planned."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from mpi.errors import StoreError
from mpi.store import Store
from mpi.store.files import SCHEMA_VERSION, migrate
from mpi.store.statements import migrations, parse, read, statements

ROOM = Path(__file__).parents[2] / "mpi" / "store"
SHAPE = (
    "SELECT table_name, column_name, data_type, is_nullable, column_default FROM duckdb_columns() ORDER BY ALL",
    "SELECT table_name, constraint_text FROM duckdb_constraints() ORDER BY ALL",
    "SELECT view_name, sql FROM duckdb_views() WHERE NOT internal ORDER BY ALL",
    "SELECT index_name, sql FROM duckdb_indexes() ORDER BY ALL",
    "SELECT table_name, sql FROM duckdb_tables() ORDER BY ALL",
)


def shape(connection: duckdb.DuckDBPyConnection) -> list[list[tuple[object, ...]]]:
    return [connection.execute(query).fetchall() for query in SHAPE]


def test_migrations_lead_to_the_schema():
    with duckdb.connect() as new, duckdb.connect() as migrated:
        new.execute(read("schema.sql"))
        migrate(migrated, 0)
        assert shape(new) == shape(migrated)
        assert len(shape(new)[4]) == 2


def test_migrations_are_numbered_without_gaps():
    assert list(migrations()) == list(range(1, SCHEMA_VERSION + 1))


def test_a_newer_file_is_refused_and_left_alone(tmp_path):
    with Store.open(tmp_path) as store:
        store._writer.execute(statements()["update_version"], [SCHEMA_VERSION + 1])
    for read_only in (False, True):
        with pytest.raises(StoreError, match=f"schema version {SCHEMA_VERSION + 1}, this program knows {SCHEMA_VERSION}"):
            Store.open(tmp_path, read_only=read_only)
    with duckdb.connect(str(tmp_path / "index.duckdb")) as file:
        assert file.execute(statements()["read_version"]).fetchone() == (SCHEMA_VERSION + 1,)


def test_an_older_file_waits_for_a_writer(tmp_path):
    with Store.open(tmp_path) as store:
        store._writer.execute(statements()["update_version"], [SCHEMA_VERSION - 1])
    with pytest.raises(StoreError, match="opened for writing once"):
        Store.open(tmp_path, read_only=True)


def test_every_statement_is_used_and_every_used_one_exists():
    code = "".join(path.read_text(encoding="utf-8") for path in ROOM.glob("*.py"))
    unused = [name for name in statements() if f'"{name}"' not in code]
    assert unused == []


def test_a_name_used_twice_is_refused():
    with pytest.raises(ValueError, match="named twice"):
        parse("-- name: a\nSELECT 1;\n-- name: a\nSELECT 2;")
    with pytest.raises(ValueError, match="empty"):
        parse("-- name: a\n-- nothing\n")


def test_only_the_meta_line_is_ever_updated():
    written = [sql for sql in statements().values() if "UPDATE " in sql or "DELETE " in sql]
    assert written
    assert all(sql.startswith("UPDATE meta ") for sql in written)
