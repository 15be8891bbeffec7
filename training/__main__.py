"""``python -m training COMMAND …``: the lab's commands.

One line per command: its name, the module that holds it, and one sentence. A module is imported only when its command
runs, and offers ``main(arguments: list[str]) -> int``, which returns the exit code. An MpiError or OSError of a command
becomes one line on standard error and exit code 1.
"""

from __future__ import annotations

import sys
from importlib import import_module

from mpi.errors import MpiError

COMMANDS = {
    "demo": ("training.demo", "a real server, FEBRL4 and a small Chongqing through it, and one click explained"),
    "population": ("training.population.command", "write a synthetic population with its truth to a folder"),
    "evaluate": ("training.evaluation.command", "how good a model is, on records whose persons are known"),
    "fit": ("training.fit", "estimate a model from files of records, without labels"),
    "compare": ("training.life.compare", "what would change if a new model decided"),
    "publish": ("training.life.publish", "put a model into use, if it passes its gates"),
    "import-splink": ("training.exchange.import_splink", "a Splink model as one of ours, and what is lost"),
    "export-splink": ("training.exchange.export_splink", "one of our models for Splink, and what is lost"),
    "shipped": ("training.shipped", "fit the models that come with the package again"),
}


def main(arguments: list[str]) -> int:
    """Run the command named first; its exit code, or 2 with the list of commands."""
    if arguments and arguments[0] in COMMANDS:
        return _run(*arguments)
    width = max(map(len, COMMANDS))
    listing = "\n".join(f"  {name:{width}}  {sentence}" for name, (_, sentence) in COMMANDS.items())
    print(f"usage: python -m training COMMAND …\n\n{listing}", file=sys.stderr)
    return 0 if arguments in (["-h"], ["--help"]) else 2


def _run(command: str, *arguments: str) -> int:
    """Run one command; what it cannot work with is said in a line."""
    module, _ = COMMANDS[command]
    try:
        code: int = import_module(module).main(list(arguments))
    except MpiError as error:
        print(f"{command}: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{command}: {error.filename or 'a file'}: {error.strerror or 'cannot be used'}", file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
