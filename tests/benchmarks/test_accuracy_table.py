"""The table in docs/accuracy.md: what was measured replaces its own rows only."""

from __future__ import annotations

from pathlib import Path

from benchmarks.accuracy_table import BEGIN, END, write_table
from benchmarks.sets import sets

LINE = {"precision": 1.0, "recall": 0.5, "f1": 2 / 3, "wrong_pairs": 0, "missed_pairs": 7, "threshold": 0.9, "seconds": 1.0}


def test_rows_of_other_sets_stay(tmp_path: Path) -> None:
    path = tmp_path / "accuracy.md"
    path.write_text(f"before\n{BEGIN}\n{END}\nafter\n", encoding="utf-8")
    write_table(path, [{"data": "a", "system": "ours", **LINE}, {"data": "b", "system": "ours", **LINE}])
    write_table(path, [{"data": "b", "system": "peer", "threshold": "", "failed": "TimeoutExpired"}])
    text = path.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "| a |  | ours | 0.9 | 1.0000 | 0.5000 | **0.6667** | 0 | 7 | 1.0 |" in text
    assert "did not finish (TimeoutExpired)" in text
    assert "| b |  | ours" not in text


def test_every_set_has_names_of_its_own_and_says_what_is_absent() -> None:
    for name, data in sets().items():
        assert data.name == name
        assert data.roles
        assert data.files or name.startswith("chongqing")
