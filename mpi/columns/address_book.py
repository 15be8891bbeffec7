"""What stands before the first digit of an address (重庆市万州区黄岭正街) repeats: it is read once by Python, then looked up.

Its parts are learnt apart wherever a part can be told whatever follows it: the divisions (together with the division that the
record gives, since both decide what the names mean), the town, and the rest. Otherwise it is learnt as a whole.
All of road and village are parts of the beginning, so that an entry tells only where they stand.

    beginning ─ DIVISIONS ─▶ rest ─ TOWN ─▶ AFTER_TOWN ─▶ where village, road and what is left begin
        └─ WHOLE ─▶ …          └─ WITHOUT_TOWN ─▶ …
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from functools import cache, lru_cache
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
from mpi.standardise.han_addresses import BESIDE_TOWN, OFFICES, decided_division, read_division, read_places, tidy, town_end
from mpi.standardise.placeholders import is_placeholder_address
from mpi.standardise.table_files import word_lists

CAPACITY = 1 << 17  # entries
_LESSONS = 3  # entries that one address may need
LONGEST_BEGINNING, LONGEST_DIVISION = 64, 24  # code points, bytes
_POINTS_PER_ENTRY = 32  # room for the keys; a book with longer ones is full sooner

# Kinds of keys. Only divisions and wholes have a given division in theirs.
DIVISIONS, TOWN, AFTER_TOWN, WITHOUT_TOWN, WHOLE = range(1, 6)
LONGEST_DIVISIONS, LONGEST_TOWN = 32, 13  # code points

# Columns of an entry, places counted from the key's begin. A village ends where the road begins, and the road where what is
# left begins. REST_START: of divisions, where the rest begins.
KEY, KEY_LENGTH, GIVEN_LENGTH, KIND, FLAGS, DIVISION, VILLAGE_START, ROAD_START, LEFT_START = range(9)
REST_START = VILLAGE_START
ENTRY_WIDTH = 9
NEVER = 1  # what follows the beginning decides what it means: never read by the kernel
OFFICE = 2  # the village is an office
PLACEHOLDER = 4  # with nothing behind it the beginning is a placeholder

_BESIDE_TOWN = np.array([ord(character) for character in BESIDE_TOWN], np.uint32)
_DIGIT = re.compile("[0-9]")
_COUNTRY = "中"  # how a country's name begins: the only name whose reading depends on what follows it


class AddressBook(NamedTuple):
    """Known beginnings as the kernels see them; append-only, so that it may be read while it is taught.

    characters  uint32[65536]   see ``address_characters``
    table       hash of kind, text and given division → entry
    entries     int32[E, 9]     see the column names above
    keys        uint32[K]       of each entry its text and the bytes of its given division
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


@leaf
def seed_of(kind: int, given: Bytes) -> np.uint64:
    """What a key's hash begins with: its kind and the given division."""
    hashed, packed = np.uint64(kind), np.uint64(len(given))
    for i in range(len(given)):
        packed = packed << np.uint64(8) | np.uint64(given[i])
        if i & 7 == 7:
            hashed, packed = mix(hashed, packed), np.uint64(0)
    return mix(hashed, packed)


@inner
def key_of(seed: np.uint64, text: Points, count: int) -> int:
    """Key of the first ``count`` code points."""
    hashed = seed
    for i in range(count):
        hashed = mix(hashed, np.uint64(text[i]))
    return wide(hashed | np.uint64(1))


@leaf
def _is_key(book: AddressBook, entry: int, kind: int, text: Points, count: int, given: Bytes) -> bool:
    at = wide(book.entries[entry, KEY])
    if book.entries[entry, KEY_LENGTH] != count or book.entries[entry, GIVEN_LENGTH] != len(given):
        return False
    differing = book.entries[entry, KIND] ^ kind
    for i in range(count):
        differing |= book.keys[at + i] ^ text[i]
    for i in range(len(given)):
        differing |= book.keys[at + count + i] ^ given[i]
    return bool(differing == 0)


ABSENT, OTHER = -1, -2


@inner
def find(book: AddressBook, kind: int, text: Points, count: int, given: Bytes) -> int:
    """Entry of a kind for the first ``count`` code points; ABSENT, or OTHER where another one has the same hash."""
    entry = get(book.table, key_of(seed_of(kind, given), text, count))
    if entry == -1:
        return ABSENT
    return entry if _is_key(book, entry, kind, text, count, given) else OTHER


@leaf
def _told(text: Points, end: int, count: int) -> bool:
    """Whether a town's name that ends there is one, whatever follows."""
    if end < count:
        for character in _BESIDE_TOWN:
            if text[end] == character:
                return False
    return True


@inner
def find_start(book: AddressBook, kind: int, text: Points, count: int, given: Bytes) -> int:
    """Entry of the divisions or the town that the first ``count`` code points begin with; ABSENT where none is known."""
    hashed = seed_of(kind, given)
    for i in range(min(count, LONGEST_DIVISIONS if kind == DIVISIONS else LONGEST_TOWN)):
        hashed = mix(hashed, np.uint64(text[i]))
        entry = get(book.table, wide(hashed | np.uint64(1)))
        if (
            entry != -1
            and _is_key(book, entry, kind, text, i + 1, given)
            and (kind == DIVISIONS or _told(text, i + 1, count))
        ):
            return entry
    return ABSENT


