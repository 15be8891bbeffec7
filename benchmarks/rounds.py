"""Interleaved rounds: floor, ours, floor, ours …, so that what else the machine does hits both alike; the median counts."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks.load import Result, Round
from benchmarks.methods import Method
from benchmarks.processes import LoadGenerator, cpu_seconds

FLOOR_KINDS = ("asyncio", "threads")


class Target(NamedTuple):
    """A server to measure."""

    process: subprocess.Popen[bytes]
    port: int


class Stream:
    """A file of requests that is used from front to back, never twice unless ``again``."""

    def __init__(self, file: Path, count: int, *, again: bool = False) -> None:
        self.file = file
        self.count = count
        self.again = again
        self.place = 0

    def take(self) -> int:
        """Where the next round starts. Raises RuntimeError when every request was used."""
        if self.place >= self.count:
            if not self.again:
                raise RuntimeError(f"{self.file.name}: all {self.count} requests are used; give the run more")
            self.place = 0
        return self.place


class Burst(NamedTuple):
    """How one round is driven."""

    method: Method
    callers: int
    seconds: float
    limit: int = 1 << 30
    keep_every: int = 50


class Sample(NamedTuple):
    """One round: calls per second, CPU microseconds a call on either side, whole-call times in milliseconds."""

    per_s: float
    server_cpu_us: float
    client_cpu_us: float
    p50_ms: float
    p99_ms: float

    def as_keys(self) -> dict[str, float]:
        return self._asdict()


class Kept(NamedTuple):
    """The files of replies that the rounds on ours kept, for the checks."""

    files: list[Path]
    calls: int


def median_of(samples: list[Sample]) -> Sample:
    """The median of each figure by itself."""
    return Sample(*(median(values) for values in zip(*samples, strict=True)))


class Bench:
    """One load generator, one folder for replies; measures single rounds and interleaved series."""

    def __init__(self, generator: LoadGenerator, folder: Path) -> None:
        self.generator = generator
        self.folder = folder
        self.files = 0

    def once(self, target: Target, burst: Burst, stream: Stream) -> tuple[Sample, Result, Path]:
        """One round. Raises RuntimeError when a call failed: every request of a benchmark is a good one."""
        self.files += 1
        replies = self.folder / f"replies-{self.files}"
        order = Round(
            port=target.port, method=burst.method.path, requests=str(stream.file), first=stream.take(), limit=burst.limit,
            callers=burst.callers, seconds=burst.seconds, replies=str(replies), keep_every=burst.keep_every,
        )  # fmt: skip
        before = cpu_seconds(target.process.pid)
        result = self.generator.run(order)
        used = cpu_seconds(target.process.pid) - before
        stream.place = result.next
        if result.failed or not result.calls:
            raise RuntimeError(f"{burst.method.name}: {result.calls} calls answered, failed: {result.failed}")
        per_call = 1e6 / result.calls
        rate = result.calls / result.wall_s
        return Sample(rate, used * per_call, result.cpu_s * per_call, result.p50_ms, result.p99_ms), result, replies

    def faster_floor(self, floors: dict[str, Target], burst: Burst, stream: Stream) -> tuple[str, dict[str, Sample]]:
        """Measure both echo servers: name of the better one (rate, or latency for one caller), and both samples."""
        samples = {kind: self.once(target, burst, stream)[0] for kind, target in floors.items()}
        if burst.callers == 1:
            return min(samples, key=lambda kind: samples[kind].p50_ms), samples
        return max(samples, key=lambda kind: samples[kind].per_s), samples

    def interleaved(
        self, floor: Target, ours: Target, burst: Burst, streams: tuple[Stream, Stream], rounds: int
    ) -> tuple[Sample, Sample, Kept]:
        """``rounds`` times floor and ours (streams in that order); medians, and the replies ours gave."""
        floor_samples, our_samples, kept, calls = [], [], [], 0
        for _ in range(rounds):
            with paused(ours.process):
                floor_samples.append(self.once(floor, burst, streams[0])[0])
            sample, result, replies = self.once(ours, burst, streams[1])
            our_samples.append(sample)
            kept.append(replies)
            calls += result.calls
        return median_of(floor_samples), median_of(our_samples), Kept(kept, calls)


@contextmanager
def paused(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Stop a process for a while: what it does in the background must not slow the floor on the same core."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def figure_line(figure: str, sample: Sample, **more: Any) -> dict[str, Any]:
    return {"bench": "service", "figure": figure, **more, **sample.as_keys()}


def ratios(floor: Sample, ours: Sample) -> dict[str, float]:
    """Both ways to compare: calls per second, and CPU time of the server per call (a heavy client does not move it)."""
    return {"ratio_to_floor": ours.per_s / floor.per_s, "cpu_ratio": floor.server_cpu_us / ours.server_cpu_us}
