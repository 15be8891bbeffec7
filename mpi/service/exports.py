"""Whole tables from the journal, in pages: the crosswalk, and the pairs that wait for a steward."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import pyarrow as pa

from mpi.linkage.conflicts import DOCUMENT
from mpi.linkage.model import Model
from mpi.linkage.scoring import SCALE
from mpi.linkage.settings import compile_settings
from mpi.registry.answers import decision_reasons, probability, relationship
from mpi.registry.events import unpack_candidates
from mpi.registry.master_id import MasterIds, format_code
from mpi.service.responses import timestamp
from mpi.store import Store
from mpi.v1 import admin_pb2 as pb

PAGE = 5_000  # lines of one message


class Exports:
    """Reads the journal; never waits for the writer."""

    def __init__(self, store: Store, model: Model) -> None:
        self._store, self._model = store, model
        self._ids = MasterIds(store.master_key)
        self._lower = compile_settings(model).lower

    def crosswalk(self, _request: pb.ExportCrosswalkRequest, _context: grpc.ServicerContext) -> Iterator[bytes]:
        """Serialised responses."""
        for batch in self._store.crosswalk().to_batches(max_chunksize=PAGE):
            response = pb.ExportCrosswalkResponse()
            add = response.lines.add
            for row in _rows(batch):
                add(source=row["source"], local_id=row["local_id"], master_id=format_code(row["master_code"]))
            yield response.SerializeToString()

    def reviews(self, _request: pb.ExportReviewsRequest, _context: grpc.ServicerContext) -> Iterator[bytes]:
        """Serialised responses."""
        response = pb.ExportReviewsResponse()
        for batch in self._store.reviews().to_batches(max_chunksize=PAGE):
            for row in _rows(batch):
                response.lines.extend(self._review_lines(row))
                if len(response.lines) >= PAGE:
                    yield response.SerializeToString()
                    response = pb.ExportReviewsResponse()
        if response.lines:
            yield response.SerializeToString()

    def _review_lines(self, row: dict[str, Any]) -> Iterator[pb.ReviewLine]:
        """One line a candidate that the task asks about; one alone where there is none (an overlay alert)."""
        candidates = [
            c for c in unpack_candidates(row["candidates"] or b"", len(self._model.features)) if self._asked(row, c)
        ]
        for candidate in candidates:
            weight = int(candidate["weight"])
            line = self._line(row, weight / SCALE, probability(weight), int(candidate["winner"]))
            line.candidate_master_id = format_code(self._ids.code(int(candidate["person"])))
            yield line
        if not candidates:
            yield self._line(row, row["weight"] / SCALE, row["probability"], row["relationship"])

    def _asked(self, row: dict[str, Any], candidate: Any) -> bool:
        """As the write's answer listed them: likely enough or with the same document, and not the record's own person."""
        likely = candidate["weight"] >= self._lower or bool(candidate["flags"] & DOCUMENT)
        return likely and int(candidate["person"]) != row["person_no"]

    def _line(self, row: dict[str, Any], weight: float, chance: float, winner: int) -> pb.ReviewLine:
        return pb.ReviewLine(
            review_task=row["task"],
            opened_at=timestamp(row["opened_at"]),
            source=row["source"],
            local_id=row["local_id"],
            master_id=format_code(row["master_code"]),
            weight=weight,
            probability=chance,
            relationship=relationship(self._model, winner),
            decision_reasons=decision_reasons(row["reasons"]),  # type: ignore[arg-type]  # IntEnum, same numbers
        )


def _rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    return batch.to_pylist()  # type: ignore[no-any-return]  # pyarrow has no types
