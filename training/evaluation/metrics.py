"""How good a grouping of records is: link edges, missed links, reviews, pairs and B-cubed, whole and by stratum.

    link edge    a record that joined a person. It is *wrong* when none of that person's earlier records is of the same true
                 person: every error is counted once, however many records follow it
    linkable     a record of whose true person an earlier record exists: the links there are to be made
    missed link  a linkable record that founded a new person
    split        a true person whose records ended with more than one person
    review       a record for which a steward gets a task; *useful* when a person he is shown holds an earlier record of the
                 same true person
    pairwise     unordered pairs of records, put together against belonging together
    B-cubed      mean over records of the share of its person's records that are its own, and of its own that are with it
                 (Bagga and Baldwin 1998): one record more in a big person does not count a hundredfold

All is numpy over N records; 2.2 million take seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from mpi.records import Outcome
from training.evaluation.intervals import Figure, Share, bootstrap, share
from training.evaluation.linking import Linked
from training.evaluation.pairs import joint

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

SEED = 20_263
RIGHT, PREDICTED, TRUE, RECORDS, PURITY, COMPLETENESS = range(6)  # columns of ``person_sums``


class Edges(NamedTuple):
    """What became of N records, bool[N] each."""

    linked: Bools  # joined a person
    wrong: Bools  # … that held no earlier record of its true person
    linkable: Bools  # an earlier record of its true person exists
    missed: Bools  # linkable, and founded a new person
    reviewed: Bools  # a steward gets a task
    useful: Bools  # … and a person he is shown holds an earlier record of the true person

    @property
    def right(self) -> Bools:
        return self.linked & ~self.wrong

    @property
    def found(self) -> Bools:
        """Linkable and rightly linked, or shown to a steward beside its own person."""
        return self.linkable & (self.right | self.useful)


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of all records, or of a stratum's. Shares with exact intervals, the rest bootstrapped over true persons."""

    records: int
    persons: int  # true ones
    wrong_links: Share  # of the link edges
    wrong_per_100k: Figure
    links_found: Share  # of the linkable records: automatic recall
    links_found_with_review: Share
    ceiling: Share  # of the linkable records: see traits.py
    missed_links: Share  # of the linkable records
    split_persons: Share  # of the true persons that have several records
    reviews: Share  # of the records
    useful_reviews: Share  # of the reviews
    pair_precision: Figure
    pair_recall: Figure
    pair_f1: Figure
    bcubed_precision: Figure
    bcubed_recall: Figure
    bcubed_f1: Figure


def first_of(groups: Ints) -> Bools:
    """bool[N]: whether a record is the first of its group."""
    result = np.zeros(len(groups), np.bool_)
    result[np.unique(groups, return_index=True)[1]] = True
    return result


def edges(linked: Linked, truth: Ints) -> Edges:
    """Judge every record of a run in its order. ``truth`` int64[N], from 0."""
    both = joint(linked.person, truth)
    joined = linked.outcome == Outcome.LINKED
    linkable = ~first_of(truth)
    wrong = joined & first_of(both)
    reviewed, useful = _reviews(linked.reviewed, linked.person, truth)
    return Edges(joined, wrong, linkable, linkable & ~joined, reviewed, useful)


def _reviews(shown: Sequence[tuple[int, ...]], person: Ints, truth: Ints) -> tuple[Bools, Bools]:
    """(bool[N] has a task, bool[N] a person shown holds an earlier record of the same true person)."""
    sizes = np.array([len(persons) for persons in shown], np.int64)
    record = np.repeat(np.arange(len(shown)), sizes)
    persons = np.array([number for persons in shown for number in persons], np.int64)
    known, first = np.unique(joint(person, truth), return_index=True)
    wanted = persons * (int(truth.max(initial=0)) + 1) + truth[record]
    place = np.minimum(np.searchsorted(known, wanted), max(len(known) - 1, 0))
    same = (known[place] == wanted) & (first[place] < record)
    useful = np.zeros(len(shown), np.bool_)
    useful[record[same]] = True
    return sizes > 0, useful


