"""The summary of a load for a person."""

from __future__ import annotations

from collections.abc import Mapping

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from mpi.commands.load_job import Report

SHOWN = 12  # kinds of problems; the file of rejected rows has all
_OUTCOMES = {
    "new": "new persons",
    "linked": "linked to a known person",
    "new_with_review": "new persons, with a task for a steward",
    "updated": "updates of known records",
    "unchanged": "known already, nothing stored",
    "updated_with_alert": "updates that look like someone else, with a task",
    "stale": "older than what is known, not applied",
}


def summary(report: Report) -> RenderableType:
    """Rows by what became of them, why rows were rejected, and what the map left out."""
    tally = report.tally
    rate = report.rows_this_run / report.seconds if report.seconds else 0.0
    head = Text(f"{tally.rows:,} rows of {report.file}")
    head.append(f"  ({report.rows_this_run:,} in {report.seconds:.1f} s, {rate:,.0f} a second)", style="dim")
    table = Table(box=box.SIMPLE, show_header=False, pad_edge=False)
    table.add_column(justify="right")
    table.add_column()
    for outcome, count in _by_count(tally.outcomes):
        style = "yellow" if outcome in ("new_with_review", "updated_with_alert") else ""
        table.add_row(f"{count:,}", _OUTCOMES.get(outcome, outcome.replace("_", " ")), style=style)
    if tally.rejected:
        table.add_row(f"{tally.rejected:,}", f"rejected, listed in {report.rejected_file}", style="red")
    parts: list[RenderableType] = [head, table]
    parts += _listing("why rows were rejected", tally.problems, "red")
    parts += _listing("cells left out as the map says", report.left_out, "yellow")
    parts += _listing(
        "why the index decided so", {key.replace("_", " "): count for key, count in tally.reasons.items()}, "dim"
    )
    return Group(*parts)


def _listing(heading: str, counts: Mapping[str, int], style: str) -> list[RenderableType]:
    if not counts:
        return []
    shown = _by_count(counts)[:SHOWN]
    lines = [Text(f"{count:>9,}  {what}", style=style) for what, count in shown]
    hidden = len(counts) - len(shown)
    more = [Text(f"           and {hidden} other kinds", style=style)] if hidden else []
    return [Text(f"{heading}:"), *lines, *more, Text()]


def _by_count(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
