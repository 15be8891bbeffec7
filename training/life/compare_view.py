"""What ``compare`` found, for a person to read."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from training.life.changes import Changes, Count
from training.life.comparison import Example, ModelComparison
from training.life.difference import ModelDifference


def print_comparison(found: ModelComparison) -> None:
    """The models, the counts, then the examples."""
    console = Console(highlight=False)
    _print_models(console, found.models)
    console.print(_counts(found.changes))
    _print_persons(console, found)
    for kind, examples in found.examples.items():
        for number, example in enumerate(examples, start=1):
            console.print(_example(f"{kind}, {number} of {len(examples)} shown", example))


def _print_models(console: Console, models: ModelDifference) -> None:
    console.print(f"{models.old} → {models.new}", style="bold")
    lists = {
        "features no longer there": models.features_gone,
        "features added": models.features_added,
        "features encoded or scored differently": models.features_changed,
        "relationships no longer there": models.classes_gone,
        "relationships added": models.classes_added,
        "blocking rules no longer there": models.rules_gone,
        "blocking rules added": models.rules_added,
    }
    for title, names in lists.items():
        if names:
            console.print(f"· {title}: {', '.join(names)}")
    if models.encoding:
        console.print("· records are encoded differently: an index encodes all of them again when it takes the new model")
    for key, (old, new) in models.thresholds.items():
        console.print(f"· {key}: {_plain(old)} → {_plain(new)}")
    for name, (expected, now) in models.expected.items():
        if abs(now - expected) > 0.01 * expected:
            console.print(f"· {name}, expected records of it to a record: {expected:.4g} → {now:.4g}")
    if models.weights:
        title = f"Largest of {models.weights_changed} changed weights (bits, same person against strangers)"
        table = Table("feature", "level", "old", "new", "change", title=title, title_justify="left")
        for change in models.weights:
            numbers = (f"{change.old:+.2f}", f"{change.new:+.2f}", f"{change.new - change.old:+.2f}")
            table.add_row(change.feature, change.level, *numbers)
        console.print(table)


def _plain(value: object) -> str:
    return f"{value:.7g}" if isinstance(value, float) else str(value)


def _counts(changes: Changes) -> Table:
    known = changes.links_kept.right is not None
    columns = ["", "in both", "gained", "lost"]
    table = Table(*columns, title=f"Of {changes.records:,} records", title_justify="left")
    rows = {
        "links (pairs of records with one person)": (changes.links_kept, changes.links_gained, changes.links_lost),
        "reviews (records a steward is asked about)": (changes.reviews_kept, changes.reviews_gained, changes.reviews_lost),
    }
    for title, counts in rows.items():
        table.add_row(title, *(f"{count.all:,}" for count in counts))
        if known:
            table.add_row("  of these right", *map(_right, counts))
    return table


def _right(count: Count) -> str:
    if not count.all:
        return "–"
    assert count.right is not None
    return f"{count.right:,} ({count.right / count.all:.1%})"


def _print_persons(console: Console, found: ModelComparison) -> None:
    merged, split = found.changes.merged, found.changes.split
    console.print(
        f"{merged.parts:,} persons become {merged.persons:,} ({merged.records:,} records); "
        f"{split.persons:,} persons become {split.parts:,} ({split.records:,} records); "
        f"{found.changes.records_moved:,} records get other companions"
    )
    if found.refused:
        console.print(
            f"{found.refused:,} rows were left out: not mapped, not valid, without truth, or of a number seen before"
        )


def _example(title: str, example: Example) -> Table:
    truth = {True: ", one person", False: ", two persons", None: ""}[example.right]
    columns = ["feature", "level, old", "bits", "level, new", "bits"]
    table = Table(*columns, title=f"{title}: {example.a} and {example.b}{truth}", title_justify="left")
    table.add_row("prior", "", f"{example.old.prior:+.1f}", "", f"{example.new.prior:+.1f}")
    for name in dict.fromkeys([*example.old.lines, *example.new.lines]):
        sides = (example.old.lines.get(name), example.new.lines.get(name))
        if any(side and side.level != "missing" for side in sides):
            cells = [cell for side in sides for cell in ((side.level, f"{side.bits:+.1f}") if side else ("–", "–"))]
            table.add_row(name, *cells)
    old, new = example.old, example.new
    table.add_section()
    sums = [cell for each in (old, new) for cell in (f"{each.relationship}, {each.probability:.4g}", f"{each.weight:+.1f}")]
    table.add_row("match weight", *sums)
    return table
