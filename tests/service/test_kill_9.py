"""``kill -9`` at random moments, under 64 callers and a load: what was answered is there, under the same ID, once."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path

from server_process import Process

from mpi.client import AsyncIndexClient, IndexClient
from mpi.errors import MpiError
from mpi.records import PatientRecord, ResolveAnswer

ROUNDS = 20
CALLERS, LOADERS, LOAD_BATCH = 64, 2, 50
HOSPITALS = ("cqmu1", "cqmu2")

Key = tuple[str, str]
Answered = dict[Key, str]  # (source, local number) → master ID, as the answer said


class Traffic:
    """Callers and loaders that send new records until the server is gone; ``answered`` holds what it acknowledged."""

    def __init__(self, make: Callable[..., PatientRecord], first: int) -> None:
        self._make, self._numbers = make, count(first)
        self.answered: Answered = {}
        self.begun = asyncio.Event()

    def _record(self) -> PatientRecord:
        """Every person is sent by both hospitals, one after the other."""
        number = next(self._numbers)
        return self._make(number // 2, source=HOSPITALS[number % 2], local_id=f"N{number}")

    def _note(self, record: PatientRecord, answer: ResolveAnswer) -> None:
        self.answered[record.source, record.local_id] = answer.master_id
        self.begun.set()

    async def call(self, client: AsyncIndexClient) -> None:
        with contextlib.suppress(MpiError):
            while True:
                record = self._record()
                self._note(record, await client.resolve(record))

    async def load(self, client: AsyncIndexClient) -> None:
        with contextlib.suppress(MpiError):
            while True:
                records = [self._record() for _ in range(LOAD_BATCH)]
                for record, answer in zip(records, await client.batch_resolve(records), strict=True):
                    assert isinstance(answer, ResolveAnswer)
                    self._note(record, answer)

    def sent(self) -> int:
        return next(self._numbers)


async def until_killed(server: Process, traffic: Traffic, wait_s: float) -> None:
    """Send traffic, and kill the server ``wait_s`` after its first answer."""
    async with AsyncIndexClient(server.target()) as client:
        tasks = [asyncio.create_task(traffic.call(client)) for _ in range(CALLERS)]
        tasks += [asyncio.create_task(traffic.load(client)) for _ in range(LOADERS)]
        await traffic.begun.wait()
        await asyncio.sleep(wait_s)
        server.process.kill()
        await asyncio.gather(*tasks)
    server.process.communicate()


def check(client: IndexClient, answered: Answered) -> None:
    """Every answered record has its master ID, and no local number stands twice."""
    rows = Counter((row.source, row.local_id) for row in client.export_crosswalk())
    assert [number for number in rows.values() if number > 1] == []
    masters = {(row.source, row.local_id): row.master_id for row in client.export_crosswalk()}
    wrong = [key for key, master_id in answered.items() if masters.get(key) != master_id]
    assert len(wrong) == 0, f"{len(wrong)} of {len(answered)} answered records are lost or moved"


def test_what_was_answered_survives_kill_9_under_load(tmp_path: Path, patient: Callable[..., PatientRecord]) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    moments = random.Random(seed)
    answered: Answered = {}
    first = 0
    server = Process(tmp_path / "data")
    for _ in range(ROUNDS):
        traffic = Traffic(patient, first)
        asyncio.run(until_killed(server, traffic, moments.uniform(0.0, 0.4)))
        assert traffic.answered, "the server answered nothing before it was killed"
        answered |= traffic.answered
        first = traffic.sent()
        server = Process(tmp_path / "data")
        with IndexClient(server.target()) as client:
            check(client, answered)
    print(f"{len(answered)} answered records")
    server.process.kill()
    server.process.communicate()
