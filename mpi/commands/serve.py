"""Run a server until it is told to stop.

SIGTERM or SIGINT once: health says NOT_SERVING, calls in flight are answered, then the process ends. Twice: at once, which
loses nothing that was answered.

The main thread does nothing but wait for signals, which are blocked everywhere else: no handler runs in the middle of
something else and no exception falls out of the sky.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from rich.console import Console

from mpi.config import Config

if TYPE_CHECKING:
    from mpi.registry.progress import Progress
    from mpi.service.opening import Opened
    from mpi.service.server import Server

log = logging.getLogger(__name__)

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_POLL_S = 0.1  # how soon the main thread notices that the work has ended by itself
_LOG_FORMAT = "time=%(asctime)s level=%(levelname)s logger=%(name)s thread=%(threadName)s msg=%(message)r"


def serve(config: Config) -> None:
    """Open the index, serve it, and return when the process was told to stop. Runs in the main thread.

    Prints one line on stdout when health says SERVING. Raises ConfigError, ModelError and StoreError before that. A second
    signal ends the process with status 128 + its number.
    """
    logging.basicConfig(level=config.log_level, format=_LOG_FORMAT, stream=sys.stderr)
    if config.kernel_cache_dir:
        os.environ["MPI_KERNEL_CACHE"] = config.kernel_cache_dir  # read when the linkage room is imported, by _Work
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        work = _Work(config)
        work.start()
        _wait(work)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    if work.error is not None:
        raise work.error
    log.info("stopped")


def _wait(work: _Work) -> None:
    """Until the work has ended; the first signal asks it to, the second ends the process."""
    while work.is_alive():
        received = signal.sigtimedwait(_SIGNALS, _POLL_S)
        # A process that was stopped and continued gets an answer without a signal (number 0).
        if received is None or received.si_signo not in _SIGNALS:
            continue
        log.info("signal number=%d repeated=%s", received.si_signo, work.stop.is_set())
        if work.stop.is_set():
            log.warning("stopping at once")
            logging.shutdown()
            os._exit(128 + received.si_signo)
        work.stop.set()


class _Work(threading.Thread):
    """Everything but waiting for signals."""

    def __init__(self, config: Config) -> None:
        super().__init__(name="mpi-serve", daemon=True)
        self.stop = threading.Event()
        self.error: BaseException | None = None
        self._config = config

    def run(self) -> None:
        try:
            self._open_and_serve()
        except BaseException as error:  # noqa: BLE001 — serve raises it in the main thread
            self.error = error

    def _open_and_serve(self) -> None:
        from mpi.service.opening import open_registry
        from mpi.service.server import Server

        opened = open_registry(self._config)
        try:
            server = Server(opened, self._config)
            try:
                self._serve(server, opened)
            finally:
                server.stop()
        finally:
            opened.registry.close()

    def _serve(self, server: Server, opened: Opened) -> None:
        config, registry = self._config, opened.registry
        port = server.start()
        log.info("loading address=%s:%d data_dir=%s model=%s", config.host, port, config.data_dir, config.model)
        console = Console(soft_wrap=True, highlight=False)
        with _progress_shown(console, registry.progress):
            registry.start()
        _settle_garbage_collector()
        server.open()
        counts = registry.counts()
        log.info("serving address=%s:%d records=%d sequence=%d", config.host, port, counts.records, counts.sequence)
        console.print(
            f"[bold]mpi {version('mpi')}[/bold] listening on {config.host}:{port}  "
            f"model {counts.model}  {counts.records:,} records  {counts.persons:,} persons"
        )
        self.stop.wait()
        log.info("draining")
        server.drain()


@contextmanager
def _progress_shown(console: Console, progress: Progress) -> Iterator[None]:
    """Say on a terminal how far a start is. The log says it everywhere."""
    if not console.is_terminal:
        yield
        return
    with console.status(progress.state.phase.value) as status:
        progress.tell = lambda state: status.update(
            f"{state.phase.value}  {state.fraction:.0%} of {state.total:,}" if state.total else state.phase.value
        )
        try:
            yield
        finally:
            progress.tell = None


def _settle_garbage_collector() -> None:
    """Take everything that stands now out of the collector's sight.

    It is there to stay: modules, compiled kernels, the index. A full collection over it holds every thread for 70 ms
    (measured with an empty index), five times in 20,000 writes; afterwards it takes no time to speak of.
    """
    gc.collect()
    gc.freeze()
