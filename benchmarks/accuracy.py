"""Accuracy beside the peers: one JSON line for each data set, system and threshold.

    python -m benchmarks.accuracy [--short] [--no-peers] [--details] [--size 20000]
    python -m benchmarks.accuracy --sets [NAME …] [--no-peers] [--write]

Ours goes the whole way: a server process, a socket, a DuckDB file. Every record is resolved, then every one is looked up, and
two are together when they have the same master ID in the end. Nothing is fitted on these data. The exit code is 1 when ours
links a false pair on FEBRL, or stays below its F1.

With ``--sets``: every data set with truth that is there, linked as a newcomer would (see evidence.py), beside the peers; for
sets whose truth is a grade of single cases, what is decided about each (see decisions.py). ``--write`` puts the tables into
docs/accuracy.md.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks import febrl, people
from benchmarks.lines import emit, progress
from benchmarks.ours import Ours, model_at, model_file
from benchmarks.peers.environment import run_peer
from training.evaluation.pairs import PairCounts, count_pairs, wrong_and_missed

F1_LIMITS = {"febrl3": 0.9985, "febrl4": 0.9995}
UPPER_THRESHOLDS = (0.9, 0.95, 0.99, 0.999)  # beside the shipped one, for the synthetic populations
PEERS = (("splink_febrl.py", ()), ("splink_febrl.py", ("--extra",)), ("recordlinkage_febrl.py", ()))
PATTERNS_SHOWN = 40
TABLE = Path(__file__).parents[1] / "docs" / "accuracy.md"
SHORT_SIZE, SIZE = 5_000, 20_000


def accuracy_line(data: str, system: str, threshold: Any, counts: PairCounts, **more: Any) -> dict[str, Any]:
    return {"bench": "accuracy", "data": data, "system": system, "threshold": threshold, **counts.as_keys(), **more}


def measure_ours(
    data: str, labelled: febrl.Labelled, model: Path, *, threshold: float | str, details: bool = False
) -> PairCounts:
    """Resolve the records in their order on an empty index, look every one up, and print the line."""
    with tempfile.TemporaryDirectory(prefix="mpi-accuracy-") as folder, Ours(Path(folder), model=model) as index:
        load = index.resolve_all(labelled.records)
        persons = index.master_ids(list(labelled.entity))
        counts = count_pairs(persons, labelled.entity)
        more = {
            "records": len(persons),
            "persons": len(set(persons.values())),
            "reviews": load.reviews,
            "seconds": load.seconds,
        }
        emit(accuracy_line(data, "ours", threshold, counts, model=model.stem, **more))
        if details:
            show_patterns(data, index, persons, labelled.entity)
    return counts


def show_patterns(data: str, index: Ours, persons: dict[str, str], entity: dict[str, str]) -> None:
    """What the wrong and the missed pairs look like: agreement levels of the features, never values."""
    for kind, pairs in zip(("wrong", "missed"), wrong_and_missed(persons, entity), strict=True):
        patterns: Counter[tuple[str, float]] = Counter()
        for comparison in index.comparisons(pairs):
            levels = " ".join(f"{reason.feature}={reason.level}" for reason in comparison.reasons)
            patterns[levels, round(comparison.weight)] += 1
        for (levels, bits), count in patterns.most_common(PATTERNS_SHOWN):
            emit({"bench": "accuracy", "data": data, "details": kind, "pairs": count, "weight_bits": bits, "levels": levels})


def measure_peers(data: str, runs: int) -> None:
    """Splink by its tutorial and with two columns more, and recordlinkage; each in a process of its own."""
    for script, options in PEERS:
        for line in run_peer(script, data, *options, "--runs", str(runs)):
            counts = PairCounts(line.pop("right"), line.pop("predicted"), line.pop("true"))
            emit(accuracy_line(data, line.pop("system"), line.pop("threshold"), counts, **line))


def measure_febrl(data: str, *, peers: bool, runs: int, details: bool) -> list[str]:
    """Ours and the peers on one FEBRL set; returns what ours fails."""
    progress(f"{data}: ours")
    counts = measure_ours(data, febrl.load(data), model_file("latin-individuals"), threshold="shipped", details=details)
    if peers:
        progress(f"{data}: peers")
        measure_peers(data, runs)
    failures = []
    if counts.predicted > counts.right:
        failures.append(f"{data}: {counts.predicted - counts.right} false pairs")
    if counts.f1 < F1_LIMITS[data]:
        failures.append(f"{data}: F1 {counts.f1:.5f} is below {F1_LIMITS[data]}")
    return failures


def measure_population(name: str, model: str, size: int, *, details: bool) -> None:
    """A synthetic population of another seed than the model was fitted on, at several upper thresholds."""
    progress(f"{name}: {size} synthetic records")
    labelled = people.labelled(name, size)
    measure_ours(name, labelled, model_file(model), threshold="shipped", details=details)
    with tempfile.TemporaryDirectory(prefix="mpi-model-") as folder:
        for upper in UPPER_THRESHOLDS:
            measure_ours(name, labelled, model_at(model_file(model), upper, Path(folder)), threshold=upper)


def measure_sets(names: list[str], *, peers: bool, write: bool) -> int:
    """The tables of all data sets; exit code 2 for a name that is none."""
    # pandas and matplotlib: seconds of imports that only this needs
    from benchmarks import accuracy_table, decisions, evidence, graded, sets

    clustered, cases = sets.sets(), graded.graded_sets()
    known = [*clustered, *cases]
    if unknown := [name for name in names if name not in known]:
        progress(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}")
        return 2
    for name in names or known:
        data = clustered[name] if name in clustered else cases[name].data
        if absent := data.absent():
            progress(f"{name}: skipped, {absent} is not there")
            continue
        of_cases = name in cases
        measured = decisions.measure(cases[name], peers=peers) if of_cases else evidence.measure(data, peers=peers)
        lines = []
        for line in measured:
            counts = line.pop("pairs", None)
            lines.append({"bench": "accuracy", "data": name, **(counts.as_keys() if counts else {}), **line})
            emit(lines[-1])
        if write:
            (accuracy_table.write_decisions if of_cases else accuracy_table.write_table)(TABLE, lines)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="one run of each peer, smaller populations")
    parser.add_argument("--no-peers", action="store_true", help="ours alone: needs no further environment")
    parser.add_argument("--details", action="store_true", help="show the level patterns of wrong and missed pairs")
    parser.add_argument("--size", type=int, default=0, help="records of each synthetic population (0: by default)")
    parser.add_argument("--sets", nargs="*", metavar="NAME", help="all data sets with truth, or these")
    parser.add_argument("--write", action="store_true", help="with --sets: write the table into docs/accuracy.md")
    given = parser.parse_args()
    if given.sets is not None:
        return measure_sets(given.sets, peers=not given.no_peers, write=given.write)
    failures = []
    for data in F1_LIMITS:
        failures += measure_febrl(data, peers=not given.no_peers, runs=1 if given.short else 3, details=given.details)
    size = given.size or (SHORT_SIZE if given.short else SIZE)
    for name, model in people.POPULATIONS.items():
        measure_population(name, model, size, details=given.details)
    for failure in failures:
        progress(f"MISSED {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
