"""Splink 5 trained on a crowd, and its model saved; run by its path in the peers' environment, the checkout on PYTHONPATH.

    python splink_crowd_training.py SPECIFICATION.json      {"file": …, "model": …, "threads": 2, "memory": "8GB"}

The prior by deterministic rules, u by random sampling, m by EM over two blocks. Prints one JSON line.
"""

from __future__ import annotations

import json
from typing import Any

from splink import Linker, block_on

from benchmarks.peers.splink_crowd import CERTAIN, EM_BLOCKS, RECALL_OF_CERTAIN, Parts, limits, loaded, registered, settings
from benchmarks.peers.splink_pairs import RANDOM_PAIRS, SEED, quietly


def run(given: dict[str, Any]) -> dict[str, Any]:
    """Train, save and measure."""
    connection, parts = loaded(given["file"], *limits(given)), Parts()
    with parts.timed("register"):
        linker = Linker(registered(connection, "people", "people_in"), settings())
    with parts.timed("prior"):
        certain = [block_on(*rule) for rule in CERTAIN]
        linker.training.estimate_probability_two_random_records_match(certain, recall=RECALL_OF_CERTAIN)
    with parts.timed("u"):
        linker.training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=SEED)
    for block in EM_BLOCKS:
        with parts.timed("em"):
            linker.training.estimate_parameters_using_expectation_maximisation(block_on(*block))
    linker.misc.save_model_to_json(given["model"], overwrite=True)
    return parts.line()


def main() -> None:
    print(json.dumps(quietly(run)))


if __name__ == "__main__":
    main()
