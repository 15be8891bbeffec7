"""Blocking rules of Splink → ours and back: equal columns, beginnings, years, phonetic codes, exchanged names."""

from __future__ import annotations

import re

from mpi.linkage.blocking import BEGINNING_LENGTH
from mpi.linkage.model import Feature, Model
from training.exchange.conditions import split_top

ENDING_LENGTH = 7  # digits of a telephone number

_SIDES = re.compile(r"(?<![\w\"])\"?([lr])\"?\.(?:\"([^\"]+)\"|(\w+))")
_EQUAL = re.compile(r"@\d+")
_BEGINNING = re.compile(r"(?:substr|substring|left)\(@(?:,(\d+))?,(\d+)\)")
_PLAIN = re.compile(r"(?:lower|upper|trim)\(@\)|@")
_YEAR = re.compile(
    r"(?:year\((?:cast\(@asdate\)|@)\)|date_part\('year',@\)|extract\(yearfrom@\)|strftime\(@,'%y'\)|(?:substr|substring)\(@,1,4\)|left\(@,4\))"
)
_SOUND = re.compile(r"(?:dmetaphone|metaphone|soundex|double_metaphone|dmetaphone_alt)\(@\)")  # fmt: skip


def read_rule(sql: str, features: dict[str, Feature]) -> tuple[tuple[str, ...], str]:
    """(terms of our rule, what is not the same about it); no terms where the rule cannot be said in our way.

    ``features``: column → feature.
    """
    parts = split_top(sql, "and")
    if swapped := _swapped_names(parts, features):
        return swapped, ""
    terms, notes = [], []
    for part in parts:
        term, note = _term(part, features)
        if not term:
            return (), note
        terms.append(term)
        notes += [note] if note else []
    return tuple(dict.fromkeys(terms)), "; ".join(notes)


def _term(sql: str, features: dict[str, Feature]) -> tuple[str, str]:
    sides = sql.split("=")
    columns = [column for part in _SIDES.finditer(sql) for column in (part[2] or part[3],)]
    if len(sides) != 2 or set("<>!") & set(sql) or len(set(columns)) != 1:
        return "", "is no equality of one column with itself"
    if columns[0] not in features:
        return "", f"asks for {columns[0]}, which is not compared"
    feature = features[columns[0]]
    forms = {_SIDES.sub("@", side).replace(" ", "").lower() for side in sides}
    if len(forms) != 1:
        return "", "is no equality of one column with itself"
    return _with_transform(feature, forms.pop())


def _with_transform(feature: Feature, form: str) -> tuple[str, str]:
    """A term for a feature whose two sides both have the form, @ standing for the value."""
    if _PLAIN.fullmatch(form):
        return feature.name, ""
    if feature.kind == "date" and _YEAR.fullmatch(form):
        return f"{feature.name}.year", ""
    if feature.kind == "name" and _SOUND.fullmatch(form):
        return f"{feature.name}.sound", f"{feature.name}: our phonetic code is another one"
    if feature.kind == "phone" and form == f"right(@,{ENDING_LENGTH})":
        return f"{feature.name}.ending", ""
    found = _BEGINNING.fullmatch(form)
    if found and feature.kind == "name" and (found[1] or "1") == "1":
        length = int(found[2])
        if length >= BEGINNING_LENGTH:
            note = f"{feature.name}: the first {BEGINNING_LENGTH} letters instead of {length}"
            return f"{feature.name}.beginning", note if length > BEGINNING_LENGTH else ""
        return "", f"{feature.name}: fewer than {BEGINNING_LENGTH} letters are no key of ours"
    return "", f"{feature.name}: we have no key of this kind"


def _swapped_names(parts: list[str], features: dict[str, Feature]) -> tuple[str, ...]:
    """Given and family name exchanged, both ways: our bag of names holds for either order."""
    if len(parts) != 2:
        return ()
    for part in parts:
        columns = [part_[2] or part_[3] for part_ in _SIDES.finditer(part)]
        kinds = [features[column].source for column in columns if column in features]
        if sorted(kinds) != ["family", "given"] or part.count("=") != 1:
            return ()
    given = next(feature for feature in features.values() if feature.source == "given")
    return (f"{given.name}.bag",)


def write_rule(model: Model, rule: tuple[str, ...], columns: dict[str, str]) -> tuple[str, str]:
    """(SQL of a rule of ours, what is not the same about it); no SQL where DuckDB cannot say it. ``columns``: by feature."""
    parts, notes = [], []
    for term in rule:
        name, _, transform = term.partition(".")
        column = columns[name]
        if transform in ("", "value"):
            parts.append(f'l."{column}" = r."{column}"')
        elif transform == "beginning":
            cut = f"1, {BEGINNING_LENGTH}"
            parts.append(f'SUBSTRING(l."{column}", {cut}) = SUBSTRING(r."{column}", {cut})')
        elif transform == "year":
            parts.append(f'SUBSTRING(l."{column}", 1, 4) = SUBSTRING(r."{column}", 1, 4)')
        elif transform == "month_day":
            parts.append(f"right(replace(l.\"{column}\", '-', ''), 4) = right(replace(r.\"{column}\", '-', ''), 4)")
        elif transform == "ending":
            parts.append(f'right(l."{column}", {ENDING_LENGTH}) = right(r."{column}", {ENDING_LENGTH})')
        elif transform in ("sound", "fold"):
            parts.append(f'l."{column}" = r."{column}"')
            notes.append(f"{term}: DuckDB has no phonetic code; equal values only")
        elif transform == "bag":
            other = columns[model.features[model.column(name)].counterpart]
            parts.append(f'l."{column}" = r."{other}" AND l."{other}" = r."{column}"')
        else:
            return "", f"{term}: no SQL for it"
    return " AND ".join(f"({part})" for part in parts), "; ".join(notes)
