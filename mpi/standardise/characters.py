"""Characters before meaning: compatibility forms, invisible characters, scripts. Every value passes here first."""

from __future__ import annotations

import re
import unicodedata

# Invisible or unusable: soft hyphen, zero-width and direction marks, variation selectors, lone surrogates, tags.
_INVISIBLE = re.compile(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufe00-\ufe0f\ud800-\udfff\U000e0000-\U000e01ef]"
)
_PLAIN_HAN = re.compile("[\u4e00-\u9fff0-9a-zA-Z-]+")
_BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2800\u3164]+")

HAN = "〇々\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"  # a regular-expression character range
_HAN = re.compile(f"[{HAN}]")
_NOT_LETTER_OR_DIGIT = re.compile(r"[\W_]+")
_NOT_ALNUM_ASCII = re.compile("[^A-Z0-9]+")

# GB 18030-2000 put these name characters into the private use area; fonts and old systems still send them so.
_PRIVATE_USE = {
    0xE816: "\U00020087", 0xE817: "\U00020089", 0xE818: "\U000200cc", 0xE831: "\U000215d7",
    0xE83B: "\U0002298f", 0xE855: "\U000241fe", 0xE863: "\u4dae",
}  # fmt: skip


def clean(text: str) -> str:
    """NFKC form without invisible characters, runs of blanks (and controls) as one space, ends trimmed. Idempotent."""
    if text.isascii():
        return " ".join(text.split()) if text.isprintable() else _BLANK.sub(" ", text).strip()
    if _PLAIN_HAN.fullmatch(text):
        return text
    form = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text).translate(_PRIVATE_USE))
    return _BLANK.sub(" ", _INVISIBLE.sub("", form)).strip()


def has_han(text: str) -> bool:
    return not text.isascii() and _HAN.search(text) is not None


def without_accents(text: str) -> str:
    """Without the accents of European letters: é → e, ü → u, ß → ss. What does not decompose (ø, ł, đ …) by a small table."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text.translate(_UNDECOMPOSED))
    return unicodedata.normalize("NFC", _ACCENTS.sub("", decomposed))


# Marks of Latin, Greek and Cyrillic letters; the vowel signs of other scripts are letters.
_ACCENTS = re.compile("[\u0300-\u036f]")
_UNDECOMPOSED = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D",
        "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i", "ħ": "h", "Ħ": "H",
    }
)  # fmt: skip


def letters_and_digits(text: str) -> str:
    """Only what ``str.isalnum`` calls a letter or digit (any script), lower case."""
    return text.casefold() if text.isalnum() else _NOT_LETTER_OR_DIGIT.sub("", text).casefold()


def capitals_and_digits(text: str) -> str:
    """ASCII letters and digits only, upper case: the normal form of document numbers."""
    if text.isascii() and text.isalnum():
        return text.upper()
    return _NOT_ALNUM_ASCII.sub("", clean(text).upper())
