"""Kernels are compiled beside the start where this checkout has none yet, whatever another one has."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from mpi.columns import warm

KERNEL = "read.read_records-1.py311.nbi"


@pytest.mark.parametrize(("mine", "others", "begins"), [(False, False, True), (False, True, True), (True, False, False)])
def test_only_kernels_of_this_checkout_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mine: bool, others: bool, begins: bool
) -> None:
    for name, there in (("columns_mine", mine), ("columns_other", others)):
        (tmp_path / name).mkdir()
        if there:
            (tmp_path / name / KERNEL).touch()
    stats = SimpleNamespace(cache_path=str(tmp_path / "columns_mine"))
    monkeypatch.setattr(warm, "read_records", SimpleNamespace(stats=stats))
    started: list[list[str]] = []
    monkeypatch.setattr(warm.subprocess, "Popen", lambda command, **_: started.append(command))
    warm.compile_apart()
    assert bool(started) == begins


def test_without_a_cache_nothing_is_compiled_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "read_records", SimpleNamespace(stats=SimpleNamespace(cache_path=None)))
    assert warm.compile_apart() is None
