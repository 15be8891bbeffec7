"""Splink 5 on any data set of benchmarks/sets.py; run by its path in the peers' environment, the checkout on PYTHONPATH.

    python splink_sets.py SPECIFICATION.json

The specification names Parquet files (one: deduplicate; two: link) with the columns ``rec_id`` and ``truth``, and says what
each other column is. Comparisons, blocking rules and training are those that Splink's documentation gives for such columns:
its library comparisons for names, dates, postcodes and e-mail addresses, term frequencies on names and places, exact pairs of
columns as blocking rules, u by random sampling, m by EM over two blocks or more. For fake_1000 and historical_50k they are
those of Splink's own examples for these very sets. One JSON line a threshold and scope, as splink_febrl.py prints them.
"""

from __future__ import annotations

import json
import time
from itertools import combinations
from typing import Any

import duckdb
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from benchmarks.peers.splink_pairs import RANDOM_PAIRS, SEED, THRESHOLDS, clustered_pairs, pairs, quietly

PAIRS_A_RULE = 500_000  # a blocking rule with more pairs is left out
STRONG = ("id", "phone", "email")  # a column that is nearly a person of its own
NAMES = ("forename", "surname", "fullname")
PERSONAL = (*NAMES, "dob")
IN_PAIRS = (*PERSONAL, "postcode", "street", "place", "city", "number")


def comparison(column: str, role: str, dates: str) -> Any:
    """Splink's library comparison for a column of such a kind."""
    weighed = {"term_frequency_adjustments": True}
    if role in NAMES:
        return cl.NameComparison(column).configure(**weighed)
    if role == "dob":
        return cl.DateOfBirthComparison(column, input_is_string=True, datetime_format=dates, invalid_dates_as_null=True)
    if role == "email":
        return cl.EmailComparison(column)
    if role in ("id", "phone", "postcode"):
        return cl.DamerauLevenshteinAtThresholds(column, [1, 2])
    if role in ("street", "place", "text"):
        return cl.JaroWinklerAtThresholds(column, [0.9, 0.8]).configure(**weighed)
    return cl.ExactMatch(column).configure(**weighed)


def generic(roles: dict[str, str], dates: str, connection: Any, tables: list[str]) -> dict[str, Any]:
    """Settings by the kinds of columns alone."""
    comparisons = [comparison(column, role, dates) for column, role in roles.items()]
    strong = [(column,) for column, role in roles.items() if role in STRONG]
    plain = [column for column, role in roles.items() if role in IN_PAIRS]
    by_role = {role: column for column, role in roles.items()}
    named = [by_role[role] for role in NAMES if role in by_role]
    rules = [*strong, *((a, b) for a, b in combinations(plain, 2) if roles[a] in PERSONAL or roles[b] in PERSONAL)]
    if "dob" not in by_role:  # parts of a date are weak one by one
        parts = [c for c in plain if roles[c] == "number"]
        rules = [*strong, *((a, b) for a, b in combinations([c for c in plain if roles[c] != "number"], 2))]
        rules += [(name, *two) for name in named for two in combinations(parts, 2)]
        rules += [tuple(parts)] if len(parts) > 2 else []
    kept = [rule for rule in dict.fromkeys(rules) if pairs_of(connection, tables, rule) <= PAIRS_A_RULE]
    return {"comparisons": comparisons, "rules": [block_on(*rule) for rule in kept], **training(roles)}


def training(roles: dict[str, str]) -> dict[str, Any]:
    """Deterministic rules for the prior and blocks for EM, by the kinds of columns."""
    strong = [(column,) for column, role in roles.items() if role in STRONG]
    plain = [column for column, role in roles.items() if role in IN_PAIRS]
    by_role = {role: column for column, role in roles.items()}
    named = [by_role[role] for role in NAMES if role in by_role]
    certain = [block_on(*rule) for rule in strong if roles[rule[0]] == "id"]
    birth = [by_role["dob"]] if "dob" in by_role else [c for c in plain if roles[c] == "number"][-3:]
    certain += [block_on(name, *birth) for name in named] if birth else []
    place = [by_role[role] for role in ("postcode", "place") if role in by_role][:1]
    certain += [block_on(*named, *place)] if place else []
    trained = [*named, by_role.get("dob") or by_role.get("postcode") or plain[-1]]
    return {"certain": certain, "recall": 0.7, "em": [block_on(column) for column in trained]}


def pairs_of(connection: Any, tables: list[str], rule: tuple[str, ...]) -> float:
    columns = ", ".join(quoted(column) for column in rule)
    union = " union all ".join(f'select {columns} from "{name}"' for name in tables)
    known = " and ".join(f"{quoted(column)} is not null" for column in rule)
    groups = f"select {columns}, count(*) n from ({union}) where {known} group by {columns}"
    query = f"select coalesce(sum(n * (n - 1) / 2), 0) from ({groups})"
    return float(connection.execute(query).fetchall()[0][0])


def quoted(column: str) -> str:
    return f'"{column}"'


def fake_1000() -> dict[str, Any]:
    """docs/demos/tutorials: the model that Splink's tutorial ends with."""
    return {
        "comparisons": [
            cl.NameComparison("first_name"), cl.NameComparison("surname"),
            cl.LevenshteinAtThresholds("dob", 1),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True), cl.EmailComparison("email"),
        ],
        "rules": [block_on("first_name", "city"), block_on("surname"), block_on("dob"), block_on("email")],
        "certain": [
            block_on("first_name", "dob"), "l.email = r.email",
            "jaro_winkler_similarity(l.surname, r.surname) > 0.88 and l.first_name = r.first_name",
        ],
        "recall": 0.7,
        "em": [block_on("first_name", "surname"), block_on("dob")],
    }  # fmt: skip


