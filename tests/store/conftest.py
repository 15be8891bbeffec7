"""Events for the tests of the store: plausible, seeded, each different."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mpi.records import Outcome
from mpi.store import JournalEvent, Settings, Store

MakeEvent = Callable[..., JournalEvent]


@pytest.fixture
def make_event() -> MakeEvent:
    """``make_event(seq, **fields)``: a new record of a new person unless told otherwise."""

    def make(seq: int, **fields: object) -> JournalEvent:
        rng = random.Random(seq)
        values: dict[str, object] = {
            "seq": seq,
            "at": 1_700_000_000_000_000 + seq,
            "outcome": int(Outcome.NEW),
            "source": ("cqmu1", "cqmu2", "swh")[seq % 3],
            "local_id": f"P{seq:08d}",
            "record_no": seq - 1,
            "person_no": seq - 1,
            "master_code": rng.getrandbits(49),
            "content_hash": rng.randbytes(16),
            "payload": b'{"source":"cqmu1"}',
            "rows": rng.randbytes(64),
            "encoding": "1",
            "model": "han@00",
            "grade": 1,
        }
        return JournalEvent(**(values | fields))  # type: ignore[arg-type]  # the values above and a test's own, by name

    return make


@pytest.fixture(params=[0, 3, 1024], ids="tail of {}".format)
def store(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty store without a reserve of disk space, closed after the test: without a tail, with a short and a long one."""
    with Store.open(tmp_path / "data", settings=Settings(reserve_mb=0, tail_events=request.param)) as opened:
        yield opened
