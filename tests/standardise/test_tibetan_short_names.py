"""A Tibetan's name of two characters is read with and without a family name; nobody else's is."""

from __future__ import annotations

import pytest

from mpi.records import HumanName, PatientRecord
from mpi.standardise import standardise


def read(ethnicity: str, *names: HumanName) -> list[tuple[str, str]]:
    record = PatientRecord(source="s", local_id="1", names=names, ethnicity=ethnicity)
    return [(n.family.text if n.family else "", n.given.text if n.given else "") for n in standardise(record).names]


@pytest.mark.parametrize("name", [HumanName(text="罗拉"), HumanName(family="罗", given="拉")])
@pytest.mark.parametrize(
    ("ethnicity", "expected"),
    [
        ("藏族", [("罗", "拉"), ("", "罗拉")]),
        ("Tibetan", [("罗", "拉"), ("", "罗拉")]),
        ("汉族", [("罗", "拉")]),
        ("", [("罗", "拉")]),
    ],
)
def test_two_characters(name: HumanName, ethnicity: str, expected: list[tuple[str, str]]):
    assert read(ethnicity, name) == expected


@pytest.mark.parametrize("text", ["扎西多吉", "李卓玛", "扎西", "Tashi", "李 Tashi", "不详"])
def test_longer_names_and_those_without_a_family_name_stay_as_they_are(text: str):
    assert read("藏族", HumanName(text=text)) == read("", HumanName(text=text))
