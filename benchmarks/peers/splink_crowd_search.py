"""Splink 5 with a saved model and a crowd at hand: one new record at a time, and many in one call.

    python splink_crowd_search.py SPECIFICATION.json
        {"file": …, "model": …, "new": 10000, "calls": 25, "threads": 2, "memory": "8GB"}

Term frequencies are computed before anything is measured. New records are records of the crowd under other ids, the last
letter of the family name replaced. A call registers them and predicts between them and the crowd, and its result is read; the
first calls of each kind are not counted. Run by its path in the peers' environment; prints one JSON line.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import duckdb
from splink import DuckDBAPI, Linker

from benchmarks.peers.splink_crowd import Parts, limits, loaded
from benchmarks.peers.splink_pairs import quietly

CALLS, WARM_UP, NEW = 25, 3, 10_000
CHANGED = """
select * replace (record_id + 1000000000 as record_id, left(family_name, -1) || 'x' as family_name)
from people where family_name is not null using sample reservoir({rows} rows) repeatable (5)
"""


def run(given: dict[str, Any]) -> dict[str, Any]:
    """Measure both kinds of call."""
    connection, parts = loaded(given["file"], *limits(given)), Parts()
    with parts.timed("prepare"):
        interface = DuckDBAPI(connection=connection)
        existing = interface.register(connection.table("people"), dataset_display_name="people_in")
        linker = Linker(existing, json.loads(Path(given["model"]).read_text()))
        for column in ("given_name", "family_name"):
            linker.table_management.compute_tf_table(column)
    calls = int(given.get("calls", CALLS))
    singles = connection.execute(CHANGED.format(rows=calls + WARM_UP))
    columns = [described[0] for described in singles.description]
    records = [dict(zip(columns, row, strict=True)) for row in singles.fetchall()]

    def searched(new: Any, name: str) -> tuple[float, int]:
        """(seconds, pairs) of one call."""
        began = time.perf_counter()
        table = interface.register(new, dataset_display_name=name)
        found = linker.inference.predict_between(table, existing, threshold_match_weight=0)
        pairs = len(connection.execute(f"select * from {found.physical_name}").fetchall())
        seconds = time.perf_counter() - began
        found.drop_table_from_database_and_remove_from_cache()
        return seconds, pairs

    single = sorted(searched([record], f"one_{place}")[0] for place, record in enumerate(records))[:-WARM_UP]
    many: list[tuple[float, int]] = []
    for turn in range(2):  # the first one warms up
        connection.execute(f"create or replace table new_{turn} as {CHANGED.format(rows=int(given.get('new', NEW)))}")
        many.append(searched(connection.table(f"new_{turn}"), f"many_{turn}"))
    return parts.line() | {
        "duckdb": duckdb.__version__,
        "calls": len(single),
        "median_ms": 1000 * single[len(single) // 2],
        "p95_ms": 1000 * single[int(0.95 * len(single))],
        "new": int(given.get("new", NEW)),
        "new_seconds": many[-1][0],
        "new_pairs": many[-1][1],
    }


def main() -> None:
    print(json.dumps(quietly(run)))


if __name__ == "__main__":
    main()
