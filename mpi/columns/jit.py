"""Compiles this room's kernels: as ``mpi.linkage.jit``, with a cache folder that a change in either room leaves behind."""

from __future__ import annotations

from pathlib import Path

from mpi.linkage.jit import LINKAGE_FOLDER, F, cache_folder, cached_in, inner, leaf, wide

__all__ = ["FOLDER", "inner", "kernel", "leaf", "wide"]

FOLDER = cache_folder(folders=(LINKAGE_FOLDER, Path(__file__).parent))


def kernel(function: F) -> F:
    """Compile ``function``; it keeps the GIL, since it takes microseconds (see ``mpi.linkage.jit.brief``)."""
    return cached_in(FOLDER, function)
