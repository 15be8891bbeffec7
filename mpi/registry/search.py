"""Answers from memory: search, comparison and look-up against a snapshot. Never waits for the writer or for DuckDB."""

from __future__ import annotations

import threading

import numpy as np

from mpi.errors import InputError, NotFound
from mpi.linkage.features import Encoded
from mpi.linkage.found import COMPARED, KEPT, KEYS, KEYS_CUT, PERSON, WEIGHT, WINNER, Found, new_found
from mpi.linkage.hotindex import RECORD_PERSON
from mpi.linkage.jit import direct
from mpi.linkage.match import Graded, compare_pair, holders, match_one, new_graded
from mpi.linkage.scoring import SCALE
from mpi.linkage.search import Scratch, new_scratch
from mpi.records import (
    Candidate,
    Certainty,
    Comparison,
    Identifier,
    MatchAnswer,
    MatchOutcome,
    MatchReason,
    PatientRecord,
    Person,
    StandardRecord,
)
from mpi.registry.answers import decision_reasons, match_reasons, person_view, probability, relationship
from mpi.registry.index import ACTIVE, Index, Snapshot
from mpi.registry.master_id import MasterIds, parse_master_id
from mpi.standardise import standardise

CERTAINTIES = tuple(Certainty)
HOLDERS_LIMIT = 1000  # records looked at for one identifier


class Reader(threading.local):
    """Working memory of one reading thread."""

    def __init__(self, features: int) -> None:
        self.scratch: Scratch = new_scratch(features)
        self.found: Found = new_found(1, features)
        self.graded: Graded = new_graded(features)
        self.explanation = np.zeros((features + 1, 2), np.int64)


