"""The test at a course's end: opened by the course's plan, sat by whoever is in the course, shown on its page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from courses.models import CourseVersion
from lms.kit.actors import SERVICE
from lms.kit.db import Database
from lms.results.models import Expectation, Outcome
from quizzes.cli import rounds_group
from quizzes.interchange.yaml_file import parse
from quizzes.jobs.course_tests import open_course_tests, watch_course_tests
from quizzes.jobs.rounds import admit_newcomers, watch_rounds
from quizzes.models import Attempt, BlueprintCell, Form, FormSlot, ItemVersion, Round
from quizzes.operations.bank import import_items
from quizzes.queries.reminders import rounds_to_remind_of
from quizzes.rules.bank import ItemState
from quizzes.rules.rounds import RoundState
from tests.courses.making import publish
from tests.courses.written_courses import written_course
from tests.quizzes.making import AT, carry_out, keys_of, make_learners

CODE = "cuoi-khoa-tt1-2026"
PAGE = "/courses/khoa-thu/"
NEW_YEAR = datetime(2027, 1, 1, 1, 0, tzinfo=UTC)
SignIn = Callable[[str], FlaskClient]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller


@pytest.fixture
def course(app: Flask, database: Database, tmp_path: Path) -> Path:
    """The made-up course, published, with its questions in the bank and two learners."""
    folder = written_course(tmp_path)
    with database.transaction() as session:
        make_learners(session, "an", "binh")
        publish(session, folder)
        for path in sorted(folder.glob("*/questions.yaml")):
            parsed = parse(path.read_bytes())
            assert parsed.faults == ()
            import_items(session, SERVICE, parsed.items, path.name, AT - timedelta(days=400))
    return folder


@pytest.fixture
def an(app: Flask, course: Path, sign_in: SignIn) -> FlaskClient:
    """Somebody with the test open before them, who has not opened the course."""
    with app.app_context():
        assert open_course_tests(AT) == {"TT1": None}
    return sign_in("an")


def hand_in(client: FlaskClient, database: Database, *, right: bool) -> None:
    """Sit the test from start to end with every answer right, or none given."""
    attempt = str(client.post(f"/rounds/{CODE}/start").location)
    with database.reading() as session:
        form = session.scalars(select(Attempt.form_id).where(Attempt.state == "open")).one()
        keys = keys_of(session, form)
    answers: list[dict[str, Any]] = [{"slot": slot, "answer": key, "sequence": slot, "flagged": False} for slot, key in keys.items()]
    if right:
        saved = client.post(f"{attempt}/answers", json={"takeover": 1, "responses": answers})
        assert saved.status_code == 200, saved.text
    assert client.post(f"{attempt}/submit", data={"confirmed": "1"}).status_code in (200, 303)


def test_a_planned_test_is_opened_with_twenty_different_forms_by_its_blueprint(app: Flask, course: Path, database: Database) -> None:
    with app.app_context():
        assert open_course_tests(AT) == {"TT1": None}
    with database.reading() as session:
        held = session.scalars(select(Round)).one()
        assert (held.code, held.activity, held.state, held.course) == (CODE, f"course-test:{CODE}", RoundState.OPEN, "TT1")
        assert (held.title, held.duration_seconds, held.pass_mark) == ("Bài kiểm tra cuối khoá TT1", 1800, 60)
        assert held.closes_at == datetime(2026, 12, 31, 16, 59, tzinfo=UTC)
        assert session.scalar(select(func.sum(BlueprintCell.count))) == 20
        papers: dict[object, set[object]] = {}
        for form, version in session.execute(select(FormSlot.form_id, FormSlot.item_version_id)):
            papers.setdefault(form, set()).add(version)
        assert len({frozenset(paper) for paper in papers.values()}) == len(papers) == 20
        levels = dict(
            session.execute(
                select(ItemVersion.level, func.count())
                .join(FormSlot, FormSlot.item_version_id == ItemVersion.id)
                .join(Form, Form.id == FormSlot.form_id)
                .where(Form.number == 1)
                .group_by(ItemVersion.level)
            ).all()
        )
        assert levels == {"NB": 8, "TH": 7, "VD": 5}


def test_opening_again_opens_nothing_and_a_new_year_opens_a_new_test(
    app: Flask, course: Path, database: Database, clock: time_machine.Traveller
) -> None:
    with app.app_context():
        watch_course_tests(AT)
        assert open_course_tests(AT) == {}
        clock.move_to(NEW_YEAR)
        watch_rounds(NEW_YEAR)
        carry_out(app)
        assert open_course_tests(NEW_YEAR) == {"TT1": None}
    with database.reading() as session:
        states = dict(session.execute(select(Round.code, Round.state)).all())
    assert states == {CODE: RoundState.CLOSED, "cuoi-khoa-tt1-2027": RoundState.OPEN}


def test_a_bank_too_small_says_so_and_is_tried_again(app: Flask, course: Path, database: Database) -> None:
    with database.transaction() as session:
        session.execute(update(ItemVersion).where(ItemVersion.topic == "TT1.6").values(state=ItemState.RETIRED))
    with app.app_context():
        result = CliRunner().invoke(rounds_group, ["open-course-tests"])
        assert result.exit_code == 1
        assert "TT1: Ngân hàng câu hỏi không đủ cho ma trận đề" in result.output
    with database.reading() as session:
        assert session.scalars(select(Round.id)).all() == []


def test_the_command_tells_what_it_opened(app: Flask, course: Path) -> None:
    with app.app_context():
        result = CliRunner().invoke(rounds_group, ["open-course-tests"])
    assert (result.exit_code, result.output) == (0, "TT1: đã mở bài kiểm tra cuối khóa.\n")


def test_a_course_without_a_plan_has_no_test(app: Flask, course: Path, database: Database) -> None:
    with database.transaction() as session:
        version = session.scalars(select(CourseVersion).where(CourseVersion.superseded_at.is_(None))).one()
        version.test = {}
    with app.app_context():
        assert open_course_tests(AT) == {}


def test_whoever_has_not_opened_the_course_is_told_to_and_sees_it_nowhere_else(an: FlaskClient) -> None:
    page = an.get(PAGE).text
    assert "Bài kiểm tra cuối khóa" in page
    assert "Mở bài học đầu tiên để được làm bài kiểm tra." in page
    assert f"/rounds/{CODE}/" not in page
    assert CODE not in an.get("/rounds/").text


def test_a_learner_goes_from_the_course_to_its_test_fails_and_passes(an: FlaskClient, database: Database) -> None:
    an.get("/courses/khoa-thu/bai-1-1")
    page = an.get(PAGE).text
    assert "Chưa làm" in page
    assert f"/rounds/{CODE}/" in page
    hand_in(an, database, right=False)
    page = an.get(PAGE).text
    assert "Không đạt" in page
    assert "Điểm cao nhất: 0 trên 100, cần từ 60." in page
    assert "Làm lại" in page
    hand_in(an, database, right=True)
    page = an.get(PAGE).text
    assert "Đạt" in page
    assert "Điểm cao nhất: 100 trên 100" in page
    assert "Đã dùng 2 trên 10 lượt của năm nay." in page
    with database.reading() as session:
        passed = session.execute(select(Outcome.activity, Outcome.passed).where(Outcome.superseded_at.is_(None))).all()
    assert [tuple(row) for row in passed] == [(f"course-test:{CODE}", True)]


def test_whoever_is_excused_is_told_so(an: FlaskClient, app: Flask, database: Database) -> None:
    an.get("/courses/khoa-thu/bai-1-1")
    with app.app_context():
        admit_newcomers(AT)
    with database.transaction() as session:
        session.execute(update(Expectation).values(excluded_because="sick"))
    page = an.get(PAGE).text
    assert "Được miễn hoặc hoãn kiểm tra kỳ này." in page
    assert f"/rounds/{CODE}/" not in page


def test_a_test_under_way_is_taken_up_from_the_courses_page(an: FlaskClient) -> None:
    an.get("/courses/khoa-thu/bai-1-1")
    attempt = str(an.post(f"/rounds/{CODE}/start").location)
    page = an.get(PAGE).text
    assert "Đang làm" in page
    assert f'href="{attempt}"' in page


def test_the_best_mark_stays_when_a_new_year_begins(
    app: Flask, an: FlaskClient, database: Database, clock: time_machine.Traveller, sign_in: SignIn
) -> None:
    an.get("/courses/khoa-thu/bai-1-1")
    hand_in(an, database, right=True)
    clock.move_to(NEW_YEAR)
    with app.app_context():
        watch_rounds(NEW_YEAR)
        carry_out(app)
        open_course_tests(NEW_YEAR)
    page = sign_in("an").get(PAGE).text
    assert "Điểm cao nhất: 100 trên 100" in page
    assert "/rounds/cuoi-khoa-tt1-2027/" in page


def test_nobody_is_reminded_of_a_courses_test_and_the_first_page_leaves_it_to_the_course(an: FlaskClient, database: Database) -> None:
    an.get("/courses/khoa-thu/bai-1-1")
    assert CODE not in an.get("/").text
    with database.reading() as session:
        assert rounds_to_remind_of(session) == []


def test_a_lesson_names_its_places_in_frameworks(an: FlaskClient) -> None:
    assert "Năng lực: DigComp 2.2: 5.2" in an.get("/courses/khoa-thu/bai-1-1").text
