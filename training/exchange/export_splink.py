"""``python -m training export-splink MODEL.toml --out SPLINK.json``: one of our models for Splink 5 on DuckDB.

The table Splink reads must have a column for every feature: of the feature's name, or as ``--map`` names it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from mpi.errors import MpiError
from mpi.intake.mapping import as_take, load_map
from mpi.linkage.model import Model, load_model
from training.exchange.columns import source_columns
from training.exchange.exporting import export_model


def main(arguments: list[str]) -> int:
    """Export and say what is lost. Exit code 2: arguments make no sense; 1: a file cannot be used."""
    options = _options(arguments)
    model, _ = load_model(options.model)
    columns, unique_id = _columns(model, options.map)
    persons = options.persons or _persons(model)
    settings, lost = export_model(model, columns, persons=persons, unique_id=unique_id)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(settings, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    for sentence in lost:
        print(f"· {sentence}")
    print(f"{model.reference}, prior at {persons:,.0f} persons → {options.out}")
    return 0


def _columns(model: Model, field_map: Path | None) -> tuple[dict[str, str], str]:
    """(feature → column, column of the record's number)."""
    if field_map is None:
        return {feature.name: feature.name for feature in model.features}, "unique_id"
    mapping = load_map(field_map)
    by_source = source_columns(mapping)
    found = {f.name: by_source[f.source] for f in model.features if f.source in by_source}
    return found, as_take("local_id", mapping.local_id).column or "unique_id"


def _persons(model: Model) -> float:
    """Persons the model was made for, as its provenance says. Raises MpiError where it says nothing."""
    provenance = model.provenance
    prior = provenance.get("prior")
    for said in (prior.get("persons") if isinstance(prior, dict) else None, provenance.get("threshold_population")):
        if isinstance(said, int) and said > 0:
            return float(said)
    records = provenance.get("records")
    if isinstance(records, int) and records > 0:
        return records / (1 + model.classes[0].expected)
    raise MpiError("the model does not say how many persons its prior is for: give --persons")


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training export-splink", description=__doc__)
    parser.add_argument("model", type=Path, metavar="MODEL.toml")
    parser.add_argument("--out", type=Path, required=True, metavar="SPLINK.json")
    parser.add_argument("--map", type=Path, default=None, help="MAP.toml of the table: its columns name the features")
    parser.add_argument("--persons", type=int, default=0, help="persons the prior is taken for (default: the model's own)")
    return parser.parse_args(arguments)
