"""Opening the tests that courses plan for their end."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from courses.rules import CourseTest
from lms.kit.actors import Actor
from lms.kit.clock import local_date
from quizzes.operations.life import open_round
from quizzes.operations.rounds import create_round
from quizzes.rules.course_tests import cells_of, settings_of


def open_course_test(session: Session, actor: Actor, course: str, test: CourseTest, *, zone: ZoneInfo, at: datetime) -> int:
    """Make and open this year's round of a course's test, with forms drawn by its blueprint. Returns how many people are on its list;
    others come to it with the course.

    Raises Conflict where the year has one already, DomainError where the bank cannot fill the blueprint.
    """
    settings = settings_of(course, test, local_date(at, zone), at, zone)
    round_id = create_round(session, actor, settings, cells_of(test), at, plan={"automatic": True})
    return open_round(session, actor, round_id, zone=zone, at=at)
