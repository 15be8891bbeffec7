"""The serve command as a process of its own, for tests that stop and kill it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path

MODEL = Path(__file__).parent / "service" / "model.toml"
_CODE = "from mpi.commands.serve import serve; from mpi.config import load_config; serve(load_config())"


class Process:
    """A server in a process of its own."""

    def __init__(self, data: Path, **settings: str) -> None:
        variables = {"MPI_DATA_DIR": str(data), "MPI_PORT": "0", "MPI_MODEL": str(MODEL), "MPI_CATCHMENT": "1000000"}
        variables |= {f"MPI_{key.upper()}": value for key, value in settings.items()}
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", _CODE],
            env=os.environ | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @cache  # noqa: B019 — the line is printed once, and a test has few servers
    def target(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.search(r"listening on (\S+:\d+)", line)
        assert found is not None, self.process.communicate()
        return found[1]

    def stop(self, number: signal.Signals) -> tuple[int, str]:
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=120)
        return self.process.returncode, errors
