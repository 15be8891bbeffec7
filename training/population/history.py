"""Who goes to which hospital when, and what is true of them on that day: the records before any error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.population.names import Codes, Names
from training.population.numbers import Numbers, as_yyyymmdd, landlines, mobiles, other_documents, resident_numbers
from training.population.persons import FIRST_DAY, LAST_DAY, YEAR, Bools, Group, Ints, Persons, Role
from training.population.places import REGISTERED, SLOTS
from training.population.rates import ErrorRates
from training.population.strata import Stratum
from training.population.streams import Streams
from training.population.visits import hospitals, second_numbers, typing_haste, visits


@dataclass
class Draft:
    """Columns over records; steps change them in place until they are written as text."""

    person: Ints
    day: Ints
    source: Ints
    newborn: Bools
    haste: NDArray[np.float64]  # factor on the rates of mistakes in the record, mean 1
    family: Codes
    given: Codes
    sex: Ints  # as records.Sex
    birth: Ints  # yyyymmdd, zeros where unknown; 0 missing
    number: Numbers
    number_type: Ints  # as records.IdentifierType
    phone: Ints  # 0 missing
    phone2: Ints
    address: Ints  # −1 missing
    address2: Ints
    style: Ints
    ethnicity: Codes
    guardian: Ints  # person, −1 none
    strata: Ints

    def __len__(self) -> int:
        return len(self.person)

    @property
    def neglect(self) -> NDArray[np.float64]:
        """Factor on the rates of what is left out; varies less than mistakes do, mean 1."""
        root = np.sqrt(self.haste)
        return np.asarray(root / root.mean())

    def mark(self, where: NDArray[np.bool_] | Ints, stratum: Stratum) -> None:
        self.strata[where] |= stratum.value


@dataclass(frozen=True)
class Facts:
    """What is true of persons and changes with time."""

    persons: Persons
    names: Names
    old_given: Codes  # before a change of name, 0 none
    renamed: Ints  # day of the change
    number: Numbers  # today's
    first_number: Numbers  # before a correction, empty none
    corrected: Ints
    acquired: Ints  # day on which the number exists
    document: Numbers
    document_type: Ints
    phone: Ints  # (person, 2)
    phone_changed: Ints
    landline: Ints  # by household, 0 none
    moves: Ints  # (household, 2) days
    death: Ints  # a day that never comes for the living


def make_facts(persons: Persons, names: Names, streams: Streams) -> Facts:
    rng = streams.numpy("facts")
    count = len(persons)
    window = LAST_DAY - FIRST_DAY

    def some_day(size: int | tuple[int, int], share: float) -> Ints:
        """A day within the window for ``share`` of them, else a day that never comes."""
        day = FIRST_DAY + rng.integers(0, window, size)
        return np.where(rng.random(size) < share, day, LAST_DAY + 1)

    renamed = some_day(count, 0.008)
    han = persons.group <= Group.OTHER_MINORITY
    other = np.where((renamed <= LAST_DAY) & han & (renamed > persons.birth), _name_of_a_peer(persons, names), 0)
    number = resident_numbers(persons, streams)
    corrected = some_day(count, 0.006)
    first = np.where(corrected <= LAST_DAY, resident_numbers(persons, streams, stream="numbers before correction"), b"")
    late = (15 + rng.gamma(1.2, 120.0, count)).astype(np.int64)
    document, document_type = other_documents(persons, streams)
    moves = np.sort(some_day((int(persons.household.max()) + 1, 2), 0.34), axis=1)
    line = landlines(len(moves), rng)
    return Facts(
        persons=persons,
        names=names,
        old_given=other.astype(np.int32),
        renamed=renamed,
        number=number,
        first_number=first.astype("S18"),
        corrected=corrected,
        acquired=persons.birth + np.where(persons.birth >= FIRST_DAY, late, 0),
        document=document,
        document_type=document_type,
        phone=mobiles(2 * count, rng).reshape(count, 2),
        phone_changed=some_day(count, 0.72),
        landline=np.where(rng.random(len(moves)) < 0.3, line, 0),
        moves=moves,
        death=_deaths(persons, rng),
    )


def _name_of_a_peer(persons: Persons, names: Names) -> Codes:
    """For everyone the given name of a person of the same sex and a little younger: a name of the same fashion, but not of
    the same day or household, or a change of name would make a namesake of the same birth date."""
    order = np.lexsort((persons.birth, persons.male))
    result = np.empty_like(names.given)
    result[order] = np.roll(names.given[order], -max(1, len(order) // 400))
    return result


def _deaths(persons: Persons, rng: np.random.Generator) -> Ints:
    """Some of the old died within the last years."""
    age = (LAST_DAY - persons.birth) / YEAR
    died = rng.random(len(persons)) < np.clip((age - 55) / 150, 0, 0.3)
    return np.where(died, LAST_DAY - rng.integers(0, 6 * 365, len(persons)), LAST_DAY + 1)


def make_draft(facts: Facts, rates: ErrorRates, streams: Streams) -> Draft:
    """All records in the order of recording, with true values (numbers not yet acquired are absent)."""
    rng = streams.numpy("visits")
    persons = facts.persons
    person, day, newborn = visits(persons, np.minimum(facts.death, LAST_DAY), rng)
    order = np.lexsort((person, day))
    person, day, newborn = person[order], day[order], newborn[order]
    source = hospitals(persons, person, day, newborn, rng)
    kept = ~second_numbers(person, source, newborn, rng)
    person, day, newborn, source = person[kept], day[kept], newborn[kept], source[kept]
    size = len(person)
    household = persons.household[person]
    age = (day - persons.birth[person]) / YEAR
    slot = (facts.moves[household] <= day[:, None]).sum(axis=1)
    draft = Draft(
        person=person,
        day=day,
        source=source,
        newborn=newborn,
        haste=typing_haste(source, day, rng),
        family=facts.names.family[person].copy(),
        given=_given_then(facts, person, day),
        sex=np.where(persons.male[person], 1, 2),
        birth=as_yyyymmdd(persons.birth[person]),
        number=_number_then(facts, person, day),
        number_type=np.where(facts.document_type[person] > 0, facts.document_type[person], 1),
        phone=facts.phone[person, (facts.phone_changed[person] <= day).astype(int)],
        phone2=np.zeros(size, np.int64),
        address=household * SLOTS + slot,
        address2=np.full(size, -1),
        style=_style(source, rng),
        ethnicity=np.zeros(size, np.int32),
        guardian=_guardian(persons, person, age, newborn, rng),
        strata=np.zeros(size, np.int64),
    )
    _contact_of_guardian(facts, draft, age, rng)
    _registered(facts, draft, rates, rng)
    _mark_persons(facts, draft, age)
    return draft


def _given_then(facts: Facts, person: Ints, day: Ints) -> Codes:
    old = (facts.old_given[person] > 0) & (day < facts.renamed[person])
    return np.where(old, facts.old_given[person], facts.names.given[person])


def _number_then(facts: Facts, person: Ints, day: Ints) -> Numbers:
    before = (day < facts.corrected[person]) & (facts.first_number[person] != b"")
    number = np.where(before, facts.first_number[person], facts.number[person])
    number = np.where(day < facts.acquired[person], b"", number)
    number = np.where(facts.document_type[person] > 0, facts.document[person], number)
    return number.astype("S20")


def _style(source: Ints, rng: np.random.Generator) -> Ints:
    """Hospitals have a habit of writing addresses; clerks keep to it most of the time."""
    habit = np.array([0, 0, 0, 1, 1, 2, 4, 9, 18, 27])[(source * 7 + 3) % 10]
    return np.where(rng.random(len(source)) < 0.7, habit, rng.integers(0, 45, len(source)))


def _guardian(persons: Persons, person: Ints, age: NDArray[np.float64], newborn: Bools, rng: np.random.Generator) -> Ints:
    """The parent or grandparent who registered a child; −1 for adults and for children without an adult in the household."""
    mother, father = persons.mother[person], persons.father[person]
    first = np.where((rng.random(len(person)) < 0.66) | newborn, mother, father)
    parent = np.where(first >= 0, first, np.where(mother >= 0, mother, father))
    elder = persons.family_from[person]
    adult = np.where(parent >= 0, parent, elder)
    needs = (age < 14) & np.isin(persons.role[person], [Role.CHILD, Role.SECOND_CHILD])
    return np.where(needs, adult, -1)


def _contact_of_guardian(facts: Facts, draft: Draft, age: NDArray[np.float64], rng: np.random.Generator) -> None:
    """Children give a guardian's telephone; the very old often that of whoever lives with them."""
    child = draft.guardian >= 0
    day = draft.day[child]
    holder = draft.guardian[child]
    draft.phone[child] = facts.phone[holder, (facts.phone_changed[holder] <= day).astype(int)]
    draft.mark(child, Stratum.RELATIVE_PHONE)
    orphan = (age < 12) & ~child
    draft.phone[orphan] = 0
    old = (age > 72) & (rng.random(len(draft)) < 0.3)
    spouse = facts.persons.spouse[draft.person]
    old &= spouse >= 0
    draft.phone[old] = facts.phone[spouse[old], (facts.phone_changed[spouse[old]] <= draft.day[old]).astype(int)]
    draft.mark(old, Stratum.RELATIVE_PHONE)


