"""The loader's promises: every row answered in the order of the file, versions of a record in order, patience when busy.

The index at the other end is a small dictionary with a will of its own (it may be full, away, or refuse a record); the real
one is in test_live.py.
"""

import threading
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpi.commands.loading import BATCH_CHARACTERS, BATCH_RECORDS, Settled, Tally, load
from mpi.errors import InputError, MpiError, QueueFull, StoreError, Unavailable
from mpi.intake import MappedRow, RowProblem
from mpi.records import DecisionReason, HumanName, Outcome, PatientRecord, ResolveAnswer


class Dictionary:
    """Keeps the last birth date it was sent for each key. ``moods``: for each call, how many of its records it takes."""

    def __init__(self, moods: Sequence[int | MpiError] = ()) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.moods = list(moods)
        self.sizes: list[int] = []
        self.lock = threading.Lock()

    def batch_resolve(self, records: Sequence[PatientRecord], /) -> list[ResolveAnswer | MpiError]:
        with self.lock:
            self.sizes.append(len(records))
            mood = self.moods.pop(0) if self.moods else len(records)
            if isinstance(mood, MpiError):
                raise mood
            return [self.take(record) if n < mood or n % 3 == 2 else QueueFull(0.0) for n, record in enumerate(records)]

    def take(self, record: PatientRecord) -> ResolveAnswer | MpiError:
        if record.birth_date == "bad":
            return InputError("record.birth_date", "is no date")
        known = (record.source, record.local_id) in self.kept
        self.kept[record.source, record.local_id] = record.birth_date
        reasons = () if known else (DecisionReason.NO_CANDIDATE,)
        return ResolveAnswer(
            master_id="m",
            outcome=Outcome.UPDATED if known else Outcome.NEW,
            sequence=len(self.kept),
            decision_reasons=reasons,
        )


def row(number: int, local_id: str, birth_date: str = "", name: str = "") -> MappedRow:
    record = PatientRecord(
        source="h", local_id=local_id, birth_date=birth_date, names=(HumanName(text=name),) if name else ()
    )
    return MappedRow(row=number, record=record)


def no_pause(_seconds: float) -> None:
    return


def test_every_row_is_answered_in_order_and_counted() -> None:
    rows: list[MappedRow | RowProblem] = [
        row(2, "1"),
        RowProblem(row=3, column="c", problem="is bad"),
        row(4, "2", "bad"),
        row(5, "3"),
    ]
    (settled,) = load(Dictionary(), rows)
    assert settled.last_row == 5
    tally = Tally()
    for answer in settled.answers:
        tally.add(answer)
    assert (tally.rows, tally.rejected, tally.outcomes) == (4, 2, {"new": 2})
    assert tally.problems == {"c: is bad": 1, "birth_date: is no date": 1}
    assert tally.reasons == {"no_candidate": 2}
    assert [a.row for a in settled.answers if isinstance(a, RowProblem)] == [3, 4]


def test_batches_are_cut_by_number_and_by_size() -> None:
    index = Dictionary()
    assert [s.last_row for s in load(index, [row(n, str(n)) for n in range(BATCH_RECORDS + 1)])] == [
        BATCH_RECORDS - 1,
        BATCH_RECORDS,
    ]
    index = Dictionary()
    rows = [row(n, str(n), name="x" * (BATCH_CHARACTERS // 3)) for n in range(7)]
    assert len(list(load(index, rows))) == 4
    assert max(index.sizes) == 2


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 99)), max_size=2_000),
    st.lists(st.integers(0, 400), max_size=12),
    st.integers(1, 6),
)
def test_the_last_row_of_a_key_wins_however_busy_the_index_is(
    pairs: list[tuple[int, int]], moods: list[int], in_flight: int
) -> None:
    index = Dictionary(moods)
    rows = [row(number, str(key), str(value)) for number, (key, value) in enumerate(pairs)]
    settled = list(load(index, rows, in_flight=in_flight, pause=no_pause))
    assert sum(len(s.answers) for s in settled) == len(rows)
    assert [s.last_row for s in settled] == sorted(s.last_row for s in settled)
    assert index.kept == {("h", str(key)): str(value) for key, value in pairs}


def test_a_later_version_never_overtakes_an_earlier_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mpi.commands.loading.BATCH_RECORDS", 1)

    class Slow(Dictionary):
        """Its first call takes until a later one is done, or a while."""

        def __init__(self) -> None:
            super().__init__()
            self.later = threading.Event()

        def batch_resolve(self, records: Sequence[PatientRecord], /) -> list[ResolveAnswer | MpiError]:
            if records[0].birth_date == "first":
                self.later.wait(0.5)
            answers = super().batch_resolve(records)
            self.later.set()
            return answers

    same, other = Slow(), Slow()
    list(load(same, [row(2, "1", "first"), row(3, "1", "second")]))
    assert same.kept == {("h", "1"): "second"}
    list(load(other, [row(2, "1", "first"), row(3, "2", "second")]))
    assert list(other.kept) == [("h", "2"), ("h", "1")], "other keys do not wait"


def test_a_server_that_comes_back_is_waited_for() -> None:
    pauses: list[float] = []
    index = Dictionary([Unavailable("LOADING", "loading", retry_after_s=2.5), QueueFull(0.0)])
    (settled,) = load(index, [row(2, "1")], pause=pauses.append)
    assert isinstance(settled.answers[0], ResolveAnswer)
    assert pauses == [2.5, 0.2]


def test_a_server_that_stays_away_ends_the_load_after_what_was_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mpi.commands.loading.PATIENCE_S", -1.0)
    index = Dictionary([500, Unavailable("GONE", "gone")])
    settled: list[Settled] = []
    with pytest.raises(Unavailable, match="gone"):
        settled.extend(load(index, [row(n, str(n)) for n in range(600)], in_flight=1))
    assert len(index.kept) == 500


def test_a_failing_store_is_not_taken_for_a_bad_row() -> None:
    class Failing(Dictionary):
        def take(self, record: PatientRecord) -> ResolveAnswer | MpiError:
            return StoreError("commit failed") if record.local_id == "1" else super().take(record)

    with pytest.raises(StoreError):
        list(load(Failing(), [row(0, "0"), row(1, "1")]))


def test_rows_before_damage_in_the_file_are_settled_before_it_is_reported() -> None:
    def damaged() -> Iterator[MappedRow]:
        yield from (row(n, str(n)) for n in range(1_234))
        raise InputError("file.parquet", "damaged")

    index = Dictionary()
    got: list[int] = []
    stream = load(index, damaged(), in_flight=3)
    with pytest.raises(InputError, match="damaged"):
        got.extend(s.last_row for s in stream)
    assert len(index.kept) == 1_234
