from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_36

from mpi.errors import InputError
from mpi.registry.master_id import ALPHABET, MasterIds, format_code, parse_master_id

CODES = st.integers(0, 2**50 - 1)
IDS = MasterIds(bytes(range(32)))


@given(CODES)
def test_the_check_character_is_that_of_the_standard(code):
    text = format_code(code)
    assert text[:-1] == "".join(ALPHABET[code >> shift & 31] for shift in range(45, -1, -5))
    assert text[-1] == mod_37_36.calc_check_digit(text[:-1])
    assert parse_master_id(text) == code


@given(CODES)
def test_the_permutation_has_an_inverse(person):
    assert IDS.person(IDS.code(person)) == person


def test_the_codes_of_an_index_never_change():
    assert [IDS.code(person) for person in (0, 1, 2**40)] == [348327875332683, 439784058275402, 804216922799047]


@given(CODES, st.integers(0, 10), st.sampled_from(ALPHABET))
def test_a_wrong_character_is_noticed(code, place, wrong):
    text = format_code(code)
    mistyped = text[:place] + wrong + text[place + 1 :]
    if mistyped != text:
        with pytest.raises(InputError, match="check character is wrong"):
            parse_master_id(mistyped)


@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**50 - 20))
def test_many_codes_are_those_of_each(key: bytes, first: int) -> None:
    ids = MasterIds(key)
    assert ids.codes(first, 20).tolist() == [ids.code(person) for person in range(first, first + 20)]
