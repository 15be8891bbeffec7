"""Requests as columns: writes and searches of the records that kernels can read, straight from a request's bytes."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import xxhash

from mpi.columns import layout
from mpi.columns.check import check
from mpi.columns.payload import payloads
from mpi.columns.reader import Batch, ColumnReader, Picked, picked, plan_of
from mpi.columns.warm import warm
from mpi.columns.wire import BatchRequest, Search
from mpi.linkage.features import Encoded, Encoder
from mpi.linkage.model import Model
from mpi.registry.index import number_keys
from mpi.registry.writes import Action, Block, Write


class PlainBatch(NamedTuple):
    """The n records of a request that kernels have read, by column.

    positions    where they stand in the request, ascending
    payloads     JSON as received
    contents     hashes (16 bytes)
    recorded_at  µs since 1970, 0 unknown
    read         their rows, and the positions that are left to the ordinary way
    request      what it was made of
    """

    positions: list[int]
    sources: list[str]
    local_ids: list[str]
    payloads: list[bytes]
    contents: list[bytes]
    recorded_at: list[int]
    read: Batch
    request: BatchRequest

    def __repr__(self) -> str:
        return f"PlainBatch({len(self.positions)} records)"


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

    def read(self, request: BatchRequest) -> PlainBatch | None:
        """The records that kernels read; None where there are none."""
        if self._reader is None:
            return None
        checked = check(request.raw)
        read = self._reader.read(request.raw, checked)
        if not len(read.places):
            return None
        request.raw.cells[read.left, layout.REGULAR] = 0
        positions, data = sorted(read.places.tolist()), request.data
        keys, moments = request.raw.cells[:, layout.SOURCE : layout.LOCAL_ID + 2].tolist(), checked.recorded_at.tolist()
        numbers = [keys[q] for q in positions]
        made = [found for found in payloads(request.raw) if found is not None]
        return PlainBatch(
            positions,
            [str(data[start : start + length], "utf-8") for start, length, _, _ in numbers],
            [str(data[start : start + length], "utf-8") for _, _, start, length in numbers],
            [found.payload for found in made],
            [found.content for found in made],
            [moments[q] for q in positions],
            read,
            request,
        )

    def searched(self, search: Search) -> Encoded | None:
        """The rows of a searched record, or None where it is left to the ordinary way."""
        if self._reader is None:
            return None
        read = self._reader.read(search.raw, check(search.raw, keyed=False))
        return read.encoded if len(read.places) else None


def writes(plain: PlainBatch, *, deadline: float | None, explain: bool) -> dict[int, Write]:
    """A write for each record, by position."""
    rows, data = picked(plain.read.encoded), plain.request.data
    places = dict(zip(plain.read.places.tolist(), range(len(plain.positions)), strict=True))
    made: dict[int, Write] = {}
    ids = plain.request.request_ids.tolist()
    for n, q in enumerate(plain.positions):
        write = made[q] = Write(Action.RESOLVE, plain.sources[n], plain.local_ids[n])
        write.payload, write.content = plain.payloads[n], plain.contents[n]
        write.recorded_at, write.rows = plain.recorded_at[n], rows.only(places[q])
        start, length = ids[q]
        if length:
            write.request_id = str(data[start : start + length], "ascii").lower()
            write.body_hash = xxhash.xxh3_128_digest(write.payload)
        write.deadline, write.explain = deadline, explain
    return made


def fits_block(plain: PlainBatch, others: Mapping[int, Write]) -> bool:
    """Whether the records, and the ``others`` of the request, can go as one block: no request_id is among them, and nobody
    wants an explanation."""
    numbered = bool(plain.request.request_ids[:, 1].any()) or any(write.request_id for write in others.values())
    return not plain.request.include_reasons and not numbered


def block(plain: PlainBatch, others: Mapping[int, Write], encoder: Encoder, deadline: float | None) -> Block:
    """A block of the records that kernels have read and of ``others`` (by position), in the order of the positions.

    They must fit into one (``fits_block``).
    """
    sources, local_ids, payload = list(plain.sources), list(plain.local_ids), list(plain.payloads)
    contents, recorded_at, positions = list(plain.contents), list(plain.recorded_at), list(plain.positions)
    for position, write in others.items():
        at = bisect(positions, position)
        positions.insert(at, position)
        sources.insert(at, write.source)
        local_ids.insert(at, write.local_id)
        payload.insert(at, write.payload)
        contents.insert(at, write.content)
        recorded_at.insert(at, write.recorded_at)
    return Block(
        sources,
        local_ids,
        keys=number_keys(sources, local_ids),
        payloads=payload,
        contents=contents,
        recorded_at=recorded_at,
        rows=_rows(plain.read, others, encoder),
        deadline=deadline,
    )


def _rows(read: Batch, others: Mapping[int, Write], encoder: Encoder) -> Picked:
    """The rows of what was read and of ``others``, in the order of their positions."""
    found, places = [picked(read.encoded)], [read.places]
    if others:
        found.append(picked(encoder.encode([write.standard for write in others.values()])))
        places.append(np.array(list(others)))
    order = np.argsort(np.concatenate(places))
    return Picked(
        tuple(pick.found[0] for pick in found),
        np.repeat(np.arange(len(found)), [len(pick.first) for pick in found])[order],
        np.concatenate([pick.first for pick in found])[order],
        np.concatenate([pick.counts for pick in found])[order],
    )
