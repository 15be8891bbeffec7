"""A record's name in kernels: plain, a newborn's, or learnt; or left to the ordinary way, since it may be the mother's."""

from __future__ import annotations

from mpi.columns import layout as at
from mpi.columns.characters import TABLE, Bytes, decode
from mpi.columns.facts import NEWBORN
from mpi.columns.jit import inner, leaf, wide
from mpi.columns.latin_names import read_latin_name
from mpi.columns.latin_tables import LatinTables
from mpi.columns.latin_words import FOLD as LETTERS_FOLD
from mpi.columns.latin_words import GIVEN, START, is_ascii
from mpi.columns.latin_words import LENGTH as LETTERS_LENGTH
from mpi.columns.latin_words import SOUND as LETTERS_SOUND
from mpi.columns.layout import Raw
from mpi.columns.lessons import NEVER, NEWBORNS_ENDING, UNLESS_CALLED_AFTER, NameBook, learnt, name_key, word_key
from mpi.columns.line import FLAGS, FROM_FAMILY, FROM_GIVEN, IRREGULAR, READ, UNKNOWN_NAME, Books, Work, span
from mpi.columns.names import (
    MOST,
    UNREAD,
    USUAL,
    NameTables,
    add_part,
    begins_as_tibetan,
    holds_no_placeholder,
    is_compound,
    is_placeholder,
    parts_are_plain,
    put_in_form,
    split,
)
from mpi.columns.side import Side, add, add_letters, packed_han
from mpi.linkage.hashtable import Table
from mpi.linkage.values import CODE, FOLD, LENGTH, OFFSET, SOUND

_LONGEST_PLAIN, _LONGEST_NEWBORNS = 24, 64  # bytes, of which a character takes three and a wide blank too


@inner
def _characters(tables: NameTables, raw: Raw, q: int, work: Work) -> tuple[int, int]:
    """The characters of a name in simplified form into ``work.points``: (how many, those of the family name's field).

    The number is UNREAD where the name is not plain Han, or where it may be a placeholder.
    """
    cells, points = raw.cells[q], work.points
    text, family, given = span(cells, at.TEXT), span(cells, at.FAMILY), span(cells, at.GIVEN)
    unread = (wide(UNREAD), wide(0))
    if max(text[1], family[1], given[1]) > _LONGEST_PLAIN or (text[1] > 0 and max(family[1], given[1]) > 0):
        return unread
    size, simplified, no_name = put_in_form(tables, points, decode(raw.data, family[0], family[1], points))
    if size < 0 or (size == 0 and family[1] > 0):
        return unread
    start, length = text if text[1] > 0 else given
    more = points[size:]
    count, more_simplified, more_no_name = put_in_form(tables, more, decode(raw.data, start, length, more))
    if count <= 0:
        return unread
    # Placeholders are read in the characters as received.
    if (no_name or more_no_name) and (simplified or more_simplified or not holds_no_placeholder(points, size + count)):
        return unread
    return size + count, size


@inner
def _plain_name(tables: NameTables, side: Side, raw: Raw, q: int, work: Work) -> int:
    """Read a plain Han name into ``work.points``; returns its length, 0 where it is none."""
    points, line = work.points, work.line
    length, size = _characters(tables, raw, q, work)
    if length < 2 or length > MOST or begins_as_tibetan(tables, points, length) or is_placeholder(tables, points, length):
        return 0
    if size > 0:
        if not parts_are_plain(tables, points, size, length):
            return 0
    elif raw.cells[q, at.TEXT + 1] > 0:
        size = split(tables, points, length)
    slots, characters = side.used[0], side.used[1]
    line[FROM_GIVEN] = add_part(tables, side, points, (size, length - size, wide(0)), work.bytes)
    line[FROM_FAMILY] = add_part(tables, side, points, (wide(0), size, wide(1)), work.bytes) if size > 0 else 0
    if line[FROM_GIVEN] == 0 or (size > 0 and line[FROM_FAMILY] == 0):
        side.used[0], side.used[1] = slots, characters
        return 0
    return length


@leaf
def _ending(data: Bytes, offset: int, length: int) -> int:
    """Bytes before the first 之 or 的; −1 where there is none."""
    for k in range(length - 2):
        first, second, third = data[offset + k], data[offset + k + 1], data[offset + k + 2]
        if (first == 0xE4 and second == 0xB9 and third == 0x8B) or (first == 0xE7 and second == 0x9A and third == 0x84):
            return wide(k)
    return wide(-1)


@inner
def _newborns_name(tables: NameTables, words: Table, side: Side, raw: Raw, q: int, work: Work) -> bool:
    """Read the mother's name with an ending that is known (王芳之女); what is left of it is her family name.

    As ``standardise.names`` does: the first characters of hers, or all of them where they are one or a family name.
    """
    cells, points, line = raw.cells[q], work.points, work.line
    offset, length = span(cells, at.TEXT)
    if length > _LONGEST_NEWBORNS or cells[at.FAMILY + 1] > 0 or cells[at.GIVEN + 1] > 0:
        return False
    before = _ending(raw.data, offset, length)
    if before <= 0:
        return False
    flags = learnt(words, word_key(raw.data, offset + before, length - before, NEWBORNS_ENDING))
    if flags < 0:
        return False
    count, _, no_name = put_in_form(tables, points, decode(raw.data, offset, before, points))
    if count < 1 or count > MOST or no_name or begins_as_tibetan(tables, points, count):
        return False
    size = count if count == 1 or is_compound(tables, points, count) else split(tables, points, count)
    if size > 0:
        line[FROM_FAMILY] = add_part(tables, side, points, (wide(0), size, wide(1)), work.bytes)
        if line[FROM_FAMILY] == 0:
            return False
    line[FLAGS] |= flags
    return True


