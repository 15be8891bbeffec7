"""Names and words in alphabets: tokens, one comparison form, a phonetic code, nicknames."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

import jellyfish

from mpi.records import StandardText
from mpi.standardise.characters import clean, without_accents
from mpi.standardise.pinyin import fold_sound, pinyin_sound, syllables
from mpi.standardise.table_files import table_rows, word_lists

_CACHED_VALUES = 1 << 16
_DASHES = re.compile("[‐‑‒–—]")
_APOSTROPHES = re.compile("['`´ʼʻ’‘ʹ′＇]")
_ASCII_TOKENS = re.compile("[a-z]+")

_HYPHEN = re.compile(r"([^\W\d_]+)\s?-\s?(?=[^\W\d_])")
_UNMISTAKABLE_PINYIN = re.compile("x|zh")


def particles() -> frozenset[str]:
    """Words in front of a family name that are often left out (van, de la, al)."""
    return word_lists("latin_words")["particle"]


def latin_tokens(text: str) -> tuple[str, ...]:
    """Lower-case words without accents, apostrophes, digits and punctuation; Smith-Jones is one word, al-Hassan two.

    Letters of other alphabets stay as they are.
    """
    if "-" in text:
        text = _HYPHEN.sub(lambda word: word[1] + (" " if word[1].casefold() in particles() else ""), text)
    if text.isascii():
        return tuple(_ASCII_TOKENS.findall(_APOSTROPHES.sub("", text.lower())))
    form = _APOSTROPHES.sub("", _DASHES.sub("-", clean(text))).casefold()
    words = form.split()
    return tuple(token for word in words for token in _word_tokens(word) if token)


def _word_tokens(word: str) -> tuple[str, ...]:
    if not word.isascii():
        word = _pinyin_with_tones(word) or without_accents(word).casefold()
    if word.isascii():
        return tuple(_ASCII_TOKENS.findall(word))
    letters = "".join(c if unicodedata.category(c)[0] in "LM" else " " for c in word)
    return tuple(letters.split())


def _pinyin_with_tones(word: str) -> str:
    """``xiǎo`` → ``xiao``, ``lǚ`` → ``lv``; "" where the letters do not read as pinyin (müller)."""
    letters = without_accents(unicodedata.normalize("NFD", word).replace("u\u0308", "v"))
    return letters if letters.isascii() and pinyin_sound(letters) else ""


@cache
def full_names() -> dict[str, str]:
    """Nickname → full name; a full name maps to itself."""
    table: dict[str, str] = {}
    for full, nicknames in table_rows("nicknames"):
        table[full] = full
        for nickname in nicknames.split():
            table.setdefault(nickname, full)
    return table


def is_english_given_name(token: str) -> bool:
    return token in full_names()


@lru_cache(_CACHED_VALUES)
def phonetic(letters: str) -> str:
    """Metaphone (L. Philips 1990, as jellyfish has it) of the ASCII letters, in capitals: never equal to a pinyin sound."""
    ascii_letters = "".join(_ASCII_TOKENS.findall(letters))
    return jellyfish.metaphone(ascii_letters).replace(" ", "") if ascii_letters else ""


@lru_cache(_CACHED_VALUES)
def latin_value(tokens: tuple[str, ...], *, given: bool = False, chinese: bool = False) -> StandardText:
    """Standard form of a name part or word in Latin letters, given as tokens.

    ``text`` joins the tokens, so that hyphens, spaces and apostrophes do not matter. ``sound`` is pinyin where the whole
    reads so and the bearer is ``chinese`` (by the family name) or the spelling is unmistakable (x, zh); a longer English
    ``given`` name stays English (Susan Wang). ``fold`` takes the full name for a nickname of a ``given`` name and leaves
    out particles (van der Berg, Berg).
    """
    text = "".join(tokens)
    full = full_names().get(tokens[0]) if given and tokens else None
    pinyin = syllables(text) if chinese or _UNMISTAKABLE_PINYIN.search(text) else ()
    if pinyin and (full is None or (chinese and len(pinyin) == 1)):
        sound = "".join(pinyin)
        return StandardText(text=sound, sound=sound, fold=fold_sound(sound))
    core = tokens
    while len(core) > 1 and core[0] in particles():
        core = core[1:]
    if full is not None:
        core = (full, *tokens[1:])
    return StandardText(text=text, sound=phonetic(text), fold=phonetic("".join(core)))
