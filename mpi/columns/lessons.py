"""What kernels have learnt: readings of values as written, made once by the ordinary way and kept by the value's hash.

Names beyond the plain ones (Latin, Tibetan, placeholders, …), what makes a mother's name that of her newborn (之女), ethnic
groups, relationships of guardians. A book is read by kernels without a lock; who teaches holds one. A full book is replaced
by an empty one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.columns.characters import Bytes
from mpi.columns.hashing import LONGEST, xxh3
from mpi.columns.jit import inner, kernel, leaf, wide
from mpi.linkage.hashtable import SEGMENTS, Table, arena_slots, get, prepare, put
from mpi.linkage.jit import direct
from mpi.linkage.values import CHARS_LIMIT, OFFSET, ValueBuilder, Values, category_code, text_code
from mpi.records import HumanName, RecordFlag
from mpi.standardise.hanzi import han_text
from mpi.standardise.names import read_name
from mpi.standardise.numbers import is_oneself
from mpi.standardise.words import standard_ethnicity

CAPACITY = 1 << 16  # names; 4 cells of 64 characters each would be the most
WORDS = 1 << 12
NEVER, ALWAYS, UNLESS_CALLED_AFTER = (
    0,
    1,
    2,
)  # how a learnt name may be used; the last: a child may be called after the mother
ETHNICITY_WORD, RELATIONSHIP_WORD, NEWBORNS_ENDING = 1, 2, 3  # kinds of words
_MOTHER, _MOTHERS_FAMILY = "欧阳文芳", "欧阳"  # the longest name that may stand before a newborn's ending
_OF_NEWBORN = re.compile("[之的].*", re.DOTALL)
_P, _Q, _R = np.uint64(0x9E3779B185EBCA87), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9)


def new_table(keys: int) -> Table:
    """An empty table with room for ``keys`` keys."""
    table = Table(np.zeros((arena_slots(keys), 2), np.int64), np.zeros((SEGMENTS + 1, 2), np.int64))
    prepare(table)
    return table


@kernel
def note(table: Table, key: int, value: int) -> None:
    put(table, key, value)


@leaf
def _hashed(data: Bytes, offset: int, length: int) -> np.uint64:
    return xxh3(data, offset, length) if length > 0 else np.uint64(0)


@leaf
def word_key(data: Bytes, offset: int, length: int, kind: int) -> int:
    """Key of a word of a kind; 0 for one that is too long to be learnt."""
    if length > LONGEST:
        return 0
    return wide((_hashed(data, offset, length) ^ np.uint64(kind) * _Q) * _P) | 1


@inner
def name_key(data: Bytes, text: tuple[int, int], family: tuple[int, int], given: tuple[int, int]) -> int:
    """Key of a name as written (spans); 0 for one that is too long to be learnt."""
    if max(text[1], family[1], given[1]) > LONGEST:
        return 0
    mixed = _hashed(data, text[0], text[1]) * _P
    mixed = (mixed ^ _hashed(data, family[0], family[1])) * _Q
    return wide((mixed ^ _hashed(data, given[0], given[1])) * _R) | 1


@kernel
def _note_word(table: Table, data: Bytes, kind: int, value: int) -> bool:
    """Whether the word was not noted yet."""
    key = word_key(data, wide(0), wide(len(data)), kind)
    if key == 0 or get(table, key) >= 0:
        return False
    put(table, key, value)
    return True


class NameBook(NamedTuple):
    """Learnt names.

    table    key → number of the entry
    entries  int64[n, 6]   use (NEVER, …), flags, slot of the family name, slot of the given name (0 none); of the whole name:
                           packed first two characters (0: shorter), 1 if it is longer and ends as a word for child
    cells    int64[m, 8]   as Values.cells; a slot's characters begin at slot × CHARS_LIMIT of ``chars``
    chars    uint32[m × CHARS_LIMIT]
    """

    table: Table
    entries: npt.NDArray[np.int64]
    cells: npt.NDArray[np.int64]
    chars: npt.NDArray[np.uint32]

    def __repr__(self) -> str:
        return "NameBook(…)"


class Names(NamedTuple):
    """Names to be learnt.

    data     uint8[n]       text, family and given of each, one behind the other
    lengths  int64[n, 3]    in bytes
    entries  int64[n, 6]    as in NameBook, with slots of ``values``
    """

    data: Bytes
    lengths: npt.NDArray[np.int64]
    entries: npt.NDArray[np.int64]
    values: Values

    def __repr__(self) -> str:
        return f"Names({len(self.entries)})"


def _new_name_book(capacity: int) -> NameBook:
    slots = 2 * capacity + 1
    return NameBook(
        new_table(capacity),
        np.zeros((capacity, 6), np.int64),
        np.zeros((slots, 8), np.int64),
        np.zeros(slots * CHARS_LIMIT, np.uint32),
    )


@kernel
def _enter_names(book: NameBook, lessons: Names, number: int, slot: int) -> None:
    """Write names as entries from ``number`` on and their values from ``slot`` on."""
    cells, chars = lessons.values
    shift = slot - 1
    for n in range(1, len(cells)):
        book.cells[shift + n] = cells[n]
        book.cells[shift + n, OFFSET] = (shift + n) * CHARS_LIMIT
    for k in range(len(chars)):  # each slot has room for CHARS_LIMIT characters, there as here
        book.chars[slot * CHARS_LIMIT + k] = chars[k]
    at = wide(0)
    for n in range(len(lessons.entries)):
        text, family, given = lessons.lengths[n]
        book.entries[number + n] = lessons.entries[n]
        for part in range(2, 4):
            if lessons.entries[n, part] > 0:
                book.entries[number + n, part] += shift
        key = name_key(lessons.data, (at, text), (at + text, family), (at + text + family, given))
        if key != 0:
            put(book.table, key, number + n)
        at += text + family + given


@cache
def _kernels() -> tuple[Any, Any]:
    """Compiled _enter_names and _note_word, without Numba's dispatcher, which takes longer than they do."""
    nothing, none = np.zeros(0, np.uint8), np.zeros((0, 3), np.int64)
    _enter_names(_new_name_book(1), Names(nothing, none, none, ValueBuilder().build()), 0, 1)
    _note_word(new_table(1), nothing, 0, 0)
    return direct(_enter_names), direct(_note_word)


