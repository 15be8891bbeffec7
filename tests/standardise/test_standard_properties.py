"""Properties of every kind of value: idempotent; width, case and spacing do not matter; nothing raises."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from mpi.records import (
    Address,
    Guardian,
    HumanName,
    Identifier,
    IdentifierType,
    PatientRecord,
    RecordFlag,
    Sex,
    StandardAddress,
    StandardName,
    StandardRecord,
)
from mpi.standardise import standardise
from mpi.standardise.addresses import read_address
from mpi.standardise.dates import read_date
from mpi.standardise.hanzi import han_value
from mpi.standardise.identifiers import read_identifier
from mpi.standardise.latin import latin_tokens, latin_value
from mpi.standardise.names import read_name
from mpi.standardise.phones import read_phone
from mpi.standardise.pinyin import SYLLABLES, fold_sound, pinyin_sound, syllables
from mpi.standardise.table_files import word_lists
from mpi.standardise.words import standard_ethnicity, standard_word

surrogates = st.characters(categories=["Cs"])
any_text = st.text(st.one_of(st.characters(), surrogates), max_size=40)
han = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=6)
WORDS = word_lists("placeholders")
surname = st.sampled_from("王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高")
legible = st.text(st.sampled_from("明华强军伟芳敏静丽艳勇杰涛超磊娟"), min_size=2, max_size=2)
latin_word = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzéüñ"), min_size=1, max_size=10)
latin_name = st.lists(latin_word, min_size=1, max_size=3).map(" ".join)
road = st.sampled_from(["石油路", "人民支路", "北城天街", "金龙路", "新溉大道", "五一巷"])
estate = st.sampled_from(["", "龙湖花园", "富力城", "松石公寓", "稠山二区", "东风小区"])
counted = st.integers(1, 399)


@st.composite
def chinese_addresses(draw: st.DrawFn) -> str:
    parts = [draw(st.sampled_from(["", "重庆市渝中区", "渝北区", "西藏昌都市卡若区", "四川省成都市武侯区"]))]
    parts.append(draw(st.sampled_from(["", "龙溪街道", "城关镇"])))
    if draw(st.booleans()):
        parts.append(f"{draw(st.sampled_from(['九亭村', '矮拉村']))}{draw(counted)}组{draw(counted)}号")
        return "".join(parts)
    parts.append(draw(road) + f"{draw(counted)}号{draw(st.sampled_from(['', '附3号']))}" + draw(estate))
    if draw(st.booleans()):
        parts.append(f"{draw(counted)}{draw(st.sampled_from(['栋', '幢', '号楼']))}")
        parts.append(draw(st.sampled_from(["", "2单元"])))
        parts.append(draw(st.sampled_from(["", "1204", "12-4", "1204室", "3楼", "3楼2号"])))
    return "".join(parts)


@st.composite
def records(draw: st.DrawFn) -> PatientRecord:
    text = any_text
    names = st.builds(HumanName, text=text, family=text, given=text)
    documents = st.builds(Identifier, type=st.sampled_from(IdentifierType), value=text, issuer=text)
    addresses = st.builds(
        Address, text=text, division=text, region=text, locality=text, road=text, house_number=text, room=text
    )
    guardians = st.builds(Guardian, name=text, phone=text, identifier=st.one_of(st.none(), documents), relationship=text)
    return PatientRecord(
        source=draw(text),
        local_id=draw(text),
        names=tuple(draw(st.lists(names, max_size=3))),
        sex=draw(st.sampled_from(Sex)),
        birth_date=draw(text),
        identifiers=tuple(draw(st.lists(documents, max_size=2))),
        phones=tuple(draw(st.lists(text, max_size=2))),
        addresses=tuple(draw(st.lists(addresses, max_size=2))),
        ethnicity=draw(text),
        guardian=draw(st.one_of(st.none(), guardians)),
        multiple_birth_order=draw(st.integers(-5, 5)),
        deceased_date=draw(text),
        recorded_at=draw(text),
        attributes=draw(st.dictionaries(text, text, max_size=2)),
    )


def texts(name: StandardName) -> tuple[str, str]:
    return name.family.text if name.family else "", name.given.text if name.given else ""


def full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else "\u3000" if c == " " else c for c in text)


@given(records())
def test_never_raises_and_holds_no_surrogate(record: PatientRecord) -> None:
    standard = standardise(record)
    assert isinstance(standard, StandardRecord)
    for name in standard.names:
        for value in (name.family, name.given):
            if value is not None:
                value.text.encode()
    for address in standard.addresses:
        address.text.encode()
    assert all(phone > 0 for phone in standard.phones)


@given(records())
def test_pure(record: PatientRecord) -> None:
    assert standardise(record) == standardise(record)


@given(st.one_of(han, any_text))
def test_han_value_is_idempotent(text: str) -> None:
    value = han_value(text)
    assert han_value(value.text) == value
    assert han_value(f" {text} ") == value


@given(han)
def test_equal_sounds_fold_equally(text: str) -> None:
    value = han_value(text)
    assert value.fold == fold_sound(value.sound)


@given(st.one_of(latin_name, any_text))
def test_latin_value_is_idempotent(text: str) -> None:
    value = latin_value(latin_tokens(text))
    again = latin_value(latin_tokens(value.text))
    assert (again.text, again.sound) == (value.text, value.sound)


@given(latin_name)
def test_latin_width_case_and_spacing_do_not_matter(text: str) -> None:
    value = read_name(HumanName(text=text))
    assert read_name(HumanName(text=f"  {text}  ".replace(" ", "   "))) == value
    if text.isascii():
        assert read_name(HumanName(text=text.upper())) == value
        assert read_name(HumanName(text=full_width(text))) == value


@given(han)
def test_han_spacing_does_not_matter(text: str) -> None:
    assert read_name(HumanName(text=" ".join(text))) == read_name(HumanName(text=text))


@given(st.one_of(han, latin_name), st.one_of(han, latin_name))
@example("一一", "bb")
def test_parts_of_a_name_are_stable(family: str, given_name: str) -> None:
    """The standard parts, sent again as parts, are the same parts; once the second reading has joined or cut what it must."""
    once = [parts for name in read_name(HumanName(family=family, given=given_name)).names if (parts := texts(name))]
    for parts in once:
        again = read_name(HumanName(family=parts[0], given=parts[1])).names
        assert [texts(name) for name in again] == [parts]


@given(family=surname, given_name=legible, hidden=st.integers(0, 1), mark=st.sampled_from("？?□■○〓*＊×"))
def test_a_part_with_an_illegible_character_is_not_known(family: str, given_name: str, hidden: int, mark: str) -> None:
    part = (mark + given_name[1:], given_name[:1] + mark)[hidden]
    for name in (HumanName(text=family + part), HumanName(family=family, given=part), HumanName(text=f"{family} {part}")):
        assert [texts(found) for found in read_name(name).names] == [(family, "")]


@given(family=surname, given_name=legible, mark=st.sampled_from("？?□■○〓*＊×"))
def test_an_illegible_family_name_leaves_the_given_name(family: str, given_name: str, mark: str) -> None:
    assert [texts(found) for found in read_name(HumanName(text=mark + given_name)).names] == [("", given_name)]
    remark = read_name(HumanName(text=f"{family}{given_name}{mark}"))  # behind a whole name it is a remark
    assert remark == read_name(HumanName(text=family + given_name))


@given(st.sampled_from(sorted(w for w in WORDS["any"] | WORDS["name"] if len(w) > 1)), st.integers(1, 8))
def test_a_placeholder_in_two_fields_is_one(word: str, place: int) -> None:
    place = min(place, len(word) - 1)
    readings = [read_name(HumanName(family=word[:place], given=word[place:]))]
    if word.isascii():
        readings.append(read_name(HumanName(family=word[place:].title(), given=word[:place].title())))
    for reading in readings:
        assert not reading.names
        assert reading.flags == RecordFlag.PLACEHOLDER_NAME


@given(st.sampled_from(["baby", "newborn", "infant", "bb"]), st.sampled_from(["boy", "girl", "male", "female"]))
def test_a_newborn_in_two_fields_has_no_name(child: str, sex: str) -> None:
    for family, given_name in ((child, sex), (sex, child), (f"{child} {sex}", ""), (sex.upper(), f" {child} ")):
        reading = read_name(HumanName(family=family, given=given_name))
        assert (reading.names, reading.flags) == ((), RecordFlag.NEWBORN | RecordFlag.PLACEHOLDER_NAME)
    assert [texts(name) for name in read_name(HumanName(family="Smith", given=f"{child} {sex}")).names] == [("smith", "")]


@given(st.one_of(latin_name, han, any_text))
def test_words_are_idempotent(text: str) -> None:
    value = standard_word(text)
    if value is not None and (again := standard_word(value.text)) is not None:
        assert again.text == value.text
    assert standard_ethnicity(standard_ethnicity(text)) == standard_ethnicity(text)


@given(st.dates())
def test_every_calendar_date_reads_back(day: object) -> None:
    text = str(day)
    reading = read_date(text)
    if reading.value:
        assert reading.value == int(text.replace("-", ""))
        assert read_date(str(reading.value)) == read_date(full_width(text)) == reading


@given(any_text)
def test_dates_are_idempotent(text: str) -> None:
    value = read_date(text).value
    if value:
        assert read_date(str(value)).value == value


@given(st.one_of(st.from_regex(r"\+?[0-9 ()/-]{5,24}", fullmatch=True), any_text))
def test_phones_are_idempotent(text: str) -> None:
    for phone in read_phone(text).numbers:
        assert phone > 0
        assert read_phone(str(phone)).numbers in ((phone,), ())
    assert read_phone(full_width(text)).numbers == read_phone(text).numbers


@given(st.sampled_from(IdentifierType), st.one_of(st.from_regex(r"[0-9]{15,18}[0-9Xx]?", fullmatch=True), any_text))
def test_identifiers_are_idempotent(kind: IdentifierType, text: str) -> None:
    standard = read_identifier(kind, text).identifier
    if standard is not None:
        again = read_identifier(standard.type, standard.value).identifier
        assert again is not None
        assert (again.type, again.value) == (standard.type, standard.value)
        assert read_identifier(kind, f" {full_width(text)} ").identifier == standard


@given(chinese_addresses())
def test_addresses_are_idempotent(text: str) -> None:
    standard = read_address(Address(text=text)).address
    assert standard is not None
    again = read_address(Address(text=standard.text, division=str(standard.division or ""))).address
    assert again is not None
    assert (again.text, again.road, again.house_number) == (standard.text, standard.road, standard.house_number)
    assert (again.community, again.building, again.room) == (standard.community, standard.building, standard.room)
    assert read_address(Address(text=full_width(" ".join(text)))).address == standard or any(c.isdigit() for c in text)
    assert read_address(Address(text=full_width(text))).address == standard


@given(st.text(st.sampled_from("路街巷号栋幢楼单元室村组镇区市县重庆渝中石油12-3ab一二十附 "), max_size=20))
def test_any_heap_of_address_words_is_read(text: str) -> None:
    reading = read_address(Address(text=text))
    assert reading.address is None or reading.address != StandardAddress()


@given(st.lists(st.sampled_from(sorted(SYLLABLES)), min_size=1, max_size=4))
def test_syllables_join_to_what_they_were_split_from(parts: list[str]) -> None:
    letters = "".join(parts)
    assert pinyin_sound(letters)
    assert pinyin_sound(pinyin_sound(letters)) == pinyin_sound(letters)
    assert all(syllable in SYLLABLES for syllable in syllables(letters))
