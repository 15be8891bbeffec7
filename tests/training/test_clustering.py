"""A whole file at once: what is joined, and what no chain of pairs may join."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec import structs
from patients import resident_id
from small_model import MODEL, NO_FREQUENCIES

from mpi.records import Address, Certainty, HumanName, Identifier, IdentifierType, PatientRecord, Sex
from training import people
from training.evaluation.clustering import Pairs, _join, cluster
from training.evaluation.pairs import count_pairs


def joined(
    count: int, links: list[tuple[int, int]], numbers: dict[int, int] | None = None, sources: list[int] | None = None
) -> list[set[int]]:
    """The clusters of ``count`` records under these links, the first being the surest."""
    a, b = (np.array([pair[i] for pair in links], np.int32) for i in range(2))
    weight = np.arange(len(links), 0, -1, dtype=np.int64)
    held = np.zeros(count, np.int64)
    for record, number in (numbers or {}).items():
        held[record] = number
    roots = _join(
        Pairs(a, b, weight, np.full(len(links), Certainty.CERTAIN, np.uint8)), held, np.array(sources or [], np.int64)
    )
    return [set(np.flatnonzero(roots == root).tolist()) for root in np.unique(roots)]


def test_links_join_and_what_is_not_linked_stays_apart() -> None:
    assert joined(5, [(0, 1), (1, 2), (3, 4)]) == [{0, 1, 2}, {3, 4}]


def test_one_link_is_no_bridge_between_two_large_clusters() -> None:
    first = [(i, j) for i in range(6) for j in range(i + 1, 6)]
    second = [(i + 6, j + 6) for i, j in first]
    assert joined(12, [*first, *second, (0, 6)]) == [set(range(6)), set(range(6, 12))]
    across = [(i, j + 6) for i in range(6) for j in range(2)]
    assert joined(12, [*first, *second, *across]) == [set(range(12))]


def test_two_numbers_never_meet_whatever_lies_between() -> None:
    assert joined(3, [(0, 1), (1, 2)], numbers={0: 7, 2: 8}) == [{0, 1}, {2}]
    assert joined(3, [(0, 1), (1, 2)], numbers={0: 7, 2: 7}) == [{0, 1, 2}]


def test_a_source_without_duplicates_gives_a_person_one_record() -> None:
    assert joined(3, [(0, 1), (1, 2)], sources=[1, 2, 1]) == [{0, 1}, {2}]


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
