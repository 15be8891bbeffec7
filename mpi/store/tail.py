"""The tail of the journal: events that are durable in a file of their own and not yet in DuckDB's table.

A commit of one event costs DuckDB 1.5 to 3 ms of planning and column segments; a frame at the end of a file costs one wait
for the disk. The store moves what stands here into the table many at a time (``Store.settle``).

The file: a head (magic, the index's uuid), then frames, each of the events of one append:

    magic 4 bytes · length of the body u32 · number of the first event u64 · CRC-32 of the two and the body u32 · body

little endian; the body is msgpack, an array of events, each an array of the fields of JournalEvent. A frame that a crash cut
short was never acknowledged, so it is left out; a damaged one that others follow is an error.
"""

from __future__ import annotations

import os
import struct
import uuid
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from mpi.errors import StoreError
from mpi.store.files import sync_directory
from mpi.store.journal import FIELDS, EventColumns, JournalEvent

TAIL_FILE = "index.tail"
MAGIC, FRAME = b"MPITAIL1", b"EVTS"
HEAD_BYTES = len(MAGIC) + 16
_FRAME = struct.Struct("<4sIQI")
_SIGNED = struct.Struct("<IQ")  # what the checksum covers before the body

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[JournalEvent])


class Tail:
    """The file, open for writing. Used by one thread at a time. Holds no events: the store does."""

    def __init__(self, directory: Path, index_id: str) -> None:
        """Open the file of a data directory, or make it. Raises StoreError when it is another index's or cannot be used."""
        self._path = directory / TAIL_FILE
        self._head = MAGIC + uuid.UUID(index_id).bytes
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise StoreError(f"{self._path} cannot be opened: {error.strerror}") from error
        try:
            self._end = self._check_head()
        except BaseException:
            self.close()
            raise

    @property
    def bytes_used(self) -> int:
        """Bytes of frames in the file."""
        return self._end - HEAD_BYTES

    def recover(self, after: int) -> list[JournalEvent]:
        """What a process that ended left here, without what the table has up to number ``after``.

        Raises StoreError for damage that would lose what was acknowledged.
        """
        data = os.pread(self._file, os.fstat(self._file).st_size, 0)
        found: list[JournalEvent] = []
        at, last = HEAD_BYTES, after
        while frame := _frame_at(data, at):
            first, body = frame
            events = _decoded(body, self._path)
            if first > last + 1:
                raise StoreError(f"{self._path} does not continue the journal: {last + 1} is missing")
            new = events[last + 1 - first :]
            found.extend(new)
            last += len(new)
            at += _FRAME.size + len(body)
        if _goes_on(data, at, last):
            raise StoreError(f"{self._path} is damaged after sequence number {last}")
        self._end = at
        return found

    def add(self, events: EventColumns) -> list[JournalEvent]:
        """Write one append; it is durable on return. Returns the events as a restart would read them.

        Raises StoreError when nothing was stored (a value that does not fit its field, a full disk), OSError when that is
        not certain.
        """
        body, read = _checked_body(events)
        signed = _SIGNED.pack(len(body), read[0].seq)
        frame = b"".join((FRAME, signed, zlib.crc32(body, zlib.crc32(signed)).to_bytes(4, "little"), body))
        try:
            written = os.pwrite(self._file, frame, self._end)
            os.fdatasync(self._file)
        except OSError:
            written = 0
        if written != len(frame):
            self._cut(self._end)
            raise StoreError(f"{self._path} could not be written; nothing was stored")
        self._end += len(frame)
        return read

    def clear(self) -> None:
        """Forget every frame: the table has them. One that comes back, or that cannot be removed, is known by its number."""
        with suppress(OSError):
            os.ftruncate(self._file, HEAD_BYTES)
            self._end = HEAD_BYTES

    def close(self) -> None:
        os.close(self._file)

    def _cut(self, size: int) -> None:
        os.ftruncate(self._file, size)
        os.fsync(self._file)

    def _check_head(self) -> int:
        """Where the frames begin. A new file, and one whose head a crash cut short, is begun; nothing can follow that."""
        head = os.pread(self._file, HEAD_BYTES, 0)
        if len(head) == HEAD_BYTES:
            if head != self._head:
                raise StoreError(f"{self._path} is not the tail of this index's journal")
            return HEAD_BYTES
        os.pwrite(self._file, self._head, 0)
        self._cut(HEAD_BYTES)
        sync_directory(self._path.parent)
        return HEAD_BYTES


def waiting(directory: Path) -> bool:
    """Whether a process that ended may have left events that are not in the table."""
    path = directory / TAIL_FILE
    return path.exists() and path.stat().st_size > HEAD_BYTES


def _checked_body(events: EventColumns) -> tuple[bytes, list[JournalEvent]]:
    """The events as bytes, and as they are read from them, which checks every type and range. Names no values."""
    try:
        body = _encoder.encode(events.rows(FIELDS))
        return body, _decoder.decode(body)
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError) as error:
        raise StoreError(f"refused ({type(error).__name__}); nothing was stored") from None


def _decoded(body: bytes, path: Path) -> Sequence[JournalEvent]:
    try:
        return _decoder.decode(body)
    except msgspec.MsgspecError:
        raise StoreError(f"{path} holds events that this program does not understand") from None


def _frame_at(data: bytes, at: int) -> tuple[int, bytes] | None:
    """Number of the first event and body of the whole, undamaged frame at a place; None where there is none."""
    if len(data) < at + _FRAME.size:
        return None
    magic, length, first, checksum = _FRAME.unpack_from(data, at)
    body = data[at + _FRAME.size : at + _FRAME.size + length]
    if magic != FRAME or len(body) != length or zlib.crc32(body, zlib.crc32(_SIGNED.pack(length, first))) != checksum:
        return None
    return first, body


def _goes_on(data: bytes, at: int, last: int) -> bool:
    """Whether behind a place that holds no frame there is one that is newer than ``last``."""
    while (at := data.find(FRAME, at + 1)) >= 0:
        frame = _frame_at(data, at)
        if frame and frame[0] > last:
            return True
    return False
