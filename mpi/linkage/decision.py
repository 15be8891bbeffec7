"""Candidates × thresholds × rules → a decision. Pure; the order of the rules is the order of the lines in ``decide``."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from mpi.linkage.comparison import LEVELS
from mpi.linkage.conflicts import (
    BIRTH_DIFFERS,
    BIRTH_ORDER_DIFFERS,
    DATE_DIFFERENT,
    DIED_BEFORE,
    DOCUMENT,
    LENT,
    MULTIPLE_BIRTH,
    NEIGHBOURS,
    NEWBORN,
    OTHER_NUMBER,
    SAME_SCRIPT,
    SEX_DIFFERS,
)
from mpi.linkage.found import FLAGS, KEPT, KEYS, KEYS_CUT, WEIGHT, WINNER, Found
from mpi.linkage.jit import inner, wide
from mpi.linkage.scoring import IDENTITY, SCALE, SCORED, Tables
from mpi.linkage.settings import BIRTH, FAMILY, GIVEN, NATIONAL, Settings
from mpi.records import DecisionReason, Outcome

SLIP, TWO_SLIPS = LEVELS["identifier"].index("slip"), LEVELS["identifier"].index("two_slips")
SAME_SOUND, SAME_FOLDED_SOUND = LEVELS["name"].index("same_sound"), LEVELS["name"].index("same_folded_sound")
NEARLY = round(math.log2(20) * SCALE)  # fixed point
NAME_AGREES = 4  # levels exact, same sound, same folded sound, swapped

NEW, LINKED, REVIEW = int(Outcome.NEW), int(Outcome.LINKED), int(Outcome.NEW_WITH_REVIEW)

ABOVE_UPPER_THRESHOLD = int(DecisionReason.ABOVE_UPPER_THRESHOLD)
BETWEEN_THRESHOLDS = int(DecisionReason.BETWEEN_THRESHOLDS)
BELOW_LOWER_THRESHOLD = int(DecisionReason.BELOW_LOWER_THRESHOLD)
NO_CANDIDATE = int(DecisionReason.NO_CANDIDATE)
NO_USABLE_TRAIT = int(DecisionReason.NO_USABLE_TRAIT)
UNIQUE_DOCUMENT_AGREES = int(DecisionReason.UNIQUE_DOCUMENT_AGREES)
DOCUMENT_WITHOUT_SECOND_TRAIT = int(DecisionReason.DOCUMENT_WITHOUT_SECOND_TRAIT)
DOCUMENT_CONTRADICTED = int(DecisionReason.DOCUMENT_CONTRADICTED)
DIFFERENT_VALID_NUMBERS = int(DecisionReason.DIFFERENT_VALID_NUMBERS)
SEX_AND_BIRTH_DATE_DIFFER = int(DecisionReason.SEX_AND_BIRTH_DATE_DIFFER)
LIKELY_TWINS = int(DecisionReason.LIKELY_TWINS)
GUARDIAN_OR_NEWBORN = int(DecisionReason.GUARDIAN_OR_NEWBORN)
COMMON_NAME_AND_BIRTH_DATE = int(DecisionReason.COMMON_NAME_AND_BIRTH_DATE)
RUNNER_UP_TOO_CLOSE = int(DecisionReason.RUNNER_UP_TOO_CLOSE)
POSSIBLE_DUPLICATE_PERSONS = int(DecisionReason.POSSIBLE_DUPLICATE_PERSONS)
DECEASED_BEFORE_RECORDED = int(DecisionReason.DECEASED_BEFORE_RECORDED)
SEARCH_WAS_CUT = int(DecisionReason.SEARCH_WAS_CUT)
LIKELY_RELATIVE = int(DecisionReason.LIKELY_RELATIVE)


@inner
def decide(
    tables: Tables, settings: Settings, found: Found, q: int, population: int, rivals_alike: bool
) -> tuple[int, int, int]:
    """(outcome, place of the person chosen or −1, bit set of reasons) for query q.

    ``rivals_alike``: the two best persons look like one person themselves, so that the choice between them is no risk.
    """
    cut = reason(SEARCH_WAS_CUT) if found.queries[q, KEYS_CUT] > 0 else wide(0)
    if found.queries[q, KEPT] == 0:
        return NEW, -1, cut | reason(NO_CANDIDATE if found.queries[q, KEYS] > 0 else NO_USABLE_TRAIT)
    lender = wide(0)  # why the holder of the query's number, which is not the patient's own, is another person
    if found.candidates[q, 0, FLAGS] & DOCUMENT:
        facts = (wide(found.candidates[q, 0, FLAGS]), wide(found.candidates[q, 0, WINNER]), population)
        why = document_reasons(tables, settings, found.levels[q, 0], found.adjustments[q, 0], facts)
        if why == 0:
            return LINKED, 0, cut | reason(UNIQUE_DOCUMENT_AGREES) | duplicate_reason(settings, found, q, 0)
        if why & ~reason(DOCUMENT_CONTRADICTED) or given_differs(settings, found.levels[q, 0]):
            if found.candidates[q, 0, FLAGS] & LENT == 0:
                return REVIEW, 0, cut | why
            lender = why
    best = best_place(settings, found, q)
    weight = found.candidates[q, best, WEIGHT]
    if weight < settings.lower:
        return NEW, -1, cut | reason(BELOW_LOWER_THRESHOLD)
    if lender != 0 and best == 0:
        return REVIEW, 0, cut | lender
    relative = reason(LIKELY_RELATIVE) if 0 < found.candidates[q, best, WINNER] < len(tables.base) - 1 else wide(0)
    if weight < settings.upper:
        return REVIEW, best, cut | reason(BETWEEN_THRESHOLDS) | relative
    facts = (wide(found.candidates[q, best, FLAGS]), wide(found.candidates[q, best, WINNER]), population)
    against = vetoes(tables, settings, found.levels[q, best], found.adjustments[q, best], facts)
    rival = rival_place(found, q, best)
    close = rival >= 0 and weight - found.candidates[q, rival, WEIGHT] < settings.margin and not rivals_alike
    if close or by_sound_alone(settings, found, q, best, rival):
        against |= reason(RUNNER_UP_TOO_CLOSE)
    if against != 0:
        return REVIEW, best, cut | against | relative
    return LINKED, best, cut | reason(ABOVE_UPPER_THRESHOLD) | duplicate_reason(settings, found, q, best)


@inner
def best_place(settings: Settings, found: Found, q: int) -> int:
    """The heaviest candidate that holds no other valid number, if it is likely enough; else the heaviest of all."""
    best = -1
    for i in range(found.queries[q, KEPT]):
        if found.candidates[q, i, FLAGS] & OTHER_NUMBER == 0 and (
            best < 0 or found.candidates[q, i, WEIGHT] > found.candidates[q, best, WEIGHT]
        ):
            best = i
    if best >= 0 and found.candidates[q, best, WEIGHT] >= settings.lower:
        return best
    best = 0
    for i in range(found.queries[q, KEPT]):
        if found.candidates[q, i, WEIGHT] > found.candidates[q, best, WEIGHT]:
            best = i
    return best


@inner
def rival_place(found: Found, q: int, best: int) -> int:
    """The heaviest other candidate that could be the person too, or −1."""
    rival = -1
    for i in range(found.queries[q, KEPT]):
        possible = i != best and found.candidates[q, i, FLAGS] & OTHER_NUMBER == 0
        if possible and (rival < 0 or found.candidates[q, i, WEIGHT] > found.candidates[q, rival, WEIGHT]):
            rival = i
    return rival


@inner
def by_sound_alone(settings: Settings, found: Found, q: int, place: int, rival: int) -> bool:
    """Whether a person is known by pinyin only where the query is not, or the other way round, and another is likely enough:
    two whose names sound the same (twins, too) cannot be told apart then."""
    pinyin = found.candidates[q, place, FLAGS] & SAME_SCRIPT == 0
    return bool(pinyin and rival >= 0 and found.candidates[q, rival, WEIGHT] >= settings.lower)


@inner
def duplicate_reason(settings: Settings, found: Found, q: int, best: int) -> int:
    """The bit that says: another person is above the upper threshold too."""
    rival = rival_place(found, q, best)
    if rival >= 0 and found.candidates[q, rival, WEIGHT] >= settings.upper:
        return reason(POSSIBLE_DUPLICATE_PERSONS)
    return wide(0)


@inner
def document_reasons(
    tables: Tables,
    settings: Settings,
    levels: npt.NDArray[np.uint8],
    adjustments: npt.NDArray[np.int32],
    facts: tuple[int, int, int],
) -> int:
    """0 if the document rule links a candidate that has the same document; else the reasons why it does not.

    ``facts`` is (flags, winning class, population).
    """
    why = document_verdict(settings, levels, facts[0])
    against = vetoes(tables, settings, levels, adjustments, facts)
    return against | reason(why) if why != 0 else against


@inner
def reason(number: int) -> int:
    """Bit of a DecisionReason."""
    return wide(1) << wide(number)


@inner
def level_at(levels: npt.NDArray[np.uint8], column: int) -> int:
    """Level of a role's column; 0 where the model has none."""
    return wide(levels[column]) if column >= 0 else 0


