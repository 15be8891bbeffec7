"""Records typed by people: words for enumerations, and errors that name the field and never a value."""

import io
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpi.commands.record_input import read_record, record_of
from mpi.errors import InputError
from mpi.records import Guardian, HumanName, Identifier, IdentifierType, NameUse, PatientRecord, Sex


def test_words_and_numbers_both_name_enumerations(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(
        '{"names": [{"family": "Wu", "use": "maiden"}], "sex": "女", "identifiers": [{"type": "passport", "value": "E1"}],'
        ' "guardian": {"name": "Li", "identifier": {"type": 1, "value": "5"}}}',
        encoding="utf-8",
    )
    assert read_record(path) == PatientRecord(
        source="",
        local_id="",
        names=(HumanName(family="Wu", use=NameUse.MAIDEN),),
        sex=Sex.FEMALE,
        identifiers=(Identifier(type=IdentifierType.PASSPORT, value="E1"),),
        guardian=Guardian(name="Li", identifier=Identifier(type=IdentifierType.RESIDENT_ID, value="5")),
    )


def test_a_record_comes_from_stdin_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"source": "h"}')))
    assert read_record(Path("-")).source == "h"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "is not valid JSON"),
        ("[]", "not a JSON object"),
        ('{"sex": "secret"}', "r.json: sex"),
        ('{"sex": 77}', "r.json: sex"),
        ('{"name": "x"}', "has no field 'name'"),
        ('{"names": [{"famly": "x"}]}', "r.json: names: has no field 'famly'"),
        ('{"guardian": {"identifier": {"typ": 1}}}', "guardian.identifier"),
        ('{"identifiers": [{"type": "secret"}]}', "r.json: type"),
        ('{"birth_date": 1980}', "r.json: birth_date"),
    ],
)
def test_a_mistake_names_its_field_and_no_value(tmp_path: Path, text: str, field: str) -> None:
    path = tmp_path / "r.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_record(path)
    assert field in str(caught.value)
    assert "secret" not in str(caught.value)


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c))
)
def test_any_json_is_a_record_or_an_input_error(tree: object) -> None:
    for attempt in (tree, {"names": tree}, {"guardian": tree}, {"sex": tree}, {"identifiers": [tree]}):
        try:
            made = record_of(msgspec.json.decode(msgspec.json.encode(attempt)), "r")
        except InputError:
            continue
        assert isinstance(made, PatientRecord)
