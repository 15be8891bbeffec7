"""What stands before the first digit of an address (重庆市万州区黄岭正街) repeats: it is read once by Python, then looked up.

A lesson is learnt for a beginning together with the division that the record gives, since both decide what the names mean.
All of road and village are parts of the beginning, so that an entry tells only where they stand.
"""

from __future__ import annotations

import re
import threading
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.columns.address_characters import Characters, characters
from mpi.columns.characters import Bytes, Points
from mpi.columns.jit import inner, kernel, leaf, wide
from mpi.linkage.blocking import mix
from mpi.linkage.hashtable import SEGMENTS, Table, arena_slots, get, prepare, put
from mpi.linkage.jit import direct
from mpi.standardise.addresses import given_division
from mpi.standardise.han_addresses import OFFICES, read_division, read_places, tidy
from mpi.standardise.placeholders import is_placeholder_address

CAPACITY = 1 << 17  # entries
LONGEST_BEGINNING, LONGEST_DIVISION = 64, 24  # code points, bytes
_POINTS_PER_ENTRY = 32  # room for the keys; a book with longer ones is full sooner

# Columns of an entry. A village ends where the road begins, and the road where what is left begins.
KEY, KEY_LENGTH, GIVEN_LENGTH, FLAGS, DIVISION, VILLAGE_START, ROAD_START, LEFT_START = range(8)
ENTRY_WIDTH = 8
NEVER = 1  # what follows the beginning decides what it means: never read by the kernel
OFFICE = 2  # the village is an office
PLACEHOLDER = 4  # with nothing behind it the beginning is a placeholder

_DIGIT = re.compile("[0-9]")
_COUNTRY = "中"  # how a country's name begins: the only name whose reading depends on what follows it


class AddressBook(NamedTuple):
    """Known beginnings as the kernels see them; append-only, so that it may be read while it is taught.

    characters  uint32[65536]   see ``address_characters``
    table       hash of the beginning and the given division → entry
    entries     int32[E, 8]     see the column names above
    keys        uint32[K]       of each entry its beginning and the bytes of its given division
    """

    characters: Characters
    table: Table
    entries: npt.NDArray[np.int32]
    keys: Points

    def __repr__(self) -> str:
        return "AddressBook(…)"


def empty_book(capacity: int) -> AddressBook:
    """A book for ``capacity`` entries; memory is used only as it fills."""
    table = Table(np.zeros((arena_slots(capacity), 2), np.int64), np.zeros((SEGMENTS + 1, 2), np.int64))
    prepare(table)
    keys = np.zeros(capacity * _POINTS_PER_ENTRY + LONGEST_BEGINNING + LONGEST_DIVISION, np.uint32)
    return AddressBook(characters(), table, np.zeros((capacity, ENTRY_WIDTH), np.int32), keys)


@inner
def key_of(beginning: Points, count: int, given: Bytes) -> int:
    """Key of the first ``count`` code points, each below 65,536, and the bytes of the given division."""
    hashed, packed = np.uint64(count), np.uint64(0)
    for i in range(count):
        packed = packed << np.uint64(16) | np.uint64(beginning[i])
        if i & 3 == 3:
            hashed, packed = mix(hashed, packed), np.uint64(0)
    hashed, packed = mix(hashed, packed), np.uint64(len(given))
    for i in range(len(given)):
        packed = packed << np.uint64(8) | np.uint64(given[i])
        if i & 7 == 7:
            hashed, packed = mix(hashed, packed), np.uint64(0)
    return wide(mix(hashed, packed) | np.uint64(1))


@leaf
def _is_key(book: AddressBook, entry: int, beginning: Points, count: int, given: Bytes) -> bool:
    at = wide(book.entries[entry, KEY])
    if book.entries[entry, KEY_LENGTH] != count or book.entries[entry, GIVEN_LENGTH] != len(given):
        return False
    differing = 0
    for i in range(count):
        differing |= book.keys[at + i] ^ beginning[i]
    for i in range(len(given)):
        differing |= book.keys[at + count + i] ^ given[i]
    return differing == 0


