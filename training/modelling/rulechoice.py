"""Blocking rules from the data: the set that reaches a recall within a budget of pairs, with an estimate of what it misses.

Two rounds. Before anything is known of matches, a rule is judged by the pairs it finds beyond chance: two features that agree
together more often than u × u says do so because of persons (or families). From those rules a first model is fitted. Then the
pairs of the first fit, each weighed by its probability of being one person, and simulated ones for what no first rule sees,
say how many matches every candidate rule would find; the cheapest set that finds enough is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import msgspec
import numpy as np
import numpy.typing as npt

from mpi.linkage.comparison import LEVELS
from mpi.linkage.model import Feature, Model
from training.estimation.problem import Fit, Problem, satisfied
from training.modelling.classchoice import class_chances
from training.modelling.encode import part_of
from training.modelling.keys import groups_of
from training.modelling.patterns import Comparer, Counted, Levels, holds
from training.modelling.rules import LevelRule, level_rules

Floats = npt.NDArray[np.float64]

MOST_RULES = 14  # more combine into too many terms of the coverage
FIRST_RULES = 8
SIMULATED = 20_000  # pairs of one person that no first rule sees
CHEAP = 3.0  # pairs a record that cost next to nothing
HOPELESS = 4.0  # a rule that makes so many times the allowed pairs by chance alone is not counted
FEWEST_EXCESS = 5.0  # pairs beyond chance a first rule must find among the records looked at
MOST_RECORDS = 200_000  # looked at: enough pairs of one person for a choice, and its time no longer grows with the file
STRONG = ("identifier", "phone", "text", "date")  # kinds that can be a rule of their own, as words with term frequencies can
LEAST_GAIN = 2e-4  # of recall, for a further rule
# A rule of more than so many pairs a record must find one of a person among so many: else it costs more than it finds, and
# its many pairs of strangers can draw the estimation away from persons altogether (seen on a census beside a register).
BULKY, LEAST_YIELD = 5.0, 1 / 300


@dataclass(frozen=True)
class Candidate:
    """A rule that could be used: ``pairs`` it makes in all, and how many of them are beyond chance (0: hardly any)."""

    rule: LevelRule
    pairs: float
    excess: float


@dataclass(frozen=True)
class Choice:
    """Rules, cheapest first as chosen; ``recall`` is the estimated share of one person's pairs that satisfy one of them."""

    rules: tuple[tuple[str, ...], ...]
    pairs: tuple[float, ...]
    gains: tuple[float, ...]
    recall: float


@dataclass(frozen=True)
class Looked:
    """The records that rules are chosen by: of ``records`` in all, as many as ``comparer`` holds."""

    comparer: Comparer
    records: float

    @property
    def scale(self) -> float:
        """Pairs in all for each pair of the records looked at."""
        return (self.records / (len(self.comparer.encoded.starts) - 1)) ** 2


def looked_at(comparer: Comparer, *, sampled: float) -> Looked:
    """The records of a comparer, or an even part of them where they are many. ``sampled``: the share of the population that
    they are themselves; pairs are those of the population."""
    encoded = comparer.encoded
    count = len(encoded.starts) - 1
    if count > MOST_RECORDS:
        encoded = part_of(encoded, np.linspace(0, count - 1, MOST_RECORDS).astype(np.int64))
        comparer = Comparer(comparer.model, encoded)
    return Looked(comparer, count / sampled)


def candidates(looked: Looked, random: Counted, *, most_pairs: float) -> list[Candidate]:
    """Every rule of one, two or three terms that makes at most ``most_pairs`` pairs.

    What a cheap rule finds needs no stricter one: those are not even counted. ``random``: pairs of all records.
    """
    comparer, records, scale = looked.comparer, looked.records, looked.scale
    chance = _chance(comparer, random)
    rules, _ = level_rules(msgspec.structs.replace(comparer.model, rules=tuple(_texts(comparer.model))))
    found: list[Candidate] = []
    cheap: list[Candidate] = []
    for rule in sorted(rules, key=lambda rule: len(rule.terms)):
        expected = records * (records - 1) / 2 * _expected(comparer, chance, rule)
        if expected > HOPELESS * most_pairs or _stricter(rule, cheap):
            continue
        pairs = scale * groups_of(comparer.model, comparer.encoded, rule).pairs()
        if 0 < pairs <= most_pairs:
            excess = pairs - expected
            found.append(Candidate(rule, pairs, excess if excess >= FEWEST_EXCESS * scale else 0.0))
            if pairs <= CHEAP * records:
                cheap.append(found[-1])
    return found


def _texts(model: Model) -> Iterator[tuple[str, ...]]:
    """Rules worth a look, as texts of terms."""
    scored = [f for f in model.features if f.scored]
    for feature in scored:
        if feature.kind in STRONG or feature.term_frequency:
            yield (_term(feature),)
    for a, b in combinations(scored, 2):
        yield (_term(a), _term(b))
        for first, second in ((a, b), (b, a)):
            if second.kind == "date":
                yield (_term(first), f"{second.name}.year")
                yield (_term(first), f"{second.name}.month_day")
    names = [f for f in scored if f.kind == "name"]
    dates = [f for f in scored if f.kind == "date"]
    for date in dates:
        for a, b in combinations(names, 2):
            yield (_term(a), _term(b), f"{date.name}.year")
            yield (_term(a), _term(b), f"{date.name}.month_day")
    for name in names:
        if name.counterpart:
            yield from ((f"{name.name}.bag", f"{date.name}.year") for date in dates)
            others = [f for f in scored if f.kind in ("number", "text") or (f.kind == "name" and not f.counterpart)]
            yield from ((f"{name.name}.bag", _term(other)) for other in others)
            break  # a bag holds for both fields
    for a, b, c in combinations(scored, 3):
        if sum(f.kind == "category" for f in (a, b, c)) <= 1:
            yield (_term(a), _term(b), _term(c))


