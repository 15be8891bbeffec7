"""Latin letters as pinyin in kernels: the split into syllables of ``standardise.pinyin.syllables``, and whether a text is
made of Tibetan elements."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mpi.columns.characters import Bytes
from mpi.columns.jit import inner, leaf, wide
from mpi.columns.latin_tables import END_OF_WORD, RESPELT, LatinTables, Trie, put_spelling

LONGEST_PINYIN = 40  # letters; longer runs are no name
LONGEST_ELEMENTS = 40  # letters of a Tibetan name, likewise
_A, _E, _O = ord("a"), ord("e"), ord("o")
# A split's cost: syllables with a vowel in front, syllables in another spelling, syllables; then where the last one begins.
_VOWEL, _RESPELLED, _ONE = 1 << 24, 1 << 16, 1 << 8
_START = _ONE - 1
_NONE = 1 << 40

SPLITS = 160  # first line of ``Letters.cells`` for splits, by the number of letters; column 0
Cells = npt.NDArray[np.int64]


@leaf
def _next(trie: Trie, node: int, character: int) -> int:
    return wide(trie[node, wide(character) - 97])


@leaf
def _vowel_in_front(character: int) -> bool:
    return character == _A or character == _E or character == _O


@inner
def _split(tables: LatinTables, text: Bytes, start: int, end: int, cells: Cells) -> bool:
    """The best split of each beginning of text[start:end] into ``Letters.cells``; False where there is none of the whole."""
    length = end - start
    for k in range(1, length + 1):
        cells[SPLITS + k, 0] = _NONE
    cells[SPLITS + 0, 0] = 0
    for begin in range(length):
        if cells[SPLITS + begin, 0] == _NONE:
            continue
        base = (cells[SPLITS + begin, 0] & ~_START) + _ONE
        if begin > 0 and _vowel_in_front(text[start + begin]):
            base += _VOWEL
        node, k = wide(0), begin
        while k < length:
            node = _next(tables.tries, node, wide(text[start + k]))
            if node == 0:
                break
            k += 1
            syllable = tables.tries[node, END_OF_WORD]
            if syllable:
                cost = base + (_RESPELLED if tables.spellings[syllable, RESPELT] else 0) | begin
                cells[SPLITS + k, 0] = min(cells[SPLITS + k, 0], cost)
    return bool(cells[SPLITS + length, 0] != _NONE)


@leaf
def _link(cells: Cells, length: int) -> None:
    """The best split forwards: where the syllable ends that begins at each place."""
    end = length
    begin = cells[SPLITS + end, 0] & _START
    while True:
        before = cells[SPLITS + begin, 0] & _START
        cells[SPLITS + begin, 0] = end
        if begin == 0:
            return
        end, begin = begin, before


@inner
def put_syllables(
    tables: LatinTables, text: Bytes, span: tuple[int, int], cells: Cells, at: int, form: int
) -> tuple[int, int]:
    """The syllables of letters at a span (start, end), joined, into ``text`` from ``at`` on: (how many, where they end).

    ``form``: 0 the usual spelling, 1 the folded one. (0, at) where the letters are no pinyin.
    """
    start, end = span
    if end == start or end - start > LONGEST_PINYIN or not _split(tables, text, start, end, cells):
        return wide(0), at
    _link(cells, end - start)
    count, k = wide(0), wide(0)
    while k < end - start:
        node = wide(0)
        for place in range(start + k, start + cells[SPLITS + k, 0]):
            node = _next(tables.tries, node, wide(text[place]))
        at = put_spelling(tables, wide(tables.tries[node, END_OF_WORD]) + form, text, at)
        count, k = count + 1, cells[SPLITS + k, 0]
    return count, at


@inner
def reads_plainly(tables: LatinTables, text: Bytes, span: tuple[int, int], cells: Cells) -> bool:
    """Whether letters are pinyin in which no syllable but the first begins with a vowel."""
    start, end = span
    if end == start or end - start > LONGEST_PINYIN or not _split(tables, text, start, end, cells):
        return False
    return bool(cells[SPLITS + end - start, 0] < _VOWEL)


@inner
def is_tibetan(tables: LatinTables, text: Bytes, start: int, end: int) -> bool:
    """Whether letters consist of elements only, perhaps with an ending (``tibetan_latin``)."""
    length = end - start
    if length > LONGEST_ELEMENTS:
        return False
    reached = wide(1)  # bit k: the first k letters do
    for begin in range(length):
        if reached >> begin & 1:
            node, k = wide(tables.tibetan), begin
            while k < length:
                node = _next(tables.tries, node, wide(text[start + k]))
                if node == 0:
                    break
                k += 1
                if tables.tries[node, END_OF_WORD]:
                    reached |= wide(1) << k
    if reached >> length & 1 and length > 0:
        return True
    for ending in range(tables.endings[0], tables.endings[1]):
        size = wide(tables.spellings[ending, 0])
        if length > size and reached >> (length - size) & 1 and _ends_so(tables, text, end - size, ending):
            return True
    return False


@inner
def _ends_so(tables: LatinTables, text: Bytes, at: int, ending: int) -> bool:
    for k in range(wide(tables.spellings[ending, 0])):
        if text[at + k] != tables.spellings[ending, 1 + k]:
            return False
    return True
