"""Characters of a Han name that nobody can read: they keep their place, and the part of the name they stand in is not known.

Illegible ones are written ？ □ ■ ○ 〓 (鄭？俊), hidden ones * or x (王*明), and what no keyboard offers is described by its
parts (張（忄+朱）, 王⿰火华). Dropped, they would move the characters behind them into another part of the name and make a
part look complete: 鄭？俊 is not 郑俊. A part that holds one is missing: what is left of it neither agrees nor disagrees with
a whole one, and missing is what a comparison takes for no evidence.
"""

from __future__ import annotations

import re

from mpi.standardise.characters import HAN
from mpi.standardise.hanzi import is_usual, simplify

HIDDEN, ILLEGIBLE = "*", "□"
MARKS = HIDDEN + ILLEGIBLE
WHOLE_GIVEN, WHOLE_NAME = 2, 3  # characters of a Han name; more are rare
_MAY_HOLD = re.compile(r"[*×?□■○◯〓\ufffd+⿰-⿻xX]")
_NOT_READ = re.compile("[?■○◯〓\ufffd]")
_NOT_SHOWN = re.compile(f"×|(?<=[{HAN}*])[xX]{{1,3}}(?![a-zA-Z])")
_PART = f"[{HAN}⺀-⻿□]"
_SEQUENCE = re.compile(f"[⿰⿱⿴-⿻]{_PART}{{2}}|[⿲⿳]{_PART}{{3}}")  # Unicode's ideographic description, the innermost
_SUM = re.compile(rf"[(\[{{<【〔《]{_PART}+(?:[+*]{_PART}+)+[)\]}}>】〕》]")  # (忄+朱), [木*票]
_MARK_IN_BRACKETS = re.compile(r"[(\[{<【〔《]([*□]+)[)\]}>】〕》]")
_LONG_RUN = re.compile(r"([*□]{2})[*□]+")
_NOT_IN_FORM = re.compile(f"[^{HAN}*□]+")


def with_marks(text: str) -> str:
    """A cleaned text with one of ``MARKS`` for each character that is hidden, illegible or only described."""
    if not _MAY_HOLD.search(text):
        return text
    text = _NOT_READ.sub(ILLEGIBLE, text)
    found = 1
    while found:
        text, found = _SEQUENCE.subn(ILLEGIBLE, text)
    text = _MARK_IN_BRACKETS.sub(r"\1", _SUM.sub(ILLEGIBLE, text))
    return _LONG_RUN.sub(r"\1", _NOT_SHOWN.sub(lambda run: HIDDEN * len(run[0]), text))


def marked_form(text: str) -> str:
    """``han_text`` of a text that comes from ``with_marks``: the marks stay."""
    return text if is_usual(text) else simplify(_NOT_IN_FORM.sub("", text))


def is_legible(form: str) -> bool:
    return HIDDEN not in form and ILLEGIBLE not in form


def without_remark(form: str, enough: int) -> str:
    """A form without the marks at its ends, where ``enough`` characters or more are left and none is illegible.

    Beside a whole name they stand for no further character but are a remark of the hospital (*王小明, 小明*).
    """
    inside = form.strip(MARKS)
    return inside if len(inside) >= enough and is_legible(inside) else form
