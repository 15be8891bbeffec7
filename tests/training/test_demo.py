"""The demo's own arithmetic; the demo as a whole runs in .ci/run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpi.records import Address, HumanName, PatientRecord
from training import demo
from training.demo import accuracy_of, address_line, values_of

KEYS = [("h", str(n)) for n in range(6)]


def test_accuracy_counts_pairs_of_final_persons() -> None:
    truth = dict(zip(KEYS, "aabbcc", strict=True))
    assert accuracy_of(dict(zip(KEYS, "112233", strict=True)), truth) == (3, 1.0, 1.0)
    assert accuracy_of(dict(zip(KEYS, "123456", strict=True)), truth) == (6, 1.0, 0.0)
    assert accuracy_of(dict(zip(KEYS, "111111", strict=True)), truth) == (1, 3 / 15, 1.0)
    assert accuracy_of(dict(zip(KEYS, "111233", strict=True)), truth) == (3, 2 / 4, 2 / 3)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1))
def test_accuracy_agrees_with_looking_at_every_pair(labels: list[tuple[int, int]]) -> None:
    found = {("h", str(n)): pair[0] for n, pair in enumerate(labels)}
    truth = {("h", str(n)): pair[1] for n, pair in enumerate(labels)}
    every = [(found[a] == found[b], truth[a] == truth[b]) for a in found for b in found if a < b]
    right, together, belong = every.count((True, True)), sum(p for p, _ in every), sum(t for _, t in every)
    accuracy = accuracy_of(found, truth)
    assert accuracy.precision == (right / together if together else 1.0)
    assert accuracy.recall == (right / belong if belong else 1.0)


def test_a_record_is_shown_without_empty_fields() -> None:
    address = Address(house_number="8", road="high st", locality="dapto", postcode="4566")
    record = PatientRecord(source="h", local_id="1", names=(HumanName(family="Lee", given="Ann"),), addresses=(address,))
    assert values_of(record) == {"name": "Ann Lee", "address": "8 high st, dapto 4566"}
    assert address_line(Address(text="重庆市")) == "重庆市"


def test_an_argument_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.main(["--fast"]) == 2
    assert "usage" in capsys.readouterr().err