@inner
def given_differs(settings: Settings, levels: npt.NDArray[np.uint8]) -> bool:
    """Whether the given names are those of two people, by the model's list of levels."""
    return (settings.different_given >> level_at(levels, settings.roles[GIVEN])) & 1 == 1


@inner
def likely_twins(settings: Settings, levels: npt.NDArray[np.uint8], flags: int, winner: int) -> bool:
    """Same birth date and family name, another given name, no identifier that agrees; or a different birth order; or one of
    a multiple birth, unless the given name is the very same or a number agrees.

    A Han name that sounds the same and is written differently is another name here: mostly a typing error, but twins are
    given such names. Where no name is known on one side, a birth date and a home are what twins share; but a newborn has no
    name yet, and its placeholder says when it is one of several. Where the model says that there are no families, only the
    birth order tells twins.
    """
    if flags & DOCUMENT:
        return False
    if flags & BIRTH_ORDER_DIFFERS:
        return True
    if flags & MULTIPLE_BIRTH and level_at(levels, settings.roles[GIVEN]) != 1:
        return not number_agrees(settings, levels)
    if settings.twins == 0:
        return False
    if winner == settings.twin_class:
        return True
    if level_at(levels, settings.roles[BIRTH]) != 1 or number_agrees(settings, levels):
        return False
    given, family = level_at(levels, settings.roles[GIVEN]), level_at(levels, settings.roles[FAMILY])
    han = settings.unique != 0  # where resident numbers are declared unique, names are Han
    if not 1 <= family <= NAME_AGREES:
        return bool(han and given == 0 and family == 0 and flags & NEWBORN == 0)
    # A number that is off by a slip of its own is no twin's, unless it only differs where twins' numbers do.
    mistyped = level_at(levels, settings.roles[NATIONAL]) == SLIP and flags & NEIGHBOURS == 0
    homophone = han and flags & SAME_SCRIPT and not mistyped  # of what pinyin writes the sound is all there is to agree
    return given_differs(settings, levels) or bool(homophone and given in (SAME_SOUND, SAME_FOLDED_SOUND))


