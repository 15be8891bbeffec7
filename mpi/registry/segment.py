"""One transaction's worth of writes: kernel → journal events → (commit) → facts in memory → answers.

A segment holds each local number at most once. Its methods are called in the order they stand in.
"""

from __future__ import annotations

import msgspec

from mpi.columns.reader import joined
from mpi.linkage.batch import Writes, new_writes, roll_back
from mpi.linkage.conflicts import DOCUMENT
from mpi.linkage.features import Encoded
from mpi.linkage.found import FLAGS, KEPT, PERSON, WEIGHT, Found, new_found
from mpi.linkage.hotindex import CHARS, VALUES
from mpi.linkage.scoring import SCALE
from mpi.linkage.search import Scratch
from mpi.records import MatchReason, Outcome, ResolveAnswer
from mpi.registry.answers import decision_reasons, match_reasons, relationship
from mpi.registry.decided import SOLE, Decided, decided
from mpi.registry.events import pack_candidates, pack_dictionary, pack_rows
from mpi.registry.index import GRADES, Index, NewRecord
from mpi.registry.master_id import MasterIds, format_code
from mpi.registry.writes import Write
from mpi.store import EventColumns

OUTCOMES = {int(o): o for o in Outcome}


class DurableValues:
    """How much of the dictionary the journal already holds; what lies beyond goes with the next event."""

    def __init__(self, slots: int, chars: int) -> None:
        self.slots, self.chars = slots, chars


