"""Which pairs a person is asked about whatever they weigh: those that the rules of the decision never link."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mpi.linkage.borrow import borrow
from mpi.linkage.conflicts import DOCUMENT, pair_flags
from mpi.linkage.decision import DOCUMENT_CONTRADICTED, document_reasons, given_differs, reason, vetoes
from mpi.linkage.features import Encoded
from mpi.linkage.hashtable import Table
from mpi.linkage.jit import inner, kernel, wide
from mpi.linkage.scoring import Tables, match_weight
from mpi.linkage.search import Scratch
from mpi.linkage.settings import Settings
from training.modelling.patterns import Int32s, records_levels, rows_of


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
        flags = pair_flags(settings, rows_of(encoded, a[i]), rows_of(encoded, b[i]))
        facts = (flags, wide(winner), wide(population))
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
