"""The load generator: a process of its own that sends requests built beforehand, and only counts and keeps what comes back.

It is lean on purpose, since whatever the client costs raises the ratio of a server to the floor: requests are bytes already,
replies stay bytes, no call has a timeout, and the garbage collector is off while it measures.

    python -m benchmarks.load        reads one JSON ``Round`` a line, answers each with one JSON ``Result`` a line
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections import Counter
from pathlib import Path

import grpc
import grpc.aio
import msgspec

from benchmarks.frames import read_frames, write_frames

OPTIONS = (("grpc.max_receive_message_length", 16 << 20), ("grpc.max_send_message_length", 16 << 20))
INDEX_BYTES = 4


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One burst: ``callers`` callers take requests from ``first`` up to ``first + limit`` and stop after ``seconds``."""

    port: int
    method: str  # as on the wire, /mpi.v1.IdentityService/Lookup
    requests: str  # file of frames
    first: int
    limit: int
    callers: int
    seconds: float
    replies: str  # file that receives every ``keep_every``-th reply, each behind its request's index
    keep_every: int = 50


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a round. Times are of whole calls, in milliseconds; ``next`` is the first request not used."""

    calls: int
    failed: dict[str, int]  # gRPC code → number of calls
    wall_s: float
    cpu_s: float  # of this process
    p50_ms: float
    p99_ms: float
    next: int


class Burst:
    """The shared state of one round's callers."""

    def __init__(self, given: Round, requests: list[bytes]) -> None:
        self.given = given
        self.requests = requests
        self.place = given.first
        self.end = min(given.first + given.limit, len(requests))
        self.times_ns: list[int] = []
        self.failed: Counter[str] = Counter()
        self.kept: list[bytes] = []
        self.stop_ns = 0

    async def caller(self, call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]) -> None:
        """One caller: the next request as soon as the last reply is there."""
        clock = time.perf_counter_ns
        while self.place < self.end and (sent := clock()) < self.stop_ns:
            index = self.place
            self.place += 1
            try:
                reply = await call(self.requests[index])
            except grpc.aio.AioRpcError as error:
                self.failed[error.code().name] += 1
                continue
            self.times_ns.append(clock() - sent)
            if index % self.given.keep_every == 0:
                self.kept.append(index.to_bytes(INDEX_BYTES, "little") + reply)

    async def run(self, channel: grpc.aio.Channel) -> Result:
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(self.given.method)
        cpu, started = time.process_time(), time.perf_counter_ns()
        self.stop_ns = started + int(self.given.seconds * 1e9)
        await asyncio.gather(*(self.caller(call) for _ in range(self.given.callers)))
        wall_s = (time.perf_counter_ns() - started) / 1e9
        return self.result(wall_s, time.process_time() - cpu)

    def result(self, wall_s: float, cpu_s: float) -> Result:
        ordered = sorted(self.times_ns)
        write_frames(Path(self.given.replies), self.kept)
        return Result(
            calls=len(ordered),
            failed=dict(self.failed),
            wall_s=wall_s,
            cpu_s=cpu_s,
            p50_ms=quantile_ms(ordered, 0.5),
            p99_ms=quantile_ms(ordered, 0.99),
            next=self.place,
        )


def quantile_ms(ordered_ns: list[int], share: float) -> float:
    """The value below which ``share`` of the calls lie; 0.0 when there were none."""
    return ordered_ns[min(int(len(ordered_ns) * share), len(ordered_ns) - 1)] / 1e6 if ordered_ns else 0.0


def kept_replies(path: Path) -> list[tuple[int, bytes]]:
    """The replies a round kept: (index of the request, reply)."""
    frames = read_frames(path)
    return [(int.from_bytes(frame[:INDEX_BYTES], "little"), frame[INDEX_BYTES:]) for frame in frames]


async def answer(line: bytes, files: dict[str, list[bytes]], channels: dict[int, grpc.aio.Channel]) -> Result:
    """Run the round that the line describes; files and connections stay for the next one."""
    given = msgspec.json.decode(line, type=Round)
    if given.requests not in files:
        files[given.requests] = read_frames(Path(given.requests))
    if given.port not in channels:
        channels[given.port] = grpc.aio.insecure_channel(f"127.0.0.1:{given.port}", options=OPTIONS)
        await channels[given.port].channel_ready()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        return await Burst(given, files[given.requests]).run(channels[given.port])
    finally:
        gc.enable()


async def main() -> None:
    files: dict[str, list[bytes]] = {}
    channels: dict[int, grpc.aio.Channel] = {}
    for line in sys.stdin.buffer:  # blocking: nothing else runs between two rounds
        result = await answer(line, files, channels)
        sys.stdout.buffer.write(msgspec.json.encode(result) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    asyncio.run(main())
