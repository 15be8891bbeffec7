"""Data sets with known truth, each as tables of text: what a user would have on disk, and apart from it who is who.

Most are third-party files that lie beside the checkout and are never shipped; where they are absent, a set says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pandas as pd

from benchmarks.people import SEED
from training import population
from training.population.rates import LEVELS

DATA = Path(__file__).parents[2] / "shared" / "data"
KEY, TRUTH = "rec_id", "truth"


@dataclass(frozen=True)
class DataSet:
    """``tables()``: one frame a file, all columns text, with KEY (unique in the file) and TRUTH (equal: one person).

    ``roles``   column → what it is, for the peers that must be told: forename, surname, fullname, dob, sex, number, postcode,
                city, street, place, email, phone, id, text, category. Columns without a role are left out there.
    ``two_sided`` each file holds a person once: peers link between the files only
    ``prepared``  what a peer's user would do to a file first: peers take one column of names
    ``settings``  name of a configuration that the peer's own documentation gives for this very set
    """

    name: str
    tables: Callable[[], list[pd.DataFrame]]
    roles: dict[str, str]
    two_sided: bool = False
    settings: str = ""
    dates: str = "%Y-%m-%d"
    prepared: Callable[[pd.DataFrame], pd.DataFrame] | None = None
    files: tuple[Path, ...] = field(default=())

    def absent(self) -> str:
        """The first file that is not there; "" when all are."""
        return next((str(path) for path in self.files if not path.exists()), "")


def _text(frame: pd.DataFrame) -> pd.DataFrame:
    """All cells text, trimmed, missing ones empty."""
    frame = frame.astype(object).where(frame.notna(), "")
    return frame.map(lambda cell: str(cell).strip())


def _read(path: Path, truth: str, key: str = "", dropped: tuple[str, ...] = ()) -> pd.DataFrame:
    """A file with its truth in TRUTH. Without ``key`` the rows are numbered."""
    if path.suffix == ".parquet":
        frame = pd.read_parquet(path)
    else:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, skipinitialspace=True)
    frame = _text(frame).rename(columns={truth: TRUTH, **({key: KEY} if key else {})})
    if not key:
        frame.insert(0, KEY, [str(number) for number in range(len(frame))])
    return frame.drop(columns=[column for column in dropped if column in frame])


def _one(path: Path, truth: str, key: str = "", dropped: tuple[str, ...] = ()) -> list[pd.DataFrame]:
    return [_read(path, truth, key, dropped)]


def _febrl(*files: str) -> list[pd.DataFrame]:
    frames = []
    for file in files:
        frame = _text(pd.read_csv(DATA / "febrl" / file, dtype=str, keep_default_na=False, skipinitialspace=True))
        frame[TRUTH] = frame[KEY].str.extract(r"^(rec-\d+)", expand=False)
        frames.append(frame)
    return frames


def _kenya() -> list[pd.DataFrame]:
    (path,) = (DATA / "jempi_kenya").glob("data-test-*.csv")
    frame = _text(pd.read_csv(path, dtype=str, keep_default_na=False))
    frame[TRUTH] = frame["ID"].str.extract(r"^rec-(\d+)", expand=False)
    return [frame.rename(columns={"ID": KEY}).drop(columns=["Dummy1", "Dummy2", "Dummy3"])]


def _pseudopeople(first: str, second: str) -> list[pd.DataFrame]:
    """Two files of one simulated town. Money, employers and household numbers are no traits of a person; a person may fill
    in a form more than once."""
    frames = []
    for name in (first, second):
        frame = _text(pd.read_csv(DATA / "pseudopeople" / f"{name}.csv.gz", dtype=str, keep_default_na=False))
        frame = frame[[c for c in frame.columns if c in _PSEUDOPEOPLE]].rename(columns=_PSEUDOPEOPLE)
        frame.insert(0, KEY, [str(number) for number in range(len(frame))])
        frames.append(frame)
    return frames


_PSEUDOPEOPLE = {
    "simulant_id": TRUTH,
    "ssn": "ssn",
    "first_name": "first_name",
    "middle_initial": "middle_initial",
    "middle_name": "middle_name",
    "last_name": "last_name",
    "date_of_birth": "date_of_birth",
    "sex": "sex",
    "street_number": "street_number",
    "street_name": "street_name",
    "unit_number": "unit",
    "mailing_address_street_number": "street_number",
    "mailing_address_street_name": "street_name",
    "mailing_address_unit_number": "unit",
}

FEBRL_ROLES = {
    "given_name": "forename",
    "surname": "surname",
    "street_number": "number",
    "address_1": "street",
    "suburb": "place",
    "postcode": "postcode",
    "date_of_birth": "dob",
    "soc_sec_id": "id",
}


def _ncvr() -> list[pd.DataFrame]:
    """The key is the truth: it is used for nothing else."""
    frames = [_text(pd.read_csv(DATA / "ncvr_au" / f"blocklib_au_{who}.csv", dtype=str)) for who in ("alice", "bob")]
    return [frame.rename(columns={"recid": KEY}).assign(truth=frame["recid"]) for frame in frames]


def _chongqing(errors: str) -> list[pd.DataFrame]:
    """A synthetic city as one file, under a seed no model was fitted on. Its strata and codes are no traits."""
    return [chongqing_table(population.generate(CHONGQING_PERSONS, seed=SEED, errors=errors).to_table().to_pandas())]


def chongqing_table(table: pd.DataFrame) -> pd.DataFrame:
    """A population's file as a set's frame."""
    table = table.astype(str)
    table.insert(0, KEY, table["source"] + "-" + table["local_id"])
    dropped = [c for c in table.columns if c in ("source", "local_id") or str(c).startswith("stratum_")]
    return table.drop(columns=dropped).rename(columns={"truth_person": TRUTH})


def _with_full_name(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(full_name=table["name_text"].where(table["name_text"] != "", table["family"] + table["given"]))


CHONGQING_PERSONS = 10_000
CHONGQING_ROLES = {
    "full_name": "fullname",
    "birth_date": "dob",
    "sex": "sex",
    "id_number": "id",
    "phone": "phone",
    "address": "street",
    "ethnicity": "category",
}


def _set(name: str, folder: str, tables: Callable[[], list[pd.DataFrame]], roles: dict[str, str], **more: object) -> DataSet:
    return DataSet(name, tables, roles, files=(DATA / folder,), **more)  # type: ignore[arg-type]  # fields of DataSet


def sets() -> dict[str, DataSet]:
    """All sets by name, small ones first."""
    febrl = partial(_set, folder="febrl", roles=FEBRL_ROLES, dates="%Y%m%d")
    every = [
        febrl("febrl1", tables=partial(_febrl, "dataset1.csv")),
        febrl("febrl2", tables=partial(_febrl, "dataset2.csv")),
        febrl("febrl3", tables=partial(_febrl, "dataset3.csv")),
        febrl("febrl4", tables=partial(_febrl, "dataset4a.csv", "dataset4b.csv"), two_sided=True),
        _set(
            "fake_1000", "splink", partial(_one, DATA / "splink" / "fake_1000.csv", "cluster", "unique_id"),
            {"first_name": "forename", "surname": "surname", "dob": "dob", "city": "city", "email": "email"},
            settings="fake_1000",
        ),
        _set(
            "historical_50k", "splink",
            partial(_one, DATA / "splink" / "historical_figures_with_errors_50k.parquet", "cluster", "unique_id",
                    ("full_name", "first_and_surname")),
            {"first_name": "forename", "surname": "surname", "dob": "dob", "birth_place": "city",
             "postcode_fake": "postcode", "gender": "sex", "occupation": "category"},
            settings="historical_50k",
        ),
        _set(
            "rldata10000", "rldata", partial(_one, DATA / "rldata" / "RLdata10000.csv", "ent_id", KEY),
            {"fname_c1": "forename", "fname_c2": "category", "lname_c1": "surname", "lname_c2": "category",
             "by": "number", "bm": "number", "bd": "number"},
        ),
        _set(
            "jempi_kenya", "jempi_kenya", _kenya,
            {"Given_Name": "forename", "Family_Name": "surname", "Gender_at_Birth": "sex", "Date_of_Birth": "dob",
             "City": "city", "Phone_Number": "phone", "National_ID": "id"},
            dates="%Y%m%d",
        ),
        _set(
            "epbrn_f", "epbrn_F", partial(_one, DATA / "epbrn_F" / "ePBRN_F_dup.csv", "match_id", KEY),
            {"given_name": "forename", "surname": "surname", "street_number": "number", "address_1": "street",
             "suburb": "place", "postcode": "postcode", "day": "number", "month": "number", "year": "number"},
        ),
        _set(
            "blockingpy_1000", "blockingpy_1000",
            partial(_one, DATA / "blockingpy_1000" / "blockingpy_data_1000.csv", "true_id", "Unnamed: 0", ("",)),
            {"imie": "forename", "imie2": "text", "nazwisko": "surname", "data_ur": "dob", "gmina": "city",
             "kraj": "category"},
            dates="%Y/%m/%d",
        ),
        _set(
            "ncvr_au", "ncvr_au",
            _ncvr,
            {"givenname": "forename", "surname": "surname", "suburb": "place", "pc": "postcode"},
            two_sided=True,
        ),
        _set(
            "census_ssa", "pseudopeople", partial(_pseudopeople, "decennial_census_2020", "ssa_2020"),
            {"first_name": "forename", "last_name": "surname", "date_of_birth": "dob", "sex": "sex"},
            dates="%m/%d/%Y",
        ),
        _set(
            "w2_1040", "pseudopeople", partial(_pseudopeople, "w2_1099_2020", "tax_1040_2020"),
            {"first_name": "forename", "last_name": "surname", "middle_initial": "category", "ssn": "id",
             "street_number": "number", "street_name": "street"},
        ),
        *(
            DataSet(f"chongqing_{errors}", partial(_chongqing, errors), CHONGQING_ROLES, prepared=_with_full_name)
            for errors in LEVELS
        ),
    ]  # fmt: skip
    return {each.name: each for each in every}
