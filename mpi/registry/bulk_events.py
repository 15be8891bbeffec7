"""A load's decisions into the journal, in large transactions, and then into the facts in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mpi.errors import StoreError
from mpi.linkage.blocks import Edges
from mpi.linkage.hotindex import GROUP_SIZE, PERSONS, RECORD_GROUP, HotIndex
from mpi.linkage.scoring import SCALE
from mpi.registry.bulk_plan import Candidates, Plan, candidates_of
from mpi.registry.bulk_report import Advance
from mpi.registry.events import pack_dictionary_part
from mpi.registry.index import Index, RecordColumns
from mpi.registry.master_id import MasterIds
from mpi.registry.segment import DurableValues, link_probability, note_review
from mpi.registry.tasks import shown
from mpi.store import EventColumns, Store

# Events of one transaction at least: two row groups of DuckDB. From one on, what is inserted goes to the database file at
# once, compressed, and not through the log: 3.5 instead of 5.5 µs of CPU an event.
TRANSACTION_EVENTS = 245_760
WAITING_FILE = "load.waiting"


class Marks(NamedTuple):
    """How many records a part has, and how far the dictionary had grown with them."""

    records: int
    values: int
    chars: int


class Waiting:
    """What the journal keeps of a load's records as received, until they are decided: in a file, since it is most of a load.

    The file stands in the data directory and goes with the load, or with the next one.
    """

    SCHEMA = pa.schema(
        {
            "source": pa.string(),
            "local_id": pa.string(),
            "payload": pa.binary(),
            "content_hash": pa.binary(),
            "recorded_at": pa.int64(),
            "key": pa.int64(),
        }
    )

    def __init__(self, directory: Path) -> None:
        self._path = directory / WAITING_FILE
        self._sink = pa.OSFile(str(self._path), "wb")
        self._writer = pa.ipc.new_file(self._sink, self.SCHEMA)
        self.marks: list[Marks] = []

    def add(self, columns: list[pa.Array], marks: Marks) -> None:
        """The next records, by the columns of the schema. Raises StoreError where the disk is full."""
        try:
            self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=self.SCHEMA))
        except (pa.ArrowException, OSError) as error:
            raise _unwritten(error) from None
        self.marks.append(marks)

    def transactions(self) -> Iterator[tuple[pa.RecordBatch, Marks]]:
        """Everything in order, as much at a time as goes into one transaction."""
        try:
            self._writer.close()
            self._sink.close()
        except (pa.ArrowException, OSError) as error:
            raise _unwritten(error) from None
        with pa.memory_map(str(self._path)) as source:
            reader = pa.ipc.open_file(source)
            first, held = 0, 0
            for number, marks in enumerate(self.marks):
                held += marks.records
                if held and (held >= TRANSACTION_EVENTS or number == len(self.marks) - 1):
                    table = pa.Table.from_batches([reader.get_batch(n) for n in range(first, number + 1)])
                    yield table.combine_chunks().to_batches()[0], marks._replace(records=held)
                    first, held = number + 1, 0

    def close(self) -> None:
        """Remove the file."""
        with suppress(pa.ArrowException, OSError):
            self._writer.close()
            self._sink.close()
        self._path.unlink(missing_ok=True)


def _unwritten(error: Exception) -> StoreError:
    return StoreError(f"what waits to be decided could not be written ({type(error).__name__}); the disk may be full")


class Journalled(NamedTuple):
    """A load that was decided, at a moment (µs since 1970). ``cut`` bool[N]: records that were not compared with all of a
    block."""

    waiting: Waiting
    plan: Plan
    edges: Edges
    persons: npt.NDArray[np.int64]
    cut: npt.NDArray[np.bool_]
    population: int
    at: int


def write_journal(
    index: Index, store: Store, ids: MasterIds, durable: DurableValues, load: Journalled, progress: Advance
) -> None:
    """Store every record of a load with its decision, in the order of the file, and note the facts of what is durable.

    Raises StoreError and Unavailable; transactions before that stay.
    """
    plan = load.plan
    candidates = candidates_of(index.hot, load.edges, plan, load.persons)
    persons, last = int(index.hot.counters[PERSONS]), int(plan.persons.max()) + 1
    if last > persons:
        index.master_code[persons:last] = ids.codes(persons, last - persons)
    start = 0
    for records, marks in load.waiting.transactions():
        _write(index, store, durable, load, candidates, start, records, marks)
        start += marks.records
        progress("store", start / len(plan.persons), start)


def _write(
    index: Index,
    store: Store,
    durable: DurableValues,
    load: Journalled,
    candidates: Candidates,
    start: int,
    received: pa.RecordBatch,
    marks: Marks,
) -> None:
    """One transaction: the records from the load's ``start``-th on."""
    count = marks.records
    span = (start, start + count)
    here = slice(*span)
    first, at, plan = store.last_sequence() + 1, load.at, load.plan
    sequences = np.arange(first, first + count)
    task = plan.task[here]
    probability = _probability(plan, here)
    records = np.arange(plan.first + span[0], plan.first + span[1])
    dictionary = pack_dictionary_part(index.hot, (durable.slots, durable.chars), (marks.values, marks.chars))
    store.append_columns(
        EventColumns(
            count,
            {
                "seq": sequences,
                "at": at,
                "outcome": plan.outcome[here],
                "source": received["source"],
                "local_id": received["local_id"],
                "record_no": records,
                "person_no": plan.persons[here],
                "master_code": index.master_code[plan.persons[here]],
                "content_hash": received["content_hash"],
                "payload": received["payload"],
                "rows": _rows(index.hot, records),
                "dictionary": [dictionary] + [b""] * (count - 1),
                "encoding": index.encoding,
                "model": index.model.reference,
                "weight": plan.weight[here],
                "probability": probability,
                "population": load.population,
                "grade": plan.grade[here],
                "reasons": plan.reasons[here],
                "relationship": plan.winner[here],
                "candidates": _packed(candidates, span),
                "flags": load.cut[here].astype(np.int32),
                "review_task": sequences * task,
                "recorded_at": pc.if_else(pc.equal(received["recorded_at"], 0), None, received["recorded_at"]),
            },
        )
    )
    _note_facts(index, load, received, span, sequences)
    index.version[plan.persons[here]] = sequences
    _note_tasks(index, plan, candidates, span)
    durable.slots, durable.chars = marks.values, marks.chars


