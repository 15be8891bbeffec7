"""``python -m training population``: a synthetic Chongqing, or Latin-script people, into one Parquet file."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from training import people
from training.population import Population, generate
from training.population.rates import LEVELS

MOST_PERSONS = 20_000_000


def main(arguments: list[str]) -> int:
    """Write the file and say what is in it. Exit code 2: arguments make no sense; 1: cannot be written."""
    options = _options(arguments)
    if not 1 <= options.persons <= MOST_PERSONS:
        print(f"--persons must be between 1 and {MOST_PERSONS:,}", file=sys.stderr)
        return 2
    began = time.monotonic()
    make = people.generate if options.script == "latin" else generate
    population: Population = make(options.persons, seed=options.seed, errors=options.errors)
    try:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        population.to_parquet(options.out)
    except OSError as error:
        print(f"{options.out}: cannot be written ({error.strerror or 'unknown reason'})", file=sys.stderr)
        return 1
    seconds = time.monotonic() - began
    folder = "people" if options.script == "latin" else "population"
    print(f"{options.out}: {len(population):,} records of {options.persons:,} persons in {seconds:.1f} s")
    print(f"map: {Path(__file__).parents[1] / folder / 'map.toml'}; truth: column truth_person; strata: columns stratum_…")
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training population", description=__doc__)
    parser.add_argument("--persons", type=int, default=10_000, help="number of made-up persons (default 10,000)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same file (default 1)")
    parser.add_argument("--errors", choices=sorted(LEVELS), default="base", help="how bad the data is (default base)")
    parser.add_argument("--script", choices=("han", "latin"), default="han", help="Chongqing, or Latin-script people")
    parser.add_argument("--out", type=Path, required=True, help="Parquet file to write")
    return parser.parse_args(arguments)
