"""What is written down is what is there: generated code, API reference, settings, lint."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sysconfig
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from mpi.config import SETTINGS, Config
from mpi.v1 import admin_pb2, identity_pb2, records_pb2

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"


def script(name: str) -> ModuleType:
    specification = importlib.util.spec_from_file_location(name, ROOT / "protos" / f"{name}.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_generated_code_is_fresh() -> None:
    assert script("generate").main(["--check"]) == 0


def test_a_difference_in_generated_code_is_found(tmp_path: Path) -> None:
    generate = script("generate")
    for folder, text in (("a", "1"), ("b", "2")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "changed.py").write_text(text, encoding="utf-8")
        (tmp_path / folder / "same.py").write_text("", encoding="utf-8")
    (tmp_path / "a" / "missing.pyi").write_text("", encoding="utf-8")
    assert generate.differences(tmp_path / "a", tmp_path / "b") == ["changed.py", "missing.pyi"]


def test_the_api_reference_is_fresh() -> None:
    assert script("reference").main(["--check"]) == 0


@pytest.mark.parametrize("file", [identity_pb2, admin_pb2, records_pb2])
def test_the_api_reference_names_everything(file: ModuleType) -> None:
    page = (DOCS / "api.md").read_text(encoding="utf-8")
    descriptor = file.DESCRIPTOR
    for service in descriptor.services_by_name.values():
        assert f"## {service.name}\n" in page
        assert not [m.name for m in service.methods if f"| `{m.name}` |" not in page]
    for message in descriptor.message_types_by_name.values():
        assert f"### {message.name}\n" in page
        assert not [f.name for f in message.fields if f"| {f.number} | `{f.name}` |" not in page]


def test_the_configuration_reference_names_every_setting_with_its_default() -> None:
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")
    config = Config()
    for name in SETTINGS:
        default = json.dumps(getattr(config, name))
        assert f"| `{name}` | `{default}` |" in page, name
    rows = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]
    assert sorted(rows) == sorted(SETTINGS)


def test_the_example_of_the_api_reference_runs_as_written(server: Any, capsys: pytest.CaptureFixture[str]) -> None:
    page = (DOCS / "api_introduction.md").read_text(encoding="utf-8")
    example = page.split("```python\n")[1].split("```")[0]
    exec(example.replace("127.0.0.1:50051", server.target), {})
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].endswith(" NEW")
    assert printed[-1] == "cqmu1 00123"


def test_protos_pass_lint() -> None:
    buf = shutil.which("buf", path=sysconfig.get_path("scripts"))
    if buf is None:
        pytest.skip("buf is not installed (extra dev)")
    result = subprocess.run([buf, "lint", str(ROOT / "protos")], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "")
