"""Splink on a crowd (benchmarks/crowd): settings, and how a run is measured. Imports only what the peers' environment has.

The settings follow Splink's own advice on columns that go together: address, telephone and postcode are one comparison, so
that members of a household are not taken for one person. Six blocking rules and tight blocks for EM: with blocks as wide as
those of its tutorials EM takes many times as long. Tuned by hand.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import splink.comparison_level_library as levels
import splink.comparison_library as comparisons
from splink import DuckDBAPI, SettingsCreator, block_on

THREADS, MEMORY = 2, "8GB"
IDENTITY = "record_id"
RULES = (
    *(("national_id",), ("phone",), ("given_name", "family_name")),
    *(("family_name", "birth_date"), ("given_name", "birth_date"), ("birth_date", "postcode")),
)
CERTAIN, RECALL_OF_CERTAIN = (("national_id",), ("given_name", "family_name", "birth_date")), 0.7
EM_BLOCKS = (("given_name", "family_name"), ("birth_date", "postcode"))
CONTACT = (  # best first
    ("phone_l = phone_r and address_l = address_r", "phone and address"),
    ("address_l = address_r and postcode_l = postcode_r", "address and postcode"),
    ("phone_l = phone_r", "phone"),
    ("address_l = address_r", "address"),
    ("jaro_winkler_similarity(address_l, address_r) >= 0.92", "similar address"),
    ("damerau_levenshtein(phone_l, phone_r) <= 1", "similar phone"),
    ("postcode_l = postcode_r", "postcode"),
)
NO_CONTACT = " and ".join(f"({column}_l is null or {column}_r is null)" for column in ("address", "phone", "postcode"))


def settings() -> Any:
    """What is compared, and by which rules pairs are found."""
    return SettingsCreator(
        unique_id_column_name=IDENTITY,
        link_type="dedupe_only",
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in RULES],
        comparisons=[
            comparisons.NameComparison("given_name").configure(term_frequency_adjustments=True),
            comparisons.NameComparison("family_name").configure(term_frequency_adjustments=True),
            comparisons.DateOfBirthComparison("birth_date", input_is_string=True),
            comparisons.ExactMatch("sex"),
            _contact(),
            comparisons.DamerauLevenshteinAtThresholds("national_id", [1, 2]),
        ],
    )


def _contact() -> Any:
    nothing = levels.CustomLevel(NO_CONTACT, label_for_charts="missing").configure(is_null_level=True)
    agreeing = [levels.CustomLevel(condition, label_for_charts=label) for condition, label in CONTACT]
    return comparisons.CustomComparison(
        output_column_name="contact", comparison_levels=[nothing, *agreeing, levels.ElseLevel()]
    )


def loaded(file: str, threads: int, memory: str) -> Any:
    """A DuckDB connection with the tables ``people`` (without the truth) and ``truth``; reading is never counted."""
    connection = duckdb.connect()
    connection.execute(f"set threads = {int(threads)}")
    connection.execute("set memory_limit = ?", [memory])
    connection.execute("create table people as select * exclude (entity_id, source) from read_parquet(?)", [file])
    connection.execute("create table truth as select record_id, entity_id from read_parquet(?)", [file])
    return connection


def registered(connection: Any, table: str, name: str) -> Any:
    return DuckDBAPI(connection=connection).register(connection.table(table), dataset_display_name=name)


class Parts:
    """Seconds by part, of the clock and of the processor."""

    def __init__(self) -> None:
        self.wall: dict[str, float] = {}
        self.cpu: dict[str, float] = {}

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall[part] = self.wall.get(part, 0.0) + time.perf_counter() - wall
        self.cpu[part] = self.cpu.get(part, 0.0) + time.process_time() - cpu

    def line(self) -> dict[str, Any]:
        """What every script of a crowd prints."""
        return {
            "system": "splink",
            "wall": self.wall,
            "cpu": self.cpu,
            "seconds": sum(self.wall.values()),
            "cpu_seconds": sum(self.cpu.values()),
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }


def limits(given: dict[str, Any]) -> tuple[int, str]:
    """(threads, memory) of a specification."""
    return int(given.get("threads", THREADS)), str(given.get("memory", MEMORY))
