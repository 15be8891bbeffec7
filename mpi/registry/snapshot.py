"""The index as it stands in memory, in a file beside the journal, so that a start need not replay everything.

The journal stays the truth: a snapshot is believed only where it is of this index, model and program, whole, and of a moment
that the journal remembers in the same way; then what came later is replayed. In any doubt it is left aside.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import xxhash

from mpi.errors import MpiError
from mpi.linkage.hotindex import CHARS, PERSONS, RECORDS, ROWS, VALUES
from mpi.linkage.jit import LINKAGE_FOLDER, sources_hash
from mpi.records import Private
from mpi.registry.index import Index
from mpi.registry.progress import Phase, Progress
from mpi.registry.snapshot_file import (
    DamagedSnapshot,
    Footer,
    Part,
    read_arrays,
    read_footer,
    table_parts,
    unfinished,
    write_file,
)
from mpi.store import Store

log = logging.getLogger(__name__)

SNAPSHOT_FILE = "index.snapshot"
WORTH = 20  # a new one is worth writing where one in so many events, or more, is not in the last one
AGAIN_S, LATER_S = 30.0, 600.0  # after one that was interrupted, and after one that failed
MIB = 1 << 20


class Head(Private, frozen=True, kw_only=True):
    """Of what a snapshot is, and what is kept in no array."""

    index_id: str
    model: str  # name@hash
    encoding: str
    layout: str  # of the arrays, see ``layout``
    sequence: int
    event: str  # digest of the journal's event with that number
    last_at: int
    sources: list[str]
    models: list[str]
    aliases: list[tuple[str, str, int]]
    open_reviews: int
    text_used: int


def layout() -> str:
    """Changes with every source that has a say in how memory is laid out, and with what compiles it. More often than need be:
    the price of a wrong guess is a start that takes longer."""
    return sources_hash(LINKAGE_FOLDER, Path(__file__).parent)


class Snapshots:
    """When to write a snapshot of an index. ``events``: how many must have come since the last one; 0 turns snapshots off."""

    def __init__(self, index: Index, store: Store, events: int) -> None:
        self._index, self._store, self._events = index, store, events
        self._last = 0  # the last one's sequence number
        self._not_before = 0.0  # time.monotonic() seconds

    def read(self, progress: Progress) -> Head | None:
        """Fill the index, which is empty, from the snapshot; None where it stays empty."""
        if not self._events:
            return None
        head = read_snapshot(self._index, self._store, progress)
        self._last = head.sequence if head else 0
        return head

    def due(self) -> bool:
        """Whether one is worth its while."""
        sequence = self._index.snapshot.sequence
        enough = sequence - self._last >= max(self._events, sequence // WORTH)
        return self._events > 0 and enough and time.monotonic() >= self._not_before

    def write(self, last_at: int, interrupted: Callable[[], bool] = lambda: False) -> None:
        """``write_snapshot``, and remember what became of it."""
        if write_snapshot(self._index, self._store, last_at, interrupted):
            self._last = self._index.snapshot.sequence
        else:
            self._not_before = time.monotonic() + (AGAIN_S if interrupted() else LATER_S)


def write_snapshot(index: Index, store: Store, last_at: int, interrupted: Callable[[], bool] = lambda: False) -> bool:
    """Write the index as it is published; whether that was done. Only while nobody writes: it is asked now and then whether
    somebody wants to (``interrupted``), and then left. Never raises for a disk that is full or fails: it says so in the log.
    """
    try:
        parts, head = parts_of(index), _head_of(index, store, last_at)
        size = sum(part.data.nbytes for part in parts)
        if store.room_bytes() < size:
            log.warning("no snapshot: too little room on the disk mib=%d", size // MIB)
            return False
        done = write_file(store.directory / SNAPSHOT_FILE, msgspec.msgpack.encode(head), parts, interrupted)
        if done:
            store.sync_directory()
            log.info("snapshot written sequence=%d mib=%d", head.sequence, size // MIB)
    except (MpiError, OSError) as error:
        log.warning("no snapshot: it could not be written (%s)", type(error).__name__)
        return False
    return done


def _head_of(index: Index, store: Store, last_at: int) -> Head:
    """What the index is a snapshot of."""
    return Head(
        index_id=store.index_id,
        model=index.model.reference,
        encoding=index.encoding,
        layout=layout(),
        sequence=index.snapshot.sequence,
        event=_digest(store, index.snapshot.sequence),
        last_at=last_at,
        sources=index.sources.names,
        models=index.models.names,
        aliases=[(*number, record) for number, record in index.aliases.items()],
        open_reviews=index.open_reviews,
        text_used=index.text_used(),
    )


def read_snapshot(index: Index, store: Store, progress: Progress) -> Head | None:
    """Fill an empty index from the snapshot, if there is one that can be believed; else it is as empty as before."""
    path = store.directory / SNAPSHOT_FILE
    unfinished(path).unlink(missing_ok=True)  # of a process that was killed
    if not path.exists():
        return None
    try:
        footer = read_footer(path)
        head = msgspec.msgpack.decode(footer.head, type=Head)
        doubt = _doubt(head, index, store)
        if not doubt:
            _fill(index, path, footer, progress)
    except (DamagedSnapshot, msgspec.MsgspecError, OSError) as error:
        doubt = str(error) if isinstance(error, DamagedSnapshot) else type(error).__name__
    if doubt:
        log.warning("the snapshot is left aside, the journal is replayed: %s", doubt)
        return None
    _note(index, head)
    return head


def _doubt(head: Head, index: Index, store: Store) -> str:
    """Why a snapshot is not one of this index at an earlier moment, or an empty text."""
    if head.index_id != store.index_id:
        return "it is of another index"
    if head.model != index.model.reference or head.encoding != index.encoding or store.meta.encoding != index.encoding:
        return "it was made with another model"
    if head.layout != layout():
        return "it was made by another version of this program"
    if head.sequence > store.last_sequence():
        return "it is newer than the journal"
    if head.event != _digest(store, head.sequence):
        return "the journal has another history"
    return ""


def _digest(store: Store, sequence: int) -> str:
    """Digest of one event. A journal that was brought back from a backup and went on from there has another one: each says
    when it was made, to the microsecond, and who it is about."""
    event = store.event(sequence)
    return xxhash.xxh3_128_hexdigest(msgspec.msgpack.encode(event)) if event is not None else ""


def _fill(index: Index, path: Path, footer: Footer, progress: Progress) -> None:
    """Read the arrays. Where that fails, they are emptied again."""
    parts = parts_of(index)
    arrays = {part.name: part.array for part in parts}
    size = sum(written.used * arrays[written.name][:1].nbytes for written in footer.arrays if written.name in arrays)
    before = [part.lines.copy() for part in parts]
    try:
        progress.begin(Phase.SNAPSHOT, size)
        read_arrays(path, footer, arrays, progress.add)
    except BaseException:
        for written in footer.arrays:
            if written.name in arrays:
                filled = Part(written.name, arrays[written.name], written.used, written.start)
                filled.lines[:] = np.zeros(1, filled.array.dtype)
        for part, lines in zip(parts, before, strict=True):
            part.lines[:] = lines
        raise


def _note(index: Index, head: Head) -> None:
    """What is kept in no array."""
    index.take_over(head.text_used, head.sources, head.models)
    index.aliases |= {(source, local_id): record for source, local_id, record in head.aliases}
    index.open_reviews = head.open_reviews
    index.publish(head.sequence)


def parts_of(index: Index) -> list[Part]:
    """Every array of an index that is not made from the model, as far as it is used."""
    hot = index.hot
    counters = hot.counters
    rows, records, persons = int(counters[ROWS]), int(counters[RECORDS]), int(counters[PERSONS])
    parts = [
        Part("counters", counters, len(counters)),
        Part("rows", hot.rows, rows),
        Part("row_cells", hot.row_cells, rows),
        Part("next_row", hot.next_row, rows),
        Part("values", hot.values.cells, int(counters[VALUES])),
        Part("chars", hot.values.chars, int(counters[CHARS])),
        Part("record_cells", hot.record_cells, records),
        Part("first_record", hot.first_record, persons),
    ]
    for name, table in (("postings", hot.postings), ("dictionary", hot.dictionary)):
        parts += table_parts(name, table)
    return parts + index.own_parts()
