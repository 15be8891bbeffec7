"""How long an empty server takes from the start of its process until health says SERVING: one JSON line.

    python -m benchmarks.startup [--model FILE]

The first start fills the cache of compiled kernels and may take minutes; the second one is the figure.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.lines import emit
from benchmarks.ours import Ours, model_file


def warm_start_seconds(folder: Path, model: Path) -> float:
    """Start twice, each time on an empty directory, and return the seconds of the second start."""
    seconds = 0.0
    for attempt in ("cold", "warm"):
        with Ours(folder / attempt, model=model) as index:
            seconds = index.start_seconds
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=model_file("han"), help="a model file in place of the shipped one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mpi-startup-") as folder:
        emit({"bench": "service", "figure": "start_empty", "seconds": warm_start_seconds(Path(folder), given.model)})


if __name__ == "__main__":
    main()
