"""Reading the tests of courses: which are still to be opened, and how a person stands in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.queries import planned_tests
from courses.rules import CourseTest
from quizzes.models import Round
from quizzes.queries.rounds import MyAttempt, MyRound
from quizzes.rules.course_tests import code_of
from quizzes.rules.rounds import Purpose, RoundState
from quizzes.rules.sitting import AttemptState


def tests_to_open(session: Session, year: int) -> dict[str, CourseTest]:
    """Planned tests, by course code, that have no round in a year. Two statements."""
    planned = planned_tests(session)
    codes = {code_of(course, year): course for course in planned}
    there = {codes[code] for code in session.scalars(select(Round.code).where(Round.code.in_(codes)))}
    return {course: test for course, test in planned.items() if course not in there}


@dataclass(frozen=True, slots=True)
class MyCourseTest:
    """A course's test as one person meets it: the round to sit now (else the last there was), and what was done in all of them."""

    now: MyRound
    attempts: Sequence[MyAttempt]

    @property
    def best(self) -> MyAttempt | None:
        """The attempt with the highest mark, of any year."""
        marked = [one for one in self.attempts if one.score is not None]
        return max(marked, key=lambda one: (one.passed, one.score, -one.number), default=None)

    @property
    def open_attempt(self) -> MyAttempt | None:
        return next((one for one in self.attempts if one.state == AttemptState.OPEN), None)


def test_among(rounds: Sequence[MyRound]) -> MyCourseTest | None:
    """The course's test among a person's rounds of the course; None where none was opened yet."""
    tests = [one for one in rounds if one.round.purpose == Purpose.COURSE_TEST and one.round.state != RoundState.DRAFT]
    if not tests:
        return None
    shown = max(tests, key=lambda one: (one.round.state == RoundState.OPEN, one.round.opens_at))
    return MyCourseTest(shown, [attempt for one in tests for attempt in one.attempts])
