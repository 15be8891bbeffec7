"""Town, village and road of a Chinese address in a kernel: what ``standardise.han_addresses.read_places`` reads.

The text is tidied, its divisions are behind us, and what follows it is no Han character: no word goes past its end.
"""

from __future__ import annotations

import numpy as np

from mpi.columns.characters import Points
from mpi.columns.jit import inner, leaf, wide


def _words(*words: str) -> Points:
    """A line for each word, filled up with zeros."""
    width = max(map(len, words)) + 1
    return np.array([[ord(character) for character in word.ljust(width, "\0")] for word in words], np.uint32)


_TOWN = _words("街道办事处", "街道办", "街道", "地区办事处", "镇", "乡", "苏木")
_NOT_BEHIND_TOWN = _words("路", "街", "巷", "大道", "小区", "花园", "社区", *(f"{side}路" for side in "东西南北中"))
_VILLAGE = _words("村民委会", "村委会", "居委会", "社区", "村")
_NOT_BEHIND_VILLAGE = _words("路", "街", "巷", "大道", "小区", "公寓", "区", *(f"{n}区" for n in "一二三四五六七八九"))
_ROAD = _words("大道", "大街", "公路", "路", "街", "巷", "胡同", "弄", "道")
_BRANCH = _words("支路", "支巷", "巷", "弄", "横街", "后街", "段")
_LONGEST_PLACE, _LONGEST_ROAD, _LONGEST_BRANCH = 8, 10, 3  # characters before the word
_LU, _JIE, _XIANG, _DAO, _QU, _JU, _HUI = (ord(character) for character in "路街巷道区居会")


@inner
def _stands(words: Points, word: int, s: Points, at: int) -> int:
    """Where a word ends that stands at a place; 0 where it does not stand there."""
    k = wide(0)
    while words[word, k] != 0:
        if s[at + k] != words[word, k]:
            return wide(0)
        k += 1
    return at + k


@inner
def _any_stands(words: Points, s: Points, at: int) -> bool:
    for word in range(len(words)):
        if _stands(words, word, s, at) > 0:
            return True
    return False


@inner
def _end_of_place(words: Points, behind: Points, s: Points, at: int) -> int:
    """Where one of ``words`` ends at a place, none of ``behind`` following; 0 where none does."""
    for word in range(len(words)):
        end = _stands(words, word, s, at)
        if end > 0 and not _any_stands(behind, s, end):
            return end
    return wide(0)


@inner
def _place(words: Points, behind: Points, across_roads: bool, s: Points, start: int, count: int) -> int:
    """Where the name of a place ends; ``start`` without one. ``across_roads``: it may hold a word for a road."""
    for at in range(start + 1, min(start + _LONGEST_PLACE + 1, count)):
        if not across_roads and s[at - 1] in (_LU, _JIE, _XIANG):
            return start
        end = _end_of_place(words, behind, s, at)
        if end > 0:
            return end
    return start


@inner
def _end_of_road(s: Points, at: int, count: int) -> int:
    for word in range(len(_ROAD)):
        end = _stands(_ROAD, word, s, at)
        if end > 0 and not (s[at] == _JIE and s[end] in (_DAO, _QU)) and (s[at] != _DAO or end == count):
            return end
    return wide(0)


@inner
def _branch(s: Points, start: int, count: int) -> int:
    """Where the name of a road's branch ends; ``start`` without one."""
    for at in range(start, min(start + _LONGEST_BRANCH + 1, count)):
        for word in range(len(_BRANCH)):
            end = _stands(_BRANCH, word, s, at)
            if end > 0:
                return end
    return start


@inner
def _road(s: Points, start: int, count: int) -> int:
    """Where the name of a road, with its branch, ends; ``start`` without one."""
    for at in range(start + 1, min(start + _LONGEST_ROAD + 1, count)):
        end = _end_of_road(s, at, count)
        if end > 0:
            return _branch(s, end, count)
    return start


@inner
def read_places(s: Points, start: int, count: int) -> tuple[int, int, int]:
    """Where village, road and what is left begin in ``s[start:count]``: a village ends where the road begins, and so on."""
    village = _place(_TOWN, _NOT_BEHIND_TOWN, True, s, start, count)
    road = _place(_VILLAGE, _NOT_BEHIND_VILLAGE, False, s, village, count)
    return village, road, _road(s, road, count)


@leaf
def is_office(s: Points, start: int, end: int) -> bool:
    """Whether a village's name ends as that of an office does (社区, 居委会; ``han_addresses.OFFICES``)."""
    return bool(end > start and (s[end - 1] == _QU or (s[end - 1] == _HUI and s[end - 3] == _JU)))
