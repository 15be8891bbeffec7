"""``python -m training compare OLD.toml NEW.toml FILE… --map MAP.toml``: what would change if the new model decided.

Both models link the records from nothing, in the order of the files. Links and reviews gained and lost are counted, and
examples of each are explained level by level under both models; they name records, and no value of a patient.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from mpi.linkage.model import load_model
from training.life.compare_view import print_comparison
from training.life.comparison import EXAMPLES, compare
from training.life.records import read_files


def main(arguments: list[str]) -> int:
    """Compare and print. Exit code 2: arguments make no sense; 1: a model, a map or a file cannot be used."""
    options = _options(arguments)
    old, new = load_model(options.old), load_model(options.new)
    records = read_files(options.files, options.map, options.truth)
    found = compare(old, new, records, population=options.population, examples=options.examples)
    if options.json:
        print(msgspec.json.format(msgspec.json.encode(found)).decode())
    else:
        print_comparison(found)
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training compare", description=__doc__)
    parser.add_argument("old", type=Path, metavar="OLD.toml")
    parser.add_argument("new", type=Path, metavar="NEW.toml")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="CSV or Parquet files of records")
    parser.add_argument("--map", type=Path, required=True, action="append", help="MAP.toml; once, or once for each file")
    parser.add_argument("--truth", default="", help="column that names the person: says which changes are right")
    parser.add_argument("--population", type=int, default=0, help="persons the prior is taken for (0: those found)")
    parser.add_argument("--examples", type=int, default=EXAMPLES, help=f"at most so many of each kind (default {EXAMPLES})")
    parser.add_argument("--json", action="store_true", help="everything as one JSON document")
    return parser.parse_args(arguments)
