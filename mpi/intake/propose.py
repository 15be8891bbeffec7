"""A first MAP.toml for a file, from its header and a sample. A person checks it; lines that are guesses say CHECK.

Nothing is left out silently: a column without a place is listed at the end, with the reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from mpi.errors import InputError
from mpi.intake.files import open_table
from mpi.intake.headers import target_of
from mpi.intake.mapping import FileOptions
from mpi.intake.rows import Column, Row
from mpi.intake.sniffing import Sample, guess_dates, guess_target, is_iso, is_key, sample_of, unknown_words
from mpi.records import Private

SAMPLE_ROWS = 1_000
DATES = ("birth_date", "deceased_date", "recorded_at")
SINGLE = ("sex", "birth_date", "ethnicity", "multiple_birth_order", "deceased_date", "recorded_at")
GUESS = "guessed from the content"
_TRAILING_NUMBER = re.compile(r"\d+$")


class SampledFile(Private, frozen=True):
    """``cells`` by column name, for the columns that can be mapped; ``rows`` is how many were read."""

    encoding: str
    columns: tuple[Column, ...]
    cells: dict[str, list[str]]
    rows: int


class Placed(Private, frozen=True):
    """One column and where it goes; ``note`` ends up as a comment."""

    column: str
    target: str
    note: str = ""


def propose_map(path: Path, *, lenient: bool = False) -> str:
    """The text of a MAP.toml that loads and binds to the file. Raises InputError where the file cannot be read at all.

    ``lenient``: a cell that is no date is taken for missing, and its row is kept; otherwise such a row is refused.
    """
    sampled = _read_sample(path)
    placed, left = _place(sampled)
    return "\n".join(_lines(path, sampled, placed, left, "missing" if lenient else "reject")) + "\n"


def quoted(text: str) -> str:
    """A TOML basic string. (JSON's escapes are TOML's, but for DEL.)"""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


# --- the sample ---


def _read_sample(path: Path) -> SampledFile:
    for encoding in ("utf-8", "gb18030"):
        try:
            with open_table(path, FileOptions(encoding=encoding)) as table:
                columns = table.columns
                names = _mappable(columns)
                found = list(islice(table.rows(names), SAMPLE_ROWS))
        except InputError as error:
            if encoding == "utf-8" and "not utf-8" in error.problem:
                continue
            raise
        rows = [row.cells for row in found if isinstance(row, Row)]
        undecoded = sum(1 for row in found if not isinstance(row, Row) and "not valid" in row.problem)
        if encoding == "utf-8" and undecoded > len(rows):
            continue
        cells = {name: [row[place] for row in rows] for place, name in enumerate(names)}
        return SampledFile(encoding=encoding, columns=columns, cells=cells, rows=len(rows))
    raise InputError(str(path), "is in neither UTF-8 nor GB 18030")


def _mappable(columns: Sequence[Column]) -> list[str]:
    names = [column.name for column in columns]
    return [c.name for c in columns if c.name and not c.unreadable and names.count(c.name) == 1]


# --- which column goes where ---


def _place(sampled: SampledFile) -> tuple[list[Placed], list[tuple[str, str]]]:
    """The columns with a place, and (column, reason) of those without."""
    placed: list[Placed] = []
    left = [
        (c.name or f"column {n} (no name)", _why_unmappable(c))
        for n, c in enumerate(sampled.columns, 1)
        if c.name not in sampled.cells
    ]
    for name, cells in sampled.cells.items():
        sample = sample_of(cells)
        target, note = target_of(name) or target_of(_TRAILING_NUMBER.sub("", name)), ""
        if not target and (target := guess_target(sample)):
            note = GUESS
        if target in DATES and sample.cells and not (guess_dates(sample) or is_iso(sample)):
            left.append((name, "called a date, but the sample holds none"))
        elif target and (reason := _taken(target, placed)):
            left.append((name, reason))
        elif target:
            placed.append(Placed(column=name, target=target, note=note))
        else:
            left.append((name, "no field known for it; an extra trait can go under [attributes]"))
    _whole_birth_dates(placed, left)
    if not any(p.target == "local_id" for p in placed):
        _place_local_id(sampled, placed, left)
    return placed, left


def _whole_birth_dates(placed: list[Placed], left: list[tuple[str, str]]) -> None:
    """Columns called just year, month and day are a birth date where all three are there; a year alone could be any."""
    bare = [p for p in placed if p.target.startswith("birth_date:bare_")]
    if not bare:
        return
    placed[:] = [p for p in placed if p not in bare]
    if len(bare) < len(("year", "month", "day")) or any(p.target.startswith("birth_date") for p in placed):
        left.extend((p.column, "alone it need not be part of a birth date") for p in bare)
    else:
        note = "CHECK: taken for the parts of the birth date"
        placed.extend(Placed(column=p.column, target=p.target.replace("bare_", ""), note=note) for p in bare)


def _why_unmappable(column: Column) -> str:
    if not column.name:
        return "a column without a name cannot be mapped"
    return f"holds {column.unreadable}" if column.unreadable else "more than one column has this name"


def _taken(target: str, placed: Sequence[Placed]) -> str:
    """Why a second column for one field is not taken; phones and names without parts may repeat."""
    if target == "phones" or not any(p.target == target for p in placed):
        return ""
    return f"{target} has a column already"


def _place_local_id(sampled: SampledFile, placed: list[Placed], left: list[tuple[str, str]]) -> None:
    """The first free column that numbers the rows; else any first column, so that the map at least loads."""
    free = [name for name, _ in left if name in sampled.cells]
    keys = [name for name in free if is_key(sampled.cells[name])]
    taken = [p.column for p in placed]
    chosen = (keys or free or taken or [""])[0]
    if not chosen:
        raise InputError("header", "has no column that can be mapped")
    note = (
        "CHECK: the only sign is that no value comes twice"
        if keys
        else "CHECK: no column looks like the hospital's own number"
    )
    placed.insert(0, Placed(column=chosen, target="local_id", note=note))
    left[:] = [entry for entry in left if entry[0] != chosen]


# --- the text ---


def _lines(
    path: Path, sampled: SampledFile, placed: Sequence[Placed], left: Sequence[tuple[str, str]], otherwise: str
) -> list[str]:
    lines = [
        f"# Proposed for {_commented(path.name)} from its header and {sampled.rows:,} rows. Look at the lines marked CHECK.",
        "# Every key: docs/mapping.md.",
        "",
    ]
    lines += _source(path, placed)
    lines += [_line("local_id", quoted(p.column), p.note) for p in placed if p.target == "local_id"]
    for key in SINGLE:
        lines += [_single(key, p, sampled, otherwise) for p in placed if p.target == key]
    lines += _birth_parts(placed, otherwise)
    if phones := [p for p in placed if p.target == "phones"]:
        guessed = any(p.note for p in phones)
        lines.append(_line("phones", "[" + ", ".join(quoted(p.column) for p in phones) + "]", GUESS if guessed else ""))
    lines += _file_table(sampled)
    lines += _name_tables(placed)
    lines += _identifier_tables(placed)
    lines += _table("[[addresses]]", [p for p in placed if p.target.startswith("addresses.")])
    lines += _guardian_table(placed)
    lines += _table("[attributes]", [p for p in placed if p.target.startswith("attributes.")])
    if left:
        width = max(len(_commented(name)) for name, _ in left)
        lines += ["", "# Columns without a place:"] + [f"#   {_commented(name):{width}}  {reason}" for name, reason in left]
    return lines


def _commented(text: str) -> str:
    """Text that may stand in a comment: TOML allows no control characters there."""
    return "".join(c if c.isprintable() else "�" for c in text)


def _line(key: str, value: str, note: str = "") -> str:
    comment = f"  # CHECK: {note}" if note and not note.startswith("CHECK") else f"  # {note}" if note else ""
    return f"{key} = {value}{comment}"


def _source(path: Path, placed: Sequence[Placed]) -> list[str]:
    for p in placed:
        if p.target == "source":
            return [_line("source", quoted(p.column), p.note)]
    name = re.sub(r"[^a-z0-9]+", "_", path.stem.casefold()).strip("_") or "hospital"
    return [_line("source", f"{{ constant = {quoted(name)} }}", "the short name of the hospital whose numbers these are")]


def _single(key: str, p: Placed, sampled: SampledFile, otherwise: str) -> str:
    sample = sample_of(sampled.cells[p.column])
    typed = any(c.name == p.column and c.is_date for c in sampled.columns)
    if key in DATES and not typed:
        return _date_line(key, p, sample, otherwise)
    if key == "sex":
        return _sex_line(p, sample)
    return _line(key, quoted(p.column), p.note)


def _date_line(key: str, p: Placed, sample: Sample, otherwise: str) -> str:
    if is_iso(sample):
        return _line(key, quoted(p.column), p.note)
    guess = guess_dates(sample)
    if guess is None:
        return _line(key, quoted(p.column), "the sample holds no value; say its formats")
    notes = [p.note] if p.note else []
    if guess.ambiguous:
        notes.append("day or month first? The sample fits both")
    if guess.unread and otherwise == "missing":
        notes.append(f"{guess.unread} cells of the sample are no date; their rows are taken without it")
    elif guess.unread:
        notes.append(
            f'{guess.unread} cells of the sample are no date; otherwise = "missing" would take their rows without it'
        )
    formats = ", ".join(quoted(text) for text in guess.formats)
    return _line(
        key, f"{{ column = {quoted(p.column)}, formats = [{formats}], otherwise = {quoted(otherwise)} }}", "; ".join(notes)
    )


def _sex_line(p: Placed, sample: Sample) -> str:
    unknown = unknown_words(sample)
    if unknown is None:
        return _line(
            "sex",
            f'{{ column = {quoted(p.column)}, otherwise = "missing" }}',
            "too many different values for a list of codes",
        )
    if not unknown:
        return _line("sex", quoted(p.column), p.note)
    values = ", ".join(f'{quoted(word)} = "unknown"' for word in unknown)
    return _line(
        "sex", f'{{ column = {quoted(p.column)}, values = {{ {values} }}, otherwise = "keep" }}', "say what each code means"
    )


def _birth_parts(placed: Sequence[Placed], otherwise: str) -> list[str]:
    parts = {p.target.partition(":")[2]: p.column for p in placed if p.target.startswith("birth_date:")}
    chosen = [unit for unit in ("year", "month", "day") if unit in parts]
    if any(p.target == "birth_date" for p in placed):
        return [f"# not used, since another column holds the whole birth date: {quoted(column)}" for column in parts.values()]
    if "year" not in parts or (len(chosen) == 2 and "day" in parts):
        return [f"# birth date: {quoted(column)} alone is no date" for column in parts.values()]
    formats = [quoted("-".join(("%Y", "%m", "%d")[:count])) for count in range(len(chosen), 0, -1)]
    columns = ", ".join(quoted(parts[unit]) for unit in chosen)
    kept = f", otherwise = {quoted(otherwise)}" if otherwise != "reject" else ""
    line = f'birth_date = {{ columns = [{columns}], join = "-", formats = [{", ".join(formats)}]{kept} }}'
    notes = [p.note for p in placed if p.target.startswith("birth_date:") and p.note]
    return [f"{line}  # {notes[0]}" if notes else line]


def _file_table(sampled: SampledFile) -> list[str]:
    nulls = sorted({word for cells in sampled.cells.values() for word in sample_of(cells).nulls} | {"\\N"})
    lines = [f'encoding = "{sampled.encoding}"'] if sampled.encoding != "utf-8" else []
    if len(nulls) > 1:
        listed = ", ".join(quoted(word) for word in nulls)
        lines.append(_line("nulls", f"[{listed}]", "these stand in the file and are taken for empty cells"))
    return ["", "[file]", *lines] if lines else []


def _table(head: str, placed: Sequence[Placed], *extra: str) -> list[str]:
    body = [_line(p.target.rsplit(".", 1)[-1].partition(":")[0], quoted(p.column), p.note) for p in placed]
    return ["", head, *body, *extra] if body else []


def _name_tables(placed: Sequence[Placed]) -> list[str]:
    main = [p for p in placed if p.target in ("names.text", "names.family", "names.given")]
    lines = _table("[[names]]", main)
    for p in placed:
        use = p.target.partition(":")[2]
        if p.target.startswith("names.") and use:
            lines += _table("[[names]]", [p], f"use = {quoted(use)}")
    return lines


def _identifier_tables(placed: Sequence[Placed]) -> list[str]:
    lines: list[str] = []
    for p in placed:
        if p.target.startswith("identifiers:"):
            kind = p.target.partition(":")[2]
            lines += ["", "[[identifiers]]", f"type = {quoted(kind)}", _line("value", quoted(p.column), p.note)]
    return lines


def _guardian_table(placed: Sequence[Placed]) -> list[str]:
    texts = [p for p in placed if p.target.startswith("guardian.") and p.target != "guardian.identifier"]
    identifier = [p for p in placed if p.target == "guardian.identifier"]
    lines = _table("[guardian]", texts)
    for p in identifier:
        document = f'identifier = {{ type = "resident_id", value = {quoted(p.column)} }}'
        lines += [document] if lines else ["", "[guardian]", document]
    return lines
