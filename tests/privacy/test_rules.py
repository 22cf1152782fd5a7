"""Deadlines in working days, and the one table of how long things are kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.config import RETENTION_KINDS, SettingsError, load_settings
from lms.kit.working_days import due_at, is_working_day, working_days_after
from lms.privacy.operations.retention import SWEEPS
from lms.privacy.rules.requests import is_overdue
from lms.privacy.rules.retention import KINDS, SETTABLE, periods

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        (date(2026, 11, 23), date(2026, 11, 25)),  # Monday
        (date(2026, 11, 26), date(2026, 11, 30)),  # Thursday: over the weekend
        (date(2026, 11, 28), date(2026, 12, 1)),  # Saturday
        (date(2026, 12, 31), date(2027, 1, 5)),  # over New Year's Day and a weekend
        (date(2026, 4, 29), date(2026, 5, 5)),  # over 30/4, 1/5 and a weekend
        (date(2026, 2, 13), date(2026, 2, 24)),  # over Tết
        (date(2026, 9, 1), date(2026, 9, 4)),  # over the National Day
    ],
)
def test_an_answer_is_due_after_two_working_days(asked: date, due: date) -> None:
    assert working_days_after(asked, 2) == due


@given(st.dates(date(2026, 1, 1), date(2028, 12, 1)), st.integers(1, 20))
def test_exactly_so_many_working_days_lie_between(day: date, count: int) -> None:
    end = working_days_after(day, count)
    between = [day + timedelta(days=number) for number in range(1, (end - day).days + 1)]
    assert sum(map(is_working_day, between)) == count
    assert is_working_day(end)


def test_the_day_is_that_of_the_province() -> None:
    late = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)  # 01:00 on Monday in the province
    assert due_at(late, 2, ZONE) == datetime(2026, 11, 25, 17, 0, tzinfo=ZONE)


def test_a_request_is_overdue_the_day_after() -> None:
    day = date(2026, 11, 25)
    later = day + timedelta(days=20)
    assert not is_overdue("open", day, later, day)
    assert is_overdue("open", day, later, day + timedelta(days=1))
    assert not is_overdue("granted", day, later, later)
    assert is_overdue("granted", day, later, later + timedelta(days=1))
    assert not is_overdue("done", day, later, later + timedelta(days=99))


def test_the_table_the_settings_and_the_job_speak_of_the_same_kinds() -> None:
    assert RETENTION_KINDS == SETTABLE
    assert set(SWEEPS) == {kind.name for kind in KINDS if kind.days}


def test_results_are_never_thrown_away() -> None:
    assert {name for name, days in periods({}).items() if days is None} >= {"results", "studies", "people", "statements"}
    assert not {"results", "studies", "people", "statements"} & set(SWEEPS)


GOOD = {"LMS_ENV": "production", "LMS_SECRET_KEY": "k" * 40}


def test_a_setting_changes_a_period() -> None:
    settings = load_settings({**GOOD, "LMS_RETENTION": "sign_ins=30, audit=365"})
    chosen = periods(settings.retention)
    assert (chosen["sign_ins"], chosen["audit"], chosen["slips"]) == (30, 365, 180)


@pytest.mark.parametrize("wrong", ["results=1", "sign_ins", "sign_ins=0", "audit=30", "sign_ins=x", "sign_ins=99999999"])
def test_a_period_that_may_not_be_is_refused(wrong: str) -> None:
    with pytest.raises(SettingsError, match="LMS_RETENTION"):
        load_settings({**GOOD, "LMS_RETENTION": wrong})
