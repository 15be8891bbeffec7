"""What is written where nothing is known: 不详, 无名氏, unknown, 000000, 13800000000. It becomes missing, and is flagged."""

from __future__ import annotations

import re
from functools import cache

from mpi.standardise.characters import clean, letters_and_digits
from mpi.standardise.table_files import word_lists

_DIGIT = re.compile("[0-9]")
_LONGEST = 24  # characters as written; longer texts say something


def is_placeholder_word(text: str) -> bool:
    """A word for "not known" in any field, or only punctuation. Empty text is missing, not a placeholder."""
    return len(text) <= _LONGEST and _is_placeholder(text, "any")


def is_placeholder_name(text: str) -> bool:
    return len(text) <= _LONGEST and _is_placeholder(text, "name")


def is_placeholder_letters(text: str) -> bool:
    """``is_placeholder_name`` of lower-case letters and digits, of which there is nothing to clean."""
    return text in _name_words()


@cache
def _name_words() -> frozenset[str]:
    words = word_lists("placeholders")
    return words["any"] | words["name"]


def is_placeholder_address(text: str) -> bool:
    return len(text) <= _LONGEST and not _DIGIT.search(text) and _is_placeholder(text, "address")


def _is_placeholder(text: str, field: str) -> bool:
    form = clean(text)
    if not form:
        return False
    words = word_lists("placeholders")
    if form.isalnum():  # and so nothing "raw", which holds a punctuation mark
        letters = form.casefold()
        return letters in words["any"] or letters in words[field]
    letters = letters_and_digits(form)
    return not letters or letters in words["any"] or letters in words[field] or form.lower() in words["raw"]


_RUN_UP, _RUN_DOWN = "01234567890123456789", "98765432109876543210"
_SHORTEST_RUN = 6


def is_placeholder_number(characters: str) -> bool:
    """One character repeated or digits counting up or down (123456, 87654321), six or more; zeros alone at any length."""
    if not characters.strip("0"):
        return True
    if len(characters) < _SHORTEST_RUN:
        return False
    return characters.count(characters[0]) == len(characters) or characters in _RUN_UP or characters in _RUN_DOWN


_MOBILE_FILLER = re.compile(r"1[3-9]\d(\d)\1{7}|13800138000|1380013800\d|(\d)\2{6,}|123456789\d*")


def is_filler_mobile(digits: str) -> bool:
    """``is_placeholder_phone`` of eleven digits that begin as a Chinese mobile number does, 13 to 19: no count up or down."""
    return _MOBILE_FILLER.fullmatch(digits) is not None


def is_placeholder_phone(digits: str) -> bool:
    """A filler: 13800000000, 13800138000, eight equal digits, 12345678."""
    return is_placeholder_number(digits) or _MOBILE_FILLER.fullmatch(digits) is not None
