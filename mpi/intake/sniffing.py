"""What a sample of one column looks like, whatever the column is called.

Every guess has a floor: nine of ten filled cells must fit, and at least five must be filled. A guess is marked as one in the
proposed map, and a person decides.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import msgspec
from stdnum.cn import ric

from mpi.intake.formats import date_reader
from mpi.intake.words import SEXES
from mpi.records import Private

ENOUGH = 0.9
FEWEST = 5
MAX_WORDS = 12  # a column with more different values is no list of codes

DATE_FORMATS = (
    "%Y-%m-%d",
    "%Y%m%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y年%m月%d日",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%b %d, %Y",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y%m%d%H%M%S",
    "%Y-%m",
    "%Y年%m月",
    "%Y",
)
AMBIGUOUS = {"%d/%m/%Y": "%m/%d/%Y", "%m/%d/%Y": "%d/%m/%Y"}
NULLS = frozenset(
    {"NULL", "null", "NaN", "nan", "None", "none", "N/A", "n/a", "\\N", "#N/A", "无", "不详", "未知", "-", "--", "/"}
)
_HAN_NAME = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]{2,4}")
_MOBILE = re.compile(r"(?:\+?86[- ]?)?1[3-9]\d{9}")
_BRITISH_POSTCODE = re.compile(r"[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.\w+")
_RESIDENT_ID = re.compile(r"\d{15}|\d{17}[\dXx]")


class Sample(Private, frozen=True):
    """The filled cells of one column of the sample, without the words that mean "nothing"."""

    cells: tuple[str, ...]
    nulls: tuple[str, ...] = ()


class DateGuess(msgspec.Struct, frozen=True):
    """``formats`` by how many cells they add; ``unread`` cells of the sample fit none of them."""

    formats: tuple[str, ...]
    unread: int
    ambiguous: bool


def sample_of(cells: Sequence[str]) -> Sample:
    nulls = sorted({cell for cell in cells if cell in NULLS})
    return Sample(cells=tuple(cell for cell in cells if cell and cell not in NULLS), nulls=tuple(nulls))


def guess_target(sample: Sample) -> str:
    """A target as in ``headers`` for what the cells look like; "" for nothing in particular."""
    cells = sample.cells
    if len(cells) < FEWEST:
        return ""
    if _share(cells, _is_resident_id) >= ENOUGH:
        return "identifiers:resident_id"
    if _share(cells, lambda cell: bool(_MOBILE.fullmatch(cell))) >= ENOUGH:
        return "phones"
    if set(cells) <= {"男", "女", "男性", "女性"} or {cell.lower() for cell in cells} in ({"male", "female"}, {"m", "f"}):
        return "sex"
    if _share(cells, lambda cell: bool(_BRITISH_POSTCODE.fullmatch(cell))) >= ENOUGH:
        return "addresses.postcode"
    if _share(cells, lambda cell: bool(_EMAIL.fullmatch(cell))) >= ENOUGH:
        return "attributes.email"
    varied = len(set(cells)) >= 0.5 * len(cells)
    if varied and _share(cells, lambda cell: bool(_HAN_NAME.fullmatch(cell))) >= ENOUGH:
        return "names.text"
    return ""


def guess_dates(sample: Sample) -> DateGuess | None:
    """The formats of a column of dates; None where even together they read less than half of the cells."""
    left = Counter(sample.cells)
    total, chosen, ambiguous = sum(left.values()), list[str](), False
    readers = {text: date_reader([text]) for text in DATE_FORMATS}
    while left:
        fits = {text: sum(count for cell, count in left.items() if read(cell)) for text, read in readers.items()}
        best = max(DATE_FORMATS, key=lambda text: fits[text])
        if not fits[best]:
            break
        other = AMBIGUOUS.get(best)
        ambiguous |= other is not None and fits[other] == fits[best]
        chosen.append(best)
        left = Counter({cell: count for cell, count in left.items() if not readers[best](cell)})
        if other is not None:
            readers[other] = _nothing
    unread = sum(left.values())
    return DateGuess(tuple(chosen), unread, ambiguous) if chosen and unread <= total / 2 else None


def is_iso(sample: Sample) -> bool:
    """Whether every cell is a date or a time in ISO 8601, which needs no format; with a zone, no format could say it."""
    return bool(sample.cells) and all(map(_is_iso, sample.cells))


def unknown_words(sample: Sample) -> list[str] | None:
    """The codes for sex that no word list knows; None where there are so many that the column is no list of codes."""
    unknown = sorted({cell for cell in sample.cells if cell.lower() not in SEXES})
    return unknown if len(unknown) <= MAX_WORDS else None


def is_key(cells: Sequence[str]) -> bool:
    """Whether a column could number the rows: filled everywhere, no value twice."""
    return bool(cells) and all(cells) and len(set(cells)) == len(cells)


def _is_iso(cell: str) -> bool:
    try:
        return cell[4:5] == "-" and datetime.fromisoformat(cell) is not None
    except ValueError:
        return False


def _nothing(_cell: str) -> None:
    return None


def _share(cells: Sequence[str], fits: object) -> float:
    assert callable(fits)
    return sum(1 for cell in cells if fits(cell)) / len(cells)


def _is_resident_id(cell: str) -> bool:
    """18 digits with the right check digit, or 15 that hold a date. (stdnum's ``validate`` knows too few places.)"""
    if not _RESIDENT_ID.fullmatch(cell):
        return False
    if len(cell) == 15:
        return date_reader(["%Y%m%d"])("19" + cell[6:12]) is not None
    return bool(ric.calc_check_digit(cell) == cell[-1].upper())
