"""IdentityService: each method turns a message into nouns, asks the registry, and turns the answer into a message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import grpc

from mpi.columns.wire import Search, read_batch, read_request, read_search
from mpi.config import Config
from mpi.errors import InputError, MpiError, SourceUnknown
from mpi.linkage.features import Encoded
from mpi.records import PatientRecord, Person
from mpi.registry.plain import fits_block, writes
from mpi.registry.registry import Registry
from mpi.registry.writes import Block, Write, resolve_write
from mpi.service import requests, responses
from mpi.service.batches import Answer, Records, batch_response, block_response
from mpi.service.calls import Calls, Route
from mpi.service.changes import ChangeStreams
from mpi.service.failures import item_status
from mpi.service.feeds import FeedStreams
from mpi.service.replies import Answering, Reply, Waiting
from mpi.v1 import identity_pb2 as pb
from mpi.v1 import records_pb2

NAME = "mpi.v1.IdentityService"


class IdentityService:
    """Handlers of the service. ``answering`` is the thread that answers writes."""

    def __init__(self, registry: Registry, config: Config, answering: Answering) -> None:
        self._registry, self._config, self._answering = registry, config, answering
        self._sources = frozenset(config.sources)
        self.changes = ChangeStreams(registry)
        self.feeds = FeedStreams(registry, self.checked_record, window=config.stream_window)

    def handlers(self, calls: Calls) -> dict[str, Route | grpc.RpcMethodHandler[Any, Any]]:
        """Routes of unary calls and gRPC's handlers of streams, by the name of the rpc."""
        return {
            "Resolve": calls.deferred(bytes, self.resolve),
            "BatchResolve": calls.deferred(bytes, self.batch_resolve, pooled=True),
            "StreamResolve": calls.both_stream(self.feeds.stream),
            "MatchPersons": calls.unary(bytes, self.match_persons),
            "Lookup": calls.unary(pb.LookupRequest.FromString, self.lookup),
            "BatchLookup": calls.unary(pb.BatchLookupRequest.FromString, self.batch_lookup, pooled=True),
            "CompareRecords": calls.unary(pb.CompareRecordsRequest.FromString, self.compare_records, pooled=True),
            "WatchChanges": calls.server_stream(pb.WatchChangesRequest, self.changes.stream),
            "RetireRecord": calls.deferred(pb.RetireRecordRequest.FromString, self.retire_record),
            "ReplaceLocalId": calls.deferred(pb.ReplaceLocalIdRequest.FromString, self.replace_local_id),
        }

    # --- writing -------------------------------------------------------------------------------------------------------

    def resolve(self, data: bytes, reply: Reply, deadline: float | None) -> None:
        write = self._plain_write(data, deadline)
        if write is None:
            write = self._ordinary_write(pb.ResolveRequest.FromString(data), deadline, explain=True)
        self._registry.submit_writes((write,), self._answering.deliver, context=Waiting(reply, _resolve_response))

    def batch_resolve(self, data: bytes, reply: Reply, deadline: float | None) -> None:
        most, batch = self._config.max_batch_records, read_batch(data)
        if batch is None:
            request = pb.BatchResolveRequest.FromString(data)
            requests.batch_size("requests", len(request.requests), most)
            records = Records(range(len(request.requests)), request.requests.__getitem__, request.include_reasons, deadline)
            self._submit_batch(*self._ordinary_writes(records), request.include_reasons, reply)
            return
        requests.batch_size("requests", len(batch.requests), most)
        plain = self._registry.plain.read(batch)
        left = range(len(batch.requests)) if plain is None else plain.read.left.tolist()
        message = pb.ResolveRequest.FromString
        records = Records(left, lambda place: message(batch.message(place)), batch.include_reasons, deadline)
        ready, refused = self._ordinary_writes(records)
        if plain is None:
            self._submit_batch(ready, refused, batch.include_reasons, reply)
        elif fits_block(plain, ready) and not self._unregistered(plain.sources):
            self._submit_block(self._registry.block(plain, ready, deadline), refused, reply)
        else:
            read = writes(plain, deadline=deadline, explain=batch.include_reasons)
            self._check_sources(read, refused)
            self._submit_batch(ready | read, refused, batch.include_reasons, reply)

    def _submit_block(self, block: Block, refused: dict[int, InputError], reply: Reply) -> None:
        def build(_: list[Answer]) -> bytes:
            return block_response(block, refused, self._registry.encoded_results)

        self._registry.submit_writes((block,), self._answering.deliver, context=Waiting(reply, build))

    def _submit_batch(
        self, ready: Mapping[int, Write], refused: dict[int, InputError], include_reasons: bool, reply: Reply
    ) -> None:
        """Writes one by one, in the order of their positions."""

        def build(answers: list[Answer]) -> bytes:
            return batch_response(answers, refused, include_reasons=include_reasons)

        if not ready:
            reply.send(build([]))
            return
        ordered = [ready[position] for position in sorted(ready)]
        self._registry.submit_writes(ordered, self._answering.deliver, context=Waiting(reply, build))

    def _check_sources(self, read: dict[int, Write], refused: dict[int, InputError]) -> None:
        """Move what may not be written from ``read`` to ``refused``."""
        for position, write in list(read.items()):
            try:
                self._check_source(write.source, "record.source")
            except InputError as error:
                refused[position] = requests.within(f"requests[{position}]", error)
                del read[position]

    def _ordinary_writes(self, records: Records) -> tuple[dict[int, Write], dict[int, InputError]]:
        """Writes of the records that must be decoded, and what is refused of them, by position."""
        ready: dict[int, Write] = {}
        refused: dict[int, InputError] = {}
        for place in records.places:
            try:
                ready[place] = self._ordinary_write(records.message(place), records.deadline, explain=records.include_reasons)
            except InputError as error:
                refused[place] = requests.within(f"requests[{place}]", error)
        return ready, refused

    def _plain_write(self, data: bytes, deadline: float | None) -> Write | None:
        """A ResolveRequest's write straight from its bytes; None where it must be decoded. Raises SourceUnknown."""
        batch = read_request(data)
        plain = self._registry.plain.read(batch) if batch is not None else None
        if plain is None:
            return None
        write = writes(plain, deadline=deadline, explain=True)[0]
        self._check_source(write.source, "record.source")
        return write

    def _ordinary_write(self, request: pb.ResolveRequest, deadline: float | None, *, explain: bool) -> Write:
        """A decoded request's write. Raises InputError and SourceUnknown."""
        request_id = requests.request_id(request.request_id)
        record = self.checked_record(request.record, "record")
        return resolve_write(record, request_id=request_id, deadline=deadline, explain=explain)

    def retire_record(self, request: pb.RetireRecordRequest, reply: Reply, deadline: float | None) -> None:
        source, local_id = self._checked_key(request.record, "record")
        self._registry.submit_retire(
            source,
            local_id,
            self._answering.deliver,
            request_id=requests.request_id(request.request_id),
            deadline=deadline,
            context=Waiting(reply, _retire_response),
        )

    def replace_local_id(self, request: pb.ReplaceLocalIdRequest, reply: Reply, deadline: float | None) -> None:
        source, old = requests.key(request.source, request.old_local_id, ("source", "old_local_id"))
        _, new = requests.key(source, request.new_local_id, ("source", "new_local_id"))
        self._check_source(source, "source")
        self._registry.submit_replace(
            source,
            (old, new),
            self._answering.deliver,
            request_id=requests.request_id(request.request_id),
            deadline=deadline,
            context=Waiting(reply, _replace_response),
        )

    def checked_record(self, message: records_pb2.PatientRecord, path: str) -> PatientRecord:
        """A record that may be written. Raises InputError and SourceUnknown with a path that starts with ``path``."""
        try:
            record = requests.valid_record(message)
        except InputError as error:
            raise requests.within(path, error) from None
        if self._sources:
            self._check_source(record.source, f"{path}.source")
        return record

    def _checked_key(self, message: records_pb2.RecordKey, path: str) -> tuple[str, str]:
        try:
            source, local_id = requests.record_key(message)
        except InputError as error:
            raise requests.within(path, error) from None
        self._check_source(source, f"{path}.source")
        return source, local_id

    def _check_source(self, source: str, field: str) -> None:
        if self._unregistered((source,)):
            raise SourceUnknown(field, "is not a registered source")

    def _unregistered(self, sources: Iterable[str]) -> bool:
        """Whether one of them may not write here; any may where none is registered."""
        return bool(self._sources) and not self._sources.issuperset(sources)

    # --- reading -------------------------------------------------------------------------------------------------------

    def match_persons(self, data: bytes) -> pb.MatchPersonsResponse:
        search = read_search(data)
        searched = self._registry.plain.searched(search) if search is not None else None
        if search is not None and searched is not None:
            return self._match(searched, search)
        request = pb.MatchPersonsRequest.FromString(data)
        try:
            record = requests.searched_record(request.record)
        except InputError as error:
            raise requests.within("record", error) from None
        return self._match(record, request)

    def _match(self, searched: PatientRecord | Encoded, options: Search | pb.MatchPersonsRequest) -> pb.MatchPersonsResponse:
        answer = self._registry.match(
            searched,
            limit=requests.search_limit(options.limit, self._config.match_candidate_limit),
            near_misses=options.include_near_misses,
            explain=options.include_reasons,
            only_certain=options.only_certain,
        )
        return responses.match_answer(answer)

    def lookup(self, request: pb.LookupRequest) -> pb.LookupResponse:
        response = pb.LookupResponse()
        self._look_up(request.key, requests.sources(request.sources), response)
        return response

    def batch_lookup(self, request: pb.BatchLookupRequest) -> pb.BatchLookupResponse:
        requests.batch_size("keys", len(request.keys), self._config.max_batch_records)
        sources = requests.sources(request.sources)
        response = pb.BatchLookupResponse()
        for position, key in enumerate(request.keys):
            result = response.results.add()
            try:
                self._look_up(key, sources, result.found, path=f"keys[{position}]")
            except MpiError as error:
                result.error.CopyFrom(item_status(error))
        return response

    def _look_up(self, key: pb.LookupKey, sources: frozenset[str], response: pb.LookupResponse, *, path: str = "key") -> None:
        """Fill ``response``. Raises NotFound and InputError."""
        try:
            persons = self._persons(key)
        except InputError as error:
            raise requests.within(path, error) from None
        if len(persons) > 1:
            response.outcome = pb.LOOKUP_OUTCOME_AMBIGUOUS
        elif key.master_id and key.master_id != persons[0].master_id:
            response.outcome = pb.LOOKUP_OUTCOME_SURVIVOR
        else:
            response.outcome = pb.LOOKUP_OUTCOME_FOUND
        for person in persons:
            responses.fill_person(response.persons.add(), person, sources)

    def _persons(self, key: pb.LookupKey) -> tuple[Person, ...]:
        which = key.WhichOneof("key")
        if which == "record":
            record = key.record
            return (self._registry.lookup_record(record.source, record.local_id),)
        if which == "master_id":
            master_id = requests.limited("master_id", key.master_id, requests.MAX_MASTER_ID_LENGTH)
            return (self._registry.lookup_master(master_id),)
        if which == "identifier":
            try:
                return self._registry.lookup_identifier(requests.identifier(key.identifier))
            except InputError as error:
                raise requests.within("identifier", error) from None
        raise InputError("key", "is required: one of record, identifier, master_id")

    def compare_records(self, request: pb.CompareRecordsRequest) -> pb.CompareRecordsResponse:
        first = self._compared(request.first, "first")
        second = self._compared(request.second, "second")
        response = pb.CompareRecordsResponse()
        responses.fill_comparison(response.comparison, self._registry.compare(first, second))
        return response

    def _compared(self, message: pb.ComparedRecord, path: str) -> PatientRecord:
        which = message.WhichOneof("record")
        try:
            if which == "given":
                return requests.searched_record(message.given)
            if which == "stored":
                return self._registry.stored_record(*requests.record_key(message.stored))
        except InputError as error:
            raise requests.within(f"{path}.{which}", error) from None
        raise InputError(path, "is required: one of given, stored")


def _fill(resolution: records_pb2.Resolution, answers: list[Answer]) -> None:
    """The one answer of a submission. Raises it when it is an error."""
    (answer,) = answers
    if isinstance(answer, MpiError):
        raise answer
    responses.fill_resolution(resolution, answer)


def _resolve_response(answers: list[Answer]) -> bytes:
    response = pb.ResolveResponse()
    _fill(response.resolution, answers)
    return response.SerializeToString()


def _retire_response(answers: list[Answer]) -> bytes:
    response = pb.RetireRecordResponse()
    _fill(response.resolution, answers)
    return response.SerializeToString()


def _replace_response(answers: list[Answer]) -> bytes:
    response = pb.ReplaceLocalIdResponse()
    _fill(response.resolution, answers)
    return response.SerializeToString()
