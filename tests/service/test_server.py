"""Health, reflection, limits, and the two stages of stopping."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from mpi.client import IndexClient, messages
from mpi.errors import ConfigError, MpiError, NotFound, QueueFull, Unavailable
from mpi.records import HumanName, PatientRecord, ResolveAnswer
from mpi.registry.progress import Phase
from mpi.service import direct
from mpi.service.server import Server
from mpi.store import store
from mpi.v1 import admin_pb2, identity_pb2

Patient = Callable[..., PatientRecord]
SERVICES = ("", "mpi.v1.IdentityService", "mpi.v1.AdminService")
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def health(target: str) -> set[int]:
    with grpc.insecure_channel(target) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        return {stub.Check(health_pb2.HealthCheckRequest(service=name)).status for name in SERVICES}


def test_while_loading_health_says_so_and_callers_are_told_to_come_back(start: Callable[..., Any], patient: Patient) -> None:
    running = start(loading=True)
    assert health(running.target) == {NOT_SERVING}
    with running.client(timeout_s=2.0) as client:
        for call in (lambda: client.resolve(patient(1)), lambda: next(client.watch_changes())):
            with pytest.raises(Unavailable) as caught:
                call()
            assert caught.value.reason == "LOADING"
            assert caught.value.retry_after_s
        running.registry.start()
        running.server.open()
        assert health(running.target) == {SERVING}
        assert client.resolve(patient(1)).master_id


def test_while_loading_the_service_says_how_far_it_is(
    start: Callable[..., Any], patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked over the socket at every step of the replay, by the thread that replays."""
    monkeypatch.setattr(store, "REPLAY_ROWS", 2_048)  # the least that DuckDB hands over
    first = start()
    with first.client() as client:
        for begin in range(0, 5_000, 500):
            client.batch_resolve([patient(n) for n in range(begin, begin + 500)])
    first.close()
    again = start(loading=True)
    with again.client(timeout_s=2.0) as client:
        assert client.service_info().phase == "loading kernels"
        seen = []
        progress = again.registry.progress
        progress.tell = lambda state: seen.append((state, client.service_info(), health(again.target)))
        again.registry.start()
        progress.tell = None
        info = client.service_info()
        assert (info.phase, info.records, info.sequence) == ("ready", 5_000, 5_000)
        assert health(again.target) == {NOT_SERVING}
    replaying = [(info.phase_done, info.phase_total) for state, info, _ in seen if state.phase is Phase.REPLAYING]
    assert replaying[0] == (0, 5_000)
    assert replaying[-1] == (5_000, 5_000)
    assert 0 < replaying[1][0] < 5_000
    assert all((info.phase, info.phase_done) == (state.phase.value, state.done) for state, info, _ in seen)
    assert {status for _, _, found in seen for status in found} == {NOT_SERVING}


def test_a_read_is_tried_again_while_the_server_loads(start: Callable[..., Any], patient: Patient) -> None:
    running = start(loading=True)
    running.registry.start()
    with running.client() as client:
        timer = threading.Timer(0.1, running.server.open)
        timer.start()
        with pytest.raises(NotFound):  # and not Unavailable
            client.lookup(source="cqmu1", local_id=patient(1).local_id)
        timer.join()


def test_stopping_answers_what_is_in_flight_and_loses_nothing_answered(start: Callable[..., Any], patient: Patient) -> None:
    running = start()
    answers: list[tuple[PatientRecord, ResolveAnswer | MpiError]] = []
    go = threading.Barrier(9)

    def register(worker: int) -> None:
        with running.client() as client:
            go.wait()
            for n in range(100_000):
                record = patient(worker * 1000 + n, source=f"s{worker}")
                try:
                    answers.append((record, client.resolve(record)))
                except MpiError as error:
                    answers.append((record, error))
                    return

    workers = [threading.Thread(target=register, args=(n,)) for n in range(8)]
    for worker in workers:
        worker.start()
    go.wait()
    while len(answers) < 50:
        threading.Event().wait(0.01)
    with grpc.insecure_channel(running.target) as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        assert next(watch).status == SERVING
        running.server.drain()
        assert next(watch).status == NOT_SERVING
    for worker in workers:
        worker.join()
    running.close()
    errors = [answer for _, answer in answers if isinstance(answer, MpiError)]
    assert len(errors) == 8
    assert all(isinstance(error, Unavailable) for error in errors)
    with start().client() as client:
        for record, answer in answers:
            if isinstance(answer, ResolveAnswer):
                assert client.lookup(source=record.source, local_id=record.local_id).master_id == answer.master_id


