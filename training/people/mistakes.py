"""Single mistakes in Latin text, numbers and dates: typing, hearing, scanning, blanks."""

from __future__ import annotations

import random

ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
SOUNDS = (
    ("ph", "f"), ("ck", "k"), ("ie", "ei"), ("ei", "ie"), ("mac", "mc"), ("mc", "mac"), ("y", "i"), ("i", "y"), ("ee", "ea"),
    ("ea", "ee"), ("s", "z"), ("c", "k"), ("k", "c"), ("tt", "t"), ("ll", "l"), ("l", "ll"), ("nn", "n"), ("n", "nn"),
    ("th", "t"), ("sh", "sch"), ("sch", "sh"), ("wh", "w"), ("gh", "g"), ("ou", "u"), ("au", "o"), ("ai", "ay"), ("ay", "ai"),
    ("e", "a"), ("er", "or"), ("son", "sen"), ("sen", "son"), ("x", "ks"), ("qu", "kw"), ("j", "g"), ("v", "w"),
    ("tch", "ch"), ("rr", "r"),
)  # fmt: skip
SCANS = (
    ("m", "rn"), ("rn", "m"), ("cl", "d"), ("d", "cl"), ("l", "1"), ("o", "0"), ("s", "5"), ("b", "8"), ("g", "9"),
    ("w", "vv"), ("h", "b"), ("e", "c"), ("a", "o"), ("u", "v"), ("v", "u"), ("n", "ri"), ("i", "l"), ("t", "f"), ("q", "g"),
    ("z", "2"),
)  # fmt: skip


def mistake(text: str, rng: random.Random) -> str:
    """One mistake of a random kind; every kind leaves at least one character."""
    kind = rng.choices([insert, delete, substitute, transpose, mishear, misread, respace], [20, 20, 25, 15, 10, 5, 5])[0]
    return kind(text, rng) or text


def insert(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text) + 1)
    beside = text[at - 1] if at and rng.random() < 0.4 else rng.choice("abcdefghijklmnopqrstuvwxyz")
    return text[:at] + (rng.choice("0123456789") if text[:1].isdigit() else beside) + text[at:]


def delete(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text)) if text else 0
    return text[:at] + text[at + 1 :] if len(text) > 1 else text


def substitute(text: str, rng: random.Random) -> str:
    """A key beside the right one."""
    if not text:
        return text
    at = rng.randrange(len(text))
    return text[:at] + _neighbour(text[at], rng) + text[at + 1 :]


def _neighbour(letter: str, rng: random.Random) -> str:
    if letter.isdigit():
        return rng.choice([d for d in "0123456789" if d != letter])
    for row in ROWS:
        at = row.find(letter)
        if at >= 0:
            return rng.choice(row[max(0, at - 1) : at] + row[at + 1 : at + 2])
    return rng.choice("aeiou")


def transpose(text: str, rng: random.Random) -> str:
    pairs = [i for i in range(1, len(text)) if text[i] != text[i - 1]]
    if not pairs:
        return text
    at = rng.choice(pairs)
    return text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :]


def mishear(text: str, rng: random.Random) -> str:
    return _replace(text, SOUNDS, rng)


def misread(text: str, rng: random.Random) -> str:
    return _replace(text, SCANS, rng)


def _replace(text: str, pairs: tuple[tuple[str, str], ...], rng: random.Random) -> str:
    fitting = [(a, b) for a, b in pairs if a in text]
    if not fitting:
        return substitute(text, rng)
    heard, written = rng.choice(fitting)
    return text.replace(heard, written, 1)


def respace(text: str, rng: random.Random) -> str:
    """Words run together or swapped; a single word cut in two."""
    words = text.split(" ")
    if len(words) > 1:
        return "".join(words) if rng.random() < 0.5 else " ".join(reversed(words))
    if len(text) < 4:
        return text
    at = rng.randrange(1, len(text) - 1)
    return f"{text[:at]} {text[at:]}"


def wrong_digit(number: str, rng: random.Random) -> str:
    """One digit replaced (two in three) or two neighbours swapped."""
    return substitute(number, rng) if rng.random() < 0.67 else transpose(number, rng)


def wrong_date(date: str, rng: random.Random) -> str:
    """``date`` as yyyy-mm-dd. Day and month swapped where that is a date, one digit, a year off, or 1 January."""
    if len(date) != 10:
        return date
    year, month, day = date[:4], date[5:7], date[8:]
    kind = rng.random()
    if kind < 0.3 and int(day) <= 12 and day != month:
        return f"{year}-{day}-{month}"
    if kind < 0.6:
        return f"{year}-{month}-{rng.randrange(1, 29):02d}"
    if kind < 0.75:
        return f"{year}-{rng.randrange(1, 13):02d}-{min(int(day), 28):02d}"
    if kind < 0.95:
        shift = rng.choice([-10, -1, 1, 10, rng.randrange(-9, 10)])
        shifted = int(year) + (shift if int(year) + shift < 2025 else -abs(shift))  # programs refuse dates to come
        return f"{shifted}-{month}-{min(int(day), 28):02d}"
    return f"{year}-01-01"
