"""A sitting whose line, server, device or session fails at each step. What was acknowledged is stored, what was not is kept and sent."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from sqlalchemy import func, select, update

from bench.processes import ROOT, children, free_port, wait_until_it_answers
from lms.config import Settings
from lms.kit.clock import local_date, now
from lms.kit.db import Database
from lms.lrs.outbox import OutboxEntry
from quizzes.models import Attempt, LateArrival, Response
from quizzes.queries.attempts import stored
from tests.factories import make_agency, make_person
from tests.quizzes.making import ZONE, fill_bank, keys_of, make_round

Phone = Callable[..., BrowserContext]
Keys = Callable[[], dict[int, list[str]]]
QUESTIONS = 6
PASSWORD = "mat-khau-thu-nghiem-1"
KEPT = "đang giữ trên máy này"


@pytest.fixture(autouse=True)
def round_open_now(database: Database) -> None:
    at = now()
    with database.transaction() as session:
        agency = make_agency(session, "Sở Nội vụ")
        for login in ("an", "binh"):
            make_person(session, f"Nguyễn Văn {login}", agency=agency, login=login, password=PASSWORD)
        fill_bank(session)
        make_round(
            session,
            opens_at=at - timedelta(days=1),
            closes_at=at + timedelta(days=9),
            cutoff_day=local_date(at, ZONE) - timedelta(days=2),
            feedback_policy="immediately",
        )


@pytest.fixture
def keys(database: Database) -> Keys:
    def read() -> dict[int, list[str]]:
        with database.reading() as session:
            return keys_of(session, session.scalars(select(Attempt.form_id)).one())

    return read


def stored_answers(database: Database) -> dict[int, list[str]]:
    with database.reading() as session:
        attempt = session.scalars(select(Attempt.id)).one()
        return {slot: sorted(one.answer) for slot, one in stored(session, attempt).items()}


def prepare(context: BrowserContext) -> Page:
    """As far as the paper handed out, with its clock not yet running."""
    page = context.new_page()
    page.goto("/rounds/")
    page.goto("/rounds/2026-Q4/start")
    page.get_by_label("Tôi đã đọc quy định").check()
    page.get_by_role("button", name="Vào bài kiểm tra").click()
    expect(page.get_by_role("heading", name=f"Đã tải đủ {QUESTIONS}/{QUESTIONS} câu")).to_be_visible()
    return page


def begin(context: BrowserContext) -> Page:
    page = prepare(context)
    page.get_by_role("button", name="Bắt đầu tính giờ").click()
    expect(page.get_by_text(f"Câu 1 trên {QUESTIONS}")).to_be_visible()
    return page


def slot_of(page: Page) -> int:
    return int(page.locator("input[name=slot]").input_value())


def choose(page: Page, key: list[str]) -> None:
    for option in key:
        page.locator(f"#answer-{option}").check()


def saved(page: Page) -> None:
    expect(page.locator("#save-status")).to_have_text(re.compile(r"Đã lưu lúc \d\d:\d\d"))


def entries(page: Page) -> dict[str, str]:
    """What the browser keeps on the machine, without its counter."""
    kept: dict[str, str] = page.evaluate("Object.assign({}, window.localStorage)")
    return {key: value for key, value in kept.items() if not key.endswith(".n")}


def open_attempt(database: Database, **values: Any) -> None:
    with database.transaction() as session:
        session.execute(update(Attempt).values(**values))


def test_the_paper_comes_before_the_clock_and_a_cut_line_at_the_start_costs_no_time(phone: Phone, database: Database) -> None:
    context = phone("an")
    page = prepare(context)
    expect(page.locator("#begin-wait")).to_contain_text("Đồng hồ tự bắt đầu sau")
    expect(page.locator("#question")).to_be_hidden()
    context.set_offline(True)
    page.get_by_role("button", name="Bắt đầu tính giờ").click()
    expect(page.locator("#begin-status")).to_contain_text("Chưa báo được cho máy chủ")
    expect(page.locator("#question")).to_be_hidden()
    context.set_offline(False)
    page.get_by_role("button", name="Bắt đầu tính giờ").click()
    expect(page.locator("[data-timer]")).to_have_text("Còn 30 phút")
    with database.reading() as session:
        attempt = session.scalars(select(Attempt)).one()
        assert attempt.waiting_since is None
        assert attempt.deadline - attempt.started_at == timedelta(minutes=30)


def test_reloaded_before_the_clock_runs_the_page_waits_on(phone: Phone) -> None:
    page = prepare(phone("an"))
    page.reload()
    expect(page.get_by_role("heading", name=f"Đã tải đủ {QUESTIONS}/{QUESTIONS} câu")).to_be_visible()
    page.get_by_role("button", name="Bắt đầu tính giờ").click()
    expect(page.get_by_text(f"Câu 1 trên {QUESTIONS}")).to_be_visible()


def test_a_clock_nobody_starts_opens_the_paper_by_itself(phone: Phone, database: Database) -> None:
    page = prepare(phone("an"))
    open_attempt(database, started_at=now() + timedelta(seconds=3))
    page.reload()
    expect(page.get_by_text(f"Câu 1 trên {QUESTIONS}")).to_be_visible()
    expect(page.locator("#begin-panel")).to_be_hidden()


def test_what_is_kept_on_the_machine_cannot_be_read_there(phone: Phone, keys: Keys) -> None:
    context = phone("an")
    page = begin(context)
    context.set_offline(True)
    choose(page, keys()[slot_of(page)])
    expect(page.locator("#save-status")).to_contain_text(KEPT)
    page.wait_for_function("Object.keys(localStorage).some(key => localStorage[key].startsWith('p '))")
    [sealed] = [value for value in entries(page).values() if value.startswith("p ")]
    assert re.fullmatch(r"p 1 \d+ - [A-Za-z0-9+/=]{40,}", sealed)
    assert "answer" not in json.dumps(entries(page))


def test_without_a_way_to_encrypt_nothing_is_written_and_the_page_says_so(phone: Phone, database: Database, keys: Keys) -> None:
    context = phone("an")
    context.add_init_script("Object.defineProperty(window.crypto, 'subtle', {value: undefined});")
    page = begin(context)
    expect(page.locator("#memory-only")).to_contain_text("Đừng đóng trang khi mất mạng")
    context.set_offline(True)
    slot = slot_of(page)
    choose(page, keys()[slot])
    expect(page.locator("#save-status")).to_contain_text(KEPT)
    assert entries(page) == {}
    context.set_offline(False)
    saved(page)
    assert stored_answers(database) == {slot: keys()[slot]}


def test_the_answers_of_a_cut_line_arrive_once_and_in_order(phone: Phone, database: Database, keys: Keys) -> None:
    context = phone("an")
    page = begin(context)
    context.set_offline(True)
    given: dict[int, list[str]] = {}
    for _ in range(QUESTIONS - 1):
        given[slot_of(page)] = keys()[slot_of(page)]
        choose(page, keys()[slot_of(page)])
        page.get_by_role("button", name="Câu tiếp").click()
    expect(page.locator("#offline")).to_be_visible(timeout=40_000)  # only then is its going away the sign that all is there
    expect(page.locator("#offline")).to_contain_text(f"{QUESTIONS - 1} câu chưa gửi")
    sent: list[list[int]] = []
    page.on(
        "request",
        lambda request: (
            sent.append([one["sequence"] for one in request.post_data_json["responses"]])
            if request.method == "POST" and request.url.endswith("/answers")
            else None
        ),
    )
    context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden(timeout=40_000)
    assert stored_answers(database) == {slot: sorted(answer) for slot, answer in given.items()}
    arrived = [number for message in sent for number in message]
    assert sent[-1] == sorted(sent[-1])
    assert len(set(arrived)) >= QUESTIONS - 1  # each tick of a question with several is a save of its own


def test_a_reply_that_is_lost_after_the_save_acts_once(phone: Phone, database: Database, keys: Keys) -> None:
    page = begin(phone("an"))
    dropped: list[str] = []

    def lose_the_first(route: Route) -> None:
        if not dropped:
            dropped.append(str(route.fetch().status))  # it arrived; the reply does not
            route.abort()
        else:
            route.continue_()

    page.route("**/answers", lose_the_first)
    slot = slot_of(page)
    choose(page, keys()[slot][:1])
    saved(page)
    assert dropped == ["200"]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Response)) == 1


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_that_is_down_is_tried_again_until_it_is_back(phone: Phone, database: Database, keys: Keys, status: int) -> None:
    """What a browser sees of a web server that was killed, from the proxy before it."""
    page = begin(phone("an"))
    page.route("**/answers", lambda route: route.fulfill(status=status, body="<html>down</html>"))
    slot = slot_of(page)
    choose(page, keys()[slot])
    expect(page.locator("#save-status")).to_contain_text(KEPT)
    assert stored_answers(database) == {}
    page.unroute("**/answers")
    saved(page)
    assert stored_answers(database) == {slot: keys()[slot]}


def test_the_page_is_reloaded_at_every_step(phone: Phone, database: Database, keys: Keys) -> None:
    page = begin(phone("an"))
    given: dict[int, list[str]] = {}
    for number in range(1, QUESTIONS + 1):
        page.reload()
        expect(page.get_by_text(f"Câu {number} trên {QUESTIONS}")).to_be_visible()
        given[slot_of(page)] = keys()[slot_of(page)]
        choose(page, keys()[slot_of(page)])
        saved(page)
        if number < QUESTIONS:
            page.get_by_role("button", name="Câu tiếp").click()
    page.locator(".actions button", has_text="Xem lại bài").click()
    expect(page.get_by_role("heading", name="Xem lại trước khi nộp")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Nộp bài kiểm tra").click()
    expect(page.get_by_text("Đã nộp bài")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Đã nộp bài")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("Đã nộp bài").or_(page.get_by_role("heading", name="Xem lại trước khi nộp"))).to_be_visible()
    assert stored_answers(database) == given
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(OutboxEntry)) == 2


def test_a_cut_line_at_the_review_and_at_handing_in_keeps_everything(phone: Phone, database: Database, keys: Keys) -> None:
    context = phone("an")
    page = begin(context)
    for _ in range(QUESTIONS - 1):
        page.get_by_role("button", name="Câu tiếp").click()
    context.set_offline(True)
    slot = slot_of(page)
    choose(page, keys()[slot])
    page.locator(".actions button", has_text="Xem lại bài").click()
    expect(page.locator("#offline")).to_be_visible()  # it stays here: not everything was sent
    expect(page.locator("#question")).to_be_visible()
    context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden(timeout=40_000)
    page.locator(".actions button", has_text="Xem lại bài").click()
    expect(page.get_by_role("heading", name="Xem lại trước khi nộp")).to_be_visible()
    page.get_by_role("button", name="Nộp bài kiểm tra").click()
    expect(page.get_by_text("Đã nộp bài")).to_be_visible()
    assert stored_answers(database) == {slot: keys()[slot]}


def to_the_review(page: Page) -> None:
    for _ in range(QUESTIONS - 1):
        page.get_by_role("button", name="Câu tiếp").click()
    page.locator(".actions button", has_text="Xem lại bài").click()
    expect(page.get_by_role("heading", name="Xem lại trước khi nộp")).to_be_visible()


def test_handing_in_without_a_line_says_so_and_the_press_is_offered_again(phone: Phone, database: Database, keys: Keys) -> None:
    context = phone("an")
    page = begin(context)
    choose(page, keys()[slot_of(page)])
    saved(page)
    to_the_review(page)
    context.set_offline(True)
    page.get_by_role("button", name="Nộp bài kiểm tra").click()
    expect(page.get_by_text("Chưa nộp được. Bài vẫn được giữ.")).to_be_visible()
    expect(page.locator("#hand-in-file")).to_be_hidden()  # everything was sent: there is nothing to put into a file
    page.get_by_role("button", name="Nộp lại").click()
    expect(page.get_by_role("button", name="Nộp lại")).to_be_focused()
    context.set_offline(False)
    page.get_by_role("button", name="Nộp lại").click()
    expect(page.get_by_text("Đã nộp bài")).to_be_visible()
    with database.reading() as session:
        assert session.scalars(select(Attempt.state)).one() == "submitted"


def test_answers_that_wait_at_the_review_can_be_taken_along_as_a_file_and_are_handed_in_first(
    phone: Phone, database: Database, keys: Keys
) -> None:
    context = phone("an")
    page = begin(context)
    slot = slot_of(page)
    review = page.url.split("?")[0] + "/review"
    context.set_offline(True)
    choose(page, keys()[slot])
    expect(page.locator("#save-status")).to_contain_text(KEPT)
    page.wait_for_function("Object.keys(localStorage).some(key => localStorage[key].startsWith('p '))")
    page.close()
    page = context.new_page()
    context.set_offline(False)
    page.route("**/answers", lambda route: route.abort())
    page.goto(review)
    page.get_by_role("button", name="Nộp bài kiểm tra").click()
    told = page.locator("#not-handed-in")
    expect(told).to_contain_text("1 câu chưa gửi")
    with page.expect_download() as download:
        told.get_by_role("button", name="Lưu tệp bài làm").click()
    assert download.value.suggested_filename.endswith(".lmsbai")
    page.unroute("**/answers")
    page.get_by_role("button", name="Nộp lại").click()
    expect(page.get_by_text("Đã nộp bài")).to_be_visible()
    assert stored_answers(database) == {slot: keys()[slot]}


def lose_the_session(context: BrowserContext) -> None:
    context.clear_cookies(name="lms_session")


def test_signing_in_again_within_the_page_goes_on_where_it_was(phone: Phone, database: Database, keys: Keys) -> None:
    context = phone("an")
    page = begin(context)
    slot = slot_of(page)
    lose_the_session(context)
    choose(page, keys()[slot])
    expect(page.locator("#sign-in-again")).to_be_visible()
    assert stored_answers(database) == {}
    page.locator("#again-login").fill("an")
    page.locator("#again-password").fill("sai-mat-khau-roi")
    page.get_by_role("button", name="Đăng nhập và làm tiếp").click()
    expect(page.locator("#again-told")).to_contain_text("Chưa đăng nhập được")
    page.locator("#again-password").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập và làm tiếp").click()
    saved(page)
    expect(page.locator("#sign-in-again")).to_be_hidden()
    assert stored_answers(database) == {slot: keys()[slot]}
    for _ in range(QUESTIONS - 1):
        page.get_by_role("button", name="Câu tiếp").click()
    page.locator(".actions button", has_text="Xem lại bài").click()
    page.get_by_role("button", name="Nộp bài kiểm tra").click()
    expect(page.get_by_text("Đã nộp bài")).to_be_visible()


def test_another_person_who_signs_in_sees_no_paper_and_sends_nothing(phone: Phone, database: Database, keys: Keys) -> None:
    context = phone("an")
    page = begin(context)
    lose_the_session(context)
    choose(page, keys()[slot_of(page)])
    expect(page.locator("#sign-in-again")).to_be_visible()
    page.locator("#again-login").fill("binh")
    page.locator("#again-password").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập và làm tiếp").click()
    expect(page.locator("#again-told")).to_contain_text("tài khoản khác")
    expect(page.locator("#question")).to_be_empty()
    assert stored_answers(database) == {}
    [sealed] = [value for value in entries(page).values() if value.startswith("p ")]  # still there, for its owner
    attempt = page.url.split("?")[0]
    page.goto("/")
    page.goto(attempt)
    expect(page.get_by_text("Không tìm thấy").first).to_be_visible()
    assert sealed in entries(page).values()


def test_what_came_after_the_end_is_kept_by_the_server_and_said_so(phone: Phone, database: Database, keys: Keys) -> None:
    context = phone("an")
    page = begin(context)
    first = slot_of(page)
    choose(page, keys()[first])
    saved(page)
    page.get_by_role("button", name="Câu tiếp").click()
    context.set_offline(True)
    slot = slot_of(page)
    choose(page, keys()[slot])
    expect(page.locator("#save-status")).to_contain_text(KEPT)
    open_attempt(database, deadline=now() + timedelta(seconds=1), accepts_until=now() + timedelta(seconds=1))
    page.wait_for_function("until => Date.now() > until", arg=int((now().timestamp() + 2) * 1000))
    context.set_offline(False)
    expect(page.locator("#save-status")).to_contain_text("đã được nhận và tính điểm", timeout=40_000)
    with database.reading() as session:
        arrival = session.scalars(select(LateArrival)).one()
        attempt = session.scalars(select(Attempt)).one()
    assert (arrival.state, arrival.source, attempt.state) == ("taken", "line", "expired")
    assert stored_answers(database) == {first: keys()[first], slot: keys()[slot]}


def test_the_answers_of_a_dead_line_are_saved_to_a_file_and_brought_later(
    phone: Phone, database: Database, keys: Keys, tmp_path: Path, app: Flask
) -> None:
    context = phone("an")
    page = begin(context)
    context.set_offline(True)
    slot = slot_of(page)
    choose(page, keys()[slot])
    expect(page.locator("#offline")).to_be_visible(timeout=40_000)
    with page.expect_download() as download:
        page.get_by_role("button", name="Lưu tệp bài làm").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert json.dumps(keys()[slot]) not in file.read_text()
    attempt = page.url.split("?")[0]
    open_attempt(database, deadline=now() - timedelta(minutes=1), accepts_until=now() - timedelta(minutes=1))
    other = phone("an").new_page()
    other.goto(f"{attempt}/file")
    other.locator("input[type=file]").set_input_files(file)
    other.get_by_role("button", name="Nộp tệp").click()
    expect(other.get_by_text("đang chờ cơ quan tổ chức kiểm tra xem xét")).to_be_visible()
    with database.reading() as session:
        [arrival] = session.scalars(select(LateArrival)).all()
    assert sorted(arrival.answers[0]["answer"]) == sorted(keys()[slot])


def test_two_tabs_of_one_browser_keep_each_their_answers(phone: Phone, database: Database, keys: Keys) -> None:
    context = phone("an")
    one = begin(context)
    other = context.new_page()
    other.goto(one.url.split("?")[0])
    other.get_by_role("button", name="Câu tiếp").click()
    first, second = slot_of(one), slot_of(other)
    assert first != second
    context.set_offline(True)
    choose(one, keys()[first])
    choose(other, keys()[second])
    for page in (one, other):
        expect(page.locator("#save-status")).to_contain_text(KEPT)
    context.set_offline(False)
    for page in (one, other):
        saved(page)
    stored = {slot: sorted(answer) for slot, answer in stored_answers(database).items()}
    assert stored == {slot: sorted(keys()[slot]) for slot in (first, second)}


def test_a_clock_two_hours_off_changes_neither_time_nor_order(phone: Phone, database: Database, keys: Keys) -> None:
    context = phone("an")
    context.add_init_script("const real = Date.now; Date.now = () => real() - 7200000;")
    page = begin(context)
    expect(page.locator("[data-timer]")).to_have_text("Còn 30 phút")
    choose(page, keys()[slot_of(page)])
    saved(page)
    with database.reading() as session:
        assert abs((session.scalars(select(Response.device_offset)).one() or 0) + 7200) <= 30


class Served:
    """The service under its own web server on the test's database, to be killed and started again at the same address."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = log
        self.environment = {
            "LMS_ENV": "demo",
            "LMS_DATABASE_URL": settings.database_url,
            "LMS_DATA_DIR": str(settings.data_dir),
            "LMS_SECRET_KEY": settings.secret_key,
        }
        self.family: list[int] = []

    def start(self) -> None:
        command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), "--bind", f"127.0.0.1:{self.port}", "wsgi:app"]
        with self.log.open("ab") as output:
            self.server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **self.environment}, stdout=output, stderr=output)
        wait_until_it_answers(self.server, self.port, self.log)

    def kill(self) -> None:
        """As when the power fails: nobody closes anything."""
        for process in [self.server.pid, *children(self.server.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.server.wait()


@pytest.fixture
def served(settings: Settings, tmp_path: Path) -> Iterator[Served]:
    service = Served(settings, tmp_path / "server.log")
    service.start()
    yield service
    service.kill()


def test_the_server_is_killed_in_mid_sitting_and_started_again(
    chromium: Browser, served: Served, sign_in: Callable[[str], FlaskClient], database: Database, keys: Keys
) -> None:
    context = chromium.new_context(viewport={"width": 360, "height": 740}, base_url=served.address, locale="vi-VN")
    context.set_default_timeout(60_000)
    cookie = sign_in("an").get_cookie("lms_session")
    assert cookie is not None
    context.add_cookies([{"name": "lms_session", "value": cookie.value, "url": served.address}])
    page = begin(context)
    given = {slot_of(page): keys()[slot_of(page)]}
    choose(page, keys()[slot_of(page)])
    saved(page)
    served.kill()
    for _ in range(2):  # answered while there is nobody
        page.get_by_role("button", name="Câu tiếp").click()
        given[slot_of(page)] = keys()[slot_of(page)]
        choose(page, keys()[slot_of(page)])
    expect(page.locator("#offline")).to_be_visible(timeout=60_000)
    assert len(stored_answers(database)) == 1
    served.start()
    expect(page.locator("#offline")).to_be_hidden(timeout=60_000)
    assert stored_answers(database) == {slot: sorted(answer) for slot, answer in given.items()}
    page.reload()
    expect(page.get_by_text(f"Câu 3 trên {QUESTIONS}")).to_be_visible()
    page.locator("summary", has_text="Danh sách câu").click()
    page.get_by_role("button", name="Lưu và xem lại bài").click()
    page.get_by_role("button", name="Nộp bài kiểm tra (3/6 câu)").click()
    expect(page.get_by_text("Đã nộp bài")).to_be_visible()
    context.close()
