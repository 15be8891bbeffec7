"""What stays regular passes ``validate``, and its dates are those that the ordinary way reads."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from plain_kernels import Guarded, plain
from wire_messages import KEYS, ODD_TEXTS, accepted, delimited, number_field, regular

from mpi.columns import check as room
from mpi.columns.check import check
from mpi.columns.layout import (
    BIRTH_DATE,
    CELLS,
    ETHNICITY,
    LOCAL_ID,
    MULTIPLE_BIRTH_ORDER,
    NAME_USE,
    RECORDED_AT,
    REGULAR,
    SEX,
    SOURCE,
    Raw,
)
from mpi.columns.wire import read_request, read_search
from mpi.records import PatientRecord
from mpi.registry.writes import microseconds
from mpi.standardise import validate
from mpi.standardise.dates import read_date
from mpi.standardise.validation import last_day

SEED = 20_250_612
TODAY = date(2026, 3, 1)
REFERENCE = plain(room)
BLANKS = [chr(c) for c in range(0x110000) if chr(c).isspace()]


def raw_of(contents: list[bytes], column: int) -> Raw:
    """Records with keys and one more text each."""
    cells = np.zeros((len(contents), CELLS), np.int32)
    cells[:, REGULAR] = 1
    cells[:, [SOURCE + 1, LOCAL_ID + 1]] = 1
    lengths = [len(content) for content in contents]
    cells[:, column], cells[:, column + 1] = 1 + np.cumsum([0, *lengths])[:-1], lengths
    return Raw(np.frombuffer(b"k" + b"".join(contents), np.uint8), cells)


def in_order(contents: list[bytes], column: int) -> list[bool]:
    raw = raw_of(contents, column)
    check(raw, today=TODAY)
    return (raw.cells[:, REGULAR] == 1).tolist()


def request(column_field: int, content: bytes) -> bytes:
    return delimited(1, KEYS + delimited(column_field, content))


# --- texts ------------------------------------------------------------------------------------------------------------


def test_every_character_is_in_order_but_controls():
    characters = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    controls = {chr(c) for c in (*range(0x20), *range(0x7F, 0xA0))}
    found = in_order([c.encode() for c in characters], ETHNICITY)
    assert [c for c, good in zip(characters, found, strict=True) if good == (c in controls)] == []


def test_bytes_that_are_no_utf8_are_not_in_order():
    chance = random.Random(SEED)
    edges = bytes.fromhex("7e808f909fa0bfc0c1c2dfe0e1edeff0f1f4f5ff")
    contents = [bytes([a, b]) for a in range(0x20, 256) for b in range(0x20, 256)]
    contents += [bytes([a, b, c]) for a in edges for b in edges for c in edges]
    contents += [bytes([a, b, c, d]) for a in edges for b in edges for c in edges for d in edges]
    contents += [bytes(chance.choices(edges, k=chance.randint(1, 9))) for _ in range(5000)]

    def expected(content: bytes) -> bool:
        try:
            text = content.decode()
        except UnicodeDecodeError:
            return False
        return not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in text)

    found = in_order(contents, ETHNICITY)
    assert [c for c, good in zip(contents, found, strict=True) if good != expected(c)] == []


@given(st.binary(min_size=1, max_size=8) | st.text(min_size=1, max_size=4).map(str.encode))
def test_a_text_is_read_within_its_bounds(content):
    count = REFERENCE.characters(Guarded(content), 0, len(content))
    assert (count >= 0) == in_order([content], ETHNICITY)[0]
    if count >= 0:
        assert count == len(content.decode())
        assert REFERENCE.begins_blank(Guarded(content), 0) == content.decode()[0].isspace()


@pytest.mark.parametrize("column", [SOURCE, LOCAL_ID])
def test_keys_must_be_there_and_begin_with_no_blank(column):
    def good(*texts: str) -> list[bool]:
        return in_order([text.encode() for text in texts], column)

    assert good("x", "医院一", "x" * 128, "中" * 128, "x ", "0") == [True] * 6
    assert good("", "x" * 129, "中" * 129) == [False] * 3
    assert good(*BLANKS, *(blank + "x" for blank in BLANKS)) == [False] * 2 * len(BLANKS)


def test_a_search_needs_no_keys_but_no_strange_ones():
    def good(source: bytes) -> bool:
        search = read_search(delimited(1, delimited(1, source)))
        check(search.raw, keyed=False)
        return bool(search.raw.cells[0, REGULAR])

    assert good(b"")
    assert good(b"x")
    assert not good(b" ")
    assert not good(b"x" * 129)
    assert not good(b"\n")


def test_texts_have_a_limit():
    assert in_order([b"x" * 1000, b"x" * 1001], ETHNICITY) == [True, False]


@pytest.mark.parametrize("text", [text for text in ODD_TEXTS if text])
@pytest.mark.parametrize("number", [1, 2, 3, 6, 7, 8, 9, 10])
def test_odd_texts_anywhere_come_out_the_same(number, text):
    content = text.encode() if number in (1, 2, 7, 9) else delimited(2 if number == 6 else 1, text.encode())
    keys = b"".join(delimited(n, b"k") for n in (1, 2) if n != number)
    data = delimited(1, keys + delimited(number, content))
    if any(c < " " or "\x7f" <= c < "\xa0" for c in text) or len(text.encode()) > 1000:
        assert not regular(data)
    elif number > 2:
        assert regular(data)
    assert not regular(data) or accepted(data)


@pytest.mark.parametrize("column", [SEX, NAME_USE, MULTIPLE_BIRTH_ORDER])
def test_numbers_out_of_range_are_not_in_order(column):
    def good(number: int) -> bool:
        raw = raw_of([b"x"], ETHNICITY)
        raw.cells[0, column] = number
        check(raw)
        return bool(raw.cells[0, REGULAR])

    most = {SEX: 3, NAME_USE: 6, MULTIPLE_BIRTH_ORDER: 16}[column]
    assert [number for number in range(-3, 20) if good(number)] == list(range(most + 1))


# --- dates ------------------------------------------------------------------------------------------------------------


def test_every_day_is_read_as_the_ordinary_way_does():
    first, last = date(1849, 12, 30).toordinal(), TODAY.toordinal() + 3
    texts = [date.fromordinal(day).isoformat() for day in range(first, last)]
    raw = raw_of([text.encode() for text in texts], BIRTH_DATE)
    checked = check(raw, today=TODAY)
    found = raw.cells[:, REGULAR].tolist()
    odd = [text for text, good in zip(texts, found, strict=True) if not good]
    assert odd == ["1849-12-30", "1849-12-31", "1899-12-30", "1899-12-31", "1900-01-01", "2026-03-03"]
    values = [read_date(text).value if good else 0 for text, good in zip(texts, found, strict=True)]
    assert checked.birth_date.tolist() == values
    assert not checked.recorded_day.any()
    assert not checked.recorded_at.any()


def test_days_that_are_not_of_the_calendar_are_not_in_order():
    texts = [f"{year}-{month:02d}-{day:02d}" for year in (1900, 2000, 2023, 2024) for month in range(14) for day in range(33)]

    def exists(text: str) -> bool:
        try:
            date.fromisoformat(text)
        except ValueError:
            return False
        return text != "1900-01-01" and text < "2026"

    assert in_order([text.encode() for text in texts], BIRTH_DATE) == [exists(text) for text in texts]


@pytest.mark.parametrize("text", ["1980", "1980-05", "19800503", "1980/05/03", "1980-5-3", "1980-05-03 ", "1980-05-0３"])
def test_other_spellings_of_a_birth_date_are_for_the_ordinary_way(text):
    assert in_order([text.encode()], BIRTH_DATE) == [False]


def recorded(text: str) -> tuple[int, int] | None:
    """Day and moment of a regular record; None of an irregular one."""
    raw = raw_of([text.encode()], RECORDED_AT)
    checked = check(raw)
    if not raw.cells[0, REGULAR]:
        assert not checked.recorded_at.any()
        return None
    validate(PatientRecord(source="a", local_id="b", recorded_at=text))
    assert (checked.recorded_day[0], checked.recorded_at[0]) == (read_date(text).value, microseconds(text))
    return int(checked.recorded_day[0]), int(checked.recorded_at[0])


zones = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
times = st.datetimes(datetime(1970, 1, 1), datetime(2024, 12, 31)).map(lambda d: d.replace(microsecond=0))


@given(times, st.none() | zones)
@example(datetime(1970, 1, 1), timezone(timedelta(hours=8)))
@example(datetime(2024, 2, 29, 23, 59, 59), UTC)
def test_moments_are_read_as_the_ordinary_way_does(moment, zone):
    text = moment.replace(tzinfo=zone).isoformat()
    assert recorded(text) is not None
    assert recorded(text.replace("T", " ")) is not None
    assert recorded(text[:10]) is not None
    if zone is None:
        assert recorded(text + "Z") == recorded(text)


@pytest.mark.parametrize("place", range(25))
@pytest.mark.parametrize("character", "0369:-+TZ .aé\uff10")
def test_a_moment_with_one_character_changed_comes_out_the_same(place, character):
    for text in ("2024-05-03T10:20:30+08:00", "2024-05-03T10:20:30Z", "2024-05-03T10:20:30", "2024-05-03"):
        recorded(text[:place] + character + text[place + 1 :])
        recorded(text[:place] + character + text[place:])


@pytest.mark.parametrize(
    "text",
    [
        "2024-05-03T24:00:00Z",
        "2024-05-03T10:60:00Z",
        "2024-05-03T10:20:60Z",
        "2024-05-03T10:20:30-24:00",
        "2024-05-03T10:20:30+08:60",
        "2024-05-03t10:20:30Z",
        "2024-05-03T10:20:30z",
        "2024-05-03T10:20:30.5+08:00",
        "2024-05-03T10:20",
        "2024-02-30T10:20:30Z",
        "1969-12-31T23:59:59Z",
        "20240503102030",
        "2999-01-01T00:00:00Z",
    ],
)
def test_other_moments_are_for_the_ordinary_way(text):
    assert recorded(text) is None


def test_tomorrow_is_the_last_day():
    for number, behind in ((5, ""), (13, "T00:00:00Z")):
        days = [(date.fromordinal(date.today().toordinal() + more).isoformat() + behind).encode() for more in (0, 1, 2)]
        assert [regular(request(number, day)) for day in days] == [True, True, False]
    assert last_day(TODAY) == 20260302


def test_irregular_records_stay_so_and_regular_ones_beside_them():
    raw = raw_of([b"1980-05-03", b"1980", b"1980-05-04", b"1980-05-05"], BIRTH_DATE)
    raw.cells[2, REGULAR] = 0
    checked = check(raw, today=TODAY)
    assert raw.cells[:, REGULAR].tolist() == [1, 0, 0, 1]
    assert checked.birth_date.tolist() == [19800503, 0, 0, 19800505]
    assert all(column.flags.c_contiguous for column in checked)
    assert repr(checked) == "Checked(4 records)"


def test_the_plain_functions_find_the_same():
    requests = [request(5, b"1980-05-03"), request(13, b"2024-05-03T10:20:30+08:00"), request(9, b"\xff"), request(5, b"1")]
    requests.append(delimited(1, KEYS + number_field(4, 2)))
    for data in requests:
        raw = read_request(data).raw
        cells, days, moments = raw.cells.copy(), np.zeros((2, 1), np.int32), np.zeros(1, np.int64)
        REFERENCE.check_rows(Guarded(data), cells, (last_day(), 1), days, moments)
        checked = check(raw)
        assert np.array_equal(cells, raw.cells)
        assert [*days[:, 0].tolist(), *moments.tolist()] == [int(column[0]) for column in checked]
