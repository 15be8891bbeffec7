"""What holds now, read from the journal: current records, crosswalk, open reviews, the change feed."""

from __future__ import annotations

import msgspec

from mpi.records import Outcome
from mpi.store import JournalFlag


def crosswalk(store) -> list[tuple[str, str, int]]:
    return [(r["source"], r["local_id"], r["master_code"]) for r in store.crosswalk().to_pylist()]


def test_a_retired_record_leaves_and_its_number_may_come_back(store, make_event):
    number = {"source": "a", "local_id": "1"}
    store.append(
        [make_event(1, **number, record_no=0, master_code=11), make_event(2, source="b", record_no=1, master_code=11)]
    )
    store.append([make_event(3, **number, record_no=0, master_code=11, outcome=int(Outcome.RETIRED), payload=None)])
    assert crosswalk(store) == [("b", "P00000002", 11)]
    store.append([make_event(4, **number, record_no=2, generation=1, master_code=44)])
    assert crosswalk(store) == [("a", "1", 44), ("b", "P00000002", 11)]


def test_a_replaced_number_moves_and_an_absorbed_record_leaves(store, make_event):
    replaced = {"outcome": int(Outcome.LOCAL_ID_REPLACED), "payload": None, "content_hash": None, "source": "a"}
    store.append([make_event(seq, source="a", local_id=str(seq), master_code=seq) for seq in (1, 2, 3)])
    store.append([make_event(4, **replaced, record_no=0, previous_local_id="1", local_id="9", master_code=1)])
    assert crosswalk(store) == [("a", "2", 2), ("a", "3", 3), ("a", "9", 1)]
    absorbed = make_event(5, **replaced, record_no=1, previous_local_id="2", local_id="3", flags=int(JournalFlag.ABSORBED))
    store.append([absorbed])
    assert crosswalk(store) == [("a", "3", 3), ("a", "9", 1)]
    assert store.record_payload(0) == make_event(1).payload


def test_a_stale_event_changes_nothing_that_holds(store, make_event):
    store.append([make_event(1, payload=b"new"), make_event(2, record_no=0, outcome=int(Outcome.UPDATED), payload=b"newer")])
    before = crosswalk(store)
    store.append([make_event(3, record_no=0, outcome=int(Outcome.STALE), payload=b"old", source="x", master_code=1)])
    assert crosswalk(store) == before
    assert store.record_payload(0) == b"newer"
    assert store.record_payload(5) is None


def test_the_link_keeps_the_grade_it_was_made_with(store, make_event):
    store.append([make_event(1, grade=3, model="m1", probability=0.75)])
    store.append([make_event(2, record_no=0, outcome=int(Outcome.UPDATED), grade=0, model="m2", probability=0.0)])
    store.settle()
    with store._readers.cursor() as cursor:
        row = cursor.execute("SELECT grade, model, probability, since, seq, content_seq FROM current_records").fetchone()
    assert row == (3, "m1", 0.75, make_event(1).at, 2, 2)


def test_reviews_are_open_until_an_event_refers_to_them(store, make_event):
    review = {"outcome": int(Outcome.NEW_WITH_REVIEW), "candidates": b"packed", "reasons": 4, "weight": -3}
    store.append([make_event(1), make_event(2, **review, review_task=2), make_event(3, **review, review_task=3)])
    tasks = store.reviews().to_pylist()
    assert [task["task"] for task in tasks] == [2, 3]
    assert tasks[0]["candidates"] == b"packed"
    assert (tasks[0]["reasons"], tasks[0]["weight"], tasks[0]["record_no"]) == (4, -3, 1)
    store.append([make_event(4, review_task=2)])
    assert [task["task"] for task in store.reviews().to_pylist()] == [3]


def test_the_feed_is_dense_resumable_and_filtered(store, make_event):
    store.append([make_event(seq) for seq in range(1, 31)])
    assert [e.seq for e in store.changes(0, 10)] == list(range(1, 11))
    assert [e.seq for e in store.changes(25, 10)] == list(range(26, 31))
    assert store.changes(30, 10) == []
    assert [e.seq for e in store.changes(0, 4, ["swh"])] == [2, 5, 8, 11]
    told, stored = store.changes(6, 1)[0], store.event(7)
    for field in ("at", "outcome", "source", "local_id", "master_code", "record_no", "person_no", "review_task"):
        assert getattr(told, field) == getattr(stored, field)
    assert told.payload is None


def test_requests_of_the_window(store, make_event):
    events = [make_event(seq, request_id=f"r{seq}", body_hash=bytes([seq]) * 16) for seq in (1, 2, 3)]
    store.append([*events, make_event(4)])
    found = list(store.request_ids(events[1].at))
    assert [(r.request_id, r.body_hash, r.sequence, r.at) for r in found] == [
        (e.request_id, e.body_hash, e.seq, e.at) for e in events[1:]
    ]


def test_many_requests_come_in_order(store, make_event):
    event = make_event(1)
    store.append(
        [msgspec.structs.replace(event, seq=seq, request_id=f"r{seq}", body_hash=bytes(16)) for seq in range(1, 25_001)]
    )
    assert [r.sequence for r in store.request_ids(0)] == list(range(1, 25_001))
