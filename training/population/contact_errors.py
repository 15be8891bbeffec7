"""What goes wrong with telephones, addresses and ethnicity."""

from __future__ import annotations

import random

import numpy as np

from training.population.characters import homophone, look_alike
from training.population.history import Draft, Facts
from training.population.numbers import mobiles
from training.population.persons import Group, Ints
from training.population.rates import ErrorRates
from training.population.strata import Stratum
from training.population.streams import Streams

NO_PHONE = (13800000000, 13000000000, 11111111111, 13888888888, 12345678901)
NAMED_GROUPS = {Group.HAN: "汉族", Group.TUJIA: "土家族", Group.MIAO: "苗族", Group.TIBETAN: "藏族", Group.UYGHUR: "维吾尔族"}
MINORITIES = ("回族", "彝族", "满族", "壮族", "布依族", "侗族", "蒙古族", "仡佬族", "白族", "傣族")


def spoil_phones(draft: Draft, facts: Facts, rates: ErrorRates, streams: Streams) -> None:
    """Relatives' numbers, landlines, slips, placeholders, a second number; missing last."""
    rng = streams.numpy("phone errors")
    size = len(draft)
    own = (draft.strata & Stratum.RELATIVE_PHONE.value) == 0
    borrowed = own & (draft.phone > 0) & (rng.random(size) < rates.phone_relative)
    true = draft.phone.copy()
    draft.phone[borrowed] = _relative_phone(draft, facts, rng)[borrowed]
    draft.mark(borrowed, Stratum.RELATIVE_PHONE)
    home = facts.landline[facts.persons.household[draft.person]]
    landline = (home > 0) & (rng.random(size) < rates.phone_landline / 0.3)
    draft.phone[landline] = home[landline]
    agents = mobiles(1 + len(facts.persons) // 500, rng)
    by_agent = rng.random(size) < rates.phone_agent
    draft.phone[by_agent] = agents[rng.integers(0, len(agents), int(by_agent.sum()))]
    second = rng.random(size) < rates.phone_second
    draft.phone2 = np.where(second, np.where(borrowed | landline, true, np.where(home > 0, home, 0)), 0)
    slip = (draft.phone > 0) & (rng.random(size) < rates.phone_typo * draft.haste)
    place = 10 ** rng.integers(0, 8, size)
    draft.phone += np.where(slip, (rng.integers(1, 10, size) - draft.phone // place % 10) * place, 0)
    filler = rng.random(size) < rates.phone_placeholder * draft.haste
    draft.phone[filler] = np.array(NO_PHONE)[rng.integers(0, len(NO_PHONE), int(filler.sum()))]
    draft.phone[rng.random(size) < rates.phone_missing * draft.neglect] = 0


def _relative_phone(draft: Draft, facts: Facts, rng: np.random.Generator) -> Ints:
    """Of the spouse, a parent, or a neighbour in the household list; else of a relative or friend who lives elsewhere."""
    persons = facts.persons
    person = draft.person
    beside = np.clip(person + np.where(rng.random(len(person)) < 0.5, 1, -1), 0, len(persons) - 1)
    beside = np.where(persons.household[beside] == persons.household[person], beside, -1)
    relative = np.where(persons.spouse[person] >= 0, persons.spouse[person], beside)
    adult = (relative >= 0) & (draft.day - persons.birth[np.maximum(relative, 0)] > 14 * 365)
    relative = np.where(adult, relative, -1)
    changed = (facts.phone_changed[relative] <= draft.day).astype(int)
    elsewhere = mobiles(len(persons), rng)[person]  # one fixed contact for each person
    return np.where(relative >= 0, facts.phone[relative, changed], elsewhere)


def spoil_addresses(draft: Draft, rates: ErrorRates, streams: Streams) -> None:
    rng = streams.numpy("address errors")
    draft.address[rng.random(len(draft)) < rates.address_missing * draft.neglect] = -1


def spoil_address_texts(texts: list[str], draft: Draft, rates: ErrorRates, streams: Streams) -> None:
    """Wrong characters and cut texts, in place, in the written addresses."""
    numbers = streams.numpy("address texts")
    rng = streams.python("address texts")
    for i in np.flatnonzero(numbers.random(len(draft)) < rates.address_typo * draft.haste).tolist():
        texts[i] = mistyped_address(texts[i], rng)
    for i in np.flatnonzero(numbers.random(len(draft)) < rates.address_truncated * draft.haste).tolist():
        texts[i] = texts[i][: rng.randrange(6, 16)]


def mistyped_address(text: str, rng: random.Random) -> str:
    """One place-name character by a homophone or look-alike, or one digit by another."""
    names = [i for i, c in enumerate(text) if c >= "一" and i > 5 and c not in "号栋幢单元室村组社路街道镇乡县区市"]
    figures = [i for i, c in enumerate(text) if c.isdigit()]
    if figures and (not names or rng.random() < 0.4):
        at = rng.choice(figures)
        return text[:at] + rng.choice("0123456789") + text[at + 1 :]
    if not names:
        return text
    at = rng.choice(names)
    new = homophone(text[at], rng) if rng.random() < 0.7 else look_alike(text[at], rng)
    return text[:at] + new + text[at + 1 :]


def write_ethnicity(draft: Draft, facts: Facts, rates: ErrorRates, streams: Streams) -> None:
    """Fills ``draft.ethnicity`` with codes of the vocabulary: 汉族 and 汉, a few wrong, many missing, none for foreigners."""
    rng = streams.numpy("ethnicity")
    words = facts.names.vocabulary
    persons = facts.persons
    other = words.encode(MINORITIES)[persons.household % len(MINORITIES)]
    code = np.zeros(len(persons), np.int32)
    for group, name in NAMED_GROUPS.items():
        code[persons.group == group] = words.code(name)
    code = np.where(persons.group == Group.OTHER_MINORITY, other, code)
    written = code[draft.person]
    wrong = (rng.random(len(draft)) < rates.ethnicity_wrong * draft.haste) & (written > 0)
    written[wrong] = words.code("汉族")
    short = (rng.random(len(draft)) < 0.2) & (written == words.code("汉族"))
    written[short] = words.code("汉")
    written[rng.random(len(draft)) < rates.ethnicity_missing] = 0
    draft.ethnicity = written
