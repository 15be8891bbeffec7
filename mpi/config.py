"""One frozen Config: the only reader of the environment and of the config file.

Later places override earlier ones: defaults → TOML file → environment (``MPI_PORT`` for ``port``) → flags. A key that does
not exist and a value that cannot be are errors that name the key and the place, never passed over.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import msgspec
from msgspec import Meta

from mpi.errors import ConfigError

ENVIRONMENT_PREFIX = "MPI_"
CONFIG_FILE_VARIABLE = "MPI_CONFIG"
# Read elsewhere: the config file's own path, and the kernel cache, which must be known before Numba is imported.
_OTHER_VARIABLES = frozenset({CONFIG_FILE_VARIABLE, "MPI_KERNEL_CACHE"})

PositiveInt = Annotated[int, Meta(ge=1)]
PositiveFloat = Annotated[float, Meta(gt=0)]
NotNegativeFloat = Annotated[float, Meta(ge=0)]
Text = Annotated[str, Meta(min_length=1)]


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting with its default. docs/configuration.md explains each; a test keeps the two in step."""

    # Where the journal, the read audit and backups are kept. Created when missing. One process only.
    data_dir: Text = "var"
    # Address to listen on. The default is this machine only: there is no authentication yet.
    host: Text = "127.0.0.1"
    # TCP port; 0 takes a free one and says which.
    port: Annotated[int, Meta(ge=0, le=65535)] = 50051
    # A shipped model by name (han, latin) or the path of a model file.
    model: Text = "han"
    # Number of people whom the hospitals serve: the prior never assumes fewer. 32 million is Chongqing.
    catchment: PositiveInt = 32_000_000
    # Sources that may be named in records; empty means any. Others are refused as SOURCE_UNKNOWN.
    sources: tuple[Text, ...] = ()

    # Writes that may wait; beyond that callers get QUEUE_FULL and when to come back.
    queue_limit: PositiveInt = 10_000
    # Writes in one transaction.
    batch_limit: PositiveInt = 1_000
    # Records or keys in one batch call.
    max_batch_records: Annotated[int, Meta(ge=1, le=1_000)] = 1_000
    # Largest message in either direction.
    max_message_bytes: Annotated[int, Meta(ge=4096, le=2**31 - 1)] = 16 * 2**20
    # Candidates that one search may ask for.
    match_candidate_limit: Annotated[int, Meta(ge=1, le=8)] = 8
    # How long a request_id is remembered.
    request_id_window_hours: PositiveFloat = 24.0
    # How many request_ids are remembered at most.
    request_id_window_count: PositiveInt = 1_000_000

    # Threads for calls that take milliseconds (batches, comparisons); single calls need none.
    worker_threads: Annotated[int, Meta(ge=1, le=64)] = 4
    # Calls that may be open at once, waiting writes included; beyond that they are refused.
    max_concurrent_rpcs: PositiveInt = 4_000
    # Open streams (WatchChanges and StreamResolve together); each takes a thread.
    max_streams: PositiveInt = 64
    # Unanswered records of one StreamResolve before the server stops reading.
    stream_window: PositiveInt = 256
    # Idle time after which a connection is probed.
    keepalive_seconds: PositiveFloat = 60.0
    # Whether clients may ask which services and messages there are.
    reflection: bool = True
    # How long health says NOT_SERVING before new calls are refused, so that load balancers can look away.
    drain_notice_seconds: NotNegativeFloat = 0.0
    # How long calls in flight may take to finish when stopping.
    drain_seconds: NotNegativeFloat = 20.0

    # Rows that the hot index has room for. Address space is reserved; memory is used as rows come.
    index_capacity_rows: PositiveInt = 4_000_000
    # Changes since the last snapshot of the index in memory from which on a new one is written; 0: none is written or read.
    snapshot_events: Annotated[int, Meta(ge=0)] = 100_000
    # Folder for compiled kernels; empty means the user's cache directory.
    kernel_cache_dir: str = ""
    # Memory of DuckDB's own buffers, in MiB; the hot index is not part of it.
    duckdb_memory_mb: Annotated[int, Meta(ge=64)] = 1024
    # Threads of DuckDB.
    duckdb_threads: PositiveInt = 1
    # Threads that load a file into a directory that no server has open; 0 means every core.
    load_threads: Annotated[int, Meta(ge=0, le=256)] = 0
    # Free disk space, in MiB, below which writes are refused.
    disk_reserve_mb: PositiveInt = 256
    # Least severe messages to log.
    log_level: Annotated[str, Meta(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"

    @property
    def address(self) -> str:
        """Where to listen, as gRPC writes it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


SETTINGS: tuple[str, ...] = Config.__struct_fields__


def load_config(
    path: str | os.PathLike[str] | None = None,
    env: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Config:
    """The configuration from file, environment and flags.

    ``path`` None: the file that ``MPI_CONFIG`` names, if any. ``env`` None: this process's environment. Overrides whose
    value is None were not given. Raises ConfigError, naming the key and the place, for anything unknown or impossible.
    """
    env = os.environ if env is None else env
    chosen = path or env.get(CONFIG_FILE_VARIABLE)
    values: dict[str, Any] = {}
    if chosen:
        values |= _checked(_read_file(Path(chosen)), "config file")
    values |= _checked(_from_environment(env), "environment", prefix=ENVIRONMENT_PREFIX)
    given = {key: value for key, value in (overrides or {}).items() if value is not None}
    values |= _checked(given, "flag")
    return Config(**values)


def _read_file(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"config file {path} cannot be read: {error}") from error


def _from_environment(env: Mapping[str, str]) -> dict[str, object]:
    """Settings by name; lists are separated by commas."""
    found: dict[str, object] = {}
    for variable, text in env.items():
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable in _OTHER_VARIABLES:
            continue
        key = variable[len(ENVIRONMENT_PREFIX) :].lower()
        found[key] = tuple(filter(None, map(str.strip, text.split(",")))) if key == "sources" else text
    return found


def _checked(values: Mapping[str, object], place: str, *, prefix: str = "") -> dict[str, object]:
    """The values with their right types."""
    types = get_type_hints(Config, include_extras=True)
    checked: dict[str, object] = {}
    for key, value in values.items():
        shown = prefix + key.upper() if prefix else key
        if key not in SETTINGS:
            raise ConfigError(f"{shown} ({place}): there is no such setting")
        try:
            checked[key] = msgspec.convert(value, types[key], strict=not isinstance(value, str))
        except msgspec.ValidationError as error:
            raise ConfigError(f"{shown} ({place}): {str(error)[:1].lower()}{str(error)[1:]}") from None
    return checked
