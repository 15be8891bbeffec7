"""What goes wrong with names: placeholders of newborns, wrong characters, other spellings, wrong fields."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import numpy as np

from training.population import characters
from training.population.history import Draft, Facts
from training.population.names import tibetan_elements
from training.population.persons import Group, Ints
from training.population.rates import ErrorRates
from training.population.strata import Stratum
from training.population.streams import Streams
from training.population.tables import sources

Change = Callable[[str, str, random.Random], tuple[str, str]]
"""(family, given, random) → (family, given) as it is written down."""


def spoil_names(draft: Draft, facts: Facts, rates: ErrorRates, streams: Streams) -> None:
    """Changes ``draft.family`` and ``draft.given`` in place; each record suffers at most one of the rarer mishaps."""
    rng = streams.numpy("name errors")
    _newborns(draft, facts, streams.python("newborn names"))
    open_ = ~draft.newborn
    group = facts.persons.group[draft.person]
    han = group <= Group.OTHER_MINORITY
    chinese = han | (group >= Group.HONG_KONG_MACAO)
    latin = group == Group.FOREIGN
    split = sources().split_names[draft.source] & (draft.family > 0)
    # (share, who, change); a wrong character depends on haste, ways of writing do not.
    haste = draft.haste
    plan: list[tuple[np.ndarray, np.ndarray, Change, Stratum | None]] = [
        (rates.name_placeholder * haste, open_, _placeholder, Stratum.PLACEHOLDER_NAME),
        (rates.name_character * haste, open_ & ~latin, _wrong_character(rates), Stratum.WRONG_NAME),
        (rates.name_character * haste, open_ & latin, _wrong_letter, Stratum.WRONG_NAME),
        (rates.name_truncated * haste, open_, _truncated, Stratum.WRONG_NAME),
        (
            rates.name_swapped * haste * np.where(latin, 30, 1),
            open_ & (latin | split),
            lambda f, g, _: (g, f),
            Stratum.WRONG_NAME,
        ),
        (np.full(len(draft), rates.name_pinyin), open_ & chinese, _pinyin, Stratum.WRONG_NAME),
        (np.where(han, rates.name_traditional, 0.6), open_ & chinese, _traditional, None),
        (np.full(len(draft), rates.name_variant), open_ & (group == Group.TIBETAN), _tibetan_variant, None),
        (np.full(len(draft), rates.name_shortened), open_ & (group == Group.TIBETAN), _tibetan_short, Stratum.WRONG_NAME),
        (np.full(len(draft), rates.name_variant), open_ & (group == Group.UYGHUR), _uyghur_variant, None),
        (np.full(len(draft), rates.name_pinyin * 4), open_ & (group == Group.TIBETAN), _tibetan_latin, Stratum.WRONG_NAME),
        (rates.name_spacing * haste, open_, _spaced, None),
    ]
    _old_names(draft, facts, rates, rng)
    for number, (share, who, change, stratum) in enumerate(plan):
        unnamed = (draft.strata & Stratum.PLACEHOLDER_NAME.value) != 0
        hit = np.flatnonzero(who & ~unnamed & (rng.random(len(draft)) < share))
        changed = _apply(draft, facts, hit, change, streams.python(f"name change {number}"))
        if stratum is not None:
            draft.mark(changed, stratum)


def _apply(draft: Draft, facts: Facts, hit: Ints, change: Change, rng: random.Random) -> Ints:
    """Returns those of ``hit`` whose name is another now."""
    words = facts.names.vocabulary
    before = draft.family[hit], draft.given[hit]
    for i in hit.tolist():
        family, given = change(words.values[draft.family[i]], words.values[draft.given[i]], rng)
        draft.family[i], draft.given[i] = words.code(family), words.code(given)
    return np.asarray(hit[(before[0] != draft.family[hit]) | (before[1] != draft.given[hit])])


def _newborns(draft: Draft, facts: Facts, rng: random.Random) -> None:
    """王某之子: the mother's name, and son or daughter; twins by order. Without a known mother the name is the child's."""
    words = facts.names.vocabulary
    mother = facts.persons.mother[draft.person]
    for i in np.flatnonzero(draft.newborn).tolist():
        if rng.random() < 0.06 or mother[i] < 0:
            draft.newborn[i] = False  # named at once
            continue
        name = words.values[facts.names.family[mother[i]]] + words.values[facts.names.given[mother[i]]]
        male = bool(facts.persons.male[draft.person[i]])
        order = int(facts.persons.twin_order[draft.person[i]])
        draft.family[i], draft.given[i] = 0, words.code(name + newborn_ending(male, order, int(mother[i])))
    draft.mark(draft.newborn, Stratum.NEWBORN)


def newborn_ending(male: bool, order: int, mother: int) -> str:
    """The same way of writing for both of a pair of twins, hence chosen by the mother's number."""
    child = "子" if male else "女"
    style = mother * 7919 % 1013 % 20
    if order:
        return [f"之{'长次'[order - 1]}{child}", f"之{child}{order}", f"之{'大小'[order - 1]}{child}"][style % 3]
    return (
        f"之{child}"
        if style < 14
        else [child, child, child, "之婴", f"之{child}儿" if child == "女" else "之子", "之婴"][style - 14]
    )