class Searcher:
    """Reads one index. All methods may be called from any thread."""

    def __init__(self, index: Index, ids: MasterIds) -> None:
        self._index, self._ids = index, ids
        self._reader = Reader(len(index.model.features))
        self._match_one = match_one

    def warm(self) -> None:
        """Call the search kernel without Numba's dispatcher from now on. After the warm-up."""
        self._match_one = direct(match_one)

    def match(
        self, searched: PatientRecord | Encoded, *, limit: int, near_misses: bool, explain: bool, only_certain: bool
    ) -> MatchAnswer:
        """Candidates for a record, or for one in rows, best first. Raises InputError if it has no trait to search by."""
        index, reader, snapshot = self._index, self._reader, self._index.snapshot
        encoded = searched if isinstance(searched, Encoded) else index.encoder.encode([standardise(searched)])
        self._match_one(
            index.hot,
            index.query,
            encoded,
            index.kernel_snapshot(snapshot),
            reader.scratch,
            reader.found,
            reader.graded,
        )
        counts = reader.found.queries[0].tolist()
        kept, cut = counts[KEPT], counts[KEYS_CUT]
        if counts[KEYS] == 0:
            raise InputError("record", "has no trait that can be searched by")
        certainty = reader.graded.certainty[:kept].tolist()
        weights = reader.found.candidates[0, :kept, WEIGHT].tolist()
        certain = certainty.count(Certainty.CERTAIN)
        wanted = [p for p in range(kept) if near_misses or certainty[p] != Certainty.POSSIBLE]
        wanted.sort(key=lambda p: (certainty[p], -weights[p]))
        if only_certain:
            wanted = [p for p in wanted if certainty[p] == Certainty.CERTAIN] if certain == 1 and cut == 0 else []
        population = index.population(snapshot)
        return MatchAnswer(
            outcome=match_outcome(certain, len(wanted), cut),
            candidates=tuple([self._candidate(p, CERTAINTIES[certainty[p]], snapshot, explain) for p in wanted[:limit]]),
            compared=counts[COMPARED],
            keys_cut=cut,
            population=population,
        )

    def _candidate(self, place: int, certainty: Certainty, snapshot: Snapshot, explain: bool) -> Candidate:
        index, found, graded = self._index, self._reader.found, self._reader.graded
        cells = found.candidates[0, place].tolist()
        weight = cells[WEIGHT]
        reasons: tuple[MatchReason, ...] = ()
        if explain:
            population = index.population(snapshot)
            reasons = match_reasons(index.model, found.levels[0, place], graded.explanation[place], population)
        return Candidate(
            person=person_view(index, cells[PERSON], snapshot),
            weight=weight / SCALE,
            probability=probability(weight),
            certainty=certainty,
            relationship=relationship(index.model, cells[WINNER]),
            decision_reasons=decision_reasons(int(graded.reasons[place])),
            reasons=reasons,
        )

    def compare(self, a: PatientRecord, b: PatientRecord) -> Comparison:
        """Compare two records by themselves, at the population in force. Nothing is stored."""
        index, reader = self._index, self._reader
        population = index.population(index.snapshot)
        weight, winner = compare_pair(
            index.query,
            index.encoder.encode([standardise(a)]),
            index.encoder.encode([standardise(b)]),
            index.hot.dictionary,
            index.kernel_snapshot(index.snapshot)[1],
            reader.scratch,
            reader.explanation,
        )
        return Comparison(
            weight=weight / SCALE,
            probability=probability(weight),
            relationship=relationship(index.model, winner),
            population=population,
            model=index.model.reference,
            reasons=match_reasons(index.model, reader.scratch.levels, reader.explanation, population),
        )

    # --- look-up -------------------------------------------------------------------------------------------------------

    def record(self, source: str, local_id: str) -> int:
        """The active record under a local number; a replaced number leads to its successor. Raises NotFound."""
        index = self._index
        record = index.find(source, local_id)
        if record < 0 or index.state[record] != ACTIVE:
            record = index.aliases.get((source, local_id), -1)
            if record < 0 or index.state[record] != ACTIVE:
                raise NotFound("RECORD")
        if record >= index.snapshot.records:
            raise NotFound("RECORD")
        return record

    def by_record(self, source: str, local_id: str) -> Person:
        """The person of a local number."""
        index = self._index
        snapshot = index.snapshot
        return person_view(index, int(index.hot.record_cells[self.record(source, local_id), RECORD_PERSON]), snapshot)

    def by_master_id(self, master_id: str) -> Person:
        """The person of a master ID. Raises InputError for a mistyped ID, NotFound for one that was never given out."""
        index = self._index
        snapshot = index.snapshot
        person = self._ids.person(parse_master_id(master_id))
        if person >= snapshot.persons:
            raise NotFound("PERSON")
        return person_view(index, person, snapshot)

    def by_identifier(self, identifier: Identifier) -> tuple[Person, ...]:
        """All persons with a record that has exactly this identifier. Raises NotFound, or InputError if it is unusable."""
        index, snapshot = self._index, self._index.snapshot
        standard = standardise(PatientRecord(source="-", local_id="-", identifiers=(identifier,)))
        standard = StandardRecord(identifiers=standard.identifiers)
        encoded = index.encoder.encode([standard])
        if not standard.identifiers:
            raise InputError("identifier", "has no value that can be searched by")
        records = self._holders(encoded, snapshot)
        if not records:
            raise NotFound("PERSON")
        persons = sorted({int(index.hot.record_cells[record, RECORD_PERSON]) for record in records})
        return tuple(person_view(index, person, snapshot) for person in persons)

    def _holders(self, encoded: Encoded, snapshot: Snapshot) -> list[int]:
        """Active records whose rows hold an identifier of the first encoded record."""
        index = self._index
        columns = [i for i, f in enumerate(index.model.features) if f.kind == "identifier"]
        out = np.zeros(HOLDERS_LIMIT, np.int64)
        count = holders(index.hot, index.query.rules, encoded, np.array(columns, np.int64), snapshot.rows, out)
        return [r for r in dict.fromkeys(out[:count].tolist()) if index.state[r] == ACTIVE]


def match_outcome(certain: int, shown: int, cut: int) -> MatchOutcome:
    """Typed result of a search: what was cut short is said, and is never "none"."""
    if certain > 1:
        return MatchOutcome.SEVERAL
    if certain == 1:
        return MatchOutcome.DEGRADED if cut else MatchOutcome.CERTAIN
    if cut:
        return MatchOutcome.TOO_MANY
    return MatchOutcome.POSSIBLE if shown else MatchOutcome.NONE
