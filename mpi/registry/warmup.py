"""Compile and load every kernel before the first caller comes: a run of each on an index of its own, with made-up records."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from mpi.columns.local_numbers import local_number_keys
from mpi.linkage.batch import new_writes, resolve_batch, roll_back
from mpi.linkage.features import Encoded
from mpi.linkage.found import new_found
from mpi.linkage.hotindex import ROWS, HotIndex
from mpi.linkage.loading import CELL_WORDS, grow_to, link_loaded, load_entries, load_rows, unpack_values
from mpi.linkage.match import compare_pair, holders, match_one, new_graded
from mpi.linkage.search import new_scratch
from mpi.records import (
    Address,
    HumanName,
    Identifier,
    IdentifierType,
    PatientRecord,
    StandardName,
    StandardRecord,
    StandardText,
)
from mpi.registry.control import retire
from mpi.registry.index import Index, any_key, find_key, put_key, put_new_keys
from mpi.registry.memory import reserve_index, reserve_table
from mpi.standardise import standardise

SMALL = 4096  # rows of the index that is thrown away


MADE_UP = (
    PatientRecord(
        source="-",
        local_id="1",
        names=(HumanName(text="扎西"), HumanName(family="陈", given="安")),
        identifiers=(Identifier(type=IdentifierType.RESIDENT_ID, value="500103198005030020"),),
        phones=("13594112234",),
        addresses=(Address(text="重庆市渝中区人民路1号"),),
    ),
    PatientRecord(
        source="-",
        local_id="2",
        names=(HumanName(text="Wang Xiaoming"), HumanName(family="Smith", given="Anne")),
        birth_date="1980-05-03",
        phones=("+61 2 9374 4000",),
        addresses=(Address(text="1 Main Street"),),
    ),
)


def warm_up(index: Index) -> None:
    """Load the tables of standardising, and run every kernel once with the argument types the index uses.

    Leaves ``index`` untouched.
    """
    for record in MADE_UP:
        standardise(record)
    features = len(index.model.features)
    hot, scratch, found = reserve_index(index.model, SMALL), new_scratch(features), new_found(1, features)
    text = StandardText(text="warm", sound="wm", fold="wm")
    encoded = index.encoder.encode([StandardRecord(names=(StandardName(family=text, given=text),), birth_date=19800101)])
    writes = new_writes([-1], features)
    resolve_batch(hot, index.query, encoded, writes, 1, scratch, found)
    resolve_batch(hot, index.query, encoded, new_writes([0], features), 1, scratch, found)
    graded = new_graded(features)
    match_one(hot, index.query, encoded, (1, 0), scratch, found, graded)
    compare_pair(index.query, encoded, encoded, hot.dictionary, 0, scratch, graded.explanation[0])
    holders(hot, index.query.rules, encoded, np.zeros(1, np.int64), 1, np.zeros(1, np.int64))
    roll_back(hot, index.query.rules, encoded, writes, 1)
    numbers = np.zeros(1, np.int64)
    _warm_loading(index, hot, encoded)
    retire(hot, 0)
    table = reserve_table(16)
    put_key(table, 1, 1)
    put_new_keys(table, numbers + 1, numbers, np.zeros(1, np.bool_))
    any_key(table, numbers + 1, np.zeros(1, np.bool_))
    find_key(table, 1)


def _warm_loading(index: Index, hot: HotIndex, encoded: Encoded) -> None:
    """What a rebuild runs."""
    words, numbers = np.zeros(2, np.uint32), np.zeros(2, np.int64)
    unpack_values(words, numbers, np.zeros((1, CELL_WORDS), np.uint32), words)
    load_entries(hot, encoded.values)
    load_rows(hot, encoded, numbers[:1], numbers[:1], np.zeros(1, np.bool_))
    grow_to(hot.postings, 1)
    with ThreadPoolExecutor(1) as pool:
        link_loaded(hot, index.query.rules, 0, int(hot.counters[ROWS]), pool=pool, threads=1)
    local_number_keys(np.zeros(1, np.uint8), numbers, numbers[:1], np.zeros(1, np.uint8), numbers)
