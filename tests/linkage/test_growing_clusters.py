"""Clusters of a load: what is joined, what no chain of pairs may join, and in which order."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from patients import resident_id
from small_model import MODEL

from mpi.linkage.blocks import CERTAINTY, FLAGS, Edges, new_edges
from mpi.linkage.clustering import Clusters, Records, cluster
from mpi.linkage.conflicts import DOCUMENT, SAME_SCRIPT
from mpi.linkage.features import Encoder
from mpi.linkage.scoring import SCALE
from mpi.linkage.settings import compile_settings
from mpi.records import Certainty, PatientRecord
from mpi.standardise import standardise

SETTINGS = compile_settings(MODEL)
CERTAIN, PROBABLE = int(Certainty.CERTAIN), int(Certainty.PROBABLE)
Link = tuple[int, int]


def edges_of(links: list[Link], weights: list[int] | None = None, certainty: int = CERTAIN) -> Edges:
    """Links as edges; without ``weights`` (bits above the upper threshold) all are far above it, the first the heaviest."""
    edges = new_edges(len(links), len(MODEL.features))
    edges.ends[:] = np.array(links, np.int32).reshape(-1, 2)
    bits = weights or [1_000 - 10 * place for place in range(len(links))]
    edges.weight[:] = SETTINGS.upper + np.array(bits, np.int64) * SCALE
    edges.facts[:], edges.levels[:] = 0, 0
    edges.facts[:, CERTAINTY], edges.facts[:, FLAGS] = certainty, SAME_SCRIPT
    return edges


def records_of(numbers: list[str]) -> Records:
    """A record a number; "" for one without."""
    made = [
        PatientRecord(source="a", local_id=str(place), identifiers=(resident_id(number),) if number else ())
        for place, number in enumerate(numbers)
    ]
    encoded = Encoder(MODEL).encode([standardise(record) for record in made])
    starts = encoded.starts.astype(np.int32)
    return Records(encoded.rows, starts[:-1], starts[1:])


def sets(made: Clusters) -> list[set[int]]:
    return [set(np.flatnonzero(made.root == root).tolist()) for root in np.unique(made.root)]


def joined(count: int, edges: Edges, **given: list[int]) -> list[set[int]]:
    arrays = {name: np.array(values, np.int32 if name == "fixed" else np.int64) for name, values in given.items()}
    return sets(cluster(SETTINGS, records_of([""] * count), edges, **arrays))


def test_links_join_and_what_is_not_linked_stays_apart() -> None:
    assert joined(5, edges_of([(0, 1), (1, 2), (3, 4)])) == [{0, 1, 2}, {3, 4}]


def test_a_question_is_no_link() -> None:
    assert joined(2, edges_of([(0, 1)], certainty=PROBABLE)) == [{0}, {1}]


def test_one_link_is_no_bridge_between_two_large_clusters() -> None:
    first = [(i, j) for i in range(6) for j in range(i + 1, 6)]
    second = [(i + 6, j + 6) for i, j in first]
    assert joined(12, edges_of([*first, *second, (0, 6)])) == [set(range(6)), set(range(6, 12))]
    across = [(i, j + 6) for i in range(6) for j in range(2)]
    assert joined(12, edges_of([*first, *second, *across])) == [set(range(12))]


def test_two_numbers_never_meet_whatever_lies_between() -> None:
    one, other = "50010319800503002", "51020219760211105"
    links = edges_of([(0, 1), (1, 2)])
    assert sets(cluster(SETTINGS, records_of([one, "", other]), links)) == [{0, 1}, {2}]
    assert sets(cluster(SETTINGS, records_of([one, "", one]), links)) == [{0, 1, 2}]


def test_a_source_without_duplicates_gives_a_person_one_record() -> None:
    assert joined(3, edges_of([(0, 1), (1, 2)]), sources=[1, 2, 1]) == [{0, 1}, {2}]


def test_a_lone_record_between_two_that_are_nearly_as_likely_stays_alone() -> None:
    close = SETTINGS.margin // SCALE - 1
    assert joined(3, edges_of([(0, 2), (1, 2)], [close + 9, 9])) == [{0}, {1}, {2}]
    edges = edges_of([(0, 2), (1, 2)], [close + 11, 9])
    edges.facts[1, CERTAINTY] = PROBABLE
    assert joined(3, edges) == [{0, 2}, {1}]


def test_two_that_look_like_one_person_are_no_rivals() -> None:
    assert joined(3, edges_of([(0, 2), (1, 2), (0, 1)], [10, 9, 8])) == [{0, 1, 2}]


def test_a_rival_that_became_the_same_person_is_none() -> None:
    # 0 and 1 are joined by 3, which comes after the first try of 2
    links = [(0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]
    assert joined(4, edges_of(links, [10, 9, 8, 8, 8])) == [{0, 1, 2, 3}]


def test_a_document_has_no_rival() -> None:
    edges = edges_of([(0, 2), (1, 2)], [10, 9])
    edges.facts[0, FLAGS] |= DOCUMENT
    assert joined(3, edges)[0] >= {0, 2}


def test_persons_that_existed_before_never_become_one() -> None:
    edges = edges_of([(0, 2), (1, 2), (0, 1)])
    assert joined(3, edges, fixed=[0, 1, -1]) == [{0, 2}, {1}]
    assert joined(3, edges_of([(1, 2)]), fixed=[5, 5, -1]) == [{0, 1, 2}]


@given(st.data())
def test_clusters_do_not_depend_on_the_order_of_the_edges(data: st.DataObject) -> None:
    pairs = st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda pair: pair[0] < pair[1])
    links = data.draw(st.lists(pairs, unique=True, max_size=20))
    weights = data.draw(st.lists(st.integers(0, 12), min_size=len(links), max_size=len(links)))
    turned = data.draw(st.permutations(range(len(links))))
    once = joined(8, edges_of(links, weights))
    again = joined(8, edges_of([links[place] for place in turned], [weights[place] for place in turned]))
    assert once == again


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda pair: pair[0] < pair[1]), unique=True))
def test_a_cluster_is_within_what_its_links_connect(links: list[Link]) -> None:
    component = list(range(10))
    for a, b in links * 10:
        component[a] = component[b] = min(component[a], component[b])
    for found in joined(10, edges_of(links)):
        assert len({component[record] for record in found}) == 1