@inner
def _may_be_called_after(tables: NameTables, raw: Raw, q: int, work: Work, ends: tuple[int, int]) -> bool:
    """Whether a child's name might be the mother's name and a word for child (``standardise.newborns.called_after``).

    ``ends`` of the child's name: packed first two characters, whether it is longer and ends as a word for child.
    """
    cells, mothers = raw.cells[q], work.text
    if work.line[FLAGS] & NEWBORN and ends[1]:
        return True
    count, letters = decode(raw.data, cells[at.GUARDIAN_NAME], cells[at.GUARDIAN_NAME + 1], mothers), 0
    for k in range(count):
        letters += mothers[k] < 0x80
        if mothers[k] >= TABLE or (mothers[k] >= 0x80 and tables.kinds[mothers[k]] & USUAL == 0):
            return True  # her name would have to be cleaned first
    if 0 < letters < count:
        return True
    return bool(letters == 0 and count > 1 and packed_han(mothers, wide(0), wide(2)) == ends[0])


@inner
def _learnt_name(book: NameBook, tables: NameTables, side: Side, raw: Raw, q: int, work: Work) -> int:
    """A name that was learnt; READ, UNKNOWN_NAME, or IRREGULAR where it must not be used for this record."""
    cells, line = raw.cells[q], work.line
    key = name_key(raw.data, span(cells, at.TEXT), span(cells, at.FAMILY), span(cells, at.GIVEN))
    if key == 0:
        return IRREGULAR
    number = learnt(book.table, key)
    if number < 0:
        return UNKNOWN_NAME
    entry = book.entries[number]
    childs = cells[at.GUARDIAN] == 1 or line[FLAGS] & NEWBORN != 0
    if entry[0] == NEVER:
        return IRREGULAR
    if entry[0] == UNLESS_CALLED_AFTER and childs:
        ends = (wide(entry[4]), wide(entry[5]))
        if _may_be_called_after(tables, raw, q, work, ends):
            return IRREGULAR
    line[FLAGS] |= entry[1]
    for part in range(2):
        slot = entry[3 - part]
        line[FROM_GIVEN + part] = 0
        if slot > 0:
            value = book.cells[slot]
            codes = (wide(value[CODE]), wide(value[SOUND]), wide(value[FOLD]))
            line[FROM_GIVEN + part] = add(side, book.chars, (wide(value[OFFSET]), wide(value[LENGTH])), codes)
    return READ


@leaf
def _begins_latin(raw: Raw, q: int) -> bool:
    cells = raw.cells[q]
    for column in (at.TEXT, at.FAMILY, at.GIVEN):
        if cells[column + 1] > 0:
            return bool(raw.data[cells[column]] < 0x80)
    return False


@inner
def _latin_name(tables: LatinTables, side: Side, raw: Raw, q: int, work: Work) -> bool:
    """Read a name in plain ASCII letters."""
    cells, letters, line = raw.cells[q], work.letters, work.line
    for column in (at.TEXT, at.FAMILY, at.GIVEN):
        if not is_ascii(raw.data, wide(cells[column]), wide(cells[column + 1])):
            return False
    flags = read_latin_name(tables, letters, raw, q)
    if flags < 0:
        return False
    line[FLAGS] |= flags
    for part in range(2):
        place = GIVEN - part
        text = (wide(letters.cells[place, START]), wide(letters.cells[place, LETTERS_LENGTH]))
        if text[1] > 0:
            codes = (wide(letters.cells[place, LETTERS_SOUND]), wide(letters.cells[place, LETTERS_FOLD]))
            line[FROM_GIVEN + part] = add_letters(side, letters.text, text, codes)
    return True


@inner
def read_name(books: Books, side: Side, raw: Raw, q: int, work: Work) -> int:
    cells, line = raw.cells[q], work.line
    line[FROM_GIVEN] = line[FROM_FAMILY] = 0
    if cells[at.NAMES] == 0:
        return READ
    if _begins_latin(raw, q) and _latin_name(books.latin, side, raw, q, work):
        return READ
    length = _plain_name(books.names, side, raw, q, work)
    if length == 0:
        line[FROM_GIVEN] = line[FROM_FAMILY] = 0
        return (
            READ
            if _newborns_name(books.names, books.words, side, raw, q, work)
            else _learnt_name(books.learnt_names, books.names, side, raw, q, work)
        )
    if cells[at.GUARDIAN] == 0 and line[FLAGS] & NEWBORN == 0:
        return READ
    points = work.points
    ending = points[length - 1] == 0x5B50 or points[length - 1] == 0x5973  # 子, 女
    ends = (packed_han(points, wide(0), wide(2)), wide(length > 2 and ending))
    return IRREGULAR if _may_be_called_after(books.names, raw, q, work, ends) else READ
