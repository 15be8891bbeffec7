"""``mpi export``: the crosswalk, and the pairs that wait for a person, as Parquet files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.parquet as pq
import typer

from mpi.commands.connection import DataOption, JsonOption, ServerOption, connect
from mpi.commands.console import command, err, plain, print_json
from mpi.errors import InputError

ROWS_AT_ONCE = 50_000

CROSSWALK = pa.schema([("source", pa.string()), ("local_id", pa.string()), ("master_id", pa.string())])
REVIEWS = pa.schema(
    [
        ("review_task", pa.int64()),
        ("opened_at", pa.timestamp("us", "UTC")),
        ("source", pa.string()),
        ("local_id", pa.string()),
        ("master_id", pa.string()),
        ("candidate_master_id", pa.string()),
        ("weight", pa.float64()),
        ("probability", pa.float64()),
        ("relationship", pa.string()),
        ("decision_reasons", pa.list_(pa.string())),
    ]
)

app = typer.Typer(help="Write the crosswalk, or the pairs that wait for a person, to a Parquet file.", no_args_is_help=True)

OutArgument = Annotated[Path, typer.Argument(metavar="OUT.parquet", help="Replaced when it is complete.")]


@app.command()
@command
def crosswalk(out: OutArgument, server: ServerOption = "", data: DataOption = None, json: JsonOption = False) -> None:
    """Every hospital's number of every person: source, local_id, master_id."""
    with connect(server, data) as client:
        written = write_parquet(out, CROSSWALK, client.export_crosswalk())
    _say(out, written, as_json=json)


@app.command()
@command
def reviews(out: OutArgument, server: ServerOption = "", data: DataOption = None, json: JsonOption = False) -> None:
    """The pairs that wait for a person: a record, the person it may belong to, and how likely that is."""
    with connect(server, data) as client:
        written = write_parquet(out, REVIEWS, client.export_reviews())
    _say(out, written, as_json=json)


def _say(out: Path, written: int, *, as_json: bool) -> None:
    print_json({"file": str(out), "rows": written}) if as_json else err().print(f"wrote {written:,} rows to {out}")


def write_parquet(out: Path, schema: pa.Schema, lines: Iterable[Any]) -> int:
    """Write lines, which have the schema's columns as attributes; how many there were.

    The file appears under its name when it is complete. Raises InputError where it cannot be written.
    """
    stream, written = iter(lines), 0
    with _aside(out) as path, pq.ParquetWriter(path, schema) as writer:
        while chunk := list(islice(stream, ROWS_AT_ONCE)):
            columns = {name: [plain(getattr(line, name)) for line in chunk] for name in schema.names}
            writer.write_table(pa.table(columns, schema))
            written += len(chunk)
    return written


@contextmanager
def _aside(out: Path) -> Iterator[Path]:
    """A name beside ``out`` to write under; renamed at the end, removed on the way out of an error."""
    path = out.with_name(f"{out.name}.{os.getpid()}.new")
    try:
        yield path
        path.replace(out)
    except OSError as error:
        raise InputError(str(out), f"cannot be written ({error.strerror or error})") from error
    finally:
        path.unlink(missing_ok=True)
