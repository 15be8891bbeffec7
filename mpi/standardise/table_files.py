"""The small tables of this room: tab-separated text under ``tables/``, each explained in its first line."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


def table_rows(name: str) -> list[list[str]]:
    """Rows of ``tables/<name>.tsv`` without comments and empty lines."""
    text = (files("mpi.standardise") / "tables" / f"{name}.tsv").read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]


@cache
def word_lists(name: str) -> dict[str, frozenset[str]]:
    """``tables/<name>.tsv`` with rows "kind, words parted by blanks". A kind may have several rows."""
    lists: dict[str, frozenset[str]] = {}
    for kind, words, *_ in table_rows(name):
        lists[kind] = lists.get(kind, frozenset()) | frozenset(words.split())
    return lists
