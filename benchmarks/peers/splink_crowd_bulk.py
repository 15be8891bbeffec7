"""Splink 5 with a saved model on a whole crowd: register, predict, cluster; run by its path in the peers' environment.

    python splink_crowd_bulk.py SPECIFICATION.json      {"file": …, "model": …, "threads": 2, "memory": "8GB"}

Counted as a user would run it: pairs from ``LEAST`` on are predicted, and clustered once at ``CLUSTER_AT``. The clusters of
the other thresholds are made afterwards, to find its best F1. Prints one JSON line.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from splink import Linker

from benchmarks.peers.splink_crowd import Parts, limits, loaded, registered
from benchmarks.peers.splink_pairs import quietly

LEAST, CLUSTER_AT, OTHERS = 0.9, 0.95, (0.9, 0.99, 0.999)
TRUE_PAIRS = "select sum(n * (n - 1) / 2) from (select count(*) as n from truth group by entity_id)"
FOUND_PAIRS = """
with cells as (select cluster_id, entity_id, count(*) as n from {clusters} join truth using (record_id) group by all)
select (select sum(n * (n - 1) / 2) from cells),
       (select sum(n * (n - 1) / 2) from (select sum(n) as n from cells group by cluster_id))
"""


def run(given: dict[str, Any]) -> dict[str, Any]:
    """Link, cluster and measure; then judge."""
    connection, parts = loaded(given["file"], *limits(given)), Parts()
    with parts.timed("register"):
        linker = Linker(registered(connection, "people", "people_in"), json.loads(Path(given["model"]).read_text()))
    with parts.timed("predict"):
        predicted = linker.inference.predict(threshold_match_probability=LEAST)
    with parts.timed("cluster"):
        clusters = _clustered(linker, predicted, CLUSTER_AT)
    line = parts.line()
    f1 = {CLUSTER_AT: _f1(connection, clusters)} | {at: _f1(connection, _clustered(linker, predicted, at)) for at in OTHERS}
    return line | {
        "records": _row(connection, "select count(*) from people")[0],
        "pairs": _row(connection, f"select count(*) from {predicted.physical_name}")[0],
        "f1": f1[CLUSTER_AT],
        "best_f1": max(f1.values()),
        "f1_by_threshold": {str(at): value for at, value in sorted(f1.items())},
    }


def _clustered(linker: Any, predicted: Any, threshold: float) -> str:
    made = linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, threshold_match_probability=threshold)
    name: str = made.physical_name
    return name


def _f1(connection: Any, clusters: str) -> float:
    """Of pairs of records in one cluster."""
    (true,) = _row(connection, TRUE_PAIRS)
    right, found = _row(connection, FOUND_PAIRS.format(clusters=clusters))
    return 2.0 * float(right) / (float(found) + float(true))


def _row(connection: Any, query: str) -> tuple[Any, ...]:
    """The only row of a result, read to its end: a result that is left open blocks the connection."""
    (row,) = connection.execute(query).fetchall()
    return tuple(row)


def main() -> None:
    print(json.dumps(quietly(run)))


if __name__ == "__main__":
    main()
