from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.kit.clock import Quarter, local_date, local_midnight

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
quarters = st.builds(Quarter, st.integers(1901, 9997), st.integers(1, 4))


@given(quarters)
def test_a_quarter_reads_back_what_it_writes(quarter: Quarter) -> None:
    assert Quarter.parse(str(quarter)) == quarter
    assert Quarter.from_code(quarter.code) == quarter


@given(quarters)
def test_quarters_follow_one_another_without_gap_or_overlap(quarter: Quarter) -> None:
    assert quarter.next().previous() == quarter
    assert quarter.ends(ZONE) == quarter.next().begins(ZONE)
    assert quarter < quarter.next()


@given(st.dates(date(1901, 1, 1), date(9990, 12, 31)))
def test_every_day_lies_in_its_quarter(day: date) -> None:
    quarter = Quarter.of(day)
    assert quarter.first_day <= day <= quarter.last_day


def test_the_fourth_quarter_of_2026_begins_at_midnight_in_the_province() -> None:
    quarter = Quarter.parse("2026-Q4")
    assert quarter.begins(ZONE) == datetime(2026, 9, 30, 17, tzinfo=UTC)
    assert (quarter.code, quarter.label, quarter.last_day) == ("20264", "Quý IV/2026", date(2026, 12, 31))


@pytest.mark.parametrize("text", ["2026-Q5", "2026Q4", "26-Q4", "2026-Q0", "", "2026-q4", "٢٠٢٦-Q4"])
def test_what_is_no_quarter_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="quarter"):
        Quarter.parse(text)


def test_a_moment_before_midnight_utc_is_already_the_next_day_in_the_province() -> None:
    assert local_date(datetime(2026, 11, 21, 18, tzinfo=UTC), ZONE) == date(2026, 11, 22)
    assert local_midnight(date(2026, 11, 22), ZONE) == datetime(2026, 11, 21, 17, tzinfo=UTC)