@inner
def likely_relative(settings: Settings, levels: npt.NDArray[np.uint8]) -> bool:
    """Whether only a number with a slip stands for a given name that one side lacks: a brother's differs by as little. Or
    whether a name without family name, as Tibetans have, is all that two people of different birth dates share."""
    if settings.unique == 0:
        return False
    if level_at(levels, settings.roles[GIVEN]) == 0:
        return level_at(levels, settings.roles[NATIONAL]) == SLIP
    no_family = level_at(levels, settings.roles[FAMILY]) == 0
    return bool(
        no_family and level_at(levels, settings.roles[BIRTH]) == DATE_DIFFERENT and not number_agrees(settings, levels)
    )


@inner
def number_agrees(settings: Settings, levels: npt.NDArray[np.uint8]) -> bool:
    """Whether the national numbers are those of one person. A slip counts only where the model's numbers have no check digit:
    where they have one, twins' numbers differ by as little as a slip does."""
    national = level_at(levels, settings.roles[NATIONAL])
    return national == 1 or (settings.unique == 0 and national in (SLIP, TWO_SLIPS))


@inner
def common_combination(
    tables: Tables,
    settings: Settings,
    levels: npt.NDArray[np.uint8],
    adjustments: npt.NDArray[np.int32],
    population: int,
) -> bool:
    """Whether hardly more than name, birth date and sex agree, and too many strangers are expected to share them and the
    little that agrees besides (DETAILS 5); or one of the three speaks against one person: then the other two are no identity.

    Names follow fashions: among people of nearly the same age they are shared more often than their frequency says. So a
    birth date that agrees only nearly allows a twentieth of the strangers.
    """
    stranger = tables.weights.shape[2] - 1
    expected, further, against = wide(population), wide(0), False
    for f in range(len(levels)):
        level = levels[f]
        if level == 0 or tables.plan[f, SCORED] == 0:
            continue
        u = wide(tables.weights[f, level, stranger]) + adjustments[f]
        evidence = wide(tables.weights[f, level, 0]) - u
        if tables.plan[f, IDENTITY] == 1:
            expected += u
            against = against or evidence < 0
        elif evidence > 0:
            further += evidence
    if further >= settings.further:
        return False
    nearly = level_at(levels, settings.roles[BIRTH]) > 1
    return against or expected - further >= settings.common - (NEARLY if nearly else 0)


