"""Any data set as a newcomer would link it: the proposed map, the automatic fit, the whole file at once; beside the peers.

Nothing is fitted on truth, and nothing is chosen by hand: the map is what ``mpi map`` proposes, the model what ``python -m
training fit`` makes of the records, the thresholds follow from one stated aim for all sets.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from benchmarks.lines import progress
from benchmarks.peers.environment import run_peer
from benchmarks.sets import KEY, TRUTH, DataSet
from mpi import intake
from mpi.errors import InputError
from mpi.intake import propose_map
from mpi.linkage.model import load_model
from mpi.records import PatientRecord
from mpi.standardise import validate
from training.evaluation.clustering import cluster
from training.evaluation.pairs import PairCounts, count_pairs
from training.fit import Request, fit_model
from training.modelling.thresholds import Aim

AIM = Aim(wrong=0.01, least=0.9, reviews=0.02)
"""Of a register for research: one wrong link in a hundred. A hospital's is a hundred times stricter (the default of fit)."""
PEERS = ("splink_sets.py", "recordlinkage_sets.py")
PEER_DATES = ("%Y-%m-%d", "%Y%m%d", "%m/%d/%Y", "%Y/%m/%d")
PEER_TIMEOUT_S = 1_800


def measure(data: DataSet, *, peers: bool) -> Iterator[dict[str, Any]]:
    """Lines of ours and of the peers; ``pairs`` is a PairCounts. A peer that does not finish gets a line that says so."""
    tables = data.tables()
    with tempfile.TemporaryDirectory(prefix="mpi-evidence-") as folder:
        yield ours(data, tables, Path(folder))
        if peers:
            written = specification(data, tables, Path(folder))
            for script in PEERS:
                yield from _peer(script, written)


def ours(data: DataSet, tables: list[pd.DataFrame], folder: Path) -> dict[str, Any]:
    """Map, fit, link; seconds from the file on disk to the clusters."""
    progress(f"{data.name}: ours")
    files = [folder / f"{data.name}_{place}.csv" for place in range(len(tables))]
    for table, file in zip(tables, files, strict=True):
        table.drop(columns=[TRUTH]).to_csv(file, index=False)
    started = time.perf_counter()
    records = [record for file in files for record in _records(file)]
    model, found, thresholds = fit_model(Request(None, folder / f"{data.name}.toml", aim=AIM), records)
    loaded, frequencies = load_model(folder / f"{data.name}.toml")
    clustered = cluster(loaded, frequencies, records, one_per_source=data.two_sided)
    seconds = time.perf_counter() - started
    person = {(r.source, r.local_id): str(p) for r, p in zip(records, clustered.person.tolist(), strict=True)}
    truth = {
        (file.stem, key): who
        for table, file in zip(tables, files, strict=True)
        for key, who in zip(table[KEY], table[TRUTH], strict=True)
    }
    predicted = {"/".join(key): person.get(key, f"alone {'/'.join(key)}") for key in truth}
    counts = count_pairs(predicted, {"/".join(key): who for key, who in truth.items()})
    return {
        "system": "ours",
        "threshold": thresholds.upper,
        "pairs": counts,
        "records": len(truth),
        "reviews": len(np.unique(clustered.reviews.max(axis=1))) if len(clustered.reviews) else 0,
        "compared": clustered.compared,
        "classes": [c.name for c in model.classes],
        "rules": len(model.rules),
        "blocking_recall": float(found.fit.blocking_recall[0]),
        "seconds": seconds,
    }


def _records(file: Path) -> Iterator[PatientRecord]:
    """Records of a file under the map that is proposed for it; a birth date that cannot be is left out, not the record."""
    mapping = file.with_suffix(".map.toml")
    mapping.write_text(propose_map(file, lenient=True), encoding="utf-8")
    for row in intake.read_records(file, mapping):
        if not isinstance(row, intake.MappedRow):
            continue
        record = row.record
        try:
            validate(record)
        except InputError as error:
            if error.field != "birth_date":
                continue
            record = msgspec.structs.replace(record, birth_date="")
        yield record


def specification(data: DataSet, tables: list[pd.DataFrame], folder: Path) -> Path:
    """What the peers' scripts read, written into a folder: Parquet files with ISO dates, and what each column is."""
    prepared = [data.prepared(table) if data.prepared else table.copy() for table in tables]
    files = []
    for place, cleaned in enumerate(prepared):
        for column, role in data.roles.items():
            if role == "dob" and column in cleaned:
                cleaned[column] = _iso(cleaned[column])
        cleaned.astype(str).to_parquet(folder / f"{place}.parquet")
        files.append(str(folder / f"{place}.parquet"))
    columns = [column for column in data.roles if all(column in table for table in prepared)]
    given = {
        "files": files,
        "roles": {column: data.roles[column] for column in columns},
        "columns": columns,
        "dates": "%Y-%m-%d",
        "two_sided": data.two_sided,
        "settings": data.settings,
    }
    path = folder / "specification.json"
    path.write_text(json.dumps(given))
    return path


def _iso(values: pd.Series) -> pd.Series:
    result = pd.Series("", index=values.index, dtype=object)
    for text in PEER_DATES:
        read = pd.to_datetime(values.where(result == "", None), format=text, errors="coerce")
        known = read.notna()
        result[known] = read[known].map(lambda day: day.date().isoformat())
    return result


def _peer(script: str, specification: Path) -> Iterator[dict[str, Any]]:
    system = script.removesuffix("_sets.py")
    progress(f"  {system}")
    try:
        lines = run_peer(script, str(specification), timeout_s=PEER_TIMEOUT_S)
    except Exception as error:  # noqa: BLE001 — whatever a peer ends with is its result, and the run goes on
        yield {"system": system, "threshold": "", "failed": type(error).__name__}
        return
    for line in lines:
        counts = PairCounts(line.pop("right"), line.pop("predicted"), line.pop("true"))
        yield {**line, "pairs": counts}
