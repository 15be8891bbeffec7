"""Han characters: one form per character, then two codes per text, toneless pinyin (sound) and dialect-folded pinyin.

Tables come from libraries and load at first use: OpenCC's character tables (traditional to simplified, Japanese forms) and
pypinyin's reading table. Own tables: ``tables/unihan_variants.tsv``, ``tables/variants.tsv``, ``tables/readings.tsv``.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import msgspec

from mpi.records import StandardText
from mpi.standardise.characters import HAN, clean
from mpi.standardise.pinyin import SYLLABLES, fold_sound
from mpi.standardise.table_files import table_rows

_NOT_HAN = re.compile(f"[^{HAN}]+")
_TONES = str.maketrans("āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿ", "aaaaeeeeiiiioooouuuuvvvvvnnnm")
_CACHED_VALUES = 1 << 16


@cache
def _to_simplified() -> dict[int, str]:
    """Code point → simplified character. A character that OpenCC also allows to stay (乾, 於, 徵 …) stays."""
    table: dict[int, str] = {}
    for traditional, candidates in _opencc("TSCharacters"):
        if candidates and traditional not in candidates:
            table[ord(traditional)] = candidates[0]
    variants = {**_japanese(table), **dict(table_rows("unihan_variants"))}
    for variant, usual in variants.items():
        table.setdefault(ord(variant), usual.translate(table))
    for variant, usual in table_rows("variants"):
        table[ord(variant)] = usual.translate(table)
    return {character: form.translate(table) for character, form in table.items()}


def _opencc(name: str) -> list[tuple[str, list[str]]]:
    """Rows of a character table of OpenCC: a character and the forms it may take."""
    lines = (files("opencc") / "dictionary" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [(character, forms.split()) for character, _, forms in (line.partition("\t") for line in lines) if character]


def _japanese(simplified: dict[int, str]) -> dict[str, str]:
    """Japanese form → the traditional character it stands for (呉 吳, 辺 邊), where it stands for one.

    A form that is also a simplified character of its own (芸, 予, 沪) stays: it is in GB 2312, the mainland's character set.
    """
    found: dict[str, set[str]] = {}
    for traditional, forms in _opencc("JPVariants"):
        for form in forms:
            if not _in_gb_2312(form):
                found.setdefault(form, set()).add(traditional)
    return {
        form: next(iter(meant))
        for form, meant in found.items()
        if len(meant) == 1 and all(_in_gb_2312(character.translate(simplified)) for character in meant)
    }


def _in_gb_2312(character: str) -> bool:
    try:
        return bool(character.encode("gb2312"))
    except UnicodeEncodeError:
        return False


@cache
def common_readings() -> dict[int, str]:
    """Code point → one common toneless reading (pypinyin's first, own exceptions first of all)."""
    first = {point: toneless(readings.split(",", 1)[0]) for point, readings in _library_readings().items()}
    # A dialect reading (fiao, biang) is no standard syllable and could not be split from joined letters again.
    table = {point: reading for point, reading in first.items() if reading in SYLLABLES}
    table.update({ord(han): reading for han, reading in table_rows("readings")})
    return table


def _library_readings() -> dict[int, str]:
    """Code point → readings of pypinyin, separated by commas: only when the first Han character arrives.

    Read from its data file, since importing the package reads its phrases too (1.2 s of CPU, this takes 0.1 s).
    """
    found = find_spec("pypinyin")
    folders = found.submodule_search_locations if found is not None else None
    file = Path(folders[0]) / "pinyin_dict.json" if folders else None
    if file is not None and file.exists():
        return {
            int(point): readings for point, readings in msgspec.json.decode(file.read_bytes(), type=dict[str, str]).items()
        }
    from pypinyin.constants import PINYIN_DICT  # a version that keeps its table elsewhere

    return dict(PINYIN_DICT)


@cache
def _folded_readings() -> dict[int, str]:
    return {point: fold_sound(reading) for point, reading in common_readings().items()}


@cache
def surname_readings() -> dict[str, str]:
    """Family name (one or two characters) → reading, where it differs from the ordinary one (单 Shàn, 尉迟 Yùchí)."""
    return {han: reading for han, reading, *_ in table_rows("surname_readings")}


def toneless(reading: str) -> str:
    """``xiǎo`` → ``xiao``, ``lǚ`` → ``lv``."""
    plain = reading.translate(_TONES)
    if plain.isascii() and plain.isalpha():
        return plain
    decomposed = unicodedata.normalize("NFD", plain).replace("u\u0308", "v")
    return "".join(c for c in decomposed if c.isascii() and c.isalpha())


@cache
def _traditional() -> re.Pattern[str]:
    """Finds a character that may have a simplified form; all of the rare planes count."""
    usual = "".join(map(chr, sorted(point for point in _to_simplified() if point <= 0xFFFF)))
    return re.compile(f"[{usual}\U00010000-\U0010ffff]")


@cache
def _begin_with_consonant() -> frozenset[str]:
    """Characters whose reading is told apart from the letters before it."""
    return frozenset(chr(point) for point, reading in common_readings().items() if reading[0] not in "aeo")


def usual_characters(without: str = "") -> str:
    """A regular-expression set of the common Han characters (U+4E00 to U+9FFF) in simplified form.

    Told by what they are not: one set is searched in one pass.
    """
    return f"[^\0-\u4dff\ua000-\U0010ffff{_traditional().pattern[1:-1]}{without}]"


@cache
def _usual() -> re.Pattern[str]:
    return re.compile(f"{usual_characters()}+")


def is_usual(text: str) -> bool:
    """Whether the text is common Han characters in simplified form and nothing else, so that nothing needs to be cleaned."""
    return _usual().fullmatch(text) is not None


def han_text(text: str) -> str:
    """Only the Han characters of ``text``, in simplified form, without spaces, dots, digits or letters."""
    return text if is_usual(text) else simplify(_NOT_HAN.sub("", clean(text)))


def is_simplified(text: str) -> bool:
    """Whether ``simplify`` would surely leave the text as it is. A tenth of the time of translating it."""
    return _traditional().search(text) is None


def simplify(text: str) -> str:
    """``text`` with each Han character in simplified form; everything else as it is."""
    return text if is_simplified(text) else text.translate(_to_simplified())


@lru_cache(_CACHED_VALUES)
def han_value(text: str, family: bool = False) -> StandardText:
    """Standard form of a Han text; as a family name its characters take their surname readings."""
    form = han_text(text)
    if family and (sound := surname_readings().get(form)):
        return StandardText(text=form, sound=sound, fold=fold_sound(sound))
    return read_aloud(form)


def read_aloud(form: str) -> StandardText:
    """The value of Han characters in simplified form, with their ordinary readings."""
    sound = form.translate(common_readings())
    # Where a syllable begins with a vowel, other syllables may be read from the joined letters.
    apart = _begin_with_consonant().issuperset(form[1:])
    return StandardText(text=form, sound=sound, fold=form.translate(_folded_readings()) if apart else fold_sound(sound))
