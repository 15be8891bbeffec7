"""Everything an index holds, to be compared: arrays as far as they are used, hash tables as what they map."""

from __future__ import annotations

from typing import Any

import numpy as np

from mpi.linkage.hashtable import SEGMENTS, SIZE_BITS, Table
from mpi.linkage.hotindex import ROW_GROUP, HotIndex
from mpi.registry.index import Index
from mpi.registry.registry import Registry
from mpi.registry.snapshot import parts_of


def mapped(table: Table) -> dict[int, int]:
    """What a table maps, checked against its count of keys."""
    found: dict[int, int] = {}
    for descriptor, keys in table.segments[:SEGMENTS].tolist():
        offset, size = descriptor >> SIZE_BITS, 1 << (descriptor & 63)
        lines = table.arena[offset : offset + size]
        used = lines[lines[:, 0] != 0]
        assert len(used) == keys
        found |= dict(used.tolist())
    return found


def hot_state(hot: HotIndex, parts: dict[str, np.ndarray[Any, Any]]) -> dict[str, Any]:
    state = {name: data.tolist() for name, data in parts.items() if "." not in name}
    first = hot.row_cells[: len(parts["row_cells"]), ROW_GROUP] == np.arange(len(parts["row_cells"]))
    state["row_cells"] = [line if leads else line[:2] for line, leads in zip(state["row_cells"], first, strict=True)]
    return state | {"postings": mapped(hot.postings), "dictionary": mapped(hot.dictionary)}


def state_of(index: Index) -> dict[str, Any]:
    """By name; equal for two indexes that answer everything alike."""
    parts = {part.name: part.lines for part in parts_of(index)}
    state = hot_state(index.hot, parts)
    return state | {
        "numbers": mapped(index._numbers),
        "sources": index.sources.names,
        "models": index.models.names,
        "aliases": index.aliases,
        "open_reviews": index.open_reviews,
        "asked": index.asked._pairs,
        "snapshot": index.snapshot,
    }


def assert_alike(one: Registry, other: Registry) -> None:
    """Names what differs, not how: the states are large, and hold records."""
    mine, theirs = state_of(one._index), state_of(other._index)
    assert sorted(mine) == sorted(theirs)
    assert [name for name in mine if mine[name] != theirs[name]] == []
    assert list(one._window._known.items()) == list(other._window._known.items())
    assert (one._writer._durable.slots, one._writer._durable.chars) == (
        other._writer._durable.slots,
        other._writer._durable.chars,
    )
    assert one._writer._last_at == other._writer._last_at
