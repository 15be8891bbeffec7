"""``mpi lookup``: under which number does every hospital know this person?"""

from __future__ import annotations

from typing import Annotated

import typer

from mpi.commands.connection import DataOption, JsonOption, ServerOption, connect
from mpi.commands.console import command, err, out, print_json
from mpi.commands.tables import person_table
from mpi.errors import InputError
from mpi.intake.words import IDENTIFIER_TYPES
from mpi.records import Identifier, Person


@command
def lookup(
    source: Annotated[str, typer.Option(help="With --local-id: the hospital whose number you have.")] = "",
    local_id: Annotated[str, typer.Option(help="The hospital's own number.")] = "",
    identifier: Annotated[
        tuple[str, str] | None, typer.Option(metavar="TYPE VALUE", help="A document: resident_id 5001…, passport E…")
    ] = None,
    master_id: Annotated[str, typer.Option(help="The master ID.")] = "",
    server: ServerOption = "",
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Look a person up by one hospital's number, by a document, or by master ID."""
    ways = [bool(source or local_id), identifier is not None, bool(master_id)]
    if sum(ways) != 1 or bool(source) != bool(local_id):
        raise InputError("lookup", "give --source and --local-id, or --identifier TYPE VALUE, or --master-id")
    persons: tuple[Person, ...]
    with connect(server, data) as client:
        if source:
            persons = (client.lookup(source=source, local_id=local_id),)
        elif identifier is not None:
            persons = client.lookup_all(document(*identifier))
        else:
            persons = (client.lookup(master_id=master_id),)
    if json:
        print_json({"persons": persons})
        return
    if len(persons) > 1:
        err().print(
            f"{len(persons)} persons hold this number: none of them may be taken for the patient without a look",
            style="yellow",
        )
    for person in persons:
        out().print(person_table(person, sought=(source, local_id)))


def document(kind: str, value: str) -> Identifier:
    """An identifier from two words. Raises InputError where the kind is not known."""
    if kind.lower() not in IDENTIFIER_TYPES:
        known = ", ".join(word for word in IDENTIFIER_TYPES if word.isascii())
        raise InputError("identifier.type", f"no known kind; use {known}")
    return Identifier(type=IDENTIFIER_TYPES[kind.lower()], value=value)
