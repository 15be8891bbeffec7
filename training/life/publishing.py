"""A model into the folder it is served from, in one step, with the versions before it kept beside it.

    NAME.toml            the model in use: the same bytes as the newest NAME-nnnn.toml
    NAME-0002.toml       every version that was published, and …
    NAME-0002.parquet    … its term frequencies, which the model names; they are never replaced

So one rename of NAME.toml changes everything at once, a reader finds the old model or the new one, and whoever wants to go
back copies an old version over NAME.toml: name, hash and term frequencies are those it had.
"""

from __future__ import annotations

import datetime
import os
import re
from pathlib import Path

import msgspec

from mpi.errors import ModelError
from mpi.linkage.model import Model, TermFrequencies, load_model, sidecar_digest
from training.life.gates import GateResult
from training.modelling.writing import model_document, sidecar_bytes

VERSION_DIGITS = 4


def published_model(folder: Path, name: str) -> tuple[Model, TermFrequencies] | None:
    """The model in use under this name, None where there is none yet. Raises ModelError for one that cannot be read."""
    path = folder / f"{name}.toml"
    return load_model(path) if path.is_file() else None


def publish(model: Model, frequencies: TermFrequencies, folder: Path, *, name: str, results: list[GateResult]) -> Model:
    """Write the next version and put it to use. Returns the model as it loads; its hash is new, for it holds more provenance.

    Raises ModelError for a model that does not load as it was written, and OSError; what was in use then stays in use.
    """
    folder.mkdir(parents=True, exist_ok=True)
    former = published_model(folder, name)
    version, sidecar = _new_version(folder, name, sidecar_bytes(model, frequencies))
    entry: dict[str, object] = {
        "version": version,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "fitted_as": model.reference,
        "instead_of": former[0].reference if former else "",
        "gates": [{"gate": r.gate, "limit": r.limit, "found": r.found} for r in results],
    }
    named = msgspec.structs.replace(
        model,
        name=name,
        sidecar=sidecar.name,
        sidecar_hash=sidecar_digest(sidecar.read_bytes()),
        provenance={**model.provenance, "published": entry},
        hash="",
    )
    data = model_document(named).encode()
    kept = sidecar.with_suffix(".toml")
    _write(kept, data)
    written, _ = load_model(kept)
    if msgspec.structs.replace(written, hash="") != named:
        raise ModelError(f"{kept.name} does not load as it was written")
    _keep_unversioned(folder, name, former)
    fresh = folder / f".{name}.{os.getpid()}.new"
    _write(fresh, data)
    fresh.replace(folder / f"{name}.toml")
    _sync(folder)
    return written


def versions(folder: Path, name: str) -> list[int]:
    """Numbers of the versions kept, rising."""
    pattern = re.compile(rf"{re.escape(name)}-(\d{{{VERSION_DIGITS},}})\.(toml|parquet)")
    return sorted({int(found[1]) for path in folder.iterdir() if (found := pattern.fullmatch(path.name))})


def _new_version(folder: Path, name: str, sidecar: bytes) -> tuple[int, Path]:
    """The next number, taken by the term frequencies under it; two who publish at once get two numbers."""
    number = max(versions(folder, name), default=0) + 1
    while True:
        path = folder / f"{name}-{number:0{VERSION_DIGITS}}.parquet"
        try:
            with path.open("xb") as file:
                file.write(sidecar)
                os.fsync(file.fileno())
        except FileExistsError:
            number += 1
            continue
        return number, path


def _keep_unversioned(folder: Path, name: str, former: tuple[Model, TermFrequencies] | None) -> None:
    """A model that came here in another way is kept under its hash; the term frequencies it names stay where they are."""
    if former is None:
        return
    data = (folder / f"{name}.toml").read_bytes()
    kept = [folder / f"{name}-{number:0{VERSION_DIGITS}}.toml" for number in versions(folder, name)]
    if not any(path.is_file() and path.read_bytes() == data for path in kept):
        _write(folder / f"{name}-{former[0].hash}.toml", data)


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Makes the rename durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
