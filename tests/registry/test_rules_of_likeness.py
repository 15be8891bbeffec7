"""Twins, namesakes and slips on a real index: names that sound the same, numbers that are nearly the same."""

from __future__ import annotations

import pytest
from msgspec import structs
from patients import OpenRegistry, home, patient, resident_id
from small_model import MODEL

from mpi.linkage.comparison import LEVELS
from mpi.records import Address, DecisionReason, HumanName, Identifier, MatchOutcome, Outcome, PatientRecord, Sex
from mpi.registry.registry import Limits, Registry

NUMBER_A = resident_id("50010319800503002")
HOME = home("渝中区人民路12号3栋4-1")
PHONE = ("13594112233",)
OTHER_NAME = (HumanName(family="诸葛", given="云飞"),)
LENIENT = structs.replace(MODEL, decision=structs.replace(MODEL.decision, upper=0.8))


def persons(registry: Registry, *numbers: str) -> list[str]:
    return [registry.lookup_record("cqmu1", number).master_id for number in numbers]


@pytest.mark.parametrize("number", [False, True])
@pytest.mark.parametrize("names", [("晓芸", "晓云"), ("兰英", "南英"), ("", "")])
def test_a_name_that_only_sounds_the_same_or_none_may_be_a_twins(
    open_registry: OpenRegistry, names: tuple[str, str], number: bool
) -> None:
    """In standard Mandarin, in dialect, or not given on either side; unless a number agrees."""
    lenient = structs.replace(MODEL, decision=structs.replace(MODEL.decision, upper=0.5, lower=0.1))
    registry: Registry = open_registry(model=lenient)
    identifiers = (NUMBER_A,) if number else ()
    for local_id, given in zip("12", names, strict=True):
        written = (HumanName(family="欧阳", given=given),) if given else ()
        child = patient(local_id, names=written, identifiers=identifiers, phones=PHONE, addresses=HOME)
        answer = registry.resolve(child).result()
    assert answer.outcome is (Outcome.LINKED if number else Outcome.NEW_WITH_REVIEW)
    assert (DecisionReason.LIKELY_TWINS in answer.decision_reasons) == (not number)


def test_a_newborn_without_family_name_is_not_taken_for_a_twin(open_registry: OpenRegistry) -> None:
    """A Tibetan mother's child has no family name either; that it is one of several, the placeholder would say."""
    lenient = structs.replace(MODEL, decision=structs.replace(MODEL.decision, upper=0.5, lower=0.1))
    registry: Registry = open_registry(model=lenient)
    born = {"birth_date": "2024-03-01", "phones": PHONE, "addresses": HOME}
    placeholder = patient("1", names=(HumanName(text="尼马拥措之子"),), recorded_at="2024-03-02T08:00:00Z", **born)
    named = patient("2", names=(HumanName(text="扎西平措"),), recorded_at="2024-09-01T08:00:00Z", **born)
    outcomes = [future.result().outcome for future in registry.resolve_many([placeholder, named])]
    assert outcomes == [Outcome.NEW, Outcome.LINKED]


def test_a_slip_in_the_number_does_not_stand_for_a_given_name(open_registry: OpenRegistry) -> None:
    registry: Registry = open_registry(model=LENIENT)
    value = NUMBER_A.value
    slip = structs.replace(NUMBER_A, value=f"{value[:16]}{(int(value[16]) + 1) % 10}{value[17]}")
    registry.resolve(patient("1", identifiers=(NUMBER_A,), phones=PHONE, addresses=HOME)).result()
    unnamed = patient("2", names=(HumanName(family="欧阳"),), identifiers=(slip,), phones=PHONE, addresses=HOME)
    answer = registry.resolve(unnamed).result()
    assert answer.outcome is Outcome.NEW_WITH_REVIEW
    assert DecisionReason.LIKELY_RELATIVE in answer.decision_reasons


