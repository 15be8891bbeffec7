"""Answers as tables and sentences a person can read. The index answers in numbers and levels, so no value is shown here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from mpi.records import Candidate, Certainty, Comparison, Grade, MatchReason, Person, PersonStatus, RecordLink

GRADES = {
    Grade.SOLE: "first record of this person",
    Grade.AUTOMATIC: "automatic",
    Grade.DOCUMENT: "verified by a document",
    Grade.STEWARD: "confirmed by a person",
}
CERTAINTY_STYLE = {Certainty.CERTAIN: "bold green", Certainty.PROBABLE: "yellow", Certainty.POSSIBLE: "dim"}


def words(member: IntEnum) -> str:
    """``NEW_WITH_REVIEW`` → ``new with review``."""
    return member.name.lower().replace("_", " ")


def percent(probability: float) -> str:
    """A probability that never rounds to certainty: 0.99999 is "> 99.99 %", not 100 %."""
    if probability > 0.9999:
        return "> 99.99 %"
    return "< 0.01 %" if 0 < probability < 0.0001 else f"{probability * 100:.2f} %"


def grade_text(link: RecordLink) -> str:
    if link.grade is Grade.AUTOMATIC:
        return f"automatic, {percent(link.probability)}"
    return GRADES.get(link.grade, words(link.grade))


def person_table(person: Person, *, sought: tuple[str, str] | None = None) -> RenderableType:
    """Every hospital's number for a person; ``sought`` is the (source, local_id) that was asked for."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("hospital", "number", "grade", "since", "decided by"):
        table.add_column(heading, overflow="fold")
    for link in sorted(person.links, key=lambda link: (link.since, link.source, link.local_id)):
        style = "bold" if sought == (link.source, link.local_id) else ""
        since = datetime.fromtimestamp(link.since / 1e6).strftime("%Y-%m-%d %H:%M")
        table.add_row(Text(link.source), Text(link.local_id), grade_text(link), since, Text(link.model), style=style)
    return Group(_person_head(person), table)


def _person_head(person: Person) -> Text:
    head = Text("person ")
    head.append(person.master_id, style="bold cyan")
    head.append(f"  {len(person.links)} record{'' if len(person.links) == 1 else 's'}")
    if person.status is not PersonStatus.ACTIVE:
        head.append(f"  {words(person.status)}", style="yellow")
    if person.open_reviews:
        head.append(f"  {person.open_reviews} open review{'' if person.open_reviews == 1 else 's'}", style="yellow")
    if person.quarantined:
        head.append("  quarantined: do not disclose automatically", style="bold red")
    return head


def reasons_table(reasons: Sequence[MatchReason]) -> Table:
    """Feature, what it says in words, its weight, and the running total, which ends at the match weight."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("feature")
    table.add_column("agreement", overflow="fold")
    table.add_column("in words", overflow="fold")
    for heading in ("weight", "of which rarity", "total"):
        table.add_column(heading, justify="right", no_wrap=True)
    total = 0.0
    for reason in reasons:
        total += reason.weight
        style = "green" if reason.weight > 0.05 else "red" if reason.weight < -0.05 else "dim"
        rarity = f"{reason.term_frequency:+.1f}" if abs(reason.term_frequency) >= 0.05 else ""
        level = reason.level.replace("_", " ")
        table.add_row(
            reason.feature.replace("_", " "),
            level,
            reason.description,
            Text(f"{reason.weight:+.1f}", style),
            rarity,
            f"{total:.1f}",
        )
    return table


def comparison_view(comparison: Comparison) -> RenderableType:
    verdict = Text("match weight ")
    verdict.append(f"{comparison.weight:.1f} bits", style="bold")
    verdict.append(f", probability {percent(comparison.probability)}; most likely: ")
    verdict.append(comparison.relationship, style="bold")
    basis = Text(f"model {comparison.model}, population {comparison.population:,}", style="dim")
    return Group(reasons_table(comparison.reasons), verdict, basis)


def candidate_view(place: int, candidate: Candidate) -> RenderableType:
    head = Text(f"{place}. ")
    head.append(words(candidate.certainty), style=CERTAINTY_STYLE.get(candidate.certainty, ""))
    head.append(f", probability {percent(candidate.probability)}; most likely: {candidate.relationship}")
    parts: list[RenderableType] = [head]
    if candidate.decision_reasons:
        parts.append(Text("   " + "; ".join(words(reason) for reason in candidate.decision_reasons), style="yellow"))
    parts.append(person_table(candidate.person))
    if candidate.reasons:
        parts.append(reasons_table(candidate.reasons))
    return Group(*parts)
