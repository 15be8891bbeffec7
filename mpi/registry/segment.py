"""One transaction's worth of writes: kernel → journal events → (commit) → facts in memory → answers.

A segment holds each local number at most once, and all it knows of its writes by column. Its methods are called in the order
they stand in.
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from mpi.columns.reader import Picked, gathered, picked
from mpi.errors import MpiError
from mpi.linkage.batch import (
    CHOSEN,
    CHOSEN_WEIGHT,
    CHOSEN_WINNER,
    CUT,
    GRADE,
    KNOWN,
    MADE_GROUP,
    MADE_PERSON,
    MADE_RECORD,
    OUTCOME,
    POPULATION,
    REASONS,
    SOLE,
    TASK,
    Writes,
    new_writes,
    roll_back,
)
from mpi.linkage.decision import LINKED
from mpi.linkage.features import Encoded
from mpi.linkage.found import FLAGS, KEPT, PERSON, WEIGHT, Found, new_found
from mpi.linkage.hotindex import CHARS, PERSONS, VALUES
from mpi.linkage.scoring import SCALE
from mpi.linkage.search import Scratch
from mpi.records import MatchReason, Outcome, ResolveAnswer
from mpi.registry.answers import decision_reasons, match_reasons, relationship
from mpi.registry.decided import Decisions, decided
from mpi.registry.events import pack_candidates, pack_dictionary, pack_rows
from mpi.registry.index import GRADES, Index, NewRecords
from mpi.registry.master_id import MasterIds, format_code
from mpi.registry.tasks import Asked, shown
from mpi.registry.writes import Answered, Block, Write
from mpi.store import EventColumns

OUTCOMES = {int(o): o for o in Outcome}


class DurableValues:
    """How much of the dictionary the journal already holds; what lies beyond goes with the next event."""

    def __init__(self, slots: int, chars: int) -> None:
        self.slots, self.chars = slots, chars


class Segment:
    """Writes that are decided and committed together."""

    def __init__(self, index: Index, ids: MasterIds, durable: DurableValues) -> None:
        self._index, self._ids, self._durable = index, ids, durable
        self.by_number: dict[tuple[str, str], int] = {}  # local number → position
        self.by_request: dict[str, int] = {}  # request_id → position
        self.singles: dict[int, Write] = {}  # position → write
        self.followers: list[tuple[Write, int]] = []  # (write, position of the earlier one whose answer it gets)
        self.contents: list[bytes] = []
        self._blocks: list[tuple[Block, int, int, int]] = []  # (block, its records from … to before …, position of the first)
        self._picks: list[Picked | Write] = []
        self._sources: list[str] = []
        self._local_ids: list[str] = []
        self._payloads: list[bytes] = []
        self._recorded_at: list[int] = []
        self._known: list[int] = []  # the record that is updated, −1 for a new one
        self._generations: list[int] = []
        self._asked = Asked(index.asked)  # with what this segment asks
        self._journalled: dict[int, ResolveAnswer] = {}  # answers that had to be there before the commit

    def __len__(self) -> int:
        """Number of writes."""
        return len(self.contents)

    def add(self, write: Write, known: int, generation: int) -> None:
        """Take a write in; its local number must not be in this segment yet. ``generation``: of that number's record."""
        position = len(self)
        self.by_number[write.source, write.local_id] = position
        if write.request_id:
            self.by_request[write.request_id] = position
        self.singles[position] = write
        self._picks.append(write if write.rows is None else write.rows)
        self._sources.append(write.source)
        self._local_ids.append(write.local_id)
        self._payloads.append(write.payload)
        self.contents.append(write.content)
        self._recorded_at.append(write.recorded_at)
        self._known.append(known)
        self._generations.append(generation)

    def add_block(self, block: Block, start: int, end: int) -> None:
        """Take a block's records ``start`` to before ``end`` in, all new; ``by_number`` knows them already."""
        here = slice(start, end)
        self._blocks.append((block, start, end, len(self)))
        rows = block.rows
        self._picks.append(Picked(rows.found, rows.of[here], rows.first[here], rows.counts[here]))
        self._sources += block.sources[here]
        self._local_ids += block.local_ids[here]
        self._payloads += block.payloads[here]
        self.contents += block.contents[here]
        self._recorded_at += block.recorded_at[here]
        self._known += [-1] * (end - start)
        self._generations += [0] * (end - start)

    def fail(self, error: MpiError) -> None:
        """Answer every write with an error."""
        for write in [*self.singles.values(), *(follower for follower, _ in self.followers)]:
            write.answer = error
        for block, start, end, _ in self._blocks:
            block.answered.append(Answered(start, end - start, error))

    def encode(self) -> int:
        """Gather the records' rows, and encode those that have none yet; returns the number of rows."""
        bare = [pick for pick in self._picks if isinstance(pick, Write)]
        made = picked(self._index.encoder.encode([write.standard for write in bare])) if bare else None
        rows = (made.only(place) for place in range(len(bare))) if made is not None else iter(())
        self._encoded: Encoded = gathered([next(rows) if isinstance(pick, Write) else pick for pick in self._picks])
        return len(self._encoded.rows)

    def decide(self, scratch: Scratch) -> None:
        """Search, decide and insert provisionally: one kernel call without the GIL."""
        features = len(self._index.model.features)
        self._found: Found = new_found(len(self), features)
        self._kernel: Writes = new_writes(self._known, features)
        self._persons = int(self._index.hot.counters[PERSONS])  # before
        self._index.resolve_batch(
            self._index.hot,
            self._index.query,
            self._encoded,
            self._kernel,
            self._index.catchment,
            scratch,
            self._found,
        )

    def undo(self) -> None:
        """Take the provisional rows out again, after a failed commit."""
        roll_back(self._index.hot, self._index.query.rules, self._encoded, self._kernel, len(self))

    def make_events(self, first: int, at: int) -> EventColumns:
        """Journal entries of the decisions, numbered from ``first``, at time ``at`` (µs since 1970)."""
        index, columns = self._index, self._kernel.columns
        self._at = at
        made = self._made = decided(index, self._ids, self._kernel, first, self._persons, self._tasks(first))
        groups = columns[:, MADE_GROUP].tolist()
        dictionary = pack_dictionary(index.hot, self._durable.slots, self._durable.chars)
        requests = [self.singles.get(q) for q in range(len(self))] if self.by_request else []
        return EventColumns(
            len(self),
            {
                "seq": made.sequences(),
                "at": at,
                "outcome": columns[:, OUTCOME],
                "request_id": [write and (write.request_id or None) for write in requests] or None,
                "body_hash": [write and (write.body_hash or None) for write in requests] or None,
                "source": self._sources,
                "local_id": self._local_ids,
                "generation": self._generations,
                "record_no": columns[:, MADE_RECORD],
                "person_no": columns[:, MADE_PERSON],
                "master_code": made.codes,
                "content_hash": self.contents,
                "payload": self._payloads,
                "rows": pack_rows(self._encoded, groups),
                "dictionary": [dictionary] + [b""] * (len(self) - 1),
                "encoding": index.encoding,
                "model": index.model.reference,
                "weight": columns[:, CHOSEN_WEIGHT],
                "probability": made.probability,
                "population": columns[:, POPULATION],
                "grade": columns[:, GRADE],
                "reasons": columns[:, REASONS],
                "relationship": columns[:, CHOSEN_WINNER],
                "candidates": pack_candidates(index.hot, self._found),
                "flags": columns[:, CUT],
                "review_task": made.tasks(),
                "recorded_at": [moment or None for moment in self._recorded_at],
                "answer": self._journal_answers() if self.by_request else b"",
            },
        )

    def _tasks(self, first: int) -> dict[int, list[int]]:
        """By the sequence number of a task the persons a steward will see. A link that asks what was asked opens none."""
        found, columns, lower = self._found, self._kernel.columns, self._index.query.settings.lower
        tasks: dict[int, list[int]] = {}
        for q in np.flatnonzero(columns[:, TASK]).tolist():
            own, candidates = int(columns[q, MADE_PERSON]), found.candidates[q, : found.queries[q, KEPT]]
            others = shown(candidates[:, PERSON], candidates[:, WEIGHT], candidates[:, FLAGS], own, lower)
            if columns[q, OUTCOME] == LINKED and self._asked.knows(own, others):
                columns[q, TASK] = 0
            else:
                self._asked.add(own, others)
                tasks[first + q] = others
        return tasks

    def _journal_answers(self) -> list[bytes]:
        """The packed answers of writes that carry a request_id: a repeat gets just that."""
        self._journalled = {q: self._answer_to(q) for q in self.by_request.values()}
        packed = {q: msgspec.msgpack.encode(answer) for q, answer in self._journalled.items()}
        return [packed.get(q, b"") for q in range(len(self))]

    def apply(self) -> None:
        """Note the facts of the committed records. Readers see them when the index is published."""
        index, made, columns = self._index, self._made, self._kernel.columns
        sequences = made.sequences()
        new = np.flatnonzero(columns[:, KNOWN] < 0)
        if len(new):
            places = new.tolist()
            index.add_records(
                NewRecords(
                    first=int(columns[new[0], MADE_RECORD]),
                    sources=[self._sources[q] for q in places],
                    local_ids=[self._local_ids[q] for q in places],
                    since=self._at,
                    recorded_at=[self._recorded_at[q] for q in places],
                    sequences=sequences[new],
                    contents=[self.contents[q] for q in places],
                    probability=link_probability(made.probability[new], columns[new, GRADE]),
                    generations=[self._generations[q] for q in places],
                    models=index.model.reference,
                    grades=columns[new, GRADE],
                )
            )
        for q in np.flatnonzero(columns[:, KNOWN] >= 0).tolist():
            record = int(columns[q, MADE_RECORD])
            apply_update(index, record, made.first + q, self.contents[q], self._recorded_at[q])
        index.version[columns[:, MADE_PERSON]] = sequences  # of a person that comes twice the last one stays
        for q in np.flatnonzero(columns[:, TASK]).tolist():
            note_review(index, int(columns[q, MADE_PERSON]))
        self._asked.keep()
        self._durable.slots, self._durable.chars = int(index.hot.counters[VALUES]), int(index.hot.counters[CHARS])

    def answer(self) -> None:
        """Fill in the answers, the followers' too."""
        for q, write in self.singles.items():
            write.answer = self._journalled.get(q) or self._answer_to(q)
        for block, start, end, position in self._blocks:
            part = self._made.part(position, position + end - start)
            block.answered.append(Answered(start, end - start, part))
        for write, position in self.followers:
            leader = self.singles.get(position)
            answer = self._answer_to(position) if leader is None else leader.answer
            assert isinstance(answer, ResolveAnswer)
            repeats = leader is not None and write.request_id != "" and write.request_id == leader.request_id
            write.answer = answer if repeats else unchanged(answer)

    def _answer_to(self, q: int) -> ResolveAnswer:
        """The answer to the write at a position, as its journal entry says."""
        line = self._kernel.columns[q].tolist()
        write = self.singles.get(q)
        explanation: tuple[MatchReason, ...] = ()
        if write is not None and write.explain and line[CHOSEN] >= 0:
            levels, weights = self._found.levels[q, line[CHOSEN]], self._kernel.explanation[q]
            explanation = match_reasons(self._index.model, levels, weights, line[POPULATION])
        return resolve_answer(self._index, self._made, q, explanation)


