"""A real server on a real socket with a real DuckDB file, for every test of the service and the client."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mpi.client import IndexClient
from mpi.config import Config
from mpi.records import HumanName, Identifier, IdentifierType, PatientRecord, Sex
from mpi.registry.registry import Registry
from mpi.service.opening import open_registry
from mpi.service.server import Server

MODEL = Path(__file__).parent / "model.toml"


class Running:
    """A server in this process, open for calls unless ``loading``."""

    def __init__(self, config: Config, *, loading: bool = False) -> None:
        self.config = config
        opened = open_registry(config)
        self.registry: Registry = opened.registry
        self.server = Server(opened, config)
        self.target = f"127.0.0.1:{self.server.start()}"
        if not loading:
            self.registry.start()
            self.server.open()

    def client(self, **options: Any) -> IndexClient:
        return IndexClient(self.target, **options)

    def close(self) -> None:
        self.server.stop()
        self.registry.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts servers with settings of one's own; all are stopped at the end."""
    running: list[Running] = []

    def start_one(*, loading: bool = False, **settings: Any) -> Running:
        values = {"data_dir": str(tmp_path / "data"), "port": 0, "model": str(MODEL), "catchment": 1_000_000} | settings
        running.append(Running(Config(**values), loading=loading))
        return running[-1]

    yield start_one
    for one in running:
        one.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for all tests of a module: tests use numbers of their own."""
    folder = tmp_path_factory.mktemp("data")
    one = Running(Config(data_dir=str(folder), port=0, model=str(MODEL), catchment=1_000_000))
    yield one
    one.close()


@pytest.fixture(scope="module")
def client(server: Running) -> Iterator[IndexClient]:
    with server.client() as one:
        yield one


@pytest.fixture
def patient() -> Callable[..., PatientRecord]:
    """Makes the record of one made-up person; a new ``person`` number is another person in every trait."""
    return make_patient


_CHECK = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华梅建文辉力鹏飞"
_FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"


def make_patient(person: int, *, source: str = "cqmu1", local_id: str = "", **changes: Any) -> PatientRecord:
    year, month, day = 1940 + person % 70, 1 + person % 12, 1 + person * 7 % 28
    body = f"500103{year}{month:02d}{day:02d}{person * 37 % 1000:03d}"
    number = body + "10X98765432"[sum(int(a) * b for a, b in zip(body, _CHECK, strict=True)) % 11]
    given = _GIVEN[person * 11 % len(_GIVEN)] + _GIVEN[person // len(_GIVEN) % len(_GIVEN)]
    values: dict[str, Any] = {
        "source": source,
        "local_id": local_id or f"P{person:06d}",
        "names": (HumanName(text=_FAMILY[person % len(_FAMILY)] + given),),
        "sex": Sex.MALE,
        "birth_date": f"{year}-{month:02d}-{day:02d}",
        "identifiers": (Identifier(type=IdentifierType.RESIDENT_ID, value=number),),
        "phones": (f"139{person * 7919 % 10**8:08d}",),
    }
    return PatientRecord(**(values | changes))
