"""The file of a snapshot: named parts of arrays one after the other, then what they are, then a checksum of that.

    arrays … │ footer (MessagePack: Footer) │ length of the footer, its XXH3, MAGIC

Every array is hashed in chunks, so that several threads can read and check it. A file that was cut short has no end, a file
that was never finished has another name.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import xxhash
from msgspec import Meta

from mpi.linkage.hashtable import SEGMENTS, SIZE_BITS, Table
from mpi.records import Private

MAGIC = b"MPIsnap1"
CHUNK_BYTES = 16 << 20  # what is hashed at once, and written between two looks at whether somebody waits
_END = struct.Struct("<QQ8s")
_MOST_FOOTER = 1 << 30


class DamagedSnapshot(Exception):
    """The file is not what was written; the text names no values."""


class Part(NamedTuple):
    """The used lines of an array in memory: ``used`` of them from line ``start`` on."""

    name: str
    array: npt.NDArray[Any]
    used: int
    start: int = 0

    @property
    def lines(self) -> npt.NDArray[Any]:
        """The used lines."""
        return self.array[self.start : self.start + self.used]

    @property
    def data(self) -> memoryview:
        """The used lines as bytes."""
        return self.lines.reshape(-1).view(np.uint8).data


def table_parts(name: str, table: Table) -> list[Part]:
    """A hash table: what its segments are, and the region of each. What was outgrown is left out."""
    parts = [Part(f"{name}.segments", table.segments, len(table.segments))]
    for segment, descriptor in enumerate(table.segments[:SEGMENTS, 0].tolist()):
        start, size = descriptor >> SIZE_BITS, 1 << (descriptor & ((1 << SIZE_BITS) - 1))
        parts.append(Part(f"{name}.{segment}", table.arena, size, start))
    return parts


class Written(msgspec.Struct, frozen=True):
    """An array in the file: where it is, and the hash of each chunk."""

    name: str
    kind: str  # NumPy's name of the type, and the shape of a line
    start: int
    used: int
    offset: int
    hashes: list[int]


class Footer(Private, frozen=True, kw_only=True):
    """What a file holds: the arrays, and whatever else (``head``) the writer says, packed."""

    head: bytes
    chunk_bytes: Annotated[int, Meta(ge=1)]
    arrays: list[Written]


def kind_of(array: npt.NDArray[Any]) -> str:
    """What an array's lines are."""
    return f"{array.dtype.str}{array.shape[1:]}"


def unfinished(path: Path) -> Path:
    """Where a file is written before it has its name."""
    return path.with_name(f"{path.name}.new")


def write_file(path: Path, head: bytes, parts: Sequence[Part], interrupted: Callable[[], bool]) -> bool:
    """Write a file beside ``path`` and rename it when it is on disk; False where it was interrupted. Raises OSError.

    ``interrupted`` is asked every CHUNK_BYTES. What was begun is removed again, unless the process is killed.
    """
    aside = unfinished(path)
    try:
        with open(aside, "wb", buffering=0, opener=_private) as file:
            arrays, synced = [], 0
            for part in parts:
                hashes, offset = [], file.tell()
                for chunk in _chunks(part.data, CHUNK_BYTES):
                    if interrupted():
                        return False
                    hashes.append(xxhash.xxh3_64_intdigest(chunk))
                    _write(file.fileno(), chunk)
                    if file.tell() - synced >= CHUNK_BYTES:  # little by little: at the end it would hold up everybody
                        os.fdatasync(file.fileno())
                        synced = file.tell()
                arrays.append(Written(part.name, kind_of(part.array), part.start, part.used, offset, hashes))
            footer = msgspec.msgpack.encode(Footer(head=head, chunk_bytes=CHUNK_BYTES, arrays=arrays))
            _write(file.fileno(), footer + _END.pack(len(footer), xxhash.xxh3_64_intdigest(footer), MAGIC))
            os.fsync(file.fileno())
        os.replace(aside, path)
        return True
    finally:
        aside.unlink(missing_ok=True)


def read_footer(path: Path) -> Footer:
    """What a file says it holds. Raises DamagedSnapshot, OSError."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < _END.size:
            raise DamagedSnapshot("the file was cut short")
        length, checksum, magic = _END.unpack(os.pread(file.fileno(), _END.size, size - _END.size))
        if magic != MAGIC or not 0 < length <= min(size - _END.size, _MOST_FOOTER):
            raise DamagedSnapshot("the file has no end")
        footer = os.pread(file.fileno(), length, size - _END.size - length)
    if xxhash.xxh3_64_intdigest(footer) != checksum:
        raise DamagedSnapshot("the footer is damaged")
    try:
        return msgspec.msgpack.decode(footer, type=Footer)
    except msgspec.MsgspecError:
        raise DamagedSnapshot("the footer is of another program") from None


def read_arrays(path: Path, footer: Footer, arrays: dict[str, npt.NDArray[Any]], read: Callable[[int], None]) -> None:
    """Fill the used lines of arrays, by name, and check what was read; ``read`` is told bytes as they come.

    Raises DamagedSnapshot, OSError; then the arrays hold something, and are the caller's to empty.
    """
    if sorted(arrays) != sorted(written.name for written in footer.arrays):
        raise DamagedSnapshot("the file holds other arrays")
    for written in footer.arrays:
        array = arrays[written.name]
        if kind_of(array) != written.kind or not 0 <= written.start <= written.start + written.used <= len(array):
            raise DamagedSnapshot("an array does not fit into memory")
    threads = len(os.sched_getaffinity(0))
    with open(path, "rb") as file, ThreadPoolExecutor(threads, thread_name_prefix="mpi-snapshot") as pool:
        jobs = [
            pool.submit(_read_chunk, file.fileno(), chunk, at, expected)
            for written in footer.arrays
            for chunk, at, expected in _places(written, arrays[written.name], footer.chunk_bytes)
        ]
        try:
            for job in jobs:
                read(job.result())
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _places(written: Written, array: npt.NDArray[Any], size: int) -> Iterator[tuple[memoryview, int, int]]:
    """Each chunk of memory with its place in the file and its hash."""
    chunks = list(_chunks(Part(written.name, array, written.used, written.start).data, size))
    if len(chunks) != len(written.hashes):
        raise DamagedSnapshot("an array has another number of chunks")
    at = written.offset
    for chunk, expected in zip(chunks, written.hashes, strict=True):
        yield chunk, at, expected
        at += len(chunk)


def _read_chunk(file: int, chunk: memoryview, at: int, expected: int) -> int:
    """Fill a chunk; its length. Raises DamagedSnapshot."""
    done = 0
    while done < len(chunk):
        number = os.preadv(file, [chunk[done:]], at + done)
        if number == 0:
            raise DamagedSnapshot("the file was cut short")
        done += number
    if xxhash.xxh3_64_intdigest(chunk) != expected:
        raise DamagedSnapshot("an array is damaged")
    return len(chunk)


def _chunks(data: memoryview, size: int) -> Iterator[memoryview]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def _write(file: int, data: bytes | memoryview) -> None:
    rest = memoryview(data)
    while len(rest):
        rest = rest[os.write(file, rest) :]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o640)
