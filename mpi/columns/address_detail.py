"""What follows the names in a Chinese address, as kernels: number, estate, team, building, unit, floor, room.

The grammar is the regular expression of ``mpi.standardise.han_addresses.read_detail``, whose parts each stand for themselves:
no part is ever given back for a later one. Within a part a shorter run of digits or a letter left out never helps either,
since what must follow is no digit, letter or dash; so each part is read straight on.

A text ends with two zeros, so that two characters can be looked at from any place. A part takes the place where it may begin
and returns where it ends: the same place where it is missing. ``starts`` and ``ends``
uint32[PIECES] hold where each piece stands; a missing one has the end 0.
"""

from __future__ import annotations

from mpi.columns.characters import Points
from mpi.columns.jit import inner, leaf

# Pieces, in the order of the standard text. STOREY is the floor that the name of a room begins with (12-4).
ROAD, NUMBER, ANNEX, VILLAGE, ESTATE, TEAM, BUILDING, UNIT, FLOOR, STOREY, ROOM, REST = range(12)
FIRST = 12  # to FIRST + 3: the parts of 3-2-12-4
PIECES = FIRST + 4

_ZERO, _NINE, _A, _Z, _DASH, _HASH, _F, _N, _O = (ord(character) for character in "09az-#fno")
_HAO, _NONG, _FU, _ZHI, _QU, _QI, _DONG, _ZHUANG, _ZUO, _DAN, _YUAN = (
    ord(character) for character in "号弄附之区期栋幢座单元"
)
_LOU, _CENG, _SHI, _ZU, _SHE, _DUI, _CUN, _MIN, _XIAO, _MEN, _FANG = (
    ord(character) for character in "楼层室组社队村民小门房"
)
_HU, _COURT, _LINE, _STORE, _BRIDGE, _POST, _HALL = (ord(character) for character in "户院线库桥桩馆")
_ROAD_ENDINGS = tuple(ord(character) for character in "道街路巷同弄")
_LONGEST_ROAD = 12  # characters that a road's name can have, its ending included


@leaf
def is_digit(point: int) -> bool:
    """0 to 9."""
    return _ZERO <= point <= _NINE


@leaf
def is_letter(point: int) -> bool:
    """a to z."""
    return _A <= point <= _Z


@leaf
def digits(s: Points, at: int) -> int:
    """``\\d*``."""
    while is_digit(s[at]):
        at += 1
    return at


@leaf
def dashes(s: Points, at: int) -> int:
    """``-*``."""
    while s[at] == _DASH:
        at += 1
    return at


@inner
def designation(s: Points, at: int) -> int:
    """``[a-z]?\\d+[a-z]?``: 12, a3, 3b."""
    start = at + 1 if is_letter(s[at]) else at
    end = digits(s, start)
    if end == start:
        return at
    return end + 1 if is_letter(s[end]) else end


@leaf
def _names_a_thing(point: int) -> bool:
    """Behind 号: 3号楼, 2号线, where the number is no house's."""
    building = point in (_LOU, _COURT, _LINE, _STORE)
    return building or point in (_BRIDGE, _POST, _MEN, _HALL)


@inner
def house_number(s: Points, at: int, starts: Points, ends: Points) -> int:
    """12号, 12-3号, 12号附3号, 12弄3号."""
    start = at + 2 if s[at] == _N and s[at + 1] == _O else at
    end = digits(s, start)
    if end == start:
        return at
    if is_letter(s[end]):
        end += 1
    if s[end] == _DASH:
        further = digits(s, end + 1)
        end = further if further > end + 1 else end
    if s[end] == _HAO and not _names_a_thing(s[end + 1]):
        starts[NUMBER], ends[NUMBER] = start, end
        end += 1
        annex = digits(s, end + 1) if s[end] in (_FU, _ZHI) else end
        if annex <= end + 1:
            return end
        starts[ANNEX], ends[ANNEX] = end + 1, annex
        return annex + 1 if s[annex] == _HAO else annex
    if s[end] == _NONG:
        starts[NUMBER], ends[NUMBER] = start, end
        end += 1
        door = digits(s, end)
        if door > end and s[door] == _HAO:
            starts[ANNEX], ends[ANNEX] = end, door
            return door + 1
        return end
    return at


