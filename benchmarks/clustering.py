"""What clustering gains over plain connected components of the same links: one JSON line a data set and a way.

    python -m benchmarks.clustering [--size 100000] [--seed 41] [--sets historical_50k chongqing]

historical_50k  persons with many heavily damaged records, where chains are long (needs the data sets; else passed over)
chongqing       the synthetic city at ``--size`` records, judged under the shipped model

components   every link joins, as it stands
clustered    the surest first, under the rules about persons (mpi.linkage.clustering)

``merged`` counts records of wrongly joined clusters, ``largest`` the records of the largest cluster.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from benchmarks import people
from benchmarks.evidence import AIM, proposed_records
from benchmarks.lines import emit, progress
from benchmarks.sets import KEY, TRUTH, sets
from mpi.linkage.blocks import CERTAINTY, Edges
from mpi.linkage.clustering import Records
from mpi.linkage.clustering import cluster as cluster_edges
from mpi.linkage.match import CERTAIN
from mpi.linkage.model import Model, TermFrequencies, load_model
from mpi.linkage.settings import compile_settings
from mpi.records import PatientRecord
from training import population
from training.evaluation.clustering import weighed_edges
from training.evaluation.pairs import count_pairs
from training.fit import Request, fit_model

MODELS = Path(__file__).parents[1] / "mpi" / "models"
Persons = npt.NDArray[np.int64]
Case = tuple[Model, TermFrequencies, list[PatientRecord], list[str]]


def components(edges: Edges, records: int) -> Persons:
    """int64[N]: the connected component of each record under all links."""
    ends = edges.ends[edges.facts[:, CERTAINTY] == CERTAIN]
    graph = coo_matrix((np.ones(len(ends), np.int8), (ends[:, 0], ends[:, 1])), shape=(records, records))
    found: Persons = connected_components(graph, directed=False)[1].astype(np.int64)
    return found


def ways(model: Model, frequencies: TermFrequencies, records: Sequence[PatientRecord]) -> Iterator[tuple[str, Persons]]:
    """Each way's clusters."""
    found = weighed_edges(model, frequencies, records)
    starts = found.encoded.starts.astype(np.int32)
    yield "components", components(found.edges, len(records))
    rows = Records(found.encoded.rows, starts[:-1], starts[1:])
    yield "clustered", cluster_edges(compile_settings(model), rows, found.edges).root.astype(np.int64)


def figures(way: str, persons: Persons, truth: Sequence[str]) -> dict[str, Any]:
    """A line without the name of its set."""
    names = [str(n) for n in range(len(truth))]
    counts = count_pairs(dict(zip(names, map(str, persons.tolist()), strict=True)), dict(zip(names, truth, strict=True)))
    _, who = np.unique(np.array(truth), return_inverse=True)
    _, first, cluster, sizes = np.unique(persons, return_index=True, return_inverse=True, return_counts=True)
    mixed = np.zeros(len(sizes), np.bool_)
    mixed[cluster[who != who[first[cluster]]]] = True
    return {"way": way, **counts.as_keys(), "merged": int(sizes[mixed].sum()), "largest": int(sizes.max())}


def chongqing(size: int, seed: int) -> Case:
    made = population.generate(int(size / people.RECORDS_PER_PERSON), seed=seed)
    return *load_model(MODELS / "han.toml"), list(made.records), [str(person) for person in made.truth.tolist()]


def registered(name: str, folder: Path) -> Case | None:
    """A data set under the automatic fit; None where it is not there."""
    data = sets()[name]
    if data.absent():
        progress(f"{name}: {data.absent()}")
        return None
    (table,) = data.tables()
    table.drop(columns=[TRUTH]).to_csv(folder / f"{name}.csv", index=False)
    records = list(proposed_records(folder / f"{name}.csv"))
    fit_model(Request(None, folder / f"{name}.toml", aim=AIM), records)
    truth = dict(zip(table[KEY], table[TRUTH], strict=True))
    return *load_model(folder / f"{name}.toml"), records, [str(truth[record.local_id]) for record in records]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=100_000, help="records of the synthetic city, about (default 100000)")
    parser.add_argument("--seed", type=int, default=41, help="of the synthetic city (default 41)")
    parser.add_argument("--sets", nargs="+", default=["historical_50k", "chongqing"], help="which data sets")
    given = parser.parse_args()
    worse = []
    with tempfile.TemporaryDirectory(prefix="mpi-clustering-") as folder:
        for name in given.sets:
            case = chongqing(given.size, given.seed) if name == "chongqing" else registered(name, Path(folder))
            if case is None:
                continue
            model, frequencies, records, truth = case
            lines = [figures(way, persons, truth) for way, persons in ways(model, frequencies, records)]
            for line in lines:
                emit({"bench": "clustering", "figure": name, "records": len(records), **line})
            if lines[1]["f1"] < lines[0]["f1"]:
                worse.append(name)
    for name in worse:
        progress(f"MISSED {name}: clustering is worse than plain components")
    return 1 if worse else 0


if __name__ == "__main__":
    raise SystemExit(main())
