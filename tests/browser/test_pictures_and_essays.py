"""Places on a picture, long texts and the editor, with the pages' scripts."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select, update

from lms.kit.actors import SERVICE, Role
from lms.kit.clock import now
from lms.kit.db import Database
from quizzes.models import Response, Round
from quizzes.operations.bank import import_items
from quizzes.operations.media import store_picture
from tests.factories import grant, make_agency, make_person
from tests.quizzes.making import OPENS, QUARTER, draft, make_learners, make_round

Phone = Callable[..., BrowserContext]
STEM = "Nút nào dùng để ký số?"


@pytest.fixture(autouse=True)
def round_open_now(database: Database) -> None:
    with database.transaction() as session:
        at = now()
        out = io.BytesIO()
        Image.new("RGB", (320, 200), "#dde").save(out, "PNG")
        picture = store_picture(session, out.getvalue(), at)
        spots = [
            {"id": "a", "text": "Nút Lưu", "shape": "rect", "coords": [10, 10, 100, 60]},
            {"id": "b", "text": "Nút Ký", "shape": "circle", "coords": [220, 120, 50]},
        ]
        body = {"picture": {"sha256": picture.sha256, "alt": "Hai nút", "width": 320, "height": 200}, "spots": spots}
        hotspot = replace(draft(1), kind="hotspot", stem=STEM, body=body, key=["b"], whys={"a": "x", "b": "y"})
        essay = replace(draft(2), kind="essay", key=[], whys={}, body={"rubric": [{"id": "a", "text": "Đúng ý", "points": 5}]})
        import_items(session, SERVICE, [hotspot, essay], "test", OPENS)
        make_learners(session, "an")
        author = make_person(session, "Trần Thị Soạn", agency=make_agency(session, "Sở KHCN"), login="soan")
        grant(session, author, Role.AUTHOR)
        make_round(session, questions=2)
        session.execute(update(Round).values(opens_at=at - timedelta(days=1), closes_at=at + timedelta(days=1)))


def begin(phone: Phone) -> Page:
    page = phone("an").new_page()
    page.goto(f"/rounds/{QUARTER}/start")
    page.get_by_label("Tôi đã đọc quy định").check()
    page.locator("#start-button").click()
    page.locator("#begin").get_by_role("button").click()
    expect(page.get_by_text("Câu 1 trên 2")).to_be_visible()
    return page


def to(page: Page, what: str) -> None:
    """Go to the question that has such an element."""
    if not page.locator(what).count():
        page.get_by_role("button", name="Câu tiếp").or_(page.get_by_role("button", name="Câu trước")).first.click()
    expect(page.locator(what).first).to_be_visible()


def stored(database: Database) -> list[list[str]]:
    with database.reading() as session:
        return sorted(session.scalars(select(Response.answer)))


def test_pointing_at_a_place_chooses_it_and_so_does_the_keyboard(phone: Phone, database: Database) -> None:
    page = begin(phone)
    to(page, "[data-place]")
    page.locator("[data-place=b]").click()
    expect(page.get_by_label("B. Nút Ký")).to_be_checked()
    expect(page.locator("#save-status[data-kind=saved]")).to_be_visible()
    assert stored(database) == [["b"]]
    page.get_by_label("B. Nút Ký").press("ArrowUp")
    expect(page.get_by_label("A. Nút Lưu")).to_be_checked()
    expect(page.locator("[data-place=a]")).to_have_class("picture__place picture__place--chosen")
    page.reload()
    to(page, "[data-place]")
    assert page.locator(".picture img").evaluate("image => image.naturalWidth") == 320


def test_a_long_text_is_saved_while_it_is_written_and_stays_with_its_question(phone: Phone, database: Database) -> None:
    page = begin(phone)
    to(page, "textarea")
    text = "Đoạn một.\n\nĐoạn hai: “ký số”."
    page.locator("textarea").fill(text)
    expect(page.get_by_text(f"{len(text)} trên 20.000 ký tự.")).to_be_visible()
    expect(page.locator("#save-status[data-kind=saved]")).to_be_visible()
    assert stored(database) == [[text]]
    page.locator("textarea").press("End")
    page.locator("textarea").type(" Thêm.")
    page.evaluate("() => document.querySelector('#map button:not([aria-current])').click()")  # left without ever losing the focus
    expect(page.get_by_text(STEM)).to_be_visible()
    page.reload()
    to(page, "textarea")
    assert page.locator("textarea").input_value() == f"{text} Thêm."
    assert stored(database) == [[f"{text} Thêm."]]


def test_the_preview_follows_what_is_written_and_rows_come_without_a_new_page(phone: Phone) -> None:
    page = phone("soan").new_page()
    page.goto("/manage/questions/new/single_choice")
    page.fill("#stem", "Việc nào không được làm?")
    page.fill("#options-0-text", "Cho mượn chữ ký số")
    expect(page.locator("#preview .question__stem")).to_have_text("Việc nào không được làm?")
    expect(page.locator("#preview").get_by_text("nên in đậm")).to_be_visible()
    page.locator("button[value=add-options]").click()
    expect(page.locator("#options-4-text")).to_be_focused()
    assert page.input_value("#options-0-text") == "Cho mượn chữ ký số"
    page.locator("button[value=drop-options-4]").click()
    expect(page.locator("#options-4-text")).to_have_count(0)


def test_a_rectangle_is_drawn_on_the_picture(phone: Phone) -> None:
    page = phone("soan").new_page()
    page.goto("/manage/questions/CB1-1-001/edit")
    page.locator("#spots-0-coords").focus()
    image = page.locator("[data-draw] img")
    image.scroll_into_view_if_needed()
    box = image.bounding_box()
    assert box is not None
    scale = 320 / box["width"]
    page.mouse.move(box["x"] + 20, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 70, box["y"] + 40)
    page.mouse.up()
    drawn = [int(one) for one in page.input_value("#spots-0-coords").split(", ")]
    assert drawn == pytest.approx([20 * scale, 10 * scale, 50 * scale, 30 * scale], abs=2)
