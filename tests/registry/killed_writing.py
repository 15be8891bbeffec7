"""Run as a process by test_snapshot.py: open an index, write a snapshot, and be killed in the middle.

    python killed_writing.py DIRECTORY CHUNKS

After so many chunks the process kills itself with SIGKILL: no handler runs, nothing is tidied up.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from small_model import MODEL, NO_FREQUENCIES

from mpi.registry import snapshot_file
from mpi.registry.registry import Limits, Registry
from mpi.registry.snapshot import write_snapshot


def main(directory: str, chunks: int) -> None:
    snapshot_file.CHUNK_BYTES = 4096
    registry = Registry.open(Path(directory), MODEL, NO_FREQUENCIES, Limits(catchment=1000, capacity_rows=20_000))
    registry.start()
    registry._writer.stop()
    left = chunks

    def killed() -> bool:
        nonlocal left
        left -= 1
        if left < 0:
            print("killed", flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        return False

    write_snapshot(registry._index, registry._store, 0, killed)
    print("written", flush=True)
    registry.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
