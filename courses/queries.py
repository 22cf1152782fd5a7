"""Every read of courses and progress. Progress counts the lessons of the version studied now; what was done in lessons that no longer
exist is kept but not counted."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, func, select, tuple_
from sqlalchemy.orm import Session

from courses import rules
from courses.models import ChecklistTick, Course, CourseMedia, CourseModule, CourseVersion, Enrolment, Lesson, LessonProgress
from courses.rules import Text
from lms.accounts.models import Posting


@dataclass(frozen=True, slots=True)
class Learner:
    """What decides which courses are somebody's own: position groups of the posts held, and whether one has an IT duty."""

    groups: frozenset[str]
    has_it_duty: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a person is in a course as it is now. Never opened: `enrolled_at` None."""

    done: int
    total: int
    enrolled_at: datetime | None
    completed_at: datetime | None
    last_lesson: str | None

    @property
    def percent(self) -> int:
        return rules.percent_done(self.done, self.total)


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    code: str
    slug: str
    title: Text
    summary: Text
    audience: tuple[str, ...]
    minutes: int
    progress: Progress

    def is_for(self, learner: Learner) -> bool:
        return rules.is_for(self.audience, learner.groups, has_it_duty=learner.has_it_duty)


@dataclass(frozen=True, slots=True)
class OutlineLesson:
    """A lesson in its course's list, with what this person has done in it."""

    slug: str
    title: Text
    minutes: int
    bytes: int
    opened_at: datetime | None
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class OutlineModule:
    title: Text
    outcomes: tuple[Text, ...]
    lessons: tuple[OutlineLesson, ...]


@dataclass(frozen=True, slots=True)
class CourseView:
    """A course as one person sees it. `sources`, `glossary`: JSON of `rules.Source`, `rules.Term`."""

    id: UUID
    version_id: UUID
    version: int
    code: str
    slug: str
    title: Text
    summary: Text
    outcomes: tuple[Text, ...]
    periods: int
    minutes: int
    competencies: tuple[str, ...]
    sources: tuple[Mapping[str, Any], ...]
    glossary: tuple[Mapping[str, Any], ...]
    modules: tuple[OutlineModule, ...]
    enrolled_at: datetime | None
    completed_at: datetime | None
    last_lesson: str | None

    @property
    def lessons(self) -> tuple[OutlineLesson, ...]:
        return tuple(lesson for module in self.modules for lesson in module.lessons)

    @property
    def progress(self) -> Progress:
        done = sum(lesson.completed_at is not None for lesson in self.lessons)
        return Progress(done, len(self.lessons), self.enrolled_at, self.completed_at, self.last_lesson)

    @property
    def resume_slug(self) -> str | None:
        completed = {lesson.slug for lesson in self.lessons if lesson.completed_at is not None}
        return rules.resume_at([lesson.slug for lesson in self.lessons], completed, self.last_lesson)


@dataclass(frozen=True, slots=True)
class LessonView:
    """A lesson's text within its course. `ticked`: task ids of its checklist that are done."""

    course: CourseView
    number: int
    outline: OutlineLesson
    key_message: str
    blocks: tuple[Mapping[str, Any], ...]
    cites: tuple[str, ...]
    frameworks: tuple[str, ...]
    ticked: frozenset[str]

    @property
    def previous(self) -> OutlineLesson | None:
        return self.course.lessons[self.number - 2] if self.number > 1 else None

    @property
    def next(self) -> OutlineLesson | None:
        return self.course.lessons[self.number] if self.number < len(self.course.lessons) else None

    @property
    def sources(self) -> list[Mapping[str, Any]]:
        by_id = {source["id"]: source for source in self.course.sources}
        return [by_id[source_id] for source_id in self.cites]


@dataclass(frozen=True, slots=True)
class LessonLink:
    """Where a lesson can be read again."""

    course_slug: str
    lesson_slug: str
    course_title: Text
    lesson_title: Text


@dataclass(frozen=True, slots=True)
class LessonFacts:
    """What an operation must know of the lesson it is about."""

    course_id: UUID
    course_code: str
    version_id: UUID
    version: int
    course_title: Text
    slug: str
    lesson_title: Text
    task_ids: frozenset[str]


def learner(session: Session, person_id: UUID, day: date) -> Learner:
    """The position groups and IT duty of the posts a person holds on a day."""
    rows = session.execute(
        select(Posting.group_code, Posting.it_duty).where(Posting.person_id == person_id, Posting.valid_from <= day, Posting.valid_to > day)
    ).all()
    return Learner(frozenset(row.group_code for row in rows), any(row.it_duty != "none" for row in rows))