def _registered(facts: Facts, draft: Draft, rates: ErrorRates, rng: np.random.Generator) -> None:
    """The household register's address, alone or as a second one, and addresses that were not updated after a move."""
    household = facts.persons.household[draft.person]
    register = household * SLOTS + REGISTERED
    draw = rng.random(len(draft))
    stale = (draft.address > household * SLOTS) & (rng.random(len(draft)) < rates.address_old)
    draft.address[stale] -= 1
    draft.mark(draft.address % SLOTS > 0, Stratum.MOVED)
    both = draw > 1 - rates.address_both
    draft.address2[both] = register[both]
    instead = draw < rates.address_registered
    draft.address[instead] = register[instead]


def _mark_persons(facts: Facts, draft: Draft, age: NDArray[np.float64]) -> None:
    persons = facts.persons
    group = persons.group[draft.person]
    draft.mark(persons.twin_order[draft.person] > 0, Stratum.TWIN)
    draft.mark(group == Group.TIBETAN, Stratum.TIBETAN)
    draft.mark((group >= Group.TUJIA) & (group <= Group.UYGHUR), Stratum.MINORITY)
    draft.mark(group == Group.FOREIGN, Stratum.FOREIGNER)
    draft.mark(group >= Group.HONG_KONG_MACAO, Stratum.HK_MACAO_TAIWAN)
    draft.mark(age < 14, Stratum.CHILD)
    draft.mark(facts.old_given[draft.person] > 0, Stratum.CHANGED_NAME)
