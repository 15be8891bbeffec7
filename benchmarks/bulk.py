"""A file of records into an empty index, beside Splink on the same file in the same run: one JSON line a figure.

    python -m benchmarks.bulk [--size 1000000] [--seed 8] [--model MODEL.toml] [--no-peers] [--short] [--chongqing]

``mpi load`` on an idle store is a process of its own, from the file to a durable index; the clusters are read out of that
index and judged by the truth. Splink registers, predicts and clusters. Both have a model fitted on a crowd of another seed,
and the time of that is told apart: ``ratio_to_splink`` leaves it out on both sides, ``ratio_with_fit`` counts it on
both. Kernels are compiled before, on a few records. Exit code 1 when a limit that is stated for the size is missed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks import people
from benchmarks.bulk_process import Spent, run_measured
from benchmarks.crowd.generate import MAP, TEMPLATE, write
from benchmarks.lines import emit, progress
from benchmarks.peers.environment import run_peer
from training import population
from training.evaluation.pairs import PairCounts, pair_counts

SIZE, SHORT, WARMING = 1_000_000, 20_000, 3_000
SEED, FIT_SEED = 8, 7
FIT_RECORDS = 300_000  # at most; of a larger crowd a sample
# Wrong links among automatic links, and the probability that each has at least: a file loaded at once has nobody to ask.
AIM, LEAST = 2e-3, 0.8
RECORDS_PER_PERSON = 2.2  # of the Chongqing
TIMEOUT_S = 7_200.0
ROWS_PER_RECORD, SPARE_ROWS = 3, 200_000
FIGURES = {10_000: "10k", 100_000: "100k", 1_000_000: "1m", 10_000_000: "10m"}
LIMITS: dict[str, dict[str, tuple[str, float]]] = {
    "bulk_1m": {
        "f1": ("at least", 0.98),
        "ratio_to_splink": ("at most", 1.0),
        "ratio_with_fit": ("at most", 0.5),
        "peak_mib": ("at most", 1.4 * 1024),
    }
}


class Material(NamedTuple):
    """What is loaded, what the model is fitted on, and the column with the truth."""

    file: Path
    fit_file: Path
    field_map: Path
    truth: str
    keys: tuple[str, str]  # columns that name a record
    template: str


def load_command(file: Path, field_map: Path, data: Path) -> list[str]:
    """The bulk load as its users type it."""
    mpi = [sys.executable, "-m", "mpi.cli", "load", str(file), "--map", str(field_map)]
    return [*mpi, "--data", str(data), "--work-dir", str(data.parent), "--json"]


def load_environment(model: Path, records: int) -> dict[str, str]:
    """Settings of the load. Of the persons the prior is taken for, as many as the model's thresholds were chosen for."""
    persons = tomllib.loads(model.read_text()).get("provenance", {}).get("threshold_population", 1)
    return {
        "MPI_MODEL": str(model),
        "MPI_CATCHMENT": str(max(round(persons), 1)),
        "MPI_INDEX_CAPACITY_ROWS": str(ROWS_PER_RECORD * records + SPARE_ROWS),
        "MPI_LOG_LEVEL": "WARNING",
    }


def fit_command(material: Material, model: Path, most: int) -> list[str]:
    aims = ["--aim", str(AIM), "--at-least", str(LEAST)]
    fit = [sys.executable, "-m", "training", "fit", str(material.fit_file), "--map", str(material.field_map)]
    return [*fit, "--template", material.template, "--out", str(model), *aims, "--max-records", str(most)]


def crowd(folder: Path, size: int, seed: int) -> Material:
    """The Latin crowd, and one of another seed to fit on."""
    file, fit_file = folder / f"crowd_{size}_{seed}.parquet", folder / f"crowd_{size}_{FIT_SEED}_fit.parquet"
    write(file, size, seed=seed)
    write(fit_file, size, seed=FIT_SEED if seed != FIT_SEED else FIT_SEED + 1)
    return Material(file, fit_file, MAP, "entity_id", ("source", "record_id"), str(TEMPLATE))


