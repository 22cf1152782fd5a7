"""The worker's part: turns what the outbox remembers of studying into statements."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from courses import statements
from courses.operations import LESSON_COMPLETED, LESSON_OPENED
from courses.statements import Study
from lms.kit.unit import settings


def build_lesson_opened(session: Session, reference: Mapping[str, Any], at: datetime) -> list[dict[str, Any]]:
    return statements.lesson_opened(_study(reference), at, first_of_course=reference["first_of_course"])


def build_lesson_completed(session: Session, reference: Mapping[str, Any], at: datetime) -> list[dict[str, Any]]:
    return statements.lesson_completed(_study(reference), at, percent=reference["percent"], course_completed=reference["course_completed"])


def _study(reference: Mapping[str, Any]) -> Study:
    return Study(
        base_url=settings().base_url,
        person_id=UUID(reference["person_id"]),
        enrolment_id=UUID(reference["enrolment_id"]),
        course_code=reference["course_code"],
        course_title=reference["course_title"],
        course_version=reference["course_version"],
        lesson_slug=reference["lesson_slug"],
        lesson_title=reference["lesson_title"],
    )


BUILDERS = {LESSON_OPENED: build_lesson_opened, LESSON_COMPLETED: build_lesson_completed}
