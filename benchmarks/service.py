"""Speed of the service as a ratio to the floor, an empty gRPC server of the same messages: one JSON line for each figure.

    python -m benchmarks.service [--short] [--size 100000] [--callers 64] [--rounds 5] [--seconds 3] [--check]

The server has one core and the load generator another, as has the floor. Floor and ours take turns; the median counts. Every
answer's status is counted and a sample is checked: a wrong answer ends the run. At the end the server is killed with -9
and must have every answered record after the restart. With ``--check`` a missed target makes the exit code 1.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import people
from benchmarks.checks import WrongAnswer
from benchmarks.lines import emit, progress
from benchmarks.measure import ServiceRun, Setting
from benchmarks.ours import Ours, model_file
from benchmarks.processes import LoadGenerator
from benchmarks.rounds import Bench
from benchmarks.startup import warm_start_seconds


class Target(NamedTuple):
    """A figure's key that must reach ``at_least``, or stay at or below ``at_most`` (a number, or another key of the line)."""

    key: str
    at_least: float | None = None
    at_most: float | str | None = None

    def met(self, line: dict[str, Any]) -> bool:
        if self.at_least is not None:
            return bool(line[self.key] >= self.at_least)
        limit = line[self.at_most] if isinstance(self.at_most, str) else self.at_most
        return bool(line[self.key] <= limit)


TARGETS = {
    "lookup": Target("ratio_to_floor", at_least=0.80),
    "match": Target("ratio_to_floor", at_least=0.65),
    "resolve": Target("ratio_to_floor", at_least=0.45),
    "batch_resolve": Target("per_s", at_least=12_000),
    "fairness": Target("p99_to_alone", at_most=5.0),
    "lookup_one": Target("p50_to_floor", at_most=1.3),
    "resolve_one": Target("p50_ms", at_most="limit_ms"),
    "start_empty": Target("seconds", at_most=5.0),
}


class Report:
    """Prints each figure with whether it met its target, and remembers the misses."""

    def __init__(self) -> None:
        self.missed: list[str] = []

    def __call__(self, line: dict[str, Any]) -> None:
        target = TARGETS.get(line["figure"])
        if target is None:
            emit(line)
            return
        met = target.met(line)
        emit({**line, "target_met": met})
        if not met:
            self.missed.append(line["figure"])


def run(setting: Setting, report: Report) -> None:
    """The whole benchmark, in a folder that is gone afterwards."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mpi-service-")))
        log = stack.enter_context((folder / "log").open("wb"))
        seconds = warm_start_seconds(folder, setting.model)
        report({"bench": "service", "figure": "start_empty", "seconds": seconds})
        index = stack.enter_context(Ours(folder / "index", model=setting.model))
        generator = stack.enter_context(LoadGenerator(log))
        service = ServiceRun(setting, index, Bench(generator, folder), report, log)
        with service.floors():
            service.measure_all()
        service.check_after_kill()


def setting_of(given: argparse.Namespace) -> Setting:
    short = given.short
    return Setting(
        size=given.size or (10_000 if short else 100_000),
        callers=given.callers,
        rounds=given.rounds or (3 if short else 5),
        seconds=given.seconds or (1.0 if short else 3.0),
        batches_a_round=12 if short else 40,
        population=given.population,
        model=given.model or model_file(people.POPULATIONS[given.population]),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="10,000 records, three rounds of one second")
    parser.add_argument("--size", type=int, default=0, help="records in the index (100,000)")
    parser.add_argument("--callers", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0.0, help="length of a round")
    parser.add_argument("--population", choices=tuple(people.POPULATIONS), default="chongqing")
    parser.add_argument("--model", type=Path, help="a model file in place of the shipped one")
    parser.add_argument("--check", action="store_true", help="exit code 1 when a target is missed")
    given = parser.parse_args()
    report = Report()
    try:
        run(setting_of(given), report)
    except WrongAnswer as wrong:
        print(f"WRONG ANSWER: {wrong}", file=sys.stderr)
        return 2
    for figure in report.missed:
        progress(f"MISSED {figure}")
    return 1 if given.check and report.missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
