"""Every command by name, each imported only when it runs: ``mpi lookup`` does not wait for the kernels of ``mpi serve``.

``docs/commands.md`` is the reference; exit codes are in ``commands/console.py``.
"""

from __future__ import annotations

import sys
from importlib import import_module

import typer

COMMANDS = {
    "serve": ("mpi.commands.serve_flags", "serve_with_flags"),
    "load": ("mpi.commands.load", "load"),
    "map": ("mpi.commands.map", "map_columns"),
    "lookup": ("mpi.commands.lookup", "lookup"),
    "match": ("mpi.commands.match", "match"),
    "explain": ("mpi.commands.explain", "explain"),
    "export": ("mpi.commands.export", ""),
}


def application(names: list[str]) -> typer.Typer:
    """A typer application with the commands named."""
    app = typer.Typer(
        name="mpi",
        help="A master patient index: which records are one person, and under which numbers the hospitals know them.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_version)
    for name in names:
        module, function = COMMANDS[name]
        if function:
            app.command(name)(getattr(import_module(module), function))
        else:
            app.add_typer(import_module(module).app, name=name)
    return app


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"mpi {version('mpi')}")
        raise typer.Exit


def _version(
    version: bool = typer.Option(False, "--version", help="Say the version and stop.", is_eager=True, callback=_say_version),
) -> None:
    """Options of ``mpi`` itself."""


def main() -> None:
    """Run the command of ``sys.argv``; where none is named, load all of them, for the help text."""
    wanted = [word for word in sys.argv[1:2] if word in COMMANDS]
    application(wanted or list(COMMANDS))()


if __name__ == "__main__":
    main()