def resolve_answer(index: Index, made: Decisions, q: int, explanation: tuple[MatchReason, ...] = ()) -> ResolveAnswer:
    """The answer that the q-th decision says."""
    line, sequence = made.columns[q].tolist(), made.first + q
    # an update leaves the grade of its link as it is
    grade = line[GRADE] if line[KNOWN] < 0 else int(index.grade[line[MADE_RECORD]])
    return ResolveAnswer(
        master_id=format_code(int(made.codes[q])),
        outcome=OUTCOMES[line[OUTCOME]],
        sequence=sequence,
        probability=float(made.probability[q]),
        weight=line[CHOSEN_WEIGHT] / SCALE,
        relationship=relationship(index.model, line[CHOSEN_WINNER]) if line[CHOSEN] >= 0 else "",
        population=line[POPULATION],
        grade=GRADES[grade],
        decision_reasons=decision_reasons(line[REASONS]),
        reasons=explanation,
        review_task=sequence * line[TASK],
        candidates=tuple(map(format_code, made.candidates.get(sequence, ()))),
        model=made.model,
    )


def unchanged(answer: ResolveAnswer) -> ResolveAnswer:
    """The answer to a repeat of what was just stored."""
    return ResolveAnswer(
        master_id=answer.master_id,
        outcome=Outcome.UNCHANGED,
        sequence=answer.sequence,
        grade=answer.grade,
        model=answer.model,
    )


def link_probability(found: npt.NDArray[np.float64], grades: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Probability of a new link edge: a record that is alone is certainly its person's."""
    return np.where(grades == SOLE, 1.0, found)


def apply_update(index: Index, record: int, sequence: int, content: bytes, recorded_at: int) -> None:
    """Facts of an event that changed the content of a record."""
    index.sequence[record] = sequence
    index.content[record] = content
    if recorded_at:
        index.recorded_at[record] = recorded_at


def note_review(index: Index, person: int) -> None:
    """Count an open task of a person."""
    index.reviews[person] += 1
    index.open_reviews += 1
