"""The proposed map: right for usual headers and contents, never silent about a column, and always one that loads."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mpi.errors import InputError
from mpi.intake import MappedRow, bind, open_table, parse_map, propose_map, read_records
from mpi.records import IdentifierType, Sex

# Numbers made for this test: right check digits, no living owner known.
IDS = ["11010519491231002X", "440524188001010014", "500103198001011237", "510202197002280019", "540302198003150027"]


def check_digit(body: str) -> str:
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    return "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


NUMBERS = [number[:17] + check_digit(number[:17]) for number in IDS]


def proposed(folder: Path, header: str, rows: list[str], encoding: str = "utf-8") -> tuple[str, Path]:
    path = folder / "Hospital 1.csv"
    path.write_bytes("\n".join([header, *rows, ""]).encode(encoding))
    return propose_map(path), path


def test_a_chinese_export_is_mapped_by_its_header(tmp_path: Path) -> None:
    rows = [f"{n},王伟{n},男,1980年1月{n}日,{NUMBERS[n - 1]},1380000000{n},重庆市渝中区{n}号,汉族,内科" for n in range(1, 6)]
    text, path = proposed(tmp_path, "病案号,姓名,性别,出生日期,身份证号,联系电话,现住址,民族,科室", rows)
    got = [row.record for row in read_records(path, parse_map(text)) if isinstance(row, MappedRow)]
    assert len(got) == 5
    first = got[0]
    assert (first.source, first.local_id, first.sex, first.birth_date) == ("hospital_1", "1", Sex.MALE, "1980-01-01")
    assert first.names[0].text == "王伟1"
    assert first.identifiers[0].type is IdentifierType.RESIDENT_ID
    assert (first.phones, first.ethnicity, first.addresses[0].text) == (("13800000001",), "汉族", "重庆市渝中区1号")
    assert "#   科室" in text


def test_febrl_is_mapped_by_its_header(tmp_path: Path) -> None:
    header = (
        "rec_id, given_name, surname, street_number, address_1, address_2, suburb, postcode, state, date_of_birth, soc_sec_id"
    )
    rows = ["r1, ann, lee, 8, high st, kela, dapto, 4566, nsw, 19151111, 5304218"] * 4 + ["r2,,,,,,,,,19151340,"]
    text, path = proposed(tmp_path, header, rows)
    assert "Columns without a place" not in text
    assert '1 cells of the sample are no date; otherwise = "missing"' in text
    first = next(iter(read_records(path, parse_map(text))))
    assert isinstance(first, MappedRow)
    assert first.record.birth_date == "1915-11-11"
    assert (first.record.addresses[0].house_number, first.record.addresses[0].community) == ("8", "kela")
    assert first.record.identifiers[0].type is IdentifierType.NATIONAL_OTHER


def test_columns_without_a_telling_name_are_guessed_from_their_content(tmp_path: Path) -> None:
    rows = [
        f"{n},{name},{number},1390000{n:04},{sex}"
        for n, (name, number, sex) in enumerate(zip("甲乙丙丁戊", NUMBERS, "男女男女男", strict=True))
    ]
    rows = [row.replace(row.split(",")[1], row.split(",")[1] * 2 + "某", 1) for row in rows]
    text, path = proposed(tmp_path, "c1,c2,c3,c4,c5", rows)
    got = [row.record for row in read_records(path, parse_map(text)) if isinstance(row, MappedRow)]
    assert [r.local_id for r in got] == ["0", "1", "2", "3", "4"]
    assert got[0].names[0].text == "甲甲某"
    assert got[0].phones == ("13900000000",)
    assert got[1].sex is Sex.FEMALE
    assert got[0].identifiers[0].value == NUMBERS[0]
    assert text.count("CHECK") >= 5


def test_doubts_are_said(tmp_path: Path) -> None:
    text, _ = proposed(tmp_path, "id,dob,sex,name,x,x,", ["1,01/02/1980,A,NULL,1,2,3", "2,03/04/1980,B,n,1,2,3"])
    for doubt in (
        "day or month first",
        "say what each code means",
        '"NULL"',
        "more than one column has this name",
        "without a name",
    ):
        assert doubt in text


def test_gb18030_is_recognised(tmp_path: Path) -> None:
    text, path = proposed(tmp_path, "病案号,姓名", ["1,镕基", "2,王伟"], "gb18030")
    assert 'encoding = "gb18030"' in text
    assert [row.record.names[0].text for row in read_records(path, parse_map(text)) if isinstance(row, MappedRow)] == [
        "镕基",
        "王伟",
    ]


def test_birth_dates_in_three_columns_are_joined(tmp_path: Path) -> None:
    text, path = proposed(tmp_path, "id,by,bm,bd", ["1,1980,2,3", "2,1980,2,"])
    assert [r.record.birth_date for r in read_records(path, parse_map(text)) if isinstance(r, MappedRow)] == [
        "1980-02-03",
        "1980-02",
    ]


def test_what_cannot_be_read_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b",,\n1,2,3\n")
    with pytest.raises(InputError):
        propose_map(path)


HEADERS = st.one_of(
    st.sampled_from(
        [
            "姓名",
            "性别",
            "dob",
            "surname",
            "by",
            "bm",
            "bd",
            "phone",
            "监护人",
            "母亲身份证号",
            "护照号",
            "maiden_name",
            "id",
            "hospital",
        ]
    ),
    st.text(alphabet=st.characters(blacklist_characters='"\r\n\x00', blacklist_categories=["Cs"]), min_size=1, max_size=6),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(HEADERS, min_size=1, max_size=8), st.data())
def test_every_proposal_loads_binds_and_mentions_every_column(header: list[str], data: st.DataObject) -> None:
    cell = st.sampled_from(
        ["", "1", "男", "1980-01-02", "31/12/1999", "NULL", "王伟", "13800138000", "x\ty", 'q"q', *NUMBERS[:2]]
    )
    rows = data.draw(st.lists(st.lists(cell, min_size=len(header), max_size=len(header)), max_size=7))
    lines = [",".join('"' + c.replace('"', '""') + '"' for c in row) for row in [header, *rows]]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "f.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        try:
            text = propose_map(path)
        except InputError:
            assert not [n for n in header if n.strip() and [h.strip() for h in header].count(n.strip()) == 1]
            return
        with open_table(path, parse_map(text).file) as table:
            bind(parse_map(text), table.columns)
    for name in {name.strip() for name in header if name.strip()}:
        assert name in text or "".join(c if c.isprintable() else "�" for c in name) in text or "\\" in text


def test_times_with_a_zone_need_no_format(tmp_path: Path) -> None:
    text, path = proposed(tmp_path, "id,updated_at,dob", ["1,2012-05-08T09:12:00+08:00,1980-01-02", "2,,1980-01-03"])
    assert 'recorded_at = "updated_at"' in text
    first = next(iter(read_records(path, parse_map(text))))
    assert isinstance(first, MappedRow)
    assert (first.record.recorded_at, first.record.birth_date) == ("2012-05-08T09:12:00+08:00", "1980-01-02")


def test_a_year_alone_is_no_birth_date_but_year_month_and_day_are(tmp_path: Path) -> None:
    alone, _ = proposed(tmp_path, "id,year", ["1,1980", "2,1981"])
    assert "birth_date" not in alone
    assert "alone it need not be part of a birth date" in alone
    whole, path = proposed(tmp_path, "id,day,month,year", ["1,3,2,1980", "2,4,2,1981"])
    assert "CHECK: taken for the parts of the birth date" in whole
    (first, _) = [r.record for r in read_records(path, parse_map(whole)) if isinstance(r, MappedRow)]
    assert first.birth_date == "1980-02-03"


def test_traits_beside_those_of_a_record_become_attributes(tmp_path: Path) -> None:
    rows = [f"{i},a{i}@b.org,nurse,NW1 {i}AB,x{i}@y.org" for i in range(1, 9)]
    text, path = proposed(tmp_path, "id,email,occupation,where,c5", rows)
    (first, *_) = [r.record for r in read_records(path, parse_map(text)) if isinstance(r, MappedRow)]
    assert first.attributes == {"email": "a1@b.org", "occupation": "nurse"}
    assert first.addresses[0].postcode == "NW1 1AB"
    assert "attributes.email has a column already" in text


def test_a_lenient_map_keeps_the_row_of_a_cell_that_is_no_date(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("id,dob\n" + "".join(f"{i},1980-01-0{i}\n" for i in range(1, 9)) + "9,1980-02-31\n", encoding="utf-8")
    for lenient, kept in ((True, 9), (False, 8)):
        read = list(read_records(path, parse_map(propose_map(path, lenient=lenient))))
        assert sum(isinstance(row, MappedRow) for row in read) == kept
