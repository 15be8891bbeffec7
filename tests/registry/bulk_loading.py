"""A program for the trials with faults: loads a file, and may die or find the disk full on the way.

    python bulk_loading.py DIRECTORY FILE [--die PHASE | --file-limit BYTES]

PHASE is read, compare, store, or second for after the first transaction. Prints the outcome of a load that ended.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path

from patients import LIMITS
from small_model import MODEL, NO_FREQUENCIES

from mpi.errors import MpiError
from mpi.intake import bind, load_map, open_table
from mpi.intake.blocks import blocks_of_rows
from mpi.registry import bulk_events
from mpi.registry.bulk_report import BulkReport
from mpi.registry.registry import Registry

TRANSACTION_EVENTS, BLOCK_ROWS = 300, 100


def main(directory: Path, file: Path, fault: str, value: str) -> None:
    bulk_events.TRANSACTION_EVENTS = TRANSACTION_EVENTS
    seen: list[str] = []

    def progress(phase: str, _done: float, _count: int) -> None:
        seen.append(phase)
        if fault == "--die" and value == ("second" if seen.count("store") == 2 else phase):
            os.kill(os.getpid(), signal.SIGKILL)

    registry = Registry.open(directory, MODEL, NO_FREQUENCIES, LIMITS)
    registry.prepare()
    if fault == "--file-limit":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(value), int(value)))
    try:
        with open_table(file) as table:
            bound = bind(load_map(Path(__file__).with_name("bulk_loading.map.toml")), table.columns)
            names = [column.name for column in bound.columns]
            blocks = blocks_of_rows(table.rows(names), len(names), BLOCK_ROWS)
            for item in registry.load(blocks, bound, progress, threads=2):
                if isinstance(item, BulkReport):
                    print("loaded", item.records, item.unchanged)
    except MpiError as error:
        print("failed", error.reason, error)
        return
    registry.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *(sys.argv[3:5] or ("", "")))
