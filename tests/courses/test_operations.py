"""Publishing courses, and what becomes of somebody's studying."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from courses import operations, queries
from courses.models import ChecklistTick, Course, CourseMedia, CourseVersion, Enrolment, Lesson, LessonProgress
from lms.kit.actors import SERVICE, AccessDenied, NotFound
from lms.kit.audit import AuditEntry
from lms.kit.db import Database
from lms.kit.errors import Conflict, DomainError
from lms.lrs.outbox import OutboxEntry
from tests.courses.making import AT, FIRST, SECOND, THIRD, Learner, changed, content, make_learner, publish

SLUG = "khoa-thu"


def count(session: Session, model: Any) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def outbox(session: Session) -> list[tuple[str, dict[str, Any]]]:
    rows = session.execute(select(OutboxEntry.builder, OutboxEntry.reference).order_by(OutboxEntry.id))
    return [(row.builder, row.reference) for row in rows]


def test_a_course_is_published_as_its_first_version(database: Database) -> None:
    with database.transaction() as session:
        assert publish(session) == 1
    with database.reading() as session:
        version = session.scalars(select(CourseVersion)).one()
        assert (version.number, version.lesson_count, version.minutes, version.superseded_at) == (1, 3, 27, None)
        assert session.scalars(select(Lesson.slug).order_by(Lesson.ordinal)).all() == [FIRST, SECOND, THIRD]
        assert count(session, CourseMedia) == 1
        assert session.scalars(select(AuditEntry.action)).all() == ["courses.load_course"]


def test_publishing_the_same_again_changes_nothing(database: Database) -> None:
    with database.transaction() as session:
        publish(session)
    with database.transaction() as session:
        assert publish(session) is None
        assert count(session, CourseVersion) == 1


def test_a_change_makes_a_new_version_and_leaves_the_old_one_as_it_was(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        publish(session)
        assert publish(session, changed(tmp_path, {"course.yaml": ("A trial course", "Another")}), AT + timedelta(days=1)) == 2
    with database.reading() as session:
        versions = session.scalars(select(CourseVersion).order_by(CourseVersion.number)).all()
        assert [version.title["en"] for version in versions] == ["A trial course", "Another"]
        assert [version.superseded_at for version in versions] == [AT + timedelta(days=1), None]
        assert count(session, CourseMedia) == 1


def test_a_course_may_move_to_another_address(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        publish(session)
        publish(session, changed(tmp_path, {"course.yaml": ("slug: khoa-thu", "slug: khoa-moi")}))
        assert session.scalars(select(Course.slug)).all() == ["khoa-moi"]


def test_an_address_of_another_course_is_refused_and_nothing_is_stored(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        publish(session)
    with pytest.raises(Conflict, match="TT1"), database.transaction() as session:
        publish(session, changed(tmp_path, {"course.yaml": ("code: TT1", "code: TT2")}))
    with database.reading() as session:
        assert session.scalars(select(Course.code)).all() == ["TT1"]


@pytest.fixture
def learner(database: Database) -> Learner:
    with database.transaction() as session:
        publish(session)
        return make_learner(session)


def test_the_first_lesson_opened_enrols(database: Database, learner: Learner) -> None:
    with database.transaction() as session:
        operations.open_lesson(session, learner.actor, SLUG, SECOND, AT)
    with database.reading() as session:
        enrolment = session.scalars(select(Enrolment)).one()
        assert (enrolment.person_id, enrolment.enrolled_at, enrolment.last_lesson) == (learner.id, AT, SECOND)
        assert outbox(session) == [("courses.lesson_opened", outbox(session)[0][1])]
        assert outbox(session)[0][1]["first_of_course"] is True


def test_opening_again_only_remembers_where_one_was(database: Database, learner: Learner) -> None:
    with database.transaction() as session:
        for slug in (FIRST, SECOND, FIRST):
            operations.open_lesson(session, learner.actor, SLUG, slug, AT)
    with database.reading() as session:
        assert session.scalars(select(Enrolment.last_lesson)).all() == [FIRST]
        assert count(session, LessonProgress) == 2
        assert [reference["first_of_course"] for _, reference in outbox(session)] == [True, False]


def test_a_course_is_complete_with_the_last_of_its_lessons(database: Database, learner: Learner) -> None:
    with database.transaction() as session:
        came = [operations.complete_lesson(session, learner.actor, SLUG, slug, AT) for slug in (THIRD, FIRST, SECOND)]
    assert [(step.percent, step.course_completed) for step in came] == [(33, False), (66, False), (100, True)]
    with database.reading() as session:
        assert session.scalars(select(Enrolment.completed_at)).all() == [AT]


def test_finishing_a_lesson_again_changes_nothing(database: Database, learner: Learner) -> None:
    with database.transaction() as session:
        operations.complete_lesson(session, learner.actor, SLUG, FIRST, AT)
    with database.transaction() as session:
        before = outbox(session)
        step = operations.complete_lesson(session, learner.actor, SLUG, FIRST, AT + timedelta(hours=1))
        assert (step.percent, step.course_completed) == (33, False)
        assert outbox(session) == before
        assert session.scalars(select(LessonProgress.completed_at)).all() == [AT]


def test_a_clock_that_runs_behind_does_not_keep_a_lesson_from_being_finished(database: Database, learner: Learner) -> None:
    with database.transaction() as session:
        operations.open_lesson(session, learner.actor, SLUG, FIRST, AT)
        operations.complete_lesson(session, learner.actor, SLUG, FIRST, AT - timedelta(minutes=5))
        assert session.scalars(select(LessonProgress.completed_at)).all() == [AT]


def test_what_was_done_outlives_a_new_version(database: Database, learner: Learner, tmp_path: Path) -> None:
    with database.transaction() as session:
        for slug in (FIRST, THIRD):
            operations.complete_lesson(session, learner.actor, SLUG, slug, AT)
        without_third = {"02-thuc-hanh/01-bai-ba.md": None, "02-thuc-hanh/01-bai-moi.md": b"", "02-thuc-hanh/02-bai-cuoi.md": b""}
        text = (Path(__file__).parent / "examples/valid/02-thuc-hanh/01-bai-ba.md").read_bytes()
        publish(session, changed(tmp_path, {name: None if body is None else text for name, body in without_third.items()}))
    with database.reading() as session:
        (entry,) = queries.catalogue(session, learner.id)
        assert (entry.progress.done, entry.progress.total, entry.progress.percent) == (1, 4, 25)


def test_a_completed_course_stays_completed_when_it_grows(database: Database, learner: Learner, tmp_path: Path) -> None:
    with database.transaction() as session:
        for slug in (FIRST, SECOND, THIRD):
            operations.complete_lesson(session, learner.actor, SLUG, slug, AT)
        text = (Path(__file__).parent / "examples/valid/02-thuc-hanh/01-bai-ba.md").read_bytes()
        publish(session, changed(tmp_path, {"02-thuc-hanh/02-bai-tu.md": text}))
        step = operations.complete_lesson(session, learner.actor, SLUG, "bai-tu", AT + timedelta(days=1))
        assert (step.percent, step.course_completed) == (100, False)
        assert session.scalars(select(Enrolment.completed_at)).all() == [AT]


def test_ticks_are_kept_as_they_stand_with_the_time_of_the_first(database: Database, learner: Learner) -> None:
    with database.transaction() as session:
        tasks = sorted(_tasks(session))
        later = AT + timedelta(hours=1)
        operations.save_checklist(session, learner.actor, SLUG, SECOND, task_ids=tasks[:1], at=AT)
        operations.save_checklist(session, learner.actor, SLUG, SECOND, task_ids=tasks, at=later)
        ticks = {row.task_id: row.ticked_at for row in session.execute(select(ChecklistTick.task_id, ChecklistTick.ticked_at))}
        assert ticks == {tasks[0]: AT, tasks[1]: later}
        operations.save_checklist(session, learner.actor, SLUG, SECOND, task_ids=[], at=later)
        assert count(session, ChecklistTick) == 0


def _tasks(session: Session) -> frozenset[str]:
    facts = queries.lesson_facts(session, SLUG, SECOND)
    assert facts is not None
    return facts.task_ids


def test_a_task_that_is_not_on_the_list_is_refused(database: Database, learner: Learner) -> None:
    with pytest.raises(DomainError, match="Danh sách việc đã thay đổi"), database.transaction() as session:
        operations.save_checklist(session, learner.actor, SLUG, SECOND, task_ids=["ffffffffffff"], at=AT)


@pytest.mark.parametrize(("course", "lesson"), [("khong-co", FIRST), (SLUG, "khong-co")])
def test_a_lesson_that_does_not_exist_is_not_found(database: Database, learner: Learner, course: str, lesson: str) -> None:
    for operation in (operations.open_lesson, operations.complete_lesson):
        with pytest.raises(NotFound), database.transaction() as session:
            operation(session, learner.actor, course, lesson, AT)


def test_the_service_itself_does_not_study(database: Database, learner: Learner) -> None:
    with pytest.raises(AccessDenied), database.transaction() as session:
        operations.open_lesson(session, SERVICE, SLUG, FIRST, AT)


def test_lessons_finished_at_the_same_moment_complete_the_course_once(database: Database, learner: Learner) -> None:
    with database.transaction() as session:
        operations.complete_lesson(session, learner.actor, SLUG, FIRST, AT)
    barrier = threading.Barrier(2)
    completed: list[bool] = []

    def finish(slug: str) -> None:
        barrier.wait()
        with database.transaction() as session:
            completed.append(operations.complete_lesson(session, learner.actor, SLUG, slug, AT).course_completed)

    threads = [threading.Thread(target=finish, args=(slug,)) for slug in (SECOND, THIRD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(completed) == [False, True]


steps = st.lists(st.tuples(st.sampled_from(["open", "complete"]), st.sampled_from([FIRST, SECOND, THIRD])), max_size=8)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_however_one_studies_progress_only_grows_and_counts_each_lesson_once(
    database: Database, learner: Learner, course: list[tuple[str, str]]
) -> None:
    with database.transaction() as session:
        for model in (OutboxEntry, LessonProgress, Enrolment):
            session.execute(delete(model))
        percents = [0]
        for action, slug in course:
            if action == "open":
                operations.open_lesson(session, learner.actor, SLUG, slug, AT)
            else:
                percents.append(operations.complete_lesson(session, learner.actor, SLUG, slug, AT).percent)
        finished = {slug for action, slug in course if action == "complete"}
        (entry,) = queries.catalogue(session, learner.id)
        assert percents == sorted(percents)
        assert entry.progress.done == len(finished)
        assert (entry.progress.completed_at is not None) == (len(finished) == 3)
        emitted = [reference["lesson_slug"] for builder, reference in outbox(session) if builder == "courses.lesson_completed"]
        assert sorted(emitted) == sorted(finished)


def test_content_is_the_same_however_often_it_is_read() -> None:
    assert content() == content()
