"""Words that are no personal name: localities, further attributes, ethnic groups."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from mpi.records import StandardText
from mpi.standardise.characters import HAN, clean, has_han, letters_and_digits, without_accents
from mpi.standardise.hanzi import han_value, is_usual, read_aloud, simplify
from mpi.standardise.latin import latin_tokens, latin_value
from mpi.standardise.pinyin import fold_sound
from mpi.standardise.placeholders import is_placeholder_word
from mpi.standardise.table_files import table_rows, word_lists

_CACHED_VALUES = 1 << 16
_ONLY_HAN = re.compile(f"[{HAN}]+")


@lru_cache(_CACHED_VALUES)
def standard_word(text: str) -> StandardText | None:
    """Standard form of any text: its letters and digits in lower case, simplified; None where nothing is left.

    ``sound`` and ``fold`` are those of its Han characters or of its Latin words; a text without either has none.
    """
    if is_usual(text):  # the common case
        return read_aloud(text) if text not in word_lists("placeholders")["any"] else None
    form = clean(text)
    if not form or is_placeholder_word(form):
        return None
    if has_han(form) and has_han(letters := simplify(letters_and_digits(without_accents(form)))):
        return _with_han(letters)
    tokens = latin_tokens(form)
    if not tokens:
        return StandardText(text=letters_and_digits(form))
    value = latin_value(tokens)
    letters = letters_and_digits(" ".join(tokens)) if not form.isascii() else letters_and_digits(form)
    return StandardText(text=letters, sound=value.sound, fold=value.fold) if letters != value.text else value


def _with_han(form: str) -> StandardText:
    if _ONLY_HAN.fullmatch(form):
        return han_value(form)
    sound = "".join(han_value(part).sound if _ONLY_HAN.fullmatch(part) else part for part in re.split(f"([{HAN}]+)", form))
    return StandardText(text=form, sound=sound, fold=fold_sound(sound))


@cache
def _ethnic_groups() -> dict[str, str]:
    return {spelling: name for code, name, latin in table_rows("ethnic_groups") for spelling in (code, name, *latin.split())}


@lru_cache(1 << 10)
def standard_ethnicity(text: str) -> str:
    """Short Chinese name of a group of GB/T 3304 (汉, 土家) for its name, code or Latin spelling; other text as it is."""
    form = clean(text)
    if not form or is_placeholder_word(form):
        return ""
    letters = simplify(letters_and_digits(form)).removesuffix("族")
    groups = _ethnic_groups()
    return groups.get(letters) or groups.get(letters.zfill(2)) or letters
