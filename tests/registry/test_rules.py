"""Who is never linked by the machine alone, and who is: the decision rules on a real index."""

from __future__ import annotations

import pytest
from msgspec import structs
from patients import OpenRegistry, home, patient, resident_id
from small_model import MODEL

from mpi.linkage.comparison import LEVELS
from mpi.records import Address, DecisionReason, HumanName, Identifier, MatchOutcome, Outcome, PatientRecord, Sex
from mpi.registry.registry import Limits, Registry

NUMBER_A = resident_id("50010319800503002")
NUMBER_B = resident_id("51020219800503104")
HOME = home("渝中区人民路12号3栋4-1")
PHONE = ("13594112233",)
COMMON = {"names": (HumanName(family="王", given="伟"),), "birth_date": "1980-05-03", "sex": Sex.MALE}


def persons(registry: Registry, *numbers: str) -> list[str]:
    return [registry.lookup_record("cqmu1", number).master_id for number in numbers]


@pytest.mark.parametrize("order", ["A-B", "AB-", "-AB", "BA-"])
def test_a_record_without_number_is_no_bridge_between_two_numbers(registry: Registry, order: str) -> None:
    identifiers = {"A": (NUMBER_A,), "B": (NUMBER_B,), "-": ()}
    for kind in order:
        registry.resolve(patient(kind, identifiers=identifiers[kind], phones=PHONE, addresses=HOME)).result()
    a, b = persons(registry, "A", "B")
    assert a != b


def test_a_different_valid_number_is_a_review_not_a_link(registry: Registry) -> None:
    registry.resolve(patient("1", identifiers=(NUMBER_A,), phones=PHONE, addresses=HOME)).result()
    answer = registry.resolve(patient("2", identifiers=(NUMBER_B,), phones=PHONE, addresses=HOME)).result()
    assert answer.outcome is not Outcome.LINKED
    assert answer.master_id not in answer.candidates


MOTHERS = resident_id("51021219550917264")
GIVEN = (HumanName(family="欧阳", given="修竹"),)


@pytest.mark.parametrize("order", [(NUMBER_A, MOTHERS), (MOTHERS, NUMBER_A), (None, MOTHERS)])
def test_a_number_of_another_birth_date_is_not_the_patients_and_keeps_nobody_apart(
    open_registry: OpenRegistry, order: tuple[Identifier | None, Identifier]
) -> None:
    lenient = structs.replace(MODEL, decision=structs.replace(MODEL.decision, upper=0.8))
    registry: Registry = open_registry(model=lenient)
    mother = {"names": (HumanName(family="司马", given="兰芝"),), "birth_date": "1955-09-17", "sex": Sex.FEMALE}
    registry.resolve(patient("mother", identifiers=(MOTHERS,), phones=PHONE, addresses=HOME, **mother)).result()
    for number, document in zip("12", order, strict=True):
        identifiers = (document,) if document else ()
        record = patient(number, names=GIVEN, birth_date="1980-05-03", identifiers=identifiers, phones=PHONE, addresses=HOME)
        answer = registry.resolve(record).result()
    assert answer.outcome is Outcome.LINKED
    own, again, mothers = persons(registry, "1", "2", "mother")
    assert own == again != mothers


def test_the_holder_of_a_lent_number_is_judged_by_the_weight_and_never_linked(registry: Registry) -> None:
    """All but the number speaks against the mother, so nobody is asked; where name and home are hers, a person is."""
    mother = {"names": (HumanName(family="司马", given="兰芝"),), "birth_date": "1955-09-17", "sex": Sex.FEMALE}
    registry.resolve(patient("mother", identifiers=(MOTHERS,), phones=PHONE, addresses=HOME, **mother)).result()
    other = patient("1", names=GIVEN, birth_date="1980-05-03", sex=Sex.MALE, identifiers=(MOTHERS,))
    assert registry.resolve(other).result().outcome is Outcome.NEW
    alike = {**mother, "names": (HumanName(family="司马", given="建国"),), "birth_date": "1980-05-03"}
    answer = registry.resolve(patient("2", identifiers=(MOTHERS,), phones=PHONE, addresses=HOME, **alike)).result()
    assert answer.outcome is Outcome.NEW_WITH_REVIEW


def test_a_namesake_under_a_lent_number_is_still_a_namesake(registry: Registry) -> None:
    registry.resolve(patient("1", identifiers=(NUMBER_A,), **COMMON)).result()
    answer = registry.resolve(patient("2", identifiers=(MOTHERS,), **COMMON)).result()
    assert answer.outcome is not Outcome.LINKED


