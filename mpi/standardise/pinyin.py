"""Toneless pinyin: reading Latin letters as syllables, and folding the sounds that South-western Mandarin merges."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

# Standard syllables by initial (xiandai hanyu cidian), toneless, with v for ü.
_FINALS = {
    "": "a ai an ang ao e ei en eng er o ou",
    "b": "a ai an ang ao ei en eng i ian iao ie in ing o u",
    "p": "a ai an ang ao ei en eng i ian iao ie in ing o ou u",
    "m": "a ai an ang ao e ei en eng i ian iao ie in ing iu o ou u",
    "f": "a an ang ei en eng o ou u",
    "d": "a ai an ang ao e ei en eng i ia ian iao ie ing iu ong ou u uan ui un uo",
    "t": "a ai an ang ao e eng i ian iao ie ing ong ou u uan ui un uo",
    "n": "a ai an ang ao e ei en eng i ian iang iao ie in ing iu ong ou u uan un uo v ve",
    "l": "a ai an ang ao e ei eng i ia ian iang iao ie in ing iu o ong ou u uan un uo v ve",
    "g": "a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo",
    "k": "a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo",
    "h": "a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo",
    "j": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "q": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "x": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "zh": "a ai an ang ao e ei en eng i ong ou u ua uai uan uang ui un uo",
    "ch": "a ai an ang ao e en eng i ong ou u ua uai uan uang ui un uo",
    "sh": "a ai an ang ao e ei en eng i ou u ua uai uan uang ui un uo",
    "r": "an ang ao e en eng i ong ou u ua uan ui un uo",
    "z": "a ai an ang ao e ei en eng i ong ou u uan ui un uo",
    "c": "a ai an ang ao e en eng i ong ou u uan ui un uo",
    "s": "a ai an ang ao e en eng i ong ou u uan ui un uo",
    "y": "a an ang ao e i in ing o ong ou u uan ue un",
    "w": "a ai an ang ao ei en eng o u",
}
SYLLABLES = frozenset(initial + final for initial, finals in _FINALS.items() for final in finals.split())
RESPELLED = {"lyu": "lv", "nyu": "nv", "lue": "lve", "nue": "nve", "lyue": "lve", "nyue": "nve"}  # GB/T 28039; keyboards
_LONGEST = 6  # zhuang, chuang, shuang
_MOST_LETTERS = 40  # longer runs are no name

# What every run of syllables looks like; possessive, so that it costs one pass. Most foreign words fail here.
_LIKE_PINYIN = re.compile("(?:(?:[ln]y|[bpmfdtnlgkhjqxrzcsyw]h?)?+[aeiouv]++(?:ng?+|r)?+)++")

_CACHED_VALUES = 1 << 16
_LETTERS = re.compile("[a-z]+")


class _Split(NamedTuple):
    """The best way to read the letters so far; smaller is better, in this order."""

    vowel_initial: int  # without an apostrophe a consonant begins the next syllable: linan is li-nan
    respelled: int  # syllables in another spelling of ü: jinyu is jin-yu before it is ji-nyu
    number: int  # xian is xian before it is xi-an (which is also vowel_initial)
    start: int  # of the last syllable


@lru_cache(_CACHED_VALUES)
def syllables(letters: str) -> tuple[str, ...]:
    """Split lower-case letters into pinyin syllables; () where that is impossible. ``_Split`` says which split wins."""
    if len(letters) > _MOST_LETTERS or not _LIKE_PINYIN.fullmatch(letters):
        return ()
    best: list[_Split | None] = [None] * (len(letters) + 1)
    best[0] = _Split(0, 0, 0, 0)
    for end in range(1, len(letters) + 1):
        best[end] = _best_split(letters, end, best)
    parts: list[str] = []
    end = len(letters)
    while end:
        split = best[end]
        if split is None:
            return ()
        syllable = letters[split.start : end]
        parts.append(RESPELLED.get(syllable, syllable))
        end = split.start
    return tuple(reversed(parts))


def _best_split(letters: str, end: int, best: list[_Split | None]) -> _Split | None:
    found: _Split | None = None
    for start in range(max(0, end - _LONGEST), end):
        before, syllable = best[start], letters[start:end]
        if before is None or (syllable not in SYLLABLES and syllable not in RESPELLED):
            continue
        respelled = before.respelled + (syllable not in SYLLABLES)
        vowel_initial = before.vowel_initial + (start > 0 and syllable[0] in "aoe")
        split = _Split(vowel_initial, respelled, before.number + 1, start)
        if found is None or split < found:
            found = split
    return found


def reads_plainly(letters: str) -> bool:
    """Reads as pinyin without an apostrophe being missed (Sean would be se'an)."""
    found = syllables(letters)
    return bool(found) and not any(syllable[0] in "aeo" for syllable in found[1:])


def pinyin_sound(letters: str) -> str:
    """The letters in the spelling of ``sound`` where they read as pinyin, else ""."""
    return "".join(syllables(letters))


@lru_cache(_CACHED_VALUES)
def fold_sound(sound: str) -> str:
    """Dialect-folded form of joined pinyin. A function of the sound alone, so that equal sounds fold equally.

    Clerks in Chongqing hear zh/z, ch/c, sh/s, n/l, hu/f, -ing/-in, -eng/-en as the same; ü is often written u.
    What is no pinyin (a character without a known reading) stays as it is.
    """
    return _LETTERS.sub(lambda run: "".join(map(_folded_syllables().__getitem__, syllables(run[0]))) or run[0], sound)


@cache
def _folded_syllables() -> dict[str, str]:
    return {syllable: _fold_syllable(syllable) for syllable in SYLLABLES}


def _fold_syllable(syllable: str) -> str:
    folded = re.sub("^([zcs])h", r"\1", syllable)
    folded = re.sub("^n", "l", folded).replace("v", "u")
    folded = re.sub("(?<=[ie])ng$", "n", folded)
    if folded == "hui":
        return "fei"
    if folded == "huo":
        return "ho"
    return re.sub("^hun$", "fen", re.sub("^hu(?=a|$)", "f", folded)) if folded != "hu" else "fu"