@leaf
def _continues(point: int) -> bool:
    """What a bare number must not be followed by."""
    if point < _A:
        return is_digit(point) or point in (_DASH, _HASH)
    if is_letter(point) or point in (_DONG, _ZHUANG, _ZUO, _DAN, _LOU, _CENG, _SHI):
        return True
    return point in (_QU, _QI, _HAO, _ZU, _SHE, _NONG)


@inner
def bare_number(s: Points, at: int, starts: Points, ends: Points) -> int:
    """12, 12-3 behind a road, with nothing that says what is numbered."""
    end = digits(s, at)
    if end == at:
        return at
    if s[end] == _DASH and is_digit(s[end + 1]):
        end += 3 if is_digit(s[end + 2]) else 2
    if _continues(s[end]):
        return at
    starts[NUMBER], ends[NUMBER] = at, end
    return end


@leaf
def _letter_of_building(point: int) -> bool:
    """What follows a letter that is not an estate's: a座, b区, c12."""
    return is_digit(point) or point in (_DASH, _ZUO, _DONG, _ZHUANG, _QU)


@inner
def estate(s: Points, at: int, starts: Points, ends: Points) -> int:
    """An estate's name: anything but digits and letters, numbers of quarters (3区, 2期), letters of no building."""
    end = at
    while s[end] != 0:
        if is_digit(s[end]):
            number = digits(s, end)
            if s[number] not in (_QU, _QI):
                break
            end = number
        elif is_letter(s[end]):
            quarter = s[end + 1] == _QU and end > at  # 花园b区. No digit can stand before the letter: 区 or 期 follows it
            if _letter_of_building(s[end + 1]) and not quarter:
                break
        elif s[end] in (_DASH, _HASH):
            break
        end += 1
    if end > at:
        starts[ESTATE], ends[ESTATE] = at, end
    return end


@inner
def team(s: Points, at: int, starts: Points, ends: Points) -> int:
    """3组, 3村民小组, 3社, 3队."""
    number = digits(s, at)
    if number == at:
        return at
    end = number + 2 if s[number] == _CUN and s[number + 1] == _MIN else number
    if s[end] == _XIAO:
        end += 1
    if s[end] not in (_ZU, _SHE, _DUI):
        return at
    starts[TEAM], ends[TEAM] = at, number
    return end + 1


@leaf
def road_may_follow(s: Points, at: int) -> bool:
    """Whether a road's ending stands in the names from here on, so that they may be a road."""
    for i in range(at, at + _LONGEST_ROAD):
        if s[i] == 0 or is_digit(s[i]):
            return False
        if s[i] in _ROAD_ENDINGS:
            return True
    return False


@leaf
def _building_word(s: Points, at: int) -> int:
    """号楼, 号院, 栋, 幢, 座, #, #楼, and 楼 before a unit."""
    if s[at] == _HAO:
        return at + 2 if s[at + 1] in (_LOU, _COURT) else at
    if s[at] in (_DONG, _ZHUANG, _ZUO):
        return at + 1
    if s[at] == _HASH:
        return at + 2 if s[at + 1] == _LOU else at + 1
    if s[at] == _LOU:
        unit = digits(s, at + 1)
        return at + 1 if unit > at + 1 and s[unit] == _DAN and s[unit + 1] == _YUAN else at
    return at


@inner
def building(s: Points, at: int, starts: Points, ends: Points) -> int:
    """3栋, a座, 3#."""
    name = designation(s, at)
    if name == at and is_letter(s[at]):
        name = at + 1
    end = _building_word(s, name) if name > at else name
    if end == name:
        return at
    starts[BUILDING], ends[BUILDING] = at, name
    return dashes(s, end)