def test_nobody_is_asked_twice_whether_two_persons_are_one(open_registry: OpenRegistry) -> None:
    """Two persons of one household whose names sound the same are shown once. Later records that fit both open no further
    task, neither within a batch nor after a restart; a third person is asked about."""

    def child(local_id: str, given: str) -> PatientRecord:
        return patient(local_id, names=(HumanName(family="欧阳", given=given),), phones=PHONE, addresses=HOME)

    registry: Registry = open_registry(model=LENIENT)
    registry.resolve(child("1", "晓芸")).result()
    second = registry.resolve(child("2", "晓云")).result()
    assert second.review_task == second.sequence
    later = [registry.resolve(child("3", "晓芸")), *registry.resolve_many([child("4", "晓云"), child("5", "晓芸")])]
    registry.drain()
    registry.close()
    again: Registry = open_registry(model=LENIENT)
    later.append(again.resolve(child("6", "晓云")))
    for answer in (future.result() for future in later):
        assert answer.outcome is Outcome.LINKED
        assert DecisionReason.POSSIBLE_DUPLICATE_PERSONS in answer.decision_reasons
        assert (answer.review_task, answer.candidates) == (0, ())
    assert again.counts().open_reviews == 1
    third = again.resolve(child("7", "孝云")).result()
    assert len(third.candidates) == 2
    assert again.counts().open_reviews == 2


def test_a_model_for_a_laxer_aim_asks_for_less_beside_name_and_birth_date(open_registry: OpenRegistry) -> None:
    """The sex speaks against it: a hospital's model has a person look, a research register's goes by the weight."""
    pair = (patient("1"), patient("2", sex=Sex.MALE))
    strict: Registry = open_registry(model=LENIENT)
    outcomes = [future.result().outcome for future in strict.resolve_many(pair)]
    assert outcomes == [Outcome.NEW, Outcome.NEW_WITH_REVIEW]
    strict.close()
    rules = structs.replace(LENIENT.decision, common_limit=0.01, further_bits=0.0)
    lax: Registry = open_registry(model=structs.replace(LENIENT, decision=rules))
    again = [structs.replace(record, local_id=f"lax {record.local_id}", names=OTHER_NAME) for record in pair]
    assert [future.result().outcome for future in lax.resolve_many(again)] == [Outcome.NEW, Outcome.LINKED]


def test_a_name_that_sounds_the_same_beside_a_number_with_a_slip_is_no_twins(open_registry: OpenRegistry) -> None:
    """A twin's number is valid; one that fails its check and is a slip away was mistyped, as the name was."""
    lenient = structs.replace(MODEL, decision=structs.replace(MODEL.decision, upper=0.5, lower=0.1))
    registry: Registry = open_registry(model=lenient)
    slip = structs.replace(NUMBER_A, value="50010819800503002" + NUMBER_A.value[-1])
    for local_id, given, number in (("1", "晓芸", NUMBER_A), ("2", "晓云", slip)):
        written = (HumanName(family="欧阳", given=given),)
        answer = registry.resolve(patient(local_id, names=written, identifiers=(number,), phones=PHONE)).result()
    assert answer.outcome is Outcome.LINKED


@pytest.mark.parametrize(("born", "outcome"), [("1980-05-03", Outcome.LINKED), ("1951-11-20", Outcome.NEW_WITH_REVIEW)])
def test_two_of_one_tibetan_name_at_one_address_are_father_and_son(
    open_registry: OpenRegistry, born: str, outcome: Outcome
) -> None:
    lenient = structs.replace(MODEL, decision=structs.replace(MODEL.decision, upper=0.001, lower=0.0001))
    registry: Registry = open_registry(model=lenient)
    written = (HumanName(text="扎西平措"),)
    registry.resolve(patient("1", names=written, birth_date="1980-05-03", phones=PHONE, addresses=HOME)).result()
    answer = registry.resolve(patient("2", names=written, birth_date=born, phones=PHONE, addresses=HOME)).result()
    assert answer.outcome is outcome
    assert (DecisionReason.LIKELY_RELATIVE in answer.decision_reasons) == (outcome is not Outcome.LINKED)