def chongqing(folder: Path, size: int, seed: int) -> Material:
    """About so many records of a synthetic Chongqing."""
    file, fit_file = (folder / f"chongqing_{size}_{each}.parquet" for each in (seed, seed + 1))
    for place, path in enumerate((file, fit_file)):
        population.generate(int(size / RECORDS_PER_PERSON), seed=people.SEED + seed + place).to_parquet(path)
    field_map = Path(population.__file__).parent / "map.toml"
    return Material(file, fit_file, field_map, "truth_person", ("source", "local_id"), "han")


def loaded(material: Material, model: Path, folder: Path) -> tuple[Spent, PairCounts]:
    """One bulk load, and the pairs of records that its index has together."""
    folder.mkdir()
    records = pq.read_metadata(material.file).num_rows
    environment = load_environment(model, records)
    command = load_command(material.file, material.field_map, folder / "index")
    spent = run_measured(command, environment, log=folder / "load.log", timeout_s=TIMEOUT_S)
    crosswalk = folder / "crosswalk.parquet"
    export = [sys.executable, "-m", "mpi.cli", "export", "crosswalk", str(crosswalk), "--data", str(folder / "index")]
    run_measured(export, environment, log=folder / "export.log", timeout_s=TIMEOUT_S)
    return spent, judged(crosswalk, material)


def judged(crosswalk: Path, material: Material) -> PairCounts:
    """The clusters of a crosswalk beside the truth. A record that the index does not hold is alone."""
    found = pq.read_table(crosswalk)
    wanted = pq.read_table(material.file, columns=[*material.keys, material.truth])
    places = pc.index_in(_names(wanted, material.keys), value_set=_names(found, ("source", "local_id"))).combine_chunks()
    held = places.is_valid().to_numpy(zero_copy_only=False)
    person = np.arange(len(held), dtype=np.int64) + len(found)  # alone, until found
    person[held] = _numbers(found["master_id"])[places.drop_null().to_numpy()]
    return pair_counts(np.unique(person, return_inverse=True)[1].astype(np.int64), _numbers(wanted[material.truth]))


def _names(table: pa.Table, columns: Sequence[str]) -> Any:
    """One text for the key of each row."""
    return pc.binary_join_element_wise(*(table[column].cast(pa.string()) for column in columns), "/")


