"""Tibetan names, which reach a register in many Chinese and Latin transcriptions and mostly without a family name.

``tables/tibetan.tsv`` lists the elements names are built of. All spellings of one element share its ``sound``: 扎西, 札西,
Tashi and Zhaxi sound ``zhaxi``. Different elements stay different (卓玛, 拉姆).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache

from mpi.records import StandardName, StandardText
from mpi.standardise.characters import has_han
from mpi.standardise.hanzi import han_text, han_value
from mpi.standardise.latin import latin_tokens
from mpi.standardise.pinyin import fold_sound, pinyin_sound
from mpi.standardise.table_files import table_rows

TIBETAN = "藏"  # as an ethnic group in standard form

_CACHED_VALUES = 1 << 15
_LONGEST_HAN, _LONGEST_LATIN = 3, 12
_MOST_HAN, _MOST_LATIN = 8, 40  # characters of a whole name
# One syllable that may follow an element (Amdo women's and men's names: 扎西吉, 卓玛措).
_ENDINGS = dict(zip("吉措草加杰太本才毛姆", ("ji", "cuo", "cuo", "jia", "jie", "tai", "ben", "cai", "mu", "mu"), strict=True))
LATIN_ENDINGS = {"kyi": "ji", "kyid": "ji", "ki": "ji", "tso": "cuo", "gyal": "jie", "gyab": "jia", "thar": "tai"}


@cache
def han_elements() -> dict[str, str]:
    return {han_text(form): sound for sound, han, *_ in table_rows("tibetan") for form in han.split()}


@cache
def latin_elements() -> dict[str, str]:
    """Latin spellings, the pinyin of every Chinese transcription (as passports have it), and the Tibetan spelling."""
    table = {han_value(form).sound: sound for form, sound in han_elements().items()}
    table.update({spelling: row[0] for row in table_rows("tibetan") for spelling in (row[0], *row[2].split())})
    table.update({"".join(latin_tokens(spelling)): sound for sound, spelling in table_rows("tibetan_script")})
    return table


def tibetan_han(text: str) -> StandardText | None:
    """The value of a Han text (in standard form) that consists of elements only, perhaps with an ending; else None."""
    elements = han_elements()
    if text[:2] in elements or text[:_LONGEST_HAN] in elements:
        return _tibetan_han(text)
    return None


@lru_cache(_CACHED_VALUES)
def _tibetan_han(text: str) -> StandardText | None:
    if not 2 <= len(text) <= _MOST_HAN:
        return None
    sounds = _segment(text, han_elements(), _LONGEST_HAN)
    if not sounds and len(text) > 2 and text[-1] in _ENDINGS and (body := _segment(text[:-1], han_elements(), _LONGEST_HAN)):
        sounds = (*body, _ENDINGS[text[-1]])
    return _value(text, sounds) if sounds else None


@lru_cache(_CACHED_VALUES)
def tibetan_latin(letters: str) -> StandardText | None:
    """The value of Latin letters (joined tokens) that consist of elements only, perhaps with an ending; else None."""
    if len(letters) > _MOST_LATIN:
        return None
    sounds = _segment(letters, latin_elements(), _LONGEST_LATIN)
    for ending in () if sounds else LATIN_ENDINGS:
        body = _segment(letters.removesuffix(ending), latin_elements(), _LONGEST_LATIN) if letters.endswith(ending) else ()
        if body:
            sounds = (*body, LATIN_ENDINGS[ending])
            break
    return _value(pinyin_sound(letters) or letters, sounds) if sounds else None


def with_whole_names(names: tuple[StandardName, ...]) -> tuple[StandardName, ...]:
    """A Tibetan's names, and those of two Han characters once more without a family name.

    Few Tibetans have one; what looks like it is mostly the first syllable of a name that was shortened (罗拉 of 罗布拉姆).
    """
    whole = [
        StandardName(given=han_value(name.family.text + name.given.text))
        for name in names
        if name.family is not None and name.given is not None and _one_character(name.family, name.given)
    ]
    return tuple(dict.fromkeys((*names, *whole))) if whole else names


def _one_character(*parts: StandardText) -> bool:
    return all(len(part.text) == 1 and has_han(part.text) for part in parts)


def is_tibetan_element(text: str) -> bool:
    """One known element, in Han characters (standard form)."""
    return text in han_elements()


def reads_only_as_tibetan(letters: str) -> bool:
    """A spelling that is no pinyin (dorje, tsering): Tibetan even beside a family name."""
    return not pinyin_sound(letters) and tibetan_latin(letters) is not None


def _segment(text: str, elements: Mapping[str, str], longest: int) -> tuple[str, ...]:
    """Sounds of the elements that make up ``text``, longest first; () where it is not made of elements."""
    if not text:
        return ()
    for size in range(min(longest, len(text)), 1, -1):
        sound = elements.get(text[:size])
        if sound is None:
            continue
        if size == len(text):
            return (sound,)
        if rest := _segment(text[size:], elements, longest):
            return (sound, *rest)
    return ()


def _value(text: str, sounds: tuple[str, ...]) -> StandardText:
    sound = "".join(sounds)
    return StandardText(text=text, sound=sound, fold=fold_sound(sound))
