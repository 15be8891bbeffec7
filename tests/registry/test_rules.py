"""Who is never linked by the machine alone, and who is: the decision rules on a real index."""

from __future__ import annotations

import pytest
from msgspec import structs
from patients import OpenRegistry, home, patient, resident_id
from small_model import MODEL

from mpi.records import DecisionReason, HumanName, Identifier, MatchOutcome, Outcome, Sex
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
