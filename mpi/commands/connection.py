"""Which index a command speaks to: a running server, or one of its own on a data directory for as long as it takes."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated

import typer

from mpi.client import IndexClient
from mpi.config import load_config
from mpi.errors import ConfigError, Unavailable

START_TIMEOUT_S = 600.0  # a large index is rebuilt, and on a new machine the kernels are compiled first
STOP_TIMEOUT_S = 300.0  # after a load a large index writes a snapshot
_LISTENING = "listening on "

ServerOption = Annotated[
    str,
    typer.Option("--server", metavar="HOST:PORT", help="The running index to ask. Default: the configured host and port."),
]
DataOption = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="Serve this data directory for as long as the command takes.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on stdout instead of tables.")]


@contextmanager
def connect(server: str, data: Path | None = None, *, timeout_s: float = 30.0) -> Iterator[IndexClient]:
    """A client of the server, or of one that is started on ``data`` and stopped afterwards."""
    if data is None:
        with IndexClient(server or configured_server(), timeout_s=timeout_s) as client:
            yield client
        return
    if server:
        raise ConfigError("give --server or --data, not both")
    with embedded_server(data) as target, IndexClient(target, timeout_s=timeout_s) as client:
        yield client


def configured_server() -> str:
    """Where the configuration says the index listens; on this machine where it listens on every address."""
    config = load_config()
    host = "127.0.0.1" if config.host in ("0.0.0.0", "::", "[::]") else config.host
    return f"[{host}]:{config.port}" if ":" in host else f"{host}:{config.port}"


@contextmanager
def embedded_server(data: Path, *, model: str = "") -> Iterator[str]:
    """Start ``mpi serve`` on a free loopback port; give its HOST:PORT; stop it gracefully.

    ``model`` "": the configured one. Raises ConfigError with the server's own last words where it ends instead of serving,
    Unavailable where it takes more than START_TIMEOUT_S.
    """
    command = [sys.executable, "-m", "mpi.cli", "serve", "--data-dir", str(data), "--host", "127.0.0.1", "--port", "0"]
    command += ["--model", model] if model else []
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            yield _target(process, log)
        finally:
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()


def _target(process: subprocess.Popen[str], log: IO[bytes]) -> str:
    """HOST:PORT as the server says it."""
    assert process.stdout is not None
    too_late = threading.Timer(START_TIMEOUT_S, process.kill)
    too_late.start()
    try:
        for line in process.stdout:
            if _LISTENING in line:
                return line.split(_LISTENING, 1)[1].split()[0]
    finally:
        too_late.cancel()
    if process.wait() == -signal.SIGKILL:
        raise Unavailable("LOADING", f"the server was killed, or not ready within {START_TIMEOUT_S:.0f} s")
    log.seek(0)
    words = log.read()[-2_000:].decode(errors="replace").strip().rpartition("error: ")[2]
    raise ConfigError(f"the server did not start: {' '.join(words.split()) or 'it gave no reason'}")
