"""Date formats: what they read, what they refuse, and that strptime reads the same."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpi.intake.formats import date_reader


@pytest.mark.parametrize(
    ("formats", "cell", "iso"),
    [
        (["%Y%m%d"], "19800229", "1980-02-29"),
        (["%Y%m%d"], "19800231", None),
        (["%Y%m%d"], "1980229", None),
        (["%Y-%m-%d"], "1980-2-9", "1980-02-09"),
        (["%d/%m/%Y", "%m/%d/%Y"], "12/31/1999", "1999-12-31"),
        (["%Y年%m月%d日"], "1999年1月2日", "1999-01-02"),
        (["%d %b %Y"], "2 September 1999", "1999-09-02"),
        (["%d-%b-%Y"], "02-XXX-1999", None),
        (["%Y-%m"], "1999-13", None),
        (["%Y-%m"], "1999-3", "1999-03"),
        (["%Y"], "1999", "1999"),
        (["%Y"], "0000", None),
        (["%Y-%m-%d %H:%M:%S"], "1999-01-02 3:04:05.678", "1999-01-02T03:04:05"),
        (["%Y-%m-%d %H:%M"], "1999-01-02 25:00", None),
        (["%Y%m%d"], "１９８００２２９", None),  # full-width digits are for standardise, not for a format
    ],
)
def test_cells_are_read_by_the_first_format_that_fits(formats: list[str], cell: str, iso: str | None) -> None:
    assert date_reader(formats)(cell) == iso


@given(st.dates(date(1000, 1, 1)), st.sampled_from(["%Y-%m-%d", "%Y%m%d", "%d/%m/%Y", "%d.%m.%Y", "%Y年%m月%d日"]))
def test_every_day_written_by_strftime_is_read_back(day: date, format_: str) -> None:
    assert date_reader([format_])(day.strftime(format_)) == day.isoformat()


@given(st.text(alphabet="0123456789-/ ", max_size=12), st.sampled_from(["%Y-%m-%d", "%d/%m/%Y", "%Y%m%d"]))
def test_what_is_read_strptime_reads_too(cell: str, format_: str) -> None:
    if (iso := date_reader([format_])(cell)) is not None:
        assert datetime.strptime(cell, format_).date().isoformat() == iso
