"""The tables of ``mpi.standardise`` for Latin letters as kernels read them: words, placeholders, pinyin, Tibetan elements.

A word of up to twelve letters is packed into a key, five bits a letter; what may be longer is found by its hash. Runs of
syllables are found by tries. All of it is three arrays: kernels hand each array of an argument on as nine numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from xxhash import xxh3_64_intdigest

from mpi.columns.characters import Bytes
from mpi.columns.hashing import xxh3
from mpi.columns.jit import inner, leaf, wide
from mpi.linkage.hashtable import spread
from mpi.standardise.latin import full_names, particles
from mpi.standardise.latin_addresses import street_types
from mpi.standardise.latin_names import pinyin_surnames
from mpi.standardise.pinyin import RESPELLED, SYLLABLES, fold_sound
from mpi.standardise.table_files import table_rows, word_lists
from mpi.standardise.tibetan import LATIN_ENDINGS, latin_elements

# Bits of a word; above them the spelling in full of its street type, and of the name that it is a nickname of.
PARTICLE, SPECIAL, PREFIX, SURNAME = 1, 2, 4, 8
STREET_SHIFT, FULL_SHIFT = 8, 24
STREET_MASK = (1 << FULL_SHIFT - STREET_SHIFT) - 1
LONGEST_WORD, LETTER_BITS = 12, 5
# Bits of letters that may be a placeholder: where they count as one. Above them a region's spelling as abbreviated.
AS_NAME, AS_ADDRESS = 1, 2
REGION_SHIFT = 8
LONGEST_PLACEHOLDER, LONGEST_LETTERS = 14, 28  # letters of a placeholder, and of a region too
SIGN = np.uint64(1 << 63)
LETTERS = 26
END_OF_WORD = LETTERS  # column of a trie: the spelling of what ends at the node
WIDTH, RESPELT = 18, 17  # of a line of spellings; its last column: whether a syllable is written in another spelling
_SLOTS_PER_WORD = 4
_BORN = ("nee", "born", "geb", "formerly", "aka")
_UINT64 = (1 << 64) - 1

Trie = npt.NDArray[np.int16]


class LatinTables(NamedTuple):
    """
    words      int64[2**k, 2]  key, bits: of packed words and of hashes of letters (which have the sign bit)
    spellings  uint8[n, 18]    number of letters, the letters; line 0 is none. Of a syllable the folded spelling comes next
    tries      int16[n, 27]    by letter the next node, 0 for none; syllables begin at node 0, Tibetan elements at
                               ``tibetan``. From ``lengths`` on a line for each first letter: by second letter the lengths
                               of the words that begin so (bit 1 for one letter, …), in its last column those of placeholders
    tibetan    int
    lengths    int
    endings    int, int        lines of what may follow Tibetan elements: the first, and the one behind the last
    """

    words: npt.NDArray[np.int64]
    spellings: Bytes
    tries: Trie
    tibetan: int
    lengths: int
    endings: tuple[int, int]

    def __repr__(self) -> str:
        return "LatinTables(…)"


@cache
def latin_tables() -> LatinTables:
    """Made once (0.1 s)."""
    spellings, syllables = [""], {}
    respelt: list[int] = []
    for spelling, usual in ({syllable: syllable for syllable in SYLLABLES} | RESPELLED).items():
        syllables[spelling] = len(spellings)
        respelt += [len(spellings)] if spelling != usual else []
        spellings += [usual, fold_sound(usual)]
    endings = (len(spellings), len(spellings) + len(LATIN_ENDINGS))
    spellings += LATIN_ENDINGS
    words, letters = _words(spellings), _letters(spellings)
    table = _table(
        {**{_packed(word): bits for word, bits in words.items()}, **{_hashed(text): letters[text] for text in letters}}
    )
    nodes = _trie([], syllables)
    tibetan = len(nodes)
    nodes = _trie(nodes, dict.fromkeys(filter(str.isascii, latin_elements()), 1))
    lengths = len(nodes)
    nodes += _lengths(words, [text for text, bits in letters.items() if bits & (AS_NAME | AS_ADDRESS)])
    lines = np.zeros((len(spellings), WIDTH), np.uint8)
    for line, spelling in enumerate(spellings):
        lines[line, : len(spelling) + 1] = (len(spelling), *spelling.encode())
    lines[respelt, RESPELT] = 1
    return LatinTables(table, lines, np.array(nodes, np.int16), tibetan, lengths, endings)


def _lines(spellings: list[str], texts: Iterable[str]) -> dict[str, int]:
    """Append texts; text → its line."""
    lines: dict[str, int] = {}
    for text in sorted(set(texts)):
        lines[text] = len(spellings)
        spellings.append(text)
    return lines


def _words(spellings: list[str]) -> dict[str, int]:
    """Bits of each word."""
    lists = word_lists("latin_words")
    bits: dict[str, int] = {}
    for words, bit in (
        (particles(), PARTICLE),
        (lists["prefix"], PREFIX),
        (lists["title"] | lists["newborn"] | lists["newborn_alone"] | set(_BORN), SPECIAL),
        (pinyin_surnames(), SURNAME),
    ):
        for word in words:
            bits[word] = bits.get(word, 0) | bit
    for table, shift in ((street_types(), STREET_SHIFT), (full_names(), FULL_SHIFT)):
        lines = _lines(spellings, table.values())
        for word, text in table.items():
            bits[word] = bits.get(word, 0) | lines[text] << shift
    return bits


def _letters(spellings: list[str]) -> dict[str, int]:
    """Bits of letters: placeholders of ASCII (of those with punctuation the letters), and regions in full."""
    lists = word_lists("placeholders")
    bits = dict.fromkeys(lists["any"], AS_NAME | AS_ADDRESS)
    for field, bit in (("name", AS_NAME), ("address", AS_ADDRESS)):
        for word in lists[field]:
            bits[word] = bits.get(word, 0) | bit
    for word in lists["raw"]:
        bits["".join(filter(str.isalnum, word))] = AS_NAME | AS_ADDRESS
    shorts = {full: short for short, fulls in table_rows("regions") for full in fulls.split()}
    lines = _lines(spellings, shorts.values())
    for full, short in shorts.items():
        bits[full] = bits.get(full, 0) | lines[short] << REGION_SHIFT
    return {word: value for word, value in bits.items() if word.isascii()}


def _lengths(words: Iterable[str], placeholders: Iterable[str]) -> list[list[int]]:
    lines = [[0] * (LETTERS + 1) for _ in range(LETTERS)]
    for word in words:
        first, second = ord(word[0]) - ord("a"), ord(word[1]) - ord("a") if len(word) > 1 else 0
        for column in {second} if len(word) > 1 else range(LETTERS):
            lines[first][column] |= 1 << len(word)
    for word in placeholders:
        assert word[0].isalpha(), "a placeholder of the tables begins with a digit"
        lines[ord(word[0]) - ord("a")][END_OF_WORD] |= 1 << len(word)
    return lines


def _hashed(letters: str) -> int:
    """Key of letters: their hash with the sign bit."""
    return (xxh3_64_intdigest(letters.encode()) | 1 << 63) - (1 << 64)


def _packed(word: str) -> int:
    """``packed`` of a word; raises ValueError where it has none."""
    if not 0 < len(word) <= LONGEST_WORD or not (word.isascii() and word.isalpha() and word.islower()):
        raise ValueError("a word of the tables is too long, or not of lower-case ASCII letters")
    key = 0
    for letter in word:
        key = key << LETTER_BITS | ord(letter) - ord("a") + 1
    return key


def _table(bits: Mapping[int, int]) -> npt.NDArray[np.int64]:
    size = 1 << (_SLOTS_PER_WORD * len(bits)).bit_length()
    table = np.zeros((size, 2), np.int64)
    for key, value in bits.items():
        mixed = key & _UINT64
        mixed = (mixed ^ mixed >> 33) * 0xFF51AFD7ED558CCD & _UINT64  # as ``spread``
        at = (mixed ^ mixed >> 33) & size - 1
        while table[at, 0]:
            at = (at + 1) & size - 1
        table[at] = key, value
    return table


def _trie(nodes: list[list[int]], words: Mapping[str, int]) -> list[list[int]]:
    """Nodes of one trie and then those of a further one, whose root comes first."""
    root = len(nodes)
    nodes = [*nodes, [0] * (LETTERS + 1)]
    for word, number in words.items():
        at = root
        for letter in word:
            column = ord(letter) - ord("a")
            if nodes[at][column] == 0:
                nodes[at][column] = len(nodes)
                nodes.append([0] * (LETTERS + 1))
            at = nodes[at][column]
        nodes[at][END_OF_WORD] = number
    return nodes


@leaf
def _look(words: npt.NDArray[np.int64], key: int) -> int:
    """Bits under a key; 0 where it is not there."""
    mask = len(words) - 1
    at = wide(spread(key)) & mask
    while words[at, 0] != 0:
        if words[at, 0] == key:
            return wide(words[at, 1])
        at = (at + 1) & mask
    return wide(0)


@leaf
def is_letter(character: int) -> bool:
    """a to z."""
    return 97 <= character <= 122


@leaf
def packed(text: Bytes, start: int, end: int) -> int:
    """Key of a word of one to twelve letters; 0 for any other."""
    if end - start > LONGEST_WORD:
        return wide(0)
    key = wide(0)
    for k in range(start, end):
        if not is_letter(text[k]):
            return wide(0)
        key = key << LETTER_BITS | (wide(text[k]) - 96)
    return key


@inner
def _bits_of(words: npt.NDArray[np.int64], text: Bytes, start: int, end: int) -> int:
    key = packed(text, start, end)
    return _look(words, key) if key != 0 else wide(0)


@leaf
def bits_of(tables: LatinTables, text: Bytes, start: int, end: int) -> int:
    """Bits of a word, of one letter at least; 0 for one that is in no table."""
    size, first = end - start, wide(text[start])
    if size > LONGEST_WORD or not is_letter(first):
        return wide(0)
    second = wide(text[start + 1]) if size > 1 else wide(97)
    if not is_letter(second) or not tables.tries[tables.lengths + first - 97, second - 97] >> size & 1:
        return wide(0)
    return _bits_of(tables.words, text, start, end)


@inner
def letters_bits(words: npt.NDArray[np.int64], text: Bytes, start: int, end: int) -> int:
    """Bits of letters and digits; 0 for what is in no table, and for none or too many."""
    if end == start or end - start > LONGEST_LETTERS:
        return wide(0)
    return _look(words, wide(xxh3(text, start, end - start) | SIGN))


@leaf
def may_be_placeholder(tables: LatinTables, first: int, size: int) -> bool:
    """Whether a placeholder of so many letters (at most LONGEST_PLACEHOLDER) begins with a letter."""
    return bool(tables.tries[tables.lengths + first - 97, END_OF_WORD] >> size & 1)


@leaf
def placeholder_bits(tables: LatinTables, text: Bytes, start: int, end: int) -> int:
    """Bits of letters and digits that may be a placeholder, likewise."""
    size = end - start
    if size == 0 or size > LONGEST_PLACEHOLDER or not is_letter(text[start]):
        return wide(0)
    return letters_bits(tables.words, text, start, end) if may_be_placeholder(tables, wide(text[start]), size) else wide(0)


@leaf
def put_spelling(tables: LatinTables, line: int, text: Bytes, at: int) -> int:
    """Write a spelling; returns where it ends."""
    size = wide(tables.spellings[line, 0])
    for k in range(size):
        text[at + k] = tables.spellings[line, 1 + k]
    return at + size
