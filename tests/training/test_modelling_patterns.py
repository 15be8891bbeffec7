"""Blocking in the lab finds exactly the pairs whose levels satisfy a rule: checked against all pairs of few people."""

from __future__ import annotations

from itertools import combinations

import msgspec
import numpy as np
import pytest
from training_people import made_people

from mpi.linkage.comparison import LEVELS
from mpi.records import Address, HumanName, PatientRecord
from training.estimation.simulation import count_patterns
from training.modelling import encode, keys
from training.modelling.encode import encode_records
from training.modelling.keys import groups_of, pair_chunks, without_large
from training.modelling.patterns import Comparer, count_blocked, count_random, holds
from training.modelling.rules import level_rules
from training.modelling.template import read_template, template_path
from training.modelling.values import count_values, counted_pairs

PLENTY = 10_000_000


FURTHER = (("given.fold", "postcode"), ("family.fold", "birth_date.month_day"), ("phone.ending",), ("road.beginning", "sex"))


@pytest.mark.parametrize("written", [(), FURTHER], ids=["rules of the template", "other transforms"])
def test_every_pair_that_satisfies_a_rule_is_counted_once(written: tuple[tuple[str, ...], ...]) -> None:
    made = made_people()
    model = msgspec.structs.replace(made.template.model, rules=written) if written else made.template.model
    rules, notes = level_rules(model)
    assert not notes
    counted = count_blocked(made.comparer, rules, budget=PLENTY, largest=PLENTY)
    seen = np.zeros(len(made.levels), np.bool_)
    for rule in rules:
        seen |= holds(made.comparer, made.levels, rule)
    patterns, counts = count_patterns(made.levels[seen])
    assert seen.sum() > 300
    ours = dict(zip(map(bytes, counted.patterns), counted.counts, strict=True))
    assert ours == dict(zip(map(bytes, patterns), counts, strict=True))


def test_values_that_stand_in_different_rows_of_a_record_meet() -> None:
    """A record with two names and two addresses agrees by the first name and the second address."""

    def record(number: str, names: list[str], roads: list[str]) -> PatientRecord:
        return PatientRecord(
            source="s",
            local_id=number,
            names=tuple(HumanName(family=name, given="Ann") for name in names),
            addresses=tuple(Address(road=road, house_number="7", locality="Springfield", postcode="123") for road in roads),
        )

    template = read_template(template_path("latin"))
    model = msgspec.structs.replace(template.model, rules=(("family", "road"),))
    one = record("1", ["Miller", "Smith"], ["Oak Road", "Elm Road"])
    other = record("2", ["Miller", "Jones"], ["Ash Road", "Elm Road"])
    table = encode_records(model, [one, other])
    groups = groups_of(model, table.encoded, level_rules(model)[0][0])
    assert [(a.tolist(), b.tolist()) for a, b in pair_chunks(groups)] == [([0], [1])]


def test_a_pair_with_two_common_keys_is_taken_once() -> None:
    names = (HumanName(family="Miller", given="Ann"), HumanName(family="Smith", given="Ann"))
    template = read_template(template_path("latin"))
    model = msgspec.structs.replace(template.model, rules=(("family",),))
    table = encode_records(model, [PatientRecord(source="s", local_id=n, names=names) for n in "12"])
    groups = groups_of(model, table.encoded, level_rules(model)[0][0])
    assert groups.pairs() == 2
    assert sum(len(a) for a, _ in pair_chunks(groups)) == 1


def test_a_rule_over_the_budget_gives_up_large_groups_then_itself() -> None:
    made = made_people()
    rules, _ = level_rules(msgspec.structs.replace(made.template.model, rules=(("region",), ("national_id",))))
    all_pairs = groups_of(made.template.model, made.table.encoded, rules[0])
    assert all_pairs.pairs() > 1000
    counted = count_blocked(made.comparer, rules, budget=1000, largest=3)
    assert any("region" in note and "records were left out" in note for note in counted.notes)
    assert sum(counted.counts) <= 1000
    larger = count_blocked(made.comparer, rules, budget=100, largest=PLENTY)
    assert any("region" in note and "pairs are too many" in note for note in larger.notes)
    assert [rule.text for rule, _ in larger.rules] == [] or "national_id" in larger.rules[0][0].text
    assert without_large(all_pairs, limit=1).pairs() == 0


def test_random_pairs_of_a_small_file_are_all_pairs() -> None:
    made = made_people()
    counted = count_random(made.comparer, pairs=PLENTY, seed=1)
    patterns, counts = count_patterns(made.levels)
    assert counted.counts.sum() == len(made.levels)
    ours = dict(zip(map(bytes, counted.patterns), counted.counts, strict=True))
    assert ours == dict(zip(map(bytes, patterns), counts, strict=True))


