"""What came of the labels, for a person to read."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from training.labels.refining import LabelReport


def print_labels(report: LabelReport) -> None:
    """Stewards, then held-out agreement. What is wrong stands among the notes of the fit."""
    console = Console(highlight=False)
    columns = ["steward", "labels", "same", "as model", "as others", "differ", "expected", "chance", ""]
    table = Table(*columns, title="Labels", title_justify="left")
    for each in report.stewards:
        table.add_row(
            each.steward,
            f"{each.decisions:,}",
            f"{each.same:,}",
            f"{each.with_model:.1%}",
            f"{each.with_others:,} of {each.shared:,}" if each.shared else "–",
            f"{each.differs:,}",
            f"{each.expected:.1f}",
            f"{each.chance:.2g}",
            "left out" if each.steward in report.left_out else "noticed, kept" if each.noticed else "",
        )
    console.print(table)
    console.print(f"{report.same:,} pairs the same, {report.different:,} different, each with weight {report.weight:g}")
    if report.held_out is not None:
        found = report.held_out
        low, high = found.interval
        console.print(
            f"held-out labels ({found.folds} folds of {found.pairs:,} pairs): {found.agree / found.pairs:.1%} agree "
            f"({low:.1%} to {high:.1%}), {found.surprise:.2f} bits of surprise; without labels "
            f"{found.agree_without / found.pairs:.1%}, {found.surprise_without:.2f} bits"
        )
