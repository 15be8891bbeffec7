"""Which record a local number leads to, where many are noted at once."""

from __future__ import annotations

import pytest
from small_model import MODEL, NO_FREQUENCIES

from mpi.registry import index as index_module
from mpi.registry.index import Index, NewRecords, number_key, number_keys


@pytest.fixture
def index():
    return Index(MODEL, NO_FREQUENCIES, capacity=4096, catchment=1)


def new(first: int, local_ids: list[str]) -> NewRecords:
    count = len(local_ids)
    return NewRecords(
        first=first,
        sources=["h"] * count,
        local_ids=local_ids,
        since=1,
        recorded_at=[0] * count,
        sequences=list(range(first + 1, first + count + 1)),
        contents=[bytes(16)] * count,
        probability=[1.0] * count,
        generations=[0] * count,
        models="m@1",
        grades=[1] * count,
    )


def numbers(letter: str, count: int) -> list[str]:
    return [f"{letter}{n}" for n in range(count)]


@pytest.mark.parametrize("count", [1, 7, 300])
def test_every_number_is_found(index, count):
    index.add_records(new(0, numbers("p", count)))
    assert [index.find("h", number) for number in numbers("p", count)] == list(range(count))
    assert index.find("h", "p") == index.find("other", "p0") == -1
    keys = number_keys(["h", "h", "other"], ["p0", "p", "p0"])
    assert index.may_know(keys).tolist() == [True, False, False]


@pytest.mark.parametrize("count", [1, 50])
def test_a_number_given_out_again_leads_to_the_newest_record(index, count):
    index.add_records(new(0, numbers("p", count)))
    index.add_records(new(count, numbers("p", count)))
    assert [index.find("h", number) for number in numbers("p", count)] == list(range(count, 2 * count))


@pytest.mark.parametrize("count", [2, 50])
def test_numbers_of_one_hash_are_told_apart(index, count, monkeypatch):
    monkeypatch.setattr(index_module, "number_key", lambda source, local_id: number_key(source, local_id) % 3 + 1)
    index.add_records(new(0, numbers("p", count)))
    index.add_records(new(count, numbers("q", count)))
    assert [index.find("h", number) for number in numbers("p", count)] == list(range(count))
    assert [index.find("h", number) for number in numbers("q", count)] == list(range(count, 2 * count))
