"""blueprint.yaml: what it may say, what is wrong with it, and that a published course keeps it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from courses import operations, queries
from courses.authoring.package_files import parse_course, read_files
from courses.models import Lesson
from lms.kit.db import Database
from tests.courses.making import AT, changed, make_learner, publish

PLANNED = """
title: {vi: Bài kiểm tra cuối khoá, en: Course test}
minutes: 20
pass_percent: 60
rules:
  - {topic: TT1.1, NB: 2, TH: 1}
  - {topic: TT1.2, VD: 3}
frameworks:
  bai-mot: ["DigComp 2.2: 5.2", "UNESCO 2022: U1"]
"""


def planned(target: Path, text: str = PLANNED) -> Path:
    return changed(target, {"blueprint.yaml": text.encode()})


def test_a_planned_test_is_read_with_its_rules_and_frameworks(tmp_path: Path) -> None:
    course, problems = parse_course(read_files(planned(tmp_path)))
    assert course is not None, list(problems)
    assert course.test is not None
    assert (course.test.minutes, course.test.pass_percent, course.test.items) == (20, 60, 6)
    assert [dict(rule.counts) for rule in course.test.rules] == [{"NB": 2, "TH": 1}, {"VD": 3}]
    assert course.frameworks == {"bai-mot": ("DigComp 2.2: 5.2", "UNESCO 2022: U1")}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("minutes: 20", "minutes: 2", "5: “minutes”"),
        ("pass_percent: 60\n", "", "“pass_percent”"),
        ("TT1.2, VD: 3", "TT1.1, VD: 3", "Chủ đề TT1.1 đã có ở trên"),
        ("TT1.2", "phần hai", "viết dạng CB1.2"),
        ("VD: 3", "VC: 3", "Không có mục “VC”"),
        ("  bai-mot:", "  bai-la:", "Không có bài “bai-la”"),
        ("rules:", "luat:", "Không có mục “luat”"),
        ("en: Course test", "vi: Course test", "viết hai lần"),
    ],
)
def test_a_fault_of_the_plan_keeps_the_course_out(tmp_path: Path, old: str, new: str, expected: str) -> None:
    course, problems = parse_course(read_files(planned(tmp_path, PLANNED.replace(old, new))))
    assert course is None
    assert any("mau/blueprint.yaml" in str(one) and expected.rpartition(": ")[2].strip("“”") in str(one) for one in problems)


def test_a_published_course_keeps_its_plan_and_the_places_of_its_lessons(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        publish(session, planned(tmp_path))
    with database.transaction() as session:
        assert queries.planned_tests(session)["TT1"].pass_percent == 60
        places = dict(session.execute(select(Lesson.slug, Lesson.frameworks)).all())
        assert places["bai-mot"] == ["DigComp 2.2: 5.2", "UNESCO 2022: U1"]
        assert places["bai-hai"] == []
        learner = make_learner(session)
        view = queries.lesson_view(session, learner.id, "khoa-thu", "bai-mot")
        assert view is not None
        assert view.frameworks == ("DigComp 2.2: 5.2", "UNESCO 2022: U1")


def test_a_changed_plan_is_a_new_version_and_a_course_without_one_has_no_test(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        assert publish(session) == 1
        assert queries.planned_tests(session) == {}
        assert publish(session, planned(tmp_path / "a")) == 2
        assert publish(session, planned(tmp_path / "b", PLANNED.replace("60", "70"))) == 3
        assert queries.planned_tests(session)["TT1"].pass_percent == 70


def test_a_course_is_known_to_be_completed_by_who_completed_it(database: Database) -> None:
    with database.transaction() as session:
        publish(session)
        learner = make_learner(session)
        assert not queries.has_completed(session, learner.id, "TT1")
        for slug in ("bai-mot", "bai-hai", "bai-ba"):
            operations.complete_lesson(session, learner.actor, "khoa-thu", slug, AT)
        assert queries.has_completed(session, learner.id, "TT1")
