"""Names of children who have none yet: 王某之子, 李芳之女婴, Baby Boy Smith, BB of Mary Smith."""

from __future__ import annotations

import re
from functools import lru_cache

from mpi.standardise.characters import HAN
from mpi.standardise.table_files import word_lists

_KIN = "[长次三四大小]?(?:儿子?|女儿|子|[男女]?[婴孩]|男|女|婴儿|孩子|小孩|双胞胎|新生儿|宝宝|毛毛|bb?)"
_BORN = "新生儿|婴儿|男婴|女婴|大婴|小婴|bb|baby"
_TWIN = "[a-d甲乙丙丁大小一二三1-4]"
_OF_MOTHER = re.compile(f"([{HAN}x*□]{{1,4}}?)(?:(?:之|的)(?:{_TWIN}?(?:{_KIN}){_TWIN}?)|(?:{_BORN}){_TWIN}?)")
_AFTER_MOTHER = re.compile(f"(?:之|的)?{_TWIN}?(?:{_KIN}|婴){_TWIN}?")  # what may stand behind a mother's whole name
_ALONE = re.compile(f"(?:无名|弃|某)?(?:{_BORN}|宝宝|毛毛|宝贝){_TWIN}?")
_MASKED = re.compile(f"([{HAN}])(?:某{{1,3}}|[*x]{{1,3}}|先生|女士|小姐)|某{{1,3}}[{HAN}]?")
_ONE_OF_SEVERAL = re.compile("双胞胎|[大小]婴|[之的][大小]$|(?:[之的子女婴孩男儿]|bb?)[a-d甲乙丙丁一二三1-4]$")
_OF_NEWBORNS = re.compile("[之的婴儿b]|宝宝|毛毛|宝贝")  # each placeholder holds one of them
_SHORTEST_NAME = 2  # characters


def newborn_of(text: str) -> str | None:
    """The mother's name in a Han newborn's placeholder ("" where there is none); None where the text is no such placeholder.

    ``text`` is cleaned, lower case and without blanks.
    """
    if not _OF_NEWBORNS.search(text):
        return None
    if match := _OF_MOTHER.fullmatch(text):
        return match[1]
    return "" if _ALONE.fullmatch(text) else None


def one_of_several(text: str) -> bool:
    """Whether a newborn's placeholder says that it is one of twins or more (王某之女A, 李芳双胞胎之大)."""
    return _ONE_OF_SEVERAL.search(text) is not None


def called_after(text: str, mother: str, just_born: bool) -> str | None:
    """The mother's name in a child's name that is hers and a word for child, without 之 (韩红子 for the son of 韩红).

    As a text alone that may be a name like any other. It is none where the record tells the mother's name (``mother``), or
    where it was written within days of the birth. None where the text is no such placeholder; all texts are Han only.
    """
    if len(mother) >= _SHORTEST_NAME and text.startswith(mother) and _AFTER_MOTHER.fullmatch(text, len(mother)):
        return mother
    return text[:-1] if just_born and len(text) > _SHORTEST_NAME and text[-1] in "子女" else None


def masked_family(text: str) -> str | None:
    """Family name of a masked name (王某某, 张**, 李先生); None where the name is not masked."""
    if match := _MASKED.fullmatch(text):
        return match[1] or ""
    return None


@lru_cache(1 << 16)
def latin_newborn_rest(tokens: tuple[str, ...]) -> tuple[str, ...] | None:
    """Tokens left after "baby boy", "bb of", "b/o", "twin a" …; None where the name does not begin so."""
    words = word_lists("latin_words")
    if tokens[:2] == ("b", "o"):
        return tokens[2:]
    if not tokens or tokens[0] not in words["newborn"]:
        return () if len(tokens) == 1 and tokens[0] in words["newborn_alone"] else None
    rest = tokens[1:]
    while rest and (rest[0] in words["newborn_further"] or rest[0] in words["newborn"]):
        rest = rest[1:]
    return rest