def _term(feature: Feature) -> str:
    return f"{feature.name}.sound" if feature.kind == "name" else feature.name


def _chance(comparer: Comparer, random: Counted) -> list[Floats]:
    """Share of each level among random pairs, missing included, by scored feature."""
    total = random.counts.sum()
    shares = []
    for place, column in enumerate(comparer.scored):
        levels = len(LEVELS[comparer.model.features[column].kind])
        shares.append(np.bincount(random.patterns[:, place], random.counts + 0.0, minlength=levels) / total)
    return shares


def _expected(comparer: Comparer, chance: list[Floats], rule: LevelRule) -> float:
    """Share of random pairs that satisfy a rule if its features agree independently."""
    share = 1.0
    for term in rule.terms:
        share *= float(chance[comparer.scored.index(term.column)][list(term.levels)].sum())
    return share


def first_rules(found: list[Candidate], *, budget: float) -> list[LevelRule]:
    """Rules for a first fit: much beyond chance, little else, and no feature in all of them."""
    ranked = sorted(found, key=lambda c: -(c.excess * c.excess / c.pairs))
    chosen: list[Candidate] = []
    spent = 0.0

    def take(candidate: Candidate) -> bool:
        nonlocal spent
        if candidate.excess == 0 or spent + candidate.pairs > budget or _stricter(candidate.rule, chosen):
            return False
        chosen.append(candidate)
        spent += candidate.pairs
        return True

    for candidate in ranked:
        if len(chosen) == FIRST_RULES:
            break
        take(candidate)
    for column in {term.column for c in found for term in c.rule.terms}:
        if all(_has(c, column) for c in chosen):
            next((c for c in ranked if not _has(c, column) and take(c)), None)
    return [c.rule for c in chosen]


def _has(candidate: Candidate, column: int) -> bool:
    return any(term.column == column for term in candidate.rule.terms)


def _stricter(rule: LevelRule, chosen: list[Candidate]) -> bool:
    """Whether a chosen rule finds all that this one would find."""
    own = {term.column: term.levels for term in rule.terms}
    return any(all(own.get(t.column, frozenset({-1})) <= t.levels for t in c.rule.terms) for c in chosen)


def choose_rules(
    looked: Looked, found: list[Candidate], problem: Problem, fit: Fit, *, recall: float, budget: float, seed: int
) -> Choice:
    """The cheapest rules, by gain in recall for their pairs, until ``recall`` is reached or ``budget`` pairs are spent.

    ``problem`` and ``fit``: of the records looked at.
    """
    records, scale = looked.records, looked.scale
    patterns, weights = _same_person_pairs(problem, fit, seed)
    total = weights.sum()
    masks = [(c, holds(looked.comparer, patterns, c.rule)) for c in found]
    left, spent = weights.copy(), 0.0
    chosen: list[Candidate] = []
    gains: list[float] = []
    while len(chosen) < MOST_RULES and left.sum() > (1 - recall) * total:
        best, best_value, best_gain = None, 0.0, 0.0
        for candidate, mask in masks:
            gain = float(left[mask].sum())
            least = LEAST_YIELD * candidate.pairs / scale if candidate.pairs > BULKY * records else 0.0
            if gain < max(LEAST_GAIN * total, least) or spent + candidate.pairs > budget:
                continue
            value = gain / (candidate.pairs + records)
            if value > best_value:
                best, best_value, best_gain = (candidate, mask), value, gain
        if best is None:
            break
        chosen.append(best[0])
        gains.append(best_gain / total)
        spent += best[0].pairs
        left[best[1]] = 0.0
    texts = tuple(tuple(c.rule.text.split(" + ")) for c in chosen)
    return Choice(texts, tuple(c.pairs for c in chosen), tuple(gains), float(1 - left.sum() / total))


def _same_person_pairs(problem: Problem, fit: Fit, seed: int) -> tuple[Levels, Floats]:
    """(patterns, weights): seen pairs by their probability of one person, and simulated ones for those no rule sees.

    The seen ones keep whatever dependence there is between features; the simulated ones are drawn feature by feature.
    """
    same = problem.counts * class_chances(problem, fit)[:, 0]
    random = np.random.default_rng(seed)
    made = np.zeros((SIMULATED, len(problem.features)), np.uint8)
    for f in range(len(problem.features)):
        levels = fit.probabilities[0, f]
        made[:, f] = random.choice(len(levels), SIMULATED, p=levels / levels.sum())
    missing = random.choice(len(problem.missing_patterns), SIMULATED, p=problem.missing_shares / problem.missing_shares.sum())
    made[problem.missing_patterns[missing]] = 0
    unseen = made[~satisfied(made, problem.masks())]
    share = float(fit.pairs[0]) / SIMULATED
    return np.concatenate([problem.patterns, unseen]), np.concatenate([same, np.full(len(unseen), share)])
