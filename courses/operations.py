"""Every change of courses and progress."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import msgspec
from sqlalchemy import Table, case, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from courses import queries
from courses.models import ChecklistTick, Course, CourseMedia, CourseModule, CourseVersion, Enrolment, Lesson, LessonProgress
from courses.rules import CourseContent, percent_done
from lms.kit import audit
from lms.kit.actors import AccessDenied, Actor, NotFound
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.ids import uuid7
from lms.lrs.outbox import emit

# Names under which this package's statement builders are registered.
LESSON_OPENED = "courses.lesson_opened"
LESSON_COMPLETED = "courses.lesson_completed"


@dataclass(frozen=True, slots=True)
class Completion:
    """What finishing a lesson came to: per cent of the course now done, and whether this lesson was the one that completed it."""

    percent: int
    course_completed: bool


def load_course(session: Session, actor: Actor, content: CourseContent, at: datetime) -> int | None:
    """Publish a course as written. Returns the new version's number, or None where the published one already says the same.

    Raises Conflict where another course has the address.
    """
    course_id = _course_of(session, content, at)
    current = session.execute(
        select(CourseVersion.id, CourseVersion.number, CourseVersion.content_hash).where(
            CourseVersion.course_id == course_id, CourseVersion.superseded_at.is_(None)
        )
    ).one_or_none()
    if current is not None and current.content_hash == content.content_hash:
        return None
    if current is not None:
        session.execute(update(CourseVersion).where(CourseVersion.id == current.id).values(superseded_at=at))
    number = 1 if current is None else current.number + 1
    _store_version(session, course_id, number, content, at)
    _store_media(session, content, at)
    audit.record(session, actor, "courses.load_course", content.code, at, version=number, content_hash=content.content_hash)
    return number


def _course_of(session: Session, content: CourseContent, at: datetime) -> UUID:
    """The course's row, made or brought to its present address, and locked: two loads of one course take turns."""
    courses = session.execute(
        select(Course.id, Course.code, Course.slug).where((Course.code == content.code) | (Course.slug == content.slug)).with_for_update()
    ).all()
    for course in courses:
        if course.code != content.code:
            raise Conflict(
                N_("Địa chỉ “%(slug)s” đang thuộc khóa học %(other)s. Đặt “slug” khác trong course.yaml."),
                code="slug_taken",
                slug=content.slug,
                other=course.code,
            )
    if not courses:
        course_id = uuid7()
        session.execute(insert(Course).values(id=course_id, code=content.code, slug=content.slug, created_at=at))
        return course_id
    if courses[0].slug != content.slug:
        session.execute(update(Course).where(Course.id == courses[0].id).values(slug=content.slug))
    return cast(UUID, courses[0].id)


def _store_version(session: Session, course_id: UUID, number: int, content: CourseContent, at: datetime) -> None:
    version_id = uuid7()
    plain = msgspec.to_builtins
    session.execute(
        insert(CourseVersion).values(
            id=version_id,
            course_id=course_id,
            number=number,
            content_hash=content.content_hash,
            title=dict(content.title),
            summary=dict(content.summary),
            outcomes=plain(content.outcomes),
            audience=list(content.audience),
            periods=content.periods,
            competencies=list(content.competencies),
            sources=plain(content.sources),
            glossary=plain(content.glossary),
            test=plain(content.test) if content.test else {},
            lesson_count=len(content.lessons),
            minutes=sum(lesson.minutes for lesson in content.lessons),
            loaded_at=at,
        )
    )
    modules: list[dict[str, Any]] = []
    lessons: list[dict[str, Any]] = []
    for ordinal, module in enumerate(content.modules, start=1):
        module_id = uuid7()
        modules.append(
            {
                "id": module_id,
                "version_id": version_id,
                "ordinal": ordinal,
                "slug": module.slug,
                "title": dict(module.title),
                "outcomes": plain(module.outcomes),
            }
        )
        for lesson in module.lessons:
            placed = {"id": uuid7(), "version_id": version_id, "module_id": module_id, "ordinal": len(lessons) + 1}
            lessons.append({**plain(lesson), **placed, "frameworks": list(content.frameworks.get(lesson.slug, ()))})
    session.execute(insert(CourseModule), modules)
    session.execute(insert(Lesson), lessons)


def _store_media(session: Session, content: CourseContent, at: datetime) -> None:
    by_hash = {media.sha256: media.content for media in content.media}
    for sha256 in by_hash.keys() - queries.stored_media(session, by_hash.keys()):
        _insert_missing(session, CourseMedia, sha256=sha256, media_type="image/svg+xml", content=by_hash[sha256], added_at=at)


def open_lesson(session: Session, actor: Actor, course_slug: str, lesson_slug: str, at: datetime) -> None:
    """Note that a person has a lesson before them: enrols with the first lesson of a course, and remembers where to go on.

    Opening again changes nothing else. Raises NotFound where there is no such lesson.
    """
    _open(session, actor, _lesson(session, course_slug, lesson_slug), at)