def _old_names(draft: Draft, facts: Facts, rates: ErrorRates, rng: np.random.Generator) -> None:
    old = facts.old_given[draft.person]
    late = (old > 0) & (draft.day >= facts.renamed[draft.person]) & (rng.random(len(draft)) < rates.name_old)
    late &= ~draft.newborn
    draft.given[late] = old[late]


def _placeholder(family: str, _: str, rng: random.Random) -> tuple[str, str]:
    words = ["无名氏", "未知", "不详", "无名", f"{family}某", f"{family}某某", f"{family}先生", f"{family}女士"]
    return "", rng.choices(words, [5, 2, 1, 2, 1, 1, 0.5, 0.5])[0]


def _wrong_character(rates: ErrorRates) -> Change:
    bounds = np.cumsum([rates.share_homophone, rates.share_look_alike, rates.share_dialect]).tolist()

    def change(family: str, given: str, rng: random.Random) -> tuple[str, str]:
        draw = rng.random()
        wanted = next((kind for kind, bound in enumerate(bounds) if draw < bound), 3)
        in_family = bool(family) and (not given or rng.random() < 0.16)
        text = family if in_family else given
        places = [i for i, c in enumerate(text) if c >= "一"]
        rng.shuffle(places)
        # The wanted kind first at any place; where no character has such a candidate, the next kind.
        for kind, at in itertools.product([wanted, 0, 1, 2, 3], places):
            if (new := _other_character(text[at], kind, rng, family=in_family)) != text[at]:
                text = text[:at] + new + text[at + 1 :]
                break
        return (text, given) if in_family else (family, text)

    return change


def _other_character(old: str, kind: int, rng: random.Random, *, family: bool) -> str:
    """0 homophone, 1 look-alike, 2 dialect, 3 any other; ``old`` itself where there is no candidate."""
    if kind == 0:
        return characters.homophone(old, rng, family=family)
    if kind == 1:
        return characters.look_alike(old, rng)
    return characters.dialect_twin(old, rng, family=family) if kind == 2 else characters.any_other(old, rng, family=family)


def _wrong_letter(family: str, given: str, rng: random.Random) -> tuple[str, str]:
    return misspelt(family, rng) if rng.random() < 0.5 else family, misspelt(given, rng)


def misspelt(text: str, rng: random.Random) -> str:
    """One letter left out, doubled, replaced, or two neighbours swapped."""
    if len(text) < 3:
        return text
    at = rng.randrange(1, len(text) - 1)
    kind = rng.randrange(4)
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[:at] + text[at] + text[at:]
    if kind == 2:
        return text[:at] + rng.choice("aeionrst") + text[at + 1 :]
    return text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :]


def _truncated(family: str, given: str, rng: random.Random) -> tuple[str, str]:
    return family, given[: max(1, len(given) - (1 if len(given) < 5 else rng.randrange(1, 4)))]


def _swapped(family: str, given: str, _: random.Random) -> tuple[str, str]:
    return given, family


def _pinyin(family: str, given: str, rng: random.Random) -> tuple[str, str]:
    return "", characters.romanised(family, given, rng)


def _traditional(family: str, given: str, _: random.Random) -> tuple[str, str]:
    return characters.traditional(family), characters.traditional(given)


def _tibetan_variant(family: str, given: str, rng: random.Random) -> tuple[str, str]:
    for _, _, forms, _ in tibetan_elements():
        for form in forms:
            if form in given and len(forms) > 1:
                return family, given.replace(form, rng.choice([f for f in forms if f != form] or forms), 1)
    return family, given


def _tibetan_short(family: str, given: str, rng: random.Random) -> tuple[str, str]:
    if len(given) != 4:
        return family, given
    return family, rng.choice([given[:2], given[2:], given[0] + given[2], given[0] + given[3]])


def _tibetan_latin(family: str, given: str, rng: random.Random) -> tuple[str, str]:
    left, words = given, []
    while left:
        elements = ((form, latin) for _, _, han, latin in tibetan_elements() for form in han)
        match = next((e for e in elements if left.startswith(e[0])), None)
        if match is None:
            return family, given
        words.append(rng.choice(match[1]))
        left = left[len(match[0]) :]
    return family, rng.choice([" ".join(words), " ".join(words).upper()])


def _uyghur_variant(family: str, given: str, rng: random.Random) -> tuple[str, str]:
    dots = ["", ".", "•", " ", "・"]
    return family, rng.choice([given.replace("·", rng.choice(dots)), given.split("·")[0], given.replace("买买提", "麦麦提")])


def _spaced(family: str, given: str, rng: random.Random) -> tuple[str, str]:
    style = rng.randrange(5)
    if style == 0 and len(family + given) == 2:
        return "", f"{family}\u3000{given}"
    if style == 1:
        return "", f"{family} {given}".strip()
    if style == 2:
        return family, given + rng.choice([" ", ".", "*", "１", "2"])
    if style == 3:
        return family, " ".join(given) if len(given) < 4 else given
    return f" {family}", given
