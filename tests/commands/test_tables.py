"""What people read: totals that add up, probabilities that never claim certainty, and no repr of a record."""

import io

from rich.console import Console

from mpi.commands.console import plain
from mpi.commands.tables import comparison_view, percent, person_table
from mpi.records import Comparison, DecisionReason, Grade, MatchReason, Person, RecordFlag, RecordLink, Sex


def shown(thing: object) -> str:
    console = Console(width=160, no_color=True, file=io.StringIO())
    with console.capture() as captured:
        console.print(thing)
    return captured.get()


def test_the_running_total_ends_at_the_weight() -> None:
    reasons = (
        MatchReason(feature="prior", level="population", description="before anything is compared", weight=-25.0),
        MatchReason(feature="birth_date", level="day_month_swapped", description="day and month swapped", weight=12.5),
        MatchReason(feature="family", level="exact", description="the same", weight=15.25, term_frequency=3.25),
    )
    comparison = Comparison(
        weight=2.75, probability=0.87, relationship="same person", population=32_000_000, model="han@1", reasons=reasons
    )
    lines = [line.split() for line in shown(comparison_view(comparison)).splitlines() if line.strip()]
    totals = [line[-1] for line in lines if line[0] in ("prior", "birth", "family")]
    assert totals == ["-25.0", "-12.5", "2.8"]
    assert any(line[:4] == ["match", "weight", "2.8", "bits,"] for line in lines)


def test_probabilities_never_round_to_certainty() -> None:
    assert [percent(p) for p in (1 - 1e-9, 0.99986, 0.5, 1e-9, 0.0)] == [
        "> 99.99 %",
        "99.99 %",
        "50.00 %",
        "< 0.01 %",
        "0.00 %",
    ]


def test_a_person_shows_every_number_and_warns() -> None:
    link = RecordLink(source="a[b]c", local_id="[red]1", since=0, grade=Grade.AUTOMATIC, probability=0.98765, model="m@1")
    text = shown(person_table(Person(master_id="M-1", links=(link,), open_reviews=2, quarantined=True)))
    for word in ("M-1", "a[b]c", "[red]1", "automatic, 98.77 %", "2 open reviews", "quarantined"):
        assert word in text


def test_json_has_names_for_enumerations() -> None:
    assert plain({"a": (Sex.MALE, DecisionReason.LIKELY_TWINS), "b": RecordFlag.NEWBORN | RecordFlag.DECEASED}) == {
        "a": ["male", "likely_twins"],
        "b": ["newborn", "deceased"],
    }
