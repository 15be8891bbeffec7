"""Addresses in Latin letters: street types in one spelling, unit and number apart, free text into parts."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

from mpi.records import StandardText
from mpi.standardise.characters import clean, letters_and_digits, without_accents
from mpi.standardise.latin import phonetic
from mpi.standardise.table_files import table_rows
from mpi.standardise.words import standard_word

_CACHED_VALUES = 1 << 16
_WORDS = re.compile(r"[^\W_]+")
_UNIT = re.compile(
    r"(?:\b(?:unit|flat|apartment|apt|suite|ste|room|rm|shop|villa|u)\b\.?\s*#?\s*|#\s*)([0-9]+[a-z]?|[a-z](?![a-z]))",
    re.IGNORECASE,
)
_UNIT_AND_NUMBER = re.compile(r"\s*([0-9]+[a-z]?)\s*/\s*([0-9]+[a-z]?(?:\s*-\s*[0-9]+)?)\b", re.IGNORECASE)
_NUMBER = re.compile(r"\s*(?:no\.?\s*|number\s*)?([0-9]+[a-z]?(?:\s*-\s*[0-9]+[a-z]?)?)\b", re.IGNORECASE)
_POSTCODE = re.compile(r"[\s,]+([0-9]{4,6}(?:-[0-9]{4})?)\s*$")
_STATE = re.compile(r"[\s,]+([A-Z]{2,3})\s*$")


class LatinParts(NamedTuple):
    room: str = ""
    number: str = ""
    road: str = ""
    locality: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""


@cache
def street_types() -> dict[str, str]:
    return {spelling: full for full, short in table_rows("street_types") for spelling in (full, *short.split())}


@lru_cache(_CACHED_VALUES)
def latin_road(text: str) -> StandardText | None:
    """``Giblin St.`` and ``giblin street`` alike; ``fold`` leaves the street type out. ``St`` in front is a saint."""
    words = _WORDS.findall(without_accents(clean(text)).casefold())
    types = street_types()
    for position in range(len(words) - 1, 0, -1):
        if full := types.get(words[position]):
            words[position] = full
            name = "".join(words[:position])
            whole = "".join(words)
            return StandardText(text=whole, sound=phonetic(whole), fold=phonetic(name))
    return standard_word(text)


def read_latin_address(text: str) -> LatinParts:
    """Free text such as ``Unit 3, 12 Main St., Springfield NSW 2000``."""
    rest, postcode, region = clean(text), "", ""
    if match := _POSTCODE.search(rest):
        postcode, rest = match[1], rest[: match.start()]
    if match := _STATE.search(rest):
        region, rest = match[1], rest[: match.start()]
    room = ""
    if match := _UNIT.search(rest):
        room, rest = match[1], f"{rest[: match.start()]},{rest[match.end() :]}"
    number = road = ""
    places: list[str] = []
    for segment in filter(letters_and_digits, rest.split(",")):
        after = segment.strip()
        if not road:
            unit, found, after = _leading_number(after) if not number else ("", "", after)
            room, number = room or unit, number or found
            road, after = _up_to_street_type(after, has_number=number != "")
        if after:
            places.append(after)
    places += ["", ""]
    return LatinParts(
        room=room, number=number, road=road, locality=places[0], city=places[1], region=region, postcode=postcode
    )


def _leading_number(segment: str) -> tuple[str, str, str]:
    """(unit, number, rest)."""
    if match := _UNIT_AND_NUMBER.match(segment):
        return match[1], match[2], segment[match.end() :]
    if match := _NUMBER.match(segment):
        return "", match[1], segment[match.end() :]
    return "", "", segment


def _up_to_street_type(text: str, *, has_number: bool) -> tuple[str, str]:
    """(road, words after it). Without a street type the road is all that follows a number, or nothing."""
    words = text.split()
    types = street_types()
    for position in range(1, len(words)):
        if letters_and_digits(words[position]) in types:
            return " ".join(words[: position + 1]), " ".join(words[position + 1 :])
    return (" ".join(words), "") if has_number else ("", " ".join(words))
