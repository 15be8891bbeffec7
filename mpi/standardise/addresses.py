"""Addresses: parts as given, the rest read from free text, both in comparison form."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from operator import attrgetter

import msgspec

from mpi.records import Address, Private, StandardAddress
from mpi.standardise.characters import capitals_and_digits, clean, has_han, letters_and_digits
from mpi.standardise.divisions import division_code, division_names
from mpi.standardise.han_addresses import Pieces, read_detail, read_division, read_han_address, tidy
from mpi.standardise.latin_addresses import LatinParts, latin_road, read_latin_address
from mpi.standardise.placeholders import is_placeholder_address
from mpi.standardise.table_files import table_rows
from mpi.standardise.words import standard_word

_NOTHING = StandardAddress()
_TEXT_PARTS = ("text", "region", "city", "locality", "road", "house_number", "community", "building", "room")
_texts = attrgetter(*_TEXT_PARTS)
_structured_parts = attrgetter(*_TEXT_PARTS[1:])
_NO_PARTS = _structured_parts(Address())
_NUMBER_WORD = re.compile(r"^(?:no|number|unit|flat|apt|apartment|suite|shop|lot|room|rm|building|bldg)(?=\d)|^0+(?=\d)")


class AddressReading(Private, frozen=True, gc=False):
    address: StandardAddress | None = None
    placeholder: bool = False


def read_address(address: Address) -> AddressReading:
    """Standard form of one address; None where nothing is known. Given parts first, ``text`` fills what they leave open."""
    if _structured_parts(address) == _NO_PARTS:  # the common case
        placeholder = is_placeholder_address(address.text)
        parts = {"text": address.text} if address.text and not placeholder else {}
    else:
        given = {part: value for part, value in zip(_TEXT_PARTS, _texts(address), strict=True) if value}
        parts = {part: value for part, value in given.items() if not is_placeholder_address(value)}
        placeholder = len(parts) < len(given)
    code = given_division(address.division)
    postcode = capitals_and_digits(address.postcode) if address.postcode else ""
    postcode = "" if not postcode.strip("0") else postcode
    han = code or has_han("".join(parts.values()))
    standard = _han(parts, code, postcode) if han else _latin(parts, postcode)
    return AddressReading(standard if standard != _NOTHING else None, placeholder)


def given_division(text: str) -> int:
    """Today's code for a division as a record gives it; 0 where that is none."""
    digits = capitals_and_digits(text) if text else ""
    return division_code(digits) if digits else 0


def _han(parts: dict[str, str], code: int, postcode: str) -> StandardAddress:
    if "text" not in parts:
        detail = _given_pieces(parts, code)
    elif len(parts) == 1:
        detail = read_han_address(parts["text"], code)
    else:
        given = _given_pieces(parts, code)
        detail = _filled(given, read_han_address(parts["text"], given.division))
    region, city = division_names(detail.division) if detail.division else ("", "")
    return StandardAddress(
        text=detail.text(),
        division=detail.division,
        region=region,
        city=city,
        locality=standard_word(detail.town or detail.district),
        road=standard_word(detail.road),
        house_number=detail.number,
        community=standard_word(detail.community),
        building=detail.building or detail.group,
        room=detail.room,
        postcode=postcode,
    )


def _given_pieces(parts: dict[str, str], code: int) -> Pieces:
    """Pieces of the structured parts; ``code`` is the division given as a code."""
    places = tidy("".join(parts.get(part, "") for part in ("region", "city", "locality")))
    code, district, position = read_division(places, code)
    return read_detail(_detail_text(parts), code, district=district, town=places[position:])


def _detail_text(parts: dict[str, str]) -> str:
    """Given parts as one text in the spelling that ``read_detail`` reads."""
    number, building, room = (tidy(parts.get(part, "")) for part in ("house_number", "building", "room"))
    return "".join(
        (
            tidy(parts.get("road", "")),
            f"{number}号" if number[-1:].isdigit() else number,
            tidy(parts.get("community", "")),
            f"{building}栋" if building[-1:].isdigit() or len(building) == 1 else building,
            f"{room}室" if room[-1:].isdigit() and "-" not in room else room,
        )
    )


def _filled(given: Pieces, read: Pieces) -> Pieces:
    """Given pieces, those that are empty from the text. A finer division wins: both lie in one another."""
    missing = {field: getattr(read, field) for field in Pieces.__struct_fields__ if not getattr(given, field)}
    return msgspec.structs.replace(given, **{**missing, "division": read.division or given.division})


def _latin(parts: dict[str, str], postcode: str) -> StandardAddress:
    get = parts.get
    read = read_latin_address(parts["text"]) if "text" in parts else LatinParts()
    unit_and_number = get("house_number", "").split("/")
    room = get("room") or (unit_and_number[0] if len(unit_and_number) == 2 else "") or read.room
    road = latin_road(get("road") or read.road)
    community = standard_word(get("community", ""))
    number, building, room = _number(unit_and_number[-1] or read.number), _number(get("building", "")), _number(room)
    pieces = (road.text if road else "", number, community.text if community else "", building, room)
    return StandardAddress(
        text=" ".join(piece for piece in pieces if piece),
        region=_region(get("region") or read.region),
        city=_letters(get("city") or read.city),
        locality=standard_word(get("locality") or read.locality),
        road=road,
        house_number=number,
        community=community,
        building=building,
        room=room,
        postcode=postcode or read.postcode,
    )


def _number(text: str) -> str:
    """``No. 012A`` → ``12a``, ``12 - 14`` → ``12-14``."""
    if text.isdigit() and text.isascii():
        return text.lstrip("0")
    form = re.sub(r"[^\w-]+|_", "", clean(text).casefold())
    return _NUMBER_WORD.sub("", _NUMBER_WORD.sub("", form)).strip("-")


@lru_cache(1 << 12)
def _letters(text: str) -> str:
    return letters_and_digits(clean(text))


@cache
def _regions() -> dict[str, str]:
    return {full: short for short, names in table_rows("regions") for full in names.split()}


@lru_cache(1 << 10)
def _region(text: str) -> str:
    letters = letters_and_digits(clean(text))
    return _regions().get(letters, letters)
