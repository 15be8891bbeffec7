"""Graded cases: how a decision counts, what the sets hold, and that given pairs are graded as the clustering grades them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from benchmarks.accuracy_table import DECISIONS_BEGIN, DECISIONS_END, write_decisions
from benchmarks.evidence import mapped_records
from benchmarks.graded import CGED_ROLES, GRADE, GRADES, MATCH, NO_MATCH, POSSIBLE, GradedSet, graded_sets
from benchmarks.judged import DECISIONS, LINK, NEW, REVIEW, Case, area_under_curve, by_probability, case_counts
from benchmarks.ours import model_file
from benchmarks.sets import KEY, TRUTH
from mpi.linkage.model import load_model
from mpi.records import Certainty, HumanName, Identifier, IdentifierType, PatientRecord, Sex
from training.evaluation.clustering import grade_pairs
from training.modelling.template import read_template

KINDS = {
    (MATCH, LINK): "right_links",
    (POSSIBLE, LINK): "hasty_links",
    (NO_MATCH, LINK): "wrong_links",
    (MATCH, REVIEW): "cautious_reviews",
    (POSSIBLE, REVIEW): "right_reviews",
    (NO_MATCH, REVIEW): "needless_reviews",
    (MATCH, NEW): "missed",
    (POSSIBLE, NEW): "missed",
}


def graded(name: str) -> GradedSet:
    found = graded_sets()[name]
    if absent := found.data.absent():
        pytest.skip(f"{absent} is not there")
    return found


@pytest.mark.parametrize("grade", GRADES)
@pytest.mark.parametrize("decision", DECISIONS)
def test_every_decision_counts_once(grade: str, decision: str) -> None:
    counts = case_counts([Case(grade, decision, named=True)])
    table = counts.pop("table")
    assert table[grade][decision] == sum(sum(row.values()) for row in table.values()) == 1
    assert [kind for kind, count in counts.items() if count] == (
        [KINDS[grade, decision]] if (grade, decision) in KINDS else []
    )


@pytest.mark.parametrize("grade", GRADES)
def test_another_person_is_wrong_whatever_the_grade(grade: str) -> None:
    assert case_counts([Case(grade, LINK, named=False)])["wrong_links"] == 1
    assert case_counts([Case(grade, REVIEW, named=False)])["needless_reviews"] == 1


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({}, (NEW, False)),
        ({"a": 0.4}, (NEW, False)),
        ({"a": 0.5, "b": 0.2}, (REVIEW, True)),
        ({"a": 0.3, "b": 0.7}, (REVIEW, False)),
        ({"a": 0.9}, (LINK, True)),
        ({"a": 0.6, "b": 0.95}, (LINK, False)),
    ],
)
def test_the_best_candidate_decides(found: dict[str, float], expected: tuple[str, bool]) -> None:
    assert by_probability(MATCH, "a", found, upper=0.9, lower=0.5) == Case(MATCH, *expected)


def test_area_under_curve_counts_ties_half() -> None:
    assert area_under_curve([3.0, 1.0, 1.0, 0.0], [MATCH, MATCH, NO_MATCH, NO_MATCH]) == pytest.approx(3.5 / 4)


def test_rows_of_other_sets_stay(tmp_path: Path) -> None:
    path = tmp_path / "accuracy.md"
    path.write_text(f"before\n{DECISIONS_BEGIN}\n{DECISIONS_END}\nafter\n", encoding="utf-8")
    line = {"threshold": 0.9, "review_from": 0.5, "seconds": 1.0, **case_counts([Case(MATCH, LINK, named=True)])}
    write_decisions(path, [{"data": "a", "system": "ours", **line}])
    write_decisions(path, [{"data": "b", "system": "peer", "threshold": 0.9, "review_from": 0.5, "failed": "TimeoutExpired"}])
    text = path.read_text(encoding="utf-8")
    assert "| a | ours | 0.9 | 0.5 | 1 / 0 / 0 | 0 / 0 / 0 | 0 / 0 / 0 | 1 | 0 | 0 | 0 | 0 | 0 | 0 |  | 1.0 |" in text
    assert "did not finish (TimeoutExpired)" in text
    table = [row for row in text.splitlines() if row.startswith("|")]
    assert len({row.count("|") for row in table}) == 1
    assert text.endswith("after\n")


def test_cases_are_graded_against_records_that_are_known() -> None:
    known, comes = graded("cdc_nbs").data.tables()
    assert known[KEY].is_unique
    assert set(comes[TRUTH]) <= set(known[KEY])
    assert Counter(comes[GRADE]) == {MATCH: 53, POSSIBLE: 14, NO_MATCH: 17}


def test_pairs_stand_in_one_row_and_every_trait_is_mapped(tmp_path: Path) -> None:
    pairs = graded("cged")
    left, right = pairs.data.tables()
    assert left[KEY].tolist() == right[KEY].tolist()
    assert Counter(right[GRADE]) == {MATCH: 70, NO_MATCH: 230}
    assert not (left == "?").any(axis=None)
    file = tmp_path / "cged.csv"
    left.drop(columns=[TRUTH]).to_csv(file, index=False)
    assert pairs.map is not None
    records = list(mapped_records(file, pairs.map))
    assert len(records) == len(left)
    seen = {key for record in records for key in record.attributes}
    assert len(seen) == len(CGED_ROLES) - 1  # the name is no attribute


def test_the_template_of_the_pairs_can_be_read() -> None:
    template = graded_sets()["cged"].template
    assert template is not None
    assert [each.name for each in read_template(template).classes] == ["same person"]


def test_given_pairs_are_graded_without_blocking_and_with_vetoes() -> None:
    model, frequencies = load_model(model_file("latin"))
    number = (Identifier(type=IdentifierType.NATIONAL_OTHER, value="675791449"),)
    names = (HumanName(family="Gutierrez", given="Linda"),)
    records = [
        PatientRecord(source="a", local_id="1", names=names, birth_date="1951-06-02", sex=Sex.FEMALE, identifiers=number),
        PatientRecord(source="b", local_id="1", names=names, birth_date="1951-06-02", sex=Sex.FEMALE, identifiers=number),
        PatientRecord(source="b", local_id="2", names=(HumanName(family="Klein", given="Oscar"),), birth_date="1990-01-30"),
    ]
    sides = (np.array([0, 0], np.int32), np.array([1, 2], np.int32))
    weights, certainty = grade_pairs(model, frequencies, records, sides, population=1_000)
    assert weights[0] > 10 > -10 > weights[1]
    assert certainty.tolist() == [Certainty.CERTAIN, Certainty.POSSIBLE]


def test_records_that_are_not_valid_are_no_pairs() -> None:
    model, frequencies = load_model(model_file("latin"))
    records = [PatientRecord(source="a", local_id="1", birth_date="1951-02-30"), PatientRecord(source="b", local_id="1")]
    sides = (np.array([0], np.int32), np.array([1], np.int32))
    with pytest.raises(ValueError, match="not valid"):
        grade_pairs(model, frequencies, records, sides, population=10)