def _numbers(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Equal values get equal numbers, from 0."""
    encoded = column.combine_chunks().dictionary_encode()
    numbers: npt.NDArray[np.int64] = encoded.indices.to_numpy().astype(np.int64)
    return numbers


def splink(material: Material, folder: Path) -> dict[str, Any]:
    """Splink trained on the one file and run on the other: the line of its bulk run, and of its training under ``fit``."""
    specification = folder / "splink.json"
    model = folder / "splink_model.json"
    specification.write_text(json.dumps({"file": str(material.fit_file), "model": str(model)}))
    (fit,) = run_peer("splink_crowd_training.py", str(specification), timeout_s=TIMEOUT_S)
    specification.write_text(json.dumps({"file": str(material.file), "model": str(model)}))
    (bulk,) = run_peer("splink_crowd_bulk.py", str(specification), timeout_s=TIMEOUT_S)
    return {**bulk, "fit": fit}


def figure_name(size: int) -> str:
    return f"bulk_{FIGURES.get(size, size)}"


def figures(size: int, ours: Spent, fit: Spent | None, counts: PairCounts, peer: Mapping[str, Any] | None) -> dict[str, Any]:
    """The main line of a run."""
    line: dict[str, Any] = {"bench": "bulk", "figure": figure_name(size), "records": size}
    if peer is not None:
        line["ratio_to_splink"] = ours.seconds / peer["seconds"]
        if fit is not None:
            line["ratio_with_fit"] = (ours.seconds + fit.seconds) / (peer["seconds"] + peer["fit"]["seconds"])
        line["cpu_ratio_to_splink"] = ours.cpu_seconds / peer["cpu_seconds"]
    line |= {"seconds": ours.seconds, "cpu_seconds": ours.cpu_seconds, "peak_mib": ours.peak_mib}
    line |= {"f1": counts.f1, "precision": counts.precision, "recall": counts.recall}
    if fit is not None:
        line |= {"fit_seconds": fit.seconds, "fit_cpu_seconds": fit.cpu_seconds, "fit_peak_mib": fit.peak_mib}
    bulk = _report(ours.output).get("bulk", {})
    line |= {key: bulk[key] for key in ("pairs", "edges", "cut") if key in bulk}
    line |= {f"{phase}_seconds": seconds for phase, seconds in bulk.get("seconds", {}).items()}
    if peer is not None:
        line |= {f"splink_{key}": peer[key] for key in ("f1", "best_f1", "pairs", "seconds", "cpu_seconds", "peak_mib")}
        line |= {f"splink_{part}_seconds": seconds for part, seconds in peer["wall"].items()}
        line |= {"splink_fit_seconds": peer["fit"]["seconds"], "splink_fit_cpu_seconds": peer["fit"]["cpu_seconds"]}
    return line


def _report(output: str) -> dict[str, Any]:
    """What the load said of itself: the last JSON document of its output; {} where it printed none."""
    try:
        said = json.loads(output[output.index("{") :])
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def missed(line: Mapping[str, Any]) -> list[str]:
    """The limits that are stated for the figure and not met; a figure that was not measured misses nothing."""
    found = []
    for key, (way, limit) in LIMITS.get(line["figure"], {}).items():
        value = line.get(key)
        if value is not None and (value < limit if way == "at least" else value > limit):
            found.append(f"{line['figure']}: {key} is {value:.4g}, {way} {limit:g} is wanted")
    return found


def fitted(material: Material, folder: Path, most: int) -> tuple[Path, Spent]:
    model = folder / "fitted.toml"
    spent = run_measured(fit_command(material, model, most), {}, log=folder / "fit.log", timeout_s=TIMEOUT_S)
    return model, spent


def run(given: argparse.Namespace, folder: Path) -> list[str]:
    """The whole benchmark; what it missed."""
    size = given.size or (SHORT if given.short else SIZE)
    made = chongqing if given.chongqing else crowd
    progress("kernels")
    (folder / "warm").mkdir()
    few = made(folder / "warm", WARMING, given.seed)
    warm_model, _ = (given.model, None) if given.model else fitted(few, folder / "warm", WARMING)
    loaded(few, warm_model, folder / "warm" / "load")
    progress(f"{size} records")
    material = made(folder, size, given.seed)
    fit: Spent | None = None
    model: Path = given.model
    if model is None:
        progress("fit")
        model, fit = fitted(material, folder, min(size, FIT_RECORDS))
    progress("load")
    ours, counts = loaded(material, model, folder / "load")
    peer = None
    if not given.no_peers and not given.chongqing:
        progress("splink")
        peer = splink(material, folder)
    line = figures(size, ours, fit, counts, peer)
    if given.chongqing:
        line["figure"] = line["figure"].replace("bulk", "bulk_chongqing")
    emit(line)
    return missed(line)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=0, help=f"records loaded (default {SIZE})")
    parser.add_argument("--seed", type=int, default=SEED, help="of the records loaded; the model is fitted on another")
    parser.add_argument("--model", type=Path, help="a fitted model: then nothing is fitted")
    parser.add_argument("--no-peers", action="store_true", help="ours alone: needs no further environment")
    parser.add_argument("--short", action="store_true", help=f"{SHORT} records")
    parser.add_argument("--chongqing", action="store_true", help="a synthetic Chongqing in place of the crowd, ours alone")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mpi-bulk-") as name:
        failures = run(given, Path(name))
    for failure in failures:
        progress(f"MISSED {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
