"""What an estimation starts from, and what it returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from mpi.errors import ModelError

Floats = npt.NDArray[np.float64]
Levels = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

Kinds = npt.NDArray[np.int8]
CHANCE, FREE, SHARED, SAME = range(4)  # how a class's p of a feature comes about: see ClassSpec

Rule = Mapping[str, frozenset[int]]  # feature → levels; satisfied when every feature has one of its levels (never 0)

PATTERN_LIMIT = 20_000_000
MISSING_ROWS_LIMIT = 1 << 16


@dataclass(frozen=True)
class FeatureSpec:
    """A compared trait. ``levels`` are the names of the levels 1…L, best first; level 0 is missing and has no name."""

    name: str
    levels: tuple[str, ...]


@dataclass(frozen=True)
class ClassSpec:
    """A relationship class: what two such records have in common. Features that are not named agree by chance alone: u.

    same      truly the same, so that they differ as one person's two records do (twins' birth date): p = m
    shared    the same in part of the pairs (a household's telephone): p = s m + (1 − s) u, and only s is estimated
    free      any distribution (twins' identity numbers, which are near)
    excluded  levels that cannot occur, by feature; u is rescaled over the others. Not in ``same`` or ``shared`` features

    The first class of a problem is the same person: all its features are free, whatever it says.
    """

    name: str
    same: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    free: tuple[str, ...] = ()
    excluded: Mapping[str, frozenset[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Labelled:
    """Pairs of which somebody said whether they are one person, counted by pattern; they are in no other count.

    patterns   uint8[P, F]  each satisfies a rule
    same       float64[P]   pairs that are the same person: the first class and no other
    different  float64[P]   pairs that are not: any class but the first
    """

    patterns: Levels
    same: Floats
    different: Floats


@dataclass(frozen=True)
class Problem:
    """Counted level patterns and what is known beforehand. F features, L the most levels, P distinct patterns.

    patterns  uint8[P, F]   levels; every pattern satisfies at least one rule, and none occurs twice
    counts    float64[P]    pairs with that pattern, over all pairs of the population that satisfy a rule
    u         float64[F, L + 1]  share of each level among strangers, missing aside; column 0 and unused levels are 0
    missing_patterns  bool[M, F]   which features are missing together …
    missing_shares    float64[M]   … and in which share of random pairs
    records   number of records n the patterns come from
    labelled  pairs whose class is known in part, beside ``counts``
    """

    features: tuple[FeatureSpec, ...]
    classes: tuple[ClassSpec, ...]
    rules: tuple[Rule, ...]
    patterns: Levels
    counts: Floats
    u: Floats
    missing_patterns: Flags
    missing_shares: Floats
    records: int
    labelled: Labelled | None = None

    @property
    def total_pairs(self) -> float:
        """T, all pairs of the population."""
        return self.records * (self.records - 1) / 2

    @property
    def levels(self) -> int:
        """L, the most levels of any feature."""
        return max(len(f.levels) for f in self.features)

    @property
    def seen_pairs(self) -> float:
        """All pairs that were counted, labelled or not."""
        return float(sum(counts.sum() for _, counts, _ in self.parts()))

    def parts(self) -> Iterator[tuple[Levels, Floats, Floats]]:
        """(patterns, counts, float64[C + 1]: 1 where the pairs may be of the class, else 0), first those nobody labelled."""
        everything = np.ones(len(self.classes) + 1)
        yield self.patterns, self.counts, everything
        if self.labelled is not None:
            first = np.zeros(len(everything))
            first[0] = 1.0
            yield self.labelled.patterns, self.labelled.same, first
            yield self.labelled.patterns, self.labelled.different, everything - first

    def column(self, name: str) -> int:
        """Index of a feature. Raises ModelError."""
        for i, item in enumerate(self.features):
            if item.name == name:
                return i
        raise ModelError(f"estimation: feature '{name}' is unknown")

    def kinds(self) -> Kinds:
        """int8[C + 1, F]: CHANCE, FREE, SHARED or SAME. The last class is the stranger."""
        result = np.full((len(self.classes) + 1, len(self.features)), CHANCE, np.int8)
        for c, item in enumerate(self.classes[1:], start=1):
            for kind, names in ((FREE, item.free), (SHARED, item.shared), (SAME, item.same)):
                for name in names:
                    result[c, self.column(name)] = kind
        result[0] = FREE
        return result

    def possible(self) -> Flags:
        """bool[C + 1, F, L + 1]: levels that exist and are not excluded. Level 0 is never one."""
        result = np.zeros((len(self.classes) + 1, len(self.features), self.levels + 1), np.bool_)
        for f, item in enumerate(self.features):
            result[:, f, 1 : len(item.levels) + 1] = True
        for c, declared in enumerate(self.classes):
            for name, levels in declared.excluded.items():
                result[c, self.column(name), list(levels)] = False
        return result

    def masks(self) -> Flags:
        """bool[R, F, L + 1]: levels each rule asks for; a feature that is in no term has no level at all."""
        result = np.zeros((len(self.rules), len(self.features), self.levels + 1), np.bool_)
        for r, rule in enumerate(self.rules):
            for name, levels in rule.items():
                result[r, self.column(name), list(levels)] = True
        return result


@dataclass(frozen=True)
class Fit:
    """An estimate. C classes and the stranger last.

    probabilities    float64[C + 1, F, L + 1]  p_c(f, l); column 0 is 0
    standard_errors  the same shape; 0 where nothing was estimated
    pairs            float64[C + 1]  λ: expected pairs in all, seen or not
    pairs_error      float64[C]      standard error of log λ
    blocking_recall  float64[C + 1]  share of the class that satisfies a rule
    kinds            int8[C + 1, F]  of ``Problem.kinds``
    sharing          float64[C + 1, F]  s: share of a class's pairs that truly have the feature in common; 0 for CHANCE, FREE
    sharing_error    float64[C + 1, F]
    log_likelihoods  by iteration, of the start that was kept; a constant that no parameter changes is left out
    objectives       the same with the smoothing prior; this is what EM raises, and it never falls
    """

    classes: tuple[str, ...]
    probabilities: Floats
    standard_errors: Floats
    pairs: Floats
    pairs_error: Floats
    blocking_recall: Floats
    kinds: Kinds
    sharing: Floats
    sharing_error: Floats
    log_likelihoods: tuple[float, ...]
    objectives: tuple[float, ...]
    converged: bool
    warnings: tuple[str, ...]
    records: int

    @property
    def expected(self) -> Floats:
        """float64[C]: ρ, expected records in relation c to a record."""
        return 2 * self.pairs[:-1] / self.records


def independent_missing(rates: Sequence[float]) -> tuple[Flags, Floats]:
    """Joint missing patterns of features that are missing independently, at these rates (one a feature)."""
    some = [f for f, rate in enumerate(rates) if rate > 0]
    if 1 << len(some) > MISSING_ROWS_LIMIT:
        raise ModelError("estimation: too many features with missing values to combine them; give observed patterns")
    rows = 1 << len(some)
    patterns = np.zeros((rows, len(rates)), np.bool_)
    shares = np.ones(rows)
    for bit, f in enumerate(some):
        patterns[:, f] = (np.arange(rows) >> bit) & 1 == 1
        shares *= np.where(patterns[:, f], rates[f], 1 - rates[f])
    return patterns, shares


def check_problem(problem: Problem) -> None:
    """Raise ModelError for a problem that cannot be estimated, saying why in a user's words."""
    count, width = problem.patterns.shape
    if width != len(problem.features) or problem.counts.shape != (count,):
        raise ModelError("estimation: patterns, counts and features do not fit together")
    if problem.u.shape != (width, problem.levels + 1):
        raise ModelError("estimation: u needs one row a feature and one column a level, missing included")
    if count == 0 or problem.counts.sum() <= 0:
        raise ModelError("estimation: no pair of records satisfies a blocking rule, so there is nothing to learn from")
    if count > PATTERN_LIMIT:
        raise ModelError(f"estimation: more than {PATTERN_LIMIT} distinct level patterns; use fewer features")
    if problem.records < 2 or problem.counts.sum() > problem.total_pairs * (1 + 1e-9):
        raise ModelError("estimation: more pairs are counted than the number of records allows")
    possible, kinds = problem.possible(), problem.kinds()
    for f, item in enumerate(problem.features):
        usable = problem.u[f, 1 : len(item.levels) + 1]
        if usable.min() <= 0 or abs(usable.sum() - 1) > 1e-6:
            raise ModelError(f"estimation: u of '{item.name}' must be positive and sum to 1")
        if problem.patterns[:, f].max() > len(item.levels):
            raise ModelError(f"estimation: '{item.name}' has a level beyond its last one")
        for c, declared in enumerate(problem.classes):
            if not possible[c, f].any():
                raise ModelError(f"estimation: class '{declared.name}' excludes every level of '{item.name}'")
            if item.name in declared.excluded and kinds[c, f] in (SHARED, SAME):
                raise ModelError(
                    f"estimation: class '{declared.name}' excludes levels of '{item.name}': make it free instead"
                )
    if not satisfied(problem.patterns, problem.masks()).all():
        raise ModelError("estimation: a pattern satisfies no blocking rule")


def satisfied(patterns: Levels, masks: Flags) -> Flags:
    """bool[P]: whether a pattern satisfies at least one rule. ``masks`` as of ``Problem.masks``."""
    result = np.zeros(len(patterns), np.bool_)
    for mask in masks:
        this = np.ones(len(patterns), np.bool_)
        for f in np.flatnonzero(mask.any(axis=1)):
            this &= mask[f][patterns[:, f]]
        result |= this
    return result
