"""From a batch as received to encoded rows: the kernels first, the ordinary way for what they leave."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock, local
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mpi.columns import layout as at
from mpi.columns.address_book import AddressLessons
from mpi.columns.check import Checked
from mpi.columns.latin_tables import latin_tables
from mpi.columns.latin_words import (
    BUILDING,
    CITY,
    COMMUNITY,
    FLAT,
    HOUSE_NUMBER,
    LOCALITY,
    POSTCODE,
    REGION,
    ROAD,
    TEXT,
)
from mpi.columns.layout import Raw
from mpi.columns.lessons import ETHNICITY_WORD, RELATIONSHIP_WORD, Lessons
from mpi.columns.line import (
    AS_CATEGORY,
    AS_NAME,
    AS_NUMBER,
    AS_TEXT,
    FORMS,
    FROM_ADDRESS,
    FROM_BIRTH_DATE,
    FROM_DIVISION,
    FROM_ETHNICITY,
    FROM_FAMILY,
    FROM_GIVEN,
    FROM_NATIONAL,
    FROM_OTHER_ID,
    FROM_PHONE,
    FROM_PLACE,
    FROM_SEX,
    IRREGULAR,
    MOST_FEATURES,
    MOST_ROWS,
    READ,
    STATE,
    UNKNOWN_ADDRESS,
    UNKNOWN_ETHNICITY,
    UNKNOWN_NAME,
    UNKNOWN_RELATIONSHIP,
    Books,
    Rows,
    new_work,
)
from mpi.columns.names import name_tables
from mpi.columns.read import read_records, read_unlocked
from mpi.columns.side import Side
from mpi.linkage.features import Encoded
from mpi.linkage.jit import direct
from mpi.linkage.model import Model
from mpi.linkage.values import CHARS_LIMIT, OFFSET, Values

_FORMS = {"name": AS_NAME, "text": AS_TEXT, "number": AS_NUMBER, "category": AS_CATEGORY}
_PLACES = {
    f"address.{field}": place
    for field, place in {
        "text": TEXT,
        "region": REGION,
        "city": CITY,
        "locality": LOCALITY,
        "road": ROAD,
        "house_number": HOUSE_NUMBER,
        "community": COMMUNITY,
        "building": BUILDING,
        "room": FLAT,
        "postcode": POSTCODE,
    }.items()
}
_SOURCES = {
    **{
        (kind, source): FROM_PLACE + place * FORMS + form
        for kind, form in _FORMS.items()
        for source, place in _PLACES.items()
    },
    ("name", "given"): FROM_GIVEN,
    ("name", "family"): FROM_FAMILY,
    ("date", "birth_date"): FROM_BIRTH_DATE,
    ("category", "sex"): FROM_SEX,
    ("category", "ethnicity"): FROM_ETHNICITY,
    ("identifier", "national_id"): FROM_NATIONAL,
    ("identifier", "other_id"): FROM_OTHER_ID,
    ("phone", "phone"): FROM_PHONE,
    ("text", "address.text"): FROM_ADDRESS,
    ("category", "address.division"): FROM_DIVISION,
    ("number", "address.division"): FROM_DIVISION,
}
"""(kind, source) of a feature that kernels can fill → where its values come from."""

_ROUNDS = 3  # of reading and learning: a value that is unknown once more is left to the ordinary way
_FIRST, _NONE = np.zeros(1, np.int64), np.zeros(0, np.int64)
_STARTS = tuple(np.array([0, rows]) for rows in range(MOST_ROWS + 1))  # of a batch of one
_NOTHING = Encoded(
    np.zeros((0, 0), np.int64),
    np.zeros((0, 0), np.int32),
    np.zeros(1, np.int64),
    Values(np.zeros((1, 8), np.int64), np.zeros(0, np.uint32)),
)


class Batch(NamedTuple):
    """What the kernels made of a batch.

    encoded  Encoded     the rows of the records that were read, in the order of ``places``
    places   int64[n]    position in the batch of each of them
    left     int64[m]    positions of the records that are left to the ordinary way, in order
    """

    encoded: Encoded
    places: npt.NDArray[np.int64]
    left: npt.NDArray[np.int64]

    def __repr__(self) -> str:
        return f"Batch({len(self.places)} read, {len(self.left)} left)"


def plan_of(model: Model) -> npt.NDArray[np.int64] | None:
    """Each feature's source, or None where the model has a feature that kernels cannot fill."""
    plan = [_SOURCES.get((feature.kind, feature.source)) for feature in model.features]
    return None if None in plan or len(plan) > MOST_FEATURES else np.array(plan, np.int64)


