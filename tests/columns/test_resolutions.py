"""Results written by the kernel are byte for byte what protobuf makes of the same answers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_kernels import GuardedBuffer, plain
from small_model import MODEL

from mpi.columns import resolutions
from mpi.columns.resolutions import results, texts
from mpi.linkage.batch import (
    CHOSEN,
    CHOSEN_WEIGHT,
    CHOSEN_WINNER,
    GRADE,
    KNOWN,
    OUTCOME,
    POPULATION,
    REASONS,
    TASK,
    WRITE_COLUMNS,
)
from mpi.linkage.model import STRANGER
from mpi.records import DecisionReason, Grade, Outcome
from mpi.registry.decided import Decisions
from mpi.registry.master_id import IN_KERNELS
from mpi.registry.segment import resolve_answer
from mpi.service.batches import batch_response
from mpi.service.responses import fill_resolution
from mpi.v1 import identity_pb2 as pb

CODES = st.integers(0, (1 << 50) - 1)
NUMBERS = st.sampled_from([0, 1, 127, 128, 16383, 16384, (1 << 31) - 1, (1 << 62) - 1]) | st.integers(0, 1 << 40)
MODEL_NAME = st.sampled_from(["han@0123456789abcdef", "m@1", "x" * 300])


@st.composite
def decisions(draw: st.DrawFn) -> Decisions:
    """A few decisions; numbers of every length, and tasks with none to eight persons."""
    count, first = draw(st.integers(0, 4)), draw(st.integers(1, 1 << 40))
    columns = np.zeros((count, WRITE_COLUMNS), np.int64)
    columns[:, KNOWN] = -1
    candidates = {}
    for q in range(count):
        columns[q, OUTCOME] = draw(st.sampled_from([Outcome.NEW, Outcome.LINKED, Outcome.NEW_WITH_REVIEW]))
        columns[q, CHOSEN] = draw(st.integers(-1, 7))
        columns[q, CHOSEN_WEIGHT] = draw(st.integers(-200_000, 200_000))
        columns[q, CHOSEN_WINNER] = draw(st.integers(0, len(MODEL.classes)))
        columns[q, REASONS] = sum(1 << reason for reason in draw(st.sets(st.sampled_from(DecisionReason))))
        columns[q, POPULATION] = draw(NUMBERS)
        columns[q, GRADE] = draw(st.sampled_from(Grade))
        columns[q, TASK] = draw(st.booleans())
        if columns[q, TASK]:
            candidates[first + q] = tuple(draw(st.lists(CODES, max_size=8)))
    codes = np.array([draw(CODES) for _ in range(count)], np.int64)
    probability = np.array([draw(st.floats(0, 1)) for _ in range(count)], np.float64)
    return Decisions(first, columns, codes, probability, candidates, draw(MODEL_NAME))


def written(made: Decisions) -> tuple[bytes, list[int]]:
    words = texts(made.model, [*(each.name for each in MODEL.classes), STRANGER])
    data, ends = results(
        made.columns, made.codes, made.probability, made.first, made.candidates, texts=words, alphabet=IN_KERNELS
    )
    return data, ends.tolist()


@given(decisions())
def test_the_bytes_are_protobufs(made: Decisions) -> None:
    index: Any = SimpleNamespace(model=MODEL)
    response = pb.BatchResolveResponse()
    sizes = [0]
    for q in range(len(made.columns)):
        fill_resolution(response.results.add().resolution, resolve_answer(index, made, q))
        sizes.append(response.ByteSize())
    data, ends = written(made)
    assert data == response.SerializeToString()
    assert ends == sizes


@given(decisions())
def test_the_plain_functions_write_the_same_within_bounds(made: Decisions) -> None:
    """What the kernel is compiled from, over arrays that check every index."""
    expected = written(made)
    reference = plain(resolutions)

    def entry() -> Any:
        def put(*arguments: Any) -> None:
            *rest, room, ends = arguments
            reference.put_results(*rest, tuple(each.view(GuardedBuffer) for each in room), ends)

        return put

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resolutions, "_entry", entry)
        assert written(made) == expected


def test_nothing_makes_nothing() -> None:
    assert batch_response([], {}, include_reasons=False) == b""
    none = np.zeros(0, np.int64)
    assert written(Decisions(1, np.zeros((0, WRITE_COLUMNS), np.int64), none, np.zeros(0), {}, "m")) == (b"", [0])
