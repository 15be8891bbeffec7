"""Work that is shared out: every item once, no worker twice at a time, errors come back."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from small_model import MODEL

from training import cores, people
from training.modelling.encode import encode_records
from training.modelling.patterns import Comparer, count_random


@pytest.fixture
def three_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "cores", lambda: 3)
    monkeypatch.setattr(cores, "LEAST", 10)


@pytest.mark.usefixtures("three_cores")
@pytest.mark.parametrize("count", [0, 1, 9, 10, 29, 30, 1000])
def test_every_item_is_done_once(count: int) -> None:
    done = np.zeros(count, np.int64)
    busy = [threading.Lock() for _ in range(3)]

    def work(worker: int, part: slice) -> None:
        assert busy[worker].acquire(blocking=False)
        done[part] += 1
        busy[worker].release()

    cores.shared_out(count, work)
    assert (done == 1).all()


@pytest.mark.usefixtures("three_cores")
def test_an_error_comes_back() -> None:
    def fail(worker: int, _: slice) -> None:
        if worker == 1:
            raise ValueError("part")

    with pytest.raises(ValueError, match="part"):
        cores.shared_out(100, fail)


def test_patterns_do_not_depend_on_the_number_of_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = encode_records(MODEL, people.generate(300, seed=4).records).encoded
    one = count_random(Comparer(MODEL, encoded), pairs=20_000, seed=1)
    monkeypatch.setattr(cores, "LEAST", 100)
    several = count_random(Comparer(MODEL, encoded), pairs=20_000, seed=1)
    np.testing.assert_array_equal(one.patterns, several.patterns)
    np.testing.assert_array_equal(one.counts, several.counts)
