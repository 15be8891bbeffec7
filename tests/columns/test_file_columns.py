"""Columns of a file as Raw: what a regular row says is what its record says, and what Raw cannot hold is left."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from mpi.columns import layout as at
from mpi.columns.check import check
from mpi.columns.payload import payloads
from mpi.columns.tables import raw_of_columns
from mpi.intake import Column, MappedRow, Row, bind, load_map, open_table, parse_map
from mpi.intake.blocks import blocks_of_rows
from training import population


def test_rows_of_a_city_are_their_records(tmp_path: Path) -> None:
    made = population.generate(2_000, seed=5)
    made.to_parquet(tmp_path / "city.parquet")
    regular = 0
    with open_table(tmp_path / "city.parquet") as table:
        bound = bind(load_map(Path(population.__file__).parent / "map.toml"), table.columns)
        for block in table.blocks([column.name for column in bound.columns]):
            raw = raw_of_columns(len(block.numbers), bound.keys(block))
            check(raw)
            mapped = list(bound.rows(block.rows(range(len(block.numbers)))))
            for payload, row in zip(payloads(raw), mapped, strict=True):
                if payload is not None:
                    assert isinstance(row, MappedRow)
                    assert payload.payload == msgspec.json.encode(row.record)
                    regular += 1
    assert regular > 0.9 * len(made)


MAP = """
source = { constant = "h" }
local_id = "id"
phones = ["a", "b", "c", "d"]
deceased_date = "died"
[[names]]
text = "name"
[[names]]
text = "old"
use = "old"
[[identifiers]]
type = "kind"
value = "x"
issuer = "issuer"
[[identifiers]]
type = "passport"
value = "y"
period_start = "since"
[guardian]
name = "mother"
[attributes]
blood = "blood"
"""


@pytest.mark.parametrize(
    ("cells", "whole"),
    [
        ({}, True),
        ({"a": "13912345678", "c": "13912345679"}, True),
        ({"old": "王芳"}, True),
        ({"name": "王芳", "old": "李芳"}, False),
        ({"x": "1", "kind": "passport", "y": "2"}, True),
        ({"x": "1", "kind": "nonsense"}, False),
        ({"kind": "nonsense"}, True),
        ({"y": "2", "since": "2020-01-01"}, False),
        ({"since": "2020-01-01"}, True),
        ({"a": "1", "b": "2", "c": "3", "d": "4"}, False),
        ({"died": "2020-01-01"}, False),
        ({"blood": "A"}, False),
        ({"mother": "王芳"}, True),
    ],
)
def test_a_row_is_whole_where_raw_can_hold_it(cells: dict[str, str], whole: bool) -> None:
    bound = bind(parse_map(MAP.replace('type = "kind"', 'type = { column = "kind" }')), [Column(name) for name in NAMES])
    row = Row(number=1, cells=tuple(({"id": "7"} | cells).get(column.name, "") for column in bound.columns))
    (block,) = blocks_of_rows([row], len(bound.columns), 10)
    raw = raw_of_columns(1, bound.keys(block))
    assert bool(raw.cells[0, at.REGULAR]) == whole
    if whole:
        check(raw)
        (payload,) = payloads(raw)
        (mapped,) = bound.rows([row])
        assert payload is not None
        assert isinstance(mapped, MappedRow)
        assert payload.payload == msgspec.json.encode(mapped.record)


NAMES = ("id", "a", "b", "c", "d", "died", "name", "old", "kind", "x", "issuer", "y", "since", "mother", "blood")
