"""How many pairs at one of our levels satisfy a condition of another tool: from measured pairs, not from definitions.

A level of ours and a level of theirs overlap in part: names that sound the same are mostly above Jaro–Winkler .88 and not
always. tables/agreement.tsv holds, for every level, the similarities, edits and days that its pairs show, for pairs of one
person and for strangers apart.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from mpi.linkage.comparison import LEVELS
from training.exchange.conditions import DAYS, EDITS, EXACT, OTHER, REVERSED, SIMILARITY, Condition

TABLE = Path(__file__).parent / "tables" / "agreement.tsv"
SAME, STRANGERS = "m", "u"
EDIT_STEPS = (1, 2, 3)
DAY_STEPS = (31.0, 366.0, 3653.0)
LONG_DATE = 2.0**16  # days; no two dates of birth are farther apart
UNKNOWN_SHARE = 0.5  # of a level's pairs that satisfy a condition nobody can read


@cache
def _rows() -> dict[tuple[str, str, str], tuple[float, ...]]:
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    cells = [line.split("\t") for line in lines if line and not line.startswith("#")][1:]
    return {(kind, level, side): tuple(float(n) for n in numbers if n) for kind, level, side, *numbers in cells}


def satisfying(kind: str, level: int, side: str, condition: Condition) -> float:
    """Share of the pairs at ``level`` (1…L) of a kind that satisfy a condition; ``side`` is SAME or STRANGERS."""
    name, measure, threshold = LEVELS[kind][level], condition.measure, condition.threshold
    if measure == EXACT:
        return float(level == 1)
    if measure == REVERSED:
        return float(name == "swapped")
    if measure == OTHER:
        return 1.0 if level == 1 else UNKNOWN_SHARE
    if level == 1:
        return 1.0
    row = _rows()[kind, name, side]
    if measure == SIMILARITY:
        low, middle, high = row[:3]
        return float(np.interp(threshold, (0.0, low, middle, high, high + (high - middle) / 2), (1.0, 0.95, 0.5, 0.05, 0.0)))
    if measure == EDITS:
        return float(np.interp(threshold, (0, *EDIT_STEPS, 20), (0.0, *row[3:6], 1.0)))
    assert measure == DAYS
    return float(np.interp(threshold, (0.0, *DAY_STEPS, LONG_DATE), (0.0, *row[6:9], 1.0))) if kind == "date" else 0.0
