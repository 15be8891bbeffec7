"""Which pairs a person is asked about whatever they weigh: those that the rules of the decision never link."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mpi.linkage.borrow import borrow
from mpi.linkage.conflicts import (
    BIRTH_DIFFERS,
    DATE_DIFFERENT,
    DOCUMENT,
    LENT,
    NEIGHBOURS,
    NEWBORN,
    NEWBORN_FLAG,
    OTHER_NUMBER,
    SEX_DIFFERS,
    borrowed,
    header_flags,
    lent,
    neighbours,
    other_number,
    stated,
    unique_valid,
)
from mpi.linkage.decision import DOCUMENT_CONTRADICTED, document_reasons, given_differs, reason, vetoes
from mpi.linkage.digits import date_level
from mpi.linkage.features import Encoded
from mpi.linkage.hashtable import Table
from mpi.linkage.jit import inner, kernel, wide
from mpi.linkage.scoring import Tables, match_weight
from mpi.linkage.search import Scratch
from mpi.linkage.settings import BIRTH, NATIONAL, SEX, Settings
from training.modelling.patterns import Int32s, records_levels


@kernel
def ruled_pairs(
    tables: Tables,
    settings: Settings,
    encoded: Encoded,
    a: Int32s,
    b: Int32s,
    population: int,
    dictionary: Table,
    scratch: Scratch,
    out: npt.NDArray[np.bool_],
) -> None:
    """Fill ``out`` bool[P]: a rule turns the link of this pair of records into a question, whatever it weighs. ``population``
    is in fixed point."""
    tables, encoded, dictionary, scratch = borrow(tables), borrow(encoded), borrow(dictionary), borrow(scratch)
    for i in range(len(a)):
        records_levels(tables, encoded, a[i], b[i], dictionary, scratch)
        winner = match_weight(tables, scratch.levels, scratch.adjustments, population, len(scratch.levels))[1]
        facts = (pair_flags(settings, encoded, a[i], b[i]), wide(winner), wide(population))
        out[i] = _asked(tables, settings, scratch, facts)


@inner
def _asked(tables: Tables, settings: Settings, scratch: Scratch, facts: tuple[int, int, int]) -> bool:
    """As ``decide`` goes through its rules for a candidate of any weight. ``facts`` is (flags, winning class, population)."""
    levels, adjustments = scratch.levels, scratch.adjustments
    if facts[0] & DOCUMENT:
        why = document_reasons(tables, settings, levels, adjustments, facts)
        if why == 0:
            return False
        if why & ~reason(DOCUMENT_CONTRADICTED) or given_differs(settings, levels):
            return True
    return bool(vetoes(tables, settings, levels, adjustments, facts) != 0)


@inner
def pair_flags(settings: Settings, encoded: Encoded, a: int, b: int) -> int:
    """Conflicts of record b with an earlier record a, as ``person_conflicts`` finds them for a person of one record."""
    national, sex, birth = settings.roles[NATIONAL], settings.roles[SEX], settings.roles[BIRTH]
    theirs, mine = encoded.rows[encoded.starts[a]], encoded.rows[encoded.starts[b]]
    width = len(mine)
    flags = header_flags(theirs, mine, settings)
    if mine[width - 1] & NEWBORN_FLAG:
        flags |= NEWBORN
    if national >= 0:
        flags |= _number_flags(settings, encoded, a, b)
    if sex >= 0 and stated(mine[sex]) and stated(theirs[sex]) and mine[sex] != theirs[sex]:
        flags |= SEX_DIFFERS
    both = birth >= 0 and stated(mine[birth]) and stated(theirs[birth])
    if both and date_level(mine[birth], theirs[birth]) == DATE_DIFFERENT:
        flags |= BIRTH_DIFFERS
    return flags


@inner
def _number_flags(settings: Settings, encoded: Encoded, a: int, b: int) -> int:
    """DOCUMENT, OTHER_NUMBER, LENT and NEIGHBOURS of two records."""
    national = settings.roles[NATIONAL]
    flags, other = 0, False
    for r in range(encoded.starts[b], encoded.starts[b + 1]):
        mine = encoded.rows[r]
        if lent(settings, mine):
            flags |= LENT
        for s in range(encoded.starts[a], encoded.starts[a + 1]):
            theirs = encoded.rows[s]
            if neighbours(settings, theirs, mine):
                flags |= NEIGHBOURS
            if not unique_valid(settings, mine[national]) or not unique_valid(settings, theirs[national]):
                continue
            if mine[national] == theirs[national]:
                flags |= 0 if borrowed(settings, theirs, mine) else DOCUMENT
            elif other_number(settings, theirs, mine):
                other = True
    return flags | OTHER_NUMBER if other and flags & DOCUMENT == 0 else flags
