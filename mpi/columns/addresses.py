"""Stub."""

from __future__ import annotations
from typing import NamedTuple
import numpy as np
from mpi.columns.jit import inner, wide
from mpi.linkage.hashtable import Table

READ, IRREGULAR, UNKNOWN = 1, 0, 2


class AddressBook(NamedTuple):
    table: Table


@inner
def read_address(book, raw, q, at, points, text):
    return IRREGULAR if raw.cells[q, at + 1] else READ, wide(0), wide(0)


from mpi.columns.lessons import new_table


class AddressLessons:
    def __init__(self):
        self.book = AddressBook(new_table(16))

    def teach(self, text, division):
        pass
