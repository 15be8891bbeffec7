"""Synthetic people for the benchmarks: the lab's generators under a seed of their own, which no model was fitted on."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

from benchmarks.febrl import Labelled, key_of
from mpi.records import PatientRecord
from mpi.standardise import standardise
from training import people, population

SEED = 90_210  # the models' own seeds stand in their provenance
RECORDS_PER_PERSON = 2.0  # fewer than either generator makes, so that ``size`` records are there for certain
POPULATIONS = {"chongqing": "han", "latin_people": "latin"}
"""Name of a population → name of the model that is made for it."""
GENERATORS: dict[str, Callable[..., population.Population]] = {
    "chongqing": population.generate,
    "latin_people": people.generate,
}


def labelled(name: str, size: int, *, seed: int = SEED) -> Labelled:
    """The first ``size`` records of a population in the order of recording, with the truth.

    Raises ValueError when the generator made fewer.
    """
    made = GENERATORS[name](int(size / RECORDS_PER_PERSON), seed=seed)
    if len(made) < size:
        raise ValueError(f"{len(made)} records made, {size} wanted")
    records = list(islice(made.records, size))
    persons = (str(person) for person in made.truth[:size].tolist())
    return Labelled(records, {key_of(record): person for record, person in zip(records, persons, strict=True)})


def searchable(record: PatientRecord) -> bool:
    """Whether a record says enough to search by, placeholders aside: a search for "unknown" is refused, not timed."""
    seen = standardise(record)
    named = any(name.family and name.given for name in seen.names)
    return named and seen.birth_date % 100 > 0 and bool(seen.identifiers or seen.phones)


class Corpus(NamedTuple):
    """What the service benchmark sends: all records distinct, all in the order of recording.

    ``loaded``   in the index before anything is measured
    ``known``    never stored; of persons who have a record among ``loaded``: what matching must find
    ``fresh``    to be resolved while measuring: some of known persons, some of new ones
    ``entity``   record key → person, for all of them
    """

    loaded: list[PatientRecord]
    known: list[PatientRecord]
    fresh: list[PatientRecord]
    entity: dict[str, str]


def corpus(name: str, *, loaded: int, known: int, fresh: int) -> Corpus:
    """Divide one population. Raises ValueError when later records of loaded persons are too few."""
    everything = labelled(name, loaded + 3 * known + fresh)
    first, later = everything.records[:loaded], everything.records[loaded:]
    persons = {everything.entity[key_of(record)] for record in first}
    queries: list[PatientRecord] = []
    rest: list[PatientRecord] = []
    for record in later:
        wanted = len(queries) < known and everything.entity[key_of(record)] in persons and searchable(record)
        (queries if wanted else rest).append(record)
    if len(queries) < known or len(rest) < fresh:
        raise ValueError(f"{len(queries)} of {known} known and {len(rest)} of {fresh} fresh records")
    return Corpus(first, queries, rest[:fresh], everything.entity)
