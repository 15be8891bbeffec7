"""Splink's SQL read: the forms its library writes, and rules both ways."""

from __future__ import annotations

import pytest
from small_model import MODEL

from training.exchange.conditions import DAYS, EDITS, EXACT, OTHER, REVERSED, SIMILARITY, Condition, read_condition, split_top
from training.exchange.rules import read_rule, write_rule

FEATURES = {"first": MODEL.features[0], "last": MODEL.features[1], "dob": MODEL.features[2], "tel": MODEL.features[6]}


EPOCHS = "ABS(EPOCH(try_strptime(\"d_l\", '%Y-%m-%d')) - EPOCH(try_strptime(\"d_r\", '%Y-%m-%d'))) <= 86400"
USERS = "NULLIF(regexp_extract(\"a_l\", '^[^@]+', 0), '') = NULLIF(regexp_extract(\"a_r\", '^[^@]+', 0), '')"
BOTH = '("a_l" = "a_r") AND (jaro_winkler_similarity("b_l", "b_r") >= 0.9)'


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ('"a_l" = "a_r"', {"a": Condition(EXACT)}),
        ("first_name_l = first_name_r", {"first_name": Condition(EXACT)}),
        ('lower("a_l") = lower("a_r")', {"a": Condition(EXACT)}),
        ('jaro_winkler_similarity("a_l", "a_r") >= 0.92', {"a": Condition(SIMILARITY, 0.92)}),
        ('jaccard("a_l", "a_r") >= 0.9', {"a": Condition(SIMILARITY, 0.9)}),
        ('levenshtein(CAST("d_l" AS TEXT), CAST("d_r" AS TEXT)) <= 1', {"d": Condition(EDITS, 1)}),
        ('damerau_levenshtein("a_l", "a_r") <= 2', {"a": Condition(EDITS, 2)}),
        (EPOCHS, {"d": Condition(DAYS, 1)}),
        ("abs(datediff('month', d_l, d_r)) <= 1", {"d": Condition(DAYS, 30.4375)}),
        (BOTH, {"a": Condition(EXACT), "b": Condition(SIMILARITY, 0.9)}),
        ('"a_l" = "b_r" AND "a_r" = "b_l"', {"a": Condition(REVERSED), "b": Condition(REVERSED)}),
        ('substr("a_l", 1, 3) = substr("a_r", 1, 3)', {"a": Condition(OTHER)}),
        (USERS, {"a": Condition(OTHER)}),
        ('"a_l" = "a_r" OR levenshtein("a_l", "a_r") <= 1', {"a": Condition(OTHER)}),
        ('array_length(list_intersect("a_l", "a_r")) >= 1', {"a": Condition(OTHER)}),
        ('abs("a_l" - "a_r") <= 3', {"a": Condition(OTHER)}),
        ("ELSE", {}),
    ],
)  # fmt: skip
def test_conditions_are_read(sql: str, expected: dict[str, Condition]) -> None:
    found = read_condition(sql)
    assert found.keys() == expected.keys()
    for column, condition in expected.items():
        assert found[column].measure == condition.measure
        assert found[column].threshold == pytest.approx(condition.threshold)


def test_and_inside_of_parentheses_and_quotes_is_no_border() -> None:
    assert split_top("(a = ' and ' and (b and c)) AND d", "and") == ["a = ' and ' and (b and c)", "d"]
    assert split_top("(a and b)", "and") == ["a", "b"]


@pytest.mark.parametrize(
    ("sql", "terms", "note"),
    [
        ('l."first" = r."first"', ("given",), ""),
        ('(l."first" = r."first") AND (l."last" = r."last")', ("given", "family"), ""),
        ("SUBSTRING(l.last, 1, 3) = SUBSTRING(r.last, 1, 3) and l.tel = r.tel", ("family.beginning", "phone"), ""),
        ("substr(l.last,1,5) = substr(r.last,1,5)", ("family.beginning",), "first 3 letters instead of 5"),
        ("substr(l.last,1,2) = substr(r.last,1,2)", (), "fewer than 3 letters"),
        ("substr(l.tel,1,4) = substr(r.tel,1,4)", (), "no key of this kind"),
        ('right(l."tel", 7) = right(r."tel", 7)', ("phone.ending",), ""),
        ("year(l.dob) = year(r.dob)", ("birth_date.year",), ""),
        ("dmetaphone(l.first) = dmetaphone(r.first)", ("given.sound",), "phonetic code is another one"),
        ("l.first = r.last and l.last = r.first", ("given.bag",), ""),
        ("l.first = r.last", (), "no equality of one column"),
        ("l.town = r.town", (), "town, which is not compared"),
        ("levenshtein(l.first, r.first) <= 1", (), "no equality"),
    ],
)
def test_blocking_rules_are_read(sql: str, terms: tuple[str, ...], note: str) -> None:
    found, said = read_rule(sql, FEATURES)
    assert found == terms
    assert (note in said) if note else not said


def test_rules_that_can_be_written_are_read_again() -> None:
    columns = {"given": "first", "family": "last", "birth_date": "dob", "phone": "tel"}
    for rule in (("given", "family"), ("family.beginning", "phone"), ("birth_date.year", "given"), ("phone.ending",)):
        sql, note = write_rule(MODEL, rule, columns)
        assert not note
        assert read_rule(sql, FEATURES) == (rule, "")
    assert "no phonetic code" in write_rule(MODEL, ("given.sound", "birth_date"), columns)[1]