class Lessons:
    """The books of one reader. Any thread may teach."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity, self._lock = capacity, Lock()
        self.names = _new_name_book(capacity)
        self.words = new_table(WORDS)
        self._entries, self._slots, self._words = 0, 1, 0  # in use; slot 0 is no name

    def teach_names(self, names: Iterable[tuple[str, str, str]]) -> None:
        """Learn names as written (text, family, given). A name that makes two is never read by kernels."""
        wanted = list(dict.fromkeys(names))
        for start in range(0, len(wanted), self._capacity):
            self._teach_names(wanted[start : start + self._capacity])

    def _teach_names(self, names: list[tuple[str, str, str]]) -> None:
        builder, lines = ValueBuilder(), []
        for text, family, given in names:
            reading, slots = read_name(HumanName(text=text, family=family, given=given)), [0, 0]
            if len(reading.names) == 1:
                found = (reading.names[0].family, reading.names[0].given)
                slots = [builder.add(part, sketched=False)[0] if part else 0 for part in found]
            whole = text or family + given
            lines.append((_use(reading.flags, len(reading.names), whole), int(reading.flags), *slots, *_ends(whole)))
            if reading.flags & RecordFlag.NEWBORN and (ending := _newborns_ending(text)) is not None:
                self._teach_word(NEWBORNS_ENDING, *ending)
        parts = [part.encode() for name in names for part in name]
        data = np.frombuffer(bytearray(b"".join(parts)), np.uint8)
        lengths = np.array([len(part) for part in parts], np.int64).reshape(-1, 3)
        lessons = Names(data, lengths, np.array(lines, np.int64), builder.build())
        with self._lock:
            if self._entries + len(names) > self._capacity:
                self.names, self._entries, self._slots = _new_name_book(self._capacity), 0, 1
            _kernels()[0](self.names, lessons, self._entries, self._slots)
            self._entries += len(names)
            self._slots += len(lessons.values.cells) - 1

    def teach_word(self, kind: int, text: str) -> None:
        """Learn an ethnic group (its category code) or a relationship (1: the patient himself)."""
        value = category_code(standard_ethnicity(text)) if kind == ETHNICITY_WORD else int(is_oneself(text))
        self._teach_word(kind, text, value)

    def _teach_word(self, kind: int, text: str, value: int) -> None:
        data = np.frombuffer(bytearray(text.encode()), np.uint8)
        with self._lock:
            if self._words == WORDS:
                self.words, self._words = new_table(WORDS), 0
            self._words += _kernels()[1](self.words, data, kind, value)


def _newborns_ending(text: str) -> tuple[str, int] | None:
    """What stands behind the mother's name from the first 之 or 的 on, with its flags.

    None where it is no ending behind every name of one to four characters that holds neither.
    """
    match = _OF_NEWBORN.search(text)
    if match is None:
        return None
    reading = read_name(HumanName(text=_MOTHER + match[0]))
    family_only = [(name.family is not None and name.family.text, name.given) for name in reading.names]
    if not reading.flags & RecordFlag.NEWBORN or family_only != [(_MOTHERS_FAMILY, None)]:
        return None
    return match[0], int(reading.flags)


def _use(flags: RecordFlag, names: int, text: str) -> int:
    """A child's name may be called after the mother, unless its text alone says what it is or holds no Han at all."""
    if names > 1:
        return NEVER
    return ALWAYS if flags or not han_text(text) else UNLESS_CALLED_AFTER


def _ends(text: str) -> tuple[int, int]:
    """What decides whether a child may be called after the mother: packed first two characters, whether it ends so."""
    form = han_text(text)
    return max(text_code(form[:2]), 0) if len(form) > 1 else 0, int(len(form) > 2 and form[-1] in "子女")


@leaf
def learnt(table: Table, key: int) -> int:
    """What is noted under a key, or −1."""
    return get(table, key) if key != 0 else wide(-1)
