"""One transaction's worth of writes: kernel → journal events → (commit) → facts in memory → answers.

A segment holds each local number at most once. Its methods are called in the order they stand in.
"""

from __future__ import annotations

import msgspec
import numpy as np

from mpi.linkage.batch import CHOSEN, MADE_PERSON, Writes, new_writes, roll_back
from mpi.linkage.conflicts import DOCUMENT
from mpi.linkage.features import Encoded
from mpi.linkage.found import FLAGS, KEPT, KEYS_CUT, PERSON, WEIGHT, WINNER, Found, new_found
from mpi.linkage.hotindex import CHARS, VALUES
from mpi.linkage.scoring import SCALE
from mpi.linkage.search import Scratch
from mpi.records import DecisionReason, Grade, MatchReason, Outcome, ResolveAnswer
from mpi.registry.answers import decision_reasons, link_grade, match_reasons, probability, relationship
from mpi.registry.events import pack_candidates, pack_dictionary, pack_rows
from mpi.registry.index import Index, RecordFacts
from mpi.registry.master_id import MasterIds, format_code
from mpi.registry.writes import Write
from mpi.store import JournalEvent

OUTCOMES = {int(o): o for o in Outcome}
NEW_PERSON = (int(Outcome.NEW), int(Outcome.NEW_WITH_REVIEW))
REVIEWED = (int(Outcome.NEW_WITH_REVIEW), int(Outcome.UPDATED_WITH_ALERT))
DUPLICATE_BIT = 1 << DecisionReason.POSSIBLE_DUPLICATE_PERSONS


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
        self.events: list[JournalEvent] = []
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
        """Encode the records; returns the number of rows they take."""
        self._encoded: Encoded = self._index.encoder.encode([write.standard for write in self.writes])
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
        self._columns = self._kernel.columns.tolist()
        self._best = self._found.candidates[np.arange(len(self.writes)), self._kernel.columns[:, CHOSEN]].tolist()

    def undo(self) -> None:
        """Take the provisional rows out again, after a failed commit."""
        roll_back(self._index.hot, self._index.query.rules, self._encoded, self._kernel, len(self.writes))

    def make_events(self, sequence: int, at: int) -> list[JournalEvent]:
        """Journal entries of the decisions, numbered from ``sequence + 1``."""
        index = self._index
        candidates = pack_candidates(index.hot, self._found)
        encoding, model = index.encoding, index.model.reference
        cut = self._found.queries[:, KEYS_CUT].tolist()
        dictionary = pack_dictionary(index.hot, self._durable.slots, self._durable.chars)
        for q, write in enumerate(self.writes):
            _, outcome, chosen, reasons, record, person, group, population = self._columns[q]
            number = sequence + 1 + q
            new_person = outcome in NEW_PERSON
            code = self._ids.code(person) if new_person else int(index.master_code[person])
            if new_person:
                index.master_code[person] = code  # invisible until the snapshot rises; rows of a failed commit are reused
            weight = self._best[q][WEIGHT] if chosen >= 0 else 0
            self.events.append(
                JournalEvent(
                    seq=number,
                    at=at,
                    outcome=outcome,
                    request_id=write.request_id or None,
                    body_hash=write.body_hash or None,
                    source=write.source,
                    local_id=write.local_id,
                    generation=self._generations[q],
                    record_no=record,
                    person_no=person,
                    master_code=code,
                    content_hash=write.content,
                    payload=write.payload,
                    rows=pack_rows(self._encoded, q) if group >= 0 else b"",
                    dictionary=dictionary,
                    encoding=encoding,
                    model=model,
                    weight=weight,
                    probability=probability(weight) if chosen >= 0 else 0.0,
                    population=population,
                    grade=int(link_grade(outcome == Outcome.LINKED, reasons)),
                    reasons=reasons,
                    relationship=self._best[q][WINNER] if chosen >= 0 else 0,
                    candidates=candidates[q],
                    flags=int(cut[q] > 0),
                    review_task=number if outcome in REVIEWED or reasons & DUPLICATE_BIT else 0,
                    recorded_at=write.recorded_at or None,
                )
            )
            dictionary = b""
        return self.events

    def apply(self) -> None:
        """Note the facts of the committed records. Readers see them when the index is published."""
        index = self._index
        for event, known in zip(self.events, self.known, strict=True):
            if known >= 0:
                apply_update(index, event)
            else:
                add_new_record(index, event)
            if event.review_task:
                note_review(index, event.person_no)
        self._durable.slots, self._durable.chars = int(index.hot.counters[VALUES]), int(index.hot.counters[CHARS])

    def answer(self) -> None:
        """Fill in the answers, the followers' too."""
        for q, write in enumerate(self.writes):
            write.answer = self._journalled.get(q) or self._answer_to(q)
        for write, leader in self.followers:
            assert isinstance(leader.answer, ResolveAnswer)
            repeats = write.request_id != "" and write.request_id == leader.request_id
            write.answer = leader.answer if repeats else unchanged(leader.answer)

    def journal_answers(self) -> list[JournalEvent]:
        """The events with the answers of writes that carry a request_id: a repeat gets just that."""
        for q, write in enumerate(self.writes):
            if write.request_id:
                answer = self._journalled[q] = self._answer_to(q)
                self.events[q] = msgspec.structs.replace(self.events[q], answer=msgspec.msgpack.encode(answer))
        return self.events

    def _answer_to(self, q: int) -> ResolveAnswer:
        """The answer to write q, as its journal entry says."""
        index, write, event, chosen = self._index, self.writes[q], self.events[q], self._columns[q][CHOSEN]
        reasons: tuple[MatchReason, ...] = ()
        if chosen >= 0 and write.explain:
            reasons = match_reasons(index.model, self._found.levels[q, chosen], self._kernel.explanation[q], event.population)
        return ResolveAnswer(
            master_id=format_code(event.master_code),
            outcome=OUTCOMES[event.outcome],
            sequence=event.seq,
            probability=event.probability,
            weight=event.weight / SCALE,
            relationship=relationship(index.model, event.relationship) if chosen >= 0 else "",
            population=event.population,
            grade=Grade(event.grade) if self.known[q] < 0 else Grade(int(index.grade[event.record_no])),
            decision_reasons=decision_reasons(event.reasons),
            reasons=reasons,
            review_task=event.review_task,
            candidates=self._task_candidates(q) if event.review_task else (),
            model=event.model,
        )

    def _task_candidates(self, q: int) -> tuple[str, ...]:
        """Master IDs a steward will see: everybody at or above the lower threshold, or with the same document."""
        found, lower = self._found, self._index.query.settings.lower
        own = self._columns[q][MADE_PERSON]
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


def add_new_record(index: Index, event: JournalEvent) -> None:
    """Facts of an event that made a record."""
    facts = RecordFacts(
        source=event.source,
        local_id=event.local_id,
        since=event.at,
        grade=event.grade,
        probability=event.probability if event.grade != Grade.SOLE else 1.0,
        model=event.model,
        recorded_at=event.recorded_at or 0,
        sequence=event.seq,
        content=event.content_hash or bytes(16),
        generation=event.generation,
    )
    index.add_record(event.record_no, facts)
    index.master_code[event.person_no] = event.master_code
    index.version[event.person_no] = event.seq


def apply_update(index: Index, event: JournalEvent) -> None:
    """Facts of an event that changed the content of a record."""
    record = event.record_no
    index.sequence[record] = event.seq
    index.version[event.person_no] = event.seq
    index.content[record] = event.content_hash or bytes(16)
    if event.recorded_at:
        index.recorded_at[record] = event.recorded_at


def note_review(index: Index, person: int) -> None:
    """Count an open task of a person."""
    index.reviews[person] += 1
    index.open_reviews += 1
