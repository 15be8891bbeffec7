"""A fitted model to disk: the sidecar first, then the TOML file that names its hash, then a check that it loads."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import tomli_w

from mpi.linkage.model import Model, TermFrequencies, load_model, sidecar_digest

LONG_ITEM = 40  # characters; arrays of sentences keep one item a line
_ARRAY = re.compile(r"^( *(?:[\w.\-\"]+ = )?)\[\n((?:[^\[\]\n]+,\n)+) *\]", re.MULTILINE)

HEADER = """# A fitted model. Every number in it was estimated; [provenance] says from what. Do not edit: fit again.
# What the keys mean stands in mpi/linkage/model.py and docs/fitting.md.
"""


def write_model(model: Model, frequencies: TermFrequencies, out: Path) -> Model:
    """Write ``out`` and ``out`` with the suffix .parquet. Returns the model as it loads, hash included.

    Raises ModelError for a model that the service would refuse, and OSError.
    """
    sidecar = sidecar_bytes(model, frequencies)
    named = msgspec.structs.replace(
        model, name=out.stem, sidecar=out.with_suffix(".parquet").name, sidecar_hash=sidecar_digest(sidecar), hash=""
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    out.with_suffix(".parquet").write_bytes(sidecar)
    out.write_text(model_document(named), encoding="utf-8")
    return load_model(out)[0]


def sidecar_bytes(model: Model, frequencies: TermFrequencies) -> bytes:
    """The Parquet sidecar, columns feature, code, frequency; the same content gives the same bytes."""
    names = [f.name for f in model.features]
    feature = pa.array([names[i] for i in frequencies.feature.tolist()], pa.string()).dictionary_encode()
    table = pa.table({"feature": feature, "code": pa.array(frequencies.code), "frequency": pa.array(frequencies.frequency)})
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def model_document(model: Model) -> str:
    """TOML with one array a line, so that a person can read it and a difference between two fits is a few lines."""
    plain: dict[str, Any] = msgspec.to_builtins(model)
    text = tomli_w.dumps(plain)
    return HEADER + _ARRAY.sub(_one_line, text)


def _one_line(found: re.Match[str]) -> str:
    parts = [line.strip().rstrip(",") for line in found[2].splitlines()]
    if any(len(part) > LONG_ITEM for part in parts):
        return found[0]
    return f"{found[1]}[{', '.join(parts)}]"
