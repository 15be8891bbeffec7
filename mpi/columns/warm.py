"""Compiles and loads this room's kernels: by a run of each on one made-up request.

    python -m mpi.columns.warm      fills the cache of compiled kernels

Compiling takes about as long as for the kernels of ``mpi.linkage``. Where nothing is cached yet, a process of its own does it
meanwhile, on another core.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from mpi.columns.check import check
from mpi.columns.lessons import ETHNICITY_WORD
from mpi.columns.line import FROM_BIRTH_DATE, FROM_FAMILY, FROM_GIVEN
from mpi.columns.payload import payloads
from mpi.columns.read import read_records
from mpi.columns.reader import ColumnReader
from mpi.columns.resolutions import warm_results
from mpi.columns.wire import read_batch, read_request, read_search

# These kernels are branches, not arithmetic: they run as fast, and compile in two thirds of the time.
_QUICKER = {"NUMBA_OPT": "1", "NUMBA_LOOP_VECTORIZE": "0", "NUMBA_SLP_VECTORIZE": "0"}
_PLAN = np.array([FROM_GIVEN, FROM_FAMILY, FROM_BIRTH_DATE], np.int64)
_NAME_PARTS = ("text", "family", "given")


def _field(number: int, content: bytes) -> bytes:
    """A field with a length, as protobuf writes it."""
    return bytes([number << 3 | 2, len(content)]) + content


_RECORD = _field(1, b"-") + _field(2, b"1") + _field(3, _field(1, "王芳".encode())) + _field(5, b"1980-05-03")


def warm(reader: ColumnReader) -> None:
    """Run everything once with the argument types it is used with; ``reader`` calls its kernel directly from now on."""
    batch = read_batch(_field(1, _field(1, _RECORD)))
    assert batch is not None
    read_request(_field(1, _RECORD))
    read_search(_field(1, _RECORD))
    checked = check(batch.raw)
    payloads(batch.raw)
    warm_results()
    reader.lessons.teach_names([_NAME_PARTS])
    reader.lessons.teach_word(ETHNICITY_WORD, "汉")
    reader.addresses.teach([("重庆市渝中区人民路1号", "")])
    reader.read(batch.raw, checked)
    reader.warm()


def compile_apart() -> subprocess.Popen[bytes] | None:
    """Begin to fill the cache in a process of its own; None where it is filled already or there is none.

    Whether it succeeds does not matter: what is not in the cache is compiled where it is used.
    """
    # Below the cache's folder each checkout has one of its own: another one's kernels are not loaded here.
    folder = read_records.stats.cache_path  # type: ignore[attr-defined]  # a dispatcher, to types the plain function
    if folder is None or any(Path(folder).glob("read.read_records-*.nbi")):
        return None
    command = [sys.executable, "-m", "mpi.columns.warm"]
    return subprocess.Popen(
        command,
        env={**os.environ, **_QUICKER},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


if __name__ == "__main__":
    warm(ColumnReader(_PLAN, len(_PLAN) + 2))
