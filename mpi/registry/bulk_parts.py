"""A load's records in parts: as received → standardised and encoded, and what the journal will keep of them, by column.

Plain records are read by kernels (mpi.columns) straight from the columns of the file, the others the ordinary way; both give
the same rows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mpi.columns.check import check
from mpi.columns.layout import REGULAR, Raw
from mpi.columns.local_numbers import local_number_keys
from mpi.columns.payload import payload_columns
from mpi.columns.reader import ColumnReader, arranged, plan_of
from mpi.columns.tables import raw_of_columns
from mpi.errors import InputError
from mpi.intake import BoundMap, RowBlock, RowProblem
from mpi.linkage.features import Encoded, Encoder
from mpi.linkage.model import Model
from mpi.linkage.values import Values
from mpi.registry.bulk_events import text_of
from mpi.registry.index import HASH_BYTES, number_key
from mpi.registry.writes import resolve_write
from mpi.standardise import validate

NOTHING = Encoded(
    np.zeros((0, 0), np.int64),
    np.zeros((0, 0), np.int32),
    np.zeros(1, np.int64),
    Values(np.zeros((1, 8), np.int64), np.zeros(0, np.uint32)),
)


class Part(NamedTuple):
    """N records that are in order, in the order of the file.

    rows         int64[N]         numbers of their rows in the file
    keys         int64[N]         hashes of their local numbers, see index.number_key
    sources      pa.StringArray
    local_ids    pa.StringArray
    payloads     pa.BinaryArray   JSON as received
    contents     uint8[N, 16]     hashes of it
    recorded_at  int64[N]         µs since 1970, 0 unknown
    encoded      Encoded
    problems     rows that were not taken
    """

    rows: npt.NDArray[np.int64]
    keys: npt.NDArray[np.int64]
    sources: pa.Array
    local_ids: pa.Array
    payloads: pa.Array
    contents: npt.NDArray[np.uint8]
    recorded_at: npt.NDArray[np.int64]
    encoded: Encoded
    problems: list[RowProblem]

    def __repr__(self) -> str:
        return f"Part({len(self.rows)} records)"


class PartReader:
    """Standardises and encodes blocks of a file for one model. Several threads may read."""

    def __init__(self, model: Model, bound: BoundMap, sources: Collection[str] = ()) -> None:
        """``sources``: those that may be named; empty means any."""
        plan = plan_of(model)
        self._encoder, self._bound = Encoder(model), bound
        self._sources = pa.array(sorted(sources), pa.string()) if sources else None
        self._reader = ColumnReader(plan, model.width, threads=True) if plan is not None else None

    def read(self, block: RowBlock) -> Part:
        """One block."""
        count, problems = len(block.numbers), list(block.problems)
        made, found = _Lines(count), list[Encoded]()
        keys = self._bound.keys(block)
        left: Sequence[int] = range(count)
        if self._reader is not None and count:
            raw = raw_of_columns(count, keys)
            checked = check(raw, threads=True)
            batch = self._reader.read(raw, checked)
            left = batch.left.tolist()
            raw.cells[batch.left, REGULAR] = 0
            found.append(batch.encoded)
            made.place(batch.places, batch.encoded, 0)
            made.take(raw, checked.recorded_at)
        self._read_left(block, left, made, found, problems)
        self._leave_unregistered(block, keys["source"].values, made, problems)
        taken = np.flatnonzero(made.counts)
        chosen = pa.array(taken)
        sources, local_ids = keys["source"].values.take(chosen), keys["local_id"].values.take(chosen)
        return Part(
            block.numbers[taken],
            keys_of(sources, local_ids),
            sources,
            local_ids,
            made.payloads(taken),
            made.contents[taken],
            made.recorded_at[taken],
            arranged(found, made.first[taken], made.counts[taken]) if len(taken) else NOTHING,
            sorted(problems, key=lambda problem: problem.row),
        )

    def _leave_unregistered(self, block: RowBlock, sources: pa.Array, made: _Lines, problems: list[RowProblem]) -> None:
        """Take no record whose source may not be named."""
        if self._sources is None:
            return
        unknown = ~pc.is_in(sources, self._sources).to_numpy(zero_copy_only=False) & (made.counts > 0)
        made.counts[unknown] = 0
        column, problem = self._bound.column_of("source"), "is not a registered source"
        rows = block.numbers[unknown].tolist()
        problems.extend(RowProblem(row=row, field="source", column=column, problem=problem) for row in rows)

    def _read_left(
        self, block: RowBlock, left: Sequence[int], made: _Lines, found: list[Encoded], problems: list[RowProblem]
    ) -> None:
        """What kernels leave: mapped, validated, standardised and encoded one by one."""
        standard, places = [], []
        for place, mapped in zip(left, self._bound.read_again(block.rows(left)), strict=True):
            if isinstance(mapped, RowProblem):
                problems.append(mapped)
                continue
            try:
                validate(mapped.record)
            except InputError as error:
                column = self._bound.column_of(error.field)
                problems.append(RowProblem(row=mapped.row, field=error.field, column=column, problem=error.problem))
                continue
            write = resolve_write(mapped.record, request_id="", deadline=None, explain=False)
            made.others[place] = write.payload
            made.contents[place] = np.frombuffer(write.content, np.uint8)
            made.recorded_at[place] = write.recorded_at
            standard.append(write.standard)
            places.append(place)
        if standard:
            base = sum(len(encoded.rows) for encoded in found)
            found.append(self._encoder.encode(standard))
            made.place(np.array(places, np.int64), found[-1], base)


def keys_of(sources: pa.Array, local_ids: pa.Array) -> npt.NDArray[np.int64]:
    """``index.number_key`` of each local number."""
    encoded = sources.dictionary_encode()
    names, name_starts = text_of(encoded.dictionary)
    text, starts = text_of(local_ids)
    of = encoded.indices.to_numpy().astype(np.int64)
    keys = local_number_keys(names, name_starts.astype(np.int64), of, text, starts.astype(np.int64))
    for place in np.flatnonzero(keys == 0).tolist():  # too long for the kernel
        keys[place] = number_key(sources[place].as_py(), local_ids[place].as_py())
    return keys


class _Lines:
    """What is known of a part's records while it is read; ``counts`` is 0 for one that is not taken."""

    def __init__(self, size: int) -> None:
        self.contents = np.zeros((size, HASH_BYTES), np.uint8)
        self.recorded_at = np.zeros(size, np.int64)
        self.first, self.counts = np.zeros(size, np.int64), np.zeros(size, np.int64)
        self.others: dict[int, bytes] = {}  # JSON of the records that kernels leave
        self._regular = np.full(size, -1, np.int64)  # which of the JSON texts that kernels have written
        self._written = pa.array([], pa.binary())

    def place(self, places: npt.NDArray[np.int64], encoded: Encoded, base: int) -> None:
        """Note where the rows of the records at ``places`` stand among all that were found."""
        self.first[places] = base + encoded.starts[:-1]
        self.counts[places] = np.diff(encoded.starts)

    def take(self, raw: Raw, recorded_at: npt.NDArray[np.int64]) -> None:
        """What kernels write of the regular records: their JSON, and its hashes."""
        regular = np.flatnonzero(raw.cells[:, REGULAR])
        data, offsets, contents = payload_columns(raw)
        buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(data)]
        self._written = pa.Array.from_buffers(pa.binary(), len(regular), buffers)
        self._regular[regular] = np.arange(len(regular))
        self.contents[regular] = contents
        self.recorded_at[:] = recorded_at

    def payloads(self, taken: npt.NDArray[np.int64]) -> pa.Array:
        """JSON of the records at the places ``taken``."""
        other = [place for place in sorted(self.others) if self.counts[place]]
        texts = pa.concat_arrays([self._written, pa.array([self.others[place] for place in other], pa.binary())])
        which = self._regular.copy()
        which[other] = len(self._written) + np.arange(len(other))
        return texts.take(pa.array(which[taken]))
