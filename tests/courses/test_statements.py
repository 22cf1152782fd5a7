"""Studying as xAPI statements."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from courses import operations, statements
from courses.statements import Study
from lms.kit.db import Database
from lms.lrs import vocabulary as words
from lms.lrs.outbox import OutboxEntry
from tests.courses.making import AT, FIRST, SECOND, THIRD, make_learner, publish

BASE = "http://127.0.0.1:8000"
STUDY = Study(
    base_url=BASE,
    person_id=UUID("01930000-0000-7000-8000-000000000001"),
    enrolment_id=UUID("01930000-0000-7000-8000-000000000002"),
    course_code="TT1",
    course_title={"vi": "Khoá thử", "en": "A trial course"},
    course_version=1,
    lesson_slug=FIRST,
    lesson_title={"vi": "Bài một", "en": ""},
)
MOMENT = datetime(2026, 11, 22, 2, 0, 0, 125_999, tzinfo=UTC)


def verbs(made: list[dict[str, Any]]) -> list[str]:
    return [statement["verb"]["id"].rpartition("/")[2] for statement in made]


def test_the_first_lesson_launches_the_course_and_every_lesson_is_initialized() -> None:
    assert verbs(statements.lesson_opened(STUDY, MOMENT, first_of_course=True)) == ["launched", "initialized"]
    assert verbs(statements.lesson_opened(STUDY, MOMENT, first_of_course=False)) == ["initialized"]


def test_a_finished_lesson_tells_progress_and_the_last_one_completes_the_course() -> None:
    made = statements.lesson_completed(STUDY, MOMENT, percent=33, course_completed=False)
    assert verbs(made) == ["completed", "progressed"]
    assert made[1]["result"]["extensions"] == {words.PROGRESS: 33}
    made = statements.lesson_completed(STUDY, MOMENT, percent=100, course_completed=True)
    assert verbs(made) == ["completed", "progressed", "completed"]
    assert made[2]["object"]["id"] == f"{BASE}/xapi/activities/courses/TT1"
    assert made[2]["result"] == {"completion": True}


def test_a_statement_says_who_what_where_and_when() -> None:
    (made,) = statements.lesson_opened(STUDY, MOMENT, first_of_course=False)
    assert made["actor"] == {"objectType": "Agent", "account": {"homePage": BASE, "name": str(STUDY.person_id)}}
    assert made["object"]["id"] == f"{BASE}/xapi/activities/courses/TT1/lessons/{FIRST}"
    assert made["object"]["definition"] == {"type": words.LESSON, "name": {"vi": "Bài một"}}
    assert made["timestamp"] == "2026-11-22T02:00:00.125Z"
    context = made["context"]
    assert context["contextActivities"]["parent"][0]["id"] == f"{BASE}/xapi/activities/courses/TT1"
    assert (context["language"], context["platform"]) == ("vi", words.PLATFORM)
    assert UUID(context["registration"]).version == 5
    assert context["extensions"] == {words.COURSE_VERSION: 1}


def test_the_same_facts_give_the_same_statements_and_all_ids_differ() -> None:
    def make() -> list[dict[str, Any]]:
        opened = statements.lesson_opened(STUDY, MOMENT, first_of_course=True)
        return [*opened, *statements.lesson_completed(STUDY, MOMENT, percent=100, course_completed=True)]

    assert make() == make()
    assert len({statement["id"] for statement in make()}) == 5


def test_the_outbox_holds_all_that_the_statements_of_a_whole_course_need(app: Flask, database: Database) -> None:
    with database.transaction() as session:
        publish(session)
        learner = make_learner(session)
        for slug in (FIRST, SECOND, THIRD):
            operations.complete_lesson(session, learner.actor, "khoa-thu", slug, AT)
    builders = app.extensions["lms.statement_builders"]
    with app.app_context(), database.reading() as session:
        entries = session.scalars(select(OutboxEntry).order_by(OutboxEntry.id)).all()
        made = [built for entry in entries for built in builders[entry.builder](session, entry.reference, entry.happened_at)]
    assert verbs(made) == [
        *("launched", "initialized", "completed", "progressed"),
        *("initialized", "completed", "progressed"),
        *("initialized", "completed", "progressed", "completed"),
    ]
    progress = [statement["result"]["extensions"][words.PROGRESS] for statement in made if verbs([statement]) == ["progressed"]]
    assert progress == [33, 66, 100]
    assert len({statement["id"] for statement in made}) == len(made)
    assert len({statement["context"]["registration"] for statement in made}) == 1
