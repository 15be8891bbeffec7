"""What a feed has sent and not had answered, shared by both clients."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator

from mpi.client import answers, messages
from mpi.errors import InputError, MpiError
from mpi.records import PatientRecord, ResolveAnswer
from mpi.v1 import identity_pb2

Answered = tuple[PatientRecord, ResolveAnswer | MpiError]


class Outbox:
    """Turns records into requests and responses back into (record, answer).

    gRPC pulls the requests from a thread or task of its own and hides what goes wrong there: a record that cannot be sent
    is kept for ``refused``, an error of the caller's own iterable for ``raise_failure``.
    """

    def __init__(self, records: Iterable[PatientRecord] | AsyncIterable[PatientRecord], *, explain: bool) -> None:
        self._records, self._explain = records, explain
        self._waiting: dict[str, PatientRecord] = {}
        self._refused: deque[Answered] = deque()
        self._failure: BaseException | None = None
        self._sent = 0

    def requests(self) -> Iterator[identity_pb2.StreamResolveRequest]:
        """One request a record that can be sent."""
        assert isinstance(self._records, Iterable)
        try:
            for record in self._records:
                if (request := self._request(record)) is not None:
                    yield request
        except Exception as error:  # noqa: BLE001 — raise_failure raises it again
            self._failure = error

    async def async_requests(self) -> AsyncIterator[identity_pb2.StreamResolveRequest]:
        """``requests`` from an iterable of either kind."""
        if not isinstance(self._records, AsyncIterable):
            for made in self.requests():
                yield made
            return
        try:
            async for record in self._records:
                if (request := self._request(record)) is not None:
                    yield request
        except Exception as error:  # noqa: BLE001 — raise_failure raises it again
            self._failure = error

    def _request(self, record: PatientRecord) -> identity_pb2.StreamResolveRequest | None:
        try:
            message = messages.patient_record(record)
        except InputError as error:
            self._refused.append((record, error))
            return None
        number = str(self._sent)
        self._sent += 1
        self._waiting[number] = record
        return identity_pb2.StreamResolveRequest(correlation_id=number, record=message, include_reasons=self._explain)

    def answered(self, response: identity_pb2.StreamResolveResponse) -> Answered:
        """The record that a response is about, with its answer."""
        return self._waiting.pop(response.correlation_id), answers.stream_answer(response)

    def refused(self) -> Iterator[Answered]:
        """Records that could not be sent, each once."""
        while self._refused:
            yield self._refused.popleft()

    def raise_failure(self) -> None:
        """Raise what the caller's own iterable raised."""
        if self._failure is not None:
            raise self._failure
