"""Splink 5 on two tables of benchmarks/graded.py: the pairs between them with their probability; run by its path.

    python splink_decisions.py SPECIFICATION.json

Comparisons, blocking rules and training are those of splink_sets.py. Where the specification says ``given_pairs``, the pairs
are given (equal ``rec_id`` in both tables) and all of them are weighed, whatever the blocking rules find. The first JSON line
has the seconds, each other one a pair.
"""

from __future__ import annotations

import json
import time
from typing import Any

from splink import block_on

from benchmarks.peers.splink_pairs import quietly
from benchmarks.peers.splink_sets import prepared, trained

LEAST = 0.01  # pairs of a lower probability decide nothing


def run(given: dict[str, Any]) -> list[dict[str, Any]]:
    connection, names, settings = prepared(given)
    if given["given_pairs"]:
        settings["rules"] = [block_on("rec_id")]
    started = time.perf_counter()
    linker = trained(given, connection, names, settings)
    predictions = linker.inference.predict(threshold_match_probability=None if given["given_pairs"] else LEAST)
    seconds = time.perf_counter() - started
    columns = "source_dataset_l, rec_id_l, rec_id_r, match_probability"
    lines: list[dict[str, Any]] = [
        {"seconds": seconds, "em_left_out": settings.get("left_out", 0), "em": len(settings["em"])}
    ]
    for source, left, right, chance in connection.execute(f"select {columns} from {predictions.physical_name}").fetchall():
        known, comes = (left, right) if source == f"{names[0]}_in" else (right, left)
        lines.append({"known": known, "comes": comes, "probability": chance})
    return lines


def main() -> None:
    for line in quietly(run):
        print(json.dumps(line))


if __name__ == "__main__":
    main()
