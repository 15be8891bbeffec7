"""MAP.toml: what loads, and that every mistake is answered with the key it is in."""

from pathlib import Path

import pytest

from mpi.errors import ConfigError
from mpi.intake import load_map, parse_map

LEAST = 'source = "hospital"\nlocal_id = "id"\n'

FULL = """
source = { constant = "cqmu1" }
local_id = "id"
sex = { column = "sex", values = { "A" = "male", "B" = "女" } }
birth_date = { column = "born", formats = ["%Y%m%d", "%Y"], otherwise = "missing" }
phones = ["tel", { column = "tel2", nulls = ["0"] }]
multiple_birth_order = "order"
recorded_at = { column = "at", formats = ["%Y-%m-%d %H:%M:%S"] }

[file]
encoding = "gb18030"
delimiter = ";"
nulls = ["NULL"]

[[names]]
family = "xing"
given = "ming"
use = "official"

[[identifiers]]
type = { column = "doc", values = { "01" = "resident_id" } }
value = "docno"
issuer = { constant = "police" }

[[addresses]]
text = { columns = ["a1", "a2"], join = "" }

[guardian]
name = "parent"
identifier = { type = "passport", value = "parentno" }

[attributes]
blood = "blood_type"
"""


def test_a_full_map_loads_and_names_its_columns_in_order() -> None:
    columns = parse_map(FULL).columns()
    assert set(columns) == {
        *("id", "sex", "born", "tel", "tel2", "order", "at", "xing", "ming"),
        *("doc", "docno", "a1", "a2", "parent", "parentno", "blood_type"),
    }
    assert len(columns) == len(set(columns))
    assert columns[0] == "id"


@pytest.mark.parametrize(
    ("text", "key", "hint"),
    [
        ("", "source", "missing key"),
        ('source = "s"\n', "local_id", "missing key"),
        (LEAST + 'birthdate = "x"\n', "birthdate", "did you mean `birth_date`"),
        (LEAST + '[[names]]\ntext = "n"\n[[names]]\nfamly = "x"\n', "names[1]", "did you mean `family`"),
        (LEAST + "sex = 3\n", "sex", "int"),
        (LEAST + 'sex = { column = "s", values = { "1" = "mann" } }\n', "sex", "male, female"),
        (LEAST + '[[identifiers]]\ntype = "id card"\nvalue = "v"\n', "identifiers[0].type", "resident_id"),
        (LEAST + '[[identifiers]]\nvalue = "v"\n', "identifiers[0]", "missing key `type`"),
        (LEAST + 'birth_date = { column = "d", formats = ["%y%m%d"] }\n', "birth_date.formats", "%y"),
        (LEAST + 'birth_date = { column = "d", formats = ["%d%m"] }\n', "birth_date.formats", "four-digit year"),
        (LEAST + 'birth_date = { column = "d", formats = ["%Y%Y"] }\n', "birth_date.formats", "twice"),
        (LEAST + 'ethnicity = { column = "d", formats = ["%Y"] }\n', "ethnicity.formats", "only for dates"),
        (LEAST + "ethnicity = { nulls = [] }\n", "ethnicity", "0 given"),
        (LEAST + 'ethnicity = { column = "a", constant = "b" }\n', "ethnicity", "2 given"),
        (LEAST + 'ethnicity = { column = "a", otherwise = "drop" }\n', "ethnicity.otherwise", "drop"),
        (LEAST + '[file]\nencoding = "ebcdic"\n', "file.encoding", "gb18030"),
        (LEAST + '[file]\nencoding = "gbk"\ndelimiter = "|"\n', "file.delimiter", "half of a character"),
        (LEAST + '[file]\ndelimiter = "ab"\n', "file.delimiter", "one character"),
        (LEAST + "source = 1\n", "", "TOML"),
    ],
)
def test_a_mistake_is_named_by_its_key(text: str, key: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_map(text)
    assert key in str(caught.value)
    assert hint in str(caught.value)


def test_a_file_that_is_no_map_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: cannot be read"):
        load_map(tmp_path / "nowhere.toml")
    for content, problem in (
        (b"source = '\xff'", "byte 10 is not UTF-8"),
        (b"#" * 1_000_001, "larger"),
        (b"x = \x00", "TOML"),
    ):
        path = tmp_path / "bad.toml"
        path.write_bytes(content)
        with pytest.raises(ConfigError, match=rf"bad\.toml.*{problem}"):
            load_map(path)


def test_a_map_saved_by_windows_editors_loads(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_bytes(b"\xef\xbb\xbf" + LEAST.replace("\n", "\r\n").encode())
    assert load_map(path).columns() == ["hospital", "id"]


def test_the_example_of_the_manual_loads() -> None:
    manual = Path(__file__).parents[2] / "docs" / "mapping.md"
    example = manual.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    assert {"病案号", "性别", "出生日期", "手机", "省", "血型"} <= set(parse_map(example).columns())
