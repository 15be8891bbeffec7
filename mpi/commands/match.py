"""``mpi match``: who could this patient be? Stores nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mpi.commands.connection import DataOption, JsonOption, ServerOption, connect
from mpi.commands.console import command, out, print_json
from mpi.commands.lookup import document
from mpi.commands.record_input import read_record
from mpi.commands.tables import candidate_view
from mpi.errors import InputError
from mpi.intake.words import SEXES
from mpi.records import Address, HumanName, MatchAnswer, MatchOutcome, PatientRecord, Sex

SENTENCES = {
    MatchOutcome.CERTAIN: "exactly one person is certain",
    MatchOutcome.SEVERAL: "several persons are certain: they may be one",
    MatchOutcome.TOO_MANY: "too many persons share what was given; add more traits",
    MatchOutcome.NONE: "nobody fits",
    MatchOutcome.DEGRADED: "part of the search was left out; who is missing here may still be known",
    MatchOutcome.POSSIBLE: "nobody is certain; these are for a person to look at",
}


@command
def match(
    record: Annotated[Path | None, typer.Argument(help="A record as JSON, - for stdin; or use the flags.")] = None,
    name: Annotated[str, typer.Option(help="The whole name in one.")] = "",
    family: str = "",
    given: str = "",
    sex: Annotated[str, typer.Option(help="male, female, other; 男, 女")] = "",
    birth_date: Annotated[str, typer.Option(help="1980-05-17, or as much of it as is known.")] = "",
    identifier: Annotated[
        tuple[str, str] | None, typer.Option(metavar="TYPE VALUE", help="One document; more in a JSON file.")
    ] = None,
    phone: Annotated[list[str] | None, typer.Option()] = None,
    address: Annotated[str, typer.Option(help="The address in one line.")] = "",
    limit: Annotated[int, typer.Option(min=0, help="How many candidates to show; 0: as many as the server gives.")] = 0,
    near_misses: Annotated[bool, typer.Option("--near-misses", help="Show what is below the lower threshold too.")] = False,
    only_certain: Annotated[
        bool, typer.Option("--only-certain", help="The disclosure gate: one certain person or nobody.")
    ] = False,
    server: ServerOption = "",
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Search for a patient, given as a JSON file or by flags; show candidates with their reasons."""
    flags = PatientRecord(
        source="",
        local_id="",
        names=(HumanName(text=name, family=family, given=given),) if name or family or given else (),
        sex=_sex(sex),
        birth_date=birth_date,
        identifiers=(document(*identifier),) if identifier is not None else (),
        phones=tuple(phone or ()),
        addresses=(Address(text=address),) if address else (),
    )
    nothing = PatientRecord(source="", local_id="")
    if (record is None) == (flags == nothing):
        raise InputError("match", "give a JSON file or flags such as --name and --birth-date, not both")
    sought = flags if record is None else read_record(record)
    with connect(server, data) as client:
        answer = client.match(sought, limit=limit, near_misses=near_misses, only_certain=only_certain)
    print_json(answer) if json else show(answer)


def _sex(word: str) -> Sex:
    if word and word.lower() not in SEXES:
        raise InputError("sex", "no known word; use male, female, other or unknown")
    return SEXES.get(word.lower(), Sex.UNKNOWN)


def show(answer: MatchAnswer) -> None:
    console = out()
    cut = f"; {answer.keys_cut} very common keys were left out" if answer.keys_cut else ""
    console.print(f"[bold]{SENTENCES.get(answer.outcome, 'no outcome')}[/] ({answer.compared:,} records compared{cut})")
    for place, candidate in enumerate(answer.candidates, 1):
        console.print()
        console.print(candidate_view(place, candidate))
