"""Weighed pairs → persons, for a whole load at once: the surest pairs first, and no chain of pairs does what a pair may not.

Connected components join strangers through one bad link. Here two clusters are joined by their surest link only if everything
that their records say goes together, and if enough of the pairs between them are links:

* the rules about a person hold for all records of both: two valid numbers, twins, sex and birth date, a death before a birth;
* at least ``DENSITY`` of the pairs between the two are links: one bad link among many records is a weak bridge;
* a record without a person goes to the best of those that came before it only where the next one is far enough behind, as
  when records come one by one.

What was refused is tried again as long as clusters grow (two rivals may have become one person), and is a question to a
steward if it stays refused: links are cut where the evidence is weakest, since the weakest come last. Persons that existed
before the load are clusters from the start and never become one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.linkage.blocks import CERTAINTY, FLAGS, WINNER, Edges
from mpi.linkage.borrow import borrow
from mpi.linkage.conflicts import (
    BIRTH_DIFFERS,
    DIED_BEFORE,
    DOCUMENT,
    OTHER_NUMBER,
    SAME_SCRIPT,
    SEX_DIFFERS,
    pair_flags,
    stated,
)
from mpi.linkage.decision import document_verdict, likely_twins
from mpi.linkage.jit import inner, kernel, wide
from mpi.linkage.match import CERTAIN
from mpi.linkage.settings import BIRTH, SEX, Settings

# Share of the pairs between two clusters that must be links for the two to be joined: one bad link in a hundred is no bridge.
DENSITY = 0.2
ROUNDS = 16  # tries of what was refused; each joins something, and real loads need three or four


class Records(NamedTuple):
    """The rows of M records: those of record m are rows[first[m]:last[m]] (int64[R, width], int32[M])."""

    rows: npt.NDArray[np.int64]
    first: npt.NDArray[np.int32]
    last: npt.NDArray[np.int32]


class Clusters(NamedTuple):
    """Clusters while they grow.

    root     int32[M]  towards the root of a record's cluster
    next     int32[M]  the records of a cluster in a ring
    size     int32[M]  records, at the root
    fixed    int32[M]  the person that the cluster is, at the root; −1 for one that the load has made
    sources  int64[M]  bits of the sources of the cluster's records, at the root; empty where a source may hold a person twice
    """

    root: npt.NDArray[np.int32]
    next: npt.NDArray[np.int32]
    size: npt.NDArray[np.int32]
    fixed: npt.NDArray[np.int32]
    sources: npt.NDArray[np.int64]


class Links(NamedTuple):
    """The edges of each record: those of record m are edge[starts[m]:starts[m + 1]], the heaviest first."""

    starts: npt.NDArray[np.int64]
    edge: npt.NDArray[np.int32]


def cluster(
    settings: Settings,
    records: Records,
    edges: Edges,
    *,
    fixed: npt.NDArray[np.int32] | None = None,
    sources: npt.NDArray[np.int64] | None = None,
) -> Clusters:
    """Join records by their edges, which are distinct pairs.

    ``fixed`` int32[M]: the person of a record, −1 for a new one. ``sources`` int64[M]: a bit for the source of each record,
    where no source holds a person twice.
    """
    count = len(records.first)
    numbers = np.arange(count, dtype=np.int32)
    made = Clusters(
        numbers,
        numbers.copy(),
        np.ones(count, np.int32),
        np.full(count, -1, np.int32) if fixed is None else fixed.copy(),
        np.zeros(0, np.int64) if sources is None else sources.copy(),
    )
    _join_fixed(made)
    order = heaviest_first(edges)
    links = links_of(edges, order, count)
    waiting = order[edges.facts[order, CERTAINTY] == CERTAIN]
    for _ in range(ROUNDS):
        refused = np.zeros(len(waiting), np.bool_)
        joined = join(settings, records, edges, links, made, waiting, refused)
        waiting = waiting[refused]
        if joined == 0 or not len(waiting):
            break
    flatten(made)
    return made


def heaviest_first(edges: Edges) -> npt.NDArray[np.int32]:
    """Numbers of the edges (int32[E]) by weight, then by their records, however they were found."""
    return np.lexsort((edges.ends[:, 1], edges.ends[:, 0], -edges.weight.astype(np.int64))).astype(np.int32)


def links_of(edges: Edges, order: npt.NDArray[np.int32], records: int) -> Links:
    """The edges of each record; ``order`` is that of ``heaviest_first``."""
    starts = np.zeros(records + 1, np.int64)
    np.cumsum(np.bincount(edges.ends.ravel(), minlength=records), out=starts[1:])
    edge = np.empty(2 * len(order), np.int32)
    _fill_links(edges, order, starts, edge)
    return Links(starts, edge)


@kernel
def _fill_links(
    edges: Edges, order: npt.NDArray[np.int32], starts: npt.NDArray[np.int64], edge: npt.NDArray[np.int32]
) -> None:
    used = starts[:-1].copy()
    for i in range(len(order)):
        for side in range(2):
            record = edges.ends[order[i], side]
            edge[used[record]] = order[i]
            used[record] += 1


@kernel
def _join_fixed(made: Clusters) -> None:
    """The records of a person that existed before are one cluster."""
    first = np.full(np.max(made.fixed) + 1 if len(made.fixed) else 0, -1, np.int32)
    for record in range(len(made.fixed)):
        person = made.fixed[record]
        if person < 0:
            continue
        if first[person] < 0:
            first[person] = record
        else:
            unite(made, first[person], record)


@kernel
def flatten(made: Clusters) -> None:
    """Have every record point to its root, and make the root the first record of its cluster."""
    for record in range(len(made.root)):
        top = root_of(made, record)
        made.root[record] = top
    least = np.full(len(made.root), -1, np.int32)
    for record in range(len(made.root)):
        top = made.root[record]
        if least[top] < 0:
            least[top] = record
            made.size[record], made.fixed[record] = made.size[top], made.fixed[top]
        made.root[record] = least[top]


@inner
def root_of(made: Clusters, record: int) -> int:
    """The root of a record's cluster; halves the way to it."""
    while made.root[record] != record:
        made.root[record] = made.root[made.root[record]]
        record = wide(made.root[record])
    return wide(record)


