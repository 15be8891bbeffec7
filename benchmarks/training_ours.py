"""One fit in a process of its own, for benchmarks/training.py: one JSON line.

    python -m benchmarks.training_ours FILE.parquet MAP.toml MODEL.toml [--template han]

Seconds by part, of the clock and of the processor, and the peak memory of the process; what is imported before the fit begins
is not counted, as it is not for the peer. Kernels are loaded from their cache, where they must stand already.
"""

from __future__ import annotations

import argparse
import resource
from pathlib import Path
from typing import Any

from benchmarks.lines import emit
from mpi import intake
from training.fit import AUTOMATIC, Request, fit_model
from training.modelling.template import read_template, template_path
from training.timing import collected


def fitted(file: Path, field_map: Path, out: Path, template: str) -> dict[str, Any]:
    """Fit a model on a file and measure."""
    records = (row.record for row in intake.read_records(file, field_map) if isinstance(row, intake.MappedRow))
    chosen = None if template == AUTOMATIC else read_template(template_path(template))
    with collected() as parts:
        _, found, _ = fit_model(Request(template=chosen, out=out), records)
    return {
        "records": found.problem.records,
        "pairs": found.problem.seen_pairs,
        "wall": {part: spent.wall for part, spent in parts.items()},
        "cpu": {part: spent.cpu for part, spent in parts.items()},
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("map", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--template", default="han", help=f"as of fit, {AUTOMATIC} included (default han)")
    given = parser.parse_args()
    emit(fitted(given.file, given.map, given.out, given.template))


if __name__ == "__main__":
    main()
