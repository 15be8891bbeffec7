"""Processes of a benchmark: the server on one core, the load generator on another, and how much CPU time each used."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import grpc
import msgspec
from grpc_health.v1 import health_pb2

from benchmarks.load import Result, Round

START_TIMEOUT_S = 400.0  # the first start ever compiles the kernels, on one core
STOP_TIMEOUT_S = 30.0
POLL_S = 0.02
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def cores() -> tuple[set[int], set[int]]:
    """The cores of the server and of the client: one each where there are two, else no pinning (the same set twice)."""
    usable = sorted(os.sched_getaffinity(0))
    return ({usable[0]}, {usable[1]}) if len(usable) > 1 else (set(usable), set(usable))


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads of a process, from ``/proc/<pid>/stat`` (steps of 10 ms)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def resident_mib(pid: int) -> float:
    """Resident memory now, in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def pinned(core: set[int]) -> Callable[[], None]:
    """A ``preexec_fn`` that puts a new process on these cores before its first instruction: every thread inherits it."""
    return partial(os.sched_setaffinity, 0, core)


def start(
    command: Sequence[str],
    *,
    pin: set[int],
    log: IO[bytes],
    piped: bool = False,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a Python module as a process of its own, on the cores of ``pin``.

    ``piped`` connects its standard input and output with this process; otherwise both outputs go to ``log``.
    """
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        preexec_fn=pinned(pin),
        stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
        stdout=subprocess.PIPE if piped else log,
        stderr=log,
        env={**os.environ, **(environment or {})},
    )


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], timeout_s: float = START_TIMEOUT_S) -> float:
    """Poll until ready; returns the seconds it took. Raises RuntimeError when the process ends or the time is up."""
    started = time.perf_counter()
    while not ready():
        if process.poll() is not None:
            raise RuntimeError(f"the process ended with {process.returncode} before it was ready")
        if time.perf_counter() - started > timeout_s:
            raise RuntimeError(f"not ready after {timeout_s:.0f} s")
        time.sleep(POLL_S)
    return time.perf_counter() - started


def is_serving(port: int) -> bool:
    """What grpc.health.v1 says; False as long as nobody answers."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        try:
            status = check(health_pb2.HealthCheckRequest(), timeout=1.0).status
        except grpc.RpcError:
            return False
    return bool(status == health_pb2.HealthCheckResponse.SERVING)


def is_listening(port: int) -> bool:
    """Whether a TCP connection is accepted (the echo server has no health service)."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask, wait, then kill this one process."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def kill(process: subprocess.Popen[bytes]) -> None:
    """``kill -9``: no handler runs, nothing is flushed."""
    process.send_signal(signal.SIGKILL)
    process.wait()


@contextmanager
def echo_server(kind: str, replies: Path, log: IO[bytes]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The floor: ``kind`` is asyncio or threads. Yields the process and its port."""
    port = free_port()
    command = ["benchmarks.echo", "--kind", kind, "--port", str(port), "--replies", str(replies)]
    process = start(command, pin=cores()[0], log=log)
    try:
        wait_until(lambda: is_listening(port), process)
        yield process, port
    finally:
        stop(process)


class LoadGenerator:
    """The client process, on its own core; a context manager."""

    def __init__(self, log: IO[bytes]) -> None:
        self.process = start(["benchmarks.load"], pin=cores()[1], log=log, piped=True)

    def run(self, given: Round) -> Result:
        """Send one round's orders and wait for its result. Raises RuntimeError when the generator died."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(msgspec.json.encode(given) + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the load generator ended in the middle of a round")
        return msgspec.json.decode(line, type=Result)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        stop(self.process)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
