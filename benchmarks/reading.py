"""Reading by kernels: µs a record of check, JSON and rows over synthetic records, on one thread and on two.

    python -m benchmarks.reading [records]

CPU time of the thread that reads, and for several threads the time on the clock; the lowest of a few rounds. The records are
made in memory first; what the ordinary way does with those that are left is not in it.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from benchmarks.ours import model_file
from mpi.columns.check import check
from mpi.columns.layout import Raw
from mpi.columns.nouns import raw_of
from mpi.columns.payload import payload_columns
from mpi.columns.reader import ColumnReader, plan_of
from mpi.linkage.model import load_model
from mpi.records import PatientRecord
from training import people, population

RECORDS, BATCH, ROUNDS, SEED = 100_000, 10_000, 5, 5
STEPS = ("nouns", "check", "JSON", "rows")


def measure(name: str, records: list[PatientRecord]) -> str:
    """A line of the table for a model's records."""
    model = load_model(model_file(name))[0]
    plan = plan_of(model)
    assert plan is not None
    reader = ColumnReader(plan, model.width, threads=True)
    batches = [records[start : start + BATCH] for start in range(0, len(records), BATCH)]
    lowest, read = dict.fromkeys(STEPS, float("inf")), 0
    for _ in range(ROUNDS):
        took, read = dict.fromkeys(STEPS, 0.0), 0
        for batch in batches:
            times = [time.thread_time()]
            raw = _raw(batch)
            times.append(time.thread_time())
            checked = check(raw, threads=True)
            times.append(time.thread_time())
            payload_columns(raw)
            times.append(time.thread_time())
            read += len(reader.read(raw, checked).places)
            times.append(time.thread_time())
            for step, begin, end in zip(STEPS, times, times[1:], strict=False):
                took[step] += end - begin
        lowest = {step: min(lowest[step], took[step]) for step in STEPS}
    columns = [f"{lowest[step] / len(records) * 1e6:.2f}" for step in STEPS]
    raws = [_raw(batch) for batch in batches]
    columns += [f"{min(_clock(reader, raws, threads) for _ in range(ROUNDS)) / len(records) * 1e6:.2f}" for threads in (1, 2)]
    return f"| {name} | {' | '.join(columns)} | {read / len(records):.2%} |"


def _raw(records: list[PatientRecord]) -> Raw:
    raw = raw_of(records)
    assert raw is not None
    return raw


def _clock(reader: ColumnReader, raws: list[Raw], threads: int) -> float:
    """Seconds on the clock for check, JSON and rows of all batches."""

    def read(raw: Raw) -> None:
        checked = check(raw, threads=True)
        payload_columns(raw)
        reader.read(raw, checked)

    with ThreadPoolExecutor(threads) as pool:
        begin = time.perf_counter()
        for _ in pool.map(read, raws):
            pass
        return time.perf_counter() - begin


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS
    print("| model | nouns | check | JSON | rows | all three, one thread | two threads | read |")
    print("|---|---|---|---|---|---|---|---|")
    made: dict[str, Iterable[PatientRecord]] = {
        "han": population.generate(count, seed=SEED).records,
        "latin": people.generate(count, seed=SEED).records,
    }
    for name, records in made.items():
        chosen = list(islice(records, count))
        gc.freeze()  # the collector would go through all of them again and again
        print(measure(name, chosen), flush=True)


if __name__ == "__main__":
    main()
