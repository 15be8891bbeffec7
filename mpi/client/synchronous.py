"""The client for threads. Safe to share between them: one connection carries all calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, Self

import grpc

from mpi.client import answers, channel, messages
from mpi.client.failures import error_of_call
from mpi.client.outbox import Outbox
from mpi.errors import MpiError
from mpi.records import ChangeEvent, Comparison, Identifier, MatchAnswer, PatientRecord, Person, ResolveAnswer
from mpi.v1 import admin_pb2, identity_pb2


class IndexClient:
    """A connection to one index.

    ``target`` is host:port. ``timeout_s`` is the deadline of each call but the streams. ``credentials`` None: without
    encryption. Every method raises the errors of ``mpi.errors``; Unavailable and QueueFull say in ``retry_after_s`` when to
    come back.
    """

    def __init__(
        self,
        target: str,
        *,
        timeout_s: float = 10.0,
        credentials: grpc.ChannelCredentials | None = None,
        wait_for_ready: bool = False,
    ) -> None:
        self._timeout_s = timeout_s
        self._wait_for_ready = wait_for_ready
        if credentials is None:
            self._channel = grpc.insecure_channel(target, options=channel.OPTIONS)
        else:
            self._channel = grpc.secure_channel(target, credentials, options=channel.OPTIONS)
        self._unary = {
            method: self._channel.unary_unary(
                method.path, request_serializer=method.to_bytes, response_deserializer=method.from_bytes
            )
            for method in channel.UNARY
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; calls in flight fail with Unavailable."""
        self._channel.close()

    # --- writing -------------------------------------------------------------------------------------------------------

    def resolve(self, record: PatientRecord, *, request_id: str | None = None) -> ResolveAnswer:
        """Register or update one record. Durable when answered.

        A repeat with the same ``request_id`` (a UUID) and the same record gets the same answer.
        """
        return answers.resolve_answer(self._call(channel.RESOLVE, messages.resolve(record, request_id)).resolution)

    def batch_resolve(
        self, records: Sequence[PatientRecord], *, request_ids: Sequence[str] | None = None, explain: bool = False
    ) -> list[ResolveAnswer | MpiError]:
        """Register or update up to 1,000 records; one answer or error a record, in order."""
        request = messages.batch_resolve(records, request_ids, explain=explain)
        return answers.batch_resolve_answers(self._call(channel.BATCH_RESOLVE, request))

    def stream_resolve(
        self, records: Iterable[PatientRecord], *, explain: bool = False
    ) -> Iterator[tuple[PatientRecord, ResolveAnswer | MpiError]]:
        """Register or update records as they come, any number of them; each record comes back with its answer or error.

        The server slows the sender down when it is behind. Raises Unavailable when the stream breaks: then what was sent
        and not answered may or may not be stored, and is safe to send again.
        """
        outbox = Outbox(records, explain=explain)
        method = channel.STREAM_RESOLVE
        call = self._channel.stream_stream(
            method.path, request_serializer=method.to_bytes, response_deserializer=method.from_bytes
        )
        for response in self._stream(call(outbox.requests(), wait_for_ready=self._wait_for_ready)):
            yield from outbox.refused()
            yield outbox.answered(response)
        yield from outbox.refused()
        outbox.raise_failure()

    def retire_record(self, source: str, local_id: str, *, request_id: str | None = None) -> ResolveAnswer:
        """Withdraw a record; its number may later be given to someone else."""
        request = identity_pb2.RetireRecordRequest(record=messages.record_key(source, local_id), request_id=request_id or "")
        return answers.resolve_answer(self._call(channel.RETIRE_RECORD, request).resolution)

    def replace_local_id(self, source: str, old: str, new: str, *, request_id: str | None = None) -> ResolveAnswer:
        """The source knows the patient under another number from now on."""
        request = identity_pb2.ReplaceLocalIdRequest(
            source=source, old_local_id=old, new_local_id=new, request_id=request_id or ""
        )
        return answers.resolve_answer(self._call(channel.REPLACE_LOCAL_ID, request).resolution)

    # --- reading -------------------------------------------------------------------------------------------------------

    def match(
        self,
        record: PatientRecord,
        *,
        limit: int = 0,
        near_misses: bool = False,
        explain: bool = True,
        only_certain: bool = False,
    ) -> MatchAnswer:
        """Search without writing; ``source`` and ``local_id`` of the record may be "".

        ``limit`` 0 is the server's maximum. ``only_certain`` is the disclosure gate: a person is returned only if exactly
        one is certain and nothing was cut short.
        """
        request = messages.match(record, limit=limit, near_misses=near_misses, explain=explain, only_certain=only_certain)
        return answers.match_answer(self._call(channel.MATCH_PERSONS, request))

    def lookup(
        self,
        *,
        source: str | None = None,
        local_id: str | None = None,
        identifier: Identifier | None = None,
        master_id: str | None = None,
        sources: Iterable[str] = (),
    ) -> Person:
        """The one click: the person and every source's number for it (or those of ``sources``).

        By ``source`` with ``local_id``, by a document, or by master ID. Raises NotFound, and Conflict IDENTIFIER_AMBIGUOUS
        where several persons hold the document's number (``lookup_all`` returns them).
        """
        key = messages.lookup_key(source=source, local_id=local_id, document=identifier, master_id=master_id)
        return answers.one_person(self._call(channel.LOOKUP, messages.lookup(key, sources)))

    def lookup_all(self, identifier: Identifier, *, sources: Iterable[str] = ()) -> tuple[Person, ...]:
        """Everyone who holds a document's number. Raises NotFound."""
        key = messages.any_lookup_key(identifier)
        return answers.persons(self._call(channel.LOOKUP, messages.lookup(key, sources)))

    def batch_lookup(
        self, keys: Iterable[tuple[str, str] | Identifier | str], *, sources: Iterable[str] = ()
    ) -> list[tuple[Person, ...] | MpiError]:
        """Look up to 1,000 keys up, each (source, local_id), a document or a master ID; in order."""
        request = identity_pb2.BatchLookupRequest(keys=map(messages.any_lookup_key, keys), sources=sources)
        return answers.batch_lookup_answers(self._call(channel.BATCH_LOOKUP, request))

    def compare(self, a: messages.RecordOrKey, b: messages.RecordOrKey) -> Comparison:
        """Compare two records, each given in full or as (source, local_id) of a stored one. Stores nothing."""
        request = identity_pb2.CompareRecordsRequest(first=messages.compared(a), second=messages.compared(b))
        return answers.comparison(self._call(channel.COMPARE_RECORDS, request).comparison)

    def watch_changes(self, after: int = 0, sources: Iterable[str] = ()) -> Iterator[ChangeEvent]:
        """Every change after a sequence number, then whatever comes, without end. Close the iterator to stop.

        Raises Unavailable when the stream breaks: go on with ``after`` = the last sequence number seen.
        """
        request = identity_pb2.WatchChangesRequest(after_sequence=after, sources=sources)
        for response in self._pages(channel.WATCH_CHANGES, request):
            yield answers.change_event(response.event)

    def service_info(self) -> answers.ServiceInfo:
        """Versions, model, counts, memory, queue and lag."""
        return answers.service_info(self._call(channel.GET_SERVICE_INFO, admin_pb2.GetServiceInfoRequest()).info)

    def export_crosswalk(self) -> Iterator[answers.CrosswalkLine]:
        """Every source's number of every person, by source and number."""
        for page in self._pages(channel.EXPORT_CROSSWALK, admin_pb2.ExportCrosswalkRequest()):
            yield from answers.crosswalk_lines(page)

    def export_reviews(self) -> Iterator[answers.ReviewLine]:
        """The pairs that wait for a steward, oldest task first."""
        for page in self._pages(channel.EXPORT_REVIEWS, admin_pb2.ExportReviewsRequest()):
            yield from answers.review_lines(page)

    def _pages(self, method: channel.Method, request: Any) -> Iterator[Any]:
        """The responses of a server stream."""
        call = self._channel.unary_stream(
            method.path, request_serializer=method.to_bytes, response_deserializer=method.from_bytes
        )
        return self._stream(call(request, wait_for_ready=self._wait_for_ready))

    def _call(self, method: channel.Method, request: Any) -> Any:
        try:
            return self._unary[method](request, timeout=self._timeout_s, wait_for_ready=self._wait_for_ready)
        except grpc.RpcError as error:
            raise error_of_call(error) from None

    @staticmethod
    def _stream(call: Any) -> Iterator[Any]:
        try:
            yield from call
        except grpc.RpcError as error:
            raise error_of_call(error) from None
        finally:
            call.cancel()
