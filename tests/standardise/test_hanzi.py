"""Variants and the characters they come to."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpi.standardise.hanzi import common_readings, is_simplified, simplify
from mpi.standardise.table_files import table_rows, word_lists

STANDARD_CHARACTERS = Path(__file__).parents[3] / "shared/data/cn/cn_char_tables/pinyindata_kMandarin_8105.txt"
# Characters of the national list that names write for another one; each is chosen in tables/variants.tsv or by OpenCC.
CHOSEN = set("仝吒昇札榖氾浜爇甦甯祕脩苧蒐薳邨釐锺陞麹")


def gb_2312(character: str) -> bool:
    return character.encode("gb2312", errors="ignore") != b""


def test_a_variant_of_unihan_reads_as_its_usual_form_and_is_no_character_in_use() -> None:
    readings = common_readings()
    rows = table_rows("unihan_variants")
    assert len(rows) > 800
    for variant, usual in rows:
        assert simplify(variant) == usual, (variant, usual)
        assert readings[ord(variant)] == readings[ord(usual)]
        assert not gb_2312(variant)
        assert is_simplified(usual)


def test_simplified_forms_stay_as_they_are() -> None:
    for list_of in ("variants", "unihan_variants"):
        for variant, _ in table_rows(list_of):
            assert simplify(simplify(variant)) == simplify(variant)


def test_no_family_name_is_folded_away() -> None:
    chosen = {variant for variant, _ in table_rows("variants")}
    for name in word_lists("surnames")["single"] | word_lists("surnames")["compound"]:
        assert simplify(name) == name or name in chosen


def test_no_character_of_the_national_list_is_folded_unless_chosen() -> None:
    if not STANDARD_CHARACTERS.exists():
        pytest.skip("the national list of 2013 is in ../shared/data only")
    lines = STANDARD_CHARACTERS.read_text(encoding="utf-8").splitlines()
    listed = [chr(int(line[2:].split(":")[0], 16)) for line in lines if line.startswith("U+")]
    assert {character for character in listed if simplify(character) != character} == CHOSEN
