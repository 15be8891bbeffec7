"""A small made-up population, encoded once for all tests of the modelling room."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from training import people
from training.modelling.encode import Table, encode_records
from training.modelling.patterns import Comparer, Int32s, Levels
from training.modelling.template import Template, read_template, template_path
from training.population import Population

PERSONS, SEED = 150, 5


class Made(NamedTuple):
    """``levels`` uint8[P, S] are the patterns of all pairs (a, b), compared one by one."""

    template: Template
    population: Population
    table: Table
    comparer: Comparer
    a: Int32s
    b: Int32s
    levels: Levels


@cache
def made_people() -> Made:
    """The population and all its pairs."""
    print(f"seed {SEED}")
    population = people.generate(PERSONS, seed=SEED)
    template = read_template(template_path("latin"))
    table = encode_records(template.model, population.records)
    comparer = Comparer(template.model, table.encoded)
    a, b = (side.astype(np.int32) for side in np.triu_indices(table.records, 1))
    return Made(template, population, table, comparer, a, b, comparer.unpacked(comparer.packed(a, b)))
