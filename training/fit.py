"""``python -m training fit FILE… --map MAP.toml --template latin --out MODEL.toml``: a model from records, without labels."""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import msgspec
import numpy as np

from mpi import intake
from mpi.errors import MpiError
from mpi.linkage.jit import sources_hash
from mpi.linkage.model import Model, TermFrequencies
from mpi.records import PatientRecord
from training.labels.label_file import read_labels
from training.labels.refining import LabelPlan
from training.labels.view import print_labels
from training.modelling.assemble import Effort, Estimate, RuleAim, estimate, refined
from training.modelling.automatic import automatic_template
from training.modelling.candidates import Candidates
from training.modelling.encode import Table, encode_records
from training.modelling.finish import finished_model
from training.modelling.template import Template, read_template, template_path
from training.modelling.thresholds import Aim, Thresholds, as_strict_as, choose_thresholds
from training.modelling.writing import write_model
from training.report import print_report
from training.timing import timed

TWINS_AMONG = 0.05  # of the pairs of a household; some three births in a hundred are multiple, and families have other pairs
NO_FAMILIES = "hardly any two records share a home: taken to be a register without families, and so without twins"
AUTOMATIC = "auto"  # in place of a template: features, rules and classes follow from the records


@dataclass(frozen=True)
class Request:
    """A fit to make. ``population``: persons the thresholds are chosen for; 0 takes the persons the fit finds."""

    template: Template | None  # None: made for the records
    out: Path
    seed: int = 1
    aim: Aim = field(default_factory=Aim)
    population: int = 0
    labels: LabelPlan | None = None
    effort: Effort = field(default_factory=Effort)
    sources: tuple[str, ...] = ()  # what the records are, for the provenance
    sampled: float = 1.0
    report: Path | None = None  # page with charts to write


def main(arguments: list[str]) -> int:
    """Fit and write. Exit code 2: arguments make no sense; 1: the files, the map or the records do not allow it."""
    options = _options(arguments)
    began = time.monotonic()
    records, sampled = _read(options.files, options.map, options.max_records, options.seed)
    request = Request(
        template=None if options.template == AUTOMATIC else read_template(template_path(options.template)),
        out=options.out,
        seed=options.seed,
        labels=_labels(options),
        aim=Aim(wrong=options.aim, least=options.at_least, reviews=options.reviews),
        population=options.population,
        sources=tuple(path.name for path in options.files),
        sampled=sampled,
        report=options.report,
    )
    model, found, thresholds = fit_model(request, records)
    print_report(model, found, thresholds, seconds=time.monotonic() - began, out=options.out)
    if found.labels is not None:
        print_labels(found.labels)
    return 0


def fit_model(request: Request, records: Iterable[PatientRecord]) -> tuple[Model, Estimate, Thresholds]:
    """Encode, estimate, choose thresholds, write. Raises ModelError where the records do not support a model."""
    template, rule_aim = request.template, None
    if template is None:
        records = list(records)
        template, rule_aim = automatic_template(records, request.out.stem), RuleAim(sampled=request.sampled)
    wanted = request.labels.labels.keys() if request.labels else ()
    table = encode_records(template.model, records, wanted)
    found = estimate(template, table, seed=request.seed, effort=request.effort, rule_aim=rule_aim)
    if request.labels:
        found = refined(found, table, request.labels, seed=request.seed, starts=request.effort.starts)
    model, frequencies = finished_model(found, sampled=request.sampled)
    decision = as_strict_as(request.aim, template.model.decision)
    if request.template is None and decision.twins and without_families(found, request.aim):
        decision = msgspec.structs.replace(decision, twins=False)
        found = dataclasses.replace(found, notes=(*found.notes, NO_FAMILIES))
    model = msgspec.structs.replace(model, decision=decision)
    with timed("thresholds"):
        thresholds, population = _thresholds(request, found, table, model, frequencies)
    decision = msgspec.structs.replace(decision, upper=_digits(thresholds.upper), lower=_digits(thresholds.lower))
    provenance = _provenance(request, found, thresholds, table.records, table.refused, round(population))
    model = msgspec.structs.replace(model, decision=decision, provenance=provenance)
    written = write_model(model, frequencies, request.out)
    if request.report:
        from training.evaluation.fit_report import write_fit_report  # matplotlib: a second of imports that only this needs

        write_fit_report(written, frequencies, table.encoded, request.report, persons=round(population))
    return written, found, thresholds


def without_families(found: Estimate, aim: Aim) -> bool:
    """Whether the aim is kept even if all twins were linked, by the pairs that may be twins or share a home.

    Both must be few: in a newborns' ward are twins, and hardly anyone else of their families.
    """
    if any(c.name == "twin" for c in found.template.classes):
        return False
    twins, homes = (found.most.get(name, math.inf) for name in ("twin", "household"))
    return max(twins, TWINS_AMONG * homes) <= aim.wrong * float(found.fit.pairs[0])


def _thresholds(
    request: Request, found: Estimate, table: Table, model: Model, frequencies: TermFrequencies
) -> tuple[Thresholds, float]:
    """The thresholds, and the persons they are chosen for."""
    groups = [each for _, each in found.blocked.rules]
    own = table.records / (1 + float(found.fit.expected[0])) / request.sampled
    candidates = Candidates(model, frequencies, table.encoded, groups, population=own)
    # A record's expected partners count large persons too often: the first links tell better how many persons there are.
    own = max(table.records - float(candidates.best(own).sum()), 1.0) / request.sampled
    population = request.population or own
    best, crowd = candidates.best(population), max(population / own, 1.0)
    return choose_thresholds(best, candidates.ruled(population), aim=request.aim, crowd=crowd), population


