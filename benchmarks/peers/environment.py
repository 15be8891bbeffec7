"""The peers' own environment: Splink wants a newer DuckDB than the one this project pins, so it must not share ours.

It lies under the user's cache folder, named by a hash of what it holds. The first run makes it (half a minute).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

from benchmarks.lines import progress

# duckdb 2.0.0 is the newest, and Splink 5.0.0 runs on it (its metadata asks for >= 0.9.2); recordlinkage 0.16 needs pandas 2.
REQUIREMENTS = ("splink==5.0.0", "duckdb==2.0.0", "pandas>=2.2,<3", "scipy>=1.13", "recordlinkage==0.16")
SCRIPTS = Path(__file__).parent
INSTALL_TIMEOUT_S = 600
RUN_TIMEOUT_S = 300


def cache_root() -> Path:
    """``$XDG_CACHE_HOME/mpi-bench``, or ``~/.cache/mpi-bench``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mpi-bench"


def environment_path() -> Path:
    wanted = "\n".join((*REQUIREMENTS, sys.version))
    return cache_root() / f"splink-{hashlib.sha256(wanted.encode()).hexdigest()[:12]}"


def ensure_environment() -> Path:
    """Return the Python of the peers' environment, creating it where it is missing.

    It is built under a name of its own and then renamed, so that an interrupted run leaves nothing that looks finished.
    Raises CalledProcessError when pip fails.
    """
    path = environment_path()
    if not (path / "bin" / "python").exists():
        progress(f"peers: creating {path} ({', '.join(REQUIREMENTS)})")
        unfinished = path.with_name(f"{path.name}.{os.getpid()}")
        try:
            venv.create(unfinished, with_pip=True, symlinks=True)
            pip = [str(unfinished / "bin" / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
            subprocess.run([*pip, *REQUIREMENTS], check=True, timeout=INSTALL_TIMEOUT_S, stdout=sys.stderr)
            unfinished.rename(path)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return path / "bin" / "python"


def run_peer(script: str, *arguments: str, timeout_s: float = RUN_TIMEOUT_S) -> list[dict[str, Any]]:
    """Run a script of this folder in the peers' environment; its standard output is one JSON object per line.

    What it writes to standard error is shown only when it fails, as part of the RuntimeError.
    """
    command = [str(ensure_environment()), str(SCRIPTS / script), *arguments]
    here = os.environ | {"PYTHONPATH": str(SCRIPTS.parents[1])}  # for splink_pairs.py
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False, env=here)
    if done.returncode:
        raise RuntimeError(f"{script} ended with {done.returncode}: {done.stderr[-2000:]}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
