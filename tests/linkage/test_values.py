"""Codes of values: stable over processes, free of collisions where promised, and right about what they hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import ric

from mpi.linkage import values
from mpi.linkage.values import (
    ALPHABET,
    CELLS,
    CHARS_LIMIT,
    CODE,
    FOLD,
    IDENTIFIER_HASHED,
    LENGTH,
    NUMBER_HASHED,
    OFFSET,
    RESIDENT_LIMIT,
    SKETCH,
    SKETCH_HIGH,
    SOUND,
    ValueBuilder,
    category_code,
    identifier_code,
    identifier_kind,
    identifier_value,
    issued_value,
    number_code,
    resident_check_ok,
    sketch,
    sketch_chars,
    sound_code,
    text_code,
    unpack_han,
)
from mpi.records import IdentifierType, StandardIdentifier, StandardText

HAN = st.one_of(
    st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), st.characters(min_codepoint=0x3400, max_codepoint=0x4DBF)
)
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=80)  # lone surrogates too
PLAIN = st.text(ALPHABET, min_size=1, max_size=11)
COMPILES = settings(deadline=None)  # a first call compiles
INT64 = range(-(1 << 63), 1 << 63)


def resident(value: str) -> StandardIdentifier:
    return StandardIdentifier(type=IdentifierType.RESIDENT_ID, value=value)


def code_points(text: str) -> np.ndarray:
    return np.frombuffer(bytearray(text.encode("utf-32-le", "surrogatepass")), np.uint32)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (text_code("伟"), 6944),
        (text_code("建国"), 360555262),
        (text_code("欧阳修竹"), 496830327998105338),
        (text_code("smith"), -9175780121752093736),
        (text_code("阿卜杜拉买买提"), -8408084083205167374),
        (sound_code("jianguo"), 2948990526986597545),
        (category_code("汉族"), 1384369375),
        (number_code("0"), 1),
        (number_code("12a"), 3013),
        (
            identifier_code(StandardIdentifier(type=IdentifierType.HEALTH_CARD, value="A1234567", issuer="cq")),
            7551073198109059765,
        ),
        (identifier_code(resident("11010519491231002X")), (1 << 60) + 11010519491231002 * 11 + 10),
    ],
)
def test_codes_are_the_same_in_every_process(code: int, expected: int) -> None:
    """Journals and model files hold these numbers: a change needs a new ENCODING_REVISION."""
    assert code == expected


@given(st.text(HAN, min_size=1, max_size=4))
def test_short_han_text_is_its_own_code(text: str) -> None:
    code = text_code(text)
    assert 0 < code < 1 << 60
    assert unpack_han(code) == text


@given(ANY_TEXT)
def test_every_text_has_a_code(text: str) -> None:
    code = text_code(text)
    assert code in INT64
    assert (code == 0) == (text == "")
    assert unpack_han(code) == (text if code > 0 else None)


@pytest.mark.parametrize("text", ["欧阳修竹子", "伟a", "𠮷", "䷀", "ア", "김", "a", "・"])
def test_other_texts_are_hashed(text: str) -> None:
    assert text_code(text) < 0
    assert unpack_han(text_code(text)) is None


def test_a_missing_code_unpacks_to_nothing() -> None:
    assert unpack_han(0) is None
    assert unpack_han(1 << 60) is None


@given(ANY_TEXT)
def test_hashed_codes_keep_their_range(text: str) -> None:
    assert (sound_code(text) == 0) == (text == "")
    assert 0 <= sound_code(text) < 1 << 63
    assert category_code(text) == 0 if text == "" else 1 << 30 <= category_code(text) < 1 << 31


@given(st.text(max_size=30))
def test_number_codes_are_positive_and_ignore_case(text: str) -> None:
    code = number_code(text)
    assert 0 <= code < 1 << 63
    assert (code == 0) == (text == "")
    assert number_code(text.upper()) == code


@given(PLAIN, PLAIN)
def test_packed_numbers_do_not_collide(a: str, b: str) -> None:
    assert (number_code(a) == number_code(b)) == (a == b)
    assert number_code(a) < 1 << 58


@pytest.mark.parametrize("text", ["012345678901", "12号", "1.2", "１２"])
def test_other_numbers_are_hashed(text: str) -> None:
    assert number_code(text) >= NUMBER_HASHED


def test_leading_zeros_are_part_of_a_number() -> None:
    assert len({number_code(n) for n in ("0", "00", "000", "01", "1", "001")}) == 6


@COMPILES
@given(st.integers(0, 10**17 - 1), st.sampled_from("0123456789X"))
def test_a_resident_number_can_be_read_off_its_code(body: int, check: str) -> None:
    code = identifier_code(resident(f"{body:017d}{check}"))
    assert identifier_kind(code) == IdentifierType.RESIDENT_ID
    assert identifier_value(code) // 11 == body
    assert "0123456789X"[identifier_value(code) % 11] == check
    good = ric.calc_check_digit(f"{body:017d}{check}") == check
    assert resident_check_ok(code) == resident_check_ok.py_func(code) == good


@pytest.mark.parametrize(
    "value", ["", "1", "110105194912310021Y", "11010519491231002x", "１１０１０５１９４９１２３１００２Ｘ", "A" * 18]
)
def test_a_malformed_resident_number_never_passes_its_check(value: str) -> None:
    code = identifier_code(resident(value))
    assert (code == 0) == (value == "")
    assert not resident_check_ok(code)
    assert value == "" or identifier_value(code) >= RESIDENT_LIMIT


@given(st.sampled_from(IdentifierType), st.text(max_size=25), st.text(max_size=5))
def test_every_identifier_keeps_its_type(kind: IdentifierType, value: str, issuer: str) -> None:
    code = identifier_code(StandardIdentifier(type=kind, value=value, issuer=issuer))
    assert 0 <= code < 1 << 63
    assert (code == 0) == (value == "")
    assert value == "" or identifier_kind(code) == kind


@given(st.sampled_from([t for t in IdentifierType if t is not IdentifierType.RESIDENT_ID]), PLAIN, PLAIN)
def test_packed_identifiers_do_not_collide(kind: IdentifierType, a: str, b: str) -> None:
    codes = [identifier_code(StandardIdentifier(type=kind, value=v)) for v in (a, b)]
    assert (codes[0] == codes[1]) == (a == b)
    assert not any(identifier_value(c) & IDENTIFIER_HASHED for c in codes)


@pytest.mark.parametrize("kind", [IdentifierType.OTHER, IdentifierType.MEDICAL_INSURANCE, IdentifierType.HEALTH_CARD])
@pytest.mark.parametrize("value", ["12345", "500000123456789012"])
def test_the_issuer_is_part_of_the_number(kind: IdentifierType, value: str) -> None:
    codes = {identifier_code(StandardIdentifier(type=kind, value=value, issuer=i)) for i in ("", "cqmu1", "cqmu2")}
    assert len(codes) == 3


def test_issuers_of_other_types_are_left_out() -> None:
    codes = {
        identifier_code(StandardIdentifier(type=IdentifierType.PASSPORT, value="E12345678", issuer=i))
        for i in ("", "CN", "HK")
    }
    assert len(codes) == 1


@COMPILES
@given(st.integers(1, (1 << 58) - 1))
def test_issued_values_stay_in_45_bits(packed: int) -> None:
    result = issued_value(packed)
    assert result == issued_value.py_func(packed)
    assert 0 <= result < 1 << 45


def test_issued_values_of_neighbouring_numbers_differ() -> None:
    codes = [number_code(f"{n:09d}") for n in range(0, 300_000, 3)]
    assert len({issued_value.py_func(c) for c in codes}) == len(codes)


@COMPILES
@given(ANY_TEXT)
def test_both_sketches_set_the_same_bits(text: str) -> None:
    low, high = sketch(text)
    chars = code_points(text)
    assert tuple(map(int, sketch_chars(chars))) == (low, high)
    assert tuple(map(int, sketch_chars.py_func(chars))) == (low, high)
    assert 0 <= low < 1 << 64
    assert 0 <= high < 1 << 64
    assert (low | high != 0) == (text != "")


def test_sketches_are_the_same_in_every_process() -> None:
    assert sketch("人民路12号") == (72057869487309312, 0)
    assert sketch("12 stanley street") == (18014675132235813, 2367489)


def test_sketch_bits_are_spread_evenly() -> None:
    """Each of 128 bits is set by about the same share of bigrams, for Latin and for Han text."""
    for alphabet in ([chr(c) for c in range(97, 123)], [chr(c) for c in range(0x4E00, 0x9FA5, 97)]):
        counts = np.zeros(128)
        for a in alphabet:
            for b in alphabet:
                (both, both_high), (first, first_high), (last, last_high) = sketch(a + b), sketch(a), sketch(b)
                inner = (both | both_high << 64) & ~(first | last | (first_high | last_high) << 64)
                counts += [inner >> k & 1 for k in range(128)]
        assert counts.max() < 3 * counts.mean()
        assert np.count_nonzero(counts) > 120


VALUES = st.lists(st.one_of(ANY_TEXT, st.builds(StandardText, text=ANY_TEXT, sound=ANY_TEXT, fold=ANY_TEXT)), max_size=8)


@given(VALUES)
def test_a_builder_gives_back_what_was_added(items: list[StandardText | str]) -> None:
    builder = ValueBuilder()
    slots = [builder.add(item) for item in items]
    built = builder.build()
    for item, (slot, code) in zip(items, slots, strict=True):
        value = StandardText(text=item) if isinstance(item, str) else item
        assert code == text_code(value.text) == built.cells[slot, CODE]
        if not value.text:
            assert slot == 0
            continue
        assert slot > 0
        assert built.cells[slot, [SOUND, FOLD]].tolist() == [sound_code(value.sound), sound_code(value.fold)]
        start = built.cells[slot, OFFSET]
        kept = built.chars[start : start + built.cells[slot, LENGTH]]
        assert kept.tolist() == [ord(c) for c in value.text[:CHARS_LIMIT]]
        assert tuple(built.cells[slot, [SKETCH, SKETCH_HIGH]].view(np.uint64).tolist()) == sketch(value.text)


def test_the_first_slot_is_the_missing_value() -> None:
    built = ValueBuilder().build()
    assert built.cells.shape == (1, CELLS.size // 8)
    assert not built.cells.any()
    assert len(built.chars) == 0


def test_arrays_have_the_types_kernels_are_compiled_for() -> None:
    builder = ValueBuilder()
    for built in (builder.build(), (builder.add("wang"), builder.build())[1]):
        assert [a.dtype.name for a in built] == ["int64", "uint32"]
        assert all(a.flags.c_contiguous and a.flags.writeable for a in built)


def test_a_long_text_keeps_its_beginning_but_its_own_code() -> None:
    builder = ValueBuilder()
    (a, code_a), (b, code_b) = builder.add("x" * 100), builder.add("x" * 101)
    built = builder.build()
    assert code_a != code_b
    assert built.cells[a, LENGTH] == built.cells[b, LENGTH] == CHARS_LIMIT


def test_names_do_not_show_in_a_repr() -> None:
    builder = ValueBuilder()
    builder.add("smith")
    assert repr(builder.build()) == "Values(2 slots)"
    assert "smith" not in repr(builder)


def test_the_cache_of_values_is_bounded() -> None:
    assert values._entry.cache_info().maxsize == values.CACHED_VALUES
