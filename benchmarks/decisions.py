"""What is decided about each case of a graded set: linked, shown to a person, or taken for new; ours, and beside the peers.

Ours twice: with a model fitted on the records themselves, without labels, and with the shipped one. Peers have no third
answer. For Splink a second threshold stands in for it: a best candidate that is likelier than not is shown to a person.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.evidence import AIM, PEER_TIMEOUT_S, mapped_records, proposed_records, specification_file
from benchmarks.graded import GRADE, GradedSet
from benchmarks.judged import LINK, NEW, REVIEW, Case, area_under_curve, by_probability, case_counts
from benchmarks.lines import progress
from benchmarks.ours import Ours, model_file
from benchmarks.peers.environment import run_peer
from benchmarks.sets import KEY, TRUTH
from mpi.linkage.model import load_model
from mpi.records import Certainty, Outcome, PatientRecord, ResolveAnswer
from training.evaluation.clustering import grade_pairs
from training.fit import Request, fit_model
from training.modelling.template import read_template

SPLINK_THRESHOLDS = (0.9, 0.95)
REVIEW_FROM = 0.5
ECM_LINKS = 0.5  # where the classifier draws its line

Records = list[PatientRecord]


def measure(graded: GradedSet, *, peers: bool) -> Iterator[dict[str, Any]]:
    """Lines of ours and of the peers. A peer that does not finish gets a line that says so."""
    tables = graded.data.tables()
    with tempfile.TemporaryDirectory(prefix="mpi-decisions-") as name:
        folder = Path(name)
        known, comes = (_records(graded, table, folder / f"{graded.name}_{i}.csv") for i, table in enumerate(tables))
        started = time.perf_counter()
        template = read_template(graded.template) if graded.template else None
        fitted = folder / f"{graded.name}.toml"
        fit_model(Request(template, fitted, aim=AIM), [*known, *comes])
        yield _ours("ours", graded, tables[1], (known, comes), fitted, started)
        yield _ours("ours_shipped", graded, tables[1], (known, comes), model_file(graded.shipped), time.perf_counter())
        if peers:
            specification = specification_file(graded.data, tables, folder, given_pairs=graded.given_pairs, tolerant=True)
            yield from _splink(graded, tables[1], specification)
            yield from _ecm(graded, tables[1], specification)


def _records(graded: GradedSet, table: pd.DataFrame, file: Path) -> Records:
    """A table as records, by way of a file and a map. Raises ValueError when a row is lost: places would no longer fit."""
    table.drop(columns=[TRUTH, GRADE], errors="ignore").to_csv(file, index=False)
    records = list(mapped_records(file, graded.map) if graded.map else proposed_records(file))
    if len(records) != len(table):
        raise ValueError(f"{graded.name}: {len(records)} records of {len(table)} rows")
    return records


def _ours(
    system: str, graded: GradedSet, comes: pd.DataFrame, records: tuple[Records, Records], model: Path, started: float
) -> dict[str, Any]:
    progress(f"{graded.name}: {system}")
    decided = _pairs if graded.given_pairs else _one_by_one
    cases, more = decided(comes, *records, model)
    loaded, _ = load_model(model)
    thresholds = {"threshold": loaded.decision.upper, "review_from": loaded.decision.lower}
    seconds = time.perf_counter() - started
    return {"system": system, **thresholds, **case_counts(cases), **more, "model": loaded.name, "seconds": seconds}


def _one_by_one(comes: pd.DataFrame, known: Records, new: Records, model: Path) -> tuple[list[Case], dict[str, Any]]:
    """Each case resolved by a running index that holds what is known, and withdrawn: no case helps another."""
    cases: list[Case] = []
    with tempfile.TemporaryDirectory(prefix="mpi-decisions-") as folder, Ours(Path(folder), model=model) as index:
        load = index.resolve_all(known)
        persons = index.master_ids(list(load.master_ids))
        by_number = {key.split("/", 1)[1]: person for key, person in persons.items()}
        with index.client() as client:
            for record, about, grade in zip(new, comes[TRUTH], comes[GRADE], strict=True):
                answer = client.resolve(record)
                cases.append(_case(grade, by_number[about], answer))
                client.retire_record(record.source, record.local_id)
    return cases, {"known": len(known), "persons": len(set(persons.values())), "cases": len(cases)}


def _case(grade: str, person: str, answer: ResolveAnswer) -> Case:
    if answer.outcome is Outcome.LINKED:
        return Case(grade, LINK, answer.master_id == person)
    if answer.outcome is Outcome.NEW_WITH_REVIEW:
        return Case(grade, REVIEW, person in answer.candidates)
    return Case(grade, NEW, named=False)


def _pairs(comes: pd.DataFrame, known: Records, new: Records, model: Path) -> tuple[list[Case], dict[str, Any]]:
    """Each pair by itself, with the vetoes of the decision, as if a search had brought it up among as many persons."""
    loaded, frequencies = load_model(model)
    left = np.arange(len(known), dtype=np.int32)
    sides = (left, left + np.int32(len(known)))
    weights, certainty = grade_pairs(loaded, frequencies, [*known, *new], sides, population=len(known))
    said = {Certainty.CERTAIN: LINK, Certainty.PROBABLE: REVIEW, Certainty.POSSIBLE: NEW}
    grades = comes[GRADE].tolist()
    cases = [Case(grade, said[Certainty(sure)], named=True) for grade, sure in zip(grades, certainty.tolist(), strict=True)]
    return cases, {"cases": len(cases), "auc": area_under_curve(weights, grades)}


def _splink(graded: GradedSet, comes: pd.DataFrame, specification: Path) -> Iterator[dict[str, Any]]:
    found = _peer_pairs("splink", graded, specification)
    for upper in SPLINK_THRESHOLDS:
        yield _peer_line("splink", graded, comes, found, (upper, REVIEW_FROM))


def _ecm(graded: GradedSet, comes: pd.DataFrame, specification: Path) -> Iterator[dict[str, Any]]:
    """The classifier's own yes or no; there is no third answer."""
    found = _peer_pairs("recordlinkage", graded, specification)
    yield _peer_line("recordlinkage_ecm", graded, comes, found, (ECM_LINKS, ECM_LINKS))


