"""The test at a course's end, as a round: one for each year, open to whoever is in the course. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from courses.rules import CourseTest
from lms.kit.clock import Quarter, local_midnight
from quizzes.rules.assembly import Cell
from quizzes.rules.rounds import FeedbackPolicy, Purpose, RoundSettings

ATTEMPTS = 10
"""How often one may sit in a year: enough for whoever learns from each time, and too few to go through the bank."""
FORMS = 20
_A_MINUTE = timedelta(minutes=1)  # closing times are shown, and 00:00 reads as the day that begins


def code_of(course: str, year: int) -> str:
    """The address of a course's test in a year: `cuoi-khoa-cb1-2026`."""
    return f"cuoi-khoa-{course.lower()}-{year}"


def cells_of(test: CourseTest) -> list[Cell]:
    """A planned test as a blueprint."""
    return [Cell(rule.topic, level, count) for rule in test.rules for level, count in rule.counts.items() if count]


def settings_of(course: str, test: CourseTest, today: date, opens_at: datetime, zone: ZoneInfo) -> RoundSettings:
    """The round of a course's test from `opens_at`, on `today`, to the end of the year. The key and the reasons are shown at once: it is
    there to learn by."""
    return RoundSettings(
        quarter=Quarter.of(today),
        title=test.title["vi"],
        purpose=Purpose.COURSE_TEST,
        code=code_of(course, today.year),
        course=course,
        cutoff_day=today,
        opens_at=opens_at,
        closes_at=local_midnight(date(today.year + 1, 1, 1), zone) - _A_MINUTE,
        duration_seconds=test.minutes * 60,
        attempts_allowed=ATTEMPTS,
        pass_mark=Decimal(test.pass_percent),
        feedback_policy=FeedbackPolicy.IMMEDIATELY,
        assembly={"forms": FORMS},
    )