def _note_facts(
    index: Index, load: Journalled, received: pa.RecordBatch, span: tuple[int, int], sequences: npt.NDArray[np.int64]
) -> None:
    """What the index knows of the records of a transaction."""
    plan, here = load.plan, slice(*span)
    text, starts = text_of(received["local_id"])
    source = received["source"].dictionary_encode()
    numbers = np.array([index.sources.number(name) for name in source.dictionary.to_pylist()], np.int16)
    index.add_columns(
        RecordColumns(
            first=plan.first + span[0],
            text=text,
            lengths=np.diff(starts).astype(np.int64),
            keys=received["key"].to_numpy(),
            facts={
                "since": load.at,
                "recorded_at": received["recorded_at"].to_numpy(),
                "sequence": sequences,
                "probability": link_probability(_probability(plan, here), plan.grade[here].astype(np.int64)),
                "generation": 0,
                "source": numbers[source.indices.to_numpy()],
                "made_by": index.models.number(index.model.reference),
                "grade": plan.grade[here],
            },
        )
    )


def _note_tasks(index: Index, plan: Plan, candidates: Candidates, span: tuple[int, int]) -> None:
    lower = index.query.settings.lower
    for record in (np.flatnonzero(plan.task[slice(*span)]) + span[0]).tolist():
        person = int(plan.persons[record])
        found = candidates.packed[candidates.starts[record] : candidates.starts[record + 1]]
        index.asked.add(person, shown(found["person"], found["weight"], found["flags"], person, lower))
        note_review(index, person)


def _probability(plan: Plan, here: slice) -> npt.NDArray[np.float64]:
    """Match probabilities of the chosen edges, as ``answers.probability`` has them; 0 without one."""
    bits = plan.weight[here] / SCALE
    odds = np.exp2(np.clip(bits, -1000.0, 60.0))
    likely = np.where(bits > 60, 1.0, odds / (1 + odds))
    return np.where(plan.chosen[here] >= 0, likely, 0.0)


def text_of(column: pa.Array) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
    """(bytes of all texts of a column without nulls, int32[n + 1] where each begins)."""
    _, offsets, data = column.buffers()
    starts = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
    text = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    return text[starts[0] : starts[-1]], starts - starts[0]


def blobs(values: npt.NDArray[np.uint8]) -> pa.Array:
    """The lines of uint8[n, width] as blobs."""
    count, width = values.shape
    offsets, data = np.arange(count + 1, dtype=np.int32) * width, np.ascontiguousarray(values)
    return pa.Array.from_buffers(pa.binary(), count, [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def _rows(hot: HotIndex, records: npt.NDArray[np.int64]) -> pa.Array:
    """The rows of records that were placed one behind the other."""
    first = hot.record_cells[records, RECORD_GROUP]
    sizes = hot.row_cells[first, GROUP_SIZE]
    assert first[-1] - first[0] == sizes[:-1].sum()
    offsets = np.zeros(len(records) + 1, np.int32)
    np.cumsum(sizes * hot.rows.shape[1] * 8, out=offsets[1:])
    data = hot.rows[first[0] : first[-1] + sizes[-1]]
    return pa.Array.from_buffers(pa.binary(), len(records), [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def _packed(candidates: Candidates, span: tuple[int, int]) -> pa.Array:
    starts = candidates.starts[span[0] : span[1] + 1]
    found = candidates.packed[starts[0] : starts[-1]]
    offsets = ((starts - starts[0]) * found.itemsize).astype(np.int32)
    data = np.frombuffer(found.tobytes(), np.uint8)
    return pa.Array.from_buffers(pa.binary(), span[1] - span[0], [None, pa.py_buffer(offsets), pa.py_buffer(data)])
