"""``python -m training publish MODEL.toml --to DIR --gates GATES.toml``: a model into use, if it passes every gate."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mpi.linkage.model import load_model
from training.life.gates import GateResult, judge, read_gates
from training.life.publishing import publish, published_model

NAME = re.compile(r"[\w\-.]+")


def main(arguments: list[str]) -> int:
    """Judge and publish. Exit code 2: arguments make no sense; 1: a gate failed or a file cannot be used, nothing changed."""
    options = _options(arguments)
    gates = read_gates(options.gates)
    model, frequencies = load_model(options.model)  # checks the hash that binds the term frequencies to the model
    name = options.name or model.name
    if not NAME.fullmatch(name) or name.startswith("."):
        print(f"publish: '{name}' cannot be the name of a file", file=sys.stderr)
        return 1
    results = judge(gates, (model, frequencies), published_model(options.to, name))
    _print_results(results)
    if failed := [result for result in results if not result.passed]:
        for result in failed:
            print(f"publish: {result.gate}: {result.failure}", file=sys.stderr)
        print(f"publish: {len(failed)} of {len(results)} gates failed; nothing was published", file=sys.stderr)
        return 1
    if options.check:
        return 0
    written = publish(model, frequencies, options.to, name=name, results=results)
    _print_written(written.reference, written.provenance["published"], options.to / f"{name}.toml")
    return 0


def _print_results(results: list[GateResult]) -> None:
    table = Table("gate", "asked", "found", "", title="Gates", title_justify="left")
    for each in results:
        table.add_row(each.gate, each.limit, each.found, Text("passed" if each.passed else f"failed: {each.failure}"))
    Console(highlight=False).print(table)


def _print_written(reference: str, entry: object, path: Path) -> None:
    assert isinstance(entry, dict)
    instead = f", instead of {entry['instead_of']}" if entry["instead_of"] else ""
    print(f"{reference}, version {entry['version']}, fitted as {entry['fitted_as']}{instead} → {path}")


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training publish", description=__doc__)
    parser.add_argument("model", type=Path, metavar="MODEL.toml")
    parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="folder that models are served from")
    parser.add_argument("--gates", type=Path, required=True, metavar="GATES.toml", help="what the model must keep")
    parser.add_argument("--name", default="", help="name to publish under (default: the model's)")
    parser.add_argument("--check", action="store_true", help="judge only; write nothing")
    return parser.parse_args(arguments)
