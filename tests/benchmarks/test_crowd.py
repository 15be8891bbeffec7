"""The crowd: deterministic, of the rates that stand in its table, and readable by its own map."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.crowd.generate import MAP, TEMPLATE, make, write
from benchmarks.crowd.spoil import MISSING
from benchmarks.crowd.text import DIGITS, mistyped
from mpi import intake
from mpi.standardise import validate
from training.modelling.template import read_template

RECORDS = 20_000
TRAITS = list(MISSING)


def table(records: int = RECORDS, seed: int = 3) -> pd.DataFrame:
    return make(records, seed=seed).to_pandas()


def test_the_same_number_and_seed_make_the_same_crowd() -> None:
    assert make(500, seed=1).equals(make(500, seed=1))
    assert not make(500, seed=1).equals(make(500, seed=2))


def test_three_records_in_ten_are_further_ones() -> None:
    people = table().entity_id.value_counts()
    assert len(people) == round(0.7 * RECORDS)
    pairs = int((people * (people - 1) // 2).sum())
    assert 0.5 * RECORDS < pairs < 0.65 * RECORDS
    assert people.max() > 4


def test_what_is_missing_keeps_to_its_rates() -> None:
    made = table()
    for column, rate in MISSING.items():
        expected = 0.3 * rate.further + 0.7 * rate.first
        assert made[column].isna().mean() == pytest.approx(expected, abs=0.012), column


def test_records_of_one_person_mostly_agree_and_often_do_not() -> None:
    made = table()
    both = made.merge(made, on="entity_id", suffixes=("", "_other"))
    both = both[both.record_id < both.record_id_other]
    agree = {trait: float((both[trait] == both[f"{trait}_other"])[both[trait].notna()].mean()) for trait in TRAITS}
    assert 0.6 < agree["given_name"] < 0.8
    assert 0.8 < agree["birth_date"] < 0.95
    assert agree["address"] < agree["postcode"]


def test_families_share_homes_and_twins_a_birthday() -> None:
    first = table().drop_duplicates("entity_id")
    homes = first[first.address.notna()].groupby(["address", "family_name"])
    assert (homes.size() > 1).sum() > 500
    assert (homes.birth_date.nunique() < homes.birth_date.count()).sum() > 10


def test_every_record_is_one_that_the_index_takes(tmp_path: Path) -> None:
    file = tmp_path / "crowd.parquet"
    write(file, 2_000, seed=5)
    rows = list(islice(intake.read_records(file, MAP), 3_000))
    assert len(rows) == 2_000
    for row in rows:
        assert isinstance(row, intake.MappedRow)
        validate(row.record)


def test_its_template_is_one_that_can_be_fitted() -> None:
    template = read_template(TEMPLATE)
    assert {f.source for f in template.model.features} >= {"given", "family", "birth_date", "national_id", "phone"}
    assert template.classes[0].name == "same person"


def test_fewer_than_ten_are_no_crowd() -> None:
    with pytest.raises(ValueError, match="at least 10"):
        make(9)


def test_a_mistake_changes_only_what_was_chosen_and_fits_the_column() -> None:
    random = np.random.default_rng(1)
    values = np.array([b"1234567890"] * 4_000 + [b"7"] * 10, "S11")
    chosen = np.arange(len(values)) % 2 == 0
    spoilt = mistyped(values, chosen, random, letters=DIGITS)
    assert (spoilt[~chosen] == values[~chosen]).all()
    assert (spoilt[4_000:] == b"7").all(), "one letter is not enough for a mistake"
    assert (spoilt[:4_000][chosen[:4_000]] != values[0]).mean() > 0.9
    assert {len(text) for text in spoilt[:4_000].tolist()} == {9, 10, 11}
    assert all(text.isdigit() for text in spoilt.tolist())


def test_a_full_column_has_no_room_for_a_letter_more() -> None:
    spoilt = mistyped(np.array([b"12345"] * 1_000, "S5"), np.ones(1_000, bool), np.random.default_rng(2), letters=DIGITS)
    assert {len(text) for text in spoilt.tolist()} == {4, 5}
