"""``mpi serve``: flags for what is set most often, ``--set KEY=VALUE`` for every setting of ``mpi.config.Config``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mpi.commands.console import command
from mpi.commands.serve import serve
from mpi.config import load_config
from mpi.errors import InputError


@command
def serve_with_flags(
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A TOML file of settings; docs/configuration.md lists them.")
    ] = None,
    data_dir: Annotated[str | None, typer.Option(metavar="DIR", help="Where the journal is kept.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="TCP port; 0 takes a free one and says which.")] = None,
    model: Annotated[
        str | None, typer.Option(help="A shipped model (han, latin, latin-individuals) or the path of a model file.")
    ] = None,
    catchment: Annotated[int | None, typer.Option(help="Number of people whom the hospitals serve.")] = None,
    log_level: Annotated[str | None, typer.Option(help="DEBUG, INFO, WARNING or ERROR.")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any other setting.")] = None,
) -> None:
    """Run the index. Says where it listens when it is ready; the first SIGTERM stops it gently, the second at once."""
    flags: dict[str, object] = {
        "data_dir": data_dir,
        "host": host,
        "port": port,
        "model": model,
        "catchment": catchment,
        "log_level": log_level,
    }
    serve(load_config(config, overrides=flags | pairs(settings or [])))


def pairs(settings: list[str]) -> dict[str, object]:
    """``KEY=VALUE`` by key; several sources are separated by commas. Raises InputError for anything else."""
    found: dict[str, object] = {}
    for setting in settings:
        key, sign, text = setting.partition("=")
        if not sign or not key:
            raise InputError("--set", f"{setting[:60]!r} is not KEY=VALUE")
        found[key] = tuple(filter(None, map(str.strip, text.split(",")))) if key == "sources" else text
    return found
