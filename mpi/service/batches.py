"""What a BatchResolve is answered: the results of its records in their order, whichever way each of them went."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count, pairwise
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from mpi.errors import InputError, MpiError
from mpi.records import ResolveAnswer
from mpi.registry.decided import Decisions
from mpi.registry.writes import Block, Write
from mpi.service import responses
from mpi.service.failures import item_status
from mpi.v1 import identity_pb2 as pb

Answer = ResolveAnswer | MpiError
T = TypeVar("T")
Encode = Callable[[Decisions], tuple[bytes, npt.NDArray[np.int64]]]
"""Decisions → their serialised results, and where each begins: int64[Q + 1]."""


class Records(NamedTuple):
    """The records of a batch that must be decoded: positions, each one's message, and what the call asks for."""

    places: Sequence[int]
    message: Callable[[int], pb.ResolveRequest]
    include_reasons: bool
    deadline: float | None


def batch_response(answers: Iterable[Answer], refused: Mapping[int, InputError], *, include_reasons: bool) -> bytes:
    """Answers in order, with the refused records' errors at their places."""
    response = pb.BatchResolveResponse()
    add = response.results.add
    for answer in _merged(answers, refused):
        _fill(add(), answer, include_reasons=include_reasons)
    return response.SerializeToString()


def block_response(block: Block, refused: Mapping[int, InputError], encode: Encode) -> bytes:
    """The results of a block, with the refused records' errors at their places."""
    if not refused and len(block.answered) == 1:
        (answered,) = block.answered
        if answered.number == block.size and isinstance(answered.by, Decisions):
            return encode(answered.by)[0]
    return b"".join(_merged(_results(block, encode), {place: _result(error) for place, error in refused.items()}))


def _results(block: Block, encode: Encode) -> list[bytes]:
    """The serialised result of each of a block's records."""
    results = [_result(block.failed)] * block.size
    for place, number, by in block.answered:
        if isinstance(by, Decisions):
            data, ends = encode(by)
            found = [data[start:end] for start, end in pairwise(ends.tolist())]
        elif isinstance(by, Write):
            found = [_result(by.answer or block.failed)]
        else:
            found = [_result(by)] * number
        results[place : place + number] = found
    return results


def _result(answer: Answer) -> bytes:
    """One result as a part of the serialised response."""
    response = pb.BatchResolveResponse()
    _fill(response.results.add(), answer, include_reasons=False)
    return response.SerializeToString()


def _fill(result: pb.BatchResolveResult, answer: Answer, *, include_reasons: bool) -> None:
    if isinstance(answer, ResolveAnswer):
        responses.fill_resolution(result.resolution, answer, reasons=include_reasons)
    else:
        result.error.CopyFrom(item_status(answer))


def _merged(found: Iterable[T], refused: Mapping[int, T]) -> Iterator[T]:
    """What was refused at its position, everything else in between."""
    rest = iter(found)
    for position in count():
        answer = refused[position] if position in refused else next(rest, None)
        if answer is None:
            return
        yield answer
