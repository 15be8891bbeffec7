"""The serve command as a process: what it prints, and how it stops."""

from __future__ import annotations

import io
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console
from server_process import Process

from mpi.client import IndexClient
from mpi.commands.serve import _progress_shown
from mpi.records import PatientRecord
from mpi.registry.progress import Phase, Progress


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    launched: list[Process] = []

    def launch_one(**settings: str) -> Process:
        launched.append(Process(tmp_path / "data", **settings))
        return launched[-1]

    yield launch_one
    for one in launched:
        one.process.kill()
        one.process.communicate()


def test_one_signal_stops_gracefully_and_a_restart_knows_everything(
    launch: Callable[..., Process], patient: Callable[..., PatientRecord]
) -> None:
    first = launch()
    with IndexClient(first.target()) as client:
        known = client.resolve(patient(1))
    code, errors = first.stop(signal.SIGTERM)
    assert code == 0
    assert "draining" in errors
    assert "王" not in errors
    second = launch(snapshot_events="1")
    with IndexClient(second.target()) as client:
        assert client.lookup(source="cqmu1", local_id=patient(1).local_id).master_id == known.master_id
    code, errors = second.stop(signal.SIGINT)
    assert code == 0
    assert "replaying the journal took" in errors
    assert "snapshot written sequence=1" in errors
    third = launch()
    with IndexClient(third.target()) as client:
        assert client.lookup(source="cqmu1", local_id=patient(1).local_id).master_id == known.master_id
    assert "reading the snapshot took" in third.stop(signal.SIGTERM)[1]


def test_what_was_answered_survives_kill_9(launch: Callable[..., Process], patient: Callable[..., PatientRecord]) -> None:
    first = launch()
    with IndexClient(first.target()) as client:
        known = client.resolve(patient(1))
        first.process.kill()
    first.process.communicate()
    with IndexClient(launch().target()) as client:
        assert client.lookup(source="cqmu1", local_id=patient(1).local_id).master_id == known.master_id


def test_a_second_signal_stops_at_once(launch: Callable[..., Process], patient: Callable[..., PatientRecord]) -> None:
    # The notice period would last ten minutes.
    one = launch(drain_notice_seconds="600")
    target = one.target()
    one.process.send_signal(signal.SIGTERM)
    threading.Event().wait(0.3)
    with IndexClient(target) as client:
        known = client.resolve(patient(1))  # still served while load balancers look away
    code, errors = one.stop(signal.SIGTERM)
    assert code == 128 + signal.SIGTERM
    assert "at once" in errors
    with IndexClient(launch().target()) as client:
        assert client.lookup(source="cqmu1", local_id=patient(1).local_id).master_id == known.master_id


def test_a_store_in_use_is_said(launch: Callable[..., Process]) -> None:
    launch().target()
    second = launch()
    _, errors = second.process.communicate(timeout=60)
    assert second.process.returncode == 1
    assert "StoreError" in errors


def test_an_impossible_setting_is_named(launch: Callable[..., Process]) -> None:
    one = launch(worker_threads="0")
    _, errors = one.process.communicate(timeout=120)
    assert one.process.returncode != 0
    assert "MPI_WORKER_THREADS" in errors


def test_a_terminal_is_told_how_far_a_start_is() -> None:
    screen, progress = io.StringIO(), Progress()
    with _progress_shown(Console(file=screen, force_terminal=True, width=80), progress):
        progress.begin(Phase.REPLAYING, 4_000)
        progress.add(1_000)
        threading.Event().wait(0.3)  # the screen is drawn several times a second
    assert "replaying the journal" in screen.getvalue()
    assert "25% of 4,000" in screen.getvalue()
    assert progress.tell is None
