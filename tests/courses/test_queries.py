"""What others ask of courses."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from courses import operations, queries
from lms.kit.db import Database
from tests.courses.making import AT, FIRST, changed, make_learner, publish


def test_a_lesson_is_found_again_by_course_code_and_name(database: Database) -> None:
    with database.transaction() as session:
        publish(session)
        link = queries.lesson_link(session, "TT1", "01-bai-mot")
        assert link is not None
        assert (link.course_slug, link.lesson_slug, link.lesson_title["vi"]) == ("khoa-thu", FIRST, "Bài một")
        assert queries.lesson_link(session, "TT1", FIRST) == link
        assert queries.lesson_link(session, "TT1", "bai-da-bo") is None


def test_many_lessons_are_found_at_once_and_those_no_longer_taught_are_left_out(database: Database) -> None:
    with database.transaction() as session:
        publish(session)
        asked = [("TT1", "01-bai-mot"), ("TT1", "02-bai-hai"), ("TT1", "bai-da-bo"), ("TT9", FIRST)]
        assert set(queries.lesson_links(session, asked)) == {("TT1", "01-bai-mot"), ("TT1", "02-bai-hai")}
        assert queries.lesson_links(session, []) == {}


def test_courses_stand_in_the_order_of_the_curriculum(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        for code in ("IT1", "CB10", "CB2"):
            folder = changed(tmp_path / code, {"course.yaml": ("code: TT1\nslug: khoa-thu", f"code: {code}\nslug: {code.lower()}")})
            publish(session, folder)
        learner = make_learner(session)
        assert [entry.code for entry in queries.catalogue(session, learner.id)] == ["CB2", "CB10", "IT1"]


def test_a_course_is_mine_by_position_group_or_it_duty_on_the_day(database: Database) -> None:
    with database.transaction() as session:
        publish(session)
        people = [
            make_learner(session, "nhom2"),
            make_learner(session, "nhom4", group="N4"),
            make_learner(session, "cntt", group="N4", it_duty="part_time"),
        ]
        (entry,) = queries.catalogue(session, people[0].id)
        day = date(2026, 11, 22)
        assert [entry.is_for(queries.learner(session, person.id, day)) for person in people] == [True, False, True]
        assert not entry.is_for(queries.learner(session, people[0].id, date(2019, 1, 1)))


def test_nobody_sees_the_progress_of_another(database: Database) -> None:
    with database.transaction() as session:
        publish(session)
        one, other = make_learner(session, "mot"), make_learner(session, "hai")
        operations.complete_lesson(session, one.actor, "khoa-thu", FIRST, AT)
        view = queries.course_view(session, other.id, "khoa-thu")
        assert view is not None
        assert (view.progress.done, view.enrolled_at) == (0, None)
