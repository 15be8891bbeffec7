"""Run a server until it is told to stop.

SIGTERM or SIGINT once: health says NOT_SERVING, calls in flight finish, then the process ends. Twice: at once.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
from importlib.metadata import version
from types import FrameType
from typing import TYPE_CHECKING

from rich.console import Console

from mpi.config import Config

if TYPE_CHECKING:
    from mpi.registry.registry import Registry
    from mpi.service.server import Server

log = logging.getLogger(__name__)

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_LOG_FORMAT = "time=%(asctime)s level=%(levelname)s logger=%(name)s thread=%(threadName)s msg=%(message)r"


class _StopAtOnce(BaseException):
    """Raised in the main thread by the second signal; not an Exception, so that nothing on the way swallows it."""


class _Signals:
    """Turns the first signal into an event and the second into an exception."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        for number in _SIGNALS:
            signal.signal(number, self._received)

    def _received(self, number: int, _frame: FrameType | None) -> None:
        log.info("signal number=%d repeated=%s", number, self.stop.is_set())
        if self.stop.is_set():
            raise _StopAtOnce
        self.stop.set()


def serve(config: Config) -> None:
    """Open the index, serve it, and return when the process was told to stop. Runs in the main thread.

    Prints one line on stdout when health says SERVING. Raises ConfigError, ModelError and StoreError before that.
    """
    logging.basicConfig(level=config.log_level, format=_LOG_FORMAT, stream=sys.stderr)
    if config.kernel_cache_dir:
        os.environ["MPI_KERNEL_CACHE"] = config.kernel_cache_dir  # read when the linkage room is imported, below
    signals = _Signals()

    from mpi.service.opening import open_registry
    from mpi.service.server import Server

    opened = open_registry(config)
    try:
        server = Server(opened, config)
        try:
            _run(server, opened.registry, config, signals)
        except _StopAtOnce:
            log.warning("stopping at once")
        finally:
            server.stop()
    finally:
        opened.registry.close()
    log.info("stopped")


def _run(server: Server, registry: Registry, config: Config, signals: _Signals) -> None:
    port = server.start()
    log.info("loading address=%s:%d data_dir=%s model=%s", config.host, port, config.data_dir, config.model)
    registry.start()
    _settle_garbage_collector()
    server.open()
    counts = registry.counts()
    log.info("serving address=%s:%d records=%d sequence=%d", config.host, port, counts.records, counts.sequence)
    Console(soft_wrap=True, highlight=False).print(
        f"[bold]mpi {version('mpi')}[/bold] listening on {config.host}:{port}  "
        f"model {counts.model}  {counts.records:,} records  {counts.persons:,} persons"
    )
    signals.stop.wait()
    log.info("draining")
    server.drain()


def _settle_garbage_collector() -> None:
    """Take everything that stands now out of the collector's sight.

    It is there to stay: modules, compiled kernels, the index. A full collection over it holds every thread for 70 ms
    (measured with an empty index), five times in 20,000 writes; afterwards it takes no time to speak of.
    """
    gc.collect()
    gc.freeze()
