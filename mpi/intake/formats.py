"""Date formats of a MAP.toml: a spelled-out subset of ``strptime``, read into ISO 8601.

Only the codes below exist. Two-digit years are left out on purpose: "06" is a child or a centenarian, and a patient index
must not guess. A format without day, or without month and day, gives a partial date (``1980-05``, ``1980``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_CODES = {
    "%Y": r"(?P<year>\d{4})",
    "%m": r"(?P<month>\d{1,2})",
    "%d": r"(?P<day>\d{1,2})",
    "%b": r"(?P<name>[A-Za-z]{3})[A-Za-z]*\.?",
    "%H": r"(?P<hour>\d{1,2})",
    "%M": r"(?P<minute>\d{2})",
    "%S": r"(?P<second>\d{2})(?:\.\d+)?",
    "%%": "%",
}
_COMPACT = {"%m": r"(?P<month>\d{2})", "%d": r"(?P<day>\d{2})", "%H": r"(?P<hour>\d{2})"}  # no separator beside it
_TOKEN = re.compile(r"%.|.", re.DOTALL)

DateReader = Callable[[str], "str | None"]


def compile_format(text: str) -> re.Pattern[str]:
    """The regular expression of one format.

    Raises ValueError with a readable sentence for an unknown code, a code given twice, or a format without a year.
    """
    tokens = _TOKEN.findall(text)
    pattern = ""
    for place, token in enumerate(tokens):
        if token.startswith("%"):
            if token not in _CODES:
                raise ValueError(f"format code {token} is not known; use {' '.join(_CODES)} (no two-digit years)")
            beside = tokens[place - 1 : place] + tokens[place + 1 : place + 2]
            touches = any(other.startswith("%") for other in beside)
            pattern += _COMPACT.get(token, _CODES[token]) if touches else _CODES[token]
        else:
            pattern += r"\s+" if token == " " else re.escape(token)
    if "%Y" not in tokens:
        raise ValueError("a date format needs a four-digit year, %Y")
    try:
        return re.compile(pattern, re.ASCII)
    except re.error:
        raise ValueError("a format names the same part twice") from None


def date_reader(formats: Sequence[str]) -> DateReader:
    """A function that reads a cell by the first format that fits, into ISO 8601, or gives None where none fits.

    A date that does not exist (31 February) fits no format. Raises ValueError as ``compile_format`` does.
    """
    patterns = [compile_format(text) for text in formats]

    def read(cell: str) -> str | None:
        for pattern in patterns:
            found = pattern.fullmatch(cell)
            if found and (iso := _iso(found.groupdict())) is not None:
                return iso
        return None

    return read


def _iso(parts: dict[str, str | None]) -> str | None:
    """ISO 8601 of the parts of one match; None where no such day or time exists."""
    month = parts.get("month")
    if name := parts.get("name"):
        if name.lower() not in MONTHS:
            return None
        month = str(MONTHS.index(name.lower()) + 1)
    year, day = parts["year"] or "", parts.get("day")
    hour, minute, second = (int(parts.get(unit) or 0) for unit in ("hour", "minute", "second"))
    try:
        moment = datetime(int(year), int(month or 1), int(day or 1), hour, minute, second)
    except ValueError:
        return None
    if parts.get("hour") is not None:
        return moment.isoformat(timespec="seconds")
    if month is None:
        return year
    return moment.date().isoformat() if day is not None else f"{year}-{int(month):02}"
