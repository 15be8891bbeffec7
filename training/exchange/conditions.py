"""SQL conditions of a Splink model → what is asked of which column.

Splink keeps a comparison level as a piece of SQL, written by its own library in a handful of forms. Those are read; whatever
else stands there becomes OTHER, and the import says so.
"""

from __future__ import annotations

import re
from typing import NamedTuple

EXACT, REVERSED, SIMILARITY, EDITS, DAYS, OTHER = "exact", "reversed", "similarity", "edits", "days", "other"

SECONDS_A_DAY = 86_400
DAYS_OF = {"day": 1.0, "days": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25}


class Condition(NamedTuple):
    """``measure`` and its threshold: at least for SIMILARITY, at most for EDITS and DAYS; 0 where it has none."""

    measure: str
    threshold: float = 0.0


_IN_QUOTES = re.compile(r'"([^"]+)_([lr])"')
_BARE = re.compile(r"(?<![\w\"'.])([A-Za-z]\w*)_([lr])\b(?!\s*\()")
_CALLS = re.compile(r"([a-z_]\w*)\s*\(")
_HARMLESS = frozenset(
    {"lower", "upper", "trim", "cast", "try_cast", "try_strptime", "strptime", "to_date", "nullif", "abs", "epoch"}
)
_SIMILARITIES = "jaro_winkler_similarity|jaro_winkler|jaro_winkler_sim|jaro_similarity|jaro_sim|jaccard|jaccard_sim"
_DISTANCES = "levenshtein|damerau_levenshtein|levenshtein_distance|edit_distance"
_FORMS = (
    (SIMILARITY, re.compile(rf"(?:{_SIMILARITIES})\s*\(.*\)\s*>=\s*([\d.]+)")),
    (EDITS, re.compile(rf"(?:{_DISTANCES})\s*\(.*\)\s*<=\s*([\d.]+)")),
)
_EPOCHS = re.compile(r"abs\s*\(\s*epoch\s*\(.*\)\s*-\s*epoch\s*\(.*\)\s*\)\s*<=?\s*([\d.]+)")
_DIFFERENCE = re.compile(r"abs\s*\(\s*date_?diff\s*\(\s*(?:'(\w+)'\s*,)?.*\)\s*\)\s*<=?\s*([\d.]+)")


def read_condition(sql: str) -> dict[str, Condition]:
    """Column → condition. All hold together; a column whose condition cannot be read has OTHER. Empty for ELSE."""
    text = sql.strip()
    if text.upper() == "ELSE":
        return {}
    found: dict[str, Condition] = {}
    parts = split_top(text, "and")
    if _reversed(parts):
        return dict.fromkeys(columns_in(text), Condition(REVERSED))
    for part in parts:
        columns = columns_in(part)
        condition = _atom(part, columns)
        for column in columns:
            found[column] = Condition(OTHER) if column in found else condition
    return found


def columns_in(sql: str) -> list[str]:
    """Columns that a condition compares, each once."""
    quoted = [name for name, _ in _IN_QUOTES.findall(sql)]
    bare = [name for name, _ in _BARE.findall(_IN_QUOTES.sub("", sql))]
    return list(dict.fromkeys([*quoted, *bare]))


def split_top(sql: str, word: str) -> list[str]:
    """The parts that ``word`` joins outside of parentheses and quotes; outer parentheses are taken off."""
    text = unwrapped(sql)
    parts, start, depth, quote = [], 0, 0, ""
    pattern = re.compile(rf"\s{word}\s", re.IGNORECASE)
    place = 0
    while place < len(text):
        letter = text[place]
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in "()":
            depth += 1 if letter == "(" else -1
        elif depth == 0 and (found := pattern.match(text, place)):
            parts.append(text[start:place])
            start = place = found.end()
            continue
        place += 1
    return [unwrapped(part) for part in (*parts, text[start:])]


def unwrapped(sql: str) -> str:
    """Without the parentheses that enclose all of it."""
    text = sql.strip()
    while text.startswith("(") and _closes(text) == len(text) - 1:
        text = text[1:-1].strip()
    return text


def _closes(text: str) -> int:
    """Where the parenthesis at the beginning is closed; −1 if it is not."""
    depth, quote = 0, ""
    for place, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in "()":
            depth += 1 if letter == "(" else -1
            if depth == 0:
                return place
    return -1


def _reversed(parts: list[str]) -> bool:
    """Two columns, each equal to the other's other side."""
    return len(parts) in (1, 2) and all(
        len(columns_in(part)) == 2 and part.count("=") == 1 and not _calls(part) and len(split_top(part, "or")) == 1
        for part in parts
    )


def _calls(sql: str) -> set[str]:
    """Functions that change what is compared."""
    return {name for name in _CALLS.findall(sql.lower()) if name not in _HARMLESS}


def _atom(sql: str, columns: list[str]) -> Condition:
    """One condition on one column."""
    text = sql.lower()
    if len(columns) != 1 or len(split_top(sql, "or")) > 1:
        return Condition(OTHER)
    for measure, form in _FORMS:
        if (found := form.fullmatch(text)) and len(_calls(text)) == 1:
            return Condition(measure, float(found[1]))
    if found := _EPOCHS.fullmatch(text):
        return Condition(DAYS, float(found[1]) / SECONDS_A_DAY)
    if (found := _DIFFERENCE.fullmatch(text)) and (found[1] or "day") in DAYS_OF:
        return Condition(DAYS, float(found[2]) * DAYS_OF[found[1] or "day"])
    if text.count("=") == 1 and not set("<>!") & set(text) and not _calls(text):
        return Condition(EXACT)
    return Condition(OTHER)
