"""Loading many rows at once, by several threads, against one row after the other."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from index_state import hot_state
from patients import home, patient, resident_id
from small_model import MODEL

from mpi.linkage.batch import load_groups, load_values
from mpi.linkage.blocking import compile_rules
from mpi.linkage.features import Encoded, Encoder
from mpi.linkage.hotindex import CHARS, PERSONS, RECORDS, ROWS, VALUES, HotIndex
from mpi.linkage.loading import CELL_WORDS, grow_to, link_loaded, load_entries, load_rows, needed_texts, unpack_values
from mpi.linkage.values import CODE, FEATURE, Values
from mpi.records import HumanName, PatientRecord
from mpi.registry.memory import reserve_index
from mpi.standardise import standardise

RULES = compile_rules(MODEL)
CAPACITY = 20_000
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴", ("伟", "芳", "秀英", "敏", "静", "丽", "强", "磊")


def people(count: int, seed: int) -> list[PatientRecord]:
    """Records that share keys in every way: names, days, numbers, several rows, none at all."""
    rng = random.Random(seed)
    made = []
    for number in range(count):
        names = tuple(
            HumanName(family=rng.choice(SURNAMES), given=rng.choice(GIVEN)) for _ in range(rng.choice((0, 1, 1, 1, 2, 3)))
        )
        day = f"19{rng.randrange(50, 60)}-0{rng.randrange(1, 9)}-1{rng.randrange(10)}"
        numbers = (resident_id(f"500103{day.replace('-', '')}{rng.randrange(4):03d}"),) if rng.random() < 0.5 else ()
        phones = tuple(f"1359411{rng.randrange(40):04d}" for _ in range(rng.choice((0, 1, 2))))
        addresses = home(f"重庆市渝中区人民路{rng.randrange(300)}号") if rng.random() < 0.7 else ()
        made.append(
            patient(str(number), names=names, birth_date=day, identifiers=numbers, phones=phones, addresses=addresses)
        )
    return made


def journalled(records: list[PatientRecord]) -> tuple[Encoded, Values]:
    """What a journal would hold of them: rows without slots, and the dictionary entries, each naming its feature."""
    encoded = Encoder(MODEL).encode([standardise(record) for record in records])
    used = np.argwhere(encoded.slots)
    cells = encoded.values.cells[encoded.slots[encoded.slots > 0]].copy()
    cells[:, FEATURE] = used[:, 1]
    _, first = np.unique(cells[:, [FEATURE, CODE]], axis=0, return_index=True)
    cells = cells[np.sort(first)]
    starts = cells[:, 3]
    chars = np.concatenate([encoded.values.chars[at : at + n] for at, n in zip(starts, cells[:, 4], strict=True)])
    return encoded._replace(slots=np.zeros_like(encoded.slots)), Values(cells, chars)


def with_missing(values: Values) -> Values:
    """As ``load_values`` takes them: slot 0 is the missing value, offsets are right."""
    cells = np.concatenate([np.zeros((1, 8), np.int64), values.cells])
    cells[1:, 3] = np.cumsum(cells[1:, 4]) - cells[1:, 4]
    return Values(cells, values.chars)


def used(hot: HotIndex) -> dict[str, object]:
    counts = hot.counters
    parts = {
        "counters": counts,
        "rows": hot.rows[: counts[ROWS]],
        "row_cells": hot.row_cells[: counts[ROWS]],
        "next_row": hot.next_row[: counts[ROWS]],
        "values": hot.values.cells[: counts[VALUES]],
        "chars": hot.values.chars[: counts[CHARS]],
        "record_cells": hot.record_cells[: counts[RECORDS]],
        "first_record": hot.first_record[: counts[PERSONS]],
    }
    return hot_state(hot, parts)


def one_by_one(encoded: Encoded, values: Values, records: np.ndarray, persons: np.ndarray) -> HotIndex:
    hot = reserve_index(MODEL, CAPACITY)
    load_values(hot, with_missing(values))
    load_groups(hot, RULES, Encoded(*encoded)._replace(values=hot.values), records, persons)
    return hot


@pytest.mark.parametrize("threads", [1, 2, 3, 5])
@pytest.mark.parametrize("seed", [1, 2])
def test_threads_make_the_chains_that_one_row_after_the_other_makes(threads: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    encoded, values = journalled(people(1_500, seed))
    new, updated = 1_200, 300
    records = np.concatenate([np.arange(new), rng.integers(0, new, updated)])
    persons = np.concatenate([np.sort(rng.integers(0, 700, new)), np.zeros(updated, np.int64)])
    expected = used(one_by_one(encoded, values, records, persons))

    hot = reserve_index(MODEL, CAPACITY)
    load_entries(hot, values)
    retired = np.zeros(len(records), np.bool_)
    with ThreadPoolExecutor(threads) as pool:
        for start, end in ((0, 400), (400, 401), (401, 1_500)):  # in parts, as batches come
            before = int(hot.counters[ROWS])
            first, last = encoded.starts[start], encoded.starts[end]
            part = Encoded(
                encoded.rows[first:last], encoded.slots[first:last], encoded.starts[start : end + 1] - first, hot.values
            )
            load_rows(hot, part, records[start:end], persons[start:end], retired[start:end])
            link_loaded(hot, RULES, before, int(hot.counters[ROWS]), pool=pool, threads=threads)
            if start == 0:
                grow_to(hot.postings, 20_000)
    found = used(hot)
    assert [name for name in expected if expected[name] != found[name]] == []
    assert len(set(expected["next_row"][-1])) >= 1
    assert sum(any(line) for line in expected["next_row"]) > 500, "the records share too few keys to tell"


def test_the_texts_that_rules_look_at() -> None:
    assert [MODEL.features[f].name for f in needed_texts(RULES)] == ["given", "family"]


@pytest.mark.parametrize("blobs", [[3], [0, 2, 0, 0, 1, 4], [0, 0], []])
def test_dictionary_entries_of_many_events_are_taken_apart(blobs: list[int]) -> None:
    _, values = journalled(people(20, 1))
    cells, lengths = values.cells[: sum(blobs)], values.cells[: sum(blobs), 4]
    chars = values.chars[: lengths.sum()]
    pieces, starts, at, char = [], [0], 0, 0
    for count in blobs:
        length = int(lengths[at : at + count].sum())
        if count:
            head = np.array([count, length], np.uint32)
            pieces += [head, cells[at : at + count].reshape(-1).view(np.uint32), chars[char : char + length]]
        starts.append(sum(map(len, pieces)))
        at, char = at + count, char + length
    data = np.concatenate([np.zeros(0, np.uint32), *pieces])
    found_cells, found_chars = np.zeros((len(cells), CELL_WORDS), np.uint32), np.zeros(len(chars), np.uint32)
    claimed = unpack_values(data, np.array(starts, np.int64), found_cells, found_chars)
    assert claimed == len(chars)
    assert np.array_equal(found_cells.view(np.int64).reshape(-1, 8), cells)
    assert np.array_equal(found_chars, chars)


@pytest.mark.parametrize("length", [65, -1, 2])
def test_an_entry_that_claims_other_characters_than_it_has_is_refused(length: int) -> None:
    cells = np.zeros((1, 8), np.int64)
    cells[0, 4] = length
    data = np.concatenate([np.array([1, 3], np.uint32), cells.reshape(-1).view(np.uint32), np.zeros(3, np.uint32)])
    room = np.zeros((1, CELL_WORDS), np.uint32), np.zeros(3, np.uint32)
    assert unpack_values(data, np.array([0, len(data)], np.int64), *room) == -1
