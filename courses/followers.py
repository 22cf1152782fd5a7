"""Persons in courses: what they opened, finished and ticked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from courses.models import ChecklistTick, Course, CourseVersion, Enrolment, LessonProgress
from lms.kit.errors import N_
from lms.kit.following import PersonalSection


class CoursesOfPersons:
    """Enrolments, progress and checklists."""

    def disclose(self, session: Session, person_id: UUID) -> Sequence[PersonalSection]:
        enrolments = session.execute(
            select(
                Course.code,
                CourseVersion.title,
                CourseVersion.number,
                Enrolment.enrolled_at,
                Enrolment.last_lesson,
                Enrolment.completed_at,
            )
            .join(Course, Course.id == Enrolment.course_id)
            .join(CourseVersion, CourseVersion.id == Enrolment.version_id)
            .where(Enrolment.person_id == person_id)
            .order_by(Enrolment.enrolled_at)
        )
        progress = session.execute(
            select(Course.code, LessonProgress.lesson_slug, LessonProgress.opened_at, LessonProgress.completed_at)
            .join(Course, Course.id == LessonProgress.course_id)
            .where(LessonProgress.person_id == person_id)
            .order_by(LessonProgress.opened_at)
        )
        ticks = session.execute(
            select(Course.code, ChecklistTick.lesson_slug, ChecklistTick.task_id, ChecklistTick.ticked_at)
            .join(Course, Course.id == ChecklistTick.course_id)
            .where(ChecklistTick.person_id == person_id)
            .order_by(ChecklistTick.ticked_at)
        )
        return [
            PersonalSection(
                N_("Khóa học"),
                (N_("Mã"), N_("Tên"), N_("Bản"), N_("Bắt đầu"), N_("Bài đang học"), N_("Học xong")),
                [(row.code, row.title["vi"], *row[2:]) for row in enrolments],
            ),
            PersonalSection(N_("Bài học"), (N_("Khóa học"), N_("Bài"), N_("Mở lần đầu"), N_("Học xong")), [tuple(row) for row in progress]),
            PersonalSection(
                N_("Việc đã đánh dấu"), (N_("Khóa học"), N_("Bài"), N_("Việc"), N_("Đánh dấu lúc")), [tuple(row) for row in ticks]
            ),
        ]

    def merge(self, session: Session, kept: UUID, absorbed: UUID, at: datetime) -> Mapping[str, int]:
        """Of each course the earlier beginning and the earlier end; of lessons and ticks the union, each with its earlier time."""
        return {
            "enrolments": _merge_enrolments(session, kept, absorbed),
            "lessons": _merge_rows(
                session, kept, absorbed, LessonProgress, key=("course_id", "lesson_slug"), times=("opened_at", "completed_at")
            ),
            "ticks": _merge_rows(session, kept, absorbed, ChecklistTick, key=("course_id", "lesson_slug", "task_id"), times=("ticked_at",)),
        }

    def forget(self, session: Session, person_id: UUID, pseudonym: str, at: datetime) -> None:
        """Only ids and times are kept here; notes still to become statements are the record store's to refuse."""


def _merge_enrolments(session: Session, kept: UUID, absorbed: UUID) -> int:
    own = {row.course_id: row for row in session.scalars(select(Enrolment).where(Enrolment.person_id == kept))}
    theirs = session.scalars(select(Enrolment).where(Enrolment.person_id == absorbed)).all()
    for enrolment in theirs:
        twin = own.get(enrolment.course_id)
        if twin is None:
            enrolment.person_id = kept
            continue
        twin.enrolled_at = min(twin.enrolled_at, enrolment.enrolled_at)
        if enrolment.completed_at is not None and (twin.completed_at is None or enrolment.completed_at < twin.completed_at):
            twin.completed_at, twin.version_id = enrolment.completed_at, enrolment.version_id
        session.delete(enrolment)
    session.flush()
    return len(theirs)


def _merge_rows(session: Session, kept: UUID, absorbed: UUID, model: Any, *, key: Sequence[str], times: Sequence[str]) -> int:
    """Give `kept` the rows of `absorbed`; where both have one with the same key, the earlier of each time stays."""
    columns = [getattr(model, name) for name in (*key, *times)]
    own = {tuple(row[: len(key)]): row for row in session.execute(select(*columns).where(model.person_id == kept))}
    theirs = session.execute(select(*columns).where(model.person_id == absorbed)).all()
    for row in theirs:
        same = [column == value for column, value in zip(columns, row[: len(key)], strict=False)]
        twin = own.get(tuple(row[: len(key)]))
        if twin is None:
            session.execute(update(model).where(model.person_id == absorbed, *same).values(person_id=kept))
            continue
        earliest = {name: min(filter(None, (getattr(row, name), getattr(twin, name))), default=None) for name in times}
        session.execute(update(model).where(model.person_id == kept, *same).values(earliest))
        session.execute(delete(model).where(model.person_id == absorbed, *same))
    return len(theirs)


follower = CoursesOfPersons()