def historical_50k() -> dict[str, Any]:
    """docs/demos/examples/duckdb/deduplicate_50k_synthetic."""
    rules = [
        ("substr(first_name, 1, 3)", "substr(surname, 1, 4)"), ("surname", "dob"), ("first_name", "dob"),
        ("postcode_fake", "first_name"), ("postcode_fake", "surname"), ("dob", "birth_place"),
        ("substr(postcode_fake, 1, 3)", "dob"), ("substr(postcode_fake, 1, 3)", "first_name"),
        ("substr(postcode_fake, 1, 3)", "surname"),
        ("substr(first_name, 1, 2)", "substr(surname, 1, 2)", "substr(dob, 1, 4)"),
    ]  # fmt: skip
    return {
        "comparisons": [
            cl.ForenameSurnameComparison(
                "first_name", "surname", forename_surname_concat_col_name="first_name_surname_concat"
            ),
            cl.DateOfBirthComparison("dob", input_is_string=True), cl.PostcodeComparison("postcode_fake"),
            cl.ExactMatch("birth_place").configure(term_frequency_adjustments=True),
            cl.ExactMatch("occupation").configure(term_frequency_adjustments=True),
        ],
        "rules": [block_on(*rule) for rule in rules],
        "certain": [
            "l.first_name = r.first_name and l.surname = r.surname and l.dob = r.dob",
            "substr(l.first_name, 1, 2) = substr(r.first_name, 1, 2) and l.surname = r.surname and "
            "substr(l.postcode_fake, 1, 2) = substr(r.postcode_fake, 1, 2)",
            "l.dob = r.dob and l.postcode_fake = r.postcode_fake",
        ],
        "recall": 0.6,
        "em": [block_on("first_name", "surname"), block_on("dob")],
        "prepare": "alter table {t} add column first_name_surname_concat varchar; "
        "update {t} set first_name_surname_concat = first_name || ' ' || surname",
    }  # fmt: skip


EXAMPLES = {"fake_1000": fake_1000, "historical_50k": historical_50k}


def prepared(given: dict[str, Any]) -> tuple[Any, list[str], dict[str, Any]]:
    """A connection that holds the tables, their names, and the settings for them."""
    connection = duckdb.connect()
    names = [f"table_{number}" for number in range(len(given["files"]))]
    # A column may be called by a word of SQL.
    renamed = {} if given["settings"] else {column: f"{column}_" for column in given["roles"]}
    roles = {renamed.get(column, column): role for column, role in given["roles"].items()}
    for name, path in zip(names, given["files"], strict=True):
        columns = ["rec_id", "truth", *given["columns"]]  # Splink wants the same columns in every table
        cells = ", ".join(f"nullif({quoted(c)}, '') as {quoted(renamed.get(c, c))}" for c in columns)
        connection.execute(f"create table \"{name}\" as select {cells} from '{path}'")
    settings = EXAMPLES[given["settings"]]() if given["settings"] else generic(roles, given["dates"], connection, names)
    for name in names if "prepare" in settings else ():
        connection.execute(settings["prepare"].format(t=name))
    return connection, names, settings


def trained(given: dict[str, Any], connection: Any, names: list[str], settings: dict[str, Any]) -> Any:
    """A linker whose parameters are estimated from the records.

    In a small file EM on a block may end in a probability of 0, which Splink 5 refuses with a ValueError; its user would take
    the other blocks, and so does this where the specification says ``tolerant``. ``settings["left_out"]`` counts them.
    """
    api = DuckDBAPI(connection=connection)
    tables = [api.register(connection.table(name), dataset_display_name=f"{name}_in") for name in names]
    link_type = "dedupe_only" if len(names) == 1 else "link_only" if given["two_sided"] else "link_and_dedupe"
    creator = SettingsCreator(
        unique_id_column_name="rec_id", link_type=link_type, comparisons=settings["comparisons"],
        blocking_rules_to_generate_predictions=settings["rules"],
    )  # fmt: skip
    linker = Linker(tables[0] if len(tables) == 1 else tables, creator)
    linker.training.estimate_probability_two_random_records_match(settings["certain"], recall=settings["recall"])
    linker.training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=SEED)
    for block in settings["em"]:
        try:
            linker.training.estimate_parameters_using_expectation_maximisation(block)
        except ValueError as error:
            if not given.get("tolerant") or "m_probability" not in str(error):
                raise
            settings["left_out"] = settings.get("left_out", 0) + 1
    return linker


def run(given: dict[str, Any]) -> tuple[float, list[dict[str, Any]]]:
    connection, names, settings = prepared(given)
    started = time.perf_counter()
    linker = trained(given, connection, names, settings)
    # Pairs below every threshold would only be stored: on the larger sets more than this machine's memory holds.
    predictions = linker.inference.predict(threshold_match_probability=min(THRESHOLDS))
    seconds = time.perf_counter() - started
    union = " union all ".join(f'select truth from "{name}"' for name in names)
    sizes = connection.execute(f"select count(*) from ({union}) group by truth").fetchall()
    true = sum(pairs(size) for (size,) in sizes)
    lines = []
    for threshold in THRESHOLDS:
        right, predicted = clustered_pairs(connection, linker, predictions, threshold, "truth")
        lines.append({"threshold": threshold, "scope": "clusters", "right": right, "predicted": predicted, "true": true})
    return seconds, lines


def main() -> None:
    seconds, lines = quietly(run)
    for line in lines:
        print(json.dumps({"system": "splink", **line, "seconds": seconds}))


if __name__ == "__main__":
    main()
