"""How commands talk: answers on stdout (tables, or one JSON document), everything else on stderr, and the exit code.

Exit codes
----------
0    done
1    done, but not all of it: rows were rejected, or there was nothing to be found
2    the command, a map or a file cannot be used; nothing was sent, or nothing after the named row
3    the server cannot be reached, is not ready, or is too busy; try again
4    the server failed
130  interrupted
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from enum import IntEnum, IntFlag
from typing import Any, ParamSpec

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from mpi.errors import ConfigError, DeadlinePassed, InputError, ModelError, MpiError, NotFound, QueueFull, Unavailable

DONE, NOT_ALL, BAD_INPUT, UNAVAILABLE, FAILED, INTERRUPTED = 0, 1, 2, 3, 4, 130

PIPED_WIDTH = 130  # of tables that go into a file or another program

Parameters = ParamSpec("Parameters")


def out() -> Console:
    return _console(stderr=False)


def err() -> Console:
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    """As wide as the terminal; PIPED_WIDTH where there is none. Never coloured by what looks like a number."""
    console = Console(stderr=stderr, highlight=False)
    return console if console.is_terminal else Console(stderr=stderr, highlight=False, soft_wrap=True, width=PIPED_WIDTH)


def exit_code(error: MpiError) -> int:
    if isinstance(error, NotFound):
        return NOT_ALL
    if isinstance(error, InputError | ConfigError | ModelError):
        return BAD_INPUT
    return UNAVAILABLE if isinstance(error, Unavailable | QueueFull | DeadlinePassed) else FAILED


def command(function: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """A command that ends with a sentence and an exit code where it would end with a traceback of an ``MpiError``."""

    @functools.wraps(function)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except MpiError as error:
            say_error(error, as_json=bool(kwargs.get("json")))
            raise typer.Exit(exit_code(error)) from error
        except KeyboardInterrupt:
            err().print("interrupted", style="yellow")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:  # the reader of a pipe has seen enough
            sys.stderr.close()
            raise typer.Exit(DONE) from None

    return run


def say_error(error: MpiError, *, as_json: bool) -> None:
    if as_json:
        field = error.field if isinstance(error, InputError) else ""
        told = {"reason": error.reason, "message": str(error), "field": field}
        sys.stderr.write(msgspec.json.encode({"error": told}).decode() + "\n")
        return
    sentence = Text("error: ", style="bold red")
    sentence.append(str(error), style="default")
    err().print(sentence)


def plain(thing: Any) -> Any:
    """Structs, enumerations and containers as what JSON knows; an enumeration becomes its name in small letters."""
    if isinstance(thing, IntFlag):
        return [flag.name.lower() for flag in thing if flag.name]
    if isinstance(thing, IntEnum):
        return thing.name.lower()
    if isinstance(thing, msgspec.Struct):
        return {name: plain(getattr(thing, name)) for name in thing.__struct_fields__}
    if isinstance(thing, dict):
        return {plain(key): plain(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [plain(entry) for entry in thing]
    return thing


def print_json(thing: Any) -> None:
    """One line of JSON on stdout."""
    sys.stdout.write(msgspec.json.encode(plain(thing)).decode() + "\n")
    sys.stdout.flush()
