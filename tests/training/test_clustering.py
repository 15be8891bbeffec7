"""A whole file at once: what is joined, and what no chain of pairs may join."""

from __future__ import annotations

import pytest
from msgspec import structs
from patients import resident_id
from small_model import MODEL, NO_FREQUENCIES

from mpi.records import Address, HumanName, Identifier, IdentifierType, PatientRecord, Sex
from training import people
from training.evaluation.clustering import cluster
from training.evaluation.pairs import count_pairs


def test_the_verdict_on_a_pair_is_that_of_the_service() -> None:
    def record(number: str, given: str, **more: object) -> PatientRecord:
        known = {
            "birth_date": "1980-05-03",
            "sex": Sex.MALE,
            "addresses": (Address(text="渝中区人民路12号3栋4-1"),),
            "phones": ("13594112233",),
        }
        return PatientRecord(source="a", local_id=number, names=(HumanName(family="王", given=given),), **(known | more))  # type: ignore[arg-type]  # fields of PatientRecord

    twin, number = Identifier(type=IdentifierType.RESIDENT_ID, value="500103198005030026"), "13594112233"
    records = [
        record("1", "诗航"),
        record("2", "文航"),
        record("3", "诗航"),
        record("4", "诗航", identifiers=(twin,), phones=(number,)),
    ]
    person = cluster(MODEL, NO_FREQUENCIES, records).person.tolist()
    assert person[0] == person[2] == person[3]
    assert person[1] != person[0], "twins of one address and telephone"


@pytest.mark.parametrize(("other", "together"), [("51021219550917264", True), ("51020219800503104", False)])
def test_a_relatives_number_keeps_nobody_apart_as_in_the_service(other: str, together: bool) -> None:
    """The first holds another birth date than the records do, the second the same one."""
    model = structs.replace(MODEL, decision=structs.replace(MODEL.decision, upper=0.8))
    known = {"birth_date": "1980-05-03", "sex": Sex.FEMALE, "addresses": (Address(text="渝中区人民路12号3栋4-1"),)}
    records = [
        PatientRecord(
            source="a",
            local_id=seventeen,
            names=(HumanName(family="欧阳", given="修竹"),),
            phones=("13594112233",),
            identifiers=(resident_id(seventeen),),
            **known,
        )  # type: ignore[arg-type]  # fields of PatientRecord
        for seventeen in ("50010319800503002", other)
    ]
    first, second = cluster(model, NO_FREQUENCIES, records).person.tolist()
    assert (first == second) == together


@pytest.mark.parametrize("families", [True, False])
def test_twins_stay_two_where_families_are_known_to_be_there(families: bool) -> None:
    """A model that had too few twins to learn from keeps the rule; one for a register of individuals does not."""
    classes = tuple(c for c in MODEL.classes if c.name == "same person")
    model = structs.replace(MODEL, classes=classes, decision=structs.replace(MODEL.decision, twins=families))
    known = {"birth_date": "1980-05-03", "sex": Sex.MALE, "addresses": (Address(text="渝中区人民路12号3栋4-1"),)}
    twins = [
        PatientRecord(
            source="a", local_id=given, names=(HumanName(family="王", given=given),), phones=("13594112233",), **known
        )  # type: ignore[arg-type]  # fields of PatientRecord
        for given in ("诗航", "文航")
    ]
    first, second = cluster(model, NO_FREQUENCIES, twins).person.tolist()
    assert (first != second) == families


def test_generated_people_come_together_by_their_records() -> None:
    print("seed 8")
    made = people.generate(400, seed=8)
    from mpi.linkage.model import load_model
    from training.shipped import MODELS

    model, frequencies = load_model(MODELS / "latin.toml")
    found = cluster(model, frequencies, list(made.records))
    predicted = {str(i): p for i, p in enumerate(found.person.tolist())}
    counts = count_pairs(predicted, {str(i): t for i, t in enumerate(made.truth.tolist())})
    assert counts.precision > 0.995
    assert counts.recall > 0.95
    assert found.compared >= counts.predicted / 2
