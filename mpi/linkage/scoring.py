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
from mpi.linkage.jit import leaf, wide
from mpi.linkage.model import Model, TermFrequencies

SCALE = 1024  # fixed-point units a bit
LEVEL_LIMIT = 10  # levels of any kind, missing included
LOG_SUM_SPAN = 20 * SCALE  # beyond this difference the smaller addend changes nothing at this resolution


class Tables(NamedTuple):
    """A model in the form the kernels read. F features, C classes (the last one is the stranger), L levels."""

    kind: npt.NDArray[np.int64]  # [F]
    scored: npt.NDArray[np.int64]  # [F] 0 or 1
    counterpart: npt.NDArray[np.int64]  # [F] column or -1
    division: npt.NDArray[np.int64]  # [F] column or -1
    identity: npt.NDArray[np.int64]  # [F] 0 or 1
    weights: npt.NDArray[np.int32]  # [F, LEVEL_LIMIT, C] log2 p_c(f, l)
    base: npt.NDArray[np.int32]  # [C] log2 ρ_c; the stranger's is the population's, passed per call
    tf_open: npt.NDArray[np.int32]  # [F, C] 1 where the term frequency enters
    tf_on: npt.NDArray[np.int64]  # [F]
    tf_exponent: npt.NDArray[np.int32]  # [F, LEVEL_LIMIT]
    tf_reference: npt.NDArray[np.int32]  # [F, LEVEL_LIMIT]
    tf_default: npt.NDArray[np.int32]  # [F] log2
    tf_keys: npt.NDArray[np.uint64]  # open addressing, 0 empty
    tf_values: npt.NDArray[np.int32]  # log2 of the frequency
    log_sum: npt.NDArray[np.int32]  # log2(1 + 2^-d)


def fixed(bits: float) -> int:
    """Bits → fixed point, rounded half to even."""
    return round(bits * SCALE)


def compile_tables(model: Model, frequencies: TermFrequencies) -> Tables:
    """Arrays of a fitted model. Excluded levels of a class get probability 2^-40, which no evidence outweighs."""
    features, classes = model.features, (*model.classes, None)
    weights = np.zeros((len(features), LEVEL_LIMIT, len(classes)), np.int32)
    tf_open = np.zeros((len(features), len(classes)), np.int32)
    exponent = np.zeros((len(features), LEVEL_LIMIT), np.int32)
    reference = np.zeros((len(features), LEVEL_LIMIT), np.int32)
    for f, feature in enumerate(features):
        for level in range(1, len(LEVELS[feature.kind]) if feature.scored else 1):
            for c, item in enumerate(classes):
                free = item is not None and feature.name in item.m
                share = item.m[feature.name][level - 1] if item is not None and free else feature.u[level - 1]
                weights[f, level, c] = fixed(math.log2(max(share, 2.0**-40)))
                tf_open[f, c] = 0 if free else 1
            if feature.term_frequency:
                exponent[f, level] = fixed(feature.tf_exponent[level - 1])
                reference[f, level] = fixed(feature.tf_reference[level - 1])
    keys, values = _frequency_table(frequencies)
    return Tables(
        kind=np.array([KIND_CODES[f.kind] for f in features], np.int64),
        scored=np.array([f.scored for f in features], np.int64),
        counterpart=np.array([model.column(f.counterpart) if f.counterpart else -1 for f in features], np.int64),
        division=np.array([model.column(f.division) if f.division else -1 for f in features], np.int64),
        identity=np.array([f.identity for f in features], np.int64),
        weights=weights,
        base=np.array([fixed(math.log2(c.expected)) if c else 0 for c in classes], np.int32),
        tf_open=tf_open,
        tf_on=np.array([f.term_frequency and f.scored for f in features], np.int64),
        tf_exponent=exponent,
        tf_reference=reference,
        tf_default=np.array([fixed(math.log2(f.tf_default)) if f.tf_default > 0 else 0 for f in features], np.int32),
        tf_keys=keys,
        tf_values=values,
        log_sum=np.array([fixed(math.log2(1 + 2.0 ** (-d / SCALE))) for d in range(LOG_SUM_SPAN)], np.int32),
    )


def _frequency_table(frequencies: TermFrequencies) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int32]]:
    size = 1 << max(4, (2 * len(frequencies.code)).bit_length())
    keys, values = np.zeros(size, np.uint64), np.zeros(size, np.int32)
    logs = np.rint(np.log2(np.maximum(frequencies.frequency, 2.0**-40)) * SCALE).astype(np.int32)
    _fill_frequency_table(keys, values, frequencies.feature, frequencies.code, logs)
    return keys, values


@leaf
def frequency_key(feature: int, code: int) -> np.uint64:
    """Key of a value in the term-frequency table, never 0."""
    return mix(np.uint64(feature + 1), np.uint64(code)) | np.uint64(1)


@leaf
def _fill_frequency_table(
    keys: npt.NDArray[np.uint64],
    values: npt.NDArray[np.int32],
    feature: npt.NDArray[np.int64],
    code: npt.NDArray[np.int64],
    logs: npt.NDArray[np.int32],
) -> None:
    mask = len(keys) - 1
    for i in range(len(code)):
        key = frequency_key(feature[i], code[i])
        at = wide(key >> np.uint64(20)) & mask
        while keys[at] != np.uint64(0) and keys[at] != key:
            at = (at + 1) & mask
        keys[at] = key
        values[at] = logs[i]


@leaf
def log_frequency(tables: Tables, feature: int, code: int) -> int:
    """log2 of a value's term frequency, fixed point; the model's default for a value it does not list."""
    mask = len(tables.tf_keys) - 1
    key = frequency_key(feature, code)
    at = wide(key >> np.uint64(20)) & mask
    while tables.tf_keys[at] != np.uint64(0):
        if tables.tf_keys[at] == key:
            return wide(tables.tf_values[at])
        at = (at + 1) & mask
    return wide(tables.tf_default[feature])


@leaf
def frequency_adjustment(tables: Tables, feature: int, level: int, code_a: int, code_b: int) -> int:
    """What the values' commonness adds to log2 u of a level: exponent × (log2 frequency − reference).

    The commoner of the two values counts: it is the one a stranger is more likely to share.
    """
    exponent = wide(tables.tf_exponent[feature, level])
    if exponent == 0:
        return 0
    common = log_frequency(tables, feature, code_a)
    if code_b != code_a:
        common = max(common, log_frequency(tables, feature, code_b))
    return wide((exponent * (common - tables.tf_reference[feature, level])) // SCALE)


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
            if level != 0 and tables.scored[f] == 1:
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
    features = len(tables.kind)
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
