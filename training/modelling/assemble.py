"""A table of records and a template → an estimation problem, fitted."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import msgspec
import numpy as np
import numpy.typing as npt

from mpi.errors import ModelError
from mpi.linkage.comparison import LEVELS
from mpi.linkage.model import Model
from training.estimation.problem import FeatureSpec, Fit, Problem
from training.estimation.strangers import LevelShares, fit_with_strangers, level_shares
from training.labels.pairs import decided_pairs
from training.labels.refining import LabelPlan, LabelReport, refine
from training.modelling.classchoice import most_untrue_class, unneeded_classes
from training.modelling.encode import Table
from training.modelling.patterns import Comparer, Counted, count_blocked, count_random
from training.modelling.rulechoice import Choice, candidates, choose_rules, first_rules, looked_at
from training.modelling.rules import LevelRule, level_rules
from training.modelling.template import Template, without_classes, without_features
from training.modelling.values import Commonness, commonness, count_values, counted_pairs
from training.timing import timed

Floats = npt.NDArray[np.float64]

FEWEST_RECORDS = 100
FEWEST_KNOWN = 20  # random pairs in which a feature must be known to be scored at all
FEWEST_PAIRS = 50  # seen pairs that a class must explain to stay in the model
MOSTLY_DIFFERENT = 0.5
CLASS_ROUNDS = 4


@dataclass(frozen=True)
class Effort:
    """How much is looked at.

    ``blocked``: pairs by blocking rules. ``random``: random pairs. ``largest``: records that may share a value before its
    pairs are left out of the estimation, where a rule has too many pairs. ``starts``: of the estimation.
    """

    blocked: int = 20_000_000
    random: int = 2_000_000
    largest: int = 2_000
    starts: int = 4


@dataclass(frozen=True)
class RuleAim:
    """What chosen blocking rules are to reach: ``recall`` of one person's pairs, with ``pairs`` compared a record at most.

    ``sampled``: the records' share of the population. A record meets ever more others by a rule, the more there are.
    """

    recall: float = 0.9995
    pairs: float = 100.0
    sampled: float = 1.0


@dataclass(frozen=True)
class Estimate:
    """A fit with everything that went into it; ``template`` is what was left of it: features that are known, classes kept.

    ``most``: class → its pairs, seen by the blocking rules or not, at most (see ``_most_pairs``), whether it stayed or not.
    ``labels``: what came of stewards' decisions, None without any.
    """

    template: Template
    problem: Problem
    fit: Fit
    shares: list[LevelShares]
    commonness: dict[str, Commonness]
    notes: tuple[str, ...]
    blocked: Counted
    most: dict[str, float] = field(default_factory=dict)
    labels: LabelReport | None = None


def estimate(template: Template, table: Table, *, seed: int, effort: Effort, rule_aim: RuleAim | None = None) -> Estimate:
    """Estimate a template on a table. Raises ModelError where the records cannot support any model.

    ``rule_aim``: the blocking rules are chosen from the data; else those of the template are taken.
    """
    if table.records < FEWEST_RECORDS:
        raise ModelError(f"{table.records} usable records are too few to fit a model; at least {FEWEST_RECORDS} are needed")
    with timed("u"):
        template, comparer, random, notes = _known_features(template, table, seed, effort.random)
        shares, common = _chance(comparer, table, random, seed)
    if rule_aim is not None:
        with timed("rules"):
            template, choice = _with_chosen_rules(template, comparer, random, shares, rule_aim, seed)
        notes.append(_said(choice))
    with timed("blocking"):
        rules, rule_notes = level_rules(template.model)
        blocked = count_blocked(comparer, rules, budget=effort.blocked, largest=effort.largest)
        problem = _problem(template, comparer, blocked, random, table.records)
    with timed("em"):
        template, problem, fit, most, class_notes = _fit_classes(
            template, problem, shares, seed, effort.starts, choose=rule_aim is not None
        )
    _check_persons(template, fit)
    all_notes = (*notes, *rule_notes, *blocked.notes, *class_notes)
    return Estimate(template, problem, fit, shares, common, all_notes, blocked, most)


def refined(found: Estimate, table: Table, plan: LabelPlan, *, seed: int, starts: int) -> Estimate:
    """The estimate with labels: rules and classes stay, everything else is fitted again.

    ``table``: the one it was made from, with the places of the labelled records.
    """
    decisions = decided_pairs(plan.labels, table.places, Comparer(found.template.model, table.encoded))

    def final(problem: Problem) -> tuple[Problem, Fit]:
        return fit_with_strangers(problem, found.shares, seed=seed, starts=starts)

    problem, fit, report = refine(found.problem, found.fit, decisions, plan, final, seed=seed)
    notes = (*found.notes, *report.notes)
    return dataclasses.replace(found, problem=problem, fit=fit, notes=notes, labels=report)


def _with_chosen_rules(
    template: Template,
    comparer: Comparer,
    random: Counted,
    shares: list[LevelShares],
    aim: RuleAim,
    seed: int,
) -> tuple[Template, Choice]:
    """The template with rules from the data; see rulechoice.py. Raises ModelError where no rule finds anything."""
    looked = looked_at(comparer, sampled=aim.sampled)
    most = aim.pairs * looked.records
    found = candidates(looked, random, most_pairs=most)
    first = first_rules(found, budget=most)
    if not first:
        raise ModelError("no combination of two traits agrees more often than by chance: no record seems to come twice")
    records = len(looked.comparer.encoded.starts) - 1
    blocked = count_blocked(looked.comparer, first, budget=round(most / looked.scale) + 1, largest=records)
    problem = _problem(template, looked.comparer, blocked, random, records)
    problem, fit, _ = _fit_true_classes(problem, shares, seed, starts=2)
    choice = choose_rules(looked, found, problem, fit, recall=aim.recall, budget=most, seed=seed)
    return Template(msgspec.structs.replace(template.model, rules=choice.rules), template.classes, template.needs), choice


def _known_features(template: Template, table: Table, seed: int, pairs: int) -> tuple[Template, Comparer, Counted, list[str]]:
    """The template without the features that hardly any two records know, and random pairs compared by it."""
    comparer = Comparer(template.model, table.encoded)
    random = count_random(comparer, pairs=pairs, seed=seed)
    unknown = _unknown_features(comparer, random)
    if unknown:
        template = without_features(template, unknown)
        comparer = Comparer(template.model, table.encoded)
        random = count_random(comparer, pairs=pairs, seed=seed)
    return template, comparer, random, [f"{name}: hardly any two records know it; not scored" for name in sorted(unknown)]


def _said(choice: Choice) -> str:
    return (
        f"{len(choice.rules)} blocking rules chosen: they make {sum(choice.pairs):,.0f} pairs and see about "
        f"{choice.recall:.2%} of the pairs of one person"
    )


def _unknown_features(comparer: Comparer, random: Counted) -> set[str]:
    """Scored features that hardly any two records know. Raises ModelError where that is all of them."""
    known = (random.counts[:, None] * (random.patterns != 0)).sum(axis=0)
    names = [comparer.model.features[column].name for column in comparer.scored]
    unknown = {name for name, pairs in zip(names, known, strict=True) if pairs < FEWEST_KNOWN}
    if len(unknown) == len(names):
        raise ModelError("no feature of the template is known in these records: is the map right?")
    return unknown


def _chance(comparer: Comparer, table: Table, random: Counted, seed: int) -> tuple[list[LevelShares], dict[str, Commonness]]:
    """Level shares of every scored feature, and the term frequencies of those that use them."""
    total = table.records * (table.records - 1) / 2
    shares, common = [], {}
    for place, column in enumerate(comparer.scored):
        feature = comparer.model.features[column]
        levels = len(LEVELS[feature.kind])
        counts = np.bincount(random.patterns[:, place], random.counts, minlength=levels).astype(np.float64)
        known = total * (1 - counts[0] / counts.sum())
        values = count_values(table.encoded, column, feature.kind)
        pairs = counted_pairs(values, table.encoded.values, feature.kind)
        counted = {level: min(number / known, 1.0) for level, number in pairs.items()}
        shares.append(level_shares(counts, total_pairs=known, counted=counted))
        if feature.term_frequency:
            common[feature.name] = commonness(feature, values, table.encoded.values, seed=seed)
    return shares, common


def _problem(template: Template, comparer: Comparer, blocked: Counted, random: Counted, records: int) -> Problem:
    model = template.model
    features = tuple(FeatureSpec(model.features[i].name, LEVELS[model.features[i].kind][1:]) for i in comparer.scored)
    levels = max(len(f.levels) for f in features)
    missing, inverse = np.unique(random.patterns == 0, axis=0, return_inverse=True)
    return Problem(
        features=features,
        classes=template.classes,
        rules=tuple(_rule(model, rule) for rule, _ in blocked.rules),
        patterns=blocked.patterns,
        counts=blocked.counts,
        u=np.zeros((len(features), levels + 1)),
        missing_patterns=missing,
        missing_shares=np.bincount(inverse, random.counts).astype(np.float64),
        records=records,
    )


def _rule(model: Model, rule: LevelRule) -> dict[str, frozenset[int]]:
    return {model.features[term.column].name: term.levels for term in rule.terms}


def _check_persons(template: Template, fit: Fit) -> None:
    """Raise ModelError where the class of one person is another relation: its given names and its birth dates mostly differ.

    Where no person occurs twice, the likeliest "one person" is a family.
    """
    scored = [f for f in template.model.features if f.scored]
    shares = [
        float(fit.probabilities[0, column, len(LEVELS[feature.kind]) - 1])
        for column, feature in enumerate(scored)
        if feature.source in ("given", "birth_date")
    ]
    if shares and min(shares) > MOSTLY_DIFFERENT:
        raise ModelError(
            "the pairs that agree most look like relatives, not like one person: given name and birth date mostly differ. "
            "Does any person occur twice in these records?"
        )


def _most_pairs(fit: Fit, c: int) -> float:
    """Upper bound of a class's pairs: where none is seen, three may be there still (95 %), and rules see a part only."""
    recall = float(fit.blocking_recall[c])
    return (float(fit.pairs[c]) * recall + 3) / max(recall, 1e-9)