def test_reflection_can_be_switched_off(start: Callable[..., Any]) -> None:
    def services(target: str) -> set[str]:
        with grpc.insecure_channel(target) as channel:
            stub = reflection_pb2_grpc.ServerReflectionStub(channel)
            (answer,) = stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(list_services="")]))
            return {service.name for service in answer.list_services_response.service}

    on = start()
    assert {"mpi.v1.IdentityService", "mpi.v1.AdminService", "grpc.health.v1.Health"} <= services(on.target)
    on.close()
    off = start(reflection=False)
    with pytest.raises(grpc.RpcError) as caught:
        services(off.target)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_every_rpc_of_the_contract_is_served(start: Callable[..., Any]) -> None:
    """Empty messages may be refused; nothing is left to the generated stubs, which answer UNIMPLEMENTED."""
    server = start()
    served = (identity_pb2.DESCRIPTOR, admin_pb2.DESCRIPTOR)
    rpcs = [rpc for file in served for service in file.services_by_name.values() for rpc in service.methods]
    assert len(rpcs) == 13
    with grpc.insecure_channel(server.target) as channel:
        for rpc in rpcs:
            path = f"/{rpc.containing_service.full_name}/{rpc.name}"
            call = channel.stream_stream(path)(iter([b""]), timeout=2.0)
            try:
                list(call)
            except grpc.RpcError:
                assert call.code() is not grpc.StatusCode.UNIMPLEMENTED, path


def test_idle_streams_do_not_hold_up_calls(start: Callable[..., Any], patient: Patient) -> None:
    running = start(worker_threads=1)
    with grpc.insecure_channel(running.target) as channel, running.client() as client:
        client.resolve(patient(1))
        idle = threading.Event()

        def silent() -> object:
            idle.wait()
            yield from ()

        open_ones = [reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(silent()) for _ in range(3)]
        open_ones += [health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest()) for _ in range(3)]
        changes = [client.watch_changes(after=1) for _ in range(3)]
        readers = [threading.Thread(target=next, args=(c,)) for c in changes]
        for reader in readers:
            reader.start()
        assert client.lookup(source="cqmu1", local_id=patient(1).local_id).links
        client.resolve(patient(2))
        for reader in readers:
            reader.join()
        for call in open_ones:
            call.cancel()
        idle.set()


def test_a_message_over_the_limit_is_refused(start: Callable[..., Any], patient: Patient) -> None:
    with start(max_message_bytes=10_000).client() as client:
        assert client.resolve(patient(1)).master_id
        with pytest.raises(QueueFull, match="larger than max"):
            client.resolve(patient(2, names=(HumanName(text="长" * 10_000),)))


def test_an_address_in_use_is_said(start: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    port = int(start().target.rsplit(":", 1)[1])
    with pytest.raises(ConfigError, match="cannot listen"):
        start(port=port, data_dir=str(tmp_path_factory.mktemp("other")))


def test_the_direct_way_of_answering_exists_in_this_grpc() -> None:
    assert direct.available(grpc.server(ThreadPoolExecutor(1)))


def test_without_the_direct_way_answers_are_the_same(
    start: Callable[..., Any], patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Server, "direct", False)
    with start().client() as client:
        assert client.resolve(patient(1)).master_id == client.lookup(source="cqmu1", local_id=patient(1).local_id).master_id
        results = client.batch_resolve([patient(n) for n in range(50)])
        assert all(isinstance(r, ResolveAnswer) for r in results)
        with pytest.raises(NotFound):
            client.retire_record("cqmu1", "nobody")


def test_calls_that_are_given_up_leave_nothing_behind(start: Callable[..., Any], patient: Patient) -> None:
    running = start()
    with running.client() as client:
        client.resolve(patient(1))
    request = identity_pb2.ResolveRequest(record=messages.patient_record(patient(2)))
    with grpc.insecure_channel(running.target) as channel:
        call = channel.unary_unary("/mpi.v1.IdentityService/Resolve")
        for _ in range(100):
            call.future(request.SerializeToString()).cancel()
        with pytest.raises(grpc.RpcError) as caught:
            call(request.SerializeToString(), timeout=-1.0)  # at 0 the answer may be quicker: the record is known by then
        assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        until = time.monotonic() + 10
        while (running.server._grpc._state.rpc_states or running.server._calls.in_flight) and time.monotonic() < until:
            time.sleep(0.01)
    assert running.server._calls.in_flight == 0
    assert not running.server._grpc._state.rpc_states


def test_more_open_calls_than_may_be_are_told_to_come_back(start: Callable[..., Any], patient: Patient) -> None:
    running = start(max_concurrent_rpcs=2)
    with grpc.insecure_channel(running.target) as channel:
        call = channel.unary_unary("/mpi.v1.IdentityService/Resolve")
        requests = [
            identity_pb2.ResolveRequest(record=messages.patient_record(patient(n))).SerializeToString() for n in range(200)
        ]
        codes = {future.code() for future in [call.future(request) for request in requests] if future.exception() or True}
    assert codes == {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED}


def test_service_info_counts(client: IndexClient, patient: Patient) -> None:
    before = client.service_info()
    client.batch_resolve([patient(n, source="info") for n in range(7)])
    after = client.service_info()
    assert after.records == before.records + 7
    assert after.sequence == before.sequence + 7
    assert after.index_id == before.index_id
    assert after.model.startswith("service-test@")
    assert after.resident_bytes > 10_000_000
    assert after.write_lag_ms > 0
    assert after.duckdb_version
