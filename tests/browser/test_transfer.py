"""A person goes from one department to another: two focal points, each on their own device, and nobody else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from lms.kit.actors import Role
from lms.kit.db import Database
from tests.factories import grant, make_agency, make_person

Phone = Callable[..., BrowserContext]


@pytest.fixture(autouse=True)
def two_departments(database: Database) -> None:
    with database.transaction() as session:
        province = make_agency(session, "Ủy ban nhân dân tỉnh Thái Nguyên", kind="province", code="H55")
        health = make_agency(session, "Sở Y tế", parent=province, code="H55.1")
        culture = make_agency(session, "Sở Văn hóa", parent=province, code="H55.2")
        grant(session, make_person(session, "Lý Văn Mối", agency=health, login="moi"), Role.FOCAL_POINT, health)
        grant(session, make_person(session, "Hà Thị Nhận", agency=culture, login="nhan"), Role.FOCAL_POINT, culture)
        make_person(session, "Nguyễn Thị Ánh", agency=health, staff_code="CB00016", job_title="Bác sĩ")
        make_person(session, "Đặng Văn Bình", agency=culture, staff_code="CB00017")


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_one_reports_who_is_not_theirs_and_the_other_takes_them(phone: Phone, script: bool) -> None:
    sender = phone("moi", java_script_enabled=script).new_page()
    sender.goto("/manage/people")
    sender.get_by_role("link", name="Nguyễn Thị Ánh").click()
    sender.get_by_role("link", name="Không thuộc đơn vị tôi").click()
    sender.get_by_label("Người này đã chuyển đến").select_option(label="Sở Văn hóa")
    sender.get_by_label("Ghi chú").fill("Quyết định 15/QĐ-UBND")
    sender.get_by_role("button", name="Gửi đề nghị").click()
    expect(sender.get_by_role("heading", name="Tôi đã gửi, đang chờ (1)")).to_be_visible()

    receiver = phone("nhan", java_script_enabled=script).new_page()
    receiver.goto("/manage/")
    receiver.get_by_role("link", name="Chuyển người giữa các cơ quan").click()
    receiver.get_by_role("link", name="Nguyễn Thị Ánh").click()
    expect(receiver.get_by_text("Quyết định 15/QĐ-UBND")).to_be_visible()
    receiver.get_by_role("button", name="Duyệt", exact=True).click()
    expect(receiver.get_by_text("Đã duyệt. Nguyễn Thị Ánh được chuyển")).to_be_visible()
    receiver.goto("/manage/people")
    receiver.get_by_role("link", name="Nguyễn Thị Ánh").click()
    expect(receiver.get_by_role("listitem").filter(has_text="Sở Văn hóa")).to_contain_text("Vị trí chính")

    sender.goto("/manage/people")
    expect(sender.get_by_role("link", name="Nguyễn Thị Ánh")).to_have_count(0)


def test_one_claims_who_came_and_the_other_lets_them_go(phone: Phone) -> None:
    receiver = phone("moi").new_page()
    receiver.goto("/manage/people/transfers")
    receiver.get_by_role("link", name="Nhận người về").click()
    receiver.get_by_label("Mã cán bộ").fill("cb 00017")
    receiver.get_by_role("button", name="Tìm").click()
    expect(receiver.get_by_label("Đặng Văn Bình")).to_be_checked()
    receiver.get_by_label("Nhận về cơ quan, đơn vị").select_option(label="Sở Y tế")
    receiver.get_by_role("button", name="Gửi đề nghị").click()
    expect(receiver.get_by_role("heading", name="Tôi đã gửi, đang chờ (1)")).to_be_visible()

    sender = phone("nhan").new_page()
    sender.goto("/manage/people/transfers")
    sender.get_by_role("link", name="Đặng Văn Bình").click()
    sender.get_by_role("button", name="Không duyệt").click()
    expect(sender.get_by_text("Chưa nhập lý do không duyệt").first).to_be_visible()
    sender.get_by_role("button", name="Duyệt", exact=True).click()
    expect(sender.get_by_text("Đã duyệt. Đặng Văn Bình được chuyển")).to_be_visible()
    receiver.goto("/manage/people")
    expect(receiver.get_by_role("link", name="Đặng Văn Bình")).to_be_visible()