@inner
def vetoes(
    tables: Tables,
    settings: Settings,
    levels: npt.NDArray[np.uint8],
    adjustments: npt.NDArray[np.int32],
    facts: tuple[int, int, int],
) -> int:
    """Bit set of the reasons that turn a link into a review. ``facts`` is (flags, winning class, population)."""
    flags, winner, population = facts
    reasons = wide(0)
    if flags & OTHER_NUMBER:
        reasons |= reason(DIFFERENT_VALID_NUMBERS)
    if flags & SEX_DIFFERS and flags & BIRTH_DIFFERS:
        reasons |= reason(SEX_AND_BIRTH_DATE_DIFFER)
    if flags & DIED_BEFORE:
        reasons |= reason(DECEASED_BEFORE_RECORDED)
    if likely_twins(settings, levels, flags, winner):
        reasons |= reason(LIKELY_TWINS)
    if likely_relative(settings, levels):
        reasons |= reason(LIKELY_RELATIVE)
    if flags & DOCUMENT == 0 and common_combination(tables, settings, levels, adjustments, population):
        reasons |= reason(COMMON_NAME_AND_BIRTH_DATE)
    return reasons


@inner
def document_verdict(settings: Settings, levels: npt.NDArray[np.uint8], flags: int) -> int:
    """0: the document rule links; else the reason why it does not. A derived birth date or sex is no second trait."""
    given, birth = level_at(levels, settings.roles[GIVEN]), level_at(levels, settings.roles[BIRTH])
    given_agrees = 1 <= given <= NAME_AGREES
    birth_agrees = birth in (1, 2)
    if flags & NEWBORN and not (given_agrees and birth_agrees):
        return GUARDIAN_OR_NEWBORN
    if given_differs(settings, levels) or (flags & SEX_DIFFERS) or birth == DATE_DIFFERENT:
        return DOCUMENT_CONTRADICTED
    if not given_agrees and not birth_agrees:
        return DOCUMENT_WITHOUT_SECOND_TRAIT
    return 0
