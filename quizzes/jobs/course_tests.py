"""Opens the tests of courses: for a course that has come, and for all with the new year."""

from __future__ import annotations

from datetime import datetime

import structlog

from lms.kit.actors import SERVICE
from lms.kit.clock import local_date
from lms.kit.errors import DomainError
from lms.kit.jobs import Periodic
from lms.kit.unit import reading, settings, transaction
from quizzes.operations.course_tests import open_course_test
from quizzes.queries.course_tests import tests_to_open

log = structlog.get_logger()


def open_course_tests(at: datetime) -> dict[str, DomainError | None]:
    """Open what is missing, each in a transaction of its own. Course code → why it could not be opened, None where it was."""
    zone = settings().zone
    with reading() as session:
        missing = tests_to_open(session, local_date(at, zone).year)
    done: dict[str, DomainError | None] = {}
    for course, test in missing.items():
        try:
            with transaction() as session:
                open_course_test(session, SERVICE, course, test, zone=zone, at=at)
            done[course] = None
        except DomainError as refused:  # the questions may come later than the course: it is tried again
            log.warning("course_test_not_opened", course=course, reason=str(refused))
            done[course] = refused
    return done


def watch_course_tests(at: datetime) -> None:
    open_course_tests(at)


PERIODIC = (Periodic(name="quizzes.open_course_tests", seconds=3600, run=watch_course_tests),)