def _peer_pairs(system: str, graded: GradedSet, specification: Path) -> list[dict[str, Any]] | str:
    """The lines of a peer's script, or what it ended with."""
    progress(f"{graded.name}: {system}")
    try:
        return run_peer(f"{system}_decisions.py", str(specification), timeout_s=PEER_TIMEOUT_S)
    except Exception as error:  # noqa: BLE001 — whatever a peer ends with is its result, and the run goes on
        progress(str(error))
        return type(error).__name__


def _peer_line(
    system: str,
    graded: GradedSet,
    comes: pd.DataFrame,
    found: list[dict[str, Any]] | str,
    thresholds: tuple[float, float],
) -> dict[str, Any]:
    upper, lower = thresholds
    line: dict[str, Any] = {"system": system, "threshold": upper, "review_from": lower}
    if isinstance(found, str):
        return {**line, "failed": found}
    chances: dict[str, dict[str, float]] = {key: {} for key in comes[KEY]}
    for pair in found[1:]:
        chances[pair["comes"]][pair["known"]] = pair["probability"]
    asked = zip(comes[KEY], comes[TRUTH], comes[GRADE], strict=True)
    cases = [by_probability(grade, about, chances[key], upper=upper, lower=lower) for key, about, grade in asked]
    line |= {**case_counts(cases), "cases": len(cases)}
    if graded.given_pairs:
        scores = [chances[key].get(key, 0.0) for key in comes[KEY]]
        line["auc"] = area_under_curve(scores, comes[GRADE].tolist())
    return {**line, **found[0]}
