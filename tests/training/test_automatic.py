"""A model from the records alone: which features, rules and classes they support."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from msgspec import structs
from training_people import made_people

from mpi.errors import ModelError
from mpi.records import Address, HumanName, Identifier, IdentifierType, PatientRecord
from training import people, population
from training.fit import NO_FAMILIES, Request, fit_model
from training.modelling import rulechoice
from training.modelling.assemble import Effort, RuleAim, estimate
from training.modelling.automatic import automatic_template
from training.modelling.encode import encode_records
from training.modelling.keys import groups_of
from training.modelling.patterns import Comparer, count_random, holds
from training.modelling.rulechoice import candidates, first_rules, looked_at
from training.modelling.rules import level_rules
from training.modelling.thresholds import Aim
from training.shipped import febrl_records


def plain(number: int, **more: object) -> PatientRecord:
    names = (HumanName(family=f"family{chr(97 + number % 7)}", given=f"given{chr(97 + number % 11)}"),)
    return PatientRecord(
        source="s", local_id=str(number), names=names, birth_date=f"19{50 + number % 40}-03-0{1 + number % 9}", **more
    )  # type: ignore[arg-type]  # fields of PatientRecord


def test_the_script_of_the_names_chooses_between_the_templates() -> None:
    latin = automatic_template(people.generate(100, seed=3).records, "mine")
    han = automatic_template(population.generate(100, seed=3).records, "mine")
    assert {"road", "postcode"} <= {f.name for f in latin.model.features}
    assert "address" in {f.name for f in han.model.features}
    assert latin.model.name == "mine"


def test_what_nobody_knows_is_neither_compared_nor_related() -> None:
    template = automatic_template([plain(i) for i in range(60)], "mine")
    assert [f.name for f in template.model.features] == ["given", "family", "birth_date"]
    assert {"relative's number", "shared phone", "household"}.isdisjoint(c.name for c in template.classes)
    assert {"same person", "twin", "junior"} == {c.name for c in template.classes}


def test_further_traits_are_compared_by_what_their_values_look_like() -> None:
    records = [
        plain(
            i,
            attributes={
                "email": f"a{i}@b.org",
                "race": "xyz"[i % 3],
                "job": f"word {chr(97 + i % 20)}{i}",
                "code": str(1000 + i),
            },
        )
        for i in range(100)
    ]
    kinds = {f.name: f.kind for f in automatic_template(records, "mine").model.features}
    assert (kinds["email"], kinds["race"], kinds["job"], kinds["code"]) == ("number", "category", "name", "number")


def test_name_and_birth_date_suffice_only_where_there_is_nothing_else() -> None:
    """The rule that they never do needs a trait that could decide instead."""
    bare = automatic_template([plain(i) for i in range(60)], "mine")
    assert not any(f.identity for f in bare.model.features)
    number = [Identifier(type=IdentifierType.NATIONAL_OTHER, value=f"{90000 + i}") for i in range(60)]
    numbered = automatic_template([plain(i, identifiers=(number[i],)) for i in range(60)], "mine")
    assert {f.name for f in numbered.model.features if f.identity} == {"given", "family", "birth_date"}
    assert (bare.model.decision.twins, numbered.model.decision.twins) == (False, True)


def test_records_that_hold_nothing_that_varies_are_refused() -> None:
    same = [PatientRecord(source="s", local_id=str(i), addresses=(Address(city="Perth"),)) for i in range(50)]
    with pytest.raises(ModelError, match="two different values"):
        automatic_template(same, "mine")


def test_a_cheap_rule_makes_stricter_ones_needless() -> None:
    made = made_people()
    random = count_random(made.comparer, pairs=100_000, seed=1)
    found = candidates(looked_at(made.comparer, sampled=1.0), random, most_pairs=50 * made.table.records)
    texts = {c.rule.text for c in found}
    assert "national_id" in texts
    assert not any(text.startswith("national_id + ") or " + national_id" in text for text in texts)
    first = first_rules(found, budget=50.0 * made.table.records)
    columns = [{term.column for term in rule.terms} for rule in first]
    assert not set.intersection(*columns), "a feature in every rule cannot be estimated"


def test_many_records_are_looked_at_in_part_and_pairs_are_those_of_the_population(monkeypatch: pytest.MonkeyPatch) -> None:
    made = made_people()
    records = made.table.records
    monkeypatch.setattr(rulechoice, "MOST_RECORDS", records // 2)
    looked = looked_at(made.comparer, sampled=0.5)
    assert (looked.records, round(looked.scale)) == (2 * records, 16)
    model, rule = made.comparer.model, level_rules(structs.replace(made.comparer.model, rules=(("birth_date",),)))[0][0]
    whole = groups_of(model, made.comparer.encoded, rule).pairs()
    part = groups_of(model, looked.comparer.encoded, rule).pairs()
    assert 0.5 * whole < 4 * part < 2 * whole
    random = count_random(made.comparer, pairs=100_000, seed=1)
    assert min(c.pairs for c in candidates(looked, random, most_pairs=50.0 * looked.records)) >= looked.scale


def test_chosen_rules_see_the_share_of_true_pairs_that_they_claim() -> None:
    print("seed 11")
    made = people.generate(1_200, seed=11)
    template = automatic_template(made.records, "mine")
    table = encode_records(template.model, made.records)
    found = estimate(template, table, seed=1, effort=Effort(random=300_000), rule_aim=RuleAim())
    (note,) = [note for note in found.notes if "blocking rules chosen" in note]
    claimed = float(note.split("about ")[1].split("%")[0]) / 100
    truth = made.truth
    a, b = (side.astype(np.int32) for side in np.triu_indices(len(truth), 1))
    same = truth[a] == truth[b]
    comparer = Comparer(found.template.model, table.encoded)
    levels = comparer.unpacked(comparer.packed(a[same], b[same]))
    rules, _ = level_rules(found.template.model)
    seen = np.zeros(len(levels), np.bool_)
    for rule in rules:
        seen |= holds(comparer, levels, rule)
    assert claimed > 0.99
    assert seen.mean() > claimed - 0.01


def test_a_trait_that_no_two_records_share_does_not_stop_the_fit() -> None:
    print("seed 4")
    records = [
        structs.replace(r, attributes={"serial": f"u{i}x"}) for i, r in enumerate(people.generate(300, seed=4).records)
    ]
    template = automatic_template(records, "mine")
    found = estimate(template, encode_records(template.model, records), seed=1, effort=Effort(), rule_aim=RuleAim())
    assert "serial" in {f.name for f in found.template.model.features}


def test_families_without_duplicates_are_not_taken_for_persons() -> None:
    print("seed 6")
    made = people.generate(600, seed=6)
    _, first = np.unique(made.truth, return_index=True)
    records = [made.records[i] for i in first.tolist()]
    template = automatic_template(records, "mine")
    with pytest.raises(ModelError, match="Does any person occur twice"):
        estimate(template, encode_records(template.model, records), seed=1, effort=Effort(), rule_aim=RuleAim())


@pytest.mark.parametrize(("families", "wrong", "twins"), [(True, 0.01, True), (False, 0.01, False), (False, 1e-4, True)])
def test_twins_are_ruled_out_only_where_there_are_no_families(
    families: bool, wrong: float, twins: bool, tmp_path: Path
) -> None:
    """FEBRL 1 holds nobody's relatives: its 500 pairs show it well enough for one wrong link in a hundred, not for one in
    10,000."""
    print("seed 9")
    if families:
        records = list(people.generate(1_000, seed=9).records)
    else:
        records = [record for record in febrl_records() if record.source == "febrl1"]
    model, found, _ = fit_model(Request(None, tmp_path / "mine.toml", aim=Aim(wrong=wrong, least=0.9)), records)
    assert model.decision.twins == twins
    assert (NO_FAMILIES in found.notes) == (not twins)
