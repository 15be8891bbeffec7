"""The index as its users run it: ``mpi serve`` in a process of its own, on a DuckDB file of its own, behind a socket."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import mpi
from benchmarks.febrl import key_of, split_key
from benchmarks.processes import cores, free_port, is_serving, kill, start, stop, wait_until
from mpi.client import IndexClient
from mpi.errors import MpiError
from mpi.records import Comparison, Outcome, PatientRecord

BATCH_RECORDS = 500
SERVE = ("mpi.cli", "serve")
CALL_TIMEOUT_S = 120.0
UPPER = re.compile(r"^upper\s*=\s*\S+", re.MULTILINE)
LOWER = re.compile(r"^lower\s*=\s*(\S+)", re.MULTILINE)


class Load(NamedTuple):
    """What came of resolving many records."""

    master_ids: dict[str, str]  # record key → master ID as answered
    reviews: int  # records that opened a review task
    seconds: float


class Ours:
    """A running index; a context manager. ``start_seconds`` is the time from starting the process to SERVING."""

    def __init__(self, folder: Path, *, model: Path) -> None:
        self.folder = folder
        self.port = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        self.environment = {
            "MPI_DATA_DIR": str(folder),
            "MPI_PORT": str(self.port),
            "MPI_MODEL": str(model),
            "MPI_LOG_LEVEL": "WARNING",
        }
        self.log = (folder / "server.log").open("ab")
        self.start_seconds = 0.0
        self.process = self.launch()

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the server on its core and wait until its health says SERVING."""
        process = start(SERVE, pin=cores()[0], log=self.log, environment=self.environment)
        try:
            self.start_seconds = wait_until(lambda: is_serving(self.port), process)
        except RuntimeError as error:
            stop(process)
            tail = (self.folder / "server.log").read_text(errors="replace")[-2000:]
            raise RuntimeError(f"the index did not start: {error}\n{tail}") from error
        return process

    def kill_and_restart(self) -> None:
        """``kill -9``, then the same command on the same directory."""
        kill(self.process)
        self.process = self.launch()

    def client(self) -> IndexClient:
        return IndexClient(f"127.0.0.1:{self.port}", timeout_s=CALL_TIMEOUT_S)

    def resolve_all(self, records: Sequence[PatientRecord]) -> Load:
        """Resolve the records in order, in batches. Raises the error of the first record that is refused."""
        answered: dict[str, str] = {}
        reviews = 0
        started = time.perf_counter()
        with self.client() as client:
            for batch in batches(records, BATCH_RECORDS):
                for record, answer in zip(batch, client.batch_resolve(batch), strict=True):
                    if isinstance(answer, MpiError):
                        raise answer
                    answered[key_of(record)] = answer.master_id
                    reviews += answer.outcome is Outcome.NEW_WITH_REVIEW
        return Load(answered, reviews, time.perf_counter() - started)

    def master_ids(self, keys: Sequence[str]) -> dict[str, str]:
        """Record key → master ID as the index says now. Raises the error of the first key that is not found."""
        found: dict[str, str] = {}
        with self.client() as client:
            for key in keys:
                source, local_id = split_key(key)
                found[key] = client.lookup(source=source, local_id=local_id).master_id
        return found

    def comparisons(self, pairs: Sequence[tuple[str, str]]) -> Iterator[Comparison]:
        """Stored records compared, pair by pair of record keys."""
        with self.client() as client:
            for left, right in pairs:
                yield client.compare(split_key(left), split_key(right))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        stop(self.process)
        self.log.close()


def batches(records: Sequence[PatientRecord], size: int) -> Iterator[list[PatientRecord]]:
    """The records in order, ``size`` at a time; the last batch may be shorter."""
    for place in range(0, len(records), size):
        yield list(records[place : place + size])


def model_file(name: str) -> Path:
    """A shipped model."""
    return Path(mpi.__file__).parent / "models" / f"{name}.toml"


def model_at(shipped: Path, upper: float, folder: Path) -> Path:
    """A copy of a shipped model with another upper threshold (and a lower one that is not above it), and its sidecar.

    Raises ValueError when the file has not exactly one of each.
    """
    text = shipped.read_text(encoding="utf-8")
    lower = LOWER.search(text)
    if lower is None or len(UPPER.findall(text)) != 1 or len(LOWER.findall(text)) != 1:
        raise ValueError(f"{shipped.name} must hold one upper and one lower threshold")
    text = UPPER.sub(f"upper = {upper}", text)
    text = LOWER.sub(f"lower = {min(float(lower[1]), upper)}", text)
    copy = folder / f"{shipped.stem}-{upper}.toml"
    copy.write_text(text, encoding="utf-8")
    for sidecar in shipped.parent.glob(f"{shipped.stem}*.parquet"):
        shutil.copy2(sidecar, folder)
    return copy
