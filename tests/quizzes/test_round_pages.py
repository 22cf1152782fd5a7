"""The pages on which a round is set up, spread, changed and explained."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select, update

from courses.models import Course
from lms.accounts.models import Posting
from lms.kit.actors import SERVICE, Role
from lms.kit.db import Database
from lms.kit.jobs import Job
from lms.results.models import Expectation
from quizzes.models import BlockRule, MakeUpPlace, Round
from quizzes.operations.exclusions import exclude_person
from quizzes.operations.life import OPENING, close_round, request_work
from quizzes.views import rounds
from tests.courses.making import make_learner, publish
from tests.factories import grant, make_agency, make_people, make_person
from tests.quizzes.making import AT, QUARTER, carry_out, fill_bank, make_learners, make_round, person_of

SignIn = Callable[[str], FlaskClient]
PAGES = f"/manage/rounds/{QUARTER}"


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def phong(database: Database, sign_in: SignIn) -> FlaskClient:
    """The department."""
    with database.transaction() as session:
        make_learners(session, "an", "phong")
        grant(session, person_of(session, "phong"), Role.DEPARTMENT)
        fill_bank(session)
    return sign_in("phong")


def test_a_round_is_set_up_from_nothing_to_open_by_its_pages(app: Flask, database: Database, phong: FlaskClient) -> None:
    page = phong.post("/manage/rounds/new", data={"quarter": "2026-q4", "purpose": "quarterly"}, follow_redirects=True).text
    assert "Kiểm tra định kỳ Quý IV/2026" in page
    assert "Chưa ghi căn cứ" in page
    assert "Ma trận đề chưa có câu nào" in page
    refused = phong.post(f"{PAGES}/open", follow_redirects=True).text
    assert "Còn mục thiếu" in refused
    general = {"title": "Quý IV", "legal_number": "12/KH-UBND", "legal_date": "01/10/2026"}
    assert "Đã lưu" in phong.post(f"{PAGES}/edit/general", data=general, follow_redirects=True).text
    assert "Không có gì thay đổi" in phong.post(f"{PAGES}/edit/general", data=general, follow_redirects=True).text
    paper = {"cell.CB1.1.NB": "6", "forms": "5", "overlap_limit": "100", "exposure_limit": "100", "anchors": "0"}
    assert "Đã lưu" in phong.post(f"{PAGES}/edit/paper", data=paper, follow_redirects=True).text
    assert "có 12" in phong.get(f"{PAGES}/edit/paper").text
    assert phong.get(f"{PAGES}/open").status_code == 200
    phong.post(f"{PAGES}/open")
    carry_out(app)
    with database.reading() as session:
        held = session.scalars(select(Round)).one()
        assert (held.state, held.form_count, held.title) == ("open", 5, "Quý IV")
    assert "Danh sách đã chốt" in phong.post(f"{PAGES}/edit/rules", data=_rules(minutes="45")).text
    assert phong.get(f"{PAGES}/delete").status_code == 302


def _rules(**changes: str) -> dict[str, str]:
    usual = {
        "minutes": "20",
        "attempts_allowed": "2",
        "counting": "highest",
        "pass_mark": "50",
        "feedback_policy": "after_close",
        "grace_seconds": "30",
        "late_minutes": "10",
    }
    return {**usual, **changes}


@pytest.mark.parametrize(
    ("part", "sent", "said"),
    [
        ("windows", {"cutoff_day": "31/02/2026", "opens_at": "x", "closes_at": ""}, "Viết ngày/tháng/năm rồi giờ:phút"),
        ("windows", {"cutoff_day": "01/11/2026", "opens_at": "10/11/2026 08:00", "closes_at": "09/11/2026 08:00"}, "Giờ đóng phải sau"),
        ("rules", _rules(minutes="999"), "Nhập số từ 1 đến 240"),
        ("rules", _rules(pass_mark="NaN"), "Nhập số từ 0 đến 100"),
        ("rules", _rules(pass_mark="1e400"), "Nhập số từ 0 đến 100"),
        ("rules", _rules(counting="best"), "không có trong danh sách"),
        ("general", {"title": ""}, "Chưa nhập tên kỳ"),
        ("general", {"title": "x" * 500}, "không quá 200"),
        ("paper", {"cell.CB1.1.NB": "-3", "forms": "5", "overlap_limit": "50", "exposure_limit": "50", "anchors": "0"}, "nhập số câu"),
        ("paper", {"cell.CB1.1.NB": "999", "forms": "5", "overlap_limit": "50", "exposure_limit": "50", "anchors": "0"}, "không quá 200"),
        ("audience", {"agencies": "not-an-id"}, "Tìm và chọn lại"),
        ("audience", {"groups": "N9"}, "nhóm không còn trong hệ thống"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_nothing_is_stored(
    database: Database, phong: FlaskClient, part: str, sent: dict[str, str], said: str
) -> None:
    with database.transaction() as session:
        make_round(session, open_it=False)
        before = session.execute(select(Round.__table__)).one()
    page = phong.post(f"{PAGES}/edit/{part}", data=sent)
    assert page.status_code == 200
    assert said in page.text
    assert "error-summary" in page.text
    with database.reading() as session:
        assert session.execute(select(Round.__table__)).one() == before
    assert phong.get(f"{PAGES}/edit/nothing").status_code == 404


def test_agencies_are_found_and_chosen_without_a_script(database: Database, phong: FlaskClient) -> None:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Y tế")
        make_round(session, open_it=False)
    found = phong.post(f"{PAGES}/edit/audience", data={"agencies-q": "so y te", "step": "find"}).text
    assert "Sở Y tế" in found
    phong.post(f"{PAGES}/edit/audience", data={"agencies": str(agency), "groups": "N2", "excuses": "sick", "step": "save"})
    with database.reading() as session:
        audience = session.scalars(select(Round.audience)).one()
    assert audience == {"groups": ["N2"], "agencies": [str(agency)], "excuses": ["sick"]}
    page = phong.get(f"{PAGES}/audience").text
    assert "Cơ quan: Sở Y tế" in page
    assert "Miễn, hoãn vì: Nghỉ ốm" in page


def test_blocks_are_spread_refused_over_capacity_and_moved_by_hand(database: Database, phong: FlaskClient) -> None:
    with database.transaction() as session:
        root = make_agency(session, "UBND tỉnh", kind="province")
        agencies = [make_agency(session, f"Sở số {number}", parent=root) for number in range(4)]
        for agency in agencies:
            make_people(session, agency, [{}] * 10)
        make_round(session, open_it=False)
    over = phong.post(f"{PAGES}/blocks", data={"blocks": "2", "capacity": "15"}).text
    assert "quá sức chứa 15" in over
    page = phong.post(f"{PAGES}/blocks", data={"blocks": "3", "capacity": "25"}, follow_redirects=True).text
    assert "Đã chia 3 ca" in page
    moved = {"opens_at": "01/11/2026 08:00", "closes_at": "02/11/2026 17:00", "agencies": str(agencies[0]), "step": "save"}
    assert "Đã lưu ca 1" in phong.post(f"{PAGES}/blocks/1", data=moved, follow_redirects=True).text
    outside = phong.post(f"{PAGES}/blocks/1", data={**moved, "closes_at": "02/11/2027 17:00"}).text
    assert "Ca phải nằm trong thời gian mở" in outside
    with database.reading() as session:
        assert len(session.scalars(select(BlockRule).where(BlockRule.agency_id == agencies[0])).all()) == 1
    assert phong.get(f"{PAGES}/blocks/99").status_code == 404
    assert "chưa có ca" in phong.get(f"{PAGES}/").text  # who was in the first block has none now
    assert "Chưa chia ca" in phong.post(f"{PAGES}/blocks/drop", follow_redirects=True).text


def test_people_are_let_into_a_make_up_sitting_by_their_codes(database: Database, phong: FlaskClient) -> None:
    with database.transaction() as session:
        make_round(session)
        make_person(session, agency=make_agency(session, "Sở mới"), staff_code="CB777")
    times = {"opens_at": "20/12/2026 08:00", "closes_at": "21/12/2026 17:00", "attempts_allowed": "1", "reason": "mưa bão"}
    admitted = phong.post(f"{PAGES}/make-up", data=times, follow_redirects=False)
    address = admitted.location
    assert "mưa bão" in phong.get(address).text
    assert "Không có cán bộ nào mang mã: XX1" in phong.post(address, data={"which": "named", "codes": "xx1", "reason": "x"}).text
    assert "không có tên trong danh sách" in phong.post(address, data={"which": "named", "codes": "CB777", "reason": "x"}).text
    assert "Đã cho 2 người" in phong.post(address, data={"which": "missing"}, follow_redirects=True).text
    with database.reading() as session:
        assert len(session.scalars(select(MakeUpPlace)).all()) == 2
    assert "Chưa có đợt bổ sung" in phong.post(f"{address}/cancel", follow_redirects=True).text
    assert phong.get(address).status_code == 404


def test_a_focal_point_sees_its_own_people_and_asks_and_the_department_decides(
    database: Database, phong: FlaskClient, sign_in: SignIn
) -> None:
    with database.transaction() as session:
        agency = make_agency(session, "Xã A")
        focal = make_person(session, "Ma Thị Đầu", agency=agency, login="dau")
        grant(session, focal, Role.FOCAL_POINT, agency)
        own = make_person(session, "Lò Văn Của", agency=agency)
        make_round(session)
        stranger = person_of(session, "an")
    dau = sign_in("dau")
    page = dau.get(f"/manage/round-lists/{QUARTER}").text
    assert "Lò Văn Của" in page
    assert "Nguyễn Văn an" not in page
    assert dau.get(f"/manage/round-lists/{QUARTER}/{stranger}").status_code == 404
    assert dau.post(f"/manage/round-lists/{QUARTER}/{stranger}", data={"because": "sick", "evidence": "x"}).status_code == 404
    assert dau.get("/manage/rounds").status_code == 403
    assert "Chưa ghi minh chứng" in dau.post(f"/manage/round-lists/{QUARTER}/{own}", data={"because": "sick"}).text
    asked = dau.post(f"/manage/round-lists/{QUARTER}/{own}", data={"because": "sick", "evidence": "Giấy ra viện"}, follow_redirects=True)
    assert "Đã gửi đề nghị" in asked.text
    with database.reading() as session:
        assert session.scalars(select(Expectation.excluded_because).where(Expectation.person_id == own)).one() is None
    waiting = phong.get(f"/manage/round-lists/{QUARTER}?only=waiting").text
    assert "Nghỉ ốm" in waiting
    detail = phong.get(f"/manage/round-lists/{QUARTER}/{own}").text
    action = re.findall(r'action="([^"]*/proposals/[^"]*)"', detail)[0]
    assert dau.post(action, data={"decision": "accept"}).status_code == 403
    assert "Đã chấp nhận" in phong.post(action, data={"decision": "accept"}, follow_redirects=True).text
    with database.reading() as session:
        assert session.scalars(select(Expectation.excluded_because).where(Expectation.person_id == own)).one() == "sick"


def test_each_person_is_told_why_they_are_expected_or_not(database: Database, sign_in: SignIn) -> None:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Y tế")
        make_person(session, agency=agency, login="in")
        make_person(session, agency=agency, login="away", absence="maternity")
        make_person(session, agency=agency, login="boss", group="N1")
        make_person(session, agency=agency, login="late", valid_from=AT.date())
        fill_bank(session)
        round_id = make_round(session, groups=("N2",))
    said = {
        "in": ("Có tên trong danh sách", "thuộc diện kiểm tra"),
        "away": ("Nghỉ thai sản", "được miễn hoặc hoãn"),
        "boss": ("Không có tên trong danh sách", "Nhóm đối tượng không thuộc diện"),
        "late": ("Không có tên trong danh sách", "22/11/2026, sau ngày chốt"),
    }
    for login, sentences in said.items():
        page = sign_in(login).get(f"/rounds/{QUARTER}/").text
        for sentence in sentences:
            assert sentence in page, (login, sentence)
    with database.transaction() as session:
        exclude_person(session, SERVICE, round_id, person_of(session, "in"), because="duty", evidence="QĐ 5", at=AT)
    page = sign_in("in").get(f"/rounds/{QUARTER}/").text
    assert "Minh chứng: QĐ 5" in page
    with database.transaction() as session:  # the record of the cut-off day is corrected afterwards
        posting = session.scalars(select(Posting).where(Posting.person_id == person_of(session, "boss"))).one()
        posting.group_code = "N2"
    assert "Hồ sơ đã được sửa sau khi chốt" in sign_in("boss").get(f"/rounds/{QUARTER}/").text


def test_a_contest_asks_its_side_question_and_ranks(app: Flask, database: Database, phong: FlaskClient, sign_in: SignIn) -> None:
    with database.transaction() as session:
        make_round(session, open_it=False, purpose="contest", code="cuoc-thi", attempts_allowed=1)
    sent = _rules(attempts_allowed="1", side_question="Bao nhiêu người dự thi?")
    assert "Đã lưu" in phong.post("/manage/rounds/cuoc-thi/edit/rules", data=sent, follow_redirects=True).text
    phong.post("/manage/rounds/cuoc-thi/open")
    carry_out(app)
    an = sign_in("an")
    assert "Bao nhiêu người dự thi?" in an.get("/rounds/cuoc-thi/").text
    assert "Nhập số" in an.post("/rounds/cuoc-thi/side-question", data={"answer": "-1"}, follow_redirects=True).text
    assert "Đã ghi câu trả lời phụ" in an.post("/rounds/cuoc-thi/side-question", data={"answer": "17"}, follow_redirects=True).text
    started = an.post("/rounds/cuoc-thi/start", headers={"Accept": "application/json"}).json
    an.post(f"/attempts/{started['attempt']}/submit")
    closed = an.post("/rounds/cuoc-thi/side-question", data={"answer": "18"}, follow_redirects=True).text
    assert "không đổi được nữa" in closed
    assert "Chưa ghi đáp số" in phong.get("/manage/rounds/cuoc-thi/ranking").text
    phong.post("/manage/rounds/cuoc-thi/ranking", data={"answer": "20"})
    page = phong.get("/manage/rounds/cuoc-thi/ranking").text
    assert "Nguyễn Văn an" in page
    assert "Đáp số: 20" in page
    assert phong.get(f"{PAGES}/ranking").status_code == 404


def test_the_calendar_shows_rounds_usual_dates_and_days_off(database: Database, phong: FlaskClient) -> None:
    with database.transaction() as session:
        make_round(session, open_it=False)
    page = phong.get("/manage/rounds/calendar/2026").text
    assert "Kiểm tra Quý IV/2026" in page
    assert "16/02/2026 – 20/02/2026" in page
    assert "Chưa lập kỳ" in page
    assert "Ngày mở 01/11/2026 không phải ngày làm việc" in page
    assert phong.get("/manage/rounds/calendar").status_code == 302
    assert phong.get("/manage/rounds/calendar/1").status_code == 404


def test_pages_of_a_round_ask_as_often_for_many_people_as_for_few(database: Database, phong: FlaskClient) -> None:
    with database.transaction() as session:
        root = make_agency(session, "UBND tỉnh", kind="province")
        make_people(session, make_agency(session, "Sở Một", parent=root), [{}] * 3)
        make_round(session, open_it=False)
    pages = (f"{PAGES}/", f"{PAGES}/audience", f"{PAGES}/blocks", f"{PAGES}/open")

    def counted() -> list[int]:
        numbers = []
        for page in pages:
            seen: list[str] = []

            def note(*arguments: object, seen: list[str] = seen) -> None:
                seen.append(str(arguments[2]))

            event.listen(database.engine, "before_cursor_execute", note)
            assert phong.get(page).status_code == 200
            event.remove(database.engine, "before_cursor_execute", note)
            numbers.append(len(seen))
        return numbers

    counted()
    few = counted()
    with database.transaction() as session:
        for number in range(12):
            make_people(session, make_agency(session, f"Sở số {number}", parent=root), [{}] * 20)
    assert counted() == few


def test_nothing_of_a_rounds_pages_is_a_script(database: Database, phong: FlaskClient) -> None:
    with database.transaction() as session:
        make_round(session, open_it=False, title="<script>alert(1)</script>", legal_basis="<img src=x>")
    for page in (f"{PAGES}/", f"{PAGES}/edit/general", "/manage/rounds", "/manage/rounds/calendar/2026", f"{PAGES}/open"):
        text = phong.get(page).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text


def test_a_round_without_blocks_tells_how_many_people_sit_in_its_whole_window(database: Database, phong: FlaskClient) -> None:
    with database.transaction() as session:
        make_round(session)
    page = phong.get(f"{PAGES}/blocks").text
    assert "2 người thuộc diện" in page
    assert "Chưa chia ca" in page


def test_practice_is_found_on_the_page_of_its_course_and_is_never_due(database: Database, sign_in: SignIn) -> None:
    with database.transaction() as session:
        learner = make_learner(session)
        publish(session)
        code = session.scalars(select(Course.code)).one()
        fill_bank(session)
        make_round(session, purpose="practice", code="on-tap", course=code, title="Ôn tập khoá thử")
    client = sign_in("hocvien")
    assert "/rounds/on-tap/" not in client.get("/courses/khoa-thu/").text  # practice is for those in the course
    assert "/rounds/on-tap/" not in client.get("/rounds/").text
    lesson = re.findall(r'href="(/courses/khoa-thu/[^"/]+)"', client.get("/courses/khoa-thu/").text)[0]
    client.get(lesson)
    page = client.get("/courses/khoa-thu/").text
    assert "/rounds/on-tap/" in page
    assert "Luyện tập" in page
    assert "/rounds/on-tap/" in client.get("/rounds/").text
    with database.transaction() as session:
        assert rounds.home_panel(session, learner.actor, AT) is None
        close_round(session, SERVICE, session.scalars(select(Round.id)).one(), AT)
    assert "/rounds/on-tap/" not in client.get("/courses/khoa-thu/").text


def test_an_opening_that_failed_says_why_in_a_line_and_leads_back_to_it(database: Database, phong: FlaskClient) -> None:
    with database.transaction() as session:
        round_id = make_round(session, open_it=False)
        request_work(session, SERVICE, round_id, OPENING, AT)
        session.execute(update(Job).where(Job.kind == OPENING).values(state="failed", error="Traceback\n  in a file\nDisk full"))
    page = phong.get(f"{PAGES}/work").text
    assert "Disk full" in page
    assert "Traceback" not in page + phong.get(f"{PAGES}/").text
    assert f'href="{PAGES}/open"' in page
