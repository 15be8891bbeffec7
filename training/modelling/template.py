"""Templates: a model file without numbers, and three more keys a relationship class, which say what to estimate of it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from mpi.errors import ModelError
from mpi.linkage.comparison import LEVELS
from mpi.linkage.model import Model, load_template
from training.estimation.problem import ClassSpec

FOLDER = Path(__file__).parents[1] / "templates"


class _Declared(msgspec.Struct, frozen=True):
    """What a template says of a class; ``shared`` and ``excluded`` are keys of the model as well. See ClassSpec.

    ``needs``: features without which the class cannot be told from others; an automatic template then leaves it out.
    """

    name: str
    needs: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    free: tuple[str, ...] = ()
    excluded: dict[str, tuple[str, ...]] = {}


class _Classes(msgspec.Struct, frozen=True):
    classes: tuple[_Declared, ...]


class Template(msgspec.Struct, frozen=True):
    """An unfitted model, and its classes as the estimation takes them. ``needs``: class → features it cannot do without."""

    model: Model
    classes: tuple[ClassSpec, ...]
    needs: dict[str, tuple[str, ...]] = {}


def template_path(name: str) -> Path:
    """The file of a shipped template's name, or the path itself."""
    shipped = FOLDER / f"{name}.toml"
    return shipped if shipped.is_file() else Path(name)


def read_template(path: Path) -> Template:
    """Read and check a template. Raises ModelError naming the key that is wrong."""
    model = load_template(path)
    try:
        declared = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _Classes).classes
    except (OSError, ValueError) as error:
        raise ModelError(f"template {path.name}: {error}") from error
    needs = {item.name: item.needs for item in declared if item.needs}
    return Template(model, tuple(_class_spec(model, item) for item in declared), needs)


def _class_spec(model: Model, item: _Declared) -> ClassSpec:
    kinds = {feature.name: feature.kind for feature in model.features}
    excluded = {}
    for name, levels in item.excluded.items():
        if name not in kinds or any(level not in LEVELS[kinds[name]][1:] for level in levels):
            raise ModelError(f"classes.{item.name}.excluded.{name}: unknown feature or level")
        excluded[name] = frozenset(LEVELS[kinds[name]].index(level) for level in levels)
    for name in (*item.same, *item.shared, *item.free, *item.needs):
        if name not in kinds:
            raise ModelError(f"classes.{item.name}: feature '{name}' is unknown")
    return ClassSpec(item.name, item.same, item.shared, item.free, excluded)


def without_features(template: Template, dropped: set[str]) -> Template:
    """The template with these features not scored."""
    features = tuple(
        msgspec.structs.replace(f, scored=False, term_frequency=False) if f.name in dropped else f
        for f in template.model.features
    )
    classes = tuple(
        ClassSpec(
            name=c.name,
            same=_kept(c.same, dropped),
            shared=_kept(c.shared, dropped),
            free=_kept(c.free, dropped),
            excluded={name: levels for name, levels in c.excluded.items() if name not in dropped},
        )
        for c in template.classes
    )
    return Template(msgspec.structs.replace(template.model, features=features), classes, template.needs)


def _kept(names: tuple[str, ...], dropped: set[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name not in dropped)


def without_classes(template: Template, dropped: set[str]) -> Template:
    """The template without these relationship classes."""
    model = msgspec.structs.replace(template.model, classes=tuple(c for c in template.model.classes if c.name not in dropped))
    return Template(model, tuple(c for c in template.classes if c.name not in dropped), template.needs)
