"""An evaluation in a terminal: tables that a person can read."""

from __future__ import annotations

import math
import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from training.evaluation.calibration import Calibration, merged_bands
from training.evaluation.evaluate import Evaluation
from training.evaluation.explained import ExplainedPair
from training.evaluation.intervals import Figure, Share
from training.evaluation.metrics import Figures

PIPED_WIDTH = 120  # columns where the output is no terminal
SHOWN_BITS = 16  # calibration beyond is certain either way, and printed as one line each


def print_evaluation(found: Evaluation, *, file: str) -> None:
    """All figures to standard output."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPED_WIDTH)
    console.print(
        f"{file}: {found.records:,} records of {found.true_persons:,} persons; the index made {found.index_persons:,} of "
        f"them in {found.link_seconds:.0f} s with {found.model}, automatic from probability {found.upper:.6g}, review from "
        f"{found.lower:.4g}"
    )
    for note in found.notes:
        console.print(Text(f"· {note}", style="yellow"))
    for table in (_links(found), _groups(found.overall), _reviews(found), _blocking(found), _calibration(found.calibration)):
        console.print(table)
    if found.strata:
        console.print(_strata(found))
    for title, pairs in (("Worst wrong links", found.worst_wrong), ("Worst missed links", found.worst_missed)):
        _pairs(console, title, pairs)


def percent(value: float, digits: int = 2) -> str:
    """Per cent, or a dash for NaN."""
    return "-" if math.isnan(value) else f"{100 * value:.{digits}f} %"


def interval(figure: Figure | Share, digits: int = 2) -> str:
    """The bounds in per cent, or a dash where there is nothing to tell them from."""
    if math.isnan(figure.value):
        return "-"
    return f"{100 * figure.low:.{digits}f} to {percent(figure.high, digits)}"


def wrong_text(figures: Figures) -> str:
    """Wrong links per 100,000 with the upper bound, which is what a claim needs."""
    if figures.wrong_links.of == 0:
        return "no links"
    value, bound = figures.wrong_per_100k.value, figures.wrong_per_100k.high
    return f"{value:,.0f} (≤ {bound:,.0f})" if bound >= 100 else f"{value:.1f} (≤ {bound:.1f})"


def _table(title: str, *columns: str, left: int = 1) -> Table:
    """A table whose first ``left`` columns are words and whose others are numbers."""
    table = Table(title=title, title_justify="left")
    for place, name in enumerate(columns):
        table.add_column(name, justify="left" if place < left else "right")
    return table


def _links(found: Evaluation) -> Table:
    table = _table("Link edges", "figure", "count", "of", "share", "95 % interval")
    whole = found.overall
    for name, figure in (
        ("wrong links, of all automatic links", whole.wrong_links),
        ("links found automatically, of those there are", whole.links_found),
        ("… and with review", whole.links_found_with_review),
        ("ceiling: two independent traits agree", whole.ceiling),
        ("missed links: a new person though one was there", whole.missed_links),
        ("persons split, of those with several records", whole.split_persons),
        ("reviews, of all records", whole.reviews),
        ("useful reviews, of all reviews", whole.useful_reviews),
        ("true pairs that share a blocking key", found.blocking.recall),
        ("missed pairs that were compared", found.blocking.missed_compared),
    ):
        table.add_row(name, f"{figure.count:,}", f"{figure.of:,}", percent(figure.value, 3), interval(figure))
    table.caption = f"wrong links per 100,000: {wrong_text(whole)}"
    table.caption_justify = "left"
    return table


def _groups(whole: Figures) -> Table:
    table = _table("Groups of records", "measure", "precision", "interval", "recall", "interval", "F1", "interval")
    for name, three in (
        ("pairs", (whole.pair_precision, whole.pair_recall, whole.pair_f1)),
        ("B-cubed", (whole.bcubed_precision, whole.bcubed_recall, whole.bcubed_f1)),
    ):
        cells = [text for figure in three for text in (f"{figure.value:.5f}", f"{figure.low:.5f} to {figure.high:.5f}")]
        table.add_row(name, *cells)
    return table


def _reviews(found: Evaluation) -> Table:
    table = _table("Why there are reviews (a review may have several reasons)", "reason", "reviews", "useful")
    for reason, (reviews, useful) in found.review_reasons.items():
        table.add_row(reason, f"{reviews:,}", f"{useful:,}")
    return table


def _blocking(found: Evaluation) -> Table:
    table = _table("Blocking rules", "rule", "pairs", "recall", "by it alone", "largest group")
    for rule in found.blocking.rules:
        table.add_row(
            rule.rule, f"{rule.pairs:,}", percent(rule.recall.value), percent(rule.alone.value), f"{rule.largest:,}"
        )
    return table


def _calibration(calibration: Calibration) -> Table:
    table = _table("Calibration of candidate pairs", "weight, bits", "pairs", "predicted", "observed", "95 % interval")
    for band in merged_bands(calibration, beyond=SHOWN_BITS):
        table.add_row(
            f"{band.low:.0f} to {band.high:.0f}",
            f"{band.observed.of:,}",
            percent(band.predicted, 3),
            percent(band.observed.value, 3),
            interval(band.observed),
        )
    table.caption = (
        f"expected calibration error {calibration.error:.5f}; from the lower threshold on {calibration.error_above_lower:.5f}"
    )
    table.caption_justify = "left"
    return table


def _strata(found: Evaluation) -> Table:
    columns = ("records", "wrong links", "found", "95 % interval", "with review", "ceiling", "reviews", "pair F1")
    table = _table("By stratum", "stratum", *columns)
    for name, one in (("all", found.overall), *found.strata.items()):
        cells = [percent(figure.value, 1) for figure in (one.links_found_with_review, one.ceiling, one.reviews)]
        table.add_row(
            name.replace("_", " "),
            f"{one.records:,}",
            f"{one.wrong_links.count:,} of {one.wrong_links.of:,}",
            percent(one.links_found.value, 1),
            interval(one.links_found, 1),
            *cells,
            f"{one.pair_f1.value:.4f}",
        )
    return table


def _pairs(console: Console, title: str, pairs: list[ExplainedPair]) -> None:
    """Two lines a pair: who and why, then the levels with their weights in the model's order."""
    console.print(Text(f"\n{title}", style="italic"))
    if not pairs:
        console.print(Text("none", style="green"))
    for pair in pairs:
        comparison = pair.comparison
        decision = "; ".join(pair.decision) + ("" if pair.compared else "; these two share no blocking key")
        console.print(
            Text(f"{' '.join(pair.record)} beside {' '.join(pair.other)}", style="bold"),
            Text(f"{comparison.weight:+.1f} bits, most likely {comparison.relationship}; {decision}"),
        )
        levels = [f"{reason.feature} {reason.level.replace('_', ' ')} {reason.weight:+.1f}" for reason in comparison.reasons]
        console.print(Text("   " + ", ".join(levels), style="dim"))
