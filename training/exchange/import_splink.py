"""``python -m training import-splink SPLINK.json --map MAP.toml --out MODEL.toml``: a Splink model as one of ours.

It says what of the model has no like here. Splink's file holds neither term frequencies nor the number of records its prior
belongs to: name the records with ``--data``, or at least their number with ``--records``.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
from pathlib import Path

import msgspec
import numpy as np

from mpi.intake.mapping import load_map
from mpi.linkage.jit import sources_hash
from mpi.linkage.model import Model, TermFrequencies, load_model
from training.exchange.columns import column_sources
from training.exchange.importing import Imported, Prior, assemble, expected_records, import_model, summary, with_frequencies
from training.exchange.splink_file import SplinkModel, read_splink
from training.life.records import read_files
from training.modelling.writing import write_model
from training.shipped import MODELS

LIKE = "latin-individuals"
UPPER, LOWER = 0.95, 0.5  # Splink's file holds no threshold; its documentation cuts at .9 to .95


def main(arguments: list[str]) -> int:
    """Import and say what was lost. Exit code 2: arguments make no sense; 1: a file cannot be used."""
    options = _options(arguments)
    splink = read_splink(options.splink)
    like, _ = load_model(_model_path(options.like))
    found = import_model(splink, column_sources(load_map(options.map[0])), like)
    draft = assemble(found, like, expected=like.classes[0].expected, upper=options.upper, lower=options.lower)
    model, frequencies, records = _with_data(draft, found, options)
    model, prior = _with_prior(model, splink, options.records or records, found)
    model = msgspec.structs.replace(model, provenance=_provenance(options.splink, found, prior, like))
    written = write_model(model, frequencies, options.out)
    _print(written, found, options.out)
    return 0


def _with_data(draft: Model, found: Imported, options: argparse.Namespace) -> tuple[Model, TermFrequencies, int]:
    if options.data:
        return with_frequencies(draft, found.weighed, read_files(options.data, options.map).records)
    if found.weighed:
        names = ", ".join(sorted(found.weighed))
        found.lost.append(f"term frequencies of {names}: Splink's file holds none; name the records with --data")
    return draft, TermFrequencies(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)), 0


def _with_prior(model: Model, splink: SplinkModel, records: int, found: Imported) -> tuple[Model, Prior]:
    fallback = model.classes[0].expected
    expected, prior = expected_records(splink.probability_two_random_records_match, records, fallback)
    if not records:
        found.lost.append(
            f"prior: without the number of records (--records, --data) it is Splink's only where the index holds about "
            f"{prior.persons:,} persons"
        )
    same = msgspec.structs.replace(model.classes[0], expected=float(f"{expected:.6g}"))
    return msgspec.structs.replace(model, classes=(same,)), prior


def _provenance(file: Path, found: Imported, prior: Prior, like: Model) -> dict[str, object]:
    return {
        "imported_from": "splink",
        "sources": [file.name],
        "source_hash": hashlib.blake2b(file.read_bytes(), digest_size=16).hexdigest(),
        "like": like.reference,
        "records": prior.records,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "code": sources_hash(),
        **summary(found, prior),
    }


def _print(model: Model, found: Imported, out: Path) -> None:
    for column, feature in found.features.items():
        exact = f"exact: same person {found.m[feature.name][0]:.4g}, strangers {feature.u[0]:.3g}"
        print(f"{column} → {feature.name} ({feature.kind}), {exact}")
    for rule in model.rules:
        print(f"rule {' + '.join(rule)}")
    for sentence in found.lost:
        print(f"· {sentence}")
    print("· relationships: Splink knows none; family members and twins are not told from one person")
    print("· thresholds: Splink's file holds none; choose them with --upper and --lower, or fit the model anew")
    print(f"{model.reference} → {out}")


def _model_path(name: str) -> Path:
    """A shipped model's file, or the path itself."""
    shipped = MODELS / f"{name}.toml"
    return shipped if shipped.is_file() else Path(name)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training import-splink", description=__doc__)
    parser.add_argument("splink", type=Path, metavar="SPLINK.json", help="as linker.misc.save_model_to_json wrote it")
    parser.add_argument("--map", type=Path, required=True, nargs=1, help="MAP.toml of the table the model was trained on")
    parser.add_argument("--out", type=Path, required=True, metavar="MODEL.toml")
    parser.add_argument("--data", type=Path, nargs="+", default=[], metavar="FILE", help="records, for term frequencies")
    parser.add_argument("--records", type=int, default=0, help="records the prior belongs to (default: those of --data)")
    parser.add_argument("--like", default=LIKE, help=f"fitted model that says how levels are shared out (default {LIKE})")
    parser.add_argument("--upper", type=float, default=UPPER, help=f"probability to link from (default {UPPER})")
    parser.add_argument("--lower", type=float, default=LOWER, help=f"probability to review from (default {LOWER})")
    return parser.parse_args(arguments)