def test_random_pairs_never_pair_a_record_with_itself() -> None:
    template = read_template(template_path("latin"))
    names = [HumanName(family=f"Name{chr(97 + i)}", given="Ann") for i in range(3)]
    records = [PatientRecord(source="s", local_id=str(i), names=(name,)) for i, name in enumerate(names)]
    table = encode_records(template.model, records)
    comparer = Comparer(template.model, table.encoded)
    family = comparer.scored.index(template.model.column("family"))
    counted = count_random(comparer, pairs=2, seed=1)
    assert counted.counts.sum() == 2
    assert (counted.patterns[:, family] != 1).all()


@pytest.mark.parametrize("name", ["given", "family", "road", "national_id", "postcode", "sex"])
def test_counted_levels_are_those_of_all_pairs(name: str) -> None:
    made = made_people()
    column = made.template.model.column(name)
    kind = made.template.model.features[column].kind
    values = count_values(made.table.encoded, column, kind)
    levels = made.levels[:, made.comparer.scored.index(column)]
    for level, pairs in counted_pairs(values, made.table.encoded.values, kind).items():
        assert pairs == pytest.approx((levels == level).sum(), rel=0.02, abs=2), LEVELS[kind][level]


def test_chunks_of_records_make_the_same_table(monkeypatch: pytest.MonkeyPatch) -> None:
    made = made_people()
    monkeypatch.setattr(encode, "CHUNK", 7)
    table = encode_records(made.template.model, made.population.records)
    np.testing.assert_array_equal(table.encoded.rows, made.table.encoded.rows)
    again = Comparer(made.template.model, table.encoded)
    some = np.random.default_rng(1).choice(len(made.a), 5000)
    np.testing.assert_array_equal(again.unpacked(again.packed(made.a[some], made.b[some])), made.levels[some])


@pytest.mark.parametrize(("at_a_time", "chunk"), [(1_000_000, 1_000_000), (40, 7), (1, 1)])
def test_pairs_of_several_rules_come_once_with_all_their_rules(
    monkeypatch: pytest.MonkeyPatch, at_a_time: int, chunk: int
) -> None:
    monkeypatch.setattr(keys, "PASS_PAIRS", at_a_time)
    monkeypatch.setattr(keys, "CHUNK_PAIRS", chunk)
    random = np.random.default_rng(3)
    print("seed 3")
    groups = [keys.group_records(random.integers(1, 9, 60), random.integers(0, 40, 60).astype(np.int32)) for _ in range(4)]
    expected: dict[tuple[int, int], int] = {}
    for rule, each in enumerate(groups):
        for begin, end in zip(each.starts[:-1], each.starts[1:], strict=True):
            for pair in combinations(sorted(each.records[begin:end].tolist()), 2):
                expected[pair] = expected.get(pair, 0) | 1 << rule
    parts = list(keys.pairs_of_groups(groups))
    found = [pair for a, b, rules in parts for pair in zip(a.tolist(), b.tolist(), rules.tolist(), strict=True)]
    assert len(found) == len(expected)
    assert {(a, b): rules for a, b, rules in found} == expected
    assert list(keys.pairs_of_groups([])) == []


def test_records_the_service_would_refuse_are_left_out_and_counted() -> None:
    made = made_people()
    good = list(made.population.records[:3])
    bad = msgspec.structs.replace(good[0], local_id="")
    table = encode_records(made.template.model, [*good, bad])
    assert (table.records, table.refused) == (3, 1)


def test_unscored_features_make_no_rule_of_the_estimation() -> None:
    made = made_people()
    features = tuple(msgspec.structs.replace(f, scored=f.name != "phone") for f in made.template.model.features)
    model = msgspec.structs.replace(made.template.model, features=features)
    rules, notes = level_rules(model)
    assert any("phone" in note for note in notes)
    assert all(model.features[term.column].scored for rule in rules for term in rule.terms)


def test_levels_of_a_rule_are_certain_to_have_its_key() -> None:
    model = made_people().template.model
    written = (("given.sound", "birth_date.year"), ("given.bag",), ("phone.ending",))
    rules, _ = level_rules(msgspec.structs.replace(model, rules=written))
    names = [{(model.features[t.column].name, tuple(sorted(t.levels))) for t in rule.terms} for rule in rules]
    assert names == [
        {("given", (1, 2)), ("birth_date", (1, 2))},
        {("given", (1,)), ("family", (1,))},
        {("phone", (1, 3))},
    ]