@kernel
def _enter(book: AddressBook, entry: int, text: Points, given: Bytes, lesson: npt.NDArray[np.int32]) -> bool:
    """Write ``lesson`` int32[9], with the key's place in it, as an entry. False where the book knows the key or its hash."""
    if find(book, wide(lesson[KIND]), text, len(text), given) != ABSENT:
        return False
    at = wide(lesson[KEY])
    for i in range(len(text)):
        book.keys[at + i] = text[i]
    for i in range(len(given)):
        book.keys[at + len(text) + i] = given[i]
    for column in range(ENTRY_WIDTH):
        book.entries[entry, column] = lesson[column]
    put(book.table, key_of(seed_of(wide(lesson[KIND]), given), text, len(text)), entry)
    return True


class AddressLessons:
    """Owns the book and teaches it; may be asked from several threads.

    ``book`` is the book as it is now, with ``entries`` in it. A full one is left behind for an empty one; who is reading the
    old one may go on.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        assert capacity >= _LESSONS
        self._capacity = capacity
        self._lock = threading.Lock()
        self._begin()

    def _begin(self) -> None:
        self.book, self.entries, self._key_points = empty_book(self._capacity), 0, 0
        # What the book has of divisions and towns, not to be read again: (start, given division) → where the rest begins.
        self._divisions: dict[tuple[str, str], int] = {}
        self._lengths: list[int] = []  # of the starts, rising
        self._towns: set[str] = set()

    def teach(self, addresses: Sequence[tuple[str, str]]) -> None:
        """Learn the beginnings of address texts, each with the division given beside it, as received."""
        with self._lock:
            for text, division in addresses:
                form = tidy(text)
                digit = _DIGIT.search(form)
                beginning = form[: digit.start()] if digit else form
                if not _can_be_asked(beginning, division):
                    continue
                if self.entries + _LESSONS > self._capacity or self._key_points >= self._capacity * _POINTS_PER_ENTRY:
                    self._begin()
                rest_start = self._teach_divisions(beginning, division)
                if rest_start < 0:
                    self._enter(WHOLE, beginning, division, _whole(beginning, given_division(division)))
                else:
                    self._teach_rest(beginning[rest_start:])

    def _teach_divisions(self, beginning: str, division: str) -> int:
        """Where the rest begins; −1 where the beginning has to be learnt as a whole."""
        for length in self._lengths:
            known = self._divisions.get((beginning[:length], division), -1)
            if known >= 0 and length <= len(beginning):
                return known
        decided = decided_division(beginning, given_division(division))
        if decided is None or decided[0] > LONGEST_DIVISIONS or _may_be_placeholder(beginning[: decided[0]]):
            return -1
        end, code, position = decided
        self._enter(DIVISIONS, beginning[:end], division, (0, code, position, 0, 0))
        self._divisions[beginning[:end], division] = position
        self._lengths = sorted({*self._lengths, end})
        return position

    def _teach_rest(self, rest: str) -> None:
        read, town = read_places(rest), town_end(rest)
        if not town or (town < len(rest) and rest[town] in BESIDE_TOWN):
            self._enter(WITHOUT_TOWN, rest, "", _places(rest, read))
            return
        if rest[:town] not in self._towns:
            self._towns.add(rest[:town])
            self._enter(TOWN, rest[:town], "", (0,) * 5)
        self._enter(AFTER_TOWN, rest[town:], "", _places(rest[town:], read))

    def _enter(self, kind: int, text: str, division: str, entry: tuple[int, int, int, int, int]) -> None:
        """``entry``: its columns from FLAGS on."""
        points = np.frombuffer(bytearray(text, "utf-32-le"), np.uint32)
        given = np.frombuffer(bytearray(division, "utf-8"), np.uint8)
        line = np.array([self._key_points, len(points), len(given), kind, *entry], np.int32)
        if _entry()(self.book, self.entries, points, given, line):
            self.entries += 1
            self._key_points += len(points) + len(given)


@cache
def _entry() -> Any:
    """Compiled _enter without Numba's dispatcher, which takes longer than the reading."""
    none = np.zeros(0, np.uint32)
    _enter(empty_book(1), 0, none, np.zeros(0, np.uint8), np.zeros(ENTRY_WIDTH, np.int32))
    return direct(_enter)


def _can_be_asked(beginning: str, division: str) -> bool:
    """Whether the kernel may ask for it."""
    short = len(beginning) <= LONGEST_BEGINNING and len(division.encode()) <= LONGEST_DIVISION
    return short and max(beginning, default="") <= "\uffff"


def _whole(beginning: str, given: int) -> tuple[int, int, int, int, int]:
    code, _, position = read = read_division(beginning, given)
    if beginning.startswith(_COUNTRY) and read != read_division(beginning + "00", given):
        return NEVER, 0, 0, 0, 0  # 中国 with two characters behind it
    flags, _, village, road, left = _places(beginning, read_places(beginning[position:]))
    placeholder = PLACEHOLDER if is_placeholder_address(beginning) else 0
    return flags | placeholder, code, village, road, left


def _places(text: str, read: tuple[str, str, str, str]) -> tuple[int, int, int, int, int]:
    """The entry of a text that ends with the village, the road and what is left."""
    _, village, road, left = read
    left_start = len(text) - len(left)
    road_start = left_start - len(road)
    village_start = road_start - len(village)
    assert text[village_start:] == village + road + left
    return OFFICE if village.endswith(OFFICES) else 0, 0, village_start, road_start, left_start


@lru_cache(1 << 14)
def _may_be_placeholder(start: str) -> bool:
    words = word_lists("placeholders")
    return any(word.startswith(start) for word in (*words["any"], *words["address"]))
