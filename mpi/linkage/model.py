"""A fitted model as data: features, agreement levels, relationship classes, m and u, term frequencies, rules, thresholds.

A model is one TOML file and a Parquet sidecar with term frequencies, bound to it by a hash. The code holds no weight; what
the numbers mean stands here. A file without ``u`` and ``m`` is a *template*: it says what to estimate.

    probability of level l of feature f under relationship class c     p_c(f, l), over the levels 1…L (missing counts 1)
    expected number of records in relation c to a record               ρ_c (``expected``); strangers: the population
    match weight   = log2( ρ_same Π p_same / (Σ_c ρ_c Π p_c + population × Π u) ),  bits
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from mpi.errors import ModelError
from mpi.linkage.comparison import KIND_CODES, LEVELS

SAME_PERSON = "same person"
STRANGER = "stranger"
# Raise when the same PatientRecord comes to other integers (5: illegible characters, variants, a Tibetan's two syllables).
ENCODING_REVISION = 6
RESERVED_COLUMNS = 2  # the last two columns of a row: deceased date, flags
ROLES = ("given", "family", "birth_date", "sex", "national_id")
TRANSFORMS = ("value", "sound", "fold", "year", "month_day", "bag", "ending", "beginning")


class Feature(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One compared trait. ``source`` names what of a StandardRecord is encoded (see features.py)."""

    name: str
    kind: str
    source: str
    label: str = ""  # in words, for explanations
    counterpart: str = ""  # name kind: the feature this one may have been swapped with
    division: str = ""  # text kind: the feature that holds the administrative division
    scored: bool = True  # False: encoded for rules and other features' levels only
    identity: bool = False  # part of name, birth date, sex: too little alone where the combination is common
    term_frequency: bool = False
    u: tuple[float, ...] = ()  # level 1…L among strangers
    tf_exponent: tuple[float, ...] = ()  # level 1…L: slope of log u(level | value) on log term frequency
    tf_reference: tuple[float, ...] = ()  # level 1…L: log2 of the term frequency at which u holds as it stands
    tf_default: float = 0.0  # term frequency of a value the sidecar does not list


