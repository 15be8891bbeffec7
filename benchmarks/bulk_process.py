"""A command as a process of its own: its seconds by the clock and of the processor, the memory of it and its children."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

SAMPLE_S = 0.05
SHOWN = 2_000  # characters of a failed process's last words


class Spent(NamedTuple):
    """``cpu_seconds`` and ``peak_mib`` of the process and all that it started; ``output`` is what it printed."""

    seconds: float
    cpu_seconds: float
    peak_mib: float
    output: str


def run_measured(command: Sequence[str], environment: Mapping[str, str], *, log: Path, timeout_s: float) -> Spent:
    """Run a command to its end. Raises RuntimeError with its last words where it fails or takes too long.

    Memory is the largest sum of resident memory over the process and its descendants, sampled twenty times a second.
    """
    began = time.perf_counter()
    before = _children_cpu()
    with log.open("wb") as errors, log.with_suffix(".out").open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env={**os.environ, **environment}
        )
        peak = _Peak(process.pid)
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise RuntimeError(f"not done after {timeout_s:.0f} s") from None
        finally:
            peak_mib = peak.stop()
    seconds = time.perf_counter() - began
    if code:
        raise RuntimeError(f"ended with {code}: {log.read_text(errors='replace')[-SHOWN:]}")
    printed = log.with_suffix(".out").read_text()
    return Spent(seconds, _children_cpu() - before, peak_mib, printed)


def _children_cpu() -> float:
    spent = os.times()
    return spent.children_user + spent.children_system


class _Peak:
    """Watches the memory of a process and of its descendants until it is stopped."""

    def __init__(self, pid: int) -> None:
        self._pid, self._peak, self._done = pid, 0.0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> float:
        self._done.set()
        self._thread.join()
        return self._peak

    def _watch(self) -> None:
        while not self._done.wait(SAMPLE_S):
            self._peak = max(self._peak, tree_mib(self._pid))


def tree_mib(pid: int) -> float:
    """Resident memory now of a process and its descendants, in MiB; 0 where it is gone."""
    parents: dict[int, int] = {}
    pages: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            pages[int(entry.name)] = int((entry / "statm").read_text().split()[1])
        except (OSError, IndexError):
            continue  # it ended in between
    return sum(pages.get(each, 0) for each in descendants(pid, parents)) * os.sysconf("SC_PAGE_SIZE") / 2**20


def descendants(pid: int, parents: Mapping[int, int]) -> set[int]:
    """A process and all that descend from it. ``parents``: process → its parent."""
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found
