"""The fixed scene of one patient at four hospitals and her family."""

from __future__ import annotations

import pytest
from stdnum.cn.ric import calc_check_digit

from mpi.records import IdentifierType
from mpi.standardise import standardise, validate
from training.population import generate, scenario
from training.population.scenario import LEGACY_NUMBER, PATIENT_NUMBER


def test_the_patient_is_known_in_four_hospitals() -> None:
    scene = scenario()
    assert len(scene.patient) == len({source for source, _ in scene.patient}) == 4
    hers = [r for r in scene.records if (r.source, r.local_id) in scene.patient]
    assert {r.names[0].text for r in hers} == {"周晓芸", "周晓云"}
    assert [len(r.identifiers[0].value) if r.identifiers else 0 for r in hers] == [15, 18, 18, 0]
    assert len({r.phones for r in hers}) == 2


def test_every_record_is_valid_and_in_order() -> None:
    scene = scenario()
    for record in scene.records:
        validate(record)
        for identifier in record.identifiers:
            assert identifier.type is IdentifierType.RESIDENT_ID
            if len(identifier.value) == 18:
                assert calc_check_digit(identifier.value) == identifier.value[-1]
    moments = [r.recorded_at for r in scene.records]
    assert moments == sorted(moments)
    assert PATIENT_NUMBER[:6] + PATIENT_NUMBER[8:17] == LEGACY_NUMBER


def test_the_two_spellings_sound_the_same() -> None:
    scene = scenario()
    hers = [r for r in scene.records if (r.source, r.local_id) in scene.patient]
    sounds = {name.given.sound for r in hers for name in standardise(r).names if name.given}
    assert sounds == {"xiaoyun"}


@pytest.mark.parametrize("seed", [1, 2])
def test_it_loads_beside_a_small_population(seed: int) -> None:
    ours = {(r.source, r.local_id) for r in scenario().records}
    theirs = {(r.source, r.local_id) for r in generate(500, seed=seed).records}
    assert len(ours) == len(scenario().records)
    assert not ours & theirs


def test_the_family_is_other_people() -> None:
    people = scenario().people
    assert set(people.values()) == {"patient", "sister", "mother", "husband", "daughter"}
    assert sum(who == "daughter" for who in people.values()) == 2