def _fit_true_classes(
    problem: Problem, shares: list[LevelShares], seed: int, starts: int
) -> tuple[Problem, Fit, dict[str, str]]:
    """Fit, without the classes that are not what they say: class → the trait that its pairs do not have in common."""
    untrue: dict[str, str] = {}
    while True:
        fitted, fit = fit_with_strangers(problem, shares, seed=seed, starts=starts)
        worst = most_untrue_class(fitted, fit)
        if worst is None:
            return fitted, fit, untrue
        untrue[worst[0]] = worst[1]
        problem = dataclasses.replace(problem, classes=tuple(c for c in problem.classes if c.name != worst[0]))


def _fit_classes(
    template: Template, problem: Problem, shares: list[LevelShares], seed: int, starts: int, *, choose: bool
) -> tuple[Template, Problem, Fit, dict[str, float], list[str]]:
    """Fit, drop the classes that explain next to nothing (``choose``: or that held-out pairs do not need), and fit again.
    The numbers are those of ``Estimate.most``."""
    notes: list[str] = []
    most: dict[str, float] = {}
    chosen = not choose
    for _ in range(CLASS_ROUNDS):
        if choose:
            fitted, fit, untrue = _fit_true_classes(problem, shares, seed, starts)
            template = without_classes(template, set(untrue))
            problem = dataclasses.replace(problem, classes=template.classes)
            notes += [f"class '{name}': its pairs do not have the same {trait}; left out" for name, trait in untrue.items()]
        else:
            fitted, fit = fit_with_strangers(problem, shares, seed=seed, starts=starts)
        seen = fit.pairs[:-1] * fit.blocking_recall[:-1]
        for c, item in enumerate(problem.classes):
            most[item.name] = max(most.get(item.name, 0.0), _most_pairs(fit, c))
        weak = {problem.classes[c].name for c in range(1, len(seen)) if seen[c] < FEWEST_PAIRS}
        notes += [f"class '{name}' explains fewer than {FEWEST_PAIRS} pairs here; left out" for name in sorted(weak)]
        if not weak and not chosen:
            unneeded = unneeded_classes(fitted, seed=seed)
            weak, chosen = {name for name, _ in unneeded}, True
            notes += [f"class '{name}': unseen pairs are predicted as well without it; left out" for name, _ in unneeded]
        if not weak:
            break
        template = without_classes(template, weak)
        problem = dataclasses.replace(problem, classes=template.classes)
    return template, fitted, fit, most, notes
