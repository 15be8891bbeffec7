"""A model at another threshold, and batches."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from benchmarks.febrl import record_key, split_key
from benchmarks.ours import batches, model_at
from mpi.records import PatientRecord

MODEL = 'name = "m"\nsidecar = "m.parquet"\n[decision]\nupper = 0.998\nlower = 0.95\nmargin_bits = 3\n'


def shipped(folder: Path, text: str = MODEL) -> Path:
    (folder / "m.parquet").write_bytes(b"sidecar")
    (folder / "m.toml").write_text(text, encoding="utf-8")
    return folder / "m.toml"


@pytest.mark.parametrize(("upper", "lower"), [(0.9, 0.9), (0.9999, 0.95)])
def test_only_the_thresholds_change_and_the_sidecar_comes_along(tmp_path: Path, upper: float, lower: float) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    changed = model_at(shipped(tmp_path), upper, copies)
    expected = tomllib.loads(MODEL)
    expected["decision"] |= {"upper": upper, "lower": lower}
    assert tomllib.loads(changed.read_text(encoding="utf-8")) == expected
    assert (copies / "m.parquet").read_bytes() == b"sidecar"


def test_a_model_without_thresholds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one upper and one lower"):
        model_at(shipped(tmp_path, 'name = "m"\n'), 0.9, tmp_path)


def test_batches_hold_every_record_once() -> None:
    records = [PatientRecord(source="h", local_id=str(number)) for number in range(7)]
    assert [len(batch) for batch in batches(records, 3)] == [3, 3, 1]
    assert [record for batch in batches(records, 3) for record in batch] == records


def test_a_local_number_may_hold_slashes() -> None:
    assert split_key(record_key("h1", "2024/07/1")) == ("h1", "2024/07/1")
