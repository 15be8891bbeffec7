"""The phonetic code that the kernel writes is that of jellyfish: for short words of any letters, made-up and real names."""

from __future__ import annotations

import itertools
import random

import jellyfish
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_kernels import Guarded, GuardedBuffer, plain

from mpi.columns import metaphone as room
from mpi.columns.jit import kernel
from mpi.standardise.table_files import table_rows

SEED = 1_990
LETTERS = "abcdefghijklmnopqrstuvwxyz"
REFERENCE = plain(room)


@kernel
def _codes(data: np.ndarray, ends: np.ndarray, out: np.ndarray, places: np.ndarray) -> None:
    """The codes of many words, one behind the other."""
    begin = at = 0
    for n in range(len(ends)):
        at = room.metaphone(data, begin, ends[n], out, at)
        begin, places[n] = ends[n], at


def codes(words: list[str]) -> list[str]:
    ends = np.cumsum([len(word) for word in words])
    out, places = np.zeros(2 * ends[-1], np.uint8), np.zeros(len(words), np.int64)
    _codes(np.frombuffer("".join(words).encode(), np.uint8), ends, out, places)
    text = out.tobytes().decode()
    return [text[begin:end] for begin, end in zip([0, *places.tolist()], places.tolist(), strict=False)]


def assert_same(words: list[str]) -> None:
    found = codes(words)
    assert [(word, code) for word, code in zip(words, found, strict=True) if code != jellyfish.metaphone(word)] == []


def test_all_words_of_up_to_three_letters_and_many_longer_ones() -> None:
    assert_same(["".join(word) for size in (1, 2, 3) for word in itertools.product(LETTERS, repeat=size)])
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    for letters in (LETTERS, "aeioucdghksptwxyz", "achitosgdnkwr"):
        assert_same(["".join(chance.choices(letters, k=chance.randint(4, 14))) for _ in range(40_000)])


def test_real_names() -> None:
    names = pytest.importorskip("training.people.words")
    words = {word for row in table_rows("nicknames") for column in row for word in column.split()}
    for name in (*names.family_names().values, *names.given_names(male=True).values, *names.given_names(male=False).values):
        words |= {letters for letters in ("".join(filter(str.isalpha, name)),) if letters.isascii()}
    assert len(words) > 5_000
    assert_same(sorted(words - {""}))


@given(st.text(LETTERS, min_size=1, max_size=20))
def test_the_plain_function_stays_within_its_bounds(word: str) -> None:
    out = np.zeros(2 * len(word), np.uint8).view(GuardedBuffer)
    end = REFERENCE.metaphone(Guarded(word.encode()), 0, len(word), out, 0)
    assert bytes(out[:end]).decode() == jellyfish.metaphone(word)
