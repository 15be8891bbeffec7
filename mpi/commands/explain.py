"""``mpi explain A B``: why two records are, or are not, one person."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mpi.commands.connection import DataOption, JsonOption, ServerOption, connect
from mpi.commands.console import command, out, print_json
from mpi.commands.record_input import read_record
from mpi.commands.tables import comparison_view
from mpi.errors import InputError
from mpi.records import PatientRecord

_SIDE = "SOURCE:LOCAL_ID of a record in the index, or a JSON file (- for stdin)."


@command
def explain(
    a: Annotated[str, typer.Argument(help=_SIDE)],
    b: Annotated[str, typer.Argument(help=_SIDE)],
    server: ServerOption = "",
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """Compare two records feature by feature: the weights start with the prior and add up to the match weight."""
    first, second = side(a), side(b)
    with connect(server, data) as client:
        comparison = client.compare(first, second)
    print_json(comparison) if json else out().print(comparison_view(comparison))


def side(text: str) -> PatientRecord | tuple[str, str]:
    """A record, or the key of one. A name that ends in .json, or "-", is a file; the first colon ends the source."""
    if text == "-" or text.endswith(".json"):
        return read_record(Path(text))
    source, colon, local_id = text.partition(":")
    if not (colon and source and local_id):
        raise InputError(text[:60], "is neither SOURCE:LOCAL_ID nor the name of a .json file")
    return source, local_id
