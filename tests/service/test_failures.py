"""Every error crosses the wire with its details and comes back as itself; an unforeseen one shows nothing."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from mpi.client.failures import error_of, error_of_call
from mpi.errors import (
    Conflict,
    DeadlinePassed,
    InputError,
    MpiError,
    NotFound,
    QueueFull,
    RequestIdReused,
    SourceUnknown,
    StoreError,
    Unavailable,
)
from mpi.service.calls import Calls, Gate, Route
from mpi.service.direct import DirectServing
from mpi.service.failures import status_of
from mpi.service.replies import Reply
from mpi.v1 import identity_pb2 as pb

ERRORS = [
    InputError("record.names[1].family", "is longer than 5 characters"),
    SourceUnknown("record.source", "is not a registered source"),
    RequestIdReused(),
    NotFound("RECORD"),
    NotFound("PERSON"),
    Conflict("ALREADY_MERGED", "the persons are merged already"),
    QueueFull(0.25),
    Unavailable("DRAINING", "the service is stopping", 2.5),
    DeadlinePassed(),
    StoreError("the commit failed; nothing was stored"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: f"{type(e).__name__}-{e.reason}")
def test_an_error_comes_back_as_itself(error: MpiError) -> None:
    back = error_of(status_of(error))
    assert type(back) is type(error)
    assert (str(back), back.reason, back.retry_after_s) == (str(error), error.reason, error.retry_after_s)
    if isinstance(error, InputError):
        assert isinstance(back, InputError)
        assert (back.field, back.problem) == (error.field, error.problem)


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: f"{type(e).__name__}-{e.reason}")
def test_every_status_has_an_error_info_of_this_domain(error: MpiError) -> None:
    info = error_details_pb2.ErrorInfo()
    assert status_of(error).details[0].Unpack(info)
    assert (info.domain, info.reason) == ("mpi", error.reason)


@pytest.mark.parametrize("code", [c for c in grpc.StatusCode if c is not grpc.StatusCode.OK], ids=lambda c: c.name)
def test_a_status_without_details_is_an_error_of_ours_all_the_same(code: grpc.StatusCode) -> None:
    assert isinstance(error_of(status_pb2.Status(code=code.value[0], message="from a proxy")), MpiError)


SECRET = "王小明 500103198005061234"


def _secret_key_error(_request: pb.LookupRequest) -> pb.LookupResponse:
    try:
        {}[SECRET]
    except KeyError as error:
        raise ValueError(SECRET) from error
    raise AssertionError


def _deferred_secret(_request: pb.LookupRequest, _reply: Reply, _deadline: float | None) -> None:
    raise ValueError(SECRET)


@pytest.fixture(params=["direct", "ordinary"])
def broken(request: pytest.FixtureRequest) -> Iterator[grpc.Channel]:
    """A server whose handlers fail in ways that nobody foresaw, in both arrangements."""
    gate = Gate()
    gate.open()
    calls = Calls(gate, max_calls=100, max_streams=1)
    table = {
        "Read": calls.unary(pb.LookupRequest.FromString, _secret_key_error),
        "Write": calls.deferred(pb.LookupRequest.FromString, _deferred_secret),
        "Stream": calls.server_stream(pb.LookupRequest, lambda request, _context: iter([_secret_key_error(request)])),
    }
    routes = {name: entry for name, entry in table.items() if isinstance(entry, Route)}
    handlers = table | {name: route.handler() for name, route in routes.items()}
    pool = ThreadPoolExecutor(2)
    server = grpc.server(pool)
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("test.Broken", handlers)])
    port = server.add_insecure_port("127.0.0.1:0")
    if request.param == "direct":
        DirectServing(server, {f"/test.Broken/{name}": route for name, route in routes.items()}, pool).start()
    else:
        server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel
    server.stop(None).wait()
    calls.stream_pool.shutdown()


def _read(channel: grpc.Channel) -> None:
    channel.unary_unary("/test.Broken/Read")(b"")


def _write(channel: grpc.Channel) -> None:
    channel.unary_unary("/test.Broken/Write")(b"")


def _stream(channel: grpc.Channel) -> None:
    list(channel.unary_stream("/test.Broken/Stream")(b""))


@pytest.mark.parametrize("call", [_read, _write, _stream])
def test_an_unforeseen_error_has_a_fixed_text_and_an_id_that_the_log_knows(
    broken: grpc.Channel, call: Callable[[grpc.Channel], None], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(grpc.RpcError) as caught:
        call(broken)
    error = error_of_call(caught.value)
    assert error.status == "INTERNAL"
    incident = re.search("[0-9a-f]{16}", str(error))
    assert incident is not None
    said = [record.getMessage() for record in caplog.records]
    (ours,) = (line for line in said if incident[0] in line)
    assert "test_failures.py" in ours
    assert "ValueError" in ours
    assert not any(part in line for line in [*said, caplog.text, str(error)] for part in SECRET.split())


def test_bytes_that_are_no_message_are_bad_input(broken: grpc.Channel) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        broken.unary_unary("/test.Broken/Read")(b"\xff\xff\xff")
    error = error_of_call(caught.value)
    assert isinstance(error, InputError)
    assert error.field == "request"
