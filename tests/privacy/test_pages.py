"""The pages: the notice comes once, one's data is one's own, requests are answered in scope, retention is carried out and told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, update

from lms.accounts.models import ActivationCode, Person, SignIn
from lms.kit.actors import Actor, Role
from lms.kit.audit import AuditEntry
from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.imports.models import ImportRun
from lms.kit.secrets import vault_of
from lms.lrs.outbox import OutboxEntry
from lms.privacy.jobs import throw_away
from lms.privacy.models import DataRequest, NoticeRead, RetentionRun
from lms.privacy.notice import VERSION
from lms.results.models import Outcome
from quizzes.models import Round
from quizzes.operations.attempts import start_attempt
from tests.factories import grant, make_agency, make_person
from tests.privacy.making import Known, drain, leave_service, live, make_known, make_world, occurrences, open_the_round
from tests.quizzes.making import AT, QUARTER, SECRET_WHY

SignInAs = Callable[[str], FlaskClient]
PASSWORD = "một câu dễ nhớ đủ dài 2026"


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def known(app: Flask, database: Database) -> Known:
    with database.transaction() as session:
        agency = make_world(session)
        person = make_known(session, agency, 1, "Đặng Thị Kim Chi")
        focal_point = make_person(session, "Lê Đầu Mối", agency=agency, login="daumoi")
        grant(session, focal_point, Role.FOCAL_POINT, agency)
        elsewhere = make_agency(session, "Sở Y tế", code="H55.2")
        stranger = make_person(session, "Hoàng Nơi Khác", agency=elsewhere, login="noikhac")
        grant(session, stranger, Role.FOCAL_POINT, elsewhere)
        for login in ("quantri", "quantri2"):
            grant(session, make_person(session, f"Cơ quan {login}", agency=agency, login=login), Role.DEPARTMENT)
        open_the_round(session)
        live(session, person)
    drain(app)
    return person


def ask_correction(client: FlaskClient, field: str = "birth_date", proposed: str = "08/03/1985") -> None:
    data = {"field": field, "proposed": proposed, "reason": "theo CCCD"}
    assert client.post("/account/data/correction", data=data).status_code == 303


def request_id(database: Database) -> str:
    with database.reading() as session:
        return str(session.scalars(select(DataRequest.id)).one())


# --- the notice


def signed_in(app: Flask, database: Database) -> FlaskClient:
    with database.transaction() as session:
        make_person(session, "Bế Văn Mới", agency=make_agency(session, "Sở Mới"), login="moi", password=PASSWORD)
    client = app.test_client()
    assert client.post("/sign-in", data={"login": "moi", "password": PASSWORD}).status_code == 303
    return client


def test_the_notice_comes_before_the_first_page_and_only_once(app: Flask, database: Database) -> None:
    client = signed_in(app, database)
    away = client.get("/courses/?x=1")
    assert away.status_code == 302
    assert away.location == "/privacy/notice?next=%2Fcourses%2F%3Fx%3D1"
    page = client.get(away.location)
    assert page.status_code == 200
    assert "Đã đọc, tiếp tục" in page.text
    assert client.get("/").location.startswith("/privacy/notice")
    on = client.post("/privacy/notice", data={"next": "/courses/?x=1"})
    assert on.location == "/courses/?x=1"
    assert client.get("/").status_code == 200
    with database.reading() as session:
        assert session.scalars(select(NoticeRead.version)).all() == [VERSION]
    again = app.test_client()
    again.post("/sign-in", data={"login": "moi", "password": PASSWORD})
    assert again.get("/").status_code == 200


def test_the_notice_leads_to_no_other_site(app: Flask, database: Database) -> None:
    client = signed_in(app, database)
    assert client.post("/privacy/notice", data={"next": "//evil.example"}).location == "/"


def test_a_running_attempt_is_not_disturbed(app: Flask, database: Database) -> None:
    with database.transaction() as session:
        agency = make_world(session)
        person = make_person(session, "Bế Văn Mới", agency=agency, login="moi", password=PASSWORD)
        open_the_round(session)
        attempt = start_attempt(session, Actor(person, "", ""), QUARTER, AT).attempt_id
    client = app.test_client()
    client.post("/sign-in", data={"login": "moi", "password": PASSWORD})
    assert not client.get(f"/attempts/{attempt}").headers.get("Location", "").startswith("/privacy")
    assert client.get("/").location.startswith("/privacy/notice")


def test_no_request_asks_the_database_for_the_notice(database: Database, known: Known, sign_in: SignInAs) -> None:
    client = sign_in("dang.nhap.1")
    asked: list[str] = []
    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
    client.get("/account/data/correction")
    assert not [statement for statement in asked if "notice_read" in statement]


def test_everybody_may_read_the_notice_in_both_languages(app: Flask) -> None:
    assert "Thời hạn lưu" in app.test_client().get("/privacy").text
    client = app.test_client()
    client.set_cookie("lms_display", "en.100.normal")
    assert "What is kept" in client.get("/privacy").text


# --- one's own file


def test_the_own_file_tells_all_about_oneself_and_nothing_about_others(database: Database, known: Known, sign_in: SignInAs) -> None:
    response = sign_in("dang.nhap.1").post("/account/data/file", data={"form": "json"})
    assert response.status_code == 200
    assert "attachment" in response.headers["Content-Disposition"]
    assert response.headers["Cache-Control"] == "no-store"
    document = json.loads(response.data)
    headings = {section["heading"]: section["rows"] for section in document["sections"]}
    facts = {row["Mục"]: row["Nội dung"] for row in headings["Hồ sơ"]}
    assert facts["Số CCCD"] == "019085000121"
    assert facts["Họ và tên"] == "Đặng Thị Kim Chi"
    for heading in ("Vị trí công tác", "Phiên đăng nhập", "Phiếu cấp tài khoản", "Khóa học", "Lượt làm bài", "Kho dữ liệu học tập xAPI"):
        assert headings[heading], heading
    assert headings["Nhật ký thao tác"]
    text = response.get_data(as_text=True)
    for other in ("Lê Đầu Mối", "Hoàng Nơi Khác", "Công vụ LMS"):
        assert other not in text
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "privacy.disclose")) == 1


def test_no_answer_key_or_mark_comes_out_before_its_time(database: Database, known: Known, sign_in: SignInAs) -> None:
    client = sign_in("dang.nhap.1")

    def told() -> tuple[list[dict[str, object]], str]:
        response = client.post("/account/data/file", data={"form": "json"})
        sections = {section["heading"]: section["rows"] for section in json.loads(response.data)["sections"]}
        return sections["Câu trả lời của các kỳ đã đóng"], response.get_data(as_text=True)

    answers, text = told()
    assert answers == []
    assert SECRET_WHY not in text
    assert "correctResponsesPattern" not in text
    stated = [row for section in json.loads(text)["sections"] for row in section["rows"] if "/xapi/activities/items/" in str(row.get("Về"))]
    assert stated
    assert {row["Kết quả"] for row in stated} == {None}
    with database.transaction() as session:
        session.execute(update(Round).values(state="closed", feedback_policy="never"))
    answers, text = told()
    assert len(answers) == 6
    assert {row["Điểm của câu"] for row in answers} == {None}
    with database.transaction() as session:
        session.execute(update(Round).values(feedback_policy="after_close"))
    assert {row["Điểm của câu"] for row in told()[0]} == {"0.0000", "1.0000"}
    assert SECRET_WHY not in told()[1]


def test_the_readable_file_is_a_workbook_without_formulas(known: Known, sign_in: SignInAs) -> None:
    response = sign_in("dang.nhap.1").post("/account/data/file", data={"form": "xlsx"})
    with ZipFile(BytesIO(response.data)) as archive:
        names = archive.namelist()
        assert sum(name.startswith("xl/worksheets/sheet") for name in names) > 10
        assert not [name for name in names if name.startswith("xl/worksheets/sheet") and b"<f>" in archive.read(name)]


# --- requests


def test_a_correction_granted_changes_the_record_and_the_person_sees_the_answer(
    database: Database, known: Known, sign_in: SignInAs
) -> None:
    ask_correction(sign_in("dang.nhap.1"))
    asked = request_id(database)
    assert "1" in sign_in("daumoi").get("/manage/data-requests/").text
    page = sign_in("daumoi").get(f"/manage/data-requests/{asked}").text
    assert "07/03/1985" in page
    assert "08/03/1985" in page
    answer = {"decision": "grant", "answer": "Đã sửa theo CCCD."}
    assert sign_in("daumoi").post(f"/manage/data-requests/{asked}/answer", data=answer).status_code == 303
    with database.reading() as session:
        assert f"{session.get_one(Person, known.id).birth_date:%d/%m/%Y}" == "08/03/1985"
        assert session.scalars(select(DataRequest.state)).one() == "done"
    assert "Đã sửa theo CCCD." in sign_in("dang.nhap.1").get(f"/account/data/requests/{asked}").text
    twice = sign_in("daumoi").post(f"/manage/data-requests/{asked}/answer", data=answer)
    assert twice.status_code == 409


def test_a_request_is_answered_in_scope_and_seen_by_its_person_alone(database: Database, known: Known, sign_in: SignInAs) -> None:
    ask_correction(sign_in("dang.nhap.1"))
    asked = request_id(database)
    assert sign_in("noikhac").get(f"/manage/data-requests/{asked}").status_code == 404
    assert "Đặng Thị Kim Chi" not in sign_in("noikhac").get("/manage/data-requests/").text
    assert sign_in("noikhac").post(f"/manage/data-requests/{asked}/answer", data={"answer": "x"}).status_code == 404
    assert sign_in("noikhac").get(f"/account/data/requests/{asked}").status_code == 404
    assert sign_in("noikhac").post(f"/account/data/requests/{asked}/withdraw").status_code == 404
    assert sign_in("dang.nhap.1").get("/manage/data-requests/").status_code == 403


def test_proposed_numbers_are_sealed_and_leave_no_trace_in_the_audit(database: Database, known: Known, sign_in: SignInAs) -> None:
    ask_correction(sign_in("dang.nhap.1"), "identity_number", "019085000999")
    with database.reading() as session:
        sealed = session.scalars(select(DataRequest.proposed_sealed)).one()
        assert sealed is not None
        assert vault_of(session).unseal(sealed) == "019085000999"
        told = json.dumps([entry.details for entry in session.scalars(select(AuditEntry))])
    assert "019085000999" not in told
    assert known.names[5] not in told
    assert "912345671" not in told


@pytest.mark.parametrize(
    ("field", "proposed"), [("birth_date", "31/02/1985"), ("email", "x"), ("phone", "12"), ("identity_number", "5"), ("", "x")]
)
def test_a_value_that_cannot_be_is_said_at_the_field(known: Known, sign_in: SignInAs, field: str, proposed: str) -> None:
    data = {"field": field, "proposed": proposed, "reason": "x"}
    assert sign_in("dang.nhap.1").post("/account/data/correction", data=data).status_code == 422


def test_the_same_is_not_asked_twice_while_it_waits_and_can_be_taken_back(database: Database, known: Known, sign_in: SignInAs) -> None:
    client = sign_in("dang.nhap.1")
    ask_correction(client)
    again = client.post("/account/data/correction", data={"field": "birth_date", "proposed": "09/03/1985", "reason": "x"})
    assert again.status_code == 409
    asked = request_id(database)
    client.post(f"/account/data/requests/{asked}/withdraw")
    ask_correction(client)
    with database.reading() as session:
        assert sorted(session.scalars(select(DataRequest.state))) == ["open", "withdrawn"]


def test_what_waits_too_long_is_counted(database: Database, known: Known, sign_in: SignInAs) -> None:
    ask_correction(sign_in("dang.nhap.1"))
    with time_machine.travel(AT + timedelta(days=7), tick=False):
        page = sign_in("daumoi").get("/manage/data-requests/").text
        assert "Quá hạn" in page
        assert "quá hạn" in sign_in("daumoi").get("/").text


def test_erasing_takes_two_people_of_the_department(database: Database, known: Known, sign_in: SignInAs) -> None:
    with database.transaction() as session:
        leave_service(session, known.id)
    page = sign_in("quantri").get(f"/manage/people/{known.id}/erasure")
    assert "Giữ, không còn tên" in page.text
    sign_in("quantri").post(f"/manage/people/{known.id}/erasure", data={"reason": "đã nghỉ việc"})
    asked = request_id(database)
    sign_in("quantri2").post(f"/manage/data-requests/{asked}/answer", data={"decision": "grant", "answer": "Sẽ xóa."})
    sign_in("quantri").post(f"/manage/data-requests/{asked}/erase")
    with database.reading() as session:
        assert session.get_one(Person, known.id).erased_at is None
    assert "Xóa vĩnh viễn" in sign_in("quantri2").get(f"/manage/data-requests/{asked}/erase").text
    sign_in("quantri2").post(f"/manage/data-requests/{asked}/erase")
    with database.reading() as session:
        assert list(occurrences(session, known.names)) == []


# --- retention


def test_what_was_kept_long_enough_goes_and_the_run_is_told(app: Flask, database: Database, known: Known, sign_in: SignInAs) -> None:
    later = AT + timedelta(days=400)
    with database.reading() as session:
        outcomes = session.scalar(select(func.count()).select_from(Outcome))
    with time_machine.travel(later, tick=False), app.app_context():
        counts = throw_away(now())
        assert counts is not None
        assert counts["sign_ins"] >= 1
        assert counts["slips"] == 1
        assert counts["import_details"] == 1
        assert counts["outbox"] > 3
        assert throw_away(now()) is None  # once a day
        assert sum((throw_away(now(), again=True) or {"x": 1}).values()) == 0
        page = sign_in("quantri").get("/manage/retention").text
    assert "Phiếu cấp tài khoản đã dùng hoặc hết hạn: 1" in page
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ActivationCode)) == 0
        assert session.scalar(select(func.count()).select_from(OutboxEntry)) == 0
        assert session.scalars(select(ImportRun.findings)).all() == [[]]
        assert session.scalar(select(func.count()).select_from(Outcome)) == outcomes
        run = session.scalars(select(RetentionRun)).one()
        assert run.finished_at is not None
        assert run.counts["slips"] == 1


def test_what_is_not_old_stays(app: Flask, database: Database, known: Known) -> None:
    with app.app_context():
        assert not any((throw_away(AT + timedelta(days=20)) or {"x": 1}).values())
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(SignIn)) == 1


def test_a_dry_run_tells_and_changes_nothing(app: Flask, database: Database, known: Known) -> None:
    command = next(command for feature in app.extensions["lms.features"] for command in feature.commands if command.name == "privacy")
    with app.app_context():
        result = CliRunner().invoke(command, ["retention", "--dry-run"])
    assert result.exit_code == 0
    assert "sign_ins" in result.output
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(RetentionRun)) == 0
