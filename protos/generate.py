"""Regenerate mpi/v1 from the protos, or check that it is fresh.

    python protos/generate.py            writes mpi/v1
    python protos/generate.py --check    exit status 1 and a list of files when mpi/v1 differs from what the protos say

Needs the ``dev`` extra: grpcio-tools brings protoc, mypy-protobuf the two plug-ins that write type stubs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
from importlib.resources import files
from pathlib import Path

PROTOS = Path(__file__).resolve().parent
ROOT = PROTOS.parent
PACKAGE = "mpi/v1"
_PLUGINS = ("python_out=", "grpc_python_out=", "mypy_out=quiet:", "mypy_grpc_out=quiet:")
_INIT = '"""Code generated from protos/mpi/v1 by protos/generate.py: not to be edited."""\n'


def generate(target: Path) -> None:
    """Write the package ``mpi/v1`` below ``target``. Raises RuntimeError when protoc refuses a file."""
    # protoc finds its plug-ins on the PATH; they live beside this interpreter whether or not its environment is active.
    environment = {**os.environ, "PATH": os.pathsep.join((sysconfig.get_path("scripts"), os.environ.get("PATH", "")))}
    sources = sorted(str(p.relative_to(PROTOS)) for p in (PROTOS / PACKAGE).glob("*.proto"))
    outputs = [f"--{plugin}{target}" for plugin in _PLUGINS]
    includes = [f"-I{PROTOS}", f"-I{files('grpc_tools') / '_proto'}"]
    # A process of its own: beside gRPC and protobuf in one process, protoc has crashed.
    command = [sys.executable, "-m", "grpc_tools.protoc", *includes, *outputs, *sources]
    if subprocess.run(command, env=environment, check=False).returncode != 0:
        raise RuntimeError("protoc failed")
    for empty in (target / PACKAGE).glob("records_pb2_grpc.py*"):  # the nouns have no service
        empty.unlink()
    (target / PACKAGE / "__init__.py").write_text(_INIT, encoding="utf-8")


def differences(expected: Path, actual: Path) -> list[str]:
    """Names of generated files that are missing, superfluous or different, sorted."""
    names = {p.name for folder in (expected, actual) for p in folder.glob("*.py*") if p.is_file()}
    return sorted(n for n in names if _text(expected / n) != _text(actual / n))


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def main(arguments: list[str]) -> int:
    """Run the script; returns the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        fresh, committed = Path(folder) / PACKAGE, ROOT / PACKAGE
        stale = differences(fresh, committed)
        if "--check" in arguments:
            for name in stale:
                sys.stderr.write(f"{PACKAGE}/{name} is not what the protos say: run python protos/generate.py\n")
            return 1 if stale else 0
        committed.mkdir(parents=True, exist_ok=True)
        for name in stale:
            text = _text(fresh / name)
            if text is None:
                (committed / name).unlink()
            else:
                (committed / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
