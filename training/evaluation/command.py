"""``python -m training evaluate FILE --map MAP.toml --model MODEL.toml --truth COLUMN``: how good a model is."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from mpi.linkage.model import load_model
from training.evaluation.evaluate import evaluate
from training.evaluation.labelled import read_labelled
from training.evaluation.terminal import print_evaluation


def main(arguments: list[str]) -> int:
    """Evaluate, print, write. Exit code 2: arguments make no sense; 1: the file, the map or the model do not allow it."""
    options = _options(arguments)
    model, frequencies = load_model(options.model)
    labelled = read_labelled(options.file, options.map, options.truth, options.stratum)
    evidence = evaluate(labelled, model, frequencies, population=options.population)
    if options.json:
        print(msgspec.json.encode(evidence.evaluation).decode())
    else:
        print_evaluation(evidence.evaluation, file=options.file.name)
    if options.report:
        from training.evaluation.report import write_report  # matplotlib: a second of imports that only this needs

        write_report(evidence, options.report, pictures=options.png, source=options.file.name)
        print(f"report: {options.report}", file=sys.stderr)
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training evaluate", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE", help="CSV or Parquet file of records in the order of arrival")
    parser.add_argument("--map", type=Path, required=True, help="MAP.toml of the file")
    parser.add_argument("--model", type=Path, required=True, help="fitted model; never one fitted on these records")
    parser.add_argument("--truth", required=True, metavar="COLUMN", help="column that names the person of each record")
    parser.add_argument(
        "--stratum",
        action="append",
        default=[],
        metavar="COLUMN",
        help="column of yes and no to report by, any number of times; columns named stratum_… are taken by themselves",
    )
    parser.add_argument(
        "--population", type=int, default=0, help="persons the prior is taken for, where the index holds fewer (a catchment)"
    )
    parser.add_argument("--report", type=Path, metavar="OUT.html", help="write a page with charts, and its charts as PNG")
    parser.add_argument("--png", type=Path, metavar="DIR", help="folder for the PNGs (default: OUT_files beside the report)")
    parser.add_argument("--json", action="store_true", help="print one JSON object in place of tables")
    return parser.parse_args(arguments)