def test_a_date_one_digit_off_does_not_make_a_number_somebody_elses(registry: Registry) -> None:
    """The patient's own number, and a slip in the birth date: two valid numbers stay two people."""
    registry.resolve(patient("1", identifiers=(NUMBER_A,), birth_date="1980-05-03", phones=PHONE, addresses=HOME)).result()
    slip = patient(
        "2", identifiers=(resident_id("51020219800504104"),), birth_date="1980-05-03", phones=PHONE, addresses=HOME
    )
    assert registry.resolve(slip).result().outcome is not Outcome.LINKED


def test_twins_are_not_linked(registry: Registry) -> None:
    for number, given in (("1", "诗航"), ("2", "文航")):
        twin = patient(number, names=(HumanName(family="王", given=given),), phones=PHONE, addresses=HOME)
        answer = registry.resolve(twin).result()
    assert answer.outcome is not Outcome.LINKED
    first, second = persons(registry, "1", "2")
    assert first != second


def test_a_newborn_under_the_mothers_number_and_the_mother_stay_two(registry: Registry) -> None:
    registry.resolve(patient("mother", identifiers=(NUMBER_A,), phones=PHONE, addresses=HOME)).result()
    newborn = patient(
        "newborn",
        names=(HumanName(text="欧阳修竹之子"),),
        sex=Sex.MALE,
        birth_date="2026-11-01",
        identifiers=(NUMBER_A,),
        phones=PHONE,
        addresses=HOME,
        recorded_at="2026-11-02T08:00:00Z",
    )
    registry.resolve(newborn).result()
    mother, child = persons(registry, "mother", "newborn")
    assert mother != child


def test_a_number_alone_with_what_is_read_off_it_does_not_link(registry: Registry) -> None:
    """Birth date and sex inside the number are no second trait (DETAILS 1)."""
    registry.resolve(patient("1", identifiers=(NUMBER_A,))).result()
    bare = patient("2", names=(), birth_date="", sex=Sex.UNKNOWN, identifiers=(NUMBER_A,))
    answer = registry.resolve(bare).result()
    assert answer.outcome is Outcome.NEW_WITH_REVIEW
    assert DecisionReason.DOCUMENT_WITHOUT_SECOND_TRAIT in answer.decision_reasons


def test_the_same_number_under_another_name_is_reviewed(registry: Registry) -> None:
    registry.resolve(patient("1", identifiers=(NUMBER_A,))).result()
    relative = patient(
        "2", names=(HumanName(family="王", given="建国"),), birth_date="", sex=Sex.MALE, identifiers=(NUMBER_A,)
    )
    answer = registry.resolve(relative).result()
    assert answer.outcome is Outcome.NEW_WITH_REVIEW
    assert DecisionReason.DOCUMENT_CONTRADICTED in answer.decision_reasons


def test_name_birth_date_and_sex_alone_link_only_where_strangers_hardly_share_them(open_registry: OpenRegistry) -> None:
    """The same pair in a small town and in a city of 32 million (DETAILS 4 and 5)."""
    town: Registry = open_registry(Limits(catchment=1, capacity_rows=10_000))
    town.resolve(patient("1", **COMMON)).result()
    assert town.resolve(patient("2", **COMMON)).result().outcome is Outcome.LINKED
    town.close()
    city: Registry = open_registry(Limits(catchment=32_000_000, capacity_rows=10_000))
    answer = city.resolve(patient("3", **COMMON)).result()
    assert answer.outcome is not Outcome.LINKED


def test_another_child_of_the_same_birth_is_never_linked(registry: Registry) -> None:
    for number, order in (("1", 1), ("2", 2)):
        answer = registry.resolve(patient(number, multiple_birth_order=order, phones=PHONE, addresses=HOME)).result()
    assert answer.outcome is Outcome.NEW_WITH_REVIEW
    assert DecisionReason.LIKELY_TWINS in answer.decision_reasons


def test_nobody_is_born_after_dying(registry: Registry) -> None:
    registry.resolve(patient("1", deceased_date="1970-01-01", birth_date="", phones=PHONE, addresses=HOME)).result()
    answer = registry.resolve(patient("2", phones=PHONE, addresses=HOME)).result()
    assert answer.outcome is not Outcome.LINKED


def test_only_certain_returns_nobody_when_two_are_possible(registry: Registry) -> None:
    registry.resolve(patient("1", identifiers=(NUMBER_A,))).result()
    registry.resolve(patient("2", identifiers=(NUMBER_B,))).result()
    answer = registry.match(patient("x"), only_certain=True)
    assert answer.outcome is not MatchOutcome.CERTAIN
    assert answer.candidates == ()
    certain = registry.match(patient("x", identifiers=(NUMBER_A,)), only_certain=True)
    assert certain.outcome is MatchOutcome.CERTAIN
    assert [c.person.master_id for c in certain.candidates] == persons(registry, "1")


