"""Our model → a Splink 5 model file for DuckDB: its levels as SQL, and a list of what Splink cannot hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mpi.linkage.comparison import LEVEL_DESCRIPTIONS, LEVELS
from mpi.linkage.model import Feature, Model
from training.exchange.agreement import SAME, STRANGERS
from training.exchange.conditions import EDITS, SIMILARITY, Condition
from training.exchange.rules import write_rule
from training.exchange.spreading import Floats, gathered, overlaps

DIALECT = "duckdb"
EM_CONVERGENCE, ITERATIONS = 1e-4, 25  # Splink's defaults
_DIGITS = "replace({}, '-', '')"  # a date as yyyymmdd, also where it is written yyyy-mm-dd


@dataclass(frozen=True)
class Written:
    """A level of ours as SQL. ``sql`` has {l} and {r} for the two values, {other_l} and {other_r} for the counterpart's.

    ``levels``: names of our levels that it stands for. ``condition``: as agreement.py knows it, so that the pairs of a level
    that cannot be written find the one they fall into; None where none of them can.
    """

    sql: str
    levels: tuple[str, ...]
    condition: Condition | None = None


def _dates(template: str) -> str:
    return template.format(a=_DIGITS.format("{l}"), b=_DIGITS.format("{r}"))


_ONE_EDIT = "damerau_levenshtein({l}, {r}) <= 1"
_EDITED = Condition(EDITS, 1)
WRITTEN: dict[str, tuple[Written, ...]] = {
    "name": (
        Written("{l} = {other_r} AND {r} = {other_l}", ("swapped",)),
        Written(_ONE_EDIT, ("one_edit",), _EDITED),
        Written("jaro_winkler_similarity({l}, {r}) >= 0.92", ("similar",), Condition(SIMILARITY, 0.92)),
        Written("jaro_winkler_similarity({l}, {r}) >= 0.8", ("somewhat_similar",), Condition(SIMILARITY, 0.8)),
        Written("starts_with({l}, {r}) OR starts_with({r}, {l})", ("part",)),
    ),
    "date": (
        Written(
            _dates(
                "substr({a}, 1, 4) = substr({b}, 1, 4) AND substr({a}, 5, 2) = substr({b}, 7, 2) "
                "AND substr({a}, 7, 2) = substr({b}, 5, 2)"
            ),
            ("day_month_swapped",),
        ),
        Written(_dates("damerau_levenshtein({a}, {b}) <= 1"), ("one_digit",)),
        Written(
            _dates(
                "substr({a}, 1, 6) = substr({b}, 1, 6) OR (substr({a}, 5, 4) = substr({b}, 5, 4) AND "
                "abs(try_cast(substr({a}, 1, 4) AS INTEGER) - try_cast(substr({b}, 1, 4) AS INTEGER)) = 1)"
            ),
            ("near",),
        ),
        Written(_dates("starts_with({a}, {b}) OR starts_with({b}, {a})"), ("partial",)),
    ),
    "category": (),
    "number": (Written(_ONE_EDIT, ("one_edit",)),),
    "identifier": (
        Written(_ONE_EDIT, ("slip", "near_both_valid")),
        Written("damerau_levenshtein({l}, {r}) <= 2", ("two_slips",)),
    ),
    "phone": (
        Written(_ONE_EDIT, ("one_digit",)),
        Written("right({l}, 7) = right({r}, 7)", ("same_ending",)),
    ),
    "text": (
        Written("jaro_winkler_similarity({l}, {r}) >= 0.92", (), Condition(SIMILARITY, 0.92)),
        Written("jaro_winkler_similarity({l}, {r}) >= 0.8", (), Condition(SIMILARITY, 0.8)),
    ),
}


def export_model(
    model: Model, columns: Mapping[str, str], *, persons: float, unique_id: str
) -> tuple[dict[str, Any], list[str]]:
    """(a Splink settings dictionary, what is lost). ``columns``: feature → column of the user's table.

    ``persons``: at which the prior is taken. Features without a column are left out, and so are the rules that ask for them.
    """
    lost: list[str] = []
    scored = [f for f in model.features if f.scored and f.name in columns]
    lost += [
        f"{f.name}: the map names no single column for it; left out" for f in model.features if f.scored and f not in scored
    ]
    comparisons = [_comparison(model, feature, columns, lost) for feature in scored]
    rules = []
    for rule in model.rules:
        if any(term.partition(".")[0] not in columns for term in rule):
            lost.append(f"rule {' + '.join(rule)}: asks for a feature that is left out")
            continue
        sql, note = write_rule(model, rule, dict(columns))
        if note:
            lost.append(f"rule {' + '.join(rule)}: {note}")
        if sql and sql not in rules:
            rules.append(sql)
    lost += _classes_lost(model)
    odds = model.classes[0].expected / persons
    return {
        "link_type": "dedupe_only",
        "probability_two_random_records_match": odds / (1 + odds),
        "blocking_rules_to_generate_predictions": [{"blocking_rule": sql, "sql_dialect": DIALECT} for sql in rules],
        "comparisons": comparisons,
        "retain_matching_columns": True,
        "retain_intermediate_calculation_columns": False,
        "additional_columns_to_retain": [],
        "sql_dialect": DIALECT,
        "em_convergence": EM_CONVERGENCE,
        "max_iterations": ITERATIONS,
        "unique_id_column_name": unique_id,
        "source_dataset_column_name": "source_dataset",
    }, lost


def _classes_lost(model: Model) -> list[str]:
    names = [item.name for item in model.classes[1:]]
    lost = (
        [f"relationships {', '.join(names)}: Splink knows strangers only, so their pairs look like one person"]
        if names
        else []
    )
    return [
        *lost,
        "decision: thresholds, vetoes, unique numbers and the margin to the runner-up; Splink's is a threshold alone",
        "standard forms: Splink compares what stands in its table; give it cleaned values, dates as yyyy-mm-dd",
        "term frequencies of levels other than exact; those at exact Splink counts from its own table",
    ]


def _comparison(model: Model, feature: Feature, columns: Mapping[str, str], lost: list[str]) -> dict[str, Any]:
    column = columns[feature.name]
    written = [w for w in WRITTEN[feature.kind] if feature.counterpart in columns or "{other_l}" not in w.sql]
    m, u = (
        gathered(np.array(values), _assignment(feature.kind, written, side))
        for side, values in ((SAME, model.classes[0].m.get(feature.name, feature.u)), (STRANGERS, feature.u))
    )
    named = {"exact", "same", "different", *(level for w in written for level in w.levels)}
    if gone := [level for level in LEVELS[feature.kind][1:] if level not in named]:
        lost.append(f"{feature.name}: levels {', '.join(gone)} have no SQL; their pairs fall into the others")
    lost += [f"{feature.name}: levels {' and '.join(w.levels)} are one in Splink" for w in written if len(w.levels) > 1]
    conditions = ["{l} = {r}", *(w.sql for w in written), "ELSE"]
    labels = [_label(feature.kind, LEVELS[feature.kind][1]), *(_label(feature.kind, *w.levels) for w in written), "different"]
    levels: list[dict[str, Any]] = [_null_level(column)]
    for place, (condition, label) in enumerate(zip(conditions, labels, strict=True)):
        level = {
            "sql_condition": _filled(condition, column, columns.get(feature.counterpart, "")),
            "label_for_charts": label,
            "m_probability": float(m[place]),
            "u_probability": float(u[place]),
        }
        if place == 0 and feature.term_frequency:
            level |= {"tf_adjustment_column": column, "tf_adjustment_weight": 1.0}
        levels.append(level)
    return {
        "output_column_name": column,
        "comparison_levels": levels,
        "comparison_description": feature.label or feature.name,
    }


def _assignment(kind: str, written: list[Written], side: str) -> Floats:
    """float64[S, L]: share of the pairs of each of our levels that comes to exact, to each written one, and to ELSE."""
    names = LEVELS[kind][1:]
    result = np.zeros((len(written) + 2, len(names)))
    measured = [place for place, w in enumerate(written) if w.condition is not None]
    fallen = overlaps(kind, side, [Condition("exact"), *(written[place].condition for place in measured), None])
    for level, name in enumerate(names):
        own = next((place for place, w in enumerate(written) if name in w.levels), None)
        if level == 0:
            result[0, 0] = 1.0
        elif own is not None:
            result[own + 1, level] = 1.0
        elif name == "different":
            result[-1, level] = 1.0
        else:
            result[[0, *(place + 1 for place in measured), -1], level] = fallen[:, level]
    return result


def _label(kind: str, *levels: str) -> str:
    words = dict(zip(LEVELS[kind], LEVEL_DESCRIPTIONS[kind], strict=True))
    return "; ".join(words[level] for level in levels) or "similar text"


def _null_level(column: str) -> dict[str, Any]:
    condition = f'"{column}_l" IS NULL OR "{column}_r" IS NULL'
    return {"sql_condition": condition, "label_for_charts": f"{column} is NULL", "is_null_level": True}


def _filled(sql: str, column: str, other: str) -> str:
    sides = {"l": f'"{column}_l"', "r": f'"{column}_r"', "other_l": f'"{other}_l"', "other_r": f'"{other}_r"'}
    return sql.format(**sides)
