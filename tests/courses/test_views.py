"""The pages: catalogue, course, lesson."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from courses.models import ChecklistTick, CourseMedia, Enrolment, LessonProgress
from courses.views import home_panel
from lms.kit.actors import SERVICE
from lms.kit.db import Database
from tests.courses.making import FIRST, SECOND, THIRD, Learner, changed, make_learner, publish

SignIn = Callable[[str], FlaskClient]
COURSE = "/courses/khoa-thu/"


@pytest.fixture
def learner(database: Database) -> Learner:
    with database.transaction() as session:
        publish(session)
        return make_learner(session)


@pytest.fixture
def client(learner: Learner, sign_in: SignIn) -> FlaskClient:
    return sign_in("hocvien")


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """Statements sent to the database meanwhile."""
    sent: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        for engine in database.engines:
            event.remove(engine, "before_cursor_execute", note)


def text_of(client: FlaskClient, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.text


def test_the_catalogue_shows_ones_own_courses_first(client: FlaskClient, database: Database, tmp_path: Path) -> None:
    other = {"course.yaml": ("code: TT1\nslug: khoa-thu\ntitle: {vi: Khoá thử", "code: AA1\nslug: khac\ntitle: {vi: Khoá khác")}
    folder = changed(tmp_path, other)
    (folder / "course.yaml").write_text((folder / "course.yaml").read_text().replace("[N2, IT]", "[N5]"))
    with database.transaction() as session:
        publish(session, folder)
    page = text_of(client, "/courses/")
    assert page.index("Khóa học của tôi") < page.index("Khoá thử") < page.index("Các khóa khác") < page.index("Khoá khác")


def test_an_empty_catalogue_says_so(database: Database, sign_in: SignIn) -> None:
    with database.transaction() as session:
        make_learner(session)
    assert "Chưa có khóa học nào" in text_of(sign_in("hocvien"), "/courses/")


def test_a_course_lists_its_lessons_with_minutes_weight_and_marks(client: FlaskClient) -> None:
    client.post(f"{COURSE}{FIRST}/complete")
    page = text_of(client, COURSE)
    assert "Đã học 1 trên 3 bài" in page
    assert re.search(r"8 phút · [0-9]+ KB", page)
    assert re.findall(r"(Đã học|Đang học|Chưa học)</span>", page) == ["Đã học", "Chưa học", "Chưa học"]
    assert f'href="{COURSE}{SECOND}">Học tiếp</a>' in page


def test_looking_at_a_course_does_not_enrol(client: FlaskClient, database: Database) -> None:
    text_of(client, COURSE)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Enrolment)) == 0


def test_opening_a_lesson_enrols_once(client: FlaskClient, database: Database, learner: Learner) -> None:
    text_of(client, f"{COURSE}{FIRST}")
    text_of(client, f"{COURSE}{FIRST}")
    with database.reading() as session:
        assert session.scalars(select(Enrolment.person_id)).all() == [learner.id]


@pytest.mark.parametrize("header", ["Sec-Purpose", "Purpose"])
def test_a_page_fetched_ahead_is_not_a_page_read(client: FlaskClient, database: Database, header: str) -> None:
    client.get(f"{COURSE}{FIRST}", headers={header: "prefetch"})
    client.head(f"{COURSE}{FIRST}")
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LessonProgress)) == 0


def test_a_lesson_shows_message_callout_figure_check_and_sources(client: FlaskClient) -> None:
    page = text_of(client, f"{COURSE}{FIRST}")
    for part in ("Điều cần nhớ:", "callout--legal", "Mô tả hình bằng lời", "<details", "Tự kiểm tra 1", 'id="source-luat2"'):
        assert part in page
    assert "Luật thứ hai</span> <em>(chưa đối chiếu được bản gốc)</em>" in page
    assert page.count("<h1") == 1
    assert "style=" not in page
    assert "&lt;" not in page


def test_a_finished_lesson_leads_to_the_next_and_the_last_to_the_course(client: FlaskClient) -> None:
    for slug, following in ((FIRST, f"{COURSE}{SECOND}"), (SECOND, f"{COURSE}{THIRD}"), (THIRD, COURSE)):
        response = client.post(f"{COURSE}{slug}/complete")
        assert (response.status_code, response.location) == (303, following)
    page = text_of(client, COURSE)
    assert "Đã học xong khóa học “Khoá thử”." in page
    assert "Đã học xong cả 3 bài" in page


def test_a_checklist_is_there_again_as_it_was_left(client: FlaskClient, database: Database) -> None:
    page = text_of(client, f"{COURSE}{SECOND}")
    tasks = re.findall(r'name="tasks" value="([0-9a-f]+)"', page)
    response = client.post(f"{COURSE}{SECOND}/checklist", data={"tasks": [tasks[1]]})
    assert response.status_code == 303
    again = text_of(client, response.location)
    assert re.search(r"Đã lưu lúc [0-9]{2}:[0-9]{2}\.", again)
    assert re.findall(r'value="([0-9a-f]+)" checked', again) == [tasks[1]]
    with database.reading() as session:
        assert session.scalars(select(ChecklistTick.task_id)).all() == [tasks[1]]


def test_a_task_made_up_is_refused(client: FlaskClient) -> None:
    response = client.post(f"{COURSE}{SECOND}/checklist", data={"tasks": ["'; drop table lesson"]})
    assert response.status_code == 422
    assert "Danh sách việc đã thay đổi" in response.text


def test_a_figure_is_kept_by_browsers_and_can_do_nothing(client: FlaskClient, database: Database) -> None:
    page = text_of(client, f"{COURSE}{FIRST}")
    source = re.search(r'src="(/courses/media/[0-9a-f]{64}\.svg)"', page)
    assert source is not None
    response = client.get(source[1])
    assert response.mimetype == "image/svg+xml"
    assert "immutable" in response.headers["Cache-Control"]
    assert "sandbox" in response.headers["Content-Security-Policy"]
    with database.reading() as session:
        assert response.data == session.scalars(select(CourseMedia.content)).one()


@pytest.mark.parametrize(
    "address",
    ["/courses/khong-co/", "/courses/khong-co/bai-mot", f"{COURSE}khong-co", f"/courses/media/{'0' * 64}.svg", "/courses/media/x.svg"],
)
def test_what_does_not_exist_is_not_found(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("address", ["/courses/", COURSE, f"{COURSE}{FIRST}"])
def test_nobody_studies_without_signing_in(client: FlaskClient, address: str) -> None:
    response = client.application.test_client().get(address)
    assert response.status_code in (302, 303, 401)


def test_english_pages_say_that_the_text_is_vietnamese(client: FlaskClient) -> None:
    client.set_cookie("lms_display", "en.100.normal")
    course = text_of(client, COURSE)
    assert "A trial course</h1>" in course
    lesson = text_of(client, f"{COURSE}{FIRST}")
    assert "Lesson one</h1>" in lesson
    assert '<div class="lesson" lang="vi">' in lesson
    assert '<span lang="vi">Luật thứ nhất</span>' in lesson


def test_pages_cost_the_same_number_of_statements_however_much_there_is(client: FlaskClient, database: Database, tmp_path: Path) -> None:
    addresses = ("/courses/", COURSE, f"{COURSE}{FIRST}", "/")
    for address in (*addresses, f"{COURSE}{SECOND}", f"{COURSE}{FIRST}"):
        text_of(client, address)
    before = [_statements(client, database, address) for address in addresses]
    lesson = (Path(__file__).parent / "examples/valid/02-thuc-hanh/01-bai-ba.md").read_bytes()
    with database.transaction() as session:
        publish(session, changed(tmp_path / "a", {f"02-thuc-hanh/{number:02d}-bai-so-{number}.md": lesson for number in range(2, 30)}))
        for number in range(10):
            code = ("code: TT1\nslug: khoa-thu", f"code: TT2{number}\nslug: khoa-{number}")
            publish(session, changed(tmp_path / str(number), {"course.yaml": code}))
    assert [_statements(client, database, address) for address in addresses] == before


def _statements(client: FlaskClient, database: Database, address: str) -> int:
    with counted(database) as sent:
        text_of(client, address)
    return len(sent)


def test_a_lesson_read_before_is_read_again_without_writing(client: FlaskClient, database: Database) -> None:
    text_of(client, f"{COURSE}{FIRST}")
    with counted(database) as sent:
        text_of(client, f"{COURSE}{FIRST}")
    assert not [statement for statement in sent if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE", "BEGIN IMMEDIATE"))]


def test_the_first_page_shows_courses_begun_else_those_meant_for_me(client: FlaskClient) -> None:
    page = text_of(client, "/")
    assert "Khóa học của tôi" in page
    assert "Dành cho vị trí việc làm đang giữ:" in page
    client.post(f"{COURSE}{FIRST}/complete")
    page = text_of(client, "/")
    assert "Học tiếp: đã học 1 trên 3 bài" in page
    assert "Dành cho vị trí việc làm đang giữ:" not in page
    for slug in (SECOND, THIRD):
        client.post(f"{COURSE}{slug}/complete")
    assert "Học tiếp: đã học" not in text_of(client, "/")


def test_there_is_no_block_of_courses_for_the_service_itself(database: Database) -> None:
    with database.reading() as session:
        assert home_panel(session, SERVICE, datetime(2026, 11, 22, tzinfo=UTC)) is None
