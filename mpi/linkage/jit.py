"""The one place that compiles kernels: ``@kernel`` is a typed ``numba.njit`` with a cache that notices every change.

Numba's own cache checks only the file a function stands in: after a change in a leaf that lives in another file it goes on
answering the old value (measured). So the cache folder's name is a hash of all sources a kernel may be made of, of Numba and
of the CPU: a change anywhere in this room starts an empty folder. The kernels of ``mpi.columns`` use this room's leaves and
have a folder of their own, so that a change there does not compile this room again. Import this module before Numba compiles
anything; the other modules do so by using ``kernel``.

Environment: ``MPI_KERNEL_CACHE`` names the parent folder (default: the user's cache directory). Where nothing is writable,
kernels are compiled in memory, with one warning.
"""

from __future__ import annotations

import hashlib
import os
import platform
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import llvmlite.binding
import numba
import numpy as np

F = TypeVar("F", bound=Callable[..., Any])

LINKAGE_FOLDER = Path(__file__).parent


def sources_hash(*folders: Path) -> str:
    """Hash (16 hex digits) of every Python source in ``folders`` (this room), the Numba version and the CPU."""
    digest = hashlib.blake2b(digest_size=8)
    for path in (path for folder in folders or (LINKAGE_FOLDER,) for path in sorted(folder.glob("*.py"))):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    cpu = (llvmlite.binding.get_host_cpu_name(), str(llvmlite.binding.get_host_cpu_features().flatten()))
    for part in (numba.__version__, platform.python_version(), platform.machine(), *cpu):
        digest.update(part.encode())
    return digest.hexdigest()


def cache_folder(parent: str | None = None, *, folders: tuple[Path, ...] = ()) -> Path | None:
    """The writable cache folder for the sources in ``folders`` (this room), or None with one warning."""
    chosen = parent or os.environ.get("MPI_KERNEL_CACHE")
    try:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mpi"
        folder = (Path(chosen) if chosen else home) / f"kernels-{sources_hash(*folders)}"
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except (OSError, RuntimeError) as error:  # RuntimeError: a user without a home folder
        warnings.warn(
            f"kernel cache folder not writable ({type(error).__name__}); compiling in memory at every start", stacklevel=2
        )
        return None
    return folder


_folder = cache_folder()
if _folder is not None:
    numba.config.CACHE_DIR = str(_folder)  # type: ignore[attr-defined]  # set by Numba at import


def kernel(function: F) -> F:
    """Compile ``function`` without the GIL; ``function.py_func`` stays the plain reference."""
    return cast(F, numba.njit(nogil=True, cache=_folder is not None)(function))


def brief(function: F) -> F:
    """A kernel of microseconds, with the GIL: giving it up and fighting 64 threads for it again costs more than the work."""
    return cast(F, numba.njit(cache=_folder is not None)(function))


def cached_in(folder: Path | None, function: F) -> F:
    """``brief`` with a cache folder of its own (None: no cache). Numba takes note of the folder when it decorates."""
    if folder is None:
        return cast(F, numba.njit(function))
    usual = numba.config.CACHE_DIR  # type: ignore[attr-defined]  # set by Numba at import
    numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]  # as above
    try:
        return cast(F, numba.njit(cache=True)(function))
    finally:
        numba.config.CACHE_DIR = usual  # type: ignore[attr-defined]  # as above


def inner(function: F) -> F:
    """A leaf that only kernels call: without the wrapper that Python would call, whose unpacking of many arrays costs more
    compile time than the function itself."""
    njit: Any = numba.njit  # its stubs do not know the two options
    return cast(F, njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)(function))


def leaf(function: F) -> F:
    """A small function that kernels call. Not cached by itself: a kernel's cache holds what it inlined."""
    return cast(F, numba.njit(nogil=True, error_model="numpy", forceinline=True)(function))


@leaf
def wide(value: Any) -> int:
    """Any integer as int64: Numba would otherwise let narrow and unsigned integers decide a result's type."""
    return np.int64(value)  # type: ignore[return-value]  # what Python's typing calls int


def direct(compiled: F) -> F:
    """The machine code of a kernel that has been compiled for exactly one signature, without Numba's dispatcher.

    The dispatcher looks at the type of every array of every argument at every call: 13 of 21 µs for a search (measured). The
    price: arguments must always have the types, layouts and dtypes of the first call. Call it after the warm-up.
    """
    overloads: Any = list(cast(Any, compiled).overloads.values())
    assert len(overloads) == 1, "a kernel is compiled for exactly one signature"
    return cast(F, overloads[0].entry_point)