def _digits(probability: float) -> float:
    """Six digits of the distance to 0 or 1, whichever is nearer: 0.9999954 keeps what matters."""
    digits = 5 - math.floor(math.log10(min(probability, 1 - probability)))
    return round(probability, digits)


def _provenance(
    request: Request, found: Estimate, thresholds: Thresholds, records: int, refused: int, population: int
) -> dict[str, object]:
    fit = found.fit
    return {
        "records": records,
        "refused": refused,
        "sampled": request.sampled,
        "sources": list(request.sources),
        "seed": request.seed,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "code": sources_hash(),
        "pairs_compared": int(found.problem.seen_pairs),
        "patterns": len(found.problem.counts),
        "converged": fit.converged,
        "log_likelihood": [round(value, 3) for value in fit.objectives],  # with the smoothing prior: this never falls
        "blocking_recall": {name: _short(fit.blocking_recall[c]) for c, name in enumerate(fit.classes)},
        "pairs": {name: _short(fit.pairs[c]) for c, name in enumerate(fit.classes)},
        "aim_wrong_links": request.aim.wrong,
        "aim_least_probability": request.aim.least,
        "aim_reviews": request.aim.reviews,
        "threshold_population": population,
        "expected_wrong_links": _short(thresholds.wrong),
        "expected_links_per_record": _short(thresholds.linked),
        "expected_reviews_per_record": _short(thresholds.reviews),
        "expected_reviews_by_rule": _short(thresholds.ruled),
        "expected_missed_links": _short(thresholds.missed),
        "notes": [*found.notes, *fit.warnings],
        **({"labels": found.labels.provenance()} if found.labels else {}),
    }


def _short(value: float | np.floating) -> float:
    return float(f"{value:.6g}")


def _labels(options: argparse.Namespace) -> LabelPlan | None:
    if options.labels is None:
        return None
    if not 0 < options.label_weight <= 1:
        raise MpiError("--label-weight: must be above 0 and at most 1")
    plan = LabelPlan(read_labels(options.labels), weight=options.label_weight, keep=frozenset(options.keep_labeller))
    if unknown := plan.keep - {label.steward for label in plan.labels.labels}:
        raise MpiError(f"--keep-labeller: '{min(unknown)}' has no label in {options.labels.name}")
    return plan


def _read(files: list[Path], maps: list[Path], most: int, seed: int) -> tuple[Iterator[PatientRecord], float]:
    """The records of all files, and the share that is drawn. One map serves all files, or each has its own."""
    if len(maps) not in (1, len(files)):
        raise MpiError(f"{len(maps)} maps for {len(files)} files: give one for all, or one for each")
    each = maps * len(files) if len(maps) == 1 else maps
    if most == 0:
        return chain.from_iterable(map(_records, files, each)), 1.0
    total = sum(sum(1 for _ in _records(file, field_map)) for file, field_map in zip(files, each, strict=True))
    if total <= most:
        return chain.from_iterable(map(_records, files, each)), 1.0
    chosen = np.zeros(total, np.bool_)
    chosen[np.random.default_rng(seed).choice(total, most, replace=False)] = True
    everything = chain.from_iterable(map(_records, files, each))
    return (record for record, taken in zip(everything, chosen, strict=True) if taken), most / total


def _records(file: Path, field_map: Path) -> Iterator[PatientRecord]:
    """Rows that can be mapped; what is wrong with the others is the business of ``mpi load``."""
    for row in intake.read_records(file, field_map):
        if isinstance(row, intake.MappedRow):
            yield row.record


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training fit", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="CSV or Parquet files of one population")
    parser.add_argument("--map", type=Path, required=True, action="append", help="MAP.toml; once, or once for each file")
    parser.add_argument(
        "--template", default=AUTOMATIC, help=f"{AUTOMATIC}, latin, han, or a template's path (default {AUTOMATIC})"
    )
    parser.add_argument("--out", type=Path, required=True, help="model file to write; term frequencies go beside it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--max-records", type=int, default=0, help="fit on a random sample of so many (0: all)")
    parser.add_argument("--labels", type=Path, default=None, metavar="LABELS.csv", help="stewards' decisions on pairs")
    parser.add_argument("--label-weight", type=float, default=1.0, help="of a label, above 0 and at most 1 (default 1)")
    parser.add_argument("--keep-labeller", action="append", default=[], metavar="NAME", help="never leave this steward out")
    parser.add_argument("--aim", type=float, default=Aim.wrong, help="wrong links among automatic links (default 1e-4)")
    parser.add_argument(
        "--at-least", type=float, default=Aim.least, help="probability of every automatic link (default 0.95)"
    )
    parser.add_argument("--reviews", type=float, default=Aim.reviews, help="reviews per record, at most (default 0.01)")
    parser.add_argument("--population", type=int, default=0, help="persons the thresholds are chosen for (0: as found)")
    parser.add_argument("--report", type=Path, metavar="OUT.html", help="write a page with charts, and its charts as PNG")
    options = parser.parse_args(arguments)
    if not 0 < options.aim < 1:
        parser.error("--aim: must be above 0 and below 1")
    return options