SOMEBODY = {"names": (HumanName(family="诸葛", given="建国"),), "sex": Sex.MALE}
CITY = 100_000
DATE_U = (4e-5, *(1e-4,) * 4, 1 - 4.4e-4)  # a date that agrees nearly speaks for one person
CITY_MODEL = structs.replace(
    MODEL, features=tuple(structs.replace(f, u=DATE_U) if f.source == "birth_date" else f for f in MODEL.features)
)


def strangers(born: str) -> float:
    """How many people of the city are expected to share SOMEBODY's name and sex, and a birth date at this level."""
    features = {feature.source: feature for feature in CITY_MODEL.features}
    names = features["given"].u[0] * features["family"].u[0]
    date = features["birth_date"].u[LEVELS["date"].index(born) - 1]
    return CITY * names * date * features["sex"].u[0]


@pytest.mark.parametrize(
    ("date", "level", "allowed", "outcome"),
    [
        ("1980-05-03", "exact", 1.1, Outcome.LINKED),
        ("1980-05-03", "exact", 0.9, Outcome.NEW_WITH_REVIEW),
        ("1980-05-08", "one_digit", 22.0, Outcome.LINKED),
        ("1980-05-08", "one_digit", 18.0, Outcome.NEW_WITH_REVIEW),
    ],
)
def test_a_birth_date_that_agrees_only_nearly_allows_a_twentieth_of_the_strangers(
    open_registry: OpenRegistry, date: str, level: str, allowed: float, outcome: Outcome
) -> None:
    decision = structs.replace(MODEL.decision, upper=1e-6, lower=1e-7, common_limit=allowed * strangers(level))
    limits = Limits(catchment=CITY, capacity_rows=10_000)
    registry: Registry = open_registry(limits, model=structs.replace(CITY_MODEL, decision=decision))
    registry.resolve(patient("1", birth_date="1980-05-03", **SOMEBODY)).result()
    answer = registry.resolve(patient("2", birth_date=date, **SOMEBODY)).result()
    assert answer.outcome is outcome
    assert (DecisionReason.COMMON_NAME_AND_BIRTH_DATE in answer.decision_reasons) == (outcome is not Outcome.LINKED)


@pytest.mark.parametrize(
    ("names", "outcome"),
    [
        (("欧阳晓芸", "OUYANGXIAOYUN"), Outcome.LINKED),
        (("OUYANG XIAOYUN", "欧阳晓芸"), Outcome.LINKED),
        (("OUYANG XIAOYUN", "OUYANG XIAOYUN", "欧阳晓芸"), Outcome.LINKED),
        (
            ("欧阳晓云", "OUYANG XIAOYUN", "欧阳晓芸"),
            Outcome.NEW_WITH_REVIEW,
        ),  # one record of the person shows the characters
    ],
)
def test_pinyin_is_no_other_way_of_writing_a_name(
    open_registry: OpenRegistry, names: tuple[str, ...], outcome: Outcome
) -> None:
    lenient = structs.replace(MODEL, decision=structs.replace(MODEL.decision, upper=0.5, lower=0.1))
    registry: Registry = open_registry(model=lenient)
    for number, name in enumerate(names):
        record = patient(str(number), names=(HumanName(text=name),), phones=PHONE, addresses=HOME)
        answer = registry.resolve(record).result()
    assert answer.outcome is outcome


def fifteen(number: Identifier) -> str:
    return number.value[:6] + number.value[8:17]


FIFTEEN = fifteen(NUMBER_A)
SLIPPED = FIFTEEN[:5] + "8" + FIFTEEN[6:]  # a valid number too: nothing checks 15 digits
NEIGHBOUR = resident_id("50010319800503004")  # of the same place and day, as a twin's is
ELSEWHERE = resident_id("50010819800503002")  # one digit from NUMBER_A, and valid