def catalogue(session: Session, person_id: UUID) -> list[CatalogueEntry]:
    """All courses with this person's progress, in the curriculum's order (CB1, CB2 … IT1 …). One statement."""
    rows = session.execute(
        select(
            Course.code,
            Course.slug,
            CourseVersion.title,
            CourseVersion.summary,
            CourseVersion.audience,
            CourseVersion.minutes,
            CourseVersion.lesson_count,
            _done(person_id).label("done"),
            Enrolment.enrolled_at,
            Enrolment.completed_at,
            Enrolment.last_lesson,
        )
        .join(CourseVersion, _current())
        .outerjoin(Enrolment, and_(Enrolment.course_id == Course.id, Enrolment.person_id == person_id))
    )
    entries = [
        CatalogueEntry(
            code=row.code,
            slug=row.slug,
            title=row.title,
            summary=row.summary,
            audience=tuple(row.audience),
            minutes=row.minutes,
            progress=Progress(row.done, row.lesson_count, row.enrolled_at, row.completed_at, row.last_lesson),
        )
        for row in rows
    ]
    return sorted(entries, key=lambda entry: _curriculum_order(entry.code))


def _curriculum_order(code: str) -> tuple[str, int, str]:
    match = re.match(r"([A-Z]*)([0-9]*)", code)
    letters, digits = (match[1], match[2]) if match else ("", "")
    return letters, int(digits or 0), code


def _current() -> ColumnElement[bool]:
    return and_(CourseVersion.course_id == Course.id, CourseVersion.superseded_at.is_(None))


def _done(person_id: UUID) -> ScalarSelect[int]:
    """How many lessons of the version in the outer query this person has completed."""
    return (
        select(func.count())
        .select_from(LessonProgress)
        .join(Lesson, Lesson.slug == LessonProgress.lesson_slug)
        .where(
            Lesson.version_id == CourseVersion.id,
            LessonProgress.course_id == CourseVersion.course_id,
            LessonProgress.person_id == person_id,
            LessonProgress.completed_at.is_not(None),
        )
        .correlate(CourseVersion)
        .scalar_subquery()
    )


def done_and_total(session: Session, person_id: UUID, version_id: UUID) -> tuple[int, int]:
    """Lessons of a version that a person has completed, and how many it has."""
    row = session.execute(select(_done(person_id).label("done"), CourseVersion.lesson_count).where(CourseVersion.id == version_id)).one()
    return row.done, row.lesson_count


def course_view(session: Session, person_id: UUID, slug: str) -> CourseView | None:
    """A course with its modules, lessons and this person's marks; None where there is none. Two statements."""
    row = session.execute(
        select(Course.id, Course.code, CourseVersion, Enrolment.enrolled_at, Enrolment.completed_at, Enrolment.last_lesson)
        .join(CourseVersion, _current())
        .outerjoin(Enrolment, and_(Enrolment.course_id == Course.id, Enrolment.person_id == person_id))
        .where(Course.slug == slug)
    ).one_or_none()
    if row is None:
        return None
    version: CourseVersion = row.CourseVersion
    return CourseView(
        id=row.id,
        version_id=version.id,
        version=version.number,
        code=row.code,
        slug=slug,
        title=version.title,
        summary=version.summary,
        outcomes=tuple(version.outcomes),
        periods=version.periods,
        minutes=version.minutes,
        competencies=tuple(version.competencies),
        sources=tuple(version.sources),
        glossary=tuple(version.glossary),
        modules=_outline(session, person_id, row.id, version.id),
        enrolled_at=row.enrolled_at,
        completed_at=row.completed_at,
        last_lesson=row.last_lesson,
    )


def _outline(session: Session, person_id: UUID, course_id: UUID, version_id: UUID) -> tuple[OutlineModule, ...]:
    rows = session.execute(
        select(
            CourseModule.ordinal.label("module"),
            CourseModule.title.label("module_title"),
            CourseModule.outcomes,
            Lesson.slug,
            Lesson.title,
            Lesson.minutes,
            Lesson.bytes,
            LessonProgress.opened_at,
            LessonProgress.completed_at,
        )
        .join(Lesson, Lesson.module_id == CourseModule.id)
        .outerjoin(
            LessonProgress,
            and_(
                LessonProgress.person_id == person_id,
                LessonProgress.course_id == course_id,
                LessonProgress.lesson_slug == Lesson.slug,
            ),
        )
        .where(CourseModule.version_id == version_id)
        .order_by(Lesson.ordinal)
    ).all()
    lessons: dict[int, list[OutlineLesson]] = {}
    heads: dict[int, tuple[Text, tuple[Text, ...]]] = {}
    for row in rows:
        heads[row.module] = (row.module_title, tuple(row.outcomes))
        lessons.setdefault(row.module, []).append(
            OutlineLesson(row.slug, row.title, row.minutes, row.bytes, row.opened_at, row.completed_at)
        )
    return tuple(OutlineModule(title, outcomes, tuple(lessons[module])) for module, (title, outcomes) in heads.items())


