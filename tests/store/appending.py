"""Run as a process by test_store_faults.py: append for ever, and say after each commit what is acknowledged.

    python appending.py DIRECTORY [MAX_FILE_BYTES]

Each batch is of one person (its first sequence number), so that a half-stored batch shows. With a limit on the size of files
the append that exceeds it fails; the program then prints ``failed`` and what the store says of its state, and stops.
"""

from __future__ import annotations

import resource
import signal
import sys
from pathlib import Path

from mpi.errors import StoreError
from mpi.records import Outcome
from mpi.store import JournalEvent, Settings, Store

SIZES = (1, 64, 3, 500)


def batch(first: int, size: int) -> list[JournalEvent]:
    return [
        JournalEvent(
            seq=seq,
            at=seq,
            outcome=int(Outcome.NEW),
            source="s",
            local_id=str(seq),
            record_no=seq - 1,
            person_no=first,
            master_code=size,
            payload=bytes(200),
            rows=bytes(64),
        )
        for seq in range(first, first + size)
    ]


def main(directory: str, limit: int) -> None:
    store = Store.open(Path(directory), settings=Settings(reserve_mb=0))
    if limit:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    print("open", store.last_sequence(), flush=True)
    turn = 0
    while True:
        size = SIZES[turn % len(SIZES)]
        try:
            store.append(batch(store.last_sequence() + 1, size))
        except StoreError as error:
            print("failed", size, error, flush=True)
            break
        print("acknowledged", store.last_sequence(), flush=True)
        turn += 1
    try:
        store.append(batch(store.last_sequence() + 1, 1))
        print("accepted", store.last_sequence(), flush=True)
    except StoreError as error:
        print("refused", error, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
