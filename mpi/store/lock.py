"""One process per data directory: an advisory lock that names its holder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from mpi.errors import StoreError

LOCK_FILE = "index.lock"


class DirectoryLock:
    """Held until ``release`` or the end of the process. Readers share it among themselves, a writer shares it with nobody."""

    def __init__(self, directory: Path, *, shared: bool) -> None:
        """Raises StoreError, with the holder's process id, when the directory is in use."""
        path = directory / LOCK_FILE
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise StoreError(f"the lock file of {directory} cannot be opened: {error.strerror}") from error
        try:
            fcntl.flock(self._file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(self._file, 32).decode(errors="replace").strip() or "unknown"
            os.close(self._file)
            raise StoreError(f"{directory} is in use by process {holder}") from error
        if not shared:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Give the directory up. The file stays: removing it would let two processes lock two files of one name."""
        os.close(self._file)
