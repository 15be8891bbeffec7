"""Who comes next: single writes and blocks take turns, nobody is lost, and nobody is held up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpi.columns.reader import Picked
from mpi.errors import QueueFull, Unavailable
from mpi.registry.waiting import SLICE, WriteQueue
from mpi.registry.writes import Action, Block, Slice, Submission, Write


def single() -> Submission:
    return Submission([Write(Action.RESOLVE, "a", "1")], lambda _: None, None)


def block(size: int) -> Submission:
    none = np.zeros(size, np.int64)
    made = Block(
        ["a"] * size,
        ["1"] * size,
        keys=none,
        payloads=[b""] * size,
        contents=[b""] * size,
        recorded_at=[0] * size,
        rows=Picked((), none, none, none),
        deadline=None,
    )
    return Submission((made,), lambda _: None, None)


def sizes(taken: list[Write | Slice]) -> list[int]:
    return [write.size for write in taken]


def test_blocks_alone_go_whole_as_many_as_fit() -> None:
    queue = WriteQueue(10_000, 1_000)
    for _ in range(3):
        queue.put(block(500))
    assert [sizes(queue.take()) for _ in range(3)] == [[500, 500], [500], []]
    queue.put(block(1_500))  # larger than a transaction: still at once
    assert sizes(queue.take()) == [1_500]


def test_beside_single_writes_a_block_goes_in_slices_and_takes_turns() -> None:
    queue = WriteQueue(10_000, 1_000)
    queue.put(block(250))
    queue.put(single())
    assert sizes(queue.take()) == [1]
    queue.put(single())
    queue.put(single())
    assert sizes(queue.take()) == [SLICE]
    assert sizes(queue.take()) == [1, 1]
    last = [queue.take(), queue.take()]
    assert [[(part.start, part.end) for part in taken if isinstance(part, Slice)] for taken in last] == [
        [(SLICE, 2 * SLICE)],
        [(2 * SLICE, 250)],
    ]
    assert len(queue) == 0


def test_a_full_queue_takes_nothing_of_a_call_and_a_stopped_one_nothing_at_all() -> None:
    queue = WriteQueue(10, 1_000)
    queue.put(block(8))
    with pytest.raises(QueueFull):
        queue.put(block(3))
    assert len(queue) == 8
    queue.stop()
    with pytest.raises(Unavailable):
        queue.put(single())
    assert sizes(queue.take()) == [8]


@given(st.lists(st.one_of(st.just(0), st.integers(1, 700), st.just(-1)), max_size=40))
def test_everything_is_taken_once_and_in_the_order_of_its_kind(steps: list[int]) -> None:
    """0 puts a single write, a number a block of that size, −1 takes."""
    queue = WriteQueue(1_000_000, 1_000)
    singles: list[object] = []
    blocks: list[tuple[object, int]] = []
    got_singles: list[object] = []
    got_blocks: list[tuple[object, int]] = []

    def take() -> int:
        taken = queue.take()
        for write in taken:
            if isinstance(write, Slice):
                got_blocks.extend((write.block, n) for n in range(write.start, write.end))
            else:
                got_singles.append(write)
        return len(taken)

    for step in steps:
        if step < 0:
            take()
            continue
        submission = single() if step == 0 else block(step)
        (write,) = submission.writes
        if step == 0:
            singles.append(write)
        else:
            blocks.extend((write, n) for n in range(step))
        queue.put(submission)
    while take():
        pass
    assert got_singles == singles
    assert got_blocks == blocks
    assert len(queue) == 0
