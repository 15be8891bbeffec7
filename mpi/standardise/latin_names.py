"""Personal names in alphabets: order of family and given name, particles, titles, née, pinyin and Tibetan spellings."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from mpi.records import RecordFlag, StandardName
from mpi.standardise.hanzi import han_value
from mpi.standardise.latin import is_english_given_name, latin_tokens, latin_value, particles
from mpi.standardise.newborns import latin_newborn_rest
from mpi.standardise.pinyin import pinyin_sound, reads_plainly, syllables
from mpi.standardise.table_files import word_lists
from mpi.standardise.tibetan import reads_only_as_tibetan, tibetan_latin

Tokens = tuple[str, ...]
_BORN_AS = re.compile(r"[\s(,]+(?:n[ée]e|born|geb\.?|formerly|aka|a\.k\.a\.)\s+", re.IGNORECASE)
_BRACKETS = re.compile(r"[(\[{].*?(?:[)\]}]|$)")
_MOST_SYLLABLES = 4
_NEWBORN = RecordFlag.NEWBORN | RecordFlag.PLACEHOLDER_NAME


@cache
def pinyin_surnames() -> frozenset[str]:
    """Toneless pinyin of every known Chinese family name."""
    return frozenset(han_value(name, family=True).sound for names in word_lists("surnames").values() for name in names)


def latin_name(text: str, family: str, given: str) -> tuple[tuple[StandardName, ...], RecordFlag]:
    """Standard names and flags of a cleaned name: ``text`` is the whole name, else ``family`` and ``given`` are its parts."""
    maiden: Tokens = ()
    whole = text or family
    if " " in whole and (match := _BORN_AS.search(whole)):
        maiden = _without_titles(latin_tokens(whole[match.end() :]))
        text, family = (whole[: match.start()], "") if text else ("", whole[: match.start()])
    families, givens = _split(text) if text else (_tokens(family), _tokens(given))
    if not text and (families, givens) != (split := _newborn_in_two_fields(families, givens)):
        families, givens = split
        return ((_standard(families, givens),) if families else ()), _NEWBORN
    newborn = latin_newborn_rest(givens) if givens else None
    if newborn is not None:
        families, givens = families or newborn[-1:], ()
    flags = RecordFlag.NONE if newborn is None else _NEWBORN
    names: tuple[StandardName, ...] = (_standard(families, givens),) if families or givens else ()
    if text and not families and len(givens) == 1 and not flags and (parted := _joined(text, givens[0])) is not None:
        names = (parted, *names)  # both readings: it may be a given name alone, or a Tibetan's
    if maiden:
        names += (_standard(maiden, givens),)
    return names, flags


def is_romanised(name: StandardName) -> bool:
    """Whether a name in Latin letters was read as a Chinese one: Zhang Shaohong, not Susan Wang."""
    if name.given is None or not name.given.sound or name.given.sound != pinyin_sound(name.given.text):
        return False
    return name.family is None or pinyin_sound(name.family.text) in pinyin_surnames()


def _newborn_in_two_fields(families: Tokens, givens: Tokens) -> tuple[Tokens, Tokens]:
    """The parts without a newborn's placeholder that begins or fills the family field; as they are where none does.

    Both parts together may be one (Baby, Girl), or the family field holds one of several words (Baby Boy, Smith). A name of
    one word stays beside a whole placeholder (Baby Boy, Son) and beside a real given name (Mary, Baby).
    """
    family_is_one = bool(families) and latin_newborn_rest(families) == ()
    if family_is_one and (not givens or latin_newborn_rest(givens) == ()):
        return (), ()
    if family_is_one and len(families) > 1:
        return (latin_newborn_rest(families + givens) or ())[-1:], ()
    if families and len(givens) == 1:
        for first, second in ((givens, families), (families, givens)):
            if latin_newborn_rest(first) == latin_newborn_rest(first + second) == ():
                return (), ()
    return families, givens


@lru_cache(1 << 16)
def _tokens(text: str) -> Tokens:
    return _without_titles(latin_tokens(_BRACKETS.sub(" ", text) or text))


def _without_titles(tokens: Tokens) -> Tokens:
    """Without Mr, Dr, Jr, III …, unless nothing else would be left."""
    if _titles().isdisjoint(tokens):
        return tokens
    return tuple(token for token in tokens if token not in _titles()) or tokens


def _titles() -> frozenset[str]:
    return word_lists("latin_words")["title"]


def _split(text: str) -> tuple[Tokens, Tokens]:
    """Whole name → tokens of (family, given)."""
    before, comma, after = text.partition(",")
    families, givens = _tokens(before), _tokens(after)
    if comma and families and givens and not _titles().issuperset(givens):
        return families, givens
    tokens = _tokens(text)
    rest = latin_newborn_rest(tokens)
    if rest is not None:
        return _western(rest)[0], tokens[: len(tokens) - len(rest)]
    if len(tokens) < 2 or tibetan_latin("".join(tokens)):
        return (), tokens
    if reads_only_as_tibetan(tokens[-1]) and not is_english_given_name(tokens[0]):  # Garab Dorje; Li Dolma
        return (tokens[:1], tokens[1:]) if pinyin_sound(tokens[0]) in pinyin_surnames() else ((), tokens)
    if all(pinyin_sound(token) for token in tokens) and (split := _chinese(tokens)):
        return split
    return _western(tokens)


def _joined(text: str, word: str) -> StandardName | None:
    """The family and given name that a name of one word may be: ZHANGSHAOHONG is a Chinese name without its space, and
    BAIMACUO might be one. None where it hardly is: JULIAN, MARINA with her syllables of two letters, capitals inside."""
    parts = syllables(word) if reads_plainly(word) else ()
    one_case = text.isupper() or text.islower()
    if (
        tibetan_latin(word)
        or not one_case
        or not 2 <= len(parts) <= _MOST_SYLLABLES
        or max(map(len, parts)) <= 2
        or is_english_given_name(word)
    ):
        return None
    if len(parts) > 2 and _is_compound(parts[:2]):
        return _standard(parts[:2], parts[2:])
    family = _is_common(parts[0]) or (len(parts) > 2 and parts[0] in pinyin_surnames())
    return _standard(parts[:1], parts[1:]) if family else None


def _chinese(tokens: Tokens) -> tuple[Tokens, Tokens] | None:
    """Order of a pinyin name by its surname; the commoner, else the first, where both ends are one."""
    surnames = pinyin_surnames()
    if len(tokens) == 2 and _is_common(tokens[1]) and not _is_common(tokens[0]):
        return tokens[1:], tokens[:1]
    for size in (2, 1):
        if (
            len(tokens) > size
            and pinyin_sound("".join(tokens[:size])) in surnames
            and (size == 1 or _is_compound(tokens[:2]))
        ):
            return tokens[:size], tokens[size:]
    if pinyin_sound(tokens[-1]) in surnames:
        return tokens[-1:], tokens[:-1]
    return None


def _is_common(token: str) -> bool:
    return pinyin_sound(token) in word_lists("latin_words")["common_surname"]


def _is_compound(tokens: Tokens) -> bool:
    """``ou yang`` and ``si ma`` written apart."""
    return "".join(tokens) in _compound_sounds()


@cache
def _compound_sounds() -> frozenset[str]:
    return frozenset(han_value(name, family=True).sound for name in word_lists("surnames")["compound"])


def _western(tokens: Tokens) -> tuple[Tokens, Tokens]:
    """Given names, then the family name with its particles (``ludwig | van beethoven``)."""
    start = len(tokens) - 1
    attached = particles() | word_lists("latin_words")["prefix"]
    while start > 1 and tokens[start - 1] in attached:
        start -= 1
    return (tokens[start:], tokens[:start]) if start > 0 else (tokens, ())


def _standard(family: Tokens, given: Tokens) -> StandardName:
    family_text, given_text = "".join(family), "".join(given)
    tibetan = tibetan_latin(given_text) if given else None
    if tibetan and family and tibetan_latin(family_text) and (whole := tibetan_latin(given_text + family_text)):
        return StandardName(given=whole)
    if tibetan and not family:
        return StandardName(given=tibetan)
    family_chinese = pinyin_sound(family_text) in pinyin_surnames()
    chinese = family_chinese or (not family and reads_plainly(given_text))
    if tibetan and not reads_only_as_tibetan(given_text):
        tibetan = None
    return StandardName(
        family=latin_value(family, chinese=family_chinese) if family else None,
        given=tibetan or (latin_value(given, given=True, chinese=chinese) if given else None),
    )