def most_texts(plan: npt.NDArray[np.int64]) -> int:
    """Texts that a record can have: family and given name, and each address's features that are texts."""
    places = plan[plan >= FROM_PLACE]
    forms = (places - FROM_PLACE) % FORMS
    texts = np.count_nonzero((forms == AS_NAME) | (forms == AS_TEXT)) + np.count_nonzero(plan == FROM_ADDRESS)
    return 2 + at.MOST_ADDRESSES * max(int(texts), 1)


class ColumnReader:
    """Reads batches for one model; ``plan`` is that of ``plan_of``. Any thread may read.

    ``threads``: without the GIL, each thread with a working memory of its own, so that several read at once; for files. For
    requests it would cost more than it gains.
    """

    def __init__(self, plan: npt.NDArray[np.int64], width: int, *, threads: bool = False) -> None:
        self._plan, self._width, self._texts = plan, width, most_texts(plan)
        self.lessons, self.addresses = Lessons(), AddressLessons()
        self._own = local() if threads else None
        self._work, self._lock = new_work(), Lock()
        self._kernel: Any = read_unlocked if threads else read_records
        self._read = self._kernel

    def warm(self) -> None:
        """Call the kernel without Numba's dispatcher from now on. After the first batch."""
        self._read = direct(self._kernel)

    def read(self, raw: Raw, checked: Checked) -> Batch:
        """Read the regular records of a batch that ``check`` has seen."""
        if len(raw.cells) == 1:
            return self._read_one(raw, checked)
        records = len(raw.cells)
        wanted = np.flatnonzero(raw.cells[:, at.REGULAR])
        side, out = self._room(records, len(wanted))
        read: list[npt.NDArray[np.int64]] = []
        for _ in range(_ROUNDS):
            states = self._run(raw, checked, wanted, side, out)
            read.append(wanted[states == READ])
            wanted = wanted[(states > IRREGULAR) & (states & IRREGULAR == 0)]
            if not len(wanted):
                break
            self._learn(raw, wanted, out.spans[wanted, STATE].tolist())
        places = np.concatenate(read)
        left = np.ones(records, np.bool_)
        left[places] = False
        starts = np.zeros(len(places) + 1, np.int64)
        np.cumsum(out.spans[places, 1], out=starts[1:])
        return Batch(_encoded(side, out, starts), places, np.flatnonzero(left))

    def _read_one(self, raw: Raw, checked: Checked) -> Batch:
        """``read`` of a batch of one, without what NumPy's calls cost."""
        if raw.cells[0, at.REGULAR]:
            side, out = self._room(1, 1)
            for _ in range(_ROUNDS):
                state = int(self._run(raw, checked, _FIRST, side, out)[0])
                if state == READ:
                    return Batch(_encoded(side, out, _STARTS[int(side.used[2])]), _FIRST, _NONE)
                if state & IRREGULAR:
                    break
                self._learn(raw, _FIRST, [state])
        return Batch(_NOTHING, _NONE, _FIRST)

    def _run(self, raw: Raw, checked: Checked, wanted: npt.NDArray[np.int64], side: Side, out: Rows) -> npt.NDArray[np.int64]:
        """Read the wanted records as far as is known; returns what became of each."""
        books, days = self._books(), (checked.birth_date, checked.recorded_day)
        if self._own is not None:
            if not hasattr(self._own, "work"):
                self._own.work = new_work()
            self._read(books, self._plan, raw, *days, wanted, side, self._own.work, out)
        else:
            with self._lock:  # the working memory
                self._read(books, self._plan, raw, *days, wanted, side, self._work, out)
        states: npt.NDArray[np.int64] = out.spans[wanted, STATE]
        return states

    def _books(self) -> Books:
        lessons = self.lessons
        return Books(name_tables(), latin_tables(), lessons.names, lessons.words, self.addresses.book)

    def _room(self, records: int, wanted: int) -> tuple[Side, Rows]:
        slots, features = self._texts * wanted + 1, len(self._plan)
        cells = np.empty((slots, 8), np.int64)
        cells[0] = 0
        side = Side(cells, np.empty(slots * CHARS_LIMIT, np.uint32), np.array([1, 0, 0], np.int64))
        rows = MOST_ROWS * wanted
        out = Rows(
            np.empty((rows, self._width), np.int64),
            np.empty((rows, features), np.int32),
            np.zeros((records, 3), np.int64),
        )
        return side, out

    def _learn(self, raw: Raw, unread: npt.NDArray[np.int64], states: list[int]) -> None:
        """Teach what the records' states say is unknown."""
        data, addresses, names = raw.data.tobytes(), [], []
        for line, state in zip(raw.cells[unread].tolist(), states, strict=True):
            for n in range(at.MOST_ADDRESSES):
                if state & UNKNOWN_ADDRESS << n:
                    column = at.ADDRESS + n * at.ADDRESS_WIDTH
                    addresses.append((_text(data, line, column), _text(data, line, column + 2)))
            if state & UNKNOWN_NAME:
                names.append((_text(data, line, at.TEXT), _text(data, line, at.FAMILY), _text(data, line, at.GIVEN)))
            if state & UNKNOWN_ETHNICITY:
                self.lessons.teach_word(ETHNICITY_WORD, _text(data, line, at.ETHNICITY))
            if state & UNKNOWN_RELATIONSHIP:
                self.lessons.teach_word(RELATIONSHIP_WORD, _text(data, line, at.GUARDIAN_RELATIONSHIP))
        self.lessons.teach_names(names)
        self.addresses.teach(addresses)


