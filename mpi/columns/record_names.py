"""A record's name in kernels: plain, or learnt, or left to the ordinary way because a child may be called after the mother."""

from __future__ import annotations

from mpi.columns import layout as at
from mpi.columns.characters import TABLE, decode
from mpi.columns.facts import NEWBORN
from mpi.columns.jit import inner, wide
from mpi.columns.layout import Raw
from mpi.columns.lessons import ALWAYS, GROWN_UP, learnt, name_key
from mpi.columns.line import FLAGS, FROM_FAMILY, FROM_GIVEN, IRREGULAR, READ, UNKNOWN_NAME, Books, Work, span
from mpi.columns.names import USUAL, add_part, is_plain, parts_are_plain, split
from mpi.columns.side import Side, add
from mpi.linkage.values import CODE, FOLD, LENGTH, OFFSET, SOUND


@inner
def _plain_name(books: Books, side: Side, raw: Raw, q: int, work: Work) -> int:
    """Read a plain Han name; READ, or UNKNOWN_NAME where it is none."""
    cells, tables, points, line = raw.cells[q], books.names, work.points, work.line
    text, family, given = span(cells, at.TEXT), span(cells, at.FAMILY), span(cells, at.GIVEN)
    if text[1] > 12 or family[1] + given[1] > 12:  # 3 bytes a character
        return UNKNOWN_NAME
    if text[1] > 0 and family[1] == 0 and given[1] == 0:
        length = decode(raw.data, text[0], text[1], points)
        if not is_plain(tables, points, length):
            return UNKNOWN_NAME
        size = split(tables, points, length)
        if size < 0:
            return UNKNOWN_NAME
    elif text[1] == 0 and family[1] > 0 and given[1] > 0:
        size = decode(raw.data, family[0], family[1], points)
        length = size + decode(raw.data, given[0], given[1], points[size:])
        if not (is_plain(tables, points, length) and parts_are_plain(tables, points, size, length)):
            return UNKNOWN_NAME
    else:
        return UNKNOWN_NAME
    line[FROM_GIVEN] = add_part(tables, side, points, (wide(size), wide(length - size), wide(0)), work.bytes)
    line[FROM_FAMILY] = add_part(tables, side, points, (wide(0), wide(size), wide(1)), work.bytes) if size > 0 else 0
    if line[FROM_GIVEN] == 0 or (size > 0 and line[FROM_FAMILY] == 0):
        return UNKNOWN_NAME
    return READ


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
    if entry[0] != ALWAYS and (entry[0] != GROWN_UP or childs):
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
def _may_be_called_after(books: Books, raw: Raw, q: int, work: Work, newborn: bool) -> bool:
    """Whether a child's plain name might be the mother's name and a word for child (``standardise.newborns.called_after``)."""
    cells, points, mothers = raw.cells[q], work.points, work.text
    length = decode(raw.data, cells[at.TEXT], cells[at.TEXT + 1], points)
    if length == 0:
        length = decode(raw.data, cells[at.FAMILY], cells[at.FAMILY + 1], points)
        length += decode(raw.data, cells[at.GIVEN], cells[at.GIVEN + 1], points[length:])
    if newborn and length > 2 and (points[length - 1] == 0x5B50 or points[length - 1] == 0x5973):  # 子, 女
        return True
    count, letters = decode(raw.data, cells[at.GUARDIAN_NAME], cells[at.GUARDIAN_NAME + 1], mothers), 0
    for k in range(count):
        letters += mothers[k] < 0x80
        if mothers[k] >= TABLE or (mothers[k] >= 0x80 and books.names.kinds[mothers[k]] & USUAL == 0):
            return True  # her name would have to be cleaned first
    if 0 < letters < count:
        return True
    return bool(letters == 0 and count > 1 and mothers[0] == points[0] and mothers[1] == points[1])


@inner
def read_name(books: Books, side: Side, raw: Raw, q: int, work: Work) -> int:
    cells, line = raw.cells[q], work.line
    line[FROM_GIVEN] = line[FROM_FAMILY] = 0
    if cells[at.NAMES] == 0:
        return READ
    state = _plain_name(books, side, raw, q, work)
    if state == UNKNOWN_NAME:
        return _learnt_name(books, side, raw, q, work)
    newborn = line[FLAGS] & NEWBORN != 0
    childs = cells[at.GUARDIAN] == 1 or newborn
    return IRREGULAR if childs and _may_be_called_after(books, raw, q, work, newborn) else state
