"""Reads the free text of a Chinese address in a kernel: its standard text and its division.

    bytes ─ tidied ─▶ beginning ─ book ─▶ division, village, road (``_placed``)
                         └─ from the first digit on ─ address_detail ─▶ pieces ─ written in order ─▶ standard text

``mpi.standardise.addresses.read_address`` is the definition; what leaves the common forms is IRREGULAR and left to it.
"""

from __future__ import annotations

import numpy as np

from mpi.columns.address_book import (
    ABSENT,
    AFTER_TOWN,
    DIVISION,
    DIVISIONS,
    FLAGS,
    KEY_LENGTH,
    LEFT_START,
    LONGEST_BEGINNING,
    LONGEST_DIVISION,
    NEVER,
    OFFICE,
    OTHER,
    PLACEHOLDER,
    REST_START,
    ROAD_START,
    TOWN,
    VILLAGE_START,
    WHOLE,
    WITHOUT_TOWN,
    AddressBook,
    find,
    find_start,
)
from mpi.columns.address_characters import (
    BETWEEN,
    CHANGED,
    CLOSING,
    DASH,
    HAN,
    NOISE,
    NUMERAL,
    OPENING,
    REJECTED,
    REMOVED,
    fold,
    numerals_as_digits,
    remove_punctuation,
)
from mpi.columns.address_detail import (
    ANNEX,
    BUILDING,
    ESTATE,
    FIRST,
    FLOOR,
    NUMBER,
    PIECES,
    REST,
    ROAD,
    ROOM,
    STOREY,
    TEAM,
    UNIT,
    VILLAGE,
    is_digit,
    read_detail,
    road_may_follow,
    team,
)
from mpi.columns.characters import Bytes, Points, decode
from mpi.columns.jit import inner, wide
from mpi.columns.layout import Raw

READ, IRREGULAR, UNKNOWN = 0, 1, 2  # statuses

LONGEST = 200  # code points of a text as received; no address comes near
SCRATCH = 1_000  # code points that ``points`` must hold
ROOM_FOR_TEXT = 2 * LONGEST + 32  # code points that the standard text can have: one numeral may become two, and the words
_STARTS = 4 * LONGEST + 8  # in the scratch: behind the text as received, as folded, and tidied, which may be twice as long
_ENDS = _STARTS + PIECES
assert _ENDS + PIECES <= SCRATCH

_NOT_AS_RECEIVED = CHANGED | DASH | NOISE | BETWEEN | OPENING | CLOSING
_DASH, _ZERO = ord("-"), ord("0")
_NAMES = {ANNEX: "号", TEAM: "组", BUILDING: "栋", UNIT: "单元", FLOOR: "楼", ROOM: "室"}  # what is written behind a piece
_WORDS = np.array([[ord(name) for name in _NAMES.get(piece, "").ljust(2, "\0")] for piece in range(FIRST)], np.uint32)
_NAMED = np.array([NUMBER if piece == ANNEX else piece for piece in range(FIRST)])  # 号 stands behind the annex, if any


@inner
def _tidied(book: AddressBook, points: Points, count: int) -> tuple[int, int, int]:
    """(start, end, parts seen) of the tidied form of points[:count], which is written behind them, with two zeros at its end.

    The end is −1 where the form is unknown.
    """
    form = points[count:]
    seen = fold(book.characters, points, count, form)
    if seen & REJECTED != 0:
        return 0, -1, seen
    left = count
    if seen & (REMOVED | DASH) != 0:
        left = remove_punctuation(book.characters, form, count)
    start = count
    if seen & NUMERAL != 0:
        start = 2 * count
        left = numerals_as_digits(book.characters, form, left, points[start:])
        if left < 0:
            return 0, -1, seen
    points[start + left] = points[start + left + 1] = 0
    return start, start + left, seen


@inner
def _write_text(s: Points, starts: Points, ends: Points, text: Points) -> int:
    """The pieces in fixed order and spelling, as ``Pieces.text``; returns the length."""
    at = wide(0)
    for piece in range(FIRST):
        if ends[piece] > 0:
            if piece == ANNEX:
                text[at] = _DASH
                at += 1
            if piece == ROOM and ends[STOREY] > 0 and ends[ROOM] - starts[ROOM] == 1:
                text[at] = _ZERO
                at += 1
            for i in range(starts[piece], ends[piece]):
                if piece != REST or s[i] != _DASH:
                    text[at] = s[i]
                    at += 1
        if ends[_NAMED[piece]] > 0:
            for word in _WORDS[piece]:
                if word > 0:
                    text[at] = word
                    at += 1
    return at


