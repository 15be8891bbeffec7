"""Agreement levels × model → match weight, winning relationship class, and an explanation that adds up.

All weights are int32 fixed point, 1/1024 bit, and the sum over classes goes through a table, so that a decision can be
replayed bit for bit. A term frequency enters every class that does not share the feature (MATCHING: relationship classes).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.linkage.blocking import mix
from mpi.linkage.comparison import KIND_CODES, LEVELS
from mpi.linkage.jit import kernel, leaf, wide
from mpi.linkage.model import Feature, Model, TermFrequencies

SCALE = 1024  # fixed-point units a bit
LEVEL_LIMIT = 10  # levels of any kind, missing included
LOG_SUM_SPAN = 20 * SCALE  # beyond this difference the smaller addend changes nothing at this resolution


# columns of Tables.plan; KIND to TF_ON are 0/1, codes or columns (−1 none), TF_DEFAULT is log2 in fixed point
KIND, SCORED, COUNTERPART, DIVISION, IDENTITY, TF_ON, TF_DEFAULT = range(7)
# last axis of Tables.tf_levels
EXPONENT, REFERENCE = range(2)


class Tables(NamedTuple):
    """A model in the form the kernels read. F features, C classes (the last one is the stranger), L levels."""

    plan: npt.NDArray[np.int64]  # [F, 7]
    weights: npt.NDArray[np.int32]  # [F, LEVEL_LIMIT, C] log2 p_c(f, l)
    base: npt.NDArray[np.int32]  # [C] log2 ρ_c; the stranger's is the population's, passed per call
    tf_open: npt.NDArray[np.int32]  # [F, C] 1 where the term frequency enters
    tf_levels: npt.NDArray[np.int32]  # [F, LEVEL_LIMIT, 2] exponent, log2 of the reference frequency
    tf_table: npt.NDArray[np.int64]  # [slots, 2] open addressing: key (0 empty), log2 of the frequency
    log_sum: npt.NDArray[np.int32]  # log2(1 + 2^-d)


def fixed(bits: float) -> int:
    """Bits → fixed point, rounded half to even."""
    return round(bits * SCALE)


def compile_tables(model: Model, frequencies: TermFrequencies) -> Tables:
    """Arrays of a fitted model. Excluded levels of a class get probability 2^-40, which no evidence outweighs."""
    features, classes = model.features, (*model.classes, None)
    weights = np.zeros((len(features), LEVEL_LIMIT, len(classes)), np.int32)
    tf_open = np.zeros((len(features), len(classes)), np.int32)
    tf_levels = np.zeros((len(features), LEVEL_LIMIT, 2), np.int32)
    plan = np.zeros((len(features), 7), np.int64)
    for f, feature in enumerate(features):
        plan[f] = _plan(model, feature)
        for level in range(1, len(LEVELS[feature.kind]) if feature.scored else 1):
            for c, item in enumerate(classes):
                free = item is not None and feature.name in item.m
                share = item.m[feature.name][level - 1] if item is not None and free else feature.u[level - 1]
                weights[f, level, c] = fixed(math.log2(max(share, 2.0**-40)))
                tf_open[f, c] = 0 if free else 1
            if feature.term_frequency:
                tf_levels[f, level] = fixed(feature.tf_exponent[level - 1]), fixed(feature.tf_reference[level - 1])
    return Tables(
        plan=plan,
        weights=weights,
        base=np.array([fixed(math.log2(c.expected)) if c else 0 for c in classes], np.int32),
        tf_open=tf_open,
        tf_levels=tf_levels,
        tf_table=_frequency_table(frequencies),
        log_sum=np.array([fixed(math.log2(1 + 2.0 ** (-d / SCALE))) for d in range(LOG_SUM_SPAN)], np.int32),
    )


def _plan(model: Model, feature: Feature) -> tuple[int, ...]:
    """Line of ``Tables.plan``."""
    return (
        KIND_CODES[feature.kind],
        int(feature.scored),
        model.column(feature.counterpart) if feature.counterpart else -1,
        model.column(feature.division) if feature.division else -1,
        int(feature.identity),
        int(feature.term_frequency and feature.scored),
        fixed(math.log2(feature.tf_default)) if feature.tf_default > 0 else 0,
    )


def _frequency_table(frequencies: TermFrequencies) -> npt.NDArray[np.int64]:
    table = np.zeros((1 << max(4, (2 * len(frequencies.code)).bit_length()), 2), np.int64)
    logs = np.rint(np.log2(np.maximum(frequencies.frequency, 2.0**-40)) * SCALE).astype(np.int64)
    _fill_frequency_table(table, frequencies.feature, frequencies.code, logs)
    return table


@leaf
def frequency_key(feature: int, code: int) -> int:
    """Key of a value in the term-frequency table, never 0."""
    return wide(mix(np.uint64(feature + 1), np.uint64(code)) | np.uint64(1))


@leaf
def _place(key: int, mask: int) -> int:
    """Where a key's search begins."""
    return wide(np.uint64(key) >> np.uint64(20)) & mask


