"""The ceiling: how many of the true links any index could find that asks for two agreeing independent traits.

A *trait* is one of five groups; traits of different groups are independent, those of one group are not:

    name         given and family name each exact or of the same sound; a family name that one side lacks does not hinder
                 (Tibetans often have none, clerks write the whole name into one field)
    birth date   exact, and entered: a date read off an identity number is no trait
    number       the national number or any other number exact: one document is often copied from another
    telephone    exact, or its last seven digits
    address      the text the same or nearly the same; where addresses have parts, road and house number both exact

Sex and ethnic group do not count: too many strangers share them. A true link, a record of whose person an earlier record
exists, is *reachable* when it has at least two agreeing traits with one of these earlier records. Recall cannot honestly be
expected above the share of reachable links; who needs only one trait links strangers.

The definition knows nothing of weights, so it is the same for every model that has the features.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from mpi.linkage.comparison import LEVELS
from training.modelling.patterns import Comparer, Int32s, Levels

Bools = npt.NDArray[np.bool_]

NEEDED = 2
COMPARED_AT_ONCE = 1_000_000
NAME = ("exact", "same_sound")
EXACT = ("exact",)
PHONE = ("exact", "same_ending")
ADDRESS = ("exact", "very_similar")


def reachable_records(comparer: Comparer, a: Int32s, b: Int32s, records: int) -> Bools:
    """bool[N]: records that share two traits with an earlier record of their person. ``a < b``: all true pairs."""
    result = np.zeros(records, np.bool_)
    for at in range(0, len(a), COMPARED_AT_ONCE):
        first, second = a[at : at + COMPARED_AT_ONCE], b[at : at + COMPARED_AT_ONCE]
        levels = comparer.unpacked(comparer.packed(first, second))
        result[second[agreeing_traits(comparer, levels) >= NEEDED]] = True
    return result


def agreeing_traits(comparer: Comparer, levels: Levels) -> npt.NDArray[np.int64]:
    """int64[P]: number of independent traits that agree in each pattern uint8[P, S]."""

    def agrees(source: str, wanted: tuple[str, ...]) -> Bools:
        return _at(comparer, levels, source, lambda kind: [LEVELS[kind].index(n) for n in wanted if n in LEVELS[kind]])

    family_missing = _at(comparer, levels, "family", lambda _: [0]) | _absent(comparer, levels, "family")
    traits = [
        agrees("given", NAME) & (agrees("family", NAME) | family_missing),
        agrees("birth_date", EXACT),
        agrees("national_id", EXACT) | agrees("other_id", EXACT),
        agrees("phone", PHONE),
        agrees("address.text", ADDRESS) | (agrees("address.road", EXACT) & agrees("address.house_number", EXACT)),
    ]
    count: npt.NDArray[np.int64] = np.sum(traits, axis=0, dtype=np.int64)
    return count


def _at(comparer: Comparer, levels: Levels, source: str, wanted: Callable[[str], list[int]]) -> Bools:
    """bool[P]: whether a scored feature of this source has one of the wanted levels."""
    result = np.zeros(len(levels), np.bool_)
    for place, column in enumerate(comparer.scored):
        feature = comparer.model.features[column]
        if feature.source == source:
            result |= np.isin(levels[:, place], wanted(feature.kind))
    return result


def _absent(comparer: Comparer, levels: Levels, source: str) -> Bools:
    """bool[P]: all True where the model does not score this source at all."""
    scored = any(comparer.model.features[column].source == source for column in comparer.scored)
    return np.full(len(levels), not scored)
