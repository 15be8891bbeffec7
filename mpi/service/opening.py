"""From a Config to a registry on its data directory: which model file, which sizes."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from mpi.config import Config
from mpi.errors import ConfigError
from mpi.linkage.model import Model, load_model
from mpi.registry.registry import Limits, Registry
from mpi.store import Settings, Store

_SHIPPED = Path(__file__).parent.parent / "models"
_SUFFIX = ".toml"


class Opened(NamedTuple):
    """A registry with what it stands on. Closing the registry closes the store."""

    registry: Registry
    store: Store
    model: Model


def model_path(model: str) -> Path:
    """The file of a shipped model's name or of a path. Raises ConfigError where there is none."""
    path = Path(model)
    if path.suffix != _SUFFIX:
        path = _SHIPPED / f"{model}{_SUFFIX}"
    if not path.is_file():
        shipped = ", ".join(sorted(p.stem for p in _SHIPPED.glob(f"*{_SUFFIX}")))
        raise ConfigError(f"model: there is no file {path}; shipped models: {shipped or 'none'}")
    return path


def open_registry(config: Config) -> Opened:
    """The registry of ``config.data_dir``, not started. Raises ConfigError, ModelError, StoreError."""
    model, frequencies = load_model(model_path(config.model))
    settings = Settings(threads=config.duckdb_threads, memory_mb=config.duckdb_memory_mb, reserve_mb=config.disk_reserve_mb)
    limits = Limits(
        catchment=config.catchment,
        capacity_rows=config.index_capacity_rows,
        queue_limit=config.queue_limit,
        batch_limit=config.batch_limit,
        match_limit=config.match_candidate_limit,
        request_window_hours=config.request_id_window_hours,
        request_window_count=config.request_id_window_count,
        snapshot_events=config.snapshot_events,
    )
    store = Store.open(Path(config.data_dir), settings=settings)
    try:
        return Opened(Registry(store, model, frequencies, limits), store, model)
    except BaseException:
        store.close()
        raise
