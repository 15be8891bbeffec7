"""Records of a crowd, with the truth, as a table or a Parquet file.

    python -m benchmarks.crowd.generate 1000000 --seed 7 --out people.parquet

Deterministic for a number, a seed and a version of Faker. Three records in ten are further records of somebody who has one,
spoilt by the rates of ``spoil.py``; a quarter of the people live with another one, among them twins and a junior of the same
name. Columns: record_id, source, entity_id (the truth), given_name, family_name, sex, birth_date, phone, address, city,
postcode, national_id (ten digits without a check). What is missing is null. A million records take some seconds.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.crowd.people import make_people
from benchmarks.crowd.spoil import MISSING, spoil
from benchmarks.lines import emit

MAP, TEMPLATE = (Path(__file__).parent / name for name in ("map.toml", "template.toml"))
FURTHER = 0.3  # share of the records that are not the first of their person
WIDELY_SEEN = 0.72  # of as many draws as there are further records are somebody's: few have many records
SOURCES = ("north", "south", "central", "harbour", "county", "mercy")
SOURCE_SHARE = (0.15, 0.15, 0.3, 0.1, 0.2, 0.1)
SEED = 7


def make(records: int, *, seed: int = SEED) -> pa.Table:
    """So many records in an order that says nothing. Raises ValueError for fewer than ten."""
    if records < 10:
        raise ValueError(f"{records} records are no crowd: at least 10")
    random = np.random.default_rng(seed)
    further = round(records * FURTHER)
    people = records - further
    facts = make_people(people, random)
    entity = np.concatenate([np.arange(people), _seen_again(people, further, random)])
    columns = {trait: facts.pop(trait)[entity] for trait in list(facts)}
    missing = spoil(columns, np.arange(records) >= people, random)
    order = random.permutation(records)
    source = random.choice(len(SOURCES), records, p=SOURCE_SHARE)
    made = {
        "record_id": pa.array(np.arange(records, dtype=np.int64)),
        "source": pa.array(SOURCES).take(pa.array(source)),
        "entity_id": pa.array(entity[order]),
    }
    for trait in MISSING:
        texts = columns.pop(trait)[order]
        made[trait] = pa.array(texts, mask=missing[trait][order]).cast(pa.string())
    return pa.table(made)


def _seen_again(people: int, further: int, random: np.random.Generator) -> npt.NDArray[np.int64]:
    """Whose the further records are: some people come twice into the pool they are drawn from."""
    pool = random.integers(0, people, max(1, int(further * WIDELY_SEEN)))
    return pool[random.integers(0, len(pool), further)]


def write(file: Path, records: int, *, seed: int = SEED) -> None:
    """Make a crowd and write it to a Parquet file."""
    pq.write_table(make(records, seed=seed), file, compression="zstd")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("records", type=int)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.parquet")
    given = parser.parse_args()
    write(given.out, given.records, seed=given.seed)
    emit({"bench": "crowd", "records": given.records, "seed": given.seed, "file": str(given.out)})


if __name__ == "__main__":
    main()
