"""The journals of the restart benchmark: consistent, of the size that was asked for, and the same whoever reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import journals, restart
from benchmarks.ours import model_file
from mpi.linkage.model import load_model
from mpi.registry.registry import Limits, Registry

RECORDS = 2_600


def test_a_made_journal_is_loaded_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "BASE", 1_000)  # three copies of a small base, the last one cut short
    monkeypatch.setattr(restart, "BASE", 1_000)
    model, frequencies = load_model(model_file("han"))
    base = journals.base_of(model)
    made = restart.journal(tmp_path, model, base, RECORDS)
    registry = Registry.open(tmp_path, model, frequencies, Limits(catchment=1000, capacity_rows=20_000))
    registry.start()
    counts = registry.counts()
    assert (counts.records, counts.sequence) == (RECORDS, made.events)
    assert made.events > RECORDS  # some come again, some are retired
    assert len(made.masters) >= restart.CHECKED - 1
    for (source, local_id), master_id in made.masters.items():
        assert registry.lookup_record(source, local_id).master_id == master_id
    whole = [int(base.persons.max()) + 1] * 2
    assert counts.persons == sum(whole) + len(set(base.persons[:600].tolist()))
    registry.close()


def test_other_copies_are_of_other_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "BASE", 500)
    model, _ = load_model(model_file("han"))
    rows = journals.base_of(model).encoded.rows
    seen = [journals.moved(model, rows, copy) for copy in range(3)]
    for column, feature in enumerate(model.features):
        present = seen[0][:, column] != 0
        assert all(((other[:, column] != 0) == present).all() for other in seen), feature.name
        if feature.kind in ("identifier", "text"):
            found = [set(other[present, column].tolist()) for other in seen]
            assert not found[0] & found[1] | found[1] & found[2], feature.name
            assert len(found[0]) == len(found[1]) == len(found[2]), feature.name
        if feature.kind == "date":
            days = seen[1][present, column] & ~journals.DERIVED_BIT
            assert (days % 100 <= 31).all()
            assert (days // 100 % 100 <= 12).all()
            assert (days // 10_000 > 1890).all()