class Segment:
    """Writes that are decided and committed together. ``known[i]`` is the record that write i updates, −1 for a new one."""

    def __init__(self, index: Index, ids: MasterIds, durable: DurableValues) -> None:
        self._index, self._ids, self._durable = index, ids, durable
        self.writes: list[Write] = []
        self.known: list[int] = []
        self.followers: list[tuple[Write, Write]] = []  # (write, the earlier write whose answer it gets)
        self.by_number: dict[tuple[str, str], Write] = {}
        self.by_request: dict[str, Write] = {}
        self._generations: list[int] = []
        self._journalled: dict[int, ResolveAnswer] = {}  # answers that had to be there before the commit

    def add(self, write: Write, known: int, generation: int) -> None:
        """Take a write in; its local number must not be in this segment yet. ``generation``: of that number's record."""
        self._generations.append(generation)
        self.writes.append(write)
        self.known.append(known)
        self.by_number[write.source, write.local_id] = write
        if write.request_id:
            self.by_request[write.request_id] = write

    def encode(self) -> int:
        """Gather the records' rows, and encode those that have none yet; returns the number of rows."""
        bare = [write for write in self.writes if write.encoded is None]
        if bare:
            encoded = self._index.encoder.encode([write.standard for write in bare])
            for place, write in enumerate(bare):
                write.encoded = (encoded, place)
        self._encoded: Encoded = joined([write.encoded for write in self.writes if write.encoded is not None])
        return len(self._encoded.rows)

    def decide(self, scratch: Scratch) -> None:
        """Search, decide and insert provisionally: one kernel call without the GIL."""
        features = len(self._index.model.features)
        self._found: Found = new_found(len(self.writes), features)
        self._kernel: Writes = new_writes(self.known, features)
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
        roll_back(self._index.hot, self._index.query.rules, self._encoded, self._kernel, len(self.writes))

    def make_events(self, first: int, at: int) -> EventColumns:
        """Journal entries of the decisions, numbered from ``first``, at time ``at`` (µs since 1970)."""
        index, writes = self._index, self.writes
        self._decided = decided(index, self._ids, self._kernel, self._found, first)
        self._at = at
        made = dict(zip(Decided._fields, zip(*self._decided, strict=True), strict=True))  # by column
        dictionary = pack_dictionary(index.hot, self._durable.slots, self._durable.chars)
        named = bool(self.by_request)
        return EventColumns(
            len(writes),
            {
                "seq": made["sequence"],
                "at": at,
                "outcome": made["outcome"],
                "request_id": [write.request_id or None for write in writes] if named else None,
                "body_hash": [write.body_hash or None for write in writes] if named else None,
                "source": [write.source for write in writes],
                "local_id": [write.local_id for write in writes],
                "generation": self._generations,
                "record_no": made["record"],
                "person_no": made["person"],
                "master_code": made["code"],
                "content_hash": [write.content for write in writes],
                "payload": [write.payload for write in writes],
                "rows": pack_rows(self._encoded, made["group"]),
                "dictionary": [dictionary] + [b""] * (len(writes) - 1),
                "encoding": index.encoding,
                "model": index.model.reference,
                "weight": made["weight"],
                "probability": made["probability"],
                "population": made["population"],
                "grade": made["grade"],
                "reasons": made["reasons"],
                "relationship": made["relationship"],
                "candidates": pack_candidates(index.hot, self._found),
                "flags": list(map(int, made["cut"])),
                "review_task": made["review_task"],
                "recorded_at": [write.recorded_at or None for write in writes],
                "answer": self._journal_answers() if named else b"",
            },
        )

    def _journal_answers(self) -> list[bytes]:
        """The packed answers of writes that carry a request_id: a repeat gets just that."""
        self._journalled = {q: self._answer_to(q) for q, write in enumerate(self.writes) if write.request_id}
        packed = {q: msgspec.msgpack.encode(answer) for q, answer in self._journalled.items()}
        return [packed.get(q, b"") for q in range(len(self.writes))]

    def apply(self) -> None:
        """Note the facts of the committed records. Readers see them when the index is published."""
        index = self._index
        index.add_records(
            [
                NewRecord(
                    number=made.record,
                    source=write.source,
                    local_id=write.local_id,
                    since=self._at,
                    recorded_at=write.recorded_at,
                    sequence=made.sequence,
                    content=write.content,
                    probability=link_probability(made.probability, made.grade),
                    generation=generation,
                    model=index.model.reference,
                    grade=made.grade,
                )
                for write, made, generation in zip(self.writes, self._decided, self._generations, strict=True)
                if made.known < 0
            ]
        )
        for write, made in zip(self.writes, self._decided, strict=True):
            if made.known >= 0:
                apply_update(index, made.record, made.sequence, write.content, write.recorded_at)
            index.version[made.person] = made.sequence
            if made.review_task:
                note_review(index, made.person)
        self._durable.slots, self._durable.chars = int(index.hot.counters[VALUES]), int(index.hot.counters[CHARS])

    def answer(self) -> None:
        """Fill in the answers, the followers' too."""
        for q, write in enumerate(self.writes):
            write.answer = self._journalled.get(q) or self._answer_to(q)
        for write, leader in self.followers:
            assert isinstance(leader.answer, ResolveAnswer)
            repeats = write.request_id != "" and write.request_id == leader.request_id
            write.answer = leader.answer if repeats else unchanged(leader.answer)

    def _answer_to(self, q: int) -> ResolveAnswer:
        """The answer to write q, as its journal entry says."""
        index, made, chosen = self._index, self._decided[q], self._decided[q].chosen
        return ResolveAnswer(
            master_id=format_code(made.code),
            outcome=OUTCOMES[made.outcome],
            sequence=made.sequence,
            probability=made.probability,
            weight=made.weight / SCALE,
            relationship=relationship(index.model, made.relationship) if chosen >= 0 else "",
            population=made.population,
            grade=GRADES[made.grade if made.known < 0 else int(index.grade[made.record])],  # an update leaves it as it is
            decision_reasons=decision_reasons(made.reasons),
            reasons=self._explanation(q, chosen) if chosen >= 0 and self.writes[q].explain else (),
            review_task=made.review_task,
            candidates=self._task_candidates(q) if made.review_task else (),
            model=index.model.reference,
        )

    def _explanation(self, q: int, chosen: int) -> tuple[MatchReason, ...]:
        """The chosen candidate's weight, feature by feature."""
        population = self._decided[q].population
        return match_reasons(self._index.model, self._found.levels[q, chosen], self._kernel.explanation[q], population)

    def _task_candidates(self, q: int) -> tuple[str, ...]:
        """Master IDs a steward will see: everybody at or above the lower threshold, or with the same document."""
        found, lower = self._found, self._index.query.settings.lower
        own = self._decided[q].person
        places = [
            i
            for i in range(int(found.queries[q, KEPT]))
            if (found.candidates[q, i, WEIGHT] >= lower or found.candidates[q, i, FLAGS] & DOCUMENT)
            and found.candidates[q, i, PERSON] != own
        ]
        return tuple(format_code(int(self._index.master_code[found.candidates[q, i, PERSON]])) for i in places)


def unchanged(answer: ResolveAnswer) -> ResolveAnswer:
    """The answer to a repeat of what was just stored."""
    return ResolveAnswer(
        master_id=answer.master_id,
        outcome=Outcome.UNCHANGED,
        sequence=answer.sequence,
        grade=answer.grade,
        model=answer.model,
        population=answer.population,
    )


def link_probability(found: float, grade: int) -> float:
    """Probability of a new link edge: a record that is alone is certainly its person's."""
    return 1.0 if grade == SOLE else found


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
