"""``mpi map FILE``: propose a MAP.toml."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mpi.commands.console import command, err
from mpi.errors import InputError
from mpi.intake import propose_map


@command
def map_columns(
    file: Annotated[Path, typer.Argument(help="A CSV or Parquet file of records.")],
    out: Annotated[Path | None, typer.Option(help="Write the map here instead of to stdout.")] = None,
    lenient: Annotated[
        bool, typer.Option("--lenient", help="Take a cell that is no date for missing, and keep its row.")
    ] = False,
) -> None:
    """Propose a MAP.toml from a file's header and a sample of its rows. Look at the lines marked CHECK."""
    text = propose_map(file, lenient=lenient)
    if out is None:
        sys.stdout.write(text)
        return
    try:
        with out.open("x", encoding="utf-8") as target:
            target.write(text)
    except FileExistsError:
        raise InputError(str(out), "exists; a map that someone checked is not written over") from None
    except OSError as error:
        raise InputError(str(out), f"cannot be written ({error.strerror})") from error
    err().print(f"wrote {out}; {text.count('CHECK') - 1} lines to check")
