"""A whole sitting as a person with a phone lives through it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect
from sqlalchemy import func, select, update

from lms.kit.clock import local_date, now
from lms.kit.db import Database
from quizzes.models import Attempt, Response
from quizzes.queries.attempts import stored
from tests.quizzes.making import ZONE, fill_bank, keys_of, make_learners, make_round

Phone = Callable[..., BrowserContext]
QUESTIONS = 6


@pytest.fixture(autouse=True)
def round_open_now(database: Database) -> None:
    at = now()
    with database.transaction() as session:
        make_learners(session, "an")
        fill_bank(session)
        make_round(
            session,
            opens_at=at - timedelta(days=1),
            closes_at=at + timedelta(days=9),
            cutoff_day=local_date(at, ZONE) - timedelta(days=2),
            feedback_policy="immediately",
        )


@pytest.fixture
def keys(database: Database) -> Callable[[], dict[int, list[str]]]:
    """The key of the paper that was drawn, once there is one."""

    def read() -> dict[int, list[str]]:
        with database.reading() as session:
            return keys_of(session, session.scalars(select(Attempt.form_id)).one())

    return read


def stored_answers(database: Database) -> dict[int, list[str]]:
    with database.reading() as session:
        attempt = session.scalars(select(Attempt.id)).one()
        return {slot: sorted(one.answer) for slot, one in stored(session, attempt).items()}


def begin(context: BrowserContext) -> Page:
    page = context.new_page()
    page.goto("/")
    page.get_by_role("link", name="Vào bài kiểm tra").click()
    page.get_by_role("link", name="Chuẩn bị làm bài").click()
    page.get_by_label("Tôi đã đọc quy định").check()
    if page.evaluate("document.documentElement.classList.contains('no-js')"):
        page.get_by_role("button", name="Bắt đầu tính giờ").click()
    else:
        page.get_by_role("button", name="Vào bài kiểm tra").click()
        expect(page.get_by_role("heading", name=f"Đã tải đủ {QUESTIONS}/{QUESTIONS} câu")).to_be_visible()
        page.get_by_role("button", name="Bắt đầu tính giờ").click()
    expect(page.get_by_text(f"Câu 1 trên {QUESTIONS}")).to_be_visible()
    return page


def slot_of(page: Page) -> int:
    return int(page.locator("input[name=slot]").input_value())


def choose(page: Page, key: list[str]) -> None:
    for option in key:
        page.locator(f"#answer-{option}").check()


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def answer_the_rest(page: Page, key: dict[int, list[str]], answered: dict[int, list[str]]) -> None:
    """From the present question to the last one."""
    while True:
        if slot_of(page) not in answered:
            answered[slot_of(page)] = key[slot_of(page)]
            choose(page, key[slot_of(page)])
        following = page.get_by_role("button", name="Câu tiếp")
        if not following.count():
            return
        following.click()


def test_a_sitting_with_a_lost_line_and_a_reload(phone: Phone, database: Database, keys: Callable[[], dict[int, list[str]]]) -> None:
    context = phone("an")
    page = begin(context)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    key = keys()
    fits(page)
    expect(page.locator("[data-timer]")).to_have_text("Còn 30 phút")

    answered = {slot_of(page): key[slot_of(page)]}
    choose(page, key[slot_of(page)])
    expect(page.locator("#save-status")).to_have_text(re.compile(r"Đã lưu lúc \d\d:\d\d"))
    assert stored_answers(database) == answered

    context.set_offline(True)
    for _ in range(2):
        page.get_by_role("button", name="Câu tiếp").click()
        answered[slot_of(page)] = key[slot_of(page)]
        choose(page, key[slot_of(page)])
        expect(page.locator("#save-status")).to_contain_text("đang giữ trên máy này")
    expect(page.locator("#offline")).to_be_visible()
    expect(page.locator("#offline")).to_contain_text("2 câu chưa gửi")
    assert "Đã lưu" not in page.locator("#save-status").inner_text()
    assert len(stored_answers(database)) == 1
    fits(page)
    page.get_by_role("button", name="Câu tiếp").click()  # moving on needs no line
    page.get_by_role("button", name="Câu trước").click()

    context.set_offline(False)
    expect(page.locator("#offline")).to_be_hidden(timeout=20_000)
    assert stored_answers(database) == answered

    here = slot_of(page)
    page.reload()
    assert slot_of(page) == here
    assert page.locator("#question input:checked").count() == len(key[here])

    answer_the_rest(page, key, answered)
    page.get_by_label("Đánh dấu để xem lại").check()
    page.locator(".actions button", has_text="Xem lại bài").click()
    expect(page.get_by_role("heading", name="Xem lại trước khi nộp")).to_be_visible()
    expect(page.get_by_text("Đã lưu, đánh dấu")).to_be_visible()
    fits(page)
    page.get_by_role("button", name=f"Nộp bài kiểm tra ({QUESTIONS}/{QUESTIONS} câu)").click()
    expect(page.get_by_text("Đã nộp bài")).to_be_visible()
    assert page.evaluate("window.localStorage.length") == 0
    fits(page)
    page.get_by_role("link", name="Xem kết quả").click()
    expect(page.get_by_text("100 trên 100")).to_be_visible()
    fits(page)
    assert stored_answers(database) == key
    assert problems == []


def test_going_to_the_review_waits_for_the_answer_under_way(
    phone: Phone, database: Database, keys: Callable[[], dict[int, list[str]]]
) -> None:
    """On a slow line the reply takes its time; the page neither freezes nor leaves without it."""
    page = begin(phone("an"))
    answer_the_rest(page, keys(), {})
    held: list[Route] = []
    page.route("**/answers", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks what it is given
    page.get_by_label("Đánh dấu để xem lại").check()
    expect(page.locator("#save-status")).to_contain_text("Đang gửi")
    page.locator(".actions button", has_text="Xem lại bài").click()
    expect(page.locator("#save-status")).to_contain_text("Đang gửi")
    for route in held:
        route.continue_()
    page.unroute("**/answers")
    expect(page.get_by_role("heading", name="Xem lại trước khi nộp")).to_be_visible()
    expect(page.get_by_text("Đã lưu, đánh dấu")).to_be_visible()


def test_answers_given_without_a_line_survive_a_closed_tab(
    phone: Phone, database: Database, keys: Callable[[], dict[int, list[str]]]
) -> None:
    context = phone("an")
    page = begin(context)
    slot = slot_of(page)
    context.set_offline(True)
    choose(page, keys()[slot])
    expect(page.locator("#save-status")).to_contain_text("đang giữ trên máy này")
    attempt = page.url.split("?")[0]
    assert stored_answers(database) == {}
    page.close()
    context.set_offline(False)
    page = context.new_page()
    page.goto(f"{attempt}?slot={slot}")  # a page being closed may still have sent it: then the test would open at the next question
    expect(page.locator("#save-status")).to_have_text(re.compile(r"Đã lưu lúc \d\d:\d\d"))
    assert stored_answers(database) == {slot: keys()[slot]}


def test_the_second_phone_takes_over_and_the_first_becomes_read_only(
    phone: Phone, database: Database, keys: Callable[[], dict[int, list[str]]]
) -> None:
    first = begin(phone("an"))
    second = phone("an").new_page()
    second.goto(first.url.split("?")[0])
    second.get_by_role("button", name="Có, làm tiếp trên thiết bị này").click()
    choose(second, keys()[slot_of(second)])
    expect(second.locator("#save-status")).to_contain_text("Đã lưu lúc")
    choose(first, keys()[slot_of(first)])
    expect(first.locator("#save-status")).to_contain_text("Bài đang mở trên thiết bị khác")
    expect(first.locator("#question input").first).to_be_disabled()
    with database.reading() as session:
        assert session.scalars(select(Response.takeover)).all() == [2]


def test_an_answer_ticked_before_the_script_has_come_is_saved_once_it_is_there(
    phone: Phone, database: Database, keys: Callable[[], dict[int, list[str]]]
) -> None:
    context = phone("an")
    slot, attempt = slot_of(page := begin(context)), page.url.split("?")[0]
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/attempt.js*", hold)
    with page.expect_request("**/attempt.js*"):
        page.goto(f"{attempt}?slot={slot}", wait_until="commit")
    choose(page, keys()[slot])
    page.get_by_label("Đánh dấu").check()
    held[0].continue_()
    expect(page.locator("#save-status")).to_contain_text("Đã lưu lúc")
    assert stored_answers(database) == {slot: keys()[slot]}
    expect(page.get_by_label("Đánh dấu")).to_be_checked()


def test_an_answer_given_after_the_session_ended_is_sent_after_signing_in_again(
    phone: Phone, database: Database, keys: Callable[[], dict[int, list[str]]]
) -> None:
    context = phone("an")
    page = begin(context)
    slot, attempt = slot_of(page), page.url.split("?")[0]
    context.clear_cookies()
    choose(page, keys()[slot])
    expect(page.locator("#save-status")).to_contain_text("Phiên đăng nhập đã hết")
    assert stored_answers(database) == {}
    context.add_cookies(phone("an").cookies())  # type: ignore[arg-type]
    page.reload()
    page.get_by_role("button", name="Có, làm tiếp trên thiết bị này").click()
    page.goto(f"{attempt}?slot={slot}")
    expect(page.locator("#save-status")).to_contain_text("Đã lưu lúc")
    assert stored_answers(database) == {slot: keys()[slot]}


def test_an_answer_kept_on_the_first_phone_does_not_overwrite_a_later_one_of_the_second(
    phone: Phone, database: Database, keys: Callable[[], dict[int, list[str]]]
) -> None:
    one, other = phone("an"), phone("an")
    first = begin(one)
    slot, attempt = slot_of(first), first.url.split("?")[0]
    one.set_offline(True)
    first.locator("#question input").first.check()
    second = other.new_page()
    second.goto(attempt)
    second.get_by_role("button", name="Có, làm tiếp trên thiết bị này").click()
    second.goto(f"{attempt}?slot={slot}")
    second.locator("#question input").nth(1).check()
    expect(second.locator("#save-status")).to_contain_text("Đã lưu lúc")
    later = stored_answers(database)
    one.set_offline(False)
    expect(first.locator("#save-status")).to_contain_text("Bài đang mở trên thiết bị khác", timeout=20_000)
    first.reload()
    first.get_by_role("button", name="Có, làm tiếp trên thiết bị này").click()
    first.goto(f"{attempt}?slot={slot}")
    expect(first.locator("#save-status")).to_contain_text("Đã lưu lúc")
    assert stored_answers(database) == later


def test_when_time_is_over_the_page_hands_in_by_itself(phone: Phone, database: Database, keys: Callable[[], dict[int, list[str]]]) -> None:
    page = begin(phone("an"))
    with database.transaction() as session:
        session.execute(update(Attempt).values(deadline=now() + timedelta(seconds=4), accepts_until=now() + timedelta(seconds=60)))
    page.reload()
    choose(page, keys()[slot_of(page)])
    expect(page.get_by_text("Đã nộp bài")).to_be_visible(timeout=20_000)
    with database.reading() as session:
        assert session.scalars(select(Attempt.state)).one() == "submitted"
        assert session.scalar(select(func.count()).select_from(Response)) == 1


def test_a_phone_with_its_clock_a_day_off_has_the_same_time_left(phone: Phone) -> None:
    context = phone("an")
    context.add_init_script("const real = Date.now; Date.now = () => real() + 86400000;")
    page = begin(context)
    expect(page.locator("[data-timer]")).to_have_text("Còn 30 phút")


def test_a_sitting_without_javascript(phone: Phone, database: Database, keys: Callable[[], dict[int, list[str]]]) -> None:
    page = begin(phone("an", java_script_enabled=False))
    key = keys()
    expect(page.get_by_text("Kết thúc lúc")).to_be_visible()
    for number in range(1, QUESTIONS + 1):
        choose(page, key[slot_of(page)])
        page.locator("button[data-move=next]").click()
        if number < QUESTIONS:
            expect(page.get_by_text(f"Câu {number + 1} trên {QUESTIONS}")).to_be_visible()
    expect(page.get_by_role("heading", name="Xem lại trước khi nộp")).to_be_visible()
    page.get_by_role("link", name="Sửa câu 1", exact=True).click()
    expect(page.locator("#save-status")).to_contain_text("Đã lưu lúc")
    page.get_by_text("Danh sách câu").click()
    page.locator("#map button").nth(3).click()
    expect(page.get_by_text(f"Câu 4 trên {QUESTIONS}")).to_be_visible()
    page.get_by_text("Danh sách câu").click()
    page.locator("details button", has_text="Lưu và xem lại bài").click()
    page.get_by_role("button", name="Nộp bài kiểm tra").click()
    expect(page.get_by_text("Đã nộp bài")).to_be_visible()
    assert stored_answers(database) == key
