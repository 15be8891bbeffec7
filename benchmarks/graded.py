"""Sets whose truth is a grade of single cases, not who is who: what is known, what comes, and what ought to come of it.

``cdc_nbs``: 1,044 known persons and 84 cases that were altered from one of them each, graded match, possible match (a person
should look) or no match. ``cged``: 300 pairs of records of Qing officials, labelled match or no match.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.sets import DATA, KEY, TRUTH, DataSet

GRADE = "grade"
MATCH, POSSIBLE, NO_MATCH = GRADES = ("match", "possible_match", "no_match")
HERE = Path(__file__).parent


@dataclass(frozen=True)
class GradedSet:
    """``data.tables()``: two frames, what is known and what comes. TRUTH of the second names the record of the first, by its
    KEY, that the grade in GRADE is about.

    ``given_pairs``  the cases are pairs, one row of each frame under one KEY; nothing else is asked about them
    ``shipped``      shipped model for such records
    ``map``, ``template``  written by hand where none can be proposed; else None
    """

    data: DataSet
    shipped: str
    given_pairs: bool = False
    map: Path | None = None
    template: Path | None = None

    @property
    def name(self) -> str:
        return self.data.name


def _text_frame(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False).map(str.strip)


def _nbs() -> list[pd.DataFrame]:
    """The files as they are: 44 known persons have dates such as 9/28/42, and cases hold dates that cannot be."""
    folder = DATA / "cdc_nbs"
    known = _text_frame(folder / "nbs_seed.csv").rename(columns={"Match Id": KEY})
    known[TRUTH] = known[KEY]
    comes = _text_frame(folder / "nbs_test.csv")
    return [known, comes.rename(columns={"Test Case #": KEY, "Match Id": TRUTH, "Expected Result": GRADE})]


NBS_ROLES = {
    "FIRST": "forename",
    "LAST": "surname",
    "MAIDEN": "text",
    "SUFFIX": "category",
    "BIRTHDATE": "dob",
    "GENDER": "sex",
    "RACE": "category",
    "ETHNICITY": "category",
    "ADDRESS": "street",
    "CITY": "city",
    "COUNTY": "place",
    "STATE": "category",
    "ZIP": "postcode",
    "SSN": "id",
}

CGED_ROLES = {
    "name": "fullname",
    "zihao": "text",
    "diqu": "category",
    "jigou": "text",
    "guanzhi": "text",
    "chushen": "category",
    "origin": "place",
}


def _cged() -> list[pd.DataFrame]:
    """A cell holds both sides, as ``left | right``; ``?`` is what the source does not say. The edition is no trait."""
    sides: list[list[dict[str, str]]] = [[], []]
    for file in sorted((DATA / "cged").glob("label_df*.csv")):
        frame = _text_frame(file).rename(columns={"rensheng&xian": "origin"})  # Splink makes table names of column names
        for place, row in enumerate(frame.to_dict("records")):
            key = f"{file.stem.removeprefix('label_df')}-{place}"
            grade = {"1": MATCH, "0": NO_MATCH}[row["oracle"]]
            for side, rows in enumerate(sides):
                cells = {column: _known(row[column].split("|")[side]) for column in CGED_ROLES}
                rows.append({KEY: key, **cells, TRUTH: key, GRADE: grade})
    return [pd.DataFrame(sides[0]).drop(columns=[GRADE]), pd.DataFrame(sides[1])]


def _known(cell: str) -> str:
    """A cell without its lone question marks; one that is part of a word (歐陽誥?) stays."""
    return " ".join(word for word in cell.split() if word != "?")


def graded_sets() -> dict[str, GradedSet]:
    """All graded sets by name."""

    def data(name: str, tables: Callable[[], list[pd.DataFrame]], roles: dict[str, str]) -> DataSet:
        return DataSet(name, tables, roles, two_sided=True, files=(DATA / name,))

    every = [
        GradedSet(data("cdc_nbs", _nbs, NBS_ROLES), shipped="latin"),
        GradedSet(
            data("cged", _cged, CGED_ROLES), shipped="han", given_pairs=True,
            map=HERE / "cged.map.toml", template=HERE / "cged.template.toml",
        ),
    ]  # fmt: skip
    return {each.name: each for each in every}