@pytest.mark.parametrize(
    ("numbers", "outcome"),
    [
        (([NUMBER_A.value], [SLIPPED]), Outcome.LINKED),
        (([SLIPPED], [FIFTEEN]), Outcome.LINKED),
        (([NUMBER_A.value], [FIFTEEN]), Outcome.LINKED),  # the same number
        (([NUMBER_A.value], [SLIPPED[:-2] + "71"]), Outcome.NEW_WITH_REVIEW),  # more than a slip
        (([FIFTEEN], [fifteen(NEIGHBOUR)]), Outcome.NEW_WITH_REVIEW),  # the order of birth is no slip
        (([NUMBER_A.value], [ELSEWHERE.value]), Outcome.NEW_WITH_REVIEW),  # 18 digits have a check
        (([NUMBER_A.value], [ELSEWHERE.value, fifteen(ELSEWHERE)]), Outcome.NEW_WITH_REVIEW),  # … and one of these has
    ],
)
def test_a_number_of_15_digits_that_is_a_slip_away_is_no_other_persons(
    open_registry: OpenRegistry, numbers: tuple[list[str], list[str]], outcome: Outcome
) -> None:
    lenient = structs.replace(MODEL, decision=structs.replace(MODEL.decision, upper=1e-6, lower=1e-7))
    registry: Registry = open_registry(model=lenient)
    for local_id, values in zip("12", numbers, strict=True):
        identifiers = tuple(structs.replace(NUMBER_A, value=value) for value in values)
        answer = registry.resolve(patient(local_id, identifiers=identifiers, phones=PHONE, addresses=HOME)).result()
    assert answer.outcome is outcome


@pytest.mark.parametrize("born", ["1971-05-03", ""])
def test_a_slip_in_15_digits_is_none_where_the_birth_date_is_not_the_same(open_registry: OpenRegistry, born: str) -> None:
    """A sister's number, born a year later in the same place, is one digit away, and right."""
    lenient = structs.replace(MODEL, decision=structs.replace(MODEL.decision, upper=1e-6, lower=1e-7))
    registry: Registry = open_registry(model=lenient)
    for local_id, value, date in (("1", "500103700503002", "1970-05-03"), ("2", "500103710503002", born)):
        identifiers = (structs.replace(NUMBER_A, value=value),)
        answer = registry.resolve(patient(local_id, identifiers=identifiers, birth_date=date, phones=PHONE)).result()
    assert answer.outcome is Outcome.NEW_WITH_REVIEW


def test_a_twins_number_with_the_siblings_check_character_is_no_slip(open_registry: OpenRegistry) -> None:
    lenient = structs.replace(MODEL, decision=structs.replace(MODEL.decision, upper=0.5, lower=0.1))
    registry: Registry = open_registry(model=lenient)
    copied = structs.replace(NUMBER_A, value=NEIGHBOUR.value[:17] + NUMBER_A.value[17])
    for local_id, given, number in (("1", "晓芸", NUMBER_A), ("2", "晓云", copied)):
        written = (HumanName(family="欧阳", given=given),)
        answer = registry.resolve(patient(local_id, names=written, identifiers=(number,), phones=PHONE)).result()
    assert answer.outcome is Outcome.NEW_WITH_REVIEW
    assert DecisionReason.LIKELY_TWINS in answer.decision_reasons


@pytest.mark.parametrize("home", [(), HOME])
def test_pinyin_does_not_choose_between_two_whose_names_sound_the_same(
    open_registry: OpenRegistry, home: tuple[Address, ...]
) -> None:
    lenient = structs.replace(MODEL, decision=structs.replace(MODEL.decision, upper=0.5, lower=0.1))
    registry: Registry = open_registry(model=lenient)
    for local_id, given, number in (("1", "晓芸", NUMBER_A), ("2", "晓云", NEIGHBOUR)):
        written = (HumanName(family="欧阳", given=given),)
        registry.resolve(patient(local_id, names=written, identifiers=(number,), addresses=home)).result()
    pinyin = patient("3", names=(HumanName(text="OUYANG XIAOYUN"),), addresses=home)
    assert registry.match(pinyin).outcome is not MatchOutcome.CERTAIN
    answer = registry.resolve(pinyin).result()
    assert answer.outcome is Outcome.NEW_WITH_REVIEW
    assert set(answer.candidates) == set(persons(registry, "1", "2"))
