"""The lines of the bulk benchmark: what a figure holds, how an index is judged, and what a run misses."""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.bulk import Material, figure_name, figures, judged, load_command, load_environment, missed
from benchmarks.bulk_process import Spent, descendants, run_measured
from training.evaluation.pairs import PairCounts

OURS = Spent(30.0, 50.0, 1000.0, 'a word before {"bulk": {"pairs": 12, "seconds": {"read": 1.0}}, "rows": 7}')
FIT = Spent(10.0, 10.0, 900.0, "")
FITTED = {"seconds": 40.0, "cpu_seconds": 60.0}
PEER = {
    "seconds": 60.0, "cpu_seconds": 100.0, "peak_mib": 7000.0, "f1": 0.96, "best_f1": 0.97, "pairs": 9,
    "wall": {"register": 1.0, "predict": 50.0, "cluster": 9.0}, "fit": FITTED,
}  # fmt: skip
GOOD = PairCounts(right=99, predicted=100, true=100)


def test_a_line_has_both_ratios_and_what_the_load_says_of_itself() -> None:
    line = figures(1_000_000, OURS, FIT, GOOD, PEER)
    assert (line["figure"], line["ratio_to_splink"], line["ratio_with_fit"]) == ("bulk_1m", 0.5, 0.4)
    assert (line["pairs"], line["read_seconds"], line["f1"]) == (12, 1.0, 0.99)
    assert (line["splink_f1"], line["splink_predict_seconds"], line["splink_fit_seconds"]) == (0.96, 50.0, 40.0)


def test_without_a_peer_or_a_fit_there_is_no_ratio_of_them() -> None:
    assert "ratio_to_splink" not in figures(10_000, OURS, FIT, GOOD, None)
    assert "ratio_with_fit" not in figures(10_000, OURS, None, GOOD, PEER)


def test_a_load_that_prints_no_report_still_has_a_line() -> None:
    assert "pairs" not in figures(10_000, OURS._replace(output="12 rows"), None, GOOD, None)


def test_limits_hold_only_at_the_size_they_are_stated_for() -> None:
    poor = PairCounts(right=50, predicted=100, true=100)
    slow, slower = OURS._replace(seconds=70.0, peak_mib=2000.0), FIT._replace(seconds=100.0)
    failures = missed(figures(1_000_000, slow, slower, poor, PEER))
    assert [failure.split()[1] for failure in failures] == ["f1", "ratio_to_splink", "ratio_with_fit", "peak_mib"]
    assert missed(figures(100_000, slow, slower, poor, PEER)) == []
    assert missed(figures(1_000_000, OURS, FIT, GOOD, PEER)) == []
    assert missed(figures(1_000_000, OURS, None, GOOD, None)) == []


@pytest.mark.parametrize(("size", "name"), [(10_000, "bulk_10k"), (10_000_000, "bulk_10m"), (12_345, "bulk_12345")])
def test_figures_are_named_by_size(size: int, name: str) -> None:
    assert figure_name(size) == name


def test_an_index_is_judged_by_its_crosswalk(tmp_path: Path) -> None:
    """Five records of three persons: two put together rightly, one wrongly with them, and two that the index lacks."""
    wanted = pa.table({"source": ["a", "a", "b", "b", "b"], "record_id": [1, 2, 1, 2, 3], "entity_id": [7, 7, 8, 9, 9]})
    pq.write_table(wanted, tmp_path / "people.parquet")
    found = pa.table({"source": ["b", "a", "a"], "local_id": ["1", "2", "1"], "master_id": ["P1", "P1", "P1"]})
    pq.write_table(found, tmp_path / "crosswalk.parquet")
    file = tmp_path / "people.parquet"
    material = Material(file, file, file, "entity_id", ("source", "record_id"), "latin")
    assert judged(tmp_path / "crosswalk.parquet", material) == PairCounts(right=1, predicted=3, true=2)


def test_the_load_is_told_its_model_and_its_persons(tmp_path: Path) -> None:
    model = tmp_path / "model.toml"
    model.write_text("[provenance]\nthreshold_population = 70123\n")
    environment = load_environment(model, 1_000)
    assert (environment["MPI_MODEL"], environment["MPI_CATCHMENT"]) == (str(model), "70123")
    assert int(environment["MPI_INDEX_CAPACITY_ROWS"]) > 1_000
    command = load_command(Path("people.parquet"), Path("map.toml"), tmp_path / "index")
    assert command[1:5] == ["-m", "mpi.cli", "load", "people.parquet"]


def test_a_process_is_measured_with_what_it_starts(tmp_path: Path) -> None:
    child = "import time; held = bytearray(60 << 20); time.sleep(0.5)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{child}']); print('done')"
    spent = run_measured([sys.executable, "-c", code], {}, log=tmp_path / "log", timeout_s=60)
    assert spent.output == "done\n"
    assert spent.peak_mib > 60
    assert 0.5 <= spent.seconds < 30


def test_a_process_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ended with 3: no"):
        run_measured(
            [sys.executable, "-c", "import sys; sys.stderr.write('no'); sys.exit(3)"], {}, log=tmp_path / "log", timeout_s=60
        )


def test_descendants_are_found_at_any_depth() -> None:
    assert descendants(1, {2: 1, 3: 2, 4: 9, 5: 3}) == {1, 2, 3, 5}
