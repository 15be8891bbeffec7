"""What a fit found, for a person to read."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mpi.linkage.model import Model
from training.modelling.assemble import Estimate
from training.modelling.thresholds import Thresholds


def print_report(model: Model, found: Estimate, thresholds: Thresholds, *, seconds: float, out: Path) -> None:
    """Classes, features, thresholds and warnings to the terminal."""
    console = Console(highlight=False)
    fit = found.fit
    console.print(_classes(found))
    console.print(_features(found))
    for note in (*found.notes, *fit.warnings):
        console.print(Text(f"· {note}", style="yellow"))
    console.print(
        f"automatic from probability {thresholds.upper:.6g}: {thresholds.linked:.2%} of the records are linked, "
        f"{thresholds.wrong:.1e} of these links wrong; review from {thresholds.lower:.4g}: {thresholds.reviews:.2%} of the "
        f"records, {thresholds.ruled:.2%} whatever they weigh; {thresholds.missed:.2%} of the links to be found are missed, "
        "beside what blocking does not see"
    )
    console.print(
        f"{model.reference}: {found.problem.records:,} records, {found.problem.seen_pairs:,.0f} pairs in "
        f"{len(found.problem.counts):,} patterns, {len(fit.objectives)} steps, {seconds:.0f} s → {out}"
    )


def _classes(found: Estimate) -> Table:
    fit = found.fit
    table = Table("relationship", "pairs", "±", "per record", "seen by rules", title="Classes", title_justify="left")
    for c, name in enumerate(fit.classes):
        table.add_row(
            name,
            f"{fit.pairs[c]:,.0f}",
            f"{fit.pairs[c] * fit.pairs_error[c]:,.0f}",
            f"{fit.expected[c]:.4g}",
            f"{fit.blocking_recall[c]:.2%}",
        )
    return table


def _features(found: Estimate) -> Table:
    table = Table("feature", "level", "same person", "±", "strangers", title="Agreement", title_justify="left")
    for f, spec in enumerate(found.problem.features):
        for level, name in enumerate(spec.levels, start=1):
            m, error, u = (
                found.fit.probabilities[0, f, level],
                found.fit.standard_errors[0, f, level],
                found.problem.u[f, level],
            )
            table.add_row(spec.name if level == 1 else "", name, f"{m:.4f}", f"{error:.4f}", f"{u:.2e}")
    return table
