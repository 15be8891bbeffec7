"""What one durable commit of DuckDB costs here: events that the index itself wrote, inserted one by one into another journal.

    python -m benchmarks.commits FOLDER --count 200

FOLDER holds a copy of an index's files. Prints one JSON line: median and 99th percentile of a commit, in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.load import quantile_ms
from benchmarks.processes import pinned
from mpi.store import JournalEvent, Settings, Store

COMMITS = 200
WARM_UP = 20
TIMEOUT_S = 120.0


def events_of(folder: Path, count: int) -> list[JournalEvent]:
    """The last ``count`` events of an index, renumbered from 1. Raises RuntimeError when it has fewer."""
    with Store.open(folder) as store:
        last = store.last_sequence()
        if last < count:
            raise RuntimeError(f"the index has {last} events, {count} are needed")
        found = [store.event(seq) for seq in range(last - count + 1, last + 1)]
    return [msgspec.structs.replace(event, seq=number) for number, event in enumerate(found, 1) if event is not None]


def time_commits(events: list[JournalEvent]) -> list[int]:
    """Nanoseconds of each transaction of one event, without the journal's tail, after ``WARM_UP`` that do not count."""
    times = []
    plain = Settings(tail_events=0)
    with tempfile.TemporaryDirectory(prefix="mpi-commits-") as folder, Store.open(Path(folder), settings=plain) as store:
        for event in events:
            started = time.perf_counter_ns()
            store.append([event])
            times.append(time.perf_counter_ns() - started)
    return times[WARM_UP:]


def measure_commits(index: Path, core: set[int]) -> dict[str, Any]:
    """Copy an index whose server is at rest, and time commits of its last events in a process on ``core``.

    Keys ``commit_ms`` (median) and ``commit_p99_ms``. Raises CalledProcessError.
    """
    with tempfile.TemporaryDirectory(prefix="mpi-copy-") as folder:
        for file in index.glob("index.duckdb*"):
            shutil.copy2(file, folder)
        command = [sys.executable, "-m", "benchmarks.commits", folder, "--count", str(COMMITS + WARM_UP)]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=TIMEOUT_S, preexec_fn=pinned(core))
    line: dict[str, Any] = json.loads(done.stdout)
    return line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=COMMITS + WARM_UP)
    given = parser.parse_args()
    times = sorted(time_commits(events_of(given.folder, given.count)))
    print(json.dumps({"commit_ms": quantile_ms(times, 0.5), "commit_p99_ms": quantile_ms(times, 0.99)}))


if __name__ == "__main__":
    main()
