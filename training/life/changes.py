"""Links and reviews that one model makes and the other does not, and the pairs of records that show them best."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, product

import numpy as np
import numpy.typing as npt

from training.evaluation.linking import Linked
from training.evaluation.metrics import edges
from training.life.partition import Meeting, companions_changed, meetings, spread, together

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Pair = tuple[int, int]

MEETINGS_LOOKED_AT = 200  # of which the examples are chosen
PAIRS_LOOKED_AT = 64  # of one meeting


@dataclass(frozen=True)
class Count:
    """So many; ``right`` of them agree with the truth, None where it is not known."""

    all: int
    right: int | None


@dataclass(frozen=True)
class Spread:
    """Persons of one model that are several persons of the other: how many, of how many, with how many records."""

    persons: int
    parts: int
    records: int


@dataclass(frozen=True)
class Changes:
    """What changes from the old model to the new one. Links are pairs of records that are with one person.

    Reviews are records that a steward is asked about; a review is right where a person shown holds the patient already.
    """

    records: int
    links_kept: Count
    links_gained: Count
    links_lost: Count
    reviews_kept: Count
    reviews_gained: Count
    reviews_lost: Count
    merged: Spread
    split: Spread
    records_moved: int  # records whose companions change


def find_changes(old: Linked, new: Linked, truth: Ints | None = None) -> Changes:
    """Count what differs between two runs over the same records; ``truth`` int64[N] numbers the persons."""
    asked_old, asked_new = asked(old), asked(new)
    useful_old, useful_new = (None if truth is None else edges(each, truth).useful for each in (old, new))
    kept = _pairs(truth, old.person, new.person)
    return Changes(
        records=len(old.person),
        links_kept=kept,
        links_gained=_less(_pairs(truth, new.person), kept),
        links_lost=_less(_pairs(truth, old.person), kept),
        reviews_kept=_reviews(asked_old & asked_new, useful_new),
        reviews_gained=_reviews(asked_new & ~asked_old, useful_new),
        reviews_lost=_reviews(asked_old & ~asked_new, useful_old),
        merged=Spread(*spread(old.person, new.person)),
        split=Spread(*spread(new.person, old.person)),
        records_moved=companions_changed(old.person, new.person),
    )


def asked(linked: Linked) -> Bools:
    """bool[N]: whether a steward is asked about the record."""
    return np.array([len(shown) > 0 for shown in linked.reviewed], np.bool_)


def _pairs(truth: Ints | None, *persons: Ints) -> Count:
    return Count(together(*persons), None if truth is None else together(truth, *persons))


def _less(whole: Count, part: Count) -> Count:
    right = None if whole.right is None or part.right is None else whole.right - part.right
    return Count(whole.all - part.all, right)


def _reviews(chosen: Bools, useful: Bools | None) -> Count:
    return Count(int(chosen.sum()), None if useful is None else int((chosen & useful).sum()))


def gained_pairs(old: Linked, new: Linked, weigh: Callable[[Pair], float], truth: Ints | None, most: int) -> list[Pair]:
    """Up to ``most`` pairs that the new run joins and the old one does not, one for each two persons that meet.

    Of each meeting the pair that ``weigh`` finds most alike. Wrong ones come first where the truth is known, then the least
    sure; pairs that are together only through others come last. With the runs exchanged it returns the pairs that are lost.
    """
    chosen: Iterable[Meeting] = meetings(old.person, new.person)
    if truth is not None:
        chosen = sorted(chosen, key=lambda each: bool(truth[each.first[0]] == truth[each.second[0]]))
    weighed: list[tuple[bool, bool, float, Pair]] = []
    for meeting in islice(chosen, MEETINGS_LOOKED_AT):
        pairs = [(int(a), int(b)) for a, b in islice(product(meeting.first, meeting.second), PAIRS_LOOKED_AT)]
        weight, pair = max((weigh(pair), pair) for pair in pairs)
        right = truth is not None and bool(truth[pair[0]] == truth[pair[1]])
        weighed.append((right, weight < 0, weight, pair))
    return [pair for *_, pair in sorted(weighed)[:most]]


def review_pairs(linked: Linked, other: Linked, most: int) -> list[Pair]:
    """Up to ``most`` (first record of the best person shown, record asked about) that only ``linked`` has asked."""
    first: dict[int, int] = {}
    for place, person in enumerate(linked.person.tolist()):
        first.setdefault(person, place)
    return [(first[linked.reviewed[place][0]], place) for place in only_here(linked, other)[:most]]


def only_here(linked: Linked, other: Linked) -> Sequence[int]:
    """Places of the records that only the first run asks about, the least sure first."""
    places = np.flatnonzero(asked(linked) & ~asked(other))
    doubt = np.abs(linked.probability[places] - 0.5)
    ordered: list[int] = places[np.argsort(doubt, kind="stable")].tolist()
    return ordered
