"""A merger entered by one who organises, from the tree to the page that says it is recorded."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from uuid import UUID

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import func, select

from lms.accounts.models import Posting
from lms.agencies.models import AgencyEvent
from lms.kit.actors import Role
from lms.kit.db import Database
from tests.factories import grant, make_agency, make_people, make_person

Phone = Callable[..., BrowserContext]


@pytest.fixture(autouse=True)
def province(database: Database) -> dict[str, UUID]:
    with database.transaction() as session:
        root = make_agency(session, "Ủy ban nhân dân tỉnh Thái Nguyên", kind="province", code="H55")
        media = make_agency(session, "Sở Thông tin và Truyền thông", parent=root, code="H55.5")
        science = make_agency(session, "Sở Khoa học và Công nghệ", parent=root, code="H55.4")
        make_agency(session, "Trung tâm Chuyển đổi số", parent=media, code="H55.5.1", kind="service_unit", block="su_nghiep")
        grant(session, make_person(session, "Nguyễn Diệu Hiền", agency=root, login="hien"), Role.DEPARTMENT)
        make_people(session, media, [{}] * 3)
        return {"media": media, "science": science}


def fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def choose(page: Page, field: str, words: str, name: str) -> None:
    """Search and, unless the only one found is chosen already, tick."""
    picker = page.locator(f"#{field}")
    picker.get_by_label("Tìm theo tên hoặc mã").fill(words)
    picker.get_by_role("button", name="Tìm").click()
    picker = page.locator(f"#{field}")
    expect(picker.get_by_text(name, exact=False).first).to_be_visible()
    ticked = picker.locator(".choice", has_text=name).first.locator("input")
    if not ticked.is_checked():
        ticked.check()
    fits(page)


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_merger_is_found_previewed_mended_and_confirmed(
    phone: Phone, database: Database, province: dict[str, UUID], script: bool
) -> None:
    page = phone("hien", java_script_enabled=script).new_page()
    page.goto("/manage/agencies/")
    fits(page)
    page.get_by_role("link", name="Ghi thay đổi tổ chức").click()
    page.get_by_role("link", name="Sáp nhập", exact=True).click()
    page.get_by_label("Ngày hiệu lực").fill("31/02/2025")
    page.get_by_label("Số quyết định").fill("18/NQ-HĐND")
    page.get_by_label("Ngày ban hành").fill("25/06/2025")
    choose(page, "agencies", "truyen thong", "Sở Thông tin và Truyền thông")
    choose(page, "into", "H55.4", "Sở Khoa học và Công nghệ")
    page.get_by_role("button", name="Xem trước hệ quả").click()
    expect(page.get_by_role("link", name=re.compile("Ngày chưa đúng"))).to_be_visible()
    page.get_by_label("Ngày hiệu lực").fill("1/7/2025")
    page.get_by_role("button", name="Xem trước hệ quả").click()

    expect(page.get_by_text("Sở Thông tin và Truyền thông sáp nhập vào Sở Khoa học và Công nghệ.")).to_be_visible()
    expect(page.get_by_text("Trung tâm Chuyển đổi số")).to_be_visible()
    fits(page)
    with database.reading() as session:
        assert session.scalar(select(func.count()).where(AgencyEvent.kind == "merge")) == 0
    page.get_by_role("button", name="Sáp nhập 1 đơn vị, chuyển 3 người từ 01/07/2025").click()
    expect(page.get_by_text("Đã ghi sự kiện vào cây đơn vị.")).to_be_visible()
    fits(page)
    with database.reading() as session:
        moved = select(func.count()).where(Posting.agency_id == province["science"], Posting.valid_from == date(2025, 7, 1))
        assert session.scalar(moved) == 3

    page.get_by_role("link", name="Sở Thông tin và Truyền thông").first.click()
    expect(page.get_by_text("Đã kết thúc từ 01/07/2025")).to_be_visible()
    fits(page)
    page.get_by_role("link", name="Đơn vị này ngày nay").click()
    expect(page.get_by_role("heading", name="Sở Thông tin và Truyền thông ngày nay")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Sở Khoa học và Công nghệ.*3"))).to_be_visible()
    fits(page)


def test_the_slider_leads_to_the_day_it_is_dragged_to(phone: Phone, province: dict[str, UUID]) -> None:
    page = phone("hien").new_page()
    page.goto("/manage/agencies/")
    slider = page.locator("#day-slider")
    expect(slider).to_be_visible()
    slider.evaluate("slider => { slider.value = 0; slider.dispatchEvent(new Event('input')); }")
    expect(page.locator("#day-shown")).to_have_text("01/01/2020")
    slider.press("Enter")
    expect(page).to_have_url(re.compile(r"on=2020-01-01"))
    expect(page.get_by_label("Vào ngày")).to_have_value("01/01/2020")


def test_without_a_script_there_is_no_slider_but_a_date_field(phone: Phone, province: dict[str, UUID]) -> None:
    page = phone("hien", java_script_enabled=False).new_page()
    page.goto("/manage/agencies/")
    expect(page.locator("#day-slider")).to_be_hidden()
    page.get_by_label("Vào ngày").fill("31/12/2019")
    page.get_by_role("button", name="Xem").click()
    expect(page.get_by_text("Chưa có đơn vị nào vào ngày 31/12/2019.")).to_be_visible()
    page.get_by_role("link", name="Lần thay đổi sau: 01/01/2020").click()
    expect(page.get_by_text("4 đơn vị vào ngày 01/01/2020.")).to_be_visible()
