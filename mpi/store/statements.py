"""SQL by name from the ``.sql`` files beside this module."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

MARK = "-- name: "


@cache
def statements() -> dict[str, str]:
    """Every statement of queries.sql by its name, comments left out."""
    return parse(read("queries.sql"))


def read(name: str) -> str:
    """Text of a file of this package, e.g. ``schema.sql``."""
    return files("mpi.store").joinpath(name).read_text(encoding="utf-8")


def migrations() -> dict[int, str]:
    """Migrations by the version they lead to, ascending."""
    folder = files("mpi.store").joinpath("migrations")
    return {int(p.name[:3]): p.read_text(encoding="utf-8") for p in sorted(folder.iterdir(), key=lambda p: p.name)}


def parse(text: str) -> dict[str, str]:
    """Split a file at its ``-- name:`` lines. Raises ValueError where a name is used twice or names nothing."""
    found: dict[str, str] = {}
    for part in text.split(MARK)[1:]:
        name, _, body = part.partition("\n")
        lines = [line for line in body.splitlines() if line.strip() and not line.lstrip().startswith("--")]
        if not lines or name.strip() in found:
            raise ValueError(f"statement {name.strip()} is empty or named twice")
        found[name.strip()] = "\n".join(lines)
    return found
