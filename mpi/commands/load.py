"""``mpi load FILE --map MAP.toml``: a file of records into an index, with a summary that hides nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mpi.commands.connection import DataOption, JsonOption, ServerOption, connect
from mpi.commands.console import NOT_ALL, command, out, print_json
from mpi.commands.load_job import LoadJob
from mpi.commands.load_summary import summary
from mpi.intake import bind, load_map, open_table


@command
def load(
    file: Annotated[Path, typer.Argument(help="CSV or Parquet.")],
    map_file: Annotated[
        Path, typer.Option("--map", metavar="MAP.toml", help="Which column is what; mpi map FILE proposes one.")
    ],
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
    """Register every row of a file. May be cut off and repeated at any time: rows that are known already change nothing."""
    field_map = load_map(map_file)
    with open_table(file, field_map.file) as table:
        bound = bind(field_map, table.columns)
        with connect(server, data) as client:
            job = LoadJob(file, field_map, folder=work_dir or file.parent)
            report = job.run(client, table, bound, restart=restart, in_flight=in_flight)
    print_json(report) if json else out().print(summary(report))
    if report.tally.rejected:
        raise typer.Exit(NOT_ALL)
