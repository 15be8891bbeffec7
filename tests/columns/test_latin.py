"""Records in Latin letters read by kernels come out as the ordinary way makes them, whatever is written in their names,
addresses and telephone numbers."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from columns.test_reader import assert_same, differences, ordinary
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from benchmarks.ours import model_file
from mpi.columns.check import check
from mpi.columns.latin_tables import LONGEST_LETTERS, LONGEST_PLACEHOLDER
from mpi.columns.layout import Raw
from mpi.columns.nouns import raw_of
from mpi.columns.payload import PayloadColumns, payload_columns, payloads
from mpi.columns.reader import Batch, ColumnReader, plan_of
from mpi.linkage.features import Encoder
from mpi.linkage.model import Feature, Model, load_model
from mpi.records import Address, HumanName, Identifier, IdentifierType, PatientRecord
from mpi.standardise.latin import full_names
from mpi.standardise.pinyin import SYLLABLES
from mpi.standardise.table_files import table_rows, word_lists
from mpi.standardise.tibetan import latin_elements
from training.people import generate

SEED = 1_872
LEAST_READ = 0.995  # of the synthetic people
LATIN: Model = load_model(model_file("latin"))[0]
PARTS = ("text", "region", "city", "locality", "road", "house_number", "community", "building", "room", "postcode")


def of_every_part(kind: str) -> Model:
    """A model of the names and every field of an address, as one kind of feature."""
    fields = (Feature(name=field, label=field, kind=kind, source=f"address.{field}") for field in PARTS)
    names = tuple(
        feature for feature in LATIN.features if feature.kind == "name" and not feature.source.startswith("address.")
    )
    return msgspec.structs.replace(LATIN, features=(*names, *fields))


HAN = load_model(model_file("han"))[0]


class Case:
    """A model with its reader."""

    def __init__(self, model: Model) -> None:
        plan = plan_of(model)
        assert plan is not None
        self.model, self.encoder = model, Encoder(model)
        self.reader = ColumnReader(plan, model.width)

    def same(self, records: list[PatientRecord]) -> list[int]:
        """Compare both ways; returns the positions of what the kernels left."""
        left: list[int] = assert_same(records, self.reader, self.encoder).left.tolist()
        return left


CASES = {"latin": Case(LATIN), "han": Case(HAN)} | {
    kind: Case(of_every_part(kind)) for kind in ("name", "text", "number", "category")
}


def of_name(family: str = "", given: str = "", text: str = "") -> PatientRecord:
    return PatientRecord(source="a", local_id="1", names=(HumanName(family=family, given=given, text=text),))


def of_addresses(*addresses: Address) -> PatientRecord:
    return PatientRecord(source="a", local_id="1", addresses=addresses)


def of_phone(phone: str) -> PatientRecord:
    return PatientRecord(source="a", local_id="1", phones=(phone,))


@pytest.mark.parametrize("level", ["low", "base", "high"])
def test_people_come_out_as_the_ordinary_way_makes_them(level: str) -> None:
    print(f"seed {SEED}")
    records = list(generate(1_500, seed=SEED, errors=level).records)
    left = sum(len(CASES["latin"].same(records[start : start + 500])) for start in range(0, len(records), 500))
    if level == "base":
        assert left / len(records) <= 1 - LEAST_READ
    for case in CASES.values():
        case.same(records[:400])


# --- names ------------------------------------------------------------------------------------------------------------

WORDS = """
smith jones johndoe doe jane john mary ann anne-marie o'neill d'arcy macdonald von van der de la al bin hassan li wang zhang
zhangwei xiaoming xu alex max dixon lee long moran ou yang ouyang lyu nyu lue manuel samuel bob liz kate tashi dolma tenzin
pemba lhamo kyi tso baby girl boy twin bb b o mr mrs dr jr iii nee born geb formerly aka unknown none xx patient test noname
null na st san mc knight pneu wright aeneas lamb sign schmidt thumb ghost x zh q w h y aa st. j. n.a. r. smith-jones al-din
1 2 j0hn sm1th 5 garab dorje mei ling shaohong zhong guo lyuan nuer er e a
"""
LISTED = [word for lists in ("latin_words", "placeholders") for words in word_lists(lists).values() for word in words]
PIECES = st.one_of(
    st.sampled_from(WORDS.split()),
    st.sampled_from(sorted(word for word in LISTED if word.isascii())),
    st.sampled_from(sorted(full_names())),
    st.sampled_from(sorted(SYLLABLES)),
    st.sampled_from(sorted(filter(str.isascii, latin_elements()))),
    st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=9),
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=4),
)
JOINTS = st.sampled_from(["", "", " ", " ", " ", "-", " - ", "'", "`", ", ", ",", ".", ". ", "  ", "--", "-'"])
CASED = st.sampled_from([str.lower, str.upper, str.title, str])


@st.composite
def parts(draw: st.DrawFn, most: int = 4) -> str:
    """A few words, joined somehow."""
    text = ""
    for _ in range(draw(st.integers(0, most))):
        text += draw(PIECES) + draw(JOINTS)
    written: str = draw(CASED)(text)
    return written


names = (
    st.builds(of_name, parts(), parts())
    | st.builds(of_name, st.just(""), st.just(""), parts())
    | st.builds(of_name, parts(2), parts(2), parts(2))
)


def pairs(*written: str) -> list[PatientRecord]:
    return [of_name(*pair.split("|")) for pair in written]


@settings(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(names, min_size=1, max_size=8))
@example(pairs("Doe|Jane", "jane|doe", "un|known", "no|name", "smith|none", "none|smith", "|brendan", "smith|", "|mei"))
@example(pairs("wang|susan", "wang|xiaoming", "smith|xiaoming", "lyu|an", "lue|mei", "zhang|li", "|xiaoming", "|seana"))
@example(pairs("dolma|tashi", "li|tashi", "smith|tenzin dolma", "smith|pema kyi", "wang|gyatso", "smith|karma"))
@example(pairs("baby|girl", "baby boy|smith", "smith|baby boy", "smith|b o", "smith|b/o mary", "smith nee jones|mary"))
@example(pairs("van der berg|jan", "van|jan", "al-hassan|bob", "smith - jones|liz", "o'al-x|kate b", "d'-arcy|bobby-lee"))
@example(pairs("||John Smith", "||Smith, John", "||Ludwig van Beethoven", "||Ludwig van-Beethoven", "||Wang Wei", "||Maria"))
@example(
    pairs("||John St. Clair", "||Mary O'Neill Smith", "||Smith,John", "||,John", "||Smith,", "||Garab Dorje", "||Li Dolma")
)
@example(pairs("(smith)|john", "sm_ith|john", "smith|1", "1|john", "-|john", "na.|john", "n.a|john", "j.r.|bob", " |john"))
def test_names_are_read_as_ever(made: list[PatientRecord]) -> None:
    for _ in range(2):  # while it is learnt, and as it was learnt
        CASES["latin"].same(made)


def test_plain_names_need_no_lesson() -> None:
    case = Case(LATIN)
    plain = pairs(
        "smith|john", "O'Neill|Mary-Ann", "van der Berg|Jan", "wang|xiaoming", "dixon|alex", "|brendan", "||John Smith"
    )
    assert case.same(plain) == []
    assert case.reader.lessons._entries == 0


def test_what_is_listed_fits_its_key() -> None:
    """Longer words would never be looked up."""
    assert (
        max(len(word) for words in word_lists("placeholders").values() for word in words if word.isascii())
        <= LONGEST_PLACEHOLDER
    )
    assert max(len(full) for _, fulls in table_rows("regions") for full in fulls.split()) <= LONGEST_LETTERS


# --- addresses --------------------------------------------------------------------------------------------------------

PLACES = """
main st. street st rd road avenue ave giblin st clair saint 12 12a 3/12 3 / 12 012 0 00 000 12-14 12-14b 12 - 14 12th 5th #3
# 3b unit unit 3 flat b apt. 4 apt apt#5 u 7 u7 no. no 5 no.5 number number 6 lot 3 rm 101 shop villa 2 room suite springfield
sydney nsw NSW VIC victoria south australia australiancapitalterritory 2000 02000 2000-1234 123 12345678 unknown same as above
nil n/a n.a. homeless x xian zhongshan lu van der de la o'connell mt. king george's square sq - -- . / , ,, ; ( ) _ & a b
"""
PLACE_PIECES = (
    st.sampled_from(PLACES.split()) | st.sampled_from(["3/12", "12 - 14", "unit 3", "No. 5", "0 /12", " 0", "0 "]) | PIECES
)
PLACE_JOINTS = st.sampled_from([" ", " ", " ", "", ", ", ",", "  ", " , ", "/", "-", "#"])


@st.composite
def places(draw: st.DrawFn, most: int = 8) -> str:
    text = "".join(draw(PLACE_PIECES) + draw(PLACE_JOINTS) for _ in range(draw(st.integers(0, most))))
    written: str = draw(CASED)(text)
    return written


FIELDS = ("region", "city", "locality", "road", "house_number", "community", "building", "room", "postcode")
structured = st.fixed_dictionaries({}, optional={field: places(3) for field in FIELDS})
addresses = st.one_of(
    structured.map(lambda fields: Address(**fields)),
    st.builds(Address, text=places()),
    st.builds(lambda text, fields: Address(text=text, **fields), places(), structured),
)


def texts(*written: str) -> list[PatientRecord]:
    return [of_addresses(Address(text=text)) for text in written]


def fields(**given: str) -> PatientRecord:
    return of_addresses(Address(**given))


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(addresses, max_size=2).map(lambda each: of_addresses(*each)), min_size=1, max_size=6))
@example(texts("12 Main St apt 4", "Unit 3, 12 Main St., Springfield NSW 2000", "3/12 Main Street", "u 5 / 12 main rd"))
@example(texts("12-14b Main St", "12-14 Main", "12 - 14th St", "12a-14 rd", "3 / 12-14 x st", "3/12-14b y st", "No. 5 z"))
@example(texts("flat b 5 King George's Sq", "#3 5 Main", "unit.5", "unit .5", "rm # 12a", "apt 5th ave", "number6 a st"))
@example(texts("Sydney NSW", "NSW 2000", "NSW", "2000", ", 2000", "St Clair", "Main St, Sydney, NSW,", "Box 5 2000-1234"))
@example(texts("unknown", "same as above", "homeless", "n/a", "-", " ", "5", "x_y 5", "1 a street b street c", "12 st"))
@example(
    [fields(house_number="3/12"), fields(house_number="3/12", room="5"), fields(house_number="3/"), fields(house_number="/")]
)
@example(
    [fields(house_number=number) for number in ("0", "000", " 0", "0 ", " 0/12", "12/0 ", "012", "Unit 012", "00a", "No 0")]
)
@example(
    [fields(road="5th st"), fields(road="st"), fields(road="St Clair"), fields(road="5 St"), fields(road="O'Connell St.")]
)
@example(
    [
        fields(region="New South Wales"),
        fields(region="nsw"),
        fields(region="x" * 60),
        fields(postcode="0000"),
        fields(room=" "),
    ]
)
@example([of_addresses(Address(road="a st", locality="b"), Address(road="a st", locality="c"))])
@example([of_addresses(Address(road="a st"), Address(road="a st")), of_addresses(Address(), Address(road="a st"))])
@example(
    [
        of_addresses(Address(text="重庆市渝中区人民路1号"), Address(text="5 main st")),
        of_addresses(Address(text="x", division="500103")),
    ]
)
@example([of_addresses(Address(road="人民路", house_number="5")), of_addresses(Address(road="Rue de l'Église"))])
@example(
    [fields(text="5 a st", locality="b"), fields(text="5 a st, c, NSW 2000", locality="b", region="vic", postcode="000")]
)
@example([fields(locality="xian"), fields(community="xi'an"), fields(locality="lyuxi"), fields(community="van der berg 5")])
def test_addresses_are_read_as_ever(made: list[PatientRecord]) -> None:
    for case in CASES.values():
        case.same(made)


def test_plain_addresses_are_read() -> None:
    plain = texts("12 Main St apt 4", "Unit 3, 12 Main St., Springfield NSW 2000", "3/12 O'Connell Ave, Mt. Eliza, Melbourne")
    plain.append(fields(road="maxwell terrace", house_number="3", locality="thornton point", region="qld", postcode="4554"))
    assert CASES["latin"].same(plain) == []


# --- numbers ----------------------------------------------------------------------------------------------------------

PHONE_PIECES = """
0 1 12 138 1234 5678 429 898 699 0429898699 4298986991 (02) 9999 12345678 1234567 86 0086 +61 61 x ext 5 / ; 000000 - . ( )
"""
phones = st.lists(st.sampled_from(PHONE_PIECES.split()) | st.sampled_from([" ", "-", " - ", ""]), max_size=7).map("".join)


@settings(max_examples=1_000, deadline=None)
@given(st.lists(phones.map(of_phone), min_size=1, max_size=8))
@example(
    [
        of_phone(phone)
        for phone in ("0429898699", "4298986991", "(02) 9999 1234", "02-9999-1234", "555.123.4567", "99991234-12")
    ]
)
@example(
    [
        of_phone(phone)
        for phone in (
            "9999123 9999124",
            "99991234 - 5",
            "99991234  -  5",
            "1234567",
            "1111111",
            "0000000",
            "12345",
            "00429898699",
        )
    ]
)
@example(
    [
        of_phone(phone)
        for phone in ("138 1234 5678", "138.1234.5678", "8613812345678", "86123456789", "(86) 1234567", "086 1234567")
    ]
)
def test_phones_are_read_as_ever(made: list[PatientRecord]) -> None:
    CASES["latin"].same(made)


def test_numbers_of_other_countries_are_read() -> None:
    def all_read(records: Iterable[PatientRecord]) -> bool:
        return CASES["latin"].same(list(records)) == []

    assert all_read(
        map(of_phone, ("0429898699", "4298986991", "(02) 9999 1234", "555-123-4567", "555.123.4567", "0398765432"))
    )
    kinds = (
        (IdentifierType.NATIONAL_OTHER, "4298986991"),
        (IdentifierType.PASSPORT, "N1234567"),
        (IdentifierType.MEDICAL_INSURANCE, "2123 45670 1"),
        (IdentifierType.OTHER, "MRN-0012345"),
    )
    assert all_read(
        PatientRecord(source="a", local_id="1", identifiers=(Identifier(type=kind, value=value),)) for kind, value in kinds
    )


# --- threads ----------------------------------------------------------------------------------------------------------


def test_several_threads_read_at_once_what_one_reads() -> None:
    records = list(generate(1_200, seed=SEED + 1, errors="high").records)
    parts = [records[start : start + 300] for start in range(0, len(records), 300)]
    raws = [raw_of(part) for part in parts]
    reader = ColumnReader(CASES["latin"].reader._plan, LATIN.width, threads=True)

    def read(raw: Raw | None) -> tuple[Batch, PayloadColumns]:
        assert raw is not None
        batch = reader.read(raw, check(raw, threads=True))
        return batch, payload_columns(raw)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(read, raws * 3))
    for raw, part, (batch, written) in zip(raws * 3, parts * 3, found, strict=True):
        assert raw is not None
        expected = CASES["latin"].reader.read(raw, check(raw))
        assert batch.left.tolist() == expected.left.tolist()
        ordinary_rows = ordinary(part, CASES["latin"].encoder)
        for place, position in enumerate(batch.places.tolist()):
            assert not differences(batch.encoded, place, ordinary_rows, position, LATIN)
        assert [content.tobytes() for content in written.contents] == [
            each.content for each in payloads(raw) if each is not None
        ]
