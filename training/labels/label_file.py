"""LABELS.csv: ``source_a, local_id_a, source_b, local_id_b, decision, steward, decided_at``, a decision a line."""

from __future__ import annotations

import csv
import datetime
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mpi.errors import InputError

COLUMNS = ("source_a", "local_id_a", "source_b", "local_id_b", "decision", "steward", "decided_at")
DECISIONS = {"same": True, "different": False}
LABEL_LIMIT = 1_000_000

Key = tuple[str, str]  # source, local_id


class Label(NamedTuple):
    """A decision on a pair; ``a`` < ``b``, whichever stood first."""

    a: Key
    b: Key
    same: bool
    steward: str
    decided_at: datetime.datetime


@dataclass(frozen=True)
class Labels:
    """The labels of a file. ``digest`` (32 hex digits) is of its bytes, so that a model can say which version it knows.

    ``replaced``: decisions that the same steward took back by a later one on the same pair; they are not in ``labels``.
    """

    labels: tuple[Label, ...]
    name: str
    digest: str
    replaced: int

    def keys(self) -> set[Key]:
        """Records that are labelled."""
        return {key for label in self.labels for key in (label.a, label.b)}


def read_labels(path: Path) -> Labels:
    """Read a file of labels. Raises InputError naming the line and column (never the value), and OSError."""
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(path.name, f"byte {error.start} is not UTF-8") from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if missing := [name for name in COLUMNS if name not in (reader.fieldnames or [])]:
        raise InputError(path.name, f"has no column '{missing[0]}'; labels need {', '.join(COLUMNS)}")
    latest: dict[tuple[Key, Key, str], Label] = {}
    count = 0
    for row in reader:
        label = _label(path.name, reader.line_num, row)
        key = (label.a, label.b, label.steward)
        if key not in latest or label.decided_at >= latest[key].decided_at:
            latest[key] = label
        count += 1
        if count > LABEL_LIMIT:
            raise InputError(path.name, f"holds more than {LABEL_LIMIT:,} labels")
    if not latest:
        raise InputError(path.name, "holds no label")
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    return Labels(tuple(latest.values()), path.name, digest, count - len(latest))


def _label(file: str, line: int, row: dict[str, str | None]) -> Label:
    cells = {name: (row[name] or "").strip() for name in COLUMNS}
    if empty := [name for name, cell in cells.items() if not cell]:
        raise InputError(file, f"line {line}: {empty[0]} is empty")
    if cells["decision"].casefold() not in DECISIONS:
        raise InputError(file, f"line {line}: decision must be same or different")
    a, b = sorted([(cells["source_a"], cells["local_id_a"]), (cells["source_b"], cells["local_id_b"])])
    if a == b:
        raise InputError(file, f"line {line}: both sides are the same record")
    try:
        decided_at = datetime.datetime.fromisoformat(cells["decided_at"])
    except ValueError:
        raise InputError(file, f"line {line}: decided_at is no ISO 8601 date and time") from None
    if decided_at.tzinfo is None:
        decided_at = decided_at.replace(tzinfo=datetime.UTC)
    return Label(a, b, DECISIONS[cells["decision"].casefold()], cells["steward"], decided_at)
