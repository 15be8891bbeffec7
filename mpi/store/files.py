"""Making, opening and migrating the database file."""

from __future__ import annotations

import os
import secrets
import time
import uuid
from pathlib import Path
from typing import NamedTuple

import duckdb

from mpi.errors import StoreError
from mpi.store.readers import first_row
from mpi.store.statements import migrations, read, statements

DATABASE_FILE = "index.duckdb"
MASTER_KEY_BYTES = 32
SCHEMA_VERSION = max(migrations())


class Settings(NamedTuple):
    """How a database is opened. Sizes in MiB."""

    threads: int = 1  # a second one costs every append 0.3 ms of handing over
    memory_mb: int = 1024  # DuckDB's own buffers; the hot index is not part of it
    idle_checkpoint_mb: int = 8  # write-ahead log worth a checkpoint while nothing waits
    busy_checkpoint_mb: int = 128  # write-ahead log worth a checkpoint although it holds up writes for a second or two
    forced_checkpoint_mb: int = 1024  # write-ahead log at which DuckDB checkpoints in the middle of a commit
    readers: int = 4  # cursors for reads
    reserve_mb: int = 256  # free disk space below which appends are refused
    tail_events: int = 1024  # events that may wait beside the table (tail.py); 0: every append is DuckDB's own transaction

    def options(self, directory: Path) -> dict[str, str | bool | int | float | list[str]]:
        """As DuckDB takes them. Nothing is loaded or fetched by itself, and no Python variable is read as a table."""
        return {
            "threads": self.threads,
            "memory_limit": f"{self.memory_mb}MiB",
            "checkpoint_threshold": f"{self.forced_checkpoint_mb}MiB",
            "preserve_insertion_order": True,
            "temp_directory": str(directory / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
        }


def connect(directory: Path, settings: Settings, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """The database of a data directory, made or migrated if need be. Raises StoreError when that cannot be done.

    Read-only, the file must be there and of this program's schema version.
    """
    path = directory / DATABASE_FILE
    if not path.exists():
        _create(directory, settings)
    connection = _open(path, settings, read_only=read_only)
    try:
        _bring_up_to_date(connection, read_only=read_only)
    except duckdb.Error as error:
        connection.close()
        raise StoreError(f"{path} cannot be used: {_first_line(error)}") from error
    except StoreError:
        connection.close()
        raise
    return connection


def _open(path: Path, settings: Settings, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(str(path), read_only=read_only, config=settings.options(path.parent))
    except (duckdb.Error, UnicodeDecodeError) as error:
        raise StoreError(f"{path} cannot be opened: {_first_line(error)}") from error


def _create(directory: Path, settings: Settings) -> None:
    """Make a new database aside and rename it: a crash in between leaves no half-made index."""
    aside = directory / f"{DATABASE_FILE}.new"
    for leftover in (aside, aside.with_name(f"{aside.name}.wal")):
        leftover.unlink(missing_ok=True)
    sql = statements()
    connection = _open(aside, settings, read_only=False)
    try:
        connection.execute(read("schema.sql"))
        key = secrets.token_bytes(MASTER_KEY_BYTES)
        created = time.time_ns() // 1000
        connection.execute(sql["create_meta"], [SCHEMA_VERSION, str(uuid.uuid4()), key, created])
        connection.execute(sql["checkpoint"])
    except duckdb.Error as error:
        raise StoreError(f"no database could be made in {directory}: {_first_line(error)}") from error
    finally:
        connection.close()
    os.replace(aside, directory / DATABASE_FILE)
    sync_directory(directory)


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _bring_up_to_date(connection: duckdb.DuckDBPyConnection, *, read_only: bool) -> None:
    """Run the migrations a file lacks. Raises StoreError for a file of a newer program, or of none of ours."""
    sql = statements()
    if not _number(connection, sql["has_meta"]):
        raise StoreError("the file is a DuckDB database, but not of a master patient index")
    version = _number(connection, sql["read_version"])
    if version > SCHEMA_VERSION:
        raise StoreError(f"the file has schema version {version}, this program knows {SCHEMA_VERSION}: use a newer program")
    if version == SCHEMA_VERSION:
        return
    if read_only:
        raise StoreError(f"the file has schema version {version} and must be opened for writing once")
    migrate(connection, version)


def migrate(connection: duckdb.DuckDBPyConnection, version: int) -> None:
    """Run every migration after ``version``, each in its transaction, between two checkpoints. Raises duckdb.Error."""
    sql = statements()
    for target, script in migrations().items():
        if target <= version:
            continue
        connection.execute(sql["checkpoint"])
        connection.begin()
        connection.execute(script)
        connection.execute(sql["update_version"], [target])
        connection.commit()
        connection.execute(sql["checkpoint"])


def _number(connection: duckdb.DuckDBPyConnection, statement: str) -> int:
    row = first_row(connection, statement)
    if row is None:
        raise StoreError("the file has lost its meta table's line")
    return int(row[0])


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