def _text(data: bytes, line: list[int], column: int) -> str:
    offset, length = line[column : column + 2]
    return data[offset : offset + length].decode()


def _encoded(side: Side, out: Rows, starts: npt.NDArray[np.int64]) -> Encoded:
    slots, characters, rows = side.used.tolist()
    return Encoded(out.rows[:rows], out.slots[:rows], starts, Values(side.cells[:slots], side.chars[:characters]))


class Picked(NamedTuple):
    """Records out of encoded batches, in order.

    found   Encoded, …
    of      int64[n]   which of ``found`` record n is in
    first   int64[n]   its first row there
    counts  int64[n]   its rows
    """

    found: tuple[Encoded, ...]
    of: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]

    def only(self, place: int) -> Picked:
        """One of the records (views)."""
        here = slice(place, place + 1)
        return Picked(self.found, self.of[here], self.first[here], self.counts[here])

    def __repr__(self) -> str:
        return f"Picked({len(self.first)} records)"


def picked(encoded: Encoded) -> Picked:
    """All records of a batch."""
    counts = encoded.starts[1:] - encoded.starts[:-1]
    return Picked((encoded,), np.zeros(len(counts), np.int64), encoded.starts[:-1], counts)


def gathered(picks: Sequence[Picked]) -> Encoded:
    """One batch of everything that was picked. Texts stand once for each batch they come from."""
    rows: dict[int, int] = {}  # where each batch begins in the joined one
    found: list[Encoded] = []
    end = 0
    for pick in picks:
        for encoded in pick.found:
            if id(encoded) not in rows:
                rows[id(encoded)] = end
                found.append(encoded)
                end += len(encoded.rows)
    bases = [np.array([rows[id(encoded)] for encoded in pick.found], np.int64) for pick in picks]
    first = np.concatenate([base[pick.of] + pick.first for base, pick in zip(bases, picks, strict=True)])
    if len(found) == 1 and np.array_equal(first, found[0].starts[:-1]):
        return found[0]
    return arranged(found, first, np.concatenate([pick.counts for pick in picks]))


def arranged(found: Sequence[Encoded], first: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> Encoded:
    """One batch of records of several: record n has the ``counts[n]`` rows that begin at ``first[n]`` of all of them."""
    slots, chars = [0], [0]  # where each batch begins in the joined one
    for encoded in found:
        slots.append(slots[-1] + len(encoded.values.cells) - 1)
        chars.append(chars[-1] + len(encoded.values.chars))
    starts = np.zeros(len(first) + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    chosen = np.repeat(first - starts[:-1], counts) + np.arange(starts[-1])
    all_slots = [np.where(e.slots > 0, e.slots + base, 0) if base else e.slots for e, base in zip(found, slots, strict=False)]
    cells = np.concatenate([found[0].values.cells[:1], *(e.values.cells[1:] for e in found)])
    for n, encoded in enumerate(found):
        cells[slots[n] + 1 : slots[n] + len(encoded.values.cells), OFFSET] += chars[n]
    return Encoded(
        np.concatenate([e.rows for e in found])[chosen],
        np.concatenate(all_slots).astype(np.int32, copy=False)[chosen],
        starts,
        Values(cells, np.concatenate([e.values.chars for e in found])),
    )