@inner
def unite(made: Clusters, x: int, y: int) -> None:
    """Make one cluster of two roots; the rings are joined by crossing over."""
    if made.size[x] < made.size[y]:
        x, y = y, x
    made.root[y] = x
    made.size[x] += made.size[y]
    made.fixed[x] = max(made.fixed[x], made.fixed[y])
    if len(made.sources) > 0:
        made.sources[x] |= made.sources[y]
    made.next[x], made.next[y] = made.next[y], made.next[x]


@kernel
def join(
    settings: Settings,
    records: Records,
    edges: Edges,
    links: Links,
    made: Clusters,
    waiting: npt.NDArray[np.int32],
    refused: npt.NDArray[np.bool_],
) -> int:
    """Join clusters by the ``waiting`` links, in order; returns how many were joined. ``refused`` bool[n]: which may be tried
    again."""
    records, edges, links, made = borrow(records), borrow(edges), borrow(links), borrow(made)
    joined = 0
    for i in range(len(waiting)):
        e = wide(waiting[i])
        x, y = root_of(made, wide(edges.ends[e, 0])), root_of(made, wide(edges.ends[e, 1]))
        if x == y:
            continue
        if _go_together(settings, records, edges, links, made, e, x, y):
            unite(made, x, y)
            joined += 1
        else:
            refused[i] = True
    return joined


@inner
def _go_together(
    settings: Settings, records: Records, edges: Edges, links: Links, made: Clusters, e: int, x: int, y: int
) -> bool:
    """Whether two clusters may become one by link ``e``."""
    if made.fixed[x] >= 0 and made.fixed[y] >= 0:
        return False
    if len(made.sources) > 0 and made.sources[x] & made.sources[y]:
        return False
    if made.size[root_of(made, wide(edges.ends[e, 1]))] == 1 and _has_rival(settings, edges, links, made, e):
        return False
    if made.size[x] == 1 and made.size[y] == 1:
        return True  # the pair was graded with all there is to say
    if not _is_dense(edges, links, made, x, y):
        return False
    flags = _flags_between(settings, records, made, x, y) | wide(edges.facts[e, FLAGS]) & DOCUMENT
    if flags & ~edges.facts[e, FLAGS] == 0:
        return True  # nothing speaks against it that was not weighed with the pair
    both_differ = flags & SEX_DIFFERS and flags & BIRTH_DIFFERS
    if flags & OTHER_NUMBER or flags & DIED_BEFORE or both_differ:
        return False
    if flags & DOCUMENT:
        return document_verdict(settings, edges.levels[e], flags) == 0
    return not likely_twins(settings, edges.levels[e], flags, wide(edges.facts[e, WINNER]))