def lesson_view(session: Session, person_id: UUID, course_slug: str, lesson_slug: str) -> LessonView | None:
    """A lesson with its course's outline and this person's ticks; None where there is none. Four statements."""
    course = course_view(session, person_id, course_slug)
    if course is None:
        return None
    row = session.execute(
        select(Lesson.ordinal, Lesson.key_message, Lesson.blocks, Lesson.cites, Lesson.frameworks).where(
            Lesson.version_id == course.version_id, Lesson.slug == lesson_slug
        )
    ).one_or_none()
    if row is None:
        return None
    ticked = session.scalars(
        select(ChecklistTick.task_id).where(
            ChecklistTick.person_id == person_id, ChecklistTick.course_id == course.id, ChecklistTick.lesson_slug == lesson_slug
        )
    )
    return LessonView(
        course=course,
        number=row.ordinal,
        outline=course.lessons[row.ordinal - 1],
        key_message=row.key_message,
        blocks=tuple(row.blocks),
        cites=tuple(row.cites),
        frameworks=tuple(row.frameworks),
        ticked=frozenset(ticked),
    )


def lesson_facts(session: Session, course_slug: str, lesson_slug: str) -> LessonFacts | None:
    """What operations need of a lesson of the version studied now; None where there is no such lesson."""
    row = session.execute(
        select(Course.id, Course.code, CourseVersion.id.label("version_id"), CourseVersion.number, CourseVersion.title, Lesson)
        .join(CourseVersion, _current())
        .join(Lesson, Lesson.version_id == CourseVersion.id)
        .where(Course.slug == course_slug, Lesson.slug == lesson_slug)
    ).one_or_none()
    if row is None:
        return None
    tasks = {task["id"] for block in row.Lesson.blocks if block["kind"] == "checklist" for task in block["tasks"]}
    return LessonFacts(row.id, row.code, row.version_id, row.number, row.title, lesson_slug, row.Lesson.title, frozenset(tasks))


def lesson_links(session: Session, lessons: Iterable[tuple[str, str]]) -> dict[tuple[str, str], LessonLink]:
    """Where to read lessons again: (course code, lesson named with or without its two digits) → link. What is no longer taught is
    left out. One statement, however many are asked."""
    wanted = {(code, name): (code, rules.lesson_slug(name)) for code, name in lessons}
    if not wanted:
        return {}
    rows = session.execute(
        select(Course.code, Course.slug, Lesson.slug.label("lesson"), CourseVersion.title, Lesson.title.label("lesson_title"))
        .join(CourseVersion, _current())
        .join(Lesson, Lesson.version_id == CourseVersion.id)
        .where(tuple_(Course.code, Lesson.slug).in_(set(wanted.values())))
    )
    found = {(row.code, row.lesson): LessonLink(row.slug, row.lesson, row.title, row.lesson_title) for row in rows}
    return {asked: found[key] for asked, key in wanted.items() if key in found}


def lesson_link(session: Session, course_code: str, lesson: str) -> LessonLink | None:
    """Where to read one lesson again (see `lesson_links`)."""
    return lesson_links(session, [(course_code, lesson)]).get((course_code, lesson))


def media(session: Session, sha256: str) -> tuple[str, bytes] | None:
    """Media type and bytes of a figure."""
    row = session.execute(select(CourseMedia.media_type, CourseMedia.content).where(CourseMedia.sha256 == sha256)).one_or_none()
    return None if row is None else (row.media_type, row.content)


def stored_media(session: Session, hashes: Collection[str]) -> set[str]:
    """Which of these figures are stored already."""
    return set(session.scalars(select(CourseMedia.sha256).where(CourseMedia.sha256.in_(hashes)))) if hashes else set()


def current_codes(session: Session) -> dict[str, str]:
    """Content hash → course code of all versions studied now: a folder with one of these hashes has nothing new."""
    rows = session.execute(
        select(CourseVersion.content_hash, Course.code).join(Course, Course.id == CourseVersion.course_id).where(_current())
    )
    return {row.content_hash: row.code for row in rows}


def has_completed(session: Session, person_id: UUID, code: str) -> bool:
    """Whether a person has completed a course, as it was or as it is."""
    completed = (
        select(Enrolment.id)
        .join(Course, Course.id == Enrolment.course_id)
        .where(Course.code == code, Enrolment.person_id == person_id, Enrolment.completed_at.is_not(None))
    )
    return session.scalar(completed) is not None


def planned_tests(session: Session) -> dict[str, rules.CourseTest]:
    """The tests planned in the courses as they are now, by course code, in the curriculum's order. One statement."""
    rows = session.execute(select(Course.code, CourseVersion.test).join(CourseVersion, _current())).all()
    planned = {row.code: msgspec.convert(row.test, rules.CourseTest) for row in rows if row.test}
    return {code: planned[code] for code in sorted(planned, key=_curriculum_order)}


def completions() -> Select[tuple[UUID, datetime]]:
    """Everybody who completed a course, and when."""
    return select(Enrolment.person_id, Enrolment.completed_at).where(Enrolment.completed_at.is_not(None))  # type: ignore[return-value]