class RelationshipClass(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A relation between two records. ``m`` holds the features that are free in it; all others stay at ``u``."""

    name: str
    label: str = ""
    shared: tuple[str, ...] = ()
    excluded: dict[str, tuple[str, ...]] = {}  # levels that cannot occur in this class, by feature
    expected: float = 0.0  # ρ: records in this relation to a record
    m: dict[str, tuple[float, ...]] = {}


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Thresholds and rules. Probabilities are those of the mixture at the population in force."""

    upper: float = 0.0
    lower: float = 0.0
    margin_bits: float = 3.0  # how far the runner-up person must be behind
    near_miss_bits: float = 10.0  # how far below the lower threshold a search still shows a candidate
    common_limit: float = 1e-4  # strangers expected to share name, birth date and sex
    further_bits: float = 5.0  # what others must weigh where they do, or where one of the three disagrees (a district: 4)
    different_given: tuple[str, ...] = ("different",)  # levels that mean another given name (twins, relatives)
    twins: bool = False  # the twins rule holds without a class "twin" too (families, but too few twins to learn from)
    unique_identifiers: tuple[int, ...] = ()  # IdentifierType numbers declared unique; must have a check digit
    block_limit: int = 2000  # rows visited per blocking key
    candidate_limit: int = 4000  # records compared per query


class Model(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """See the module docstring. ``hash`` is filled by ``load_model``: 12 hex digits over the file and its sidecar."""

    format: int = 1
    name: str
    width: int = 16
    features: tuple[Feature, ...]
    classes: tuple[RelationshipClass, ...]
    rules: tuple[tuple[str, ...], ...]  # blocking rules: each a list of terms "feature.transform"
    decision: Decision = Decision()
    sidecar: str = ""
    sidecar_hash: str = ""
    provenance: dict[str, object] = {}
    hash: str = ""

    @property
    def reference(self) -> str:
        """``name@hash``, as every link names the model that made it."""
        return f"{self.name}@{self.hash}"

    def column(self, feature: str) -> int:
        """Column of a feature in a row, or -1."""
        return next((i for i, f in enumerate(self.features) if f.name == feature), -1)

    def encoding_version(self) -> str:
        """Changes when the same record would encode to other rows; the rows in a journal carry it."""
        parts = [f"{f.name}:{f.kind}:{f.source}" for f in self.features]
        text = f"{ENCODING_REVISION}|{self.width}|" + "|".join(parts)
        return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()

    def fitted(self) -> bool:
        return all(f.u for f in self.features if f.scored) and all(c.expected > 0 for c in self.classes)


class TermFrequencies(msgspec.Struct, frozen=True):
    """Columns of the sidecar: feature index, value code, share of records that have the value."""

    feature: npt.NDArray[np.int64]
    code: npt.NDArray[np.int64]
    frequency: npt.NDArray[np.float64]


def load_model(path: Path) -> tuple[Model, TermFrequencies]:
    """Read and check a model file and its sidecar.

    Raises ModelError naming the key that is wrong, a missing or changed sidecar, or an unfitted template.
    """
    try:
        text = path.read_bytes()
        model = msgspec.convert(tomllib.loads(text.decode()), Model)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ModelError(f"model file {path.name} cannot be read: {type(error).__name__}") from error
    except msgspec.ValidationError as error:
        raise ModelError(f"model file {path.name}: {error}") from error
    check_model(model)
    if not model.fitted():
        raise ModelError(f"model file {path.name} is a template: fit it first")
    frequencies = _load_sidecar(path, model)
    digest = hashlib.blake2b(text + model.sidecar_hash.encode(), digest_size=6).hexdigest()
    return msgspec.structs.replace(model, hash=digest), frequencies


def load_template(path: Path) -> Model:
    """Read a model file that may be unfitted. Raises ModelError."""
    try:
        model = msgspec.convert(tomllib.loads(path.read_text()), Model)
    except (OSError, ValueError) as error:
        raise ModelError(f"template {path.name} cannot be read: {error}") from error
    check_model(model)
    return model


def sidecar_digest(data: bytes) -> str:
    """Hash that binds a sidecar to its model file."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _load_sidecar(path: Path, model: Model) -> TermFrequencies:
    empty = np.zeros(0, np.int64)
    if not model.sidecar:
        return TermFrequencies(empty, empty, np.zeros(0, np.float64))
    file = path.parent / model.sidecar
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ModelError(f"sidecar {model.sidecar} cannot be read: {type(error).__name__}") from error
    if sidecar_digest(data) != model.sidecar_hash:
        raise ModelError(f"sidecar {model.sidecar} is not the one {path.name} was written with")
    table = pq.read_table(file, memory_map=False)
    columns = {f.name: i for i, f in enumerate(model.features)}
    names = table.column("feature").to_pylist()
    return TermFrequencies(
        np.array([columns[n] for n in names], np.int64),
        table.column("code").to_numpy().astype(np.int64),
        table.column("frequency").to_numpy().astype(np.float64),
    )


def check_model(model: Model) -> None:
    """Raise ModelError for anything the engine could not work with. Called on every load."""
    if model.format != 1:
        raise ModelError(f"format: {model.format} is not known to this version")
    if model.width not in (8, 16) or len(model.features) > model.width - RESERVED_COLUMNS:
        raise ModelError("width: must be 8 or 16 and hold all features and two more columns")
    names = [f.name for f in model.features]
    if len(set(names)) != len(names):
        raise ModelError("features: names must differ")
    for feature in model.features:
        _check_feature(feature, names)
    _check_classes(model, names)
    _check_rules(model, names)
    if model.fitted() and not 0 < model.decision.lower <= model.decision.upper < 1:
        raise ModelError("decision: 0 < lower <= upper < 1 must hold")
    if not 0 < model.decision.common_limit < math.inf or not 0 <= model.decision.further_bits < math.inf:
        raise ModelError("decision: common_limit must be above 0 and further_bits at least 0")


def _check_feature(feature: Feature, names: list[str]) -> None:
    if feature.kind not in KIND_CODES:
        raise ModelError(f"features.{feature.name}.kind: unknown kind")
    for other in (feature.counterpart, feature.division):
        if other and other not in names:
            raise ModelError(f"features.{feature.name}: refers to an unknown feature")
    levels = len(LEVELS[feature.kind]) - 1
    for key in ("u", "tf_exponent", "tf_reference"):
        values = getattr(feature, key)
        if values and len(values) != levels:
            raise ModelError(f"features.{feature.name}.{key}: needs {levels} numbers")
    if feature.u and (min(feature.u) <= 0 or abs(sum(feature.u) - 1) > 1e-3):
        raise ModelError(f"features.{feature.name}.u: must be positive and sum to 1")


def _check_classes(model: Model, names: list[str]) -> None:
    if not model.classes or model.classes[0].name != SAME_PERSON:
        raise ModelError(f"classes: the first one must be '{SAME_PERSON}'")
    for item in model.classes:
        for feature, values in item.m.items():
            if feature not in names:
                raise ModelError(f"classes.{item.name}.m.{feature}: unknown feature")
            if len(values) != len(LEVELS[model.features[names.index(feature)].kind]) - 1 or min(values) <= 0:
                raise ModelError(f"classes.{item.name}.m.{feature}: needs one positive number a level")
        if any(name not in names for name in item.shared):
            raise ModelError(f"classes.{item.name}.shared: unknown feature")


def _check_rules(model: Model, names: list[str]) -> None:
    for rule in model.rules:
        for term in rule:
            feature, _, transform = term.partition(".")
            if feature not in names or (transform or "value") not in TRANSFORMS:
                raise ModelError(f"rules: term '{term}' is unknown")
