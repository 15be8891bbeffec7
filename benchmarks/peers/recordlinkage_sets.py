"""recordlinkage's ECM classifier on any data set of benchmarks/sets.py; run by its path in the peers' environment.

    python recordlinkage_sets.py SPECIFICATION.json

As recordlinkage_febrl.py: texts by Jaro-Winkler at 0.85, the rest exact, blocks on the columns that FEBRL's guide blocks on.
ECM decides pairs; the figures are those of the pairs, as the library leaves them. One JSON line.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import recordlinkage

TEXTS = ("forename", "surname", "fullname", "street", "place", "city", "text", "email")
BLOCKS = ("id", "phone", "email", "dob", "forename", "surname", "fullname", "postcode")
MOST_PAIRS = 3_000_000
JARO_WINKLER_THRESHOLD = 0.85


def pairs_of(tables: list[Any], column: str) -> float:
    sizes = pd.concat([table[column] for table in tables]).dropna().value_counts()
    return float((sizes * (sizes - 1) / 2).sum())


def candidates(tables: list[Any], roles: dict[str, str]) -> Any:
    """Pairs that share a column which the library's guides block on."""
    index = recordlinkage.Index()
    for column in shared(tables, roles):
        if roles[column] in BLOCKS and pairs_of(tables, column) <= MOST_PAIRS:
            index.block(column)
    return index.index(*tables)


def compared(tables: list[Any], roles: dict[str, str], pairs: Any) -> Any:
    """Agreement of each pair in each column, 0 or 1."""
    comparison = recordlinkage.Compare()
    for column in shared(tables, roles):
        if roles[column] in TEXTS:
            comparison.string(column, column, method="jarowinkler", threshold=JARO_WINKLER_THRESHOLD, label=column)
        else:
            comparison.exact(column, column, label=column)
    return comparison.compute(pairs, *tables)


def shared(tables: list[Any], roles: dict[str, str]) -> list[str]:
    return [column for column in roles if all(column in table for table in tables)]


def link(tables: list[Any], roles: dict[str, str]) -> Any:
    return recordlinkage.ECMClassifier().fit_predict(compared(tables, roles, candidates(tables, roles)))


def main() -> None:
    given = json.loads(Path(sys.argv[1]).read_text())
    warnings.filterwarnings("ignore")
    frames = [pd.read_parquet(path).replace("", None) for path in given["files"]]
    if not given["two_sided"]:  # one table: the library links two files only where neither has duplicates of its own
        frames = [pd.concat(frames, ignore_index=True)]
    truth = [frame["truth"].to_numpy() for frame in frames]
    tables = [frame.drop(columns=["truth", "rec_id"]) for frame in frames]
    started = time.perf_counter()
    pairs = link(tables, given["roles"])
    seconds = time.perf_counter() - started
    left, right = truth[0][pairs.get_level_values(0)], truth[-1][pairs.get_level_values(1)]
    sizes = pd.concat([frame["truth"] for frame in frames]).value_counts()
    counts = {"right": int((left == right).sum()), "predicted": len(pairs), "true": int((sizes * (sizes - 1) // 2).sum())}
    print(json.dumps({"system": "recordlinkage_ecm", "threshold": "ecm", "scope": "pairs", **counts, "seconds": seconds}))


if __name__ == "__main__":
    main()
