"""Which record a local number leads to, where many are noted at once."""

from __future__ import annotations

import pytest
from small_model import MODEL, NO_FREQUENCIES

from mpi.registry import index as index_module
from mpi.registry.index import MANY, Index, NewRecord, number_key


@pytest.fixture
def index():
    return Index(MODEL, NO_FREQUENCIES, capacity=4096, catchment=1)


def new(number: int, local_id: str) -> NewRecord:
    return NewRecord(number, "h", local_id, 1, 0, number + 1, bytes(16), 1.0, 0, "m@1", 1)


@pytest.mark.parametrize("count", [1, MANY - 1, MANY, 300])
def test_every_number_is_found(index, count):
    index.add_records([new(n, f"p{n}") for n in range(count)])
    assert [index.find("h", f"p{n}") for n in range(count)] == list(range(count))
    assert index.find("h", "p") == index.find("other", "p0") == -1


@pytest.mark.parametrize("count", [1, 50])
def test_a_number_given_out_again_leads_to_the_newest_record(index, count):
    index.add_records([new(n, f"p{n}") for n in range(count)])
    index.add_records([new(count + n, f"p{n}") for n in range(count)])
    assert [index.find("h", f"p{n}") for n in range(count)] == list(range(count, 2 * count))


@pytest.mark.parametrize("count", [2, 50])
def test_numbers_of_one_hash_are_told_apart(index, count, monkeypatch):
    monkeypatch.setattr(index_module, "number_key", lambda source, local_id: number_key(source, local_id) % 3 + 1)
    index.add_records([new(n, f"p{n}") for n in range(count)])
    index.add_records([new(count + n, f"q{n}") for n in range(count)])
    assert [index.find("h", f"p{n}") for n in range(count)] == list(range(count))
    assert [index.find("h", f"q{n}") for n in range(count)] == list(range(count, 2 * count))
