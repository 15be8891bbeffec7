"""Which character is written for which: homophones, dialect, look-alikes, traditional forms, pinyin.

Readings come from ``pypinyin`` and traditional forms from OpenCC at run time; other common characters are the first level of
GB 2312 (through Python's codec); look-alikes are this folder's own list.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from functools import cache

from opencc import OpenCC
from pypinyin import Style, pinyin
from pypinyin.constants import PINYIN_DICT

from training.population.tables import given_names, lines, surnames

SURNAME_READING = {
    "单": "shan", "仇": "qiu", "曾": "zeng", "解": "xie", "查": "zha", "任": "ren", "区": "ou", "覃": "qin", "冼": "xian",
    "华": "hua", "缪": "miao", "尉迟": "yuchi", "翟": "zhai", "乐": "yue", "令狐": "linghu", "万": "wan", "盛": "sheng",
    "卜": "bu", "沈": "shen", "石": "shi", "余": "yu", "俞": "yu", "车": "che", "洗": "xian", "郇": "xun", "员": "yun",
    "祭": "zhai", "晁": "chao", "隗": "wei", "长": "zhang", "宿": "su", "盖": "ge", "繁": "po", "夏侯": "xiahou",
}  # fmt: skip


@cache
def reading(character: str) -> str:
    """Toneless pinyin of the first listed reading, "" where there is none."""
    marked = PINYIN_DICT.get(ord(character), "").split(",")[0]
    return _toneless(marked)


def _toneless(marked: str) -> str:
    plain = str.maketrans("āáǎàēéěèōóǒòīíǐìūúǔùǖǘǚǜüńňǹḿ", "aaaaeeeeooooiiiiuuuuvvvvvnnnm")
    return marked.translate(plain)


@cache
def folded(sound: str) -> str:
    """Dialect-folded pinyin: equal for sounds a clerk in Chongqing may take for one another.

    South-western Mandarin hears flat and curled sibilants, n and l, f and hu, front and back nasals as one. Written here on
    its own and not taken from ``mpi.standardise``: errors should not be made by the rules that are to find them.
    """
    sound = re.sub("^([zcs])h", r"\1", sound)
    sound = re.sub("^n", "l", sound)
    sound = re.sub("([ie])ng$", r"\1n", sound)
    sound = {"hu": "fu", "hui": "fei", "hun": "fen"}.get(sound, sound)
    return re.sub("^hua", "fa", sound)


@cache
def _named() -> tuple[str, ...]:
    """Characters used in given names, the usual ones first."""
    return tuple(dict.fromkeys(c for values in given_names().values() for value in values for c in value))


@cache
def _common() -> tuple[str, ...]:
    """The first level of GB 2312 (in the order of pinyin) without the characters used in names."""
    level = (bytes([high, low]) for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF))
    return tuple(c for code in level for c in code.decode("gb2312", "ignore") if c not in _named())


def _sound(character: str, *, family: bool) -> str:
    return SURNAME_READING.get(character, reading(character)) if family else reading(character)


@cache
def _by_sound(pool: str) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Toneless sound → characters, and folded sound → characters, of ``surnames``, ``named`` or ``common`` ones."""
    family = pool == "surnames"
    members = [s for s in surnames().values if len(s) == 1] if family else _named() if pool == "named" else _common()
    sounds: dict[str, list[str]] = defaultdict(list)
    folds: dict[str, list[str]] = defaultdict(list)
    for character in members:
        if sound := _sound(character, family=family):
            sounds[sound].append(character)
            folds[folded(sound)].append(character)
    return sounds, folds


@cache
def look_alikes() -> dict[str, list[str]]:
    """Character → characters of like shape, in the order of the list."""
    table: dict[str, dict[str, None]] = defaultdict(dict)
    for line in lines("look_alikes.txt"):
        group = list(dict.fromkeys(line.split()))
        for other in group[1:]:
            table[group[0]][other] = None
            table[other][group[0]] = None
    return {key: list(value) for key, value in table.items()}


def homophone(character: str, rng: random.Random, *, family: bool = False) -> str:
    """Another character of the same toneless sound; itself where there is none.

    For a family name another surname; else nearly always a character that is used in names, a usual one sooner.
    """
    sound = _sound(character, family=family)
    for pool in ("surnames",) if family else ("named", "common") if rng.random() < 0.93 else ("common", "named"):
        if found := [c for c in _by_sound(pool)[0].get(sound, []) if c != character]:
            return _one_of(found, rng)
    return character


def dialect_twin(character: str, rng: random.Random, *, family: bool = False) -> str:
    """A character of another sound that is heard as the same in Chongqing; itself where there is none."""
    sound = _sound(character, family=family)
    for pool in ("surnames",) if family else ("named", "common"):
        near = _by_sound(pool)[1].get(folded(sound), [])
        if found := [c for c in near if _sound(c, family=family) != sound]:
            return _one_of(found, rng)
    return character


def look_alike(character: str, rng: random.Random) -> str:
    return _one_of(look_alikes().get(character) or [character], rng)


def any_other(character: str, rng: random.Random, *, family: bool = False) -> str:
    """One that has nothing to do with the right one (the wrong line of a candidate list)."""
    pool = surnames().values[:120] if family else _named()[:500]
    return rng.choice([c for c in pool if c != character and len(c) == 1])


def _one_of(candidates: list[str], rng: random.Random) -> str:
    return candidates[int(rng.expovariate(0.4)) % len(candidates)]


@cache
def traditional(text: str) -> str:
    return str(_converter().convert(text))


@cache
def _converter() -> OpenCC:
    return OpenCC("s2t")


def romanised(family: str, given: str, rng: random.Random) -> str:
    """A Han name as a machine without Han characters prints it: WANG XIAOMING, Xiaoming Wang, wang xiao ming, …"""
    first = SURNAME_READING.get(family) or "".join(reading(c) for c in family)
    syllables = [s[0] for s in pinyin(given, style=Style.NORMAL)] if given else []
    second = "".join(syllables)
    style = rng.choices(range(5), [4, 2, 1, 1, 1])[0]
    if style == 0:
        return f"{first} {second}".upper().strip()
    if style == 1:
        return f"{first.title()} {second.title()}".strip()
    if style == 2:
        return f"{second.title()} {first.title()}".strip()
    if style == 3:
        return f"{first}{second}".upper()
    return " ".join([first, *syllables]).strip()
