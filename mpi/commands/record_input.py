"""A patient record as a person types it: a JSON file, or flags.

The JSON has the fields of ``PatientRecord``. Sex, kinds of identifier and uses of a name may be written as words (``female``,
``resident_id``, ``maiden``), as in a MAP.toml, or as numbers.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any

import msgspec

from mpi.errors import InputError
from mpi.intake.words import IDENTIFIER_TYPES, NAME_USES, SEXES
from mpi.records import Address, Guardian, HumanName, Identifier, PatientRecord

MAX_RECORD_BYTES = 1_000_000


def read_record(path: Path) -> PatientRecord:
    """The record of a JSON file ("-": stdin). ``source`` and ``local_id`` may be left out: a search needs none.

    Raises InputError with the path of the field; its message holds no value.
    """
    name = "stdin" if str(path) == "-" else str(path)
    try:
        content = sys.stdin.buffer.read(MAX_RECORD_BYTES + 1) if name == "stdin" else path.read_bytes()
    except OSError as error:
        raise InputError(name, f"cannot be read ({error.strerror})") from error
    if len(content) > MAX_RECORD_BYTES:
        raise InputError(name, f"is larger than {MAX_RECORD_BYTES:,} bytes")
    try:
        tree = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InputError(name, "is not valid JSON") from None
    return record_of(tree, name)


def record_of(tree: Any, where: str) -> PatientRecord:
    """A record from decoded JSON. Raises InputError as ``read_record`` does."""
    if not isinstance(tree, dict):
        raise InputError(where, "is not a JSON object")
    tree = {"source": "", "local_id": ""} | tree
    _read_word(tree, "sex", SEXES, where)
    for entry in _objects(tree.get("names")):
        _read_word(entry, "use", NAME_USES, where)
    guardian = tree.get("guardian")
    of_guardian = [guardian.get("identifier")] if isinstance(guardian, dict) else []
    for entry in [*_objects(tree.get("identifiers")), *_objects(of_guardian)]:
        _read_word(entry, "type", IDENTIFIER_TYPES, where)
    _check_fields(tree, where)
    try:
        return msgspec.convert(tree, PatientRecord)
    except msgspec.ValidationError as error:
        problem, _, at = str(error).partition(" - at `$.")
        raise InputError(f"{where}: {at.rstrip('`')}" if at else where, problem) from None


def _check_fields(tree: dict[str, Any], where: str) -> None:
    """Refuse a misspelt field, which msgspec would pass over."""
    guardian = _objects([tree.get("guardian")])
    levels: list[tuple[str, list[dict[str, Any]], type[msgspec.Struct]]] = [
        ("", [tree], PatientRecord),
        ("names", _objects(tree.get("names")), HumanName),
        ("identifiers", _objects(tree.get("identifiers")), Identifier),
        ("addresses", _objects(tree.get("addresses")), Address),
        ("guardian", guardian, Guardian),
        ("guardian.identifier", _objects([entry.get("identifier") for entry in guardian]), Identifier),
    ]
    for path, entries, kind in levels:
        for key in sorted({key for entry in entries for key in entry} - set(kind.__struct_fields__)):
            raise InputError(f"{where}: {path}", f"has no field {key[:40]!r}; there are {', '.join(kind.__struct_fields__)}")


def _objects(held: Any) -> list[dict[str, Any]]:
    return [entry for entry in held if isinstance(entry, dict)] if isinstance(held, list) else []


def _read_word(tree: dict[str, Any], key: str, words: Mapping[str, IntEnum], where: str) -> None:
    if isinstance(word := tree.get(key), str):
        if word.lower() not in words:
            known = ", ".join(w for w in words if w.isascii() and len(w) > 1)
            raise InputError(f"{where}: {key}", f"no known word; use {known}")
        tree[key] = int(words[word.lower()])
