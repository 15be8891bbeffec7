"""Requests as columns: writes and searches of the records that kernels can read, straight from a request's bytes."""

from __future__ import annotations

import xxhash

from mpi.columns import layout
from mpi.columns.check import check
from mpi.columns.payload import payloads
from mpi.columns.reader import ColumnReader, plan_of
from mpi.columns.warm import warm
from mpi.columns.wire import BatchRequest, Search
from mpi.linkage.features import Encoded
from mpi.linkage.model import Model
from mpi.registry.writes import Action, Write


class PlainRequests:
    """For one model; where kernels cannot fill its rows, every record is left to the ordinary way."""

    def __init__(self, model: Model) -> None:
        plan = plan_of(model)
        self._reader = ColumnReader(plan, model.width) if plan is not None else None

    @property
    def serves(self) -> bool:
        """Whether kernels can fill the model's rows."""
        return self._reader is not None

    def warm(self) -> None:
        """Load and run every kernel once."""
        if self._reader is not None:
            warm(self._reader)

    def writes(self, batch: BatchRequest, *, deadline: float | None, explain: bool) -> list[Write | None]:
        """A write for each record that was read, in its place; None for one that is left to the ordinary way."""
        writes: list[Write | None] = [None] * len(batch.requests)
        if self._reader is None:
            return writes
        checked = check(batch.raw)
        read = self._reader.read(batch.raw, checked)
        batch.raw.cells[read.left, layout.REGULAR] = 0
        made, moments, data = payloads(batch.raw), checked.recorded_at.tolist(), batch.data
        keys = batch.raw.cells[:, layout.SOURCE : layout.LOCAL_ID + 2].tolist()
        ids = batch.request_ids.tolist()
        for n, q in enumerate(read.places.tolist()):
            (source, source_length, local, local_length), (start, length), found = keys[q], ids[q], made[q]
            assert found is not None
            write = Write(
                Action.RESOLVE,
                str(data[source : source + source_length], "utf-8"),
                str(data[local : local + local_length], "utf-8"),
            )
            write.payload, write.content = found
            write.recorded_at, write.encoded = moments[q], (read.encoded, n)
            if length:
                write.request_id = str(data[start : start + length], "ascii").lower()
                write.body_hash = xxhash.xxh3_128_digest(found.payload)
            write.deadline, write.explain = deadline, explain
            writes[q] = write
        return writes

    def searched(self, search: Search) -> Encoded | None:
        """The rows of a searched record, or None where it is left to the ordinary way."""
        if self._reader is None:
            return None
        read = self._reader.read(search.raw, check(search.raw, keyed=False))
        return read.encoded if len(read.places) else None
