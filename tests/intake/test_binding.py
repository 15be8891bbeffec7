"""From a row's cells to a PatientRecord: values, words, dates, several columns, nulls, and what is said of a bad cell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpi.errors import ConfigError
from mpi.intake import BoundMap, Column, MappedRow, Row, RowProblem, bind, parse_map
from mpi.records import Address, Guardian, HumanName, Identifier, IdentifierType, NameUse, PatientRecord, Sex

LEAST = 'source = { constant = "h" }\nlocal_id = "id"\n'


def bound(text: str, *columns: str) -> BoundMap:
    return bind(parse_map(LEAST + text), [Column(name) for name in ("id", *columns)])


def one(text: str, **cells: str) -> MappedRow | RowProblem:
    ready = bound(text, *cells)
    row = Row(number=7, cells=tuple({"id": "1", **cells}[column.name] for column in ready.columns))
    (answer,) = ready.rows([row])
    return answer


def record(text: str, **cells: str) -> PatientRecord:
    answer = one(text, **cells)
    assert isinstance(answer, MappedRow), answer
    return answer.record


def problem(text: str, **cells: str) -> RowProblem:
    answer = one(text, **cells)
    assert isinstance(answer, RowProblem)
    return answer


def test_only_source_and_local_id_are_needed() -> None:
    assert record("") == PatientRecord(source="h", local_id="1")


def test_sex_words_are_known_without_a_values_table() -> None:
    for word, sex in (("男", Sex.MALE), ("F", Sex.FEMALE), ("1", Sex.MALE), ("9", Sex.UNKNOWN), ("Other", Sex.OTHER)):
        assert record('sex = "s"', s=word).sex is sex
    assert record('sex = { column = "s", values = { "1" = "female", "2" = "male" } }', s="1").sex is Sex.FEMALE
    assert record('sex = { column = "s", otherwise = "missing" }', s="?").sex is Sex.UNKNOWN


def test_a_word_that_is_not_known_is_named_by_row_field_and_column_and_not_by_value() -> None:
    found = problem('sex = "s"', s="secret")
    assert (found.row, found.field, found.column) == (7, "sex", "s")
    assert "secret" not in str(found)
    assert problem('sex = { column = "s", values = { "1" = "male" } }', s="2").problem == "not among the values of the map"


def test_several_columns_make_one_field_and_empty_ones_leave_no_gap() -> None:
    text = '[[addresses]]\ntext = { columns = ["a", "b", "c"], join = ", " }\npostcode = "d"'
    assert record(text, a="1 High St", b="", c="Leeds", d="").addresses == (Address(text="1 High St, Leeds"),)
    assert record(text, a="", b="", c="", d="").addresses == ()


def test_several_columns_make_a_repeated_field() -> None:
    assert record('phones = ["a", "b", "c"]', a="1", b="", c="3").phones == ("1", "3")
    names = '[[names]]\nfamily = "f"\ngiven = "g"\nuse = "official"\n[[names]]\nfamily = "m"\nuse = "maiden"'
    assert record(names, f="Li", g="Na", m="Wu").names == (
        HumanName(family="Li", given="Na", use=NameUse.OFFICIAL),
        HumanName(family="Wu", use=NameUse.MAIDEN),
    )
    assert record(names, f="", g="", m="").names == ()


def test_the_kind_of_an_identifier_is_a_constant_or_a_column() -> None:
    assert record('[[identifiers]]\ntype = "passport"\nvalue = "v"', v="E1").identifiers == (
        Identifier(type=IdentifierType.PASSPORT, value="E1"),
    )
    by_column = '[[identifiers]]\ntype = { column = "k", values = { "01" = "resident_id" } }\nvalue = "v"\nissuer = "i"'
    assert record(by_column, k="01", v="5", i="x").identifiers == (
        Identifier(type=IdentifierType.RESIDENT_ID, value="5", issuer="x"),
    )
    assert record(by_column, k="", v="", i="").identifiers == ()
    assert problem(by_column, k="02", v="5", i="").field == "identifiers[0].type"
    assert problem(by_column, k="", v="5", i="").problem == "must not be empty"


def test_dates_follow_the_formats_and_a_bad_one_does_what_the_map_says() -> None:
    for otherwise, expected in (("missing", ""), ("keep", "19801399")):
        text = f'birth_date = {{ column = "b", formats = ["%Y%m%d"], otherwise = "{otherwise}" }}'
        assert record(text, b="19800102").birth_date == "1980-01-02"
        assert record(text, b="19801399").birth_date == expected
    assert problem('birth_date = { column = "b", formats = ["%Y%m%d"] }', b="19801399").field == "birth_date"
    parts = 'birth_date = { columns = ["y", "m", "d"], join = "-", formats = ["%Y-%m-%d", "%Y-%m", "%Y"] }'
    assert record(parts, y="1980", m="1", d="2").birth_date == "1980-01-02"
    assert record(parts, y="1980.0", m="10.0", d="").birth_date == "1980-10"


def test_what_was_left_out_is_counted() -> None:
    ready = bound('birth_date = { column = "b", formats = ["%Y"], otherwise = "missing" }', "b")
    rows = [Row(number=n, cells=("1", cell)) for n, cell in enumerate(("1980", "x", "", "y"), 2)]
    assert len(list(ready.rows(rows))) == 4
    assert ready.left_out == {"birth_date": 2}


def test_typed_dates_need_no_format() -> None:
    ready = bind(
        parse_map(LEAST + 'birth_date = { column = "b", formats = ["%d/%m/%Y"] }'), [Column("id"), Column("b", is_date=True)]
    )
    assert ready.record(("1", "1980-01-02")).birth_date == "1980-01-02"


def test_nulls_of_the_file_and_of_a_cell_are_missing() -> None:
    text = 'ethnicity = { column = "e", nulls = ["-"] }\n[file]\nnulls = ["NULL"]'
    assert [record(text, e=cell).ethnicity for cell in ("NULL", "-", "\\N", "汉")] == ["", "", "\\N", "汉"]


def test_guardian_and_attributes() -> None:
    guardian = '[guardian]\nname = "n"\nidentifier = { type = "passport", value = "v" }\n'
    text = f'multiple_birth_order = "o"\n{guardian}[attributes]\nblood = "b"'
    made = record(text, o="2", n="王", v="E1", b="A")
    assert made.guardian == Guardian(name="王", identifier=Identifier(type=IdentifierType.PASSPORT, value="E1"))
    assert (made.attributes, made.multiple_birth_order) == ({"blood": "A"}, 2)
    assert record(text, o="", n="", v="", b="").guardian is None
    assert problem(text, o="-1", n="", v="", b="").field == "multiple_birth_order"


def test_an_empty_local_number_is_a_problem_of_its_row() -> None:
    (answer,) = bound("").rows([Row(number=9, cells=("",))])
    assert answer == RowProblem(row=9, field="local_id", column="id", problem="must not be empty")


def test_a_field_path_of_the_server_leads_back_to_its_column() -> None:
    ready = bound('phones = ["p", "q"]\n[[names]]\nfamily = "f"\ngiven = "g"', "p", "q", "f", "g")
    assert ready.column_of("record.names[0].given") == "g"
    assert ready.column_of("record.names[0]") == "f + g"
    assert ready.column_of("phones[1]") == "q"
    assert ready.column_of("record.phones") == "p + q"
    assert ready.column_of("record.ethnicity") == ""


@pytest.mark.parametrize(
    ("columns", "hint"),
    [
        ([Column("id"), Column("Sexe")], r"sex: the file has no column 'sexx'; did you mean 'Sexe'"),
        ([Column("id"), Column("q")], r"it has id, q"),
        ([Column("id"), Column("sexx"), Column("sexx")], r"sex: the file has more than one column 'sexx'"),
        ([Column("id"), Column("sexx", unreadable="list<item: string>")], r"sex: column 'sexx' holds list<item: string>"),
    ],
)
def test_a_column_that_cannot_be_used_is_named_with_its_key(columns: list[Column], hint: str) -> None:
    with pytest.raises(ConfigError, match=hint):
        bind(parse_map(LEAST + 'sex = "sexx"'), columns)


@given(st.lists(st.text(max_size=20), min_size=9, max_size=9))
def test_no_text_makes_mapping_raise(cells: list[str]) -> None:
    text = (
        'sex = "s"\nbirth_date = { column = "b", formats = ["%Y%m%d", "%Y"] }\nphones = ["p"]\nmultiple_birth_order = "o"\n'
        '[[names]]\nfamily = "f"\ngiven = "g"\n[[identifiers]]\ntype = { column = "t" }\nvalue = "v"'
    )
    ready = bound(text, "s", "b", "p", "o", "f", "g", "t", "v")
    (answer,) = ready.rows([Row(number=1, cells=tuple(cells))])
    assert isinstance(answer, MappedRow | RowProblem)
