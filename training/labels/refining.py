"""A fit without labels and stewards' decisions → a fit with them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from training.estimation.fitting import fit
from training.estimation.problem import Fit, Flags, Floats, Problem
from training.labels.crossing import HeldOut, held_out
from training.labels.label_file import Labels
from training.labels.pairs import Decisions
from training.labels.stewards import StewardFinding, judge_stewards
from training.labels.weighing import same_person, with_labels

MOST_STEWARDS = 12  # each of whom is judged by a fit without him; beyond, by the fit without labels
TRIAL_TOLERANCE, TRIAL_STEPS = 0.05, 300  # of the fits that only judge


@dataclass(frozen=True)
class LabelPlan:
    """Labels to fit with. ``weight``: of a label, above 0 and at most 1. ``keep``: stewards who are never left out."""

    labels: Labels
    weight: float = 1.0
    keep: frozenset[str] = frozenset()


@dataclass(frozen=True)
class LabelReport:
    """What came of the labels. ``used``: pairs that went into the fit, by verdict; the other counts say why some did not."""

    name: str
    digest: str
    weight: float
    same: int
    different: int
    not_found: int  # decisions on records that are not in the files
    replaced: int  # decisions taken back by a later one
    undecided: int  # pairs with as many decisions for as against
    unseen: int  # pairs that no blocking rule of the estimation brings together
    stewards: tuple[StewardFinding, ...]
    left_out: tuple[str, ...]
    held_out: HeldOut | None
    notes: tuple[str, ...]

    def provenance(self) -> dict[str, object]:
        """For the model file: version and count, by steward, and what held-out labels say."""
        entry: dict[str, object] = {
            "file": self.name,
            "hash": self.digest,
            "weight": self.weight,
            "same": self.same,
            "different": self.different,
            "left_out": list(self.left_out),
            "stewards": [
                {
                    "name": each.steward,
                    "decisions": each.decisions,
                    "same": each.same,
                    "used": each.steward not in self.left_out,
                }
                for each in self.stewards
            ],
        }
        if self.held_out is not None:
            entry["held_out_pairs"] = self.held_out.pairs
            entry["held_out_agreement"] = round(self.held_out.agree / self.held_out.pairs, 6)
            entry["held_out_agreement_without_labels"] = round(self.held_out.agree_without / self.held_out.pairs, 6)
        return entry


Final = Callable[[Problem], tuple[Problem, Fit]]


def refine(
    problem: Problem, plain: Fit, decisions: Decisions, plan: LabelPlan, final: Final, *, seed: int
) -> tuple[Problem, Fit, LabelReport]:
    """Judge the stewards, cross-validate, and fit with the labels of those who stay; where none is left, the plain fit stays.

    ``problem`` and ``plain``: the estimate without labels. ``final``: how the last fit is made.
    """

    def posterior_of(chosen: Flags) -> Floats:
        """By a fit with the pairs that the chosen decisions decide."""
        verdicts = decisions.verdicts(chosen)
        return _trial(problem, plain, decisions, verdicts, plan.weight)

    @cache
    def of_stewards(stewards: frozenset[int]) -> Floats:
        few = len(decisions.stewards) <= MOST_STEWARDS
        return posterior_of(decisions.of(stewards) if few else np.zeros(len(decisions.pair), np.bool_))

    findings = judge_stewards(decisions, of_stewards)
    left_out = tuple(f.steward for f in findings if f.noticed and f.steward not in plan.keep)
    trusted = decisions.of([n for n, name in enumerate(decisions.stewards) if name not in left_out])
    verdicts = decisions.verdicts(trusted)
    labelled, unseen = with_labels(problem, decisions.levels, verdicts, plan.weight)
    checked = held_out(
        verdicts,
        decisions.groups,
        lambda pairs: _trial(problem, plain, decisions, np.where(pairs, verdicts, 0), plan.weight),
        seed=seed,
    )
    touched = np.zeros(len(verdicts), np.bool_)
    touched[decisions.pair[trusted]] = True
    report = LabelReport(
        name=plan.labels.name,
        digest=plan.labels.digest,
        weight=plan.weight,
        same=int((verdicts > 0).sum()),
        different=int((verdicts < 0).sum()),
        not_found=decisions.not_found,
        replaced=plan.labels.replaced,
        undecided=int((touched & (verdicts == 0)).sum()),
        unseen=unseen,
        stewards=tuple(findings),
        left_out=left_out,
        held_out=checked,
        notes=(),
    )
    report = dataclasses.replace(report, notes=tuple(_notes(report)))
    return (problem, plain, report) if unseen == report.same + report.different else (*final(labelled), report)


def _trial(problem: Problem, plain: Fit, decisions: Decisions, verdicts: np.ndarray, weight: float) -> Floats:
    """float64[J]: probabilities by a fit that goes on from the plain one with these labels; by that one without any."""
    if not verdicts.any():
        return same_person(plain, decisions.levels)
    labelled, _ = with_labels(problem, decisions.levels, verdicts, weight)
    found = fit(labelled, previous=plain, errors=False, tolerance=TRIAL_TOLERANCE, max_iterations=TRIAL_STEPS)
    return same_person(found, decisions.levels)


def _notes(report: LabelReport) -> list[str]:
    notes = [
        f"labels of '{each.steward}': {each.differs} of {each.decisions} differ from the likelier answer where "
        f"{each.expected:.0f} would be expected (chance {each.chance:.1e}); "
        + ("left out" if each.steward in report.left_out else "kept as told")
        for each in report.stewards
        if each.noticed
    ]
    if report.left_out and len(report.left_out) > len(report.stewards) / 2:
        notes.append("labels: most stewards stand out; then it is likelier that the model is wrong about the pairs they see")
    if report.unseen == report.same + report.different:
        notes.append("labels: none of them can be used; the model is fitted without")
    if report.not_found:
        notes.append(f"labels: {report.not_found} decisions are on records that are not in the files")
    if report.undecided:
        notes.append(f"labels: on {report.undecided} pairs as many decided for as against; left out")
    if report.unseen:
        notes.append(f"labels: {report.unseen} pairs are brought together by no blocking rule of the estimation; left out")
    if report.held_out is None:
        notes.append("labels: too few to hold some out; how well they are met is not known")
    return notes