ABSENT, OTHER = -1, -2


@inner
def find(book: AddressBook, beginning: Points, count: int, given: Bytes) -> int:
    """Entry of a beginning of ``count`` code points; ABSENT, or OTHER where another one has the same hash."""
    entry = get(book.table, key_of(beginning, count, given))
    if entry == -1:
        return ABSENT
    return entry if _is_key(book, entry, beginning, count, given) else OTHER


@kernel
def _enter(book: AddressBook, entry: int, beginning: Points, given: Bytes, lesson: npt.NDArray[np.int32]) -> bool:
    """Write ``lesson`` int32[8], with the key's place in it, as an entry. False where the book knows the key or its hash."""
    if find(book, beginning, len(beginning), given) != ABSENT:
        return False
    at = wide(lesson[KEY])
    for i in range(len(beginning)):
        book.keys[at + i] = beginning[i]
    for i in range(len(given)):
        book.keys[at + len(beginning) + i] = given[i]
    for column in range(ENTRY_WIDTH):
        book.entries[entry, column] = lesson[column]
    put(book.table, key_of(beginning, len(beginning), given), entry)
    return True


class AddressLessons:
    """Owns the book and teaches it; may be asked from several threads.

    ``book`` is the book as it is now, with ``entries`` in it. A full one is left behind for an empty one; who is reading the
    old one may go on.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        assert capacity > 0
        self._capacity = capacity
        self._lock = threading.Lock()
        self._key_points = 0
        self.entries = 0
        self.book = empty_book(capacity)

    def teach(self, text: str, division: str) -> None:
        """Learn the beginning of an address text with the division given beside it, both as received."""
        form = tidy(text)
        digit = _DIGIT.search(form)
        beginning, given = form[: digit.start()] if digit else form, division.encode()
        if len(beginning) > LONGEST_BEGINNING or len(given) > LONGEST_DIVISION or max(beginning, default="") > "\uffff":
            return  # nor does the kernel ask for it
        points = np.array([ord(character) for character in beginning], np.uint32)
        lesson = np.array([0, len(beginning), len(given), *_lesson(beginning, division)], np.int32)
        with self._lock:
            if self.entries == self._capacity or self._key_points >= self._capacity * _POINTS_PER_ENTRY:
                self.entries = self._key_points = 0
                self.book = empty_book(self._capacity)
            lesson[KEY] = self._key_points
            if _entry()(self.book, self.entries, points, np.frombuffer(given, np.uint8).copy(), lesson):
                self.entries += 1
                self._key_points += len(points) + len(given)


@cache
def _entry() -> Any:
    """Compiled _enter without Numba's dispatcher, which takes longer than the reading."""
    none = np.zeros(0, np.uint32)
    _enter(empty_book(1), 0, none, np.zeros(0, np.uint8), np.zeros(ENTRY_WIDTH, np.int32))
    return direct(_enter)


def _lesson(beginning: str, division: str) -> tuple[int, int, int, int, int]:
    """Flags, division, and where village, road and what is left begin."""
    given = given_division(division)
    code, _, position = read = read_division(beginning, given)
    if beginning.startswith(_COUNTRY) and read != read_division(
        beginning + "00", given
    ):  # 中国 with two characters behind it
        return NEVER, 0, 0, 0, 0
    _, village, road, left = read_places(beginning[position:])
    left_start = len(beginning) - len(left)
    road_start = left_start - len(road)
    village_start = road_start - len(village)
    assert beginning[village_start:] == village + road + left
    office = OFFICE if village.endswith(OFFICES) else 0
    placeholder = PLACEHOLDER if is_placeholder_address(beginning) else 0
    return office | placeholder, code, village_start, road_start, left_start