@inner
def unit(s: Points, at: int, starts: Points, ends: Points) -> int:
    """2单元, 2门302."""
    name = at + 1 if is_letter(s[at]) else digits(s, at)
    if name == at:
        return at
    if s[name] == _DAN and s[name + 1] == _YUAN:
        end = name + 2
    elif s[name] == _MEN and is_digit(s[name + 1]):
        end = name + 1
    else:
        return at
    starts[UNIT], ends[UNIT] = at, name
    return dashes(s, end)


@inner
def floor(s: Points, at: int, starts: Points, ends: Points) -> int:
    """3楼, 3层, 3f."""
    number = digits(s, at)
    if number == at or not (s[number] in (_CENG, _LOU) or (s[number] == _F and not is_letter(s[number + 1]))):
        return at
    starts[FLOOR], ends[FLOOR] = at, number
    return dashes(s, number + 1)


@inner
def room(s: Points, at: int, starts: Points, ends: Points) -> int:
    """1204室, or the shorthand 3-2-1204: its parts into FIRST, FIRST + 1 …, which ``read_shorthand`` tells apart."""
    end = designation(s, at)
    if end == at:
        return at
    starts[FIRST], ends[FIRST] = at, end
    for further in range(1, 4):
        more = designation(s, end + 1) if s[end] == _DASH else end
        if more <= end + 1:
            break
        starts[FIRST + further], ends[FIRST + further] = end + 1, more
        end = more
    if ends[FIRST + 1] == 0:
        starts[FIRST], ends[FIRST] = 0, 0
        starts[ROOM], ends[ROOM] = at, end
    called = s[end] in (_SHI, _HAO, _FANG) or (s[end] == _HU and ends[FIRST] == 0)
    return end + 1 if called else end


@inner
def read_shorthand(starts: Points, ends: Points) -> None:
    """3-2-1204, 3-2-12-4, 3-1204, behind 3栋 12-4: first what is missing, the room last, perhaps as floor and door."""
    parts = 2
    while parts < 4 and ends[FIRST + parts] > 0:
        parts += 1
    last = FIRST + parts - 1
    known = ends[BUILDING] > 0 or ends[UNIT] > 0
    starts[ROOM], ends[ROOM] = starts[last], ends[last]
    if ends[last] - starts[last] <= 2 and (parts > 2 or known):
        last -= 1
        starts[STOREY], ends[STOREY] = starts[last], ends[last]
    first = FIRST
    if first < last and ends[BUILDING] == 0:
        starts[BUILDING], ends[BUILDING] = starts[first], ends[first]
        first += 1
    if first < last and ends[UNIT] == 0:
        starts[UNIT], ends[UNIT] = starts[first], ends[first]


@inner
def read_floor_and_door(starts: Points, ends: Points) -> None:
    """A floor counts only where no room is known, or as the beginning of a room that is a door on it."""
    if ends[ROOM] > 0 and ends[FLOOR] > 0:
        if ends[STOREY] == 0 and ends[ROOM] - starts[ROOM] <= 2:
            starts[STOREY], ends[STOREY] = starts[FLOOR], ends[FLOOR]
        starts[FLOOR], ends[FLOOR] = 0, 0


@inner
def read_detail(s: Points, at: int, starts: Points, ends: Points) -> None:
    """Read ``s`` from ``at`` on into its pieces, of which the road and a village team before ``at`` are noted already."""
    start = at
    at = house_number(s, at, starts, ends)
    if at == start and ends[ROAD] > 0:
        at = bare_number(s, at, starts, ends)
    at = estate(s, at, starts, ends)
    if ends[NUMBER] == 0 and ends[ESTATE] > 0:
        at = house_number(s, at, starts, ends)
    if ends[TEAM] == 0:
        at = team(s, at, starts, ends)
    at = dashes(s, at)
    at = building(s, at, starts, ends)
    at = unit(s, at, starts, ends)
    at = floor(s, at, starts, ends)
    at = room(s, at, starts, ends)
    end = at
    while s[end] != 0:
        end += 1
    starts[REST], ends[REST] = at, end
    if ends[FIRST] > 0:
        read_shorthand(starts, ends)
    read_floor_and_door(starts, ends)