def person_sums(person: Ints, truth: Ints, member: Bools) -> Floats:
    """float64[T, 6]: what each true person adds to pairs and B-cubed, of the records in ``member``.

    Pairs count where at least one of the two is a member; a pair of two true persons is halved between them. The columns are
    ``RIGHT`` to ``COMPLETENESS``; true persons that add nothing are left out.
    """
    both = joint(person, truth)
    _, both = np.unique(both, return_inverse=True)
    together, found, own = (_sizes(groups, member) for groups in (both, person, truth))
    columns = [_partners(*sizes, member) / 2 for sizes in (together, found, own)]
    columns += [member.astype(np.float64), member * together[0] / found[0], member * together[0] / own[0]]
    sums = np.zeros((int(truth.max(initial=-1)) + 1, len(columns)))
    for place, column in enumerate(columns):
        sums[:, place] = np.bincount(truth, column, minlength=len(sums))
    return sums[sums.any(axis=1)]


def _sizes(groups: Ints, member: Bools) -> tuple[Floats, Floats]:
    """For each record: the records of its group, and the members among them."""
    size = np.bincount(groups)[groups].astype(np.float64)
    members = np.bincount(groups, member)[groups].astype(np.float64)
    return size, members


def _partners(size: Floats, members: Floats, member: Bools) -> Floats:
    """For each record: how many of its group's other records make a pair with it in which one at least is a member."""
    return np.where(member, size - 1, members)


def ratios(totals: Floats) -> Floats:
    """Totals of ``person_sums`` float64[R, 6] → float64[R, 6]: precision, recall, F1 of pairs, then of B-cubed.

    Precision of nothing predicted is 1, for nothing was wrong; so is recall where there was nothing to find.
    """
    right, predicted, true, records, purity, completeness = totals.T
    precision, recall = _ratio(right, predicted), _ratio(right, true)
    b_precision, b_recall = _ratio(purity, records), _ratio(completeness, records)
    f1, b_f1 = _ratio(2 * right, predicted + true), _ratio(2 * b_precision * b_recall, b_precision + b_recall)
    return np.stack([precision, recall, f1, b_precision, b_recall, b_f1], axis=1)


def _ratio(over: Floats, under: Floats) -> Floats:
    return np.divide(over, under, out=np.ones_like(over), where=under > 0)


def figures(judged: Edges, person: Ints, truth: Ints, reachable: Bools, member: Bools) -> Figures:
    """The figures of the records in ``member`` bool[N]. ``reachable`` bool[N]: see ``traits.reachable_records``."""
    linkable = judged.linkable & member
    several = np.bincount(truth)[truth] > 1
    persons = np.unique(truth[member])
    split = np.unique(truth[first_of(joint(person, truth)) & ~first_of(truth)])
    wrong = share((judged.wrong & member).sum(), (judged.linked & member).sum())
    values = bootstrap(person_sums(person, truth, member), ratios, seed=SEED)
    return Figures(
        records=int(member.sum()),
        persons=len(persons),
        wrong_links=wrong,
        wrong_per_100k=Figure(wrong.value * 1e5, wrong.low * 1e5, wrong.high * 1e5),
        links_found=share((judged.right & linkable).sum(), linkable.sum()),
        links_found_with_review=share((judged.found & linkable).sum(), linkable.sum()),
        ceiling=share((reachable & linkable).sum(), linkable.sum()),
        missed_links=share((judged.missed & member).sum(), linkable.sum()),
        split_persons=share(np.isin(split, persons).sum(), len(np.unique(truth[member & several]))),
        reviews=share((judged.reviewed & member).sum(), member.sum()),
        useful_reviews=share((judged.useful & member).sum(), (judged.reviewed & member).sum()),
        pair_precision=values[0],
        pair_recall=values[1],
        pair_f1=values[2],
        bcubed_precision=values[3],
        bcubed_recall=values[4],
        bcubed_f1=values[5],
    )
