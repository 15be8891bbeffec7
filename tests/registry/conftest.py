"""A real registry on a real DuckDB file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from patients import LIMITS
from small_model import MODEL, NO_FREQUENCIES

from mpi.linkage.model import Model
from mpi.registry.registry import Limits, Registry

Open = Callable[..., Registry]


@pytest.fixture
def open_registry(tmp_path: Path) -> Iterator[Open]:
    """Opens (and reopens) the registry of this test's directory; everything is closed at the end."""
    opened: list[Registry] = []

    def start(limits: Limits = LIMITS, model: Model = MODEL) -> Registry:
        registry = Registry.open(tmp_path / "index", model, NO_FREQUENCIES, limits)
        registry.start()
        opened.append(registry)
        return registry

    yield start
    for registry in opened:
        registry.close()


@pytest.fixture
def registry(open_registry: Open) -> Registry:
    return open_registry()
