"""What stands before the first digit of an address (重庆市万州区黄岭正街) begins with divisions: Python reads them once.

What they are is learnt by the characters that decide it whatever follows them, together with the division that the record
gives, since both decide what the names mean. Where all of the beginning may decide, it is learnt as a whole.

    beginning ─ DIVISIONS ─▶ division, where the rest begins
        └─ WHOLE ─▶ …
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
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
from mpi.standardise.han_addresses import decided_division, read_division, tidy
from mpi.standardise.placeholders import is_placeholder_address
from mpi.standardise.table_files import word_lists

CAPACITY = 1 << 17  # entries
LONGEST_BEGINNING, LONGEST_DIVISION = 64, 24  # code points, bytes
_POINTS_PER_ENTRY = 32  # room for the keys; a book with longer ones is full sooner

DIVISIONS, WHOLE = 1, 2  # kinds of keys
LONGEST_DIVISIONS = 32  # code points

# Columns of an entry. REST_START: where town, village and road begin. The first six are also those of a lesson.
KEY_LENGTH, GIVEN_LENGTH, KIND, FLAGS, DIVISION, REST_START, KEY = range(7)
LESSON_WIDTH, ENTRY_WIDTH = 6, 7
NEVER = 1  # what follows the beginning decides what it means: never read by the kernel
PLACEHOLDER = 2  # with nothing behind it the beginning is a placeholder

_DIGIT = re.compile("[0-9]")
_COUNTRY = "中"  # how a country's name begins: the only name whose reading depends on what follows it


class AddressBook(NamedTuple):
    """Known beginnings as the kernels see them; append-only, so that it may be read while it is taught.

    characters  uint32[65536]   see ``address_characters``
    table       hash of kind, text and given division → entry
    entries     int32[E, 7]     see the column names above
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


@inner
def find_divisions(book: AddressBook, text: Points, count: int, given: Bytes) -> int:
    """Entry of the divisions that the first ``count`` code points begin with; ABSENT where none is known."""
    kind = wide(DIVISIONS)
    hashed = seed_of(kind, given)
    for i in range(min(count, LONGEST_DIVISIONS)):
        hashed = mix(hashed, np.uint64(text[i]))
        entry = get(book.table, wide(hashed | np.uint64(1)))
        if entry != -1 and _is_key(book, entry, kind, text, i + 1, given):
            return entry
    return ABSENT


@kernel
def _enter(
    book: AddressBook, used: npt.NDArray[np.int64], texts: Points, givens: Bytes, lessons: npt.NDArray[np.int32], first: int
) -> int:
    """Write the lessons from ``first`` on as entries; returns how many are done, fewer than there are where the book is full.

    A lesson is an entry without its key's place; the keys stand in ``texts`` and ``givens`` one behind the other. ``used``:
    entries and key points in use. What the book knows, or knows another key of the same hash of, is passed over.
    """
    text_at, given_at = wide(0), wide(0)
    for n in range(len(lessons)):
        lesson = lessons[n]
        text, given = texts[text_at : text_at + lesson[KEY_LENGTH]], givens[given_at : given_at + lesson[GIVEN_LENGTH]]
        text_at, given_at = text_at + len(text), given_at + len(given)
        kind, entry, at = wide(lesson[KIND]), used[0], used[1]
        if n < first or find(book, kind, text, len(text), given) != ABSENT:
            continue
        if entry == len(book.entries) or at + len(text) + len(given) > len(book.keys):
            return n
        for i in range(len(text)):
            book.keys[at + i] = text[i]
        for i in range(len(given)):
            book.keys[at + len(text) + i] = given[i]
        for column in range(LESSON_WIDTH):
            book.entries[entry, column] = lesson[column]
        book.entries[entry, KEY] = at
        used[0], used[1] = entry + 1, at + len(text) + len(given)
        put(book.table, key_of(seed_of(kind, given), text, len(text)), entry)
    return len(lessons)


class AddressLessons:
    """Owns the book and teaches it; may be asked from several threads.

    ``book`` is the book as it is now. A full one is left behind for an empty one; who is reading the old one may go on.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._begin()

    @property
    def entries(self) -> int:
        """How many are in the book."""
        return int(self._used[0])

    def _begin(self) -> None:
        self.book, self._used = empty_book(self._capacity), np.zeros(2, np.int64)

    def teach(self, addresses: Iterable[tuple[str, str]]) -> None:
        """Learn the beginnings of address texts, each with the division given beside it, as received."""
        lessons = [lesson for text, division in addresses if (lesson := _lesson(text, division)) is not None]
        if not lessons:
            return
        texts = np.frombuffer(bytearray("".join([lesson[0] for lesson in lessons]), "utf-32-le"), np.uint32)
        givens = np.frombuffer(bytearray(b"".join([lesson[1] for lesson in lessons])), np.uint8)
        lines = np.array([(len(text), len(given), *entry) for text, given, entry in lessons], np.int32)
        done, enter = 0, _entry()
        with self._lock:
            while (done := enter(self.book, self._used, texts, givens, lines, done)) < len(lines):
                self._begin()


@cache
def _entry() -> Any:
    """Compiled _enter without Numba's dispatcher, which takes longer than the reading."""
    none = np.zeros(0, np.uint32)
    _enter(empty_book(1), np.zeros(2, np.int64), none, np.zeros(0, np.uint8), np.zeros((0, LESSON_WIDTH), np.int32), 0)
    return direct(_enter)


_Lesson = tuple[str, bytes, tuple[int, int, int, int]]  # text, given division; KIND, FLAGS, DIVISION, REST_START


def _lesson(text: str, division: str) -> _Lesson | None:
    """What is to be learnt of an address; None where the kernel cannot ask for it."""
    form = tidy(text)
    digit = _DIGIT.search(form)
    beginning, given = form[: digit.start()] if digit else form, division.encode()
    if len(beginning) > LONGEST_BEGINNING or len(given) > LONGEST_DIVISION or max(beginning, default="") > "\uffff":
        return None
    code = given_division(division)
    decided = decided_division(beginning, code)
    if decided is None or decided[0] > LONGEST_DIVISIONS or beginning[: decided[0]] in _placeholder_starts():
        return beginning, given, (WHOLE, *_whole(beginning, code))
    end, code, position = decided
    return beginning[:end], given, (DIVISIONS, 0, code, position)


def _whole(beginning: str, given: int) -> tuple[int, int, int]:
    code, _, position = read = read_division(beginning, given)
    if beginning.startswith(_COUNTRY) and read != read_division(beginning + "00", given):
        return NEVER, 0, 0  # 中国 with two characters behind it
    return PLACEHOLDER if is_placeholder_address(beginning) else 0, code, position


@cache
def _placeholder_starts() -> frozenset[str]:
    """Whatever a placeholder may begin with, itself included."""
    words = word_lists("placeholders")
    return frozenset(word[:end] for word in words["any"] | words["address"] for end in range(len(word) + 1))
