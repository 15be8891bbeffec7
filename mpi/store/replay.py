"""Reading the journal back, with the checks that mirror those of an append."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mpi.errors import StoreError
from mpi.store.journal import HASH_BYTES, ROW_CELL_BYTES


def checked(batches: Iterable[pa.RecordBatch], after: int, last: int) -> Iterator[pa.RecordBatch]:
    """The batches, each looked at before it is passed on. ``last`` is the last sequence number there must be.

    Raises StoreError when an event is missing, out of order or beyond ``last``, or a blob is cut short.
    """
    sequence = after
    for batch in batches:
        if not batch.num_rows:
            continue
        _check_sequence(batch, sequence)
        _check_blobs(batch, sequence)
        sequence += batch.num_rows
        yield batch
    if sequence != max(last, after):
        raise StoreError(f"the journal ends at {sequence}, not at {last}")


def ahead(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The batches, each read by a thread of its own while the one before is being used."""
    with ThreadPoolExecutor(1, thread_name_prefix="mpi-replay") as thread:
        coming = thread.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = thread.submit(next, batches, None)
            yield batch


def _check_sequence(batch: pa.RecordBatch, before: int) -> None:
    """Numbers are dense and ascending from ``before`` + 1."""
    found = batch.column("seq").to_numpy()
    wrong = np.flatnonzero(found != np.arange(before + 1, before + 1 + len(found)))
    if len(wrong):
        raise StoreError(f"the journal has a gap or a repeat after sequence number {before + int(wrong[0])}")


def _check_blobs(batch: pa.RecordBatch, before: int) -> None:
    """Rows are whole int64 cells; a content hash has its 16 bytes."""
    cells = pc.binary_length(batch.column("rows")).to_numpy(zero_copy_only=False)
    hashes = pc.binary_length(batch.column("content_hash").drop_null()).to_numpy(zero_copy_only=False)
    if np.any(cells % ROW_CELL_BYTES) or np.any(hashes != HASH_BYTES):
        raise StoreError(f"a blob was cut short between sequence numbers {before + 1} and {before + batch.num_rows}")
