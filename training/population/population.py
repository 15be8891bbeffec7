"""A finished population: a flat table of records, the truth, and the same records as ``PatientRecord``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, overload

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mpi.records import Address, Guardian, HumanName, Identifier, IdentifierType, NameUse, PatientRecord, Sex
from training.population.strata import Stratum

TEXT = (
    "source",
    "local_id",
    "name_text",
    "family",
    "given",
    "other_name",
    "birth_date",
    "id_number",
    "id_issuer",
    "id2_number",
    "phone",
    "phone2",
    "address",
    "address2",
    "division",
    "postcode",
    "house_number",
    "road",
    "community",
    "locality",
    "region",
    "ethnicity",
    "guardian_name",
    "guardian_phone",
    "guardian_id",
    "guardian_relationship",
    "deceased_date",
    "recorded_at",
)
NUMBERS = ["sex", "id_type", "id2_type", "name_use", "other_name_use", "multiple_birth_order", "truth_person", "strata"]
SCHEMA = pa.schema([(name, pa.string()) for name in TEXT] + [(name, pa.int32()) for name in NUMBERS])
"""Columns of ``Population.table``. Missing text is "". ``sex``, the types and uses are the numbers of ``mpi.records``."""

WORDS = {
    "sex": ["", *(s.name.lower() for s in Sex if s)],
    "id_type": [t.name.lower() for t in IdentifierType],
    "id2_type": [t.name.lower() for t in IdentifierType],
    "name_use": ["", *(u.name.lower() for u in NameUse if u)],
    "other_name_use": ["", *(u.name.lower() for u in NameUse if u)],
}


class Population:
    """Records of made-up persons with known truth.

    ``table``    one row a record, in the order of recording, columns as ``SCHEMA``
    ``truth``    int64[records]: number of the person each record belongs to
    ``strata``   int64[records]: ``Stratum`` flags
    ``persons``  one row a person: the true values (may be empty where a generator keeps none)
    """

    def __init__(self, columns: dict[str, Any], persons: pa.Table | None = None) -> None:
        rows = len(columns["source"])
        arrays = [_column(columns.get(field.name), field, rows) for field in SCHEMA]
        self.table: pa.Table = pa.table(arrays, schema=SCHEMA)
        self.persons: pa.Table = persons if persons is not None else pa.table({})

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @cached_property
    def truth(self) -> NDArray[np.int64]:
        return np.asarray(self.table["truth_person"].to_numpy(), np.int64)

    @cached_property
    def strata(self) -> NDArray[np.int64]:
        return np.asarray(self.table["strata"].to_numpy(), np.int64)

    @property
    def records(self) -> Records:
        """The records as ``PatientRecord``, made when asked for."""
        return Records(self.table)

    def in_stratum(self, stratum: Stratum) -> NDArray[np.bool_]:
        return np.asarray((self.strata & stratum.value) != 0)

    def to_table(self) -> pa.Table:
        """``table`` as a file of records: words for codes (``female``, ``resident_id``), a boolean column for each stratum.

        The words are those a MAP.toml understands; ``map.toml`` beside the generator maps the columns.
        """
        table = self.table.drop_columns(["strata"])
        for name, words in WORDS.items():
            text = pa.array(words).take(self.table[name].combine_chunks())
            table = table.set_column(table.schema.get_field_index(name), name, text)
        for stratum in Stratum:
            table = table.append_column(f"stratum_{(stratum.name or '').lower()}", pa.array(self.in_stratum(stratum)))
        return table

    def to_parquet(self, path: str | Path) -> None:
        """Writes ``to_table()``; the same population gives the same bytes with the same pyarrow."""
        pq.write_table(self.to_table(), path, compression="zstd", row_group_size=100_000)


def _column(values: Any, field: pa.Field, rows: int) -> pa.Array:
    if values is None:
        return pa.repeat(pa.scalar("" if pa.types.is_string(field.type) else 0, field.type), rows)
    return (values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values)).cast(field.type)


class Records(Sequence[PatientRecord]):
    """A view of a table as ``PatientRecord``; iterating decodes it in chunks."""

    CHUNK = 10_000

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __len__(self) -> int:
        return int(self._table.num_rows)

    @overload
    def __getitem__(self, index: int) -> PatientRecord: ...

    @overload
    def __getitem__(self, index: slice) -> Records: ...

    def __getitem__(self, index: int | slice) -> PatientRecord | Records:
        if isinstance(index, slice):
            return Records(self._table.take(pa.array(range(*index.indices(len(self))), pa.int64())))
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return to_record(self._table.slice(index % len(self), 1).to_pylist()[0])

    def __iter__(self) -> Iterator[PatientRecord]:
        for start in range(0, len(self), self.CHUNK):
            for row in self._table.slice(start, self.CHUNK).to_pylist():
                yield to_record(row)


def to_record(row: dict[str, Any]) -> PatientRecord:
    """One row of ``Population.table`` as the record a hospital would send."""
    return PatientRecord(
        source=row["source"],
        local_id=row["local_id"],
        names=tuple(_names(row)),
        sex=Sex(row["sex"]),
        birth_date=row["birth_date"],
        identifiers=tuple(_identifiers(row)),
        phones=tuple(p for p in (row["phone"], row["phone2"]) if p),
        addresses=tuple(_addresses(row)),
        ethnicity=row["ethnicity"],
        guardian=_guardian(row),
        multiple_birth_order=row["multiple_birth_order"],
        deceased_date=row["deceased_date"],
        recorded_at=row["recorded_at"],
    )


def _names(row: dict[str, Any]) -> Iterator[HumanName]:
    if row["name_text"] or row["family"] or row["given"]:
        yield HumanName(text=row["name_text"], family=row["family"], given=row["given"], use=NameUse(row["name_use"]))
    if row["other_name"]:
        yield HumanName(text=row["other_name"], use=NameUse(row["other_name_use"]))


def _identifiers(row: dict[str, Any]) -> Iterator[Identifier]:
    if row["id_number"]:
        yield Identifier(type=IdentifierType(row["id_type"]), value=row["id_number"], issuer=row["id_issuer"])
    if row["id2_number"]:
        yield Identifier(type=IdentifierType(row["id2_type"]), value=row["id2_number"])


def _addresses(row: dict[str, Any]) -> Iterator[Address]:
    parts = ("division", "postcode", "house_number", "road", "community", "locality", "region")
    if row["address"] or any(row[p] for p in parts):
        yield Address(text=row["address"], **{p: row[p] for p in parts})
    if row["address2"]:
        yield Address(text=row["address2"])


def _guardian(row: dict[str, Any]) -> Guardian | None:
    if not (row["guardian_name"] or row["guardian_phone"] or row["guardian_id"]):
        return None
    number = Identifier(type=IdentifierType.RESIDENT_ID, value=row["guardian_id"]) if row["guardian_id"] else None
    return Guardian(
        name=row["guardian_name"],
        phone=row["guardian_phone"],
        identifier=number,
        relationship=row["guardian_relationship"],
    )