def complete_lesson(session: Session, actor: Actor, course_slug: str, lesson_slug: str, at: datetime) -> Completion:
    """Note that a person says they have studied a lesson; the course is complete with the last of its lessons.

    Saying it again changes nothing. Raises NotFound where there is no such lesson.
    """
    person_id = _person(actor)
    lesson = _lesson(session, course_slug, lesson_slug)
    _open(session, actor, lesson, at)
    # Two last lessons finished at once must see one another, or neither would complete the course.
    enrolment = session.execute(
        select(Enrolment.id, Enrolment.completed_at)
        .where(Enrolment.person_id == person_id, Enrolment.course_id == lesson.course_id)
        .with_for_update()
    ).one()
    is_first = _rows(
        session,
        update(LessonProgress)
        .where(
            LessonProgress.person_id == person_id,
            LessonProgress.course_id == lesson.course_id,
            LessonProgress.lesson_slug == lesson_slug,
            LessonProgress.completed_at.is_(None),
        )
        # Nodes' clocks may differ by a little: nothing ends before it began.
        .values(completed_at=case((LessonProgress.opened_at > at, LessonProgress.opened_at), else_=at)),
    )
    done, total = queries.done_and_total(session, person_id, lesson.version_id)
    percent = percent_done(done, total)
    course_completed = enrolment.completed_at is None and done == total
    if course_completed:
        session.execute(update(Enrolment).where(Enrolment.id == enrolment.id).values(completed_at=at, version_id=lesson.version_id))
    if is_first:
        emit(
            session,
            LESSON_COMPLETED,
            {**_reference(person_id, enrolment.id, lesson), "percent": percent, "course_completed": course_completed},
            at,
        )
    return Completion(percent, course_completed)


def save_checklist(session: Session, actor: Actor, course_slug: str, lesson_slug: str, *, task_ids: Collection[str], at: datetime) -> None:
    """Keep exactly these tasks of a lesson's checklist as done; those ticked before keep their time.

    Raises DomainError for a task that is not on the list, NotFound where there is no such lesson.
    """
    person_id = _person(actor)
    lesson = _lesson(session, course_slug, lesson_slug)
    if not lesson.task_ids.issuperset(task_ids):
        raise DomainError(N_("Danh sách việc đã thay đổi. Tải lại trang rồi đánh dấu lại."), code="unknown_task", field="tasks")
    mine = (ChecklistTick.person_id == person_id, ChecklistTick.course_id == lesson.course_id, ChecklistTick.lesson_slug == lesson_slug)
    session.execute(delete(ChecklistTick).where(*mine, ChecklistTick.task_id.not_in(task_ids)))
    for task_id in task_ids:
        _insert_missing(
            session,
            ChecklistTick,
            person_id=person_id,
            course_id=lesson.course_id,
            lesson_slug=lesson_slug,
            task_id=task_id,
            ticked_at=at,
        )


def _person(actor: Actor) -> UUID:
    if actor.person_id is None:
        raise AccessDenied
    return actor.person_id


def _lesson(session: Session, course_slug: str, lesson_slug: str) -> queries.LessonFacts:
    lesson = queries.lesson_facts(session, course_slug, lesson_slug)
    if lesson is None:
        raise NotFound
    return lesson


def _open(session: Session, actor: Actor, lesson: queries.LessonFacts, at: datetime) -> None:
    person_id = _person(actor)
    mine = (Enrolment.person_id == person_id, Enrolment.course_id == lesson.course_id)
    is_new_here = _insert_missing(
        session,
        Enrolment,
        id=uuid7(),
        person_id=person_id,
        course_id=lesson.course_id,
        version_id=lesson.version_id,
        enrolled_at=at,
        last_lesson=lesson.slug,
    )
    if not is_new_here:
        session.execute(update(Enrolment).where(*mine, Enrolment.last_lesson != lesson.slug).values(last_lesson=lesson.slug))
        session.execute(update(Enrolment).where(*mine, Enrolment.completed_at.is_(None)).values(version_id=lesson.version_id))
    enrolment_id = session.execute(select(Enrolment.id).where(*mine)).scalar_one()
    if is_new_here:
        audit.record(session, actor, "courses.enrol", enrolment_id, at, course=lesson.course_code)
    is_first = _insert_missing(
        session, LessonProgress, person_id=person_id, course_id=lesson.course_id, lesson_slug=lesson.slug, opened_at=at
    )
    if is_first:
        reference = _reference(person_id, enrolment_id, lesson)
        emit(session, LESSON_OPENED, {**reference, "first_of_course": is_new_here}, at)


def _reference(person_id: UUID, enrolment_id: UUID, lesson: queries.LessonFacts) -> dict[str, Any]:
    """The facts as they were: a statement built later, or again, must not say what has changed since."""
    return {
        "person_id": str(person_id),
        "enrolment_id": str(enrolment_id),
        "course_code": lesson.course_code,
        "course_title": dict(lesson.course_title),
        "course_version": lesson.version,
        "lesson_slug": lesson.slug,
        "lesson_title": dict(lesson.lesson_title),
    }


def _insert_missing(session: Session, model: Any, **values: Any) -> bool:
    """Add a row unless one with its key is there; whether it was added. Safe when two ask at once."""
    table: Table = model.__table__
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return _rows(session, dialect.insert(table).values(**values).on_conflict_do_nothing()) == 1


def _rows(session: Session, statement: Any) -> int:
    result = session.execute(statement, execution_options={"preserve_rowcount": True})
    return int(result.rowcount)  # type: ignore[attr-defined]
