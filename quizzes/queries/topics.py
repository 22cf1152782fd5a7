"""What topics are called: `CB1.3` is the third module of the course CB1 as it is taught now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.models import Course, CourseModule, CourseVersion


def topic_titles(session: Session) -> dict[str, Mapping[str, Any]]:
    """Titles in every language they have, of all modules (`CB1.3`) and courses (`CB1`) loaded, in the order of the curriculum."""
    found: dict[str, Mapping[str, Any]] = {}
    rows = session.execute(
        select(Course.code, CourseVersion.title, CourseModule.ordinal, CourseModule.title)
        .join(CourseVersion, (CourseVersion.course_id == Course.id) & CourseVersion.superseded_at.is_(None))
        .outerjoin(CourseModule, CourseModule.version_id == CourseVersion.id)
        .order_by(Course.code, CourseModule.ordinal)
    )
    for code, course_title, ordinal, title in rows:
        found[code] = course_title
        if ordinal is not None:
            found[f"{code}.{ordinal}"] = title
    return found


def topic_names(session: Session, locale: str = "vi") -> dict[str, str]:
    """The same in one language, in Vietnamese where it has no other. Topics of courses nobody loaded are not in it."""
    return {code: str(title.get(locale) or title.get("vi") or code) for code, title in topic_titles(session).items()}
