"""``mpi load FILE --map MAP.toml``: a file of records into an index, with a summary that hides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from mpi.commands.connection import DataOption, JsonOption, ServerOption, connect
from mpi.commands.console import NOT_ALL, command, out, print_json
from mpi.commands.load_job import LoadJob
from mpi.commands.load_summary import summary
from mpi.errors import ConfigError
from mpi.intake import ArrowTable, FieldMap, Table, bind, load_map, open_table


@command
def load(
    file: Annotated[Path, typer.Argument(help="CSV or Parquet; with --query a DuckDB database.")],
    map_file: Annotated[
        Path, typer.Option("--map", metavar="MAP.toml", help="Which column is what; mpi map FILE proposes one.")
    ],
    query: Annotated[str, typer.Option(metavar="SQL", help="The rows: a query on FILE, which is a DuckDB database.")] = "",
    server: ServerOption = "",
    data: DataOption = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin at the first row, whatever an interrupted load left.")
    ] = False,
    in_flight: Annotated[
        int, typer.Option(min=1, max=64, help="Batches under way at once; 1 keeps the order of the file.")
    ] = 4,
    work_dir: Annotated[
        Path | None, typer.Option(help="Where FILE.progress.json and FILE.rejected.csv go; default: beside FILE.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Register every row of a file. May be cut off and repeated at any time: rows that are known already change nothing.

    With --data the whole file is loaded at once, which is many times faster than through a server.
    """
    field_map, folder = load_map(map_file), work_dir or file.parent
    if data is not None and server:
        raise ConfigError("give --server or --data, not both")
    with rows_of(file, field_map, query) as table:
        bound = bind(field_map, table.columns)
        if data is not None:
            from mpi.commands.bulk_job import BulkJob  # the registry, which a client of a server does without

            report = BulkJob(file, data, folder=folder).run(table, bound)
        else:
            with connect(server) as client:
                job = LoadJob(file, field_map, folder=folder)
                report = job.run(client, table, bound, restart=restart, in_flight=in_flight)
    print_json(report) if json else out().print(summary(report))
    if report.tally.rejected:
        raise typer.Exit(NOT_ALL)


@contextmanager
def rows_of(file: Path, field_map: FieldMap, query: str) -> Iterator[Table]:
    """The rows of a file, or of a query on a database. Raises InputError where either cannot be read."""
    if not query:
        with open_table(file, field_map.file) as table:
            yield table
        return
    from mpi.store.foreign import ForeignQuery  # DuckDB, which a file does without

    with closing(ForeignQuery(file, query)) as found:
        yield ArrowTable(found.schema, found.batches)
