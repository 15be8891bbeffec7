"""Reads the free text of a Chinese address in a kernel: its standard text and its division.

    bytes ─ tidied ─▶ beginning ─ book ─▶ division ─ address_places ─▶ village, road
                         └─ from the first digit on ─ address_detail ─▶ pieces ─ written in order ─▶ standard text

``mpi.standardise.addresses.read_address`` is the definition; what leaves the common forms is IRREGULAR and left to it.
"""

from __future__ import annotations

import numpy as np

from mpi.columns.address_book import (
    ABSENT,
    DIVISION,
    FLAGS,
    LONGEST_BEGINNING,
    LONGEST_DIVISION,
    NEVER,
    OTHER,
    PLACEHOLDER,
    REST_START,
    WHOLE,
    AddressBook,
    find,
    find_divisions,
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
from mpi.columns.address_places import is_office, read_places
from mpi.columns.characters import Points, decode
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
def _read_pieces(s: Points, start: int, count: int, starts: Points, ends: Points) -> bool:
    """Pieces of the tidied text ``s``, whose divisions end at ``start`` and first digit stands at ``count``.

    False where it is not read here.
    """
    for piece in range(PIECES):
        ends[piece] = 0
    village, road, left = read_places(s, start, count)
    if road > village:
        starts[VILLAGE], ends[VILLAGE] = village, road
    if left > road:
        starts[ROAD], ends[ROAD] = road, left
    elif road > village and is_digit(s[left]):
        left = team(s, left, starts, ends)
        if ends[TEAM] > 0 and road_may_follow(s, left):
            return False
    read_detail(s, left, starts, ends)
    if is_office(s, village, road) and (ends[ROAD] > 0 or ends[ESTATE] > 0):
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
    s, starts, ends, before = points[start:], points[_STARTS:], points[_ENDS:], first_digit - start
    entry = find_divisions(book, s, before, given)
    if entry == ABSENT:
        entry = find(book, wide(WHOLE), s, before, given)
    if entry == ABSENT:
        return UNKNOWN, 0, 0
    unread = NEVER | PLACEHOLDER if first_digit == end else NEVER
    if entry == OTHER or wide(book.entries[entry, FLAGS]) & unread != 0:
        return IRREGULAR, 0, 0
    if not _read_pieces(s, wide(book.entries[entry, REST_START]), before, starts, ends):
        return IRREGULAR, 0, 0
    written = _write_text(s, starts, ends, text)
    division = wide(book.entries[entry, DIVISION])
    # Where nothing of both is known there may be no address at all.
    return (READ if written > 0 or division != 0 else IRREGULAR), written, division
