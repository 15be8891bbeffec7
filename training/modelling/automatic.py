"""A template for records nobody has described: what they hold decides which features are compared and which classes can be.

The features, classes and rules come from a shipped template (Han or Latin, by the script of the names); what hardly any
record knows is left out, and traits the template does not have are added. Which rules and which classes stay is then decided
by the data (rulechoice.py, classchoice.py). Nothing here looks at who is who.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from mpi.errors import ModelError
from mpi.linkage.features import NATIONAL
from mpi.linkage.model import RESERVED_COLUMNS, Feature, RelationshipClass
from mpi.records import PatientRecord, StandardRecord
from mpi.standardise import standardise
from mpi.standardise.characters import has_han
from training.estimation.problem import ClassSpec
from training.modelling.template import Template, read_template, template_path

SAMPLE = 5_000  # records looked at
LEAST_KNOWN = 0.01  # share of records that must know a trait
# Without one of these, known for so many records, name, birth date and sex are all there is to go by.
MOSTLY_KNOWN, STRONG_KINDS, STREET = 0.3, ("identifier", "phone", "text"), "address.road"
FEW_VALUES, REPEATED = 60, 20  # a category has at most so many values, and each comes so often on average
PLACES = {"city": "city", "room": "flat or room"}  # parts of a Latin address that not every template compares
PLACE_MODEL = "locality"  # in every class a further place behaves as this one does
# An address of a mailbox mostly contains the name: strangers of one name have similar ones, so that only equality counts.
MADE_OF_NAMES = ("attributes.email",)
FAMILY_TRAITS = ("race", "religion")  # relatives often share these


class _Sample(msgspec.Struct, frozen=True):
    """What a sample of records holds. ``values``: trait → its values; a record with none is not in it."""

    records: int
    han: float
    values: dict[str, Counter[str]]

    def known(self, trait: str) -> float:
        return self.values[trait].total() / max(self.records, 1) if trait in self.values else 0.0


def automatic_template(records: Sequence[PatientRecord], name: str) -> Template:
    """The template that fits a sample of valid records. Raises ModelError where they hold nothing that varies."""
    step = max(len(records) // SAMPLE, 1)
    sample = _look_at([standardise(record) for record in records[::step]])
    base = read_template(template_path("han" if sample.han > 0.5 else "latin"))
    base = _with_more(base, list(_further_features(base, sample)))
    used = [f for f in base.model.features if _varies(sample, f.source)]
    most = base.model.width - RESERVED_COLUMNS
    if len(used) > most:  # the least known ones give way
        ranked = sorted(used, key=lambda f: -sample.known(f.source))[:most]
        used = [f for f in used if f in ranked]
    if not any(f.scored for f in used):
        raise ModelError("no column of these records has two different values that could be compared: is the map right?")
    template = _only(base, {f.name for f in used})
    if not any(sample.known(f.source) > MOSTLY_KNOWN and (f.kind in STRONG_KINDS or f.source == STREET) for f in used):
        template = _trusting_identity(template)
    else:  # whoever has numbers or addresses has families, however few twins there are to learn from
        decision = msgspec.structs.replace(template.model.decision, twins=True)
        template = Template(msgspec.structs.replace(template.model, decision=decision), template.classes, template.needs)
    return Template(msgspec.structs.replace(template.model, name=name), template.classes, template.needs)


def _trusting_identity(template: Template) -> Template:
    """Without the rule that name, birth date and sex are never enough: these records have hardly anything else, and whoever
    links them knows it. The weights still say how many strangers share them."""
    features = tuple(msgspec.structs.replace(f, identity=False) for f in template.model.features)
    return Template(msgspec.structs.replace(template.model, features=features), template.classes, template.needs)


def _look_at(records: list[StandardRecord]) -> _Sample:
    values: dict[str, Counter[str]] = {}
    han = named = 0
    for record in records:
        for trait, value in _traits(record):
            values.setdefault(trait, Counter())[value] += 1
        text = "".join(part.text for name in record.names for part in (name.family, name.given) if part is not None)
        named += bool(text)
        han += has_han(text)
    return _Sample(len(records), han / max(named, 1), values)


_ADDRESS = ("text", "region", "city", "locality", "road", "house_number", "community", "building", "room", "postcode")


def _traits(record: StandardRecord) -> Iterator[tuple[str, str]]:
    """(source of a feature, one value) of what a record knows."""
    name = next(iter(record.names), None)
    for part in ("family", "given"):
        if name is not None and (text := getattr(name, part)) is not None:
            yield part, text.text
    address = next(iter(record.addresses), None)
    for part in _ADDRESS if address is not None else ():
        value = getattr(address, part)
        if value:
            yield f"address.{part}", value if isinstance(value, str) else value.text
    if address is not None and address.division:
        yield "address.division", str(address.division)
    if record.birth_date and not record.birth_date_derived:
        yield "birth_date", str(record.birth_date)
    if record.sex and not record.sex_derived:
        yield "sex", str(int(record.sex))
    if record.phones:
        yield "phone", str(record.phones[0])
    if record.ethnicity:
        yield "ethnicity", record.ethnicity
    for identifier in record.identifiers:
        yield "national_id" if identifier.type in NATIONAL else "other_id", identifier.value
    for key, text in record.attributes.items():
        yield f"attributes.{key}", text.text


def _varies(sample: _Sample, source: str) -> bool:
    return sample.known(source) >= LEAST_KNOWN and len(sample.values[source]) > 1


def _further_features(base: Template, sample: _Sample) -> Iterator[Feature]:
    """Features for what the records know and the template does not compare."""
    sources = {f.source for f in base.model.features}
    latin = sample.han <= 0.5
    for part, label in PLACES.items():
        source = f"address.{part}"
        if latin and source not in sources and _varies(sample, source):
            yield _feature(part, label, source, sample)
    for source in sorted(sample.values):
        key = source.removeprefix("attributes.")
        if key != source and source not in sources and _varies(sample, source):
            yield _feature(key, key.replace("_", " "), source, sample)


def _feature(name: str, label: str, source: str, sample: _Sample) -> Feature:
    """A feature whose kind follows from its values: few and repeated, digits, or words."""
    values = sample.values[source]
    if source in MADE_OF_NAMES:
        return Feature(name=name, label=label, kind="number", source=source)
    if len(values) <= FEW_VALUES and values.total() >= REPEATED * len(values):
        return Feature(name=name, label=label, kind="category", source=source)
    if sum(count for value, count in values.items() if value.isdigit()) > 0.9 * values.total():
        return Feature(name=name, label=label, kind="number", source=source)
    return Feature(name=name, label=label, kind="name", source=source, term_frequency=True)


def _with_more(base: Template, further: list[Feature]) -> Template:
    """The template with further features, each in the classes where relatives share such a trait."""
    classes = []
    for item in base.classes:
        for feature in further:
            if feature.name in PLACES:
                item = _as_place(item, feature.name)
            elif feature.name in FAMILY_TRAITS and item.shared:
                item = dataclasses.replace(item, shared=(*item.shared, feature.name))
        classes.append(item)
    model = msgspec.structs.replace(base.model, features=(*base.model.features, *further))
    return Template(model, tuple(classes), base.needs)


def _as_place(item: ClassSpec, name: str) -> ClassSpec:
    if PLACE_MODEL in item.same:
        return dataclasses.replace(item, same=(*item.same, name))
    if PLACE_MODEL in item.shared:
        return dataclasses.replace(item, shared=(*item.shared, name))
    return dataclasses.replace(item, free=(*item.free, name)) if PLACE_MODEL in item.free else item


def _only(template: Template, known: set[str]) -> Template:
    """The template with these features, and with the classes and rules that can do with them."""
    model = template.model
    features = tuple(_without_reference(f, known) for f in model.features if f.name in known)
    classes, relations = [], []
    for item, relation in zip(template.classes, model.classes, strict=True):
        kept = _kept_class(item, known)
        if relation is model.classes[0] or _possible(item, kept, template.needs.get(item.name, ()), known):
            classes.append(kept)
            excluded = {name: levels for name, levels in relation.excluded.items() if name in known}
            shared = tuple(name for name in relation.shared if name in known)
            relations.append(msgspec.structs.replace(relation, excluded=excluded, shared=shared))
    rules = tuple(rule for rule in model.rules if all(term.partition(".")[0] in known for term in rule))
    changed: tuple[RelationshipClass, ...] = tuple(relations)
    return Template(
        msgspec.structs.replace(model, features=features, classes=changed, rules=rules), tuple(classes), template.needs
    )


def _without_reference(feature: Feature, known: set[str]) -> Feature:
    counterpart = feature.counterpart if feature.counterpart in known else ""
    division = feature.division if feature.division in known else ""
    return msgspec.structs.replace(feature, counterpart=counterpart, division=division)


def _kept_class(item: ClassSpec, known: set[str]) -> ClassSpec:
    def kept(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if name in known)

    excluded = {name: levels for name, levels in item.excluded.items() if name in known}
    return ClassSpec(item.name, kept(item.same), kept(item.shared), kept(item.free), excluded)


def _possible(declared: ClassSpec, kept: ClassSpec, needs: tuple[str, ...], known: set[str]) -> bool:
    """Whether a class can still be told from others: what it needs is known, and something of each kind it stands on."""
    return set(needs) <= known and bool(kept.free or not declared.free)
