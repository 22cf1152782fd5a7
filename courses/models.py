"""Courses as they are published, and how far each person has come in them.

A published version never changes; a changed course becomes a new version. What people have done is kept by the lesson's slug, not by its
row, and so outlives the version in which they did it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base
from lms.kit.ids import uuid7


class Course(Base):
    """A course's identity: `code` is the curriculum's, `slug` its address."""

    __tablename__ = "course"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    code: Mapped[str] = mapped_column(unique=True)
    slug: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]


class CourseVersion(Base):
    """What a course was from one load to the next; the one without `superseded_at` is studied now. `test`: the test planned for its end
    (`courses.rules.CourseTest` as JSON), empty where none is."""

    __tablename__ = "course_version"
    __table_args__ = (
        UniqueConstraint("course_id", "number"),
        CheckConstraint("number >= 1", name="number"),
        Index(
            "ix_course_version_current",
            "course_id",
            unique=True,
            postgresql_where=text("superseded_at IS NULL"),
            sqlite_where=text("superseded_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    course_id: Mapped[UUID] = mapped_column(ForeignKey("course.id"))
    number: Mapped[int]
    content_hash: Mapped[str]
    title: Mapped[dict[str, Any]]
    summary: Mapped[dict[str, Any]]
    outcomes: Mapped[list[Any]]
    audience: Mapped[list[Any]]
    periods: Mapped[int]
    competencies: Mapped[list[Any]]
    sources: Mapped[list[Any]]
    glossary: Mapped[list[Any]]
    test: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    lesson_count: Mapped[int]
    minutes: Mapped[int]
    loaded_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]


class CourseModule(Base):
    __tablename__ = "course_module"
    __table_args__ = (UniqueConstraint("version_id", "ordinal"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    version_id: Mapped[UUID] = mapped_column(ForeignKey("course_version.id"))
    ordinal: Mapped[int]
    slug: Mapped[str]
    title: Mapped[dict[str, Any]]
    outcomes: Mapped[list[Any]]


class Lesson(Base):
    """A lesson of one version. `ordinal` counts through the whole course; `blocks` are `courses.rules` blocks as JSON;
    `cites` ids of the version's sources; `frameworks` places in frameworks of competence; `bytes` what a reader's line has to carry for
    text and figures."""

    __tablename__ = "lesson"
    __table_args__ = (UniqueConstraint("version_id", "slug"), UniqueConstraint("version_id", "ordinal"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    version_id: Mapped[UUID] = mapped_column(ForeignKey("course_version.id"))
    module_id: Mapped[UUID] = mapped_column(ForeignKey("course_module.id"), index=True)
    ordinal: Mapped[int]
    slug: Mapped[str]
    title: Mapped[dict[str, Any]]
    minutes: Mapped[int]
    key_message: Mapped[str]
    blocks: Mapped[list[Any]]
    cites: Mapped[list[Any]]
    frameworks: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'"))
    bytes: Mapped[int]


class CourseMedia(Base):
    """A figure, found by the SHA-256 of its bytes.

    Kept in the database, not read from the content folder: any web node serves any version that any node has loaded, a backup of the
    database is a backup of the lessons, and an address never shows other bytes than the day it was first seen.
    """

    __tablename__ = "course_media"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    media_type: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    added_at: Mapped[datetime]


class Enrolment(Base):
    """A person in a course, from the first lesson opened. `version_id` is the version in which they were last seen, and once
    completed the one they completed."""

    __tablename__ = "enrolment"
    __table_args__ = (UniqueConstraint("person_id", "course_id"), Index("ix_enrolment_course", "course_id", "completed_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    course_id: Mapped[UUID] = mapped_column(ForeignKey("course.id"))
    version_id: Mapped[UUID] = mapped_column(ForeignKey("course_version.id"))
    enrolled_at: Mapped[datetime]
    last_lesson: Mapped[str]
    completed_at: Mapped[datetime | None]


class LessonProgress(Base):
    """A person has opened a lesson, and perhaps finished it."""

    __tablename__ = "lesson_progress"
    __table_args__ = (CheckConstraint("completed_at IS NULL OR completed_at >= opened_at", name="order"),)

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    course_id: Mapped[UUID] = mapped_column(ForeignKey("course.id"), primary_key=True)
    lesson_slug: Mapped[str] = mapped_column(primary_key=True)
    opened_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]


class ChecklistTick(Base):
    """A task of a lesson's checklist that a person says is done at work. No row: not ticked."""

    __tablename__ = "checklist_tick"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    course_id: Mapped[UUID] = mapped_column(ForeignKey("course.id"), primary_key=True)
    lesson_slug: Mapped[str] = mapped_column(primary_key=True)
    task_id: Mapped[str] = mapped_column(primary_key=True)
    ticked_at: Mapped[datetime]
