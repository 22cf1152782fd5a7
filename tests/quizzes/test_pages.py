"""The sitting through the browser's eyes: pages, forms and the calls of the page's script."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from lms.kit.actors import SERVICE, Role
from lms.kit.db import Database
from quizzes.models import Attempt, ItemVersion
from quizzes.operations.bank import import_items
from quizzes.operations.life import close_round
from tests.factories import grant, make_agency, make_person
from tests.quizzes.making import (
    AT,
    CLOSES,
    QUARTER,
    SECRET_WHY,
    carry_out,
    draft,
    fill_bank,
    keys_of,
    make_learners,
    make_round,
    minutes,
    person_of,
    right_and_wrong,
)

SignIn = Callable[[str], FlaskClient]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller


@pytest.fixture
def an(database: Database, sign_in: SignIn) -> FlaskClient:
    with database.transaction() as session:
        make_learners(session, "an", "binh")
        fill_bank(session)
        make_round(session)
    return sign_in("an")


@pytest.fixture
def attempt(an: FlaskClient) -> str:
    """An attempt that was just begun, as its address."""
    response = an.post(f"/rounds/{QUARTER}/start")
    assert response.status_code == 303
    return str(response.location)


@pytest.fixture
def keys(database: Database, attempt: str) -> dict[int, list[str]]:
    with database.reading() as session:
        return keys_of(session, session.scalars(select(Attempt.form_id)).one())


def save(client: FlaskClient, attempt: str, *responses: dict[str, Any], takeover: int = 1) -> Any:
    return client.post(f"{attempt}/answers", json={"takeover": takeover, "responses": list(responses)})


def as_json(client: FlaskClient, address: str) -> Any:
    return client.get(address, headers={"Accept": "application/json"}).json


def test_the_round_page_says_why_one_is_expected_and_leads_to_the_start(an: FlaskClient) -> None:
    page = an.get(f"/rounds/{QUARTER}/").text
    assert "Sở Nội vụ" in page
    assert "31/10/2026" in page
    assert f"/rounds/{QUARTER}/start" in page
    assert "Bắt đầu tính giờ" in an.get(f"/rounds/{QUARTER}/start").text


def test_the_start_page_asks_whether_the_rules_were_read(an: FlaskClient) -> None:
    page = an.post(f"/rounds/{QUARTER}/start", data={"from_page": "1"})
    assert "Chưa đánh dấu" in page.text
    assert an.post(f"/rounds/{QUARTER}/start", data={"from_page": "1", "read": "1"}).status_code == 303


def test_one_who_is_left_out_reads_the_reason(database: Database, sign_in: SignIn) -> None:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Y tế")
        make_person(session, agency=agency, login="hoa", absence="thai sản")
        make_person(session, agency=agency, login="minh")
        fill_bank(session)
        make_round(session)
    hoa = sign_in("hoa")
    assert "thai sản" in hoa.get(f"/rounds/{QUARTER}/").text
    assert hoa.post(f"/rounds/{QUARTER}/start").status_code == 409


def test_the_home_page_shows_what_is_due(an: FlaskClient) -> None:
    assert "Kiểm tra Quý IV/2026" in an.get("/").text


def test_starting_twice_leads_to_the_same_attempt(an: FlaskClient, attempt: str) -> None:
    assert an.post(f"/rounds/{QUARTER}/start").location == attempt


def test_a_program_that_starts_is_told_the_attempt_and_its_number(an: FlaskClient) -> None:
    begun = an.post(f"/rounds/{QUARTER}/start", headers={"Accept": "application/json"}).json
    assert begun is not None
    assert begun["takeover"] == 1
    assert as_json(an, f"/attempts/{begun['attempt']}")["takeover"] == 1


def test_the_whole_paper_is_in_the_page_without_key_or_reason(an: FlaskClient, attempt: str, keys: Any) -> None:
    page = an.get(attempt).text
    data = json.loads(re.search(r'<script type="application/json" id="paper">(.*?)</script>', page, re.DOTALL).group(1))  # type: ignore[union-attr]
    assert {question["slot"] for question in data["questions"]} == set(keys)
    assert all(set(question) == {"slot", "kind", "stem", "control", "options"} for question in data["questions"])
    for text in (page, an.get(f"{attempt}/review").text, an.get(attempt, headers={"Accept": "application/json"}).text):
        assert SECRET_WHY not in text
        assert '"key"' not in text


def test_the_paper_looks_the_same_whatever_the_key_is(app: Any, database: Database, an: FlaskClient, attempt: str) -> None:
    before = an.get(attempt, headers={"Accept": "application/json"}).data
    with database.transaction() as session:
        session.execute(update(ItemVersion).where(ItemVersion.kind == "single_choice").values(key=["d"]))
        session.execute(update(ItemVersion).where(ItemVersion.kind == "true_false").values(key=["false"]))
    assert an.get(attempt, headers={"Accept": "application/json"}).data == before


def test_the_json_of_an_open_attempt(an: FlaskClient, attempt: str, keys: Any) -> None:
    save(an, attempt, {"slot": 3, "sequence": 17, "answer": keys[3]})
    paper = as_json(an, attempt)
    assert (paper["state"], paper["round"], paper["takeover"], paper["seconds_left"]) == ("open", QUARTER, 1, 1800)
    assert paper["stored"] == [
        {"slot": 3, "takeover": 1, "sequence": 17, "answer": keys[3], "flagged": False, "saved_at": "2026-11-22T02:00:00.000Z"}
    ]
    assert not {"score", "passed", "receipt"} & set(paper)


def test_a_save_is_answered_as_the_contract_says(an: FlaskClient, attempt: str, keys: Any) -> None:
    response = save(an, attempt, {"slot": 3, "sequence": 17, "answer": keys[3]})
    assert response.status_code == 200
    assert response.json == {
        "stored": [{"slot": 3, "takeover": 1, "sequence": 17}],
        "server_time": "2026-11-22T02:00:00.000Z",
        "seconds_left": 1800,
    }
    assert "Set-Cookie" not in response.headers
    kept = an.get(f"{attempt}/answers").json
    assert kept is not None
    assert [(one["slot"], one["answer"]) for one in kept["stored"]] == [(3, keys[3])]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed"),
        (b"{", "malformed"),
        (b"\xff\xfe", "malformed"),
        (b"[]", "malformed"),
        (b"{}", "malformed"),
        (b'{"takeover":1,"responses":[]}', "malformed"),
        (b'{"takeover":"1","responses":[{"slot":1,"sequence":1,"answer":[]}]}', "malformed"),
        (b'{"takeover":1,"responses":[{"slot":1,"sequence":-1,"answer":[]}]}', "malformed"),
        (b'{"takeover":1,"responses":[{"slot":1,"sequence":1,"answer":"b"}]}', "malformed"),
        (b'{"takeover":1,"responses":[{"slot":1,"sequence":1,"answer":[null]}]}', "malformed"),
        (b'{"takeover":1,"responses":[{"slot":99999999999,"sequence":1,"answer":[]}]}', "malformed"),
        (b'{"takeover":1,"responses":' + b"[" * 30000, "malformed"),
        (b'{"takeover":1,"responses":[' + b",".join([b'{"slot":1,"sequence":1,"answer":[]}'] * 51) + b"]}", "malformed"),
        (b'{"takeover":1,"responses":[{"slot":77,"sequence":1,"answer":[]}]}', "unknown_slot"),
        (b'{"takeover":1,"responses":[{"slot":1,"sequence":1,"answer":["\\u0000<script>"]}]}', "bad_answer"),
        (b'{"takeover":9,"responses":[{"slot":1,"sequence":1,"answer":[]}]}', "unknown_takeover"),
    ],
)
def test_a_malformed_save_is_refused_with_a_json_error(an: FlaskClient, attempt: str, body: bytes, code: str) -> None:
    response = an.post(f"{attempt}/answers", data=body, content_type="application/json")
    assert response.status_code == 422
    assert response.json is not None
    assert response.json["error"]["code"] == code
    assert response.json["error"]["message"]
    assert an.get(f"{attempt}/answers").json["stored"] == []  # type: ignore[index]


def test_a_body_over_64_kilobytes_is_too_large(an: FlaskClient, attempt: str) -> None:
    for body, kind in ((b" " * 65537, "application/json"), (b"answer=" + b"a" * 65536, "application/x-www-form-urlencoded")):
        assert an.post(f"{attempt}/answers", data=body, content_type=kind).status_code == 413


def test_signed_out_unknown_and_foreign_are_401_404_404(an: FlaskClient, attempt: str, sign_in: SignIn, app: Any) -> None:
    binh = sign_in("binh")
    one = {"slot": 1, "sequence": 1, "answer": []}
    assert save(app.test_client(), attempt, one).status_code == 401
    assert save(an, f"/attempts/{uuid4()}", one).status_code == 404
    assert save(binh, attempt, one).status_code == 404
    for path in ("", "/answers", "/review", "/receipt", "/result"):
        assert binh.get(attempt + path).status_code == 404, path
    for path in ("/submit", "/takeover"):
        assert binh.post(attempt + path).status_code == 404, path


def test_after_the_end_a_save_is_a_conflict_that_tells_what_is_stored(an: FlaskClient, attempt: str, keys: Any, clock: Any) -> None:
    save(an, attempt, {"slot": 2, "sequence": 1, "answer": keys[2]})
    clock.move_to(AT + minutes(31))
    response = save(an, attempt, {"slot": 2, "sequence": 2, "answer": []})
    assert response.status_code == 409
    assert response.json["error"]["code"] == "attempt_closed"
    assert [(one["slot"], one["takeover"], one["sequence"], one["answer"]) for one in response.json["stored"]] == [(2, 1, 1, keys[2])]


def test_opening_an_overdue_attempt_shows_its_receipt(an: FlaskClient, attempt: str, clock: Any) -> None:
    clock.move_to(AT + minutes(31))
    page = an.get(attempt, follow_redirects=True).text
    assert "Hết giờ, bài đã được nộp" in page


def test_a_second_device_asks_takes_over_and_makes_the_first_read_only(an: FlaskClient, attempt: str, keys: Any, sign_in: SignIn) -> None:
    other = sign_in("an")
    assert as_json(other, attempt)["takeover"] is None
    assert "Bài đang mở trên thiết bị khác" in other.get(attempt).text
    assert other.post(f"{attempt}/submit").location == attempt  # not the one that writes
    assert other.post(f"{attempt}/takeover").location == attempt
    assert as_json(other, attempt)["takeover"] == 2
    assert save(other, attempt, {"slot": 1, "sequence": 1, "answer": keys[1]}, takeover=2).status_code == 200
    refused = save(an, attempt, {"slot": 1, "sequence": 99, "answer": []})
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "taken_over")
    assert "Bài đang mở trên thiết bị khác" in an.get(attempt).text
    assert an.post(f"{attempt}/submit", headers={"Accept": "application/json"}).status_code == 409


def test_plain_forms_carry_one_through_the_whole_paper(an: FlaskClient, attempt: str, keys: Any) -> None:
    address = attempt
    for _ in keys:
        page = an.get(address).text
        slot = int(re.search(r'name="slot" value="(\d+)"', page).group(1))  # type: ignore[union-attr]
        goal = re.search(r'name="go" value="(\w+)" data-move="next"', page).group(1)  # type: ignore[union-attr]
        response = an.post(f"{attempt}/answers", data={"slot": slot, "takeover": 1, "answer": keys[slot], "go": goal})
        assert response.status_code == 303
        address = response.location
    assert address == f"{attempt}/review"
    assert "Nộp bài kiểm tra (6/6 câu)" in an.get(address).text
    assert "100 trên 100" in an.get(an.post(f"{attempt}/submit").location.replace("receipt", "result")).text


def test_a_plain_form_can_change_an_answer_back_and_forth(an: FlaskClient, attempt: str, keys: Any) -> None:
    save(an, attempt, {"slot": 1, "sequence": 500, "answer": keys[1]})
    an.post(f"{attempt}/answers", data={"slot": 1, "takeover": 1, "flagged": "1"})
    kept = an.get(f"{attempt}/answers").json
    assert kept is not None
    assert [(one["answer"], one["flagged"], one["sequence"]) for one in kept["stored"]] == [([], True, 501)]
    assert 'data-kind="empty"' in an.get(f"{attempt}?slot=1").text
    assert "Chưa trả lời, đánh dấu" in an.get(f"{attempt}/review").text


def test_a_plain_form_of_an_older_device_is_told_and_keeps_nothing(an: FlaskClient, attempt: str, keys: Any, sign_in: SignIn) -> None:
    sign_in("an").post(f"{attempt}/takeover")
    response = an.post(f"{attempt}/answers", data={"slot": 1, "takeover": 1, "answer": keys[1]})
    assert response.location == attempt
    assert an.get(f"{attempt}/answers").json["stored"] == []  # type: ignore[index]


def test_handing_in_again_shows_the_same_receipt(an: FlaskClient, attempt: str) -> None:
    first = an.get(an.post(f"{attempt}/submit").location).text
    second = an.get(an.post(f"{attempt}/submit").location).text
    codes = [re.search(r"26Q4-\w{4}-\w{4}", page).group(0) for page in (first, second)]  # type: ignore[union-attr]
    assert codes[0] == codes[1]
    assert an.get(attempt).location == f"{attempt}/receipt"


@pytest.mark.parametrize(
    ("policy", "while_open", "after_close"), [("immediately", True, True), ("after_close", False, True), ("never", False, False)]
)
def test_key_and_explanations_appear_when_the_policy_allows_on_page_and_in_json(
    database: Database, sign_in: SignIn, clock: Any, policy: str, while_open: bool, after_close: bool
) -> None:
    with database.transaction() as session:
        make_learners(session, "an")
        fill_bank(session)
        make_round(session, feedback_policy=policy)
    an = sign_in("an")
    attempt = an.post(f"/rounds/{QUARTER}/start").location
    an.post(f"{attempt}/submit")
    for moment, seen in ((AT, while_open), (CLOSES, after_close)):
        clock.move_to(moment)
        page, paper = an.get(f"{attempt}/result"), an.get(attempt, headers={"Accept": "application/json"})
        assert page.status_code == 200
        assert "Không đạt" in page.text
        assert (SECRET_WHY in page.text, SECRET_WHY in paper.text, '"key"' in paper.text) == (seen, seen, seen)
        assert paper.json["score"] == 0  # type: ignore[index]


def test_closing_early_publishes_what_waited_for_the_close(database: Database, an: FlaskClient, attempt: str) -> None:
    an.post(f"{attempt}/submit")
    assert SECRET_WHY not in an.get(f"{attempt}/result").text
    with database.transaction() as session:
        close_round(session, SERVICE, session.scalars(select(Attempt.round_id)).one(), AT)
    assert SECRET_WHY in an.get(f"{attempt}/result").text


def test_markup_in_a_question_is_shown_as_text_everywhere(database: Database, sign_in: SignIn) -> None:
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
    with database.transaction() as session:
        make_learners(session, "an")
        import_items(session, SERVICE, [draft(n, stem=f"{evil} {n}", explanation=evil) for n in range(6)], "test", AT)
        make_round(session, feedback_policy="immediately")
    an = sign_in("an")
    attempt = an.post(f"/rounds/{QUARTER}/start").location
    pages = [an.get(attempt).text]
    an.post(f"{attempt}/submit")
    pages.append(an.get(f"{attempt}/result").text)
    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_an_organiser_opens_closes_and_locks_a_round_by_its_pages(app: Flask, database: Database, sign_in: SignIn) -> None:
    with database.transaction() as session:
        make_learners(session, "an", "phong")
        grant(session, person_of(session, "phong"), Role.DEPARTMENT)
        fill_bank(session)
        make_round(session, open_it=False)
    phong = sign_in("phong")
    assert "2 người" in phong.get(f"/manage/rounds/{QUARTER}/open").text
    assert "Đang chờ đến lượt" in phong.post(f"/manage/rounds/{QUARTER}/open", follow_redirects=True).text
    carry_out(app)
    assert "Danh sách đã chốt" in phong.get(f"/manage/rounds/{QUARTER}/work").text
    assert "Đang mở" in phong.get(f"/manage/rounds/{QUARTER}/").text
    assert phong.get(f"/manage/rounds/{QUARTER}/open").status_code == 302
    assert phong.post(f"/manage/rounds/{QUARTER}/close").status_code == 303
    carry_out(app)
    assert "Đã đóng" in phong.get(f"/manage/rounds/{QUARTER}/").text
    assert phong.post(f"/manage/rounds/{QUARTER}/close").status_code == 409
    assert "Đã khóa kết quả" in phong.post(f"/manage/rounds/{QUARTER}/lock", follow_redirects=True).text
    assert "Chưa ghi lý do" in phong.post(f"/manage/rounds/{QUARTER}/unlock").text
    assert "Đã mở khóa" in phong.post(f"/manage/rounds/{QUARTER}/unlock", data={"reason": "phúc khảo"}, follow_redirects=True).text
    assert "2026" in phong.get("/manage/rounds").text


def test_the_bank_is_found_by_topic_level_and_words_without_marks(database: Database, sign_in: SignIn) -> None:
    with database.transaction() as session:
        make_learners(session, "lan")
        grant(session, person_of(session, "lan"), Role.AUTHOR)
        fill_bank(session, 60)
    lan = sign_in("lan")
    assert "CB1-1-007" in lan.get("/manage/questions?topic=CB1.1&level=NB&q=cau+dan+so+7").text
    assert "CB1-1-008" not in lan.get("/manage/questions?q=cau+dan+so+7").text
    assert "Không có câu hỏi nào khớp" in lan.get("/manage/questions?level=VD").text
    first = lan.get("/manage/questions").text
    assert "CB1-1-050" in first
    assert "CB1-1-051" not in first
    assert "CB1-1-051" in lan.get("/manage/questions?after=CB1-1-050").text
    assert SECRET_WHY in lan.get("/manage/questions/CB1-1-001").text
    assert lan.get("/manage/questions/none").status_code == 404


def test_a_learner_sees_neither_the_bank_nor_the_organisers_pages(an: FlaskClient) -> None:
    for path in ("/manage/questions", "/manage/questions/CB1-1-001", "/manage/rounds", f"/manage/rounds/{QUARTER}/"):
        assert an.get(path).status_code == 403, path


def test_the_receipt_of_the_page_is_the_one_of_the_call(an: FlaskClient, attempt: str, database: Database, keys: Any) -> None:
    save(an, attempt, *[{"slot": slot, "sequence": slot, "answer": answer} for slot, answer in right_and_wrong(keys, 3).items()])
    reply = an.post(f"{attempt}/submit", headers={"Accept": "application/json"}).json
    assert reply is not None
    with database.reading() as session:
        row = session.get(Attempt, UUID(attempt.rsplit("/", 1)[1]))
    assert row is not None
    assert (row.receipt, row.score) == (reply["receipt"], 50)
