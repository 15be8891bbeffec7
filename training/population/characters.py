"""Which character is written for which: homophones, dialect, look-alikes, traditional forms, pinyin.

Readings come from ``pypinyin`` and traditional forms from OpenCC at run time; the common characters are the first level of
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
def _common() -> tuple[str, ...]:
    """Characters in order: those used in names, then the first level of GB 2312."""
    found: dict[str, None] = {}
    for values in given_names().values():
        for value in values:
            found.update(dict.fromkeys(value))
    for high in range(0xB0, 0xD8):
        for low in range(0xA1, 0xFF):
            found.update(dict.fromkeys(bytes([high, low]).decode("gb2312", "ignore")))
    return tuple(found)


@cache
def _by_sound(*, family: bool) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    sounds: dict[str, list[str]] = defaultdict(list)
    folds: dict[str, list[str]] = defaultdict(list)
    for character in [s for s in surnames().values if len(s) == 1] if family else _common():
        sound = SURNAME_READING.get(character, reading(character)) if family else reading(character)
        if sound:
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
    """Another character of the same toneless sound, an earlier (commoner) one sooner; itself where there is none."""
    sound = SURNAME_READING.get(character, reading(character)) if family else reading(character)
    return _one_of([c for c in _by_sound(family=family)[0].get(sound, []) if c != character], character, rng)


def dialect_twin(character: str, rng: random.Random, *, family: bool = False) -> str:
    """A character of another sound that is heard as the same in Chongqing; itself where there is none."""
    sound = SURNAME_READING.get(character, reading(character)) if family else reading(character)
    near = [c for c in _by_sound(family=family)[1].get(folded(sound), []) if reading(c) != sound]
    return _one_of(near, character, rng)


def look_alike(character: str, rng: random.Random) -> str:
    return _one_of(look_alikes().get(character, []), character, rng)


def any_other(character: str, rng: random.Random) -> str:
    """A common character that has nothing to do with the right one (the wrong line of a candidate list)."""
    return _one_of([c for c in _common()[:600] if c != character], character, rng)


def _one_of(candidates: list[str], otherwise: str, rng: random.Random) -> str:
    if not candidates:
        return otherwise
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
