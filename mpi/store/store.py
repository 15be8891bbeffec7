"""The store of one index. See ``Store``."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import duckdb
import msgspec
import pyarrow as pa

from mpi.errors import StoreError, Unavailable
from mpi.store.files import DATABASE_FILE, Settings, connect, sync_directory
from mpi.store.journal import FIELDS, EventColumns, JournalEvent, check_events
from mpi.store.lock import DirectoryLock
from mpi.store.readers import Readers, first_row
from mpi.store.replay import ahead, checked
from mpi.store.statements import statements
from mpi.store.tail import Tail, waiting
from mpi.store.views import Meta, RequestEntry

REPLAY_ROWS = 65_536
REQUEST_ROWS = 10_000
LOOK_AT_DISK_S = 0.1  # a look costs 35 µs; what is appended in between is a small part of any sensible reserve
MIB = 1 << 20
TAIL_APPEND = 64  # events of one append up to which the tail is cheaper than a transaction of DuckDB
TAIL_BYTES = 4 * MIB  # of frames, above which the tail is brought into the table
NOTHING: pa.RecordBatch = EventColumns(0, {}).batch()


class _Incoming:
    """What is being appended, as an Arrow stream. Registered once for all appends: registering costs 0.8 ms."""

    def __init__(self) -> None:
        self.batch: pa.RecordBatch = NOTHING

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.batch.__arrow_c_stream__(requested_schema)


class Store:
    """One index on disk: ``append`` is called by one thread, everything else by any.

    An append is durable when it returns. When it raises, nothing of it was stored; if that cannot be established (the disk
    failed in the middle of a commit), the store refuses all further appends until it is opened again.

    Small appends go to the journal's tail (tail.py) and into the table together: when there are many, before a large one,
    and before anything reads the table. So nobody but this class knows of the tail.
    """

    def __init__(self, directory: Path, lock: DirectoryLock, settings: Settings, *, read_only: bool) -> None:
        """Use ``open``. Takes over ``lock``."""
        self.directory, self.read_only = directory, read_only
        self._settings, self._lock = settings, lock
        self._sql = statements()
        self._database = connect(directory, settings, read_only=read_only)
        self._readers = Readers(self._database, size=settings.readers)
        self._writer = self._database.cursor()
        self._writing = threading.Lock()
        self._incoming = _Incoming()
        self._broken = self._closed = False
        self._look_at_disk = 0.0  # when to look for room again, time.monotonic() seconds
        self._waiting: list[JournalEvent] = []  # what the tail holds and the table does not
        self.meta = self._read_meta()
        self._last = self._read_last()
        if not read_only:
            self._prepare_writer()
            self._tail = Tail(directory, self.meta.index_id)
            self._waiting = self._tail.recover(self._last)
            self._last += len(self._waiting)
            self.settle()
            self._tail.clear()  # of what the table had already

    @classmethod
    def open(cls, directory: Path, *, read_only: bool = False, settings: Settings | None = None) -> Self:
        """Open the index in ``directory``, or make one there. A read-only store can be open in several processes.

        Raises StoreError when another process has it (with its id), and when the file is damaged, foreign or too new.
        """
        if read_only and not (directory / DATABASE_FILE).exists():
            raise StoreError(f"there is no index in {directory}")
        if not read_only:
            try:
                directory.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(f"{directory} cannot be made: {error.strerror}") from error
        if read_only and waiting(directory):  # a process was killed, and only a writer can bring its tail into the table
            cls.open(directory, settings=settings).close()
        lock = DirectoryLock(directory, shared=read_only)
        try:
            return cls(directory, lock, settings or Settings(), read_only=read_only)
        except BaseException:
            lock.release()
            raise

    # --- writing ---------------------------------------------------------------------------------------------------

    def append(self, events: Sequence[JournalEvent]) -> None:
        """``append_columns`` for events as structs."""
        if events:
            self.append_columns(EventColumns.of(events))

    def append_columns(self, events: EventColumns) -> None:
        """Store all events or none; they are durable on return. Their numbers follow ``last_sequence()``.

        Raises StoreError when nothing could be stored, Unavailable when the disk is nearly full.
        """
        with self._writing:
            self._refuse_unless_writable(events)
            small = events.count <= min(TAIL_APPEND, self._settings.tail_events)
            if not small or self._tail_is_full(events.count):
                self._settle()
            if small:
                self._append_to_tail(events)
            else:
                self._insert(events)
            self._last += events.count

    def settle(self) -> None:
        """Bring what waits in the tail into the table. Raises StoreError when DuckDB cannot; the tail keeps it then."""
        if self._waiting:
            with self._writing:
                self._settle()

    def _tail_is_full(self, more: int) -> bool:
        return len(self._waiting) + more > self._settings.tail_events or self._tail.bytes_used > TAIL_BYTES

    def _append_to_tail(self, events: EventColumns) -> None:
        try:
            self._waiting.extend(self._tail.add(events))
        except OSError as error:
            self._broken = True
            raise StoreError(f"the commit failed ({type(error).__name__})") from None

    def _settle(self) -> None:
        """``settle`` for whoever holds the lock."""
        if not self._waiting:
            return
        self._refuse_unless_usable()
        self._insert(EventColumns.of(self._waiting))
        self._waiting = []
        self._tail.clear()

    def _insert(self, events: EventColumns) -> None:
        """One transaction of DuckDB."""
        try:
            if events.count == 1:
                self._writer.execute(self._append_one, events.rows(FIELDS)[0])
            else:
                self._incoming.batch = events.batch()
                self._writer.execute(self._sql["append_batch"])
        except Exception as error:  # noqa: BLE001 - besides its own errors, pybind raises RuntimeError for a bad value
            # The text of these errors can quote a value, so neither it nor the cause travels on.
            self._after_failure()
            raise StoreError(f"the commit failed ({type(error).__name__}); nothing was stored") from None
        finally:
            self._incoming.batch = NOTHING

    def _refuse_unless_usable(self) -> None:
        if self.read_only or self._closed:
            raise StoreError("the store is not open for writing")
        if self._broken:
            raise StoreError("an earlier commit failed in a way that needs the store to be opened again")

    def _refuse_unless_writable(self, events: EventColumns) -> None:
        self._refuse_unless_usable()
        if self._disk_nearly_full():
            raise Unavailable("DISK_NEARLY_FULL", "the disk of the index is nearly full", retry_after_s=60.0)
        problem = check_events(events, self._last)
        if problem:
            raise StoreError(f"refused: {problem}; nothing was stored")

    def _disk_nearly_full(self) -> bool:
        """Looks at the disk where the last look was some time ago, or saw too little room."""
        now = time.monotonic()
        if now < self._look_at_disk:
            return False
        full = self.free_bytes() < self._settings.reserve_mb * MIB
        self._look_at_disk = now if full else now + LOOK_AT_DISK_S
        return full

    def _after_failure(self) -> None:
        """Find out whether the failed append left the database as it was; where that fails, append no more."""
        try:
            self._broken = self._read_last() != self._last - len(self._waiting)
        except StoreError:
            self._broken = True

    def note_model(self, model: str, encoding: str) -> None:
        """Note the model (name@hash) and the encoding version in use. Raises StoreError."""
        with self._writing, self._readers.cursor() as cursor:
            cursor.execute(self._sql["update_model"], [model, encoding])
            self.meta = msgspec.structs.replace(self.meta, model=model, encoding=encoding)

    def checkpoint_due(self, *, idle: bool) -> bool:
        """Whether the write-ahead log has grown enough for a checkpoint; while nothing waits (``idle``), a small one is."""
        limit = self._settings.idle_checkpoint_mb if idle else self._settings.busy_checkpoint_mb
        return self.file_bytes()[1] >= limit * MIB

    def checkpoint(self) -> bool:
        """Move the write-ahead log into the database file: off the way of a record, since appends wait until it is done.

        About 0.1 s per 10,000 events since the last one (docs/decisions/store-append.md). False when it could not be done
        beside a running transaction; try again later.
        """
        cursor = self._database.cursor()
        try:
            cursor.execute(self._sql["checkpoint"])
        except duckdb.TransactionException:
            return False
        except duckdb.Error as error:
            raise StoreError(f"the checkpoint failed ({type(error).__name__})") from None
        finally:
            cursor.close()
        return True

    # --- reading ---------------------------------------------------------------------------------------------------

    @property
    def index_id(self) -> str:
        """The index's own id (a uuid), made with the file."""
        return self.meta.index_id

    @property
    def master_key(self) -> bytes:
        """Secret of the master-ID permutation, 32 bytes, made with the file: never logged, never sent."""
        return self.meta.master_key

    def last_sequence(self) -> int:
        """Number of the last durable event; 0 in an empty store."""
        return self._last

    def replay(self, after: int = 0, *, payloads: bool = False) -> Iterator[pa.RecordBatch]:
        """Every event with ``seq`` > ``after`` up to the last durable one, in order, in batches of at most 65,536.

        Columns as the statement ``replay`` lists them; with ``payloads`` also the records as received, which a rebuild under
        another encoding version needs. The next batch is read while the last one is being used. Raises StoreError when the
        journal is not what was appended.
        """
        last = self._last
        self.settle()
        statement = self._sql["replay_with_payload" if payloads else "replay"]
        with self._readers.cursor() as cursor:
            reader = cursor.execute(statement, [after, last]).to_arrow_reader(REPLAY_ROWS)
            yield from ahead(checked(reader, after, last))

    def has_other_encoding(self, encoding: str, after: int = 0) -> bool:
        """Whether an event with ``seq`` > ``after`` was made with another encoding version than this one."""
        self.settle()
        with self._readers.cursor() as cursor:
            return first_row(cursor, self._sql["other_encoding"], [after, encoding]) is not None

    def tasks(self, encoding: str) -> Iterator[list[tuple[int, bytes]]]:
        """The person of every event that opened a task, and its candidates as the registry packed them, many at a time; of
        those events that were made with an encoding version, since how candidates are packed goes by the model's features."""
        last = self._last
        self.settle()
        with self._readers.cursor() as cursor:
            cursor.execute(self._sql["tasks"], [last, encoding])
            while rows := cursor.fetchmany(REQUEST_ROWS):
                yield rows

    def event(self, seq: int) -> JournalEvent | None:
        """One event, or None."""
        self.settle()
        with self._readers.cursor() as cursor:
            row = first_row(cursor, self._sql["event"], [seq])
        return None if row is None else JournalEvent(**dict(zip(JournalEvent.__struct_fields__, row, strict=True)))

    def record_payload(self, record_no: int) -> bytes | None:
        """The content of a record as it was last received and applied (JSON), or None."""
        self.settle()
        with self._readers.cursor() as cursor:
            row = first_row(cursor, self._sql["record_payload"], [record_no])
        return None if row is None else bytes(row[0])

    def changes(self, after: int, limit: int, sources: Collection[str] = ()) -> list[JournalEvent]:
        """At most ``limit`` events with a number above ``after``, in order; without ``sources``, of all of them.

        Only what the change feed tells is read (the view ``changes``): every other field has its default.
        """
        self.settle()
        with self._readers.cursor() as cursor:
            if sources:
                cursor.execute(self._sql["changes_of_sources"], [after, limit, sorted(sources)])
            else:
                cursor.execute(self._sql["changes"], [after, limit])
            names = [column[0] for column in cursor.description or ()]
            return [JournalEvent(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]

    def request_ids(self, since_at: int) -> Iterator[RequestEntry]:
        """The requests committed at ``since_at`` (µs since 1970-01-01 UTC) or later, in order."""
        self.settle()
        with self._readers.cursor() as cursor:
            cursor.execute(self._sql["request_ids"], [since_at])
            while rows := cursor.fetchmany(REQUEST_ROWS):
                yield from map(RequestEntry._make, rows)

    def reviews(self) -> pa.Table:
        """The open review tasks in order, columns as the view ``open_reviews`` lists them."""
        return self._table("reviews")

    def crosswalk(self) -> pa.Table:
        """source, local_id, master_code of every current record, by source and number."""
        return self._table("crosswalk")

    def _table(self, statement: str) -> pa.Table:
        self.settle()
        with self._readers.cursor() as cursor:
            return cursor.execute(self._sql[statement]).to_arrow_table()

    def _read_meta(self) -> Meta:
        with self._readers.cursor() as cursor:
            row = first_row(cursor, self._sql["read_meta"])
        if row is None:
            raise StoreError("the file has lost its meta table's line")
        return Meta(**dict(zip(Meta.__struct_fields__, row, strict=True)))

    def _read_last(self) -> int:
        with self._readers.cursor() as cursor:
            row = first_row(cursor, self._sql["last_sequence"])
        if row is None or row[0] != row[1]:
            raise StoreError("the journal's sequence numbers are not dense")
        return int(row[1])

    # --- the files -------------------------------------------------------------------------------------------------

    def free_bytes(self) -> int:
        """Free space on the disk of the index, in bytes."""
        disk = os.statvfs(self.directory)
        return disk.f_bavail * disk.f_frsize

    def room_bytes(self) -> int:
        """Free space beyond the reserve, in bytes: what files beside the journal may take."""
        return self.free_bytes() - self._settings.reserve_mb * MIB

    def sync_directory(self) -> None:
        """Make the names of files beside the journal durable. Raises OSError."""
        sync_directory(self.directory)

    def file_bytes(self) -> tuple[int, int]:
        """Size in bytes of the database file and of its write-ahead log (what a checkpoint would move)."""
        path = self.directory / DATABASE_FILE
        log = path.with_name(f"{DATABASE_FILE}.wal")
        return path.stat().st_size, log.stat().st_size if log.exists() else 0

    def close(self) -> None:
        """Close the database, which checkpoints it, and give the directory up. A second call does nothing."""
        with self._writing:
            if self._closed:
                return
            if not self.read_only:
                with suppress(StoreError):  # what the table cannot take stays in the tail, for the next one who opens
                    self._settle()
                self._tail.close()
            self._closed = True
            self._readers.close()
            self._writer.close()
            self._database.close()
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _prepare_writer(self) -> None:
        self._writer.execute(self._sql["tune_writer"])
        (self._append_one,) = self._writer.extract_statements(self._sql["append_one"])  # parsed once: 0.05 ms less a commit
        self._writer.register("incoming", self._incoming)
        self._writer.execute(self._sql["prepare_append"])
