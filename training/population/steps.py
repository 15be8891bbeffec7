"""The steps of a synthetic Chongqing in order."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from training.population.contact_errors import spoil_addresses, spoil_phones, write_ethnicity
from training.population.history import Draft, Facts, make_draft, make_facts
from training.population.name_errors import spoil_names
from training.population.names import make_names, namesakes
from training.population.number_errors import spoil_dates, spoil_numbers, spoil_sex
from training.population.numbers import as_yyyymmdd
from training.population.persons import Group, Persons, make_persons
from training.population.places import make_addresses, make_place_names
from training.population.population import Population
from training.population.rates import ErrorRates, error_rates
from training.population.render import iso_dates, render
from training.population.strata import Stratum
from training.population.streams import Streams


def generate(persons: int, *, seed: int, errors: ErrorRates | str = "base") -> Population:
    """``persons`` made-up people of Chongqing and about 2.2 records of each.

    The same arguments give the same population in every process. ``errors`` is ``low``, ``base``, ``high`` or own rates.
    Raises ValueError for fewer than one person or an unknown level.
    """
    if persons < 1:
        raise ValueError("persons must be at least 1")
    rates = error_rates(errors)
    streams = Streams(seed)
    people = make_persons(persons, streams)
    facts = make_facts(people, make_names(people, streams), streams)
    heads = np.flatnonzero(np.r_[True, people.household[1:] != people.household[:-1]])
    addresses = make_addresses(people.division[heads], people.origin[heads], people.group[heads] >= Group.FOREIGN, streams)
    draft = make_draft(facts, rates, streams)
    _mark_names(draft, facts)
    spoil_names(draft, facts, rates, streams)
    spoil_phones(draft, facts, rates, streams)
    spoil_numbers(draft, facts, rates, streams)
    spoil_dates(draft, facts, rates, streams)
    spoil_sex(draft, rates, streams)
    spoil_addresses(draft, rates, streams)
    write_ethnicity(draft, facts, rates, streams)
    columns = render(draft, facts, (addresses, make_place_names(streams)), rates, streams)
    return Population(columns, _person_table(people, facts))


def _mark_names(draft: Draft, facts: Facts) -> None:
    family, given = facts.names.family, facts.names.given
    draft.mark(namesakes(facts.persons, family, given)[draft.person] > 0, Stratum.NAMESAKE)
    father = facts.persons.father[draft.person]
    same = (father >= 0) & (family[father] == draft.family) & (given[father] == draft.given)
    draft.mark(same, Stratum.JUNIOR_SENIOR)


def _person_table(persons: Persons, facts: Facts) -> pa.Table:
    words = facts.names.vocabulary
    return pa.table(
        {
            "household": persons.household,
            "role": persons.role,
            "mother": persons.mother,
            "father": persons.father,
            "spouse": persons.spouse,
            "twin_order": persons.twin_order,
            "group": persons.group,
            "male": persons.male,
            "family": words.text(facts.names.family),
            "given": words.text(facts.names.given),
            "birth_date": iso_dates(as_yyyymmdd(persons.birth)),
            "number": pa.array(facts.number.astype("U18")),
        }
    )
