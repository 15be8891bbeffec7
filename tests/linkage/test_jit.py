"""The kernel cache, in real processes: a small package with a copy of jit.py, a leaf in one file and a kernel in another."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LEAVES = """
from room.jit import leaf

@leaf
def step(x):
    return x + {constant}
"""

KERNELS = """
from room.jit import kernel
from room.leaves import step

@kernel
def twice(x):
    return step(step(x))
"""

PROGRAM = """
import json, sys, warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import room.jit, room.kernels
    answer = room.kernels.twice(1)
stats = room.kernels.twice.stats
json.dump(
    {
        "answer": int(answer),
        "plain": int(room.kernels.twice.py_func(1)),
        "hits": sum(stats.cache_hits.values()),
        "compiled": sum(stats.cache_misses.values()),
        "warnings": [str(w.message) for w in caught],
        "folder": str(room.jit._folder),
    },
    sys.stdout,
)
"""


class Room:
    """The package ``room`` in a folder of its own; each ``run`` is a new process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cache = folder / "cache"
        package = folder / "room"
        package.mkdir()
        found = importlib.util.find_spec("mpi.linkage.jit")
        assert found is not None
        assert found.origin is not None
        shutil.copy(found.origin, package / "jit.py")
        (package / "__init__.py").touch()
        (package / "kernels.py").write_text(KERNELS)
        self.set_constant(1)

    def set_constant(self, constant: int) -> None:
        (self.folder / "room" / "leaves.py").write_text(LEAVES.format(constant=constant))

    def start(self, cache: Path | None = None) -> subprocess.Popen[str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("NUMBA_", "MPI_", "XDG_"))}
        environment = kept | {"PYTHONPATH": str(self.folder), "MPI_KERNEL_CACHE": str(cache or self.cache)}
        command = [sys.executable, "-c", PROGRAM]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self) -> dict[str, object]:
        return finish(self.start())


def finish(process: subprocess.Popen[str]) -> dict[str, object]:
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    answer: dict[str, object] = json.loads(output)
    return answer


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_a_change_in_a_leaf_of_another_file_is_noticed(room: Room) -> None:
    first = room.run()
    assert (first["answer"], first["compiled"], first["warnings"]) == (3, 1, [])
    again = room.run()
    assert (again["answer"], again["hits"], again["compiled"]) == (3, 1, 0)
    room.set_constant(10)
    changed = room.run()
    assert (changed["answer"], changed["plain"]) == (21, 21)
    assert changed["folder"] != first["folder"]
    room.set_constant(1)
    back = room.run()
    assert (back["answer"], back["hits"], back["folder"]) == (3, 1, first["folder"])


def test_the_cache_lies_in_the_named_folder_only(room: Room) -> None:
    room.run()
    assert any(room.cache.rglob("*.nbc"))
    assert not any((room.folder / "room").rglob("*.nb?"))


def test_without_a_writable_folder_kernels_work_with_one_warning(room: Room) -> None:
    """Parents nothing can be created under, for root too: a file, and a folder of the kernel's process table."""
    blocked = room.folder / "a file"
    blocked.touch()
    processes = [room.start(blocked), room.start(Path("/proc/mpi"))]
    for process in processes:
        result = finish(process)
        assert (result["answer"], result["hits"], result["folder"]) == (3, 0, "None")
        assert isinstance(result["warnings"], list)
        assert len(result["warnings"]) == 1
        assert "not writable" in result["warnings"][0]
    assert not any((room.folder / "room").rglob("*.nb?"))


def test_two_processes_may_fill_the_cache_at_once(room: Room) -> None:
    for result in map(finish, [room.start(), room.start()]):
        assert (result["answer"], result["warnings"]) == (3, [])
    assert room.run()["hits"] == 1
