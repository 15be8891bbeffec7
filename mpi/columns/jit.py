"""Compiles this room's kernels: as ``mpi.linkage.jit``, with a cache folder that a change in either room leaves behind."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numba

from mpi.linkage.jit import LINKAGE_FOLDER, F, cache_folder, cached_in, inner, leaf, wide

__all__ = ["FOLDER", "inner", "kernel", "leaf", "unlocked", "wide"]

FOLDER = cache_folder(folders=(LINKAGE_FOLDER, Path(__file__).parent))


def kernel(function: F) -> F:
    """Compile ``function``; it keeps the GIL, since it takes microseconds (see ``mpi.linkage.jit.brief``)."""
    return cached_in(FOLDER, function)


def unlocked(function: F) -> F:
    """As ``kernel``, but without the GIL: for whole files, which several threads read at once."""
    if FOLDER is None:
        return cast(F, numba.njit(nogil=True)(function))
    usual = numba.config.CACHE_DIR  # type: ignore[attr-defined]  # set by Numba at import
    numba.config.CACHE_DIR = str(FOLDER)  # type: ignore[attr-defined]  # as above
    try:
        return cast(F, numba.njit(nogil=True, cache=True)(function))
    finally:
        numba.config.CACHE_DIR = usual  # type: ignore[attr-defined]  # as above
