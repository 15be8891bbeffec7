"""What Splink scripts share: how they are run, pairs inside clusters. Imports only what the peers' environment has."""

from __future__ import annotations

import io
import json
import logging
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

THRESHOLDS = (0.9, 0.95)
RANDOM_PAIRS = 1e6
SEED = 2  # the FEBRL 4 example sets none; without one its F1 moves by .0002 from run to run


def quietly(run: Callable[[dict[str, Any]], T]) -> T:
    """``run`` on the specification that the command line names, without Splink's progress and warnings."""
    given = json.loads(Path(sys.argv[1]).read_text())
    warnings.filterwarnings("ignore")
    logging.getLogger("splink").setLevel(logging.ERROR)
    with redirect_stdout(io.StringIO()):
        return run(given)


def clustered_pairs(connection: Any, linker: Any, predictions: Any, threshold: float, truth: str) -> tuple[int, int]:
    """(right, all) pairs of records that clusters at a threshold put together; ``truth`` is the column with the person."""
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predictions, threshold_match_probability=threshold)
    rows = connection.execute(f"select cluster_id, {truth}, count(*) from {clusters.physical_name} group by all").fetchall()
    whole: Counter[str] = Counter()
    for cluster_id, _, size in rows:
        whole[cluster_id] += size
    return sum(map(pairs, (size for _, _, size in rows))), sum(map(pairs, whole.values()))


def pairs(size: int) -> int:
    """Unordered pairs in a group."""
    return size * (size - 1) // 2
