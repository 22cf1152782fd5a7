"""Questions answered in parts or typed, on a phone with the page's script: each answer is saved by itself and comes back after a reload."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select, update

from lms.kit.clock import now
from lms.kit.db import Database
from quizzes.models import Attempt, Response, Round
from tests.quizzes.making import QUARTER, keys_of, make_learners, make_round_of_every_kind

Phone = Callable[..., BrowserContext]


@pytest.fixture(autouse=True)
def round_open_now(database: Database) -> None:
    with database.transaction() as session:
        make_learners(session, "an")
        make_round_of_every_kind(session)
        at = now()
        session.execute(update(Round).values(opens_at=at - timedelta(days=1), closes_at=at + timedelta(days=1)))


def give(page: Page, key: list[str]) -> None:
    """Answer the question on the screen as the key says, by whatever it offers."""
    for text in key:
        part, sign, value = text.partition("=")
        name = f"answer.{part}" if sign else "answer"
        field = page.locator(f'[name="{name}"]').first
        if field.evaluate("element => element.tagName") == "SELECT":
            field.select_option(value)
        elif field.get_attribute("type") == "radio":
            page.locator(f'[name="{name}"][value="{value}"]').check()
        else:
            field.fill(value or text)
            field.blur()


def shown(page: Page) -> list[str]:
    """What the question on the screen holds as its answer."""
    return page.evaluate(
        """() => Array.from(document.querySelectorAll("#question input, #question select"))
            .filter(one => one.type !== "radio" || one.checked)
            .map(one => one.name === "answer" ? one.value : one.name.slice(7) + "=" + one.value)"""
    )


def test_every_kind_is_answered_saved_and_shown_again(phone: Phone, database: Database) -> None:
    page = phone("an").new_page()
    page.goto(f"/rounds/{QUARTER}/start")
    page.get_by_label("Tôi đã đọc quy định").check()
    page.get_by_role("button", name="Vào bài kiểm tra").click()
    page.get_by_role("button", name="Bắt đầu tính giờ").click()
    expect(page.get_by_text("Câu 1 trên 6")).to_be_visible()
    with database.reading() as session:
        keys = keys_of(session, session.scalars(select(Attempt.form_id)).one())
    for place in range(6):
        slot = int(page.locator("input[name=slot]").input_value())
        give(page, keys[slot])
        expect(page.get_by_text("Đã lưu lúc")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.reload()
        assert sorted(shown(page)) == sorted(keys[slot])
        if place < 5:
            page.get_by_role("button", name="Câu tiếp").click()
            expect(page.get_by_text(f"Câu {place + 2} trên 6")).to_be_visible()
    with database.reading() as session:
        assert {row.slot: sorted(row.answer) for row in session.execute(select(Response.slot, Response.answer))} == {
            slot: sorted(key) for slot, key in keys.items()
        }
    page.get_by_role("button", name="Xem lại bài").first.click()
    page.get_by_role("button", name="Nộp bài kiểm tra (6/6 câu)").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Đã nộp")
