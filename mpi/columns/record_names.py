"""A record's name in kernels: plain, or learnt, or left to the ordinary way since a child may be called after the mother."""

from __future__ import annotations

from mpi.columns import layout as at
from mpi.columns.characters import TABLE, decode
from mpi.columns.facts import NEWBORN
from mpi.columns.jit import inner, wide
from mpi.columns.layout import Raw
from mpi.columns.lessons import NEVER, UNLESS_CALLED_AFTER, learnt, name_key
from mpi.columns.line import FLAGS, FROM_FAMILY, FROM_GIVEN, IRREGULAR, READ, UNKNOWN_NAME, Books, Work, span
from mpi.columns.names import USUAL, add_part, is_plain, parts_are_plain, split
from mpi.columns.side import Side, add, packed_han
from mpi.linkage.values import CODE, FOLD, LENGTH, OFFSET, SOUND


@inner
def _plain_name(books: Books, side: Side, raw: Raw, q: int, work: Work) -> int:
    """Read a plain Han name into ``work.points``; returns its length, 0 where it is none."""
    cells, tables, points, line = raw.cells[q], books.names, work.points, work.line
    text, family, given = span(cells, at.TEXT), span(cells, at.FAMILY), span(cells, at.GIVEN)
    if text[1] > 12 or family[1] + given[1] > 12:  # 3 bytes a character
        return 0
    if text[1] > 0 and family[1] == 0 and given[1] == 0:
        length = decode(raw.data, text[0], text[1], points)
        if not is_plain(tables, points, length):
            return 0
        size = split(tables, points, length)
        if size < 0:
            return 0
    elif text[1] == 0 and family[1] > 0 and given[1] > 0:
        size = decode(raw.data, family[0], family[1], points)
        length = size + decode(raw.data, given[0], given[1], points[size:])
        if not (is_plain(tables, points, length) and parts_are_plain(tables, points, size, length)):
            return 0
    else:
        return 0
    slots, characters = side.used[0], side.used[1]
    line[FROM_GIVEN] = add_part(tables, side, points, (wide(size), wide(length - size), wide(0)), work.bytes)
    line[FROM_FAMILY] = add_part(tables, side, points, (wide(0), wide(size), wide(1)), work.bytes) if size > 0 else 0
    if line[FROM_GIVEN] == 0 or (size > 0 and line[FROM_FAMILY] == 0):
        side.used[0], side.used[1] = slots, characters
        return 0
    return length


@inner
def _may_be_called_after(books: Books, raw: Raw, q: int, work: Work, ends: tuple[int, int]) -> bool:
    """Whether a child's name might be the mother's name and a word for child (``standardise.newborns.called_after``).

    ``ends`` of the child's name: packed first two characters, whether it is longer and ends as a word for child.
    """
    cells, mothers = raw.cells[q], work.text
    if work.line[FLAGS] & NEWBORN and ends[1]:
        return True
    count, letters = decode(raw.data, cells[at.GUARDIAN_NAME], cells[at.GUARDIAN_NAME + 1], mothers), 0
    for k in range(count):
        letters += mothers[k] < 0x80
        if mothers[k] >= TABLE or (mothers[k] >= 0x80 and books.names.kinds[mothers[k]] & USUAL == 0):
            return True  # her name would have to be cleaned first
    if 0 < letters < count:
        return True
    return bool(letters == 0 and count > 1 and packed_han(mothers, wide(0), wide(2)) == ends[0])


@inner
def _learnt_name(books: Books, side: Side, raw: Raw, q: int, work: Work) -> int:
    """A name that was learnt; READ, UNKNOWN_NAME, or IRREGULAR where it must not be used for this record."""
    cells, book, line = raw.cells[q], books.learnt_names, work.line
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
        if _may_be_called_after(books, raw, q, work, ends):
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


@inner
def read_name(books: Books, side: Side, raw: Raw, q: int, work: Work) -> int:
    cells, line = raw.cells[q], work.line
    line[FROM_GIVEN] = line[FROM_FAMILY] = 0
    if cells[at.NAMES] == 0:
        return READ
    length = _plain_name(books, side, raw, q, work)
    if length == 0:
        return _learnt_name(books, side, raw, q, work)
    if cells[at.GUARDIAN] == 0 and line[FLAGS] & NEWBORN == 0:
        return READ
    points = work.points
    ending = points[length - 1] == 0x5B50 or points[length - 1] == 0x5973  # 子, 女
    ends = (packed_han(points, wide(0), wide(2)), wide(length > 2 and ending))
    return IRREGULAR if _may_be_called_after(books, raw, q, work, ends) else READ
