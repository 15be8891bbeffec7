"""What both Splink scripts count: pairs inside Splink's clusters. Only what the peers' environment has is imported here."""

from __future__ import annotations

from collections import Counter
from typing import Any

THRESHOLDS = (0.9, 0.95)
RANDOM_PAIRS = 1e6
SEED = 2  # the FEBRL 4 example sets none; without one its F1 moves by .0002 from run to run


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
