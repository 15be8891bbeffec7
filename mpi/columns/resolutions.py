"""Answers to the wire: decisions in columns → the serialised results of a BatchResolveResponse, without a protobuf object.

For new and linked records, whose answers all have the same form; what else a batch is answered goes through protobuf, and its
bytes are put between these. Byte for byte what protobuf makes of the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.columns.jit import inner, kernel, wide
from mpi.linkage.batch import (
    CHOSEN,
    CHOSEN_WEIGHT,
    CHOSEN_WINNER,
    GRADE,
    OUTCOME,
    POPULATION,
    REASONS,
    TASK,
    WRITE_COLUMNS,
)
from mpi.linkage.jit import direct
from mpi.linkage.scoring import SCALE

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]

VARINT, FIXED_64, DELIMITED = 0, 1, 2  # wire types
# field numbers of Resolution
MASTER_ID, OUTCOME_FIELD, SEQUENCE, PROBABILITY, WEIGHT, RELATIONSHIP, POPULATION_FIELD, GRADE_FIELD, DECISION_REASONS = (
    range(1, 10)
)
REVIEW_TASK, CANDIDATES, MODEL = 11, 12, 13
RESULTS = RESOLUTION = 1  # of BatchResolveResponse and of BatchResolveResult
ID_LENGTH = 11
MOST_NUMBERS = 160  # bytes that a result takes beside its texts, at most
REASON_BITS = 63  # of a bit set, its sign aside


class Alphabet(NamedTuple):
    """How master IDs are written: uint8[32] the characters of the body, uint8[36] those of the check, int64[32] what the
    check takes each character of the body for."""

    characters: Bytes
    checked: Bytes
    values: Integers


class Texts(NamedTuple):
    """What answers of one model say in words: text k is ``data[ends[k]:ends[k + 1]]``; the model's name first, then the
    names of its relationship classes in the order of their numbers, strangers last."""

    data: Bytes
    ends: Integers


def texts(model: str, classes: Sequence[str]) -> Texts:
    """The texts of one model."""
    parts = [part.encode() for part in (model, *classes)]
    return Texts(np.frombuffer(b"".join(parts), np.uint8), np.cumsum([0, *map(len, parts)]))


@inner
def put_varint(out: Bytes, at: int, value: int) -> int:
    """A number ≥ 0; returns where it ends."""
    while value >= 128:
        out[at] = value & 127 | 128
        at, value = at + 1, value >> 7
    out[at] = value
    return at + 1


@inner
def put_number(out: Bytes, at: int, field: int, value: int) -> int:
    """A field with a number, unless that is 0."""
    if value == 0:
        return at
    return put_varint(out, put_varint(out, at, field << 3 | VARINT), value)


@inner
def put_bits(out: Bytes, at: int, field: int, bits: int) -> int:
    """A field with a double whose bits are given, unless it is 0."""
    if bits == 0:
        return at
    at = put_varint(out, at, field << 3 | FIXED_64)
    for shift in range(0, 64, 8):
        out[at] = bits >> shift & 255
        at += 1
    return at


@inner
def put_text(out: Bytes, at: int, field: int, texts: Texts, which: int) -> int:
    """A field with a text, unless that is empty."""
    start, end = texts.ends[which], texts.ends[which + 1]
    if start == end:
        return at
    at = put_varint(out, put_varint(out, at, field << 3 | DELIMITED), end - start)
    for place in range(start, end):
        out[at] = texts.data[place]
        at += 1
    return at


@inner
def put_master_id(out: Bytes, at: int, field: int, alphabet: Alphabet, code: int) -> int:
    """A field with the master ID of a code: ten characters and a check character (ISO 7064 MOD 37,36)."""
    at = put_varint(out, put_varint(out, at, field << 3 | DELIMITED), ID_LENGTH)
    state = wide(36)
    for shift in range(45, -5, -5):
        digit = code >> shift & 31
        out[at] = alphabet.characters[digit]
        at += 1
        state = (state + alphabet.values[digit]) % 36
        state = (36 if state == 0 else state) * 2 % 37
    out[at] = alphabet.checked[(1 - state) % 36]
    return at + 1


@inner
def put_reasons(out: Bytes, at: int, bits: int) -> int:
    """The decision reasons of a bit set, packed; each takes one byte. Bit 0 says nothing."""
    count = 0
    for number in range(1, REASON_BITS):
        count += bits >> number & 1
    if count == 0:
        return at
    at = put_varint(out, put_varint(out, at, DECISION_REASONS << 3 | DELIMITED), count)
    for number in range(1, REASON_BITS):
        if bits >> number & 1:
            out[at] = number
            at += 1
    return at


@inner
def put_resolution(
    out: Bytes, line: Integers, numbers: tuple[int, int, int, int], texts: Texts, alphabet: Alphabet, asked: Integers
) -> int:
    """One Resolution from the beginning of ``out``; ``numbers``: its code, sequence, bits of probability and of weight."""
    code, sequence, probability, weight = numbers
    at = put_master_id(out, wide(0), MASTER_ID, alphabet, code)
    at = put_number(out, at, OUTCOME_FIELD, line[OUTCOME])
    at = put_number(out, at, SEQUENCE, sequence)
    at = put_bits(out, at, PROBABILITY, probability)
    at = put_bits(out, at, WEIGHT, weight)
    if line[CHOSEN] >= 0:
        at = put_text(out, at, RELATIONSHIP, texts, min(1 + line[CHOSEN_WINNER], len(texts.ends) - 2))
    at = put_number(out, at, POPULATION_FIELD, line[POPULATION])
    at = put_number(out, at, GRADE_FIELD, line[GRADE])
    at = put_reasons(out, at, line[REASONS])
    at = put_number(out, at, REVIEW_TASK, sequence * line[TASK])
    for n in range(len(asked)):
        at = put_master_id(out, at, CANDIDATES, alphabet, asked[n])
    return put_text(out, at, MODEL, texts, wide(0))


@inner
def put_head(out: Bytes, at: int, field: int, length: int) -> int:
    """Tag and length of an inner message."""
    return put_varint(out, put_varint(out, at, field << 3 | DELIMITED), length)


@kernel
def put_results(
    columns: Integers,
    columns_of: tuple[Integers, Integers, Integers],
    first: int,
    asked: tuple[Integers, Integers],
    texts: Texts,
    alphabet: Alphabet,
    room: tuple[Bytes, Bytes],
    ends: Integers,
) -> None:
    """Results one behind the other into ``room[0]``; ``ends`` int64[Q + 1] says where each begins.

    ``columns_of``: codes, bits of probability and of weight. ``asked``: where the candidates of each begin (int64[Q + 1]),
    and their codes. ``room[1]`` is working memory for one result.
    """
    codes, probability, weight = columns_of
    starts, candidates = asked
    out, body = room
    at = wide(0)
    for q in range(len(columns)):
        ends[q] = at
        numbers = (codes[q], first + q, probability[q], weight[q])
        length = put_resolution(body, columns[q], numbers, texts, alphabet, candidates[starts[q] : starts[q + 1]])
        inside = put_head(out, at, RESOLUTION, length) - at  # how long that head is
        at = put_head(out, put_head(out, at, RESULTS, inside + length), RESOLUTION, length)
        for place in range(length):
            out[at + place] = body[place]
        at += length
    ends[len(columns)] = at


def results(
    columns: Integers,
    codes: Integers,
    probability: npt.NDArray[np.float64],
    first: int,
    asked: Mapping[int, Sequence[int]],
    *,
    texts: Texts,
    alphabet: Alphabet,
) -> tuple[bytes, Integers]:
    """The results of Q decisions, numbered from ``first``, and where each begins: bytes, int64[Q + 1].

    columns      int64[Q, …]  see linkage.batch.Writes
    codes        int64[Q]     of the master IDs
    probability  float64[Q]
    asked        codes of the master IDs that a review task asks about, by sequence number
    """
    starts, candidates = np.zeros(len(columns) + 1, np.int64), np.zeros(0, np.int64)
    tasks = np.flatnonzero(columns[:, TASK])
    if len(tasks):
        found = [asked.get(first + q, ()) for q in tasks.tolist()]
        starts[tasks + 1] = [len(codes) for codes in found]
        np.cumsum(starts, out=starts)
        candidates = np.array([code for codes in found for code in codes], np.int64)
    most = MOST_NUMBERS + len(texts.data) + REASON_BITS
    longest = most + (ID_LENGTH + 2) * int(np.diff(starts).max(initial=0))
    out = np.empty(most * len(columns) + (ID_LENGTH + 2) * len(candidates), np.uint8)
    ends = np.empty(len(columns) + 1, np.int64)
    _entry()(
        columns,
        (codes, probability.view(np.int64), (columns[:, CHOSEN_WEIGHT] / SCALE).view(np.int64)),
        first,
        (starts, candidates),
        texts,
        alphabet,
        (out, np.empty(longest, np.uint8)),
        ends,
    )
    return out[: ends[-1]].tobytes(), ends


def warm_results() -> None:
    """Load the kernel."""
    _entry()


@cache
def _entry() -> Any:
    """Compiled put_results without Numba's dispatcher."""
    none, octets = np.zeros(0, np.int64), np.zeros(0, np.uint8)
    columns, ends = np.zeros((0, WRITE_COLUMNS), np.int64), np.zeros(1, np.int64)
    alphabet = Alphabet(octets, octets, none)
    put_results(columns, (none, none, none), 1, (ends, none), texts("-", ()), alphabet, (octets, octets), ends)
    return direct(put_results)
