"""Gates: what a model must keep before it may be published. They are data, a GATES.toml; docs/model-life.md explains each.

Two sorts: what the model file says of itself (``[model]``), and what becomes of records whose persons are known
(``[[labelled]]``), each file linked from nothing as the service would.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from mpi.errors import ConfigError
from mpi.linkage.model import Model, TermFrequencies
from training.evaluation.intervals import share
from training.evaluation.linking import link
from training.evaluation.metrics import edges
from training.evaluation.pairs import pair_counts
from training.life.records import Records, read_files
from training.life.warning_kinds import KINDS, kinds_in

CURRENT = "current"  # stands for the encoding of the model that is published now
PER = 10_000

Loaded = tuple[Model, TermFrequencies]


class ModelGates(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the model file must say of itself. ``encodings``: versions that are known, or "current"; () asks nothing."""

    converged: bool = True
    provenance: tuple[str, ...] = ("records", "sources", "seed", "date", "code")
    warnings: tuple[str, ...] = ("not converged", "classes alike", "not one person")
    encodings: tuple[str, ...] = ()


class LabelledGates(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What must come of a labelled file. A limit that is not given is no gate; ``…_drop`` is against the model in use.

    ``wrong`` counts wrong ones among 10,000 automatic links, ``wrong_upper`` the upper end of their 95 % interval, so that a
    small file does not pass by luck. ``recall`` and ``precision`` are of pairs, ``reviews`` of records.
    """

    name: str
    file: str
    map: str
    truth: str
    population: int = 0
    held_out: bool = True  # the file must not be one the model was fitted on
    wrong: float | None = None
    wrong_upper: float | None = None
    recall: float | None = None
    precision: float | None = None
    reviews: float | None = None
    precision_drop: float | None = None
    recall_drop: float | None = None


class Gates(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    model: ModelGates = ModelGates()
    labelled: tuple[LabelledGates, ...] = ()


@dataclass(frozen=True)
class GateResult:
    """One gate: what is asked, what was found, and in words by how much it failed ("" where it passed)."""

    gate: str
    limit: str
    found: str
    failure: str

    @property
    def passed(self) -> bool:
        return not self.failure


@dataclass(frozen=True)
class Figures:
    """What came of a labelled file. Precision and recall of pairs; 1 where there is nothing to be wrong about."""

    links: int
    wrong: int
    precision: float
    recall: float
    reviews: float

    @property
    def wrong_per(self) -> float:
        """Wrong links among 10,000."""
        return PER * self.wrong / max(self.links, 1)

    @property
    def wrong_upper(self) -> float:
        """Upper end of the exact 95 % interval of ``wrong_per``; 10,000 where there is no link at all."""
        return PER * share(self.wrong, self.links).high


def read_gates(path: Path) -> Gates:
    """Read a GATES.toml; files in it are beside it. Raises ConfigError naming the key."""
    try:
        gates = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Gates)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{path}: {error}") from error
    if unknown := [kind for kind in gates.model.warnings if kind not in KINDS]:
        raise ConfigError(f"{path}: model.warnings: '{unknown[0]}' is none of {', '.join(KINDS)}")
    beside = [
        msgspec.structs.replace(each, file=str(path.parent / each.file), map=str(path.parent / each.map))
        for each in gates.labelled
    ]
    return msgspec.structs.replace(gates, labelled=tuple(beside))


def judge(gates: Gates, new: Loaded, current: Loaded | None) -> list[GateResult]:
    """All gates, passed or not. Raises MpiError where a labelled file cannot be read or linked."""
    results = list(_model_results(gates.model, new[0], current[0] if current else None))
    for each in gates.labelled:
        results += _labelled_results(each, new, current)
    return results


def _model_results(gates: ModelGates, model: Model, current: Model | None) -> Iterator[GateResult]:
    provenance = model.provenance
    if gates.converged:
        found = provenance.get("converged")
        said = "not said" if found is None else "yes" if found is True else "no"
        yield GateResult("converged", "yes", said, "" if found is True else "the estimation is not known to have converged")
    missing = [key for key in gates.provenance if provenance.get(key) in (None, "", [], {})]
    named = f"{len(gates.provenance)} entries"
    failure = f"{len(missing)} of {named} missing: {', '.join(missing)}" if missing else ""
    yield GateResult("provenance", named, f"{len(gates.provenance) - len(missing)} entries", failure)
    notes = provenance.get("notes", [])
    kinds = [kind for kind in kinds_in(map(str, notes if isinstance(notes, list) else [])) if kind in gates.warnings]
    failure = f"{len(kinds)} too many: {', '.join(kinds)}" if kinds else ""
    yield GateResult("warnings", f"none of {', '.join(gates.warnings) or 'nothing'}", ", ".join(kinds) or "none", failure)
    if gates.encodings:
        known = {current.encoding_version() if each == CURRENT and current else each for each in gates.encodings}
        version = model.encoding_version()
        first = CURRENT in gates.encodings and current is None  # nothing is stored yet that could be encoded otherwise
        failure = "" if version in known or first else f"{version} is none of the {len(known)} known versions"
        yield GateResult("encoding", ", ".join(sorted(known)), version, failure)


def _labelled_results(gates: LabelledGates, new: Loaded, current: Loaded | None) -> Iterator[GateResult]:
    if gates.held_out:
        sources = new[0].provenance.get("sources", [])
        seen = isinstance(sources, list) and Path(gates.file).name in sources
        failure = (
            "the model was fitted on a file of this name; a model is not judged on what it was fitted on" if seen else ""
        )
        yield GateResult(f"{gates.name}: held out", "yes", "no" if seen else "yes", failure)
    records = read_files([Path(gates.file)], [Path(gates.map)], gates.truth)
    if not records.records:
        raise ConfigError(f"labelled '{gates.name}': no row of its file became a record with truth")
    figures = measure(new, records, gates.population)
    per = f"wrong links among {PER:,}"
    yield from _most(gates, per, gates.wrong, figures.wrong_per, "{:.2f}".format)
    yield from _most(gates, f"{per}, upper 95 % bound", gates.wrong_upper, figures.wrong_upper, "{:.2f}".format)
    yield from _most(gates, "reviews a record", gates.reviews, figures.reviews, "{:.4f}".format)
    yield from _least(gates, "recall", gates.recall, figures.recall)
    yield from _least(gates, "precision", gates.precision, figures.precision)
    if current is not None and (gates.precision_drop is not None or gates.recall_drop is not None):
        before = measure(current, records, gates.population)
        for key in ("precision", "recall"):
            drop = getattr(gates, f"{key}_drop")
            floor = None if drop is None else getattr(before, key) - drop
            yield from _least(gates, f"{key} beside the published model", floor, getattr(figures, key))


def measure(model: Loaded, records: Records, population: int) -> Figures:
    """Link records with truth from nothing and count. Raises what the registry answers."""
    assert records.truth is not None
    linked = link(*model, records.records, population=population)
    judged, pairs = edges(linked, records.truth), pair_counts(linked.person, records.truth)
    return Figures(
        links=int(judged.linked.sum()),
        wrong=int(judged.wrong.sum()),
        precision=pairs.precision,
        recall=pairs.recall,
        reviews=float(judged.reviewed.mean()),
    )


def _most(
    gates: LabelledGates, what: str, limit: float | None, found: float, shown: Callable[[float], str]
) -> Iterator[GateResult]:
    if limit is not None:
        failure = f"{shown(found - limit)} over the limit of {shown(limit)}" if found > limit else ""
        yield GateResult(f"{gates.name}: {what}", f"at most {shown(limit)}", shown(found), failure)


def _least(gates: LabelledGates, what: str, limit: float | None, found: float) -> Iterator[GateResult]:
    if limit is not None:
        failure = f"{limit - found:.5f} below the limit of {limit:.5f}" if found < limit else ""
        yield GateResult(f"{gates.name}: {what}", f"at least {limit:.5f}", f"{found:.5f}", failure)
