"""Charts of a fitted model and of a table of records: they need no truth."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mpi.linkage.comparison import LEVELS
from mpi.linkage.model import Model
from training.evaluation.blocking import RuleRecall
from training.evaluation.candidates import LIGHTEST, Spread
from training.evaluation.candidates import WIDTH as BIN_WIDTH
from training.evaluation.charts import BLUE, GREEN, GREY, ORANGE, PALE, WIDTH, Chart, bars_across, drawn
from training.evaluation.intervals import Share

SELDOM = 1e-4  # a level that fewer pairs than this have on both sides: its weight is extrapolated
ROW_HEIGHT = 0.185  # inches
SHOWN_LEAST = 1e-7
JOINED = 2  # bins of the spread that one bar shows: half a bit


class _Row(NamedTuple):
    """A level of a feature, or the heading of a feature (m is 0)."""

    label: str
    m: float
    u: float


def _columns(model: Model) -> list[list[_Row]]:
    """Levels under their features, in two columns of about one length; a feature is never broken."""
    blocks = []
    for feature in model.features:
        if feature.scored:
            same = model.classes[0].m.get(feature.name, feature.u)
            rows = [_Row(feature.label or feature.name, 0.0, 0.0)]
            rows += [
                _Row(name.replace("_", " "), m, u)
                for name, m, u in zip(LEVELS[feature.kind][1:], same, feature.u, strict=True)
            ]
            blocks.append(rows)
    half = sum(map(len, blocks)) / 2
    columns: list[list[_Row]] = [[], []]
    for rows in blocks:
        first = len(columns[0]) + len(rows) / 2 <= half and not columns[1]
        columns[0 if first else 1] += rows
    return [column for column in columns if column]


def _level_chart(figure: Figure, model: Model, draw: Callable[[Axes, int, _Row], None]) -> list[Axes]:
    """Axes of the two columns with their labels; ``draw`` is called for every level."""
    columns = _columns(model)
    found: list[Axes] = list(figure.subplots(1, len(columns), sharex=True, squeeze=False)[0])
    longest = max(map(len, columns))
    for axes, rows in zip(found, columns, strict=True):
        bars_across(axes, [row.label for row in rows])
        axes.set_ylim(longest - 0.4, -0.6)
        for place, (label, row) in enumerate(zip(axes.get_yticklabels(), rows, strict=True)):
            if row.m == 0:
                label.set_fontweight("bold")
            else:
                label.set_color("#374151")
                draw(axes, place, row)
    return found


def _height(model: Model) -> float:
    return 0.8 + ROW_HEIGHT * max(map(len, _columns(model)))


def match_weights(model: Model) -> Chart:
    """What each level adds or takes, in bits."""

    def bar(axes: Axes, place: int, row: _Row) -> None:
        weight = math.log2(row.m / row.u)
        seldom = max(row.m, row.u) < SELDOM
        axes.barh(place, weight, height=0.72, color=PALE if seldom else BLUE if weight >= 0 else ORANGE)

    def draw(figure: Figure) -> None:
        for axes in _level_chart(figure, model, bar):
            axes.axvline(0, color=GREY, linewidth=0.8)
            axes.set_xlabel("match weight, bits")

    meaning = (
        "To the right speaks for one person, to the left against it; one bit doubles or halves the odds. Pale bars are "
        "levels that hardly any pair shows. How rare the value itself is, and whether relatives "
        "would agree too, comes on top."
    )
    return drawn("match-weights", "What each agreement is worth", meaning, size=(WIDTH, _height(model)), draw=draw)


def agreement_shares(model: Model) -> Chart:
    """m and u of each level."""

    def dots(axes: Axes, place: int, row: _Row) -> None:
        m, u = max(row.m, SHOWN_LEAST), max(row.u, SHOWN_LEAST)
        axes.plot([m, u], [place, place], color=PALE, linewidth=1.6, zorder=1)
        axes.scatter([u], [place], s=20, color=ORANGE, marker="s", zorder=2, label="strangers (u)")
        axes.scatter([m], [place], s=22, color=BLUE, zorder=3, label="same person (m)")

    def draw(figure: Figure) -> None:
        found = _level_chart(figure, model, dots)
        for axes in found:
            axes.set_xscale("log")
            axes.set_xlim(SHOWN_LEAST / 2, 2)
            axes.set_xlabel("share of the pairs (log scale)")
        handles, labels = found[0].get_legend_handles_labels()
        figure.legend(handles[:2], labels[:2], loc="outside upper center", ncols=2)

    meaning = (
        "How often two records of the same person show a level, and how often two strangers do, where both know the trait. "
        "The further the two are apart, the more the level tells; a level on which they meet tells nothing."
    )
    return drawn("m-and-u", "How often the same person and strangers agree", meaning, size=(WIDTH, _height(model)), draw=draw)


def weight_distribution(spread: Spread, *, upper: float, lower: float, known: bool) -> Chart:
    """Candidate pairs by weight, with both thresholds in bits; ``known``: by truth."""
    same, different = (counts.reshape(-1, JOINED).sum(axis=1) for counts in (spread.same, spread.different))
    filled, width = np.flatnonzero(same + different), BIN_WIDTH * JOINED
    low, high = (int(filled[0]), int(filled[-1]) + 1) if len(filled) else (0, 1)
    left = LIGHTEST + width * np.arange(low, high)

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        if known:
            axes.bar(left, different[low:high], width, align="edge", color=ORANGE, label="different persons")
            axes.bar(left, same[low:high], width, align="edge", color=BLUE, alpha=0.75, label="the same person")
        else:
            axes.bar(left, (same + different)[low:high], width, align="edge", color=BLUE, label="candidate pairs")
        axes.set_yscale("log")
        axes.set_ylim(bottom=0.7)
        axes.axvline(upper, color="black", linewidth=1.2, label=f"automatic from {upper:.1f} bits")
        axes.axvline(lower, color="black", linewidth=1.2, linestyle="--", label=f"review from {lower:.1f} bits")
        axes.set_xlabel("match weight, bits")
        axes.set_ylabel("candidate pairs (log scale)")
        axes.grid(axis="y")
        figure.legend(loc="outside upper center", ncols=4)

    meaning = (
        "All pairs that share a blocking key. Right of the solid line the index links by itself, unless a rule speaks "
        "against it; between the lines it asks a person. "
    )
    meaning += "Orange to the right of the solid line would be wrong links." if known else "A clear valley is a good sign."
    return drawn("weights", "Match weights of the candidate pairs", meaning, size=(WIDTH, 3.6), draw=draw)


def blocking_rules(rules: Sequence[RuleRecall]) -> Chart:
    """Pairs of each rule, and its recall where true pairs are known."""
    known = any(rule.recall.of for rule in rules)

    def draw(figure: Figure) -> None:
        names = [rule.rule for rule in rules]
        if known:
            shares, alone, pairs = figure.subplots(1, 3, width_ratios=(3, 2, 2), sharey=True)
            places = bars_across(shares, names)
            shares.barh(places, [100 * rule.recall.value for rule in rules], color=BLUE, height=0.7)
            shares.set_xlabel("true pairs it finds, %")
            shares.set_xlim(0, 100)
            alone.barh(places, [100 * rule.alone.value for rule in rules], color=GREEN, height=0.7)
            alone.set_xlabel("… that no other finds, %")
            for axes in (alone, pairs):
                axes.tick_params(axis="y", length=0)
                axes.grid(axis="x")
        else:
            pairs = figure.subplots()
            places = bars_across(pairs, names)
        pairs.barh(places, [max(rule.pairs, 1) for rule in rules], color=GREY, height=0.7)
        pairs.set_xscale("log")
        pairs.set_xlabel("pairs it compares (log)")

    meaning = "Two records are compared only if they share a key of a rule. "
    if known:
        meaning += "A rule with many pairs and nothing that it alone finds costs time and brings little."
    else:
        meaning += "Each pair costs time; what a rule brings is known only where the truth is."
    size = (WIDTH, 0.9 + 0.27 * len(rules))
    return drawn("blocking", "What each blocking rule brings together", meaning, size=size, draw=draw)


def missing_values(missing: dict[str, Share]) -> Chart:
    """Share of records without a value, by feature."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        places = bars_across(axes, list(missing))
        values = [100 * share.value for share in missing.values()]
        axes.barh(places, values, color=GREY, height=0.7)
        for place, value in zip(places, values, strict=True):
            axes.annotate(f"{value:.1f} %", (value, place), xytext=(4, 0), textcoords="offset points", va="center")
        axes.set_xlim(0, max([*values, 1.0]) * 1.12)
        axes.set_xlabel("records without a value, %")

    meaning = (
        "What is not known speaks neither for nor against. Placeholders, and birth dates and sexes that were only read off "
        "an identity number, count as not known."
    )
    return drawn("missing", "What the records do not say", meaning, size=(WIDTH, 0.8 + 0.26 * len(missing)), draw=draw)