@inner
def _has_rival(settings: Settings, edges: Edges, links: Links, made: Clusters, e: int) -> bool:
    """Whether the later record of link ``e``, which is alone, might nearly as likely be of the cluster of another record that
    came before it; or likely at all, where its name is known by sound alone (``by_sound_alone``).

    A cluster that looks like one person with the one that link ``e`` leads to is no risk.
    """
    if edges.facts[e, FLAGS] & DOCUMENT:
        return False
    partner, record = wide(edges.ends[e, 0]), wide(edges.ends[e, 1])
    other, limit = root_of(made, partner), wide(edges.weight[e]) - settings.margin
    sound = edges.facts[e, FLAGS] & SAME_SCRIPT == 0
    for k in range(links.starts[record], links.starts[record + 1]):
        rival = wide(links.edge[k])
        if edges.weight[rival] <= limit and not (sound and edges.weight[rival] >= settings.lower):
            return False  # the heaviest come first
        theirs = root_of(made, _other_end(edges, rival, record))
        possible = edges.ends[rival, 1] == record and theirs != other and edges.facts[rival, FLAGS] & OTHER_NUMBER == 0
        if possible and (sound or not _alike(settings, edges, links, made, partner, theirs)):
            return True
    return False


@inner
def _other_end(edges: Edges, e: int, record: int) -> int:
    return wide(edges.ends[e, 0]) + wide(edges.ends[e, 1]) - record


@inner
def _alike(settings: Settings, edges: Edges, links: Links, made: Clusters, record: int, cluster: int) -> bool:
    """Whether a record looks like one person with a record of a cluster."""
    for k in range(links.starts[record], links.starts[record + 1]):
        e = wide(links.edge[k])
        if edges.weight[e] < settings.lower:
            return False
        if root_of(made, _other_end(edges, e, record)) == cluster and edges.facts[e, FLAGS] & OTHER_NUMBER == 0:
            return True
    return False


@inner
def _is_dense(edges: Edges, links: Links, made: Clusters, x: int, y: int) -> bool:
    """Whether enough of the pairs between two clusters are links."""
    if made.size[x] > made.size[y]:
        x, y = y, x
    wanted = DENSITY * made.size[x] * made.size[y]
    found, record = 0, x
    while True:
        for k in range(links.starts[record], links.starts[record + 1]):
            e = wide(links.edge[k])
            if edges.facts[e, CERTAINTY] == CERTAIN and root_of(made, _other_end(edges, e, record)) == y:
                found += 1
                if found >= wanted:
                    return True
        record = wide(made.next[record])
        if record == x:
            return False


@inner
def _flags_between(settings: Settings, records: Records, made: Clusters, x: int, y: int) -> int:
    """Conflicts between two clusters, as ``person_conflicts`` finds them: a number, a sex or a birth date that differs counts
    where none of the others agrees."""
    sex, birth = settings.roles[SEX], settings.roles[BIRTH]
    flags, same_number, same_sex, same_birth = wide(0), False, False, False
    a = wide(x)
    while True:
        b = wide(y)
        while True:
            theirs = records.rows[records.first[min(a, b)] : records.last[min(a, b)]]
            mine = records.rows[records.first[max(a, b)] : records.last[max(a, b)]]
            found = pair_flags(settings, theirs, mine)
            flags |= found
            same_number = same_number or found & DOCUMENT != 0
            if sex >= 0 and stated(mine[0, sex]) and mine[0, sex] == theirs[0, sex]:
                same_sex = True
            both = birth >= 0 and stated(mine[0, birth]) and stated(theirs[0, birth])
            same_birth = same_birth or (both and found & BIRTH_DIFFERS == 0)
            b = wide(made.next[b])
            if b == y:
                break
        a = wide(made.next[a])
        if a == x:
            break
    if same_number:
        flags &= ~OTHER_NUMBER
    if same_sex:
        flags &= ~SEX_DIFFERS
    if same_birth:
        flags &= ~BIRTH_DIFFERS
    return flags & ~DOCUMENT