@inner
def _placed(book: AddressBook, s: Points, count: int, given: Bytes) -> tuple[int, int, int]:
    """(entry that tells the places, what they are counted from, division) of a beginning of ``count`` code points.

    The entry is ABSENT where the beginning must be taught, OTHER where it cannot be.
    """
    found = find_start(book, DIVISIONS, s, count, given)
    if found == ABSENT:
        whole = find(book, WHOLE, s, count, given)
        return whole, wide(0), wide(book.entries[max(whole, 0), DIVISION])
    rest = wide(book.entries[found, REST_START])
    none = given[:0]
    town = find_start(book, TOWN, s[rest:], count - rest, none)
    at, kind = rest, wide(WITHOUT_TOWN)
    if town != ABSENT:
        at, kind = rest + wide(book.entries[town, KEY_LENGTH]), wide(AFTER_TOWN)
    return find(book, kind, s[at:], count - at, none), at, wide(book.entries[found, DIVISION])


@inner
def _read_pieces(book: AddressBook, entry: int, at: int, s: Points, starts: Points, ends: Points) -> bool:
    """Pieces of the tidied text ``s`` whose places are known as ``entry``, counted from ``at``; False where not read here."""
    for piece in range(PIECES):
        ends[piece] = 0
    village, road, left = (
        at + wide(book.entries[entry, VILLAGE_START]),
        at + wide(book.entries[entry, ROAD_START]),
        at + wide(book.entries[entry, LEFT_START]),
    )
    if road > village:
        starts[VILLAGE], ends[VILLAGE] = village, road
    if left > road:
        starts[ROAD], ends[ROAD] = road, left
    elif road > village and is_digit(s[left]):
        left = team(s, left, starts, ends)
        if ends[TEAM] > 0 and road_may_follow(s, left):
            return False
    read_detail(s, left, starts, ends)
    if wide(book.entries[entry, FLAGS]) & OFFICE != 0 and (ends[ROAD] > 0 or ends[ESTATE] > 0):
        ends[VILLAGE] = 0
    return True


@inner
def read_address(book: AddressBook, raw: Raw, q: int, at: int, points: Points, text: Points) -> tuple[int, int, int]:
    """(status, length, division) of the address whose text's span begins at column ``at`` of record ``q``.

    ``points`` uint32[≥ SCRATCH] is scratch. With READ, ``text`` uint32[≥ ROOM_FOR_TEXT] holds the code points of
    ``StandardAddress.text`` and ``division`` is that of the standard address (0 unknown). UNKNOWN: teach the book this
    address (``AddressLessons.teach``) and ask again. IRREGULAR: only ``standardise`` can tell.
    """
    if raw.cells[q, at + 1] > 3 * LONGEST or raw.cells[q, at + 3] > LONGEST_DIVISION:
        return IRREGULAR, 0, 0
    count = decode(raw.data, wide(raw.cells[q, at]), wide(raw.cells[q, at + 1]), points)
    given = raw.data[raw.cells[q, at + 2] : raw.cells[q, at + 2] + raw.cells[q, at + 3]]
    if count > LONGEST:
        return IRREGULAR, 0, 0
    start, end, seen = _tidied(book, points, count)
    if end < start or (count > 0 and seen & HAN == 0):
        return IRREGULAR, 0, 0
    first_digit = start
    while first_digit < end and not is_digit(points[first_digit]):
        first_digit += 1
    # Without digits it may be a placeholder, which is looked up as received.
    if first_digit - start > LONGEST_BEGINNING or (first_digit == end and seen & _NOT_AS_RECEIVED != 0):
        return IRREGULAR, 0, 0
    entry, at_places, division = _placed(book, points[start:], first_digit - start, given)
    if entry == ABSENT:
        return UNKNOWN, 0, 0
    unread = NEVER | PLACEHOLDER if first_digit == end else NEVER
    if entry == OTHER or wide(book.entries[entry, FLAGS]) & unread != 0:
        return IRREGULAR, 0, 0
    s, starts, ends = points[start:], points[_STARTS:], points[_ENDS:]
    if not _read_pieces(book, entry, at_places, s, starts, ends):
        return IRREGULAR, 0, 0
    written = _write_text(s, starts, ends, text)
    # Where nothing of both is known there may be no address at all.
    return (READ if written > 0 or division != 0 else IRREGULAR), written, division
