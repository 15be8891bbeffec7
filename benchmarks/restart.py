"""How long a server takes to come back: from the start of its process until health says SERVING, one JSON line per figure.

    python -m benchmarks.restart [--records N …] [--model FILE] [--keep FOLDER]

For each number of records a journal is made (benchmarks/journals.py; journals in FOLDER are kept and used again) and a server
started on it twice: once with the journal alone, once with the snapshot that stopping the first one wrote. After each start
master IDs and counts must be what the journal says, else the run fails. Seconds by phase are the server's own, from its log.

``process``      everything outside the other phases: interpreter, imports, model, opening the store, serving
``kernels``      loading compiled kernels
``snapshot``     reading and checking the snapshot
``journal``      replaying the journal; reading it and building the index overlap
``cpu_seconds``  of all threads of the process until it serves
``stop``         from the signal to the end of the process, the snapshot written included

The file is in the page cache, as it is where a process was restarted and not a machine.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.journals import AGAIN, BASE, Base, base_of, local_id_of, make_journal
from benchmarks.lines import emit, progress
from benchmarks.ours import SERVE, model_file
from benchmarks.processes import cpu_seconds, free_port, is_serving, resident_mib, start, wait_until
from mpi.client import IndexClient, ServiceInfo
from mpi.linkage.model import Model, load_model
from mpi.registry.master_id import MasterIds, format_code
from mpi.store import Store

SIZES = (100_000, 1_000_000)
ROWS_PER_RECORD = 1.2  # memory is reserved for so many; the made records have 1.13
CHECKED = 50  # local numbers that are looked up after each start
STOP_TIMEOUT_S = 600.0
START_TIMEOUT_S = 1_200.0
PHASES = {"loading kernels": "kernels", "reading the snapshot": "snapshot", "replaying the journal": "journal"}
_PHASE = re.compile(rf"({'|'.join(PHASES)}) took seconds=([0-9.]+)")


class Made(NamedTuple):
    """A journal, and what a server on it must say."""

    folder: Path
    records: int
    events: int
    masters: dict[tuple[str, str], str]


class Started(NamedTuple):
    """One start, and the stop after it."""

    seconds: float
    cpu: float
    resident: float
    phases: dict[str, float]
    stop: float
    believed: bool  # the snapshot, if there was one


def journal(folder: Path, model: Model, base: Base, records: int) -> Made:
    """Make a journal, or use the one that is there."""
    if not (folder / "index.duckdb").exists():
        made = time.perf_counter()
        make_journal(folder, model, records, base)
        progress(f"a journal of {records:,} records made in {time.perf_counter() - made:.0f} s")
    with Store.open(folder) as store:
        events, ids = store.last_sequence(), MasterIds(store.meta.master_key)
    persons = int(base.persons.max()) + 1
    masters = {}
    for number in range(7, records, max(records // CHECKED, 1)):
        copy, place = divmod(number, BASE)
        if place % AGAIN == 0:  # some of these are retired
            continue
        person = copy * persons + int(base.persons[place])
        masters[base.sources[place], local_id_of(base, copy, place)] = format_code(ids.code(person))
    return Made(folder, records, events, masters)


def restarted(made: Made, model: Path, **settings: str) -> Started:
    """Start a server, check what it says, stop it. Raises RuntimeError where it says anything else."""
    port = free_port()
    log_file = made.folder / "server.log"
    environment: Mapping[str, str] = {
        "MPI_DATA_DIR": str(made.folder),
        "MPI_PORT": str(port),
        "MPI_MODEL": str(model),
        "MPI_INDEX_CAPACITY_ROWS": str(max(int(made.records * ROWS_PER_RECORD), 100_000)),
        **{f"MPI_{name.upper()}": value for name, value in settings.items()},
    }
    with log_file.open("wb") as log, _process(log, environment) as process:
        seconds = wait_until(lambda: is_serving(port), process, START_TIMEOUT_S)
        cpu, resident = cpu_seconds(process.pid), resident_mib(process.pid)
        _check(made, port)
        began = time.perf_counter()
        process.terminate()
        if process.wait(STOP_TIMEOUT_S) != 0:
            raise RuntimeError("the server did not stop as it should")
        stop = time.perf_counter() - began
    said = log_file.read_text(errors="replace")
    phases = {PHASES[phase]: float(took) for phase, took in _PHASE.findall(said)}
    return Started(seconds, cpu, resident, phases, stop, "left aside" not in said)


@contextmanager
def _process(log: Any, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A server on every core; it does not outlive the benchmark."""
    process = start(SERVE, pin=os.sched_getaffinity(0), log=log, environment=environment)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _check(made: Made, port: int) -> None:
    with IndexClient(f"127.0.0.1:{port}", timeout_s=30.0) as client:
        info: ServiceInfo = client.service_info()
        if (info.phase, info.records, info.sequence) != ("ready", made.records, made.events):
            raise RuntimeError(f"{info.records} records and {info.sequence} events, not {made.records} and {made.events}")
        for (source, local_id), master_id in made.masters.items():
            if client.lookup(source=source, local_id=local_id).master_id != master_id:
                raise RuntimeError("a master ID is not what the journal says")


def line_of(made: Made, way: str, taken: Started) -> dict[str, Any]:
    """One figure as it is printed."""
    inside = {phase: taken.phases.get(phase, 0.0) for phase in PHASES.values()}
    return {
        "bench": "service",
        "figure": "restart",
        "from": way,
        "records": made.records,
        "events": made.events,
        "seconds": taken.seconds,
        "process": taken.seconds - sum(inside.values()),
        **inside,
        "cpu_seconds": taken.cpu,
        "resident_mib": taken.resident,
        "stop": taken.stop,
    }


def measure(made: Made, model: Path) -> None:
    """Two starts, two lines: from the journal alone, and from the snapshot that the first one leaves."""
    (made.folder / "index.snapshot").unlink(missing_ok=True)
    first = restarted(made, model, snapshot_events="1")
    emit(line_of(made, "journal", first))
    second = restarted(made, model, snapshot_events=str(made.events * 100))
    if "snapshot" not in second.phases or not second.believed:
        raise RuntimeError("the second start did not believe the snapshot")
    emit(line_of(made, "snapshot", second))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, nargs="+", default=SIZES)
    parser.add_argument("--model", type=Path, default=model_file("han"), help="a model file in place of the shipped one")
    parser.add_argument("--keep", type=Path, help="where journals are kept, and found again")
    given = parser.parse_args()
    folder = given.keep or Path(tempfile.mkdtemp(prefix="mpi-restart-"))
    try:
        model, _ = load_model(given.model)
        base = base_of(model)
        for records in given.records:
            measure(journal(folder / str(records), model, base, records), given.model)
    finally:
        if given.keep is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
