"""Splink 5 trained on one file; run by its path in the peers' environment, the checkout on PYTHONPATH.

    python splink_training.py SPECIFICATION.json

The specification is that of splink_sets.py with one file, and so are comparisons and training: the prior by deterministic
rules, u by random sampling, m by EM over one block after the other. Reading the file into DuckDB is not counted. Prints one
JSON line: wall seconds of each part, CPU seconds and the peak memory of the process.
"""

from __future__ import annotations

import json
import resource
import time
from typing import Any

import duckdb
from splink import DuckDBAPI, Linker, SettingsCreator

from benchmarks.peers.splink_pairs import RANDOM_PAIRS, SEED, quietly
from benchmarks.peers.splink_sets import comparison, quoted, training


def run(given: dict[str, Any]) -> dict[str, Any]:
    """Train and measure."""
    connection = duckdb.connect()
    cells = ", ".join(f"nullif({quoted(c)}, '') as {quoted(c)}" for c in given["columns"])
    connection.execute(f"create table people as select rec_id, {cells} from '{given['files'][0]}'")
    comparisons = [comparison(column, role, given["dates"]) for column, role in given["roles"].items()]
    chosen = training(given["roles"])
    seconds: dict[str, float] = {}
    cpu, last = time.process_time(), time.perf_counter()

    def done(part: str) -> None:
        nonlocal last
        now = time.perf_counter()
        seconds[part], last = seconds.get(part, 0.0) + now - last, now

    table = DuckDBAPI(connection=connection).register(connection.table("people"), dataset_display_name="people_in")
    linker = Linker(
        table,
        SettingsCreator(unique_id_column_name="rec_id", link_type="dedupe_only", comparisons=comparisons),
    )
    done("register")
    linker.training.estimate_probability_two_random_records_match(chosen["certain"], recall=chosen["recall"])
    done("prior")
    linker.training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=SEED)
    done("u")
    for block in chosen["em"]:
        linker.training.estimate_parameters_using_expectation_maximisation(block)
        done("em")
    return {
        "system": "splink",
        **seconds,
        "seconds": sum(seconds.values()),
        "cpu_seconds": time.process_time() - cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    print(json.dumps(quietly(run)))


if __name__ == "__main__":
    main()
