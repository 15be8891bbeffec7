"""How long a model takes to estimate, beside Splink on the same records in the same run: one JSON line a figure.

    python -m benchmarks.training [--records 100000] [--runs 2] [--template han] [--no-peers]

The full measurement is ``--records 1000000 --runs 1`` (a quarter of an hour, 8 GB, nearly all of both Splink's).

estimate  u and EM beside Splink's prior, u and EM: what both do once the records are in a form that can be compared
whole     the same with encoding and the pairs of the blocking rules; Splink's is the same, since it has no such steps apart
memory    peak of each process, reading the file included
usable    the fitted model links another population that nobody fitted on

Both start from a Parquet file of a synthetic Chongqing; mapping its columns (``read``) and DuckDB's import are in neither
figure. Choosing thresholds, which Splink leaves to its users, is shown (``thresholds``) but not compared. Ours fits the same
kind of template that Splink is given: features and blocking rules are known. Of several runs the quickest counts.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import people
from benchmarks.lines import emit, progress
from benchmarks.peers.environment import run_peer
from mpi.linkage.model import load_model
from training import population
from training.evaluation.clustering import cluster
from training.evaluation.pairs import PairCounts, count_pairs

MAP = Path(population.__file__).parent / "map.toml"
TIMEOUT_S = 3_600
RECORDS_PER_PERSON = 2.2  # that the generator makes
WARMING, HELD_OUT = 3_000, 10_000  # records
LEAST_F1 = 0.9
ESTIMATE = ("u", "em")
WHOLE = ("encode", "blocking", *ESTIMATE)
SPLINK = ("register", "prior", "u", "em")
LIMITS = {"estimate": 0.15, "whole": 0.3, "memory": 1.0}  # of Splink's


def made(records: int, file: Path) -> None:
    """About so many records, a few more, of whole persons, under a seed that no model was fitted on."""
    population.generate(int(records / RECORDS_PER_PERSON), seed=people.SEED).to_parquet(file)


def ours(file: Path, model: Path, template: str) -> dict[str, Any]:
    """One fit in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.training_ours", str(file), str(MAP), str(model), "--template", template]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    if done.returncode:
        raise RuntimeError(f"the fit ended with {done.returncode}: {done.stderr[-2000:]}")
    line: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return line


def splink(file: Path, folder: Path) -> dict[str, Any]:
    """Splink trained once, in its own environment."""
    (line,) = run_peer("splink_training.py", str(_specification(file, folder)), timeout_s=TIMEOUT_S)
    return line


def _specification(file: Path, folder: Path) -> Path:
    """The columns that Splink compares, made once by the rules of benchmarks/sets.py and evidence.py."""
    path = folder / "specification.json"
    if not path.exists():
        import pandas as pd  # a second of imports that only this needs

        from benchmarks.evidence import specification_file
        from benchmarks.sets import chongqing_table, sets

        specification_file(sets()["chongqing_base"], [chongqing_table(pd.read_parquet(file))], folder)
    return path


def quickest(runs: int, measure: Callable[[], dict[str, Any]], seconds: Callable[[dict[str, Any]], float]) -> dict[str, Any]:
    return min((measure() for _ in range(runs)), key=seconds)


def of(line: dict[str, Any], kind: str, parts: tuple[str, ...]) -> float:
    """Seconds of some parts of a fit, by ``wall`` or ``cpu``."""
    return sum(float(line[kind].get(part, 0.0)) for part in parts)


def figures(mine: dict[str, Any], peer: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The lines of a run. Ratios are of wall seconds; those of the processor stand beside them."""
    lines = []
    for figure, parts in (("estimate", ESTIMATE), ("whole", WHOLE)):
        seconds, cpu = of(mine, "wall", parts), of(mine, "cpu", parts)
        line = {"bench": "training", "figure": figure, "records": mine["records"], "seconds": seconds, "cpu_seconds": cpu}
        if peer is not None:
            line |= {"splink_seconds": peer["seconds"], "splink_cpu_seconds": peer["cpu_seconds"]}
            line |= {"ratio_to_splink": seconds / peer["seconds"], "cpu_ratio_to_splink": cpu / peer["cpu_seconds"]}
        lines.append(line)
    lines[1] |= {f"{part}_seconds": spent for part, spent in mine["wall"].items()}
    lines[1] |= {f"{part}_cpu_seconds": spent for part, spent in mine["cpu"].items()}
    lines[1]["pairs"] = mine["pairs"]
    memory = {"bench": "training", "figure": "memory", "records": mine["records"], "peak_mb": mine["peak_mb"]}
    if peer is not None:
        lines[1] |= {f"splink_{part}_seconds": peer[part] for part in SPLINK}
        memory |= {"splink_peak_mb": peer["peak_mb"], "ratio_to_splink": mine["peak_mb"] / peer["peak_mb"]}
    return [*lines, memory]


def usable(model: Path) -> tuple[int, PairCounts]:
    """Records of a population with another seed, and the pairs that the model makes of them."""
    made_up = population.generate(int(HELD_OUT / RECORDS_PER_PERSON), seed=people.SEED + 1)
    records = list(made_up.records)
    clustered = cluster(*load_model(model), records)
    names = [str(number) for number in range(len(records))]
    predicted = dict(zip(names, map(str, clustered.person.tolist()), strict=True))
    return len(records), count_pairs(predicted, dict(zip(names, map(str, made_up.truth.tolist()), strict=True)))


def missed(lines: list[dict[str, Any]], counts: PairCounts) -> list[str]:
    """What a run fails."""
    failures = [
        f"{line['figure']}: {line['ratio_to_splink']:.3f} of Splink's, {LIMITS[line['figure']]} is wanted"
        for line in lines
        if line.get("ratio_to_splink", 0.0) > LIMITS[line["figure"]]
    ]
    return failures + ([f"usable: F1 {counts.f1:.4f} is below {LEAST_F1}"] if counts.f1 < LEAST_F1 else [])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=100_000, help="records fitted on, about (default 100000)")
    parser.add_argument("--runs", type=int, default=2, help="of each; the quickest counts (default 2)")
    parser.add_argument("--template", default="han", help="as of fit: han, or auto for rules and classes from the data")
    parser.add_argument("--no-peers", action="store_true", help="ours alone: needs no further environment")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mpi-training-") as name:
        folder = Path(name)
        file, model = folder / "people.parquet", folder / "fitted.toml"
        progress("kernels")
        made(WARMING, folder / "few.parquet")
        ours(folder / "few.parquet", folder / "few.toml", given.template)
        progress(f"{given.records} records")
        made(given.records, file)
        progress("ours")
        mine = quickest(given.runs, lambda: ours(file, model, given.template), lambda line: of(line, "wall", WHOLE))
        peer = None
        if not given.no_peers:
            progress("splink")
            peer = quickest(given.runs, lambda: splink(file, folder), lambda line: float(line["seconds"]))
        lines = figures(mine, peer)
        for line in lines:
            emit(line)
        held_out, counts = usable(model)
        emit({"bench": "training", "figure": "usable", "records": held_out, **counts.as_keys()})
    failures = missed(lines, counts)
    for failure in failures:
        progress(f"MISSED {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
