"""Records encoded by kernels and the ordinary way make one table: the same rows, values, order, places and count."""

from __future__ import annotations

from itertools import islice

import msgspec
import numpy as np
import pytest

from benchmarks.ours import model_file
from mpi.linkage.features import Encoded
from mpi.linkage.model import load_model
from mpi.records import PatientRecord
from training import people
from training.modelling import encode
from training.modelling.encode import Table, encode_records
from training.population import generate
from training.timing import collected

MODEL = load_model(model_file("han"))[0]
SEED = 415


def mixed() -> list[PatientRecord]:
    """A population with records among them that are refused, that no kernel reads, or that come twice."""
    print(f"seed {SEED}")
    records = list(generate(1_200, seed=SEED, errors="high").records)
    for place in range(0, len(records), 100):
        records[place] = msgspec.structs.replace(records[place], birth_date="2999-01-01")
        records[place + 1] = msgspec.structs.replace(records[place + 1], attributes={"email": "a@b.c"})
        records[place + 2] = msgspec.structs.replace(records[place + 2], ethnicity="\ud800")
        records[place + 3] = records[place + 4]
    return [*records, *islice(people.generate(100, seed=SEED).records, 150)]


def ordinary(records: list[PatientRecord], monkeypatch: pytest.MonkeyPatch, wanted: tuple[encode.Key, ...] = ()) -> Table:
    with monkeypatch.context() as patched:
        patched.setattr(encode, "FEWEST", len(records) + 1)
        return encode_records(MODEL, records, wanted)


def assert_same(found: Table, expected: Table) -> None:
    assert found.refused == expected.refused
    assert found.places == expected.places
    for name in ("rows", "slots", "starts"):
        np.testing.assert_array_equal(getattr(found.encoded, name), getattr(expected.encoded, name), strict=True)
    np.testing.assert_array_equal(found.encoded.values.cells, expected.encoded.values.cells, strict=True)
    np.testing.assert_array_equal(found.encoded.values.chars, expected.encoded.values.chars, strict=True)


def test_both_ways_make_the_same_table(monkeypatch: pytest.MonkeyPatch) -> None:
    records = mixed()
    wanted = tuple((r.source, r.local_id) for r in records[::7])
    monkeypatch.setattr(encode, "CHUNK", 700)  # some chunks with half a character in them, the last one short
    monkeypatch.setattr(encode, "FEWEST", 300)
    found = encode_records(MODEL, records, wanted)
    assert found.refused >= 12
    assert len(found.places) > len(wanted) / 2
    assert_same(found, ordinary(records, monkeypatch, wanted))


def test_kernels_read_nearly_all(monkeypatch: pytest.MonkeyPatch) -> None:
    records = list(generate(1_000, seed=SEED).records)
    slow: list[PatientRecord] = []
    standard = encode._standard
    monkeypatch.setattr(encode, "_standard", lambda record: (slow.append(record), standard(record))[1])
    encode_records(MODEL, records)
    assert len(slow) < 0.05 * len(records)


def test_a_chunk_of_which_all_is_refused_leaves_no_rows() -> None:
    nobody = PatientRecord(source="", local_id="")
    table = encode_records(MODEL, [nobody] * encode.FEWEST)
    assert (table.records, table.refused, len(table.encoded.rows)) == (0, encode.FEWEST, 0)


def test_a_value_stands_once_for_a_feature() -> None:
    encoded: Encoded = encode_records(MODEL, generate(600, seed=SEED).records).encoded
    for feature in range(len(MODEL.features)):
        slots = encoded.slots[:, feature]
        pairs = np.unique(np.stack([encoded.rows[slots > 0, feature], slots[slots > 0].astype(np.int64)], axis=1), axis=0)
        assert len(np.unique(pairs[:, 0])) == len(np.unique(pairs[:, 1])) == len(pairs)


def test_reading_and_encoding_are_timed_apart() -> None:
    with collected() as parts:
        encode_records(MODEL, generate(50, seed=SEED).records)
    assert set(parts) == {"read", "encode"}
    assert all(spent.wall > 0 for spent in parts.values())
    encode_records(MODEL, generate(50, seed=SEED).records)
    assert set(parts) == {"read", "encode"}
