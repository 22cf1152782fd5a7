"""What the editor offers to choose from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.models import Course, CourseVersion, Lesson
from quizzes.queries.bank_list import topics_in_use


def lessons_of_course(session: Session, code: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Lessons of a course as it is taught now: slug and title in every language, in their order."""
    rows = session.execute(
        select(Lesson.slug, Lesson.title)
        .join(CourseVersion, CourseVersion.id == Lesson.version_id)
        .join(Course, Course.id == CourseVersion.course_id)
        .where(Course.code == code, CourseVersion.superseded_at.is_(None))
        .order_by(Lesson.ordinal)
    )
    return [(slug, title) for slug, title in rows]


def topics_to_choose(session: Session, names: Mapping[str, str], own: str) -> list[tuple[str, str]]:
    """Topics of the courses there are and those items have, by code and name; `own` is always among them."""
    codes = {code for code in names if "." in code} | set(topics_in_use(session)) | ({own} if own else set())
    return [(code, f"{code} – {names[code]}" if code in names else code) for code in sorted(codes, key=_by_number)]


def _by_number(code: str) -> tuple[str, int, str]:
    course, _sign, module = code.partition(".")
    return course, int(module) if module.isdecimal() else 0, code