@kernel
def _fill_frequency_table(
    table: npt.NDArray[np.int64],
    feature: npt.NDArray[np.int64],
    code: npt.NDArray[np.int64],
    logs: npt.NDArray[np.int64],
) -> None:
    mask = len(table) - 1
    for i in range(len(code)):
        key = frequency_key(feature[i], code[i])
        at = _place(key, mask)
        while table[at, 0] != 0 and table[at, 0] != key:
            at = (at + 1) & mask
        table[at, 0], table[at, 1] = key, logs[i]


@leaf
def log_frequency(tables: Tables, feature: int, code: int) -> int:
    """log2 of a value's term frequency, fixed point; the model's default for a value it does not list."""
    mask = len(tables.tf_table) - 1
    key = frequency_key(feature, code)
    at = _place(key, mask)
    while tables.tf_table[at, 0] != 0:
        if tables.tf_table[at, 0] == key:
            return wide(tables.tf_table[at, 1])
        at = (at + 1) & mask
    return wide(tables.plan[feature, TF_DEFAULT])


@leaf
def frequency_adjustment(tables: Tables, feature: int, level: int, code_a: int, code_b: int) -> int:
    """What the values' commonness adds to log2 u of a level: exponent × (log2 frequency − reference).

    The commoner of the two values counts: it is the one a stranger is more likely to share.
    """
    exponent = wide(tables.tf_levels[feature, level, EXPONENT])
    if exponent == 0:
        return 0
    common = log_frequency(tables, feature, code_a)
    if code_b != code_a:
        common = max(common, log_frequency(tables, feature, code_b))
    return wide((exponent * (common - tables.tf_levels[feature, level, REFERENCE])) // SCALE)


@leaf
def log_add(tables: Tables, a: int, b: int) -> int:
    """log2(2^a + 2^b) in fixed point, through the table."""
    high, low = (a, b) if a >= b else (b, a)
    difference = high - low
    if difference >= LOG_SUM_SPAN:
        return high
    return high + wide(tables.log_sum[difference])


@leaf
def match_weight(
    tables: Tables, levels: npt.NDArray[np.uint8], adjustments: npt.NDArray[np.int32], population: int, until: int
) -> tuple[int, int]:
    """(weight, class) from the prior and the first ``until`` features; class 0 is the same person, C − 1 the stranger.

    ``population`` is log2 of the number of persons, fixed point. The class is the most likely one.
    """
    classes = len(tables.base)
    same, others, best, winner = wide(0), wide(0), wide(0), 0
    for c in range(classes):
        total = wide(tables.base[c]) if c < classes - 1 else wide(population)
        for f in range(until):
            level = levels[f]
            if level != 0 and tables.plan[f, SCORED] == 1:
                total += wide(tables.weights[f, level, c]) + wide(adjustments[f]) * tables.tf_open[f, c]
        if c == 0:
            same, best = total, total
        else:
            others = total if c == 1 else log_add(tables, others, total)
        if total > best:
            best, winner = total, c
    return same - others, winner


@leaf
def explain_weight(
    tables: Tables,
    levels: npt.NDArray[np.uint8],
    adjustments: npt.NDArray[np.int32],
    population: int,
    out: npt.NDArray[np.int64],
) -> None:
    """Fill ``out[F + 1, 2]``: per line the change of the weight, and the part of it that term frequency brings.

    Line 0 is the prior, line f + 1 feature f; the first column adds up to the match weight exactly.
    """
    features = len(tables.plan)
    plain = adjustments.copy()
    before = match_weight(tables, levels, adjustments, population, 0)[0]
    out[0, 0], out[0, 1] = before, 0
    for f in range(features):
        after = match_weight(tables, levels, adjustments, population, f + 1)[0]
        out[f + 1, 0], out[f + 1, 1] = after - before, 0
        if adjustments[f] != 0:
            plain[f] = 0
            out[f + 1, 1] = after - match_weight(tables, levels, plain, population, f + 1)[0]
            plain[f] = adjustments[f]
        before = after
