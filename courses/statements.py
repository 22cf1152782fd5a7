"""What studying a course becomes in xAPI. Pure: the same facts give the same statements, ids included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from lms.lrs import vocabulary as words
from lms.lrs.building import Activity


@dataclass(frozen=True, slots=True)
class Study:
    """Who studies what: the facts every statement of this package rests on. Titles are language maps."""

    base_url: str
    person_id: UUID
    enrolment_id: UUID
    course_code: str
    course_title: Mapping[str, str]
    course_version: int
    lesson_slug: str
    lesson_title: Mapping[str, str]


def course_activity_iri(base_url: str, course_code: str) -> str:
    return words.activity_iri(base_url, "courses", course_code)


def lesson_activity_iri(base_url: str, course_code: str, lesson_slug: str) -> str:
    return words.activity_iri(base_url, "courses", course_code, "lessons", lesson_slug)


def lesson_opened(study: Study, at: datetime, *, first_of_course: bool) -> list[dict[str, Any]]:
    """`launched` the course with its first lesson, `initialized` every lesson when it is first opened."""
    launched = [_about_course(study, words.LAUNCHED, at)] if first_of_course else []
    return [*launched, _about_lesson(study, words.INITIALIZED, at)]


def lesson_completed(study: Study, at: datetime, *, percent: int, course_completed: bool) -> list[dict[str, Any]]:
    """`completed` the lesson, `progressed` in the course to `percent` (0–100), and `completed` the course with its last lesson."""
    finished = [_about_course(study, words.COMPLETED, at, result={"completion": True})] if course_completed else []
    return [
        _about_lesson(study, words.COMPLETED, at, result={"completion": True}),
        # One per lesson: the lesson is among the facts that make the id.
        _about_course(study, words.PROGRESSED, at, study.lesson_slug, result={"extensions": {words.PROGRESS: percent}}),
        *finished,
    ]


def _course(study: Study) -> Activity:
    return words.activity(course_activity_iri(study.base_url, study.course_code), words.COURSE, _titled(study.course_title))


def _titled(title: Mapping[str, str]) -> dict[str, str]:
    return {language: text for language, text in title.items() if text}


def _about_course(study: Study, verb: words.Verb, at: datetime, *facts: object, result: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return words.statement(
        facts=(study.person_id, study.course_code, *facts),
        actor=words.actor_for(study.base_url, study.person_id),
        verb=verb,
        target=_course(study),
        at=at,
        registration=study.enrolment_id,
        result=result,
        extensions=_version(study),
    )


def _about_lesson(study: Study, verb: words.Verb, at: datetime, *, result: Mapping[str, Any] | None = None) -> dict[str, Any]:
    lesson = lesson_activity_iri(study.base_url, study.course_code, study.lesson_slug)
    return words.statement(
        facts=(study.person_id, study.course_code, study.lesson_slug),
        actor=words.actor_for(study.base_url, study.person_id),
        verb=verb,
        target=words.activity(lesson, words.LESSON, _titled(study.lesson_title)),
        at=at,
        registration=study.enrolment_id,
        parents=(_course(study),),
        result=result,
        extensions=_version(study),
    )


def _version(study: Study) -> dict[str, int]:
    """Which version was studied; the activity itself stays the same from version to version."""
    return {words.COURSE_VERSION: study.course_version}