def test_a_search_that_was_cut_never_says_none(open_registry: OpenRegistry) -> None:
    registry: Registry = open_registry()
    same_day = [patient(str(i), phones=PHONE, names=(), birth_date="", sex=Sex.UNKNOWN) for i in range(2500)]
    for future in registry.resolve_many(same_day):
        future.result()
    answer = registry.match(patient("x", names=(HumanName(family="单", given="独"),), birth_date="", phones=PHONE))
    assert answer.keys_cut > 0
    assert answer.outcome in (MatchOutcome.TOO_MANY, MatchOutcome.DEGRADED)


@pytest.mark.parametrize("first", ["王芳之女A", "王芳之子1"])
def test_a_newborn_of_several_is_not_linked_to_a_named_child(registry: Registry, first: str) -> None:
    """The twin that got its name first may be the other one."""
    born = {"birth_date": "2026-03-01", "sex": Sex.UNKNOWN, "phones": PHONE, "addresses": HOME}
    registry.resolve(patient("1", names=(HumanName(text=first),), recorded_at="2026-03-02T08:00:00Z", **born)).result()
    answer = registry.resolve(
        patient("2", names=(HumanName(text="王诗航"),), recorded_at="2026-09-01T08:00:00Z", **born)
    ).result()
    assert answer.outcome is not Outcome.LINKED


def test_a_given_name_and_a_birth_date_are_no_identity_under_another_family_name(registry: Registry) -> None:
    rare = {"birth_date": "1980-05-03", "sex": Sex.MALE, "addresses": ()}
    registry.resolve(patient("1", names=(HumanName(family="欧阳", given="修竹"),), **rare)).result()
    answer = registry.resolve(patient("2", names=(HumanName(family="诸葛", given="修竹"),), **rare)).result()
    assert answer.outcome is not Outcome.LINKED


def test_a_likely_person_with_another_number_is_shown_even_beside_an_unlikely_one(registry: Registry) -> None:
    """A weak candidate without a number must not hide the strong one that holds a different number."""
    registry.resolve(patient("strong", identifiers=(NUMBER_B,), phones=PHONE, addresses=HOME)).result()
    weak = {"names": (HumanName(family="李", given="明"),), "birth_date": "1955-01-09", "sex": Sex.FEMALE}
    registry.resolve(patient("weak", phones=PHONE, **weak)).result()
    answer = registry.resolve(patient("new", identifiers=(NUMBER_A,), phones=PHONE, addresses=HOME)).result()
    assert answer.outcome is Outcome.NEW_WITH_REVIEW
    assert registry.lookup_record("cqmu1", "strong").master_id in answer.candidates


OTHER_NAME = (HumanName(family="诸葛", given="云飞"),)
LENIENT = structs.replace(MODEL, decision=structs.replace(MODEL.decision, upper=0.8))


def test_who_borrowed_a_number_is_not_taken_for_its_owner(open_registry: OpenRegistry) -> None:
    """The borrower came first. When the owner comes, nobody need be asked, and the owner finds her own record."""
    registry: Registry = open_registry(model=LENIENT)
    owner = {"names": (HumanName(family="司马", given="兰芝"),), "birth_date": "1955-09-17", "sex": Sex.FEMALE}
    registry.resolve(patient("borrower", identifiers=(MOTHERS,), birth_date="1980-05-03", sex=Sex.MALE)).result()
    first = registry.resolve(patient("1", phones=PHONE, addresses=HOME, **owner)).result()
    answer = registry.resolve(patient("2", identifiers=(MOTHERS,), phones=PHONE, addresses=HOME, **owner)).result()
    assert first.outcome is Outcome.NEW
    assert (answer.outcome, answer.master_id) == (Outcome.LINKED, first.master_id)
    borrower, one = persons(registry, "borrower", "1")
    assert borrower != one


def test_a_borrowed_number_does_not_hide_that_the_borrower_has_another(open_registry: OpenRegistry) -> None:
    """The borrower's own number, on another record, still keeps him and the owner apart."""
    registry: Registry = open_registry(model=LENIENT)
    for number, document in (("own", NUMBER_A), ("borrowed", MOTHERS)):
        registry.resolve(patient(number, identifiers=(document,), phones=PHONE, addresses=HOME)).result()
    own, borrowed = persons(registry, "own", "borrowed")
    assert own == borrowed
    owner = patient("owner", identifiers=(MOTHERS,), birth_date="1955-09-17", phones=PHONE, addresses=HOME)
    assert registry.resolve(owner).result().master_id != own


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
