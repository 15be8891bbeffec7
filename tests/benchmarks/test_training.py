"""The lines of the training benchmark: which parts a figure holds, and what a run fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.training import MAP, figures, made, missed, quickest
from benchmarks.training_ours import fitted
from training.evaluation.pairs import PairCounts

SPENT = {"read": 100.0, "encode": 8.0, "blocking": 4.0, "u": 2.0, "em": 1.0, "thresholds": 50.0}
MINE = {"records": 7, "pairs": 9.0, "wall": SPENT, "cpu": {part: s / 2 for part, s in SPENT.items()}, "peak_mb": 50.0}
PEER = {"register": 1.0, "prior": 1.0, "u": 10.0, "em": 18.0, "seconds": 30.0, "cpu_seconds": 60.0, "peak_mb": 40.0}


def test_reading_and_thresholds_are_shown_but_in_no_ratio() -> None:
    estimate, whole, memory = figures(MINE, PEER)
    assert (estimate["seconds"], whole["seconds"]) == (3.0, 15.0)
    assert (estimate["ratio_to_splink"], whole["ratio_to_splink"]) == (0.1, 0.5)
    assert estimate["cpu_ratio_to_splink"] == pytest.approx(0.025)
    assert (whole["read_seconds"], whole["thresholds_seconds"], whole["splink_em_seconds"]) == (100.0, 50.0, 18.0)
    assert memory["ratio_to_splink"] == 1.25


def test_a_run_fails_by_figure_and_by_a_model_that_links_little() -> None:
    found = missed(figures(MINE, PEER), PairCounts(right=50, predicted=50, true=100))
    assert [failure.partition(":")[0] for failure in found] == ["whole", "memory", "usable"]


def test_without_a_peer_there_is_no_ratio_to_miss() -> None:
    assert missed(figures(MINE, None), PairCounts(right=100, predicted=100, true=100)) == []


def test_the_quickest_run_counts() -> None:
    seconds = iter([3.0, 1.0, 2.0])
    assert quickest(3, lambda: {"seconds": next(seconds)}, lambda line: line["seconds"]) == {"seconds": 1.0}


def test_a_fit_tells_all_its_parts(tmp_path: Path) -> None:
    made(1_500, tmp_path / "people.parquet")
    line = fitted(tmp_path / "people.parquet", MAP, tmp_path / "model.toml", "han")
    assert set(line["wall"]) == set(line["cpu"]) == set(SPENT)
    assert line["records"] >= 1_500
    assert (tmp_path / "model.toml").exists()
