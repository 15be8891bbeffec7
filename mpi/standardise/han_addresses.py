"""Chinese addresses: free text → division, township, road, number, community, building, unit, room.

The pieces are read from left to right, each at most once, and each has one spelling (12号, 3栋, 2单元), so that reading the
joined pieces again gives the same pieces. What fits nowhere is the community's name.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from mpi.records import Private
from mpi.standardise.characters import clean
from mpi.standardise.divisions import looked_at, match_division
from mpi.standardise.hanzi import is_simplified, simplify

_BRACKETS = re.compile(r"[(\[{【《<].*?[)\]}】》>]")
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])[\s,.、;:/_~—–－]+(?=[0-9a-z])")
_NOISE = re.compile(r"[^\w#-]+|_|(?<![0-9a-z])-+|-+(?![0-9a-z])")
NUMERALS = "一二三四五六七八九十百零两〇"
_COUNTED = "号|栋|幢|单元|室|楼|层|座|组|社(?!区)|队|弄"
_HAN_NUMBER = re.compile(f"[{NUMERALS}]+(?={_COUNTED})")
# What is tidy but for traditional characters: common Han characters, digits and small letters, one dash between two of these.
_PLAIN = f"[^\0-/:-`{{-\u4dff\ua000-\U0010ffff{NUMERALS}]"  # 0-9, a-z and U+4E00 to U+9FFF without the numerals
_TIDY = re.compile(f"(?:{_PLAIN}++|[{NUMERALS[:-1]}](?!{_COUNTED})|(?<=[0-9a-z])-(?=[0-9a-z]))*")
_HAN_DIGITS = str.maketrans("零〇一二两三四五六七八九", "001223456789")
_COUNTRY = re.compile("(?:中国|中华人民共和国)(?=..)")
_COUNTRY_START, _FILLER_STARTS = "中", ("市", "县")
_FILLER = re.compile(r"市辖区|县辖区|县(?=[^\d]{1,6}县)")

_DISTRICT = re.compile(r"[^\d]{1,6}?(?:自治县|新区|(?<![业园发小校厂社景街])区|县|市)(?!路|街|场|巷|大道|花园|域)")
_TOWN = re.compile(
    r"([^\d]{1,8}?(?:街道(?:办事处|办)?|地区办事处|镇|乡|苏木))(?!路|街|巷|大道|小区|花园|社区|[东西南北中]路)"
)
_OFFICE = re.compile("街道办事处|街道办")
_VILLAGE = re.compile(r"([^\d路街巷]{1,8}?(?:村民?委会|居委会|社区|村))(?!路|街|巷|大道|小区|公寓|[一二三四五六七八九]?区)")
_ROAD_NAME = r"([^\d]{1,10}?(?:大道|大街|公路|路|街(?!道|区)|巷|胡同|弄|道(?=\d|$)))"
_ROAD = re.compile(_ROAD_NAME + r"([^\d]{0,3}?(?:支路|支巷|巷|弄|横街|后街|段))?")
_DIGIT = re.compile(r"\d")
_NUMBER = r"(?:no)?(\d+[a-z]?(?:-\d+)?)(?:号(?![楼院线库桥桩门馆])(?:(?:附|之)(\d+)号?)?|弄(?:(\d+)号)?)"
_BARE_NUMBER = r"(\d+(?:-\d{1,2})?)(?![-\da-z#栋幢座单楼层室区期号组社弄])"
_TEAM = r"(\d+)(?:村民)?小?[组社队]"
_VILLAGE_TEAM = re.compile(_TEAM)
_ESTATE = r"[^\da-z#-]++|[a-z](?![座栋幢区]|\d|-)|\d+(?=[区期])"  # a piece of an estate's name
_NEVER = "(?!)"
_CACHED_BEGINNINGS = 1 << 16
OFFICES = ("社区", "居委会")  # of a village: behind a road or before an estate the office in charge, not the place


class Pieces(Private, frozen=True, gc=False):
    """Parts of one Chinese address as plain texts; ``division`` 0 and "" where unknown. ``group`` is a village team (3组)."""

    division: int = 0
    district: str = ""  # a district's name that no table resolves
    town: str = ""
    road: str = ""
    number: str = ""
    community: str = ""
    group: str = ""
    building: str = ""
    unit: str = ""
    floor: str = ""  # only where no room is known
    room: str = ""
    rest: str = ""

    def text(self) -> str:
        """The detailed pieces in fixed order and spelling."""
        return (
            self.road
            + (f"{self.number}号" if self.number else "")
            + self.community
            + (f"{self.group}组" if self.group else "")
            + (f"{self.building}栋" if self.building else "")
            + (f"{self.unit}单元" if self.unit else "")
            + (f"{self.floor}楼" if self.floor else "")
            + (f"{self.room}室" if self.room else "")
            + self.rest
        )


def tidy(text: str) -> str:
    """Simplified, lower case, no blanks and brackets, Han numerals before a unit as digits, one dash between digits."""
    if _TIDY.fullmatch(text) and is_simplified(text):  # the common case
        return text
    form = simplify(clean(text)).casefold()
    if "-" in form and form.replace("-", "").isalnum():
        form = _NOISE.sub("", form)
    elif not form.isalnum():
        form = _NOISE.sub("", _BETWEEN_DIGITS.sub("-", _BRACKETS.sub("", form)))
    return _HAN_NUMBER.sub(lambda number: str(numeral_value(number[0])), form)


def numeral_value(numeral: str) -> int:
    """二十三 → 23, 一百零五 → 105, 一二 → 12."""
    if "十" not in numeral and "百" not in numeral:
        return int(numeral.translate(_HAN_DIGITS))
    total = current = 0
    for digit in numeral:
        if digit in "十百":
            total += (current or 1) * (10 if digit == "十" else 100)
            current = 0
        else:
            current = int(digit.translate(_HAN_DIGITS))
    return total + current


def read_division(text: str, within: int = 0) -> tuple[int, str, int]:
    """Leading names of divisions in a tidied text → (code, unresolved district, where the rest begins)."""
    code, position, district = within, 0, ""
    if match := _COUNTRY.match(text):
        position = match.end()
    for _ in range(6):  # province, city and district, each perhaps twice
        found = match_division(text, position, code)
        if found is None:
            break
        code, position = found.code, position + found.length
        if code % 100:
            return code, "", position
        if filler := _FILLER.match(text, position):
            position = filler.end()
    if code % 100 == 0 and (match := _DISTRICT.match(text, position)) and not _TOWN.match(text, position):
        district, position = match[0], match.end()
    return code, district, position


def decided_division(text: str, within: int) -> tuple[int, int, int] | None:
    """How many leading characters decide ``read_division(text, within)`` whatever follows, its code, where the rest begins.

    None where all of the text may decide: where it leads to no county and the record names none.
    """
    code, position, end = within, 0, 1
    if text.startswith(_COUNTRY_START):
        return None
    for _ in range(6):
        end = max(end, looked_at(text, position, code), position + 1)
        found = match_division(text, position, code)
        if found is None:
            break
        code, position = found.code, position + found.length
        if code % 100:
            break
        if text.startswith(_FILLER_STARTS, position):
            return None
    end = max(end, position)
    return (end, code, position) if code % 100 and end <= len(text) else None


def read_han_address(text: str, within: int = 0) -> Pieces:
    """Read a free text; ``within`` is what a structured field already tells of the division."""
    form = tidy(text)
    code, district, position = read_division(form, within)
    return read_detail(form[position:], code, district=district)


@cache
def _detail(road: bool, team: bool) -> re.Pattern[str]:
    """What follows the names, in one pass: every part may be missing, so that this always matches and never goes back.

    Behind a road a bare number is its house number. A second village team is none.
    """
    return re.compile(
        rf"""
        (?: {_NUMBER} | {_NEVER if not road else ""} {_BARE_NUMBER} )?
        ( (?: {_ESTATE} ) (?: {_ESTATE} | (?<=\D)[a-z](?=区) )* )?
        (?(1) | (?(4) | (?(5) (?: {_NUMBER} )? )))  # the number behind the estate's name, where none stood before it
        (?: {_NEVER if team else ""} {_TEAM} )?
        -*
        (?: ( [a-z]?\d+[a-z]? | [a-z] ) (?: 号楼 | 号院 | 栋 | 幢 | 座 | \#楼? | 楼(?=\d+单元) ) -* )?  # building
        (?: ( \d+ | [a-z] ) (?: 单元 | 门(?=\d) ) -* )?  # unit
        (?: ( \d+ ) (?: 层 | 楼 | f(?![a-z]) ) -* )?  # floor
        (?: ( [a-z]?\d+[a-z]? ) ( (?: -[a-z]?\d+[a-z]? ){{1,3}} ) (?: 室 | 号 | 房 )?  # 3-2-1204
          | ( [a-z]?\d+[a-z]? ) (?: 室 | 号 | 房 | 户 )?  # room
        )?
        """,
        re.VERBOSE,
    )


def read_detail(rest: str, division: int, *, district: str, town: str = "") -> Pieces:
    """Read a tidied text without divisions; these are known already, and perhaps the town, unless another one is read."""
    first_digit = _DIGIT.search(rest)
    before = first_digit.start() if first_digit else len(rest)
    own_town, village, road, left = read_places(rest[:before])
    rest, group = left + rest[before:], ""
    if village and not (road or left) and (match := _VILLAGE_TEAM.match(rest)):
        group = match[1]
        road, rest = _read_road(rest[match.end() :])
    match = _detail(road != "", group != "").match(rest)
    assert match is not None
    number, annex, door, bare, estate, late, *of_late, team, building, unit, floor, first, further, room = match.groups("")
    if late:
        number, (annex, door) = late, of_late
    if annex or door:
        number = f"{number}-{annex or door}"
    if village.endswith(OFFICES) and (road or estate):
        village = ""
    if further:
        building, unit, room = _shorthand([first, *further[1:].split("-")], building, unit)
    if floor and room:
        floor, room = "", _floor_and_door(floor, room)
    return Pieces(
        division=division,
        district=district,
        town=own_town or town,
        road=road,
        number=number or bare,
        community=village + estate,
        group=group or team,
        building=building,
        unit=unit,
        floor=floor,
        room=room,
        rest=rest[match.end() :].replace("-", ""),
    )


@lru_cache(_CACHED_BEGINNINGS)
def read_places(text: str) -> tuple[str, str, str, str]:
    """(town, village, road, what is left) of what stands before the first digit: all doors of a street have it in common."""
    end = _town_end(text)
    return _OFFICE.sub("街道", text[:end]), *_read_after_town(text[end:])


def _town_end(text: str) -> int:
    """Where the name of a town ends that a text without divisions begins with; 0 without one."""
    match = _TOWN.match(text)
    return match.end() if match else 0


def _read_after_town(text: str) -> tuple[str, str, str]:
    """(village, road, what is left)."""
    village = ""
    if match := _VILLAGE.match(text):
        village, text = match[1], text[match.end() :]
    return village, *_read_road(text)


def _read_road(text: str) -> tuple[str, str]:
    """Road and what follows."""
    match = _ROAD.match(text)
    return (match[1] + (match[2] or ""), text[match.end() :]) if match else ("", text)


def _shorthand(parts: list[str], building: str, unit: str) -> tuple[str, str, str]:
    """``3-2-1204``, ``3-2-12-4``, ``3-1204``, after 3栋 ``12-4``: first what is missing, the room last."""
    if len(parts[-1]) <= 2 and (len(parts) > 2 or building or unit):  # floor and door, as Chongqing writes it
        room, parts = _floor_and_door(parts[-2], parts[-1]), parts[:-2]
    else:
        room, parts = parts[-1], parts[:-1]
    if parts and not building:
        building, parts = parts[0], parts[1:]
    if parts and not unit:
        unit = parts[0]
    return building, unit, room


def _floor_and_door(floor: str, door: str) -> str:
    return f"{floor}{door.zfill(2)}" if len(door) <= 2 else door
