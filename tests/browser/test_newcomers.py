"""From the spreadsheet of an agency to a newcomer who is signed in: import, slip, activation, as people do it on their devices."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, expect

from lms.accounts.operations import ensure_position_groups
from lms.kit.actors import Role
from lms.kit.db import Database
from lms.kit.imports.jobs import read_content
from lms.kit.queue import run_due
from tests.factories import grant, make_agency, make_person

Phone = Callable[..., BrowserContext]
HEADER = "TT,Họ và tên,Mã cán bộ,Ngày sinh,Đơn vị công tác,Chức vụ"
FAULTY = f"""DANH SÁCH BỔ SUNG
{HEADER}
1,Hoàng Thị Mỷ,CB09001,31/02/1975,Sở Nội vụ,Chuyên viên
2,Lê Văn Kim,CB09002,12/12/1985,Sở Nội vụ,Văn thư
"""


@pytest.fixture(autouse=True)
def organiser(database: Database) -> None:
    with database.transaction() as session:
        ensure_position_groups(session)
        province = make_agency(session, "Ủy ban nhân dân tỉnh Thái Nguyên", kind="province", code="H55")
        office = make_agency(session, "Sở Nội vụ", parent=province, code="H55.2")
        grant(session, make_person(session, "Nguyễn Diệu Hiền", agency=office, login="hien"), Role.DEPARTMENT)


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_faulty_file_is_mended_imported_and_its_people_sign_in(
    app: Flask, phone: Phone, chromium: Browser, address: str, tmp_path: Path, script: bool
) -> None:
    page = phone("hien", java_script_enabled=script).new_page()
    faulty, mended = tmp_path / "can-bo.csv", tmp_path / "can-bo-sua.csv"
    faulty.write_text(FAULTY)
    mended.write_text(FAULTY.replace("31/02/1975", "28/02/1975"))

    page.goto("/manage/")
    page.get_by_role("link", name="Nhập danh sách cán bộ").click()
    page.get_by_label("Tệp cần nhập").set_input_files(faulty)
    page.get_by_role("button", name="Tải lên và kiểm tra").click()
    expect(page.get_by_role("button", name="Nhập 1 dòng đúng, bỏ 1 dòng lỗi")).to_be_visible()
    expect(page.get_by_text("31/02/1975 không có thật").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Tải tệp lỗi").click()
    (sheet,) = read_content(download.value.path().read_bytes(), "can-bo-loi.xlsx")
    assert any("không có thật" in str(cell) for row in sheet.rows for cell in row.cells)

    page.get_by_role("link", name="Chọn tệp đã sửa").click()
    page.get_by_label("Tệp cần nhập").set_input_files(mended)
    page.get_by_role("button", name="Tải lên và kiểm tra").click()
    page.get_by_role("button", name="Nhập 2 dòng").click()
    assert run_due(app) == 1
    page.reload()
    expect(page.get_by_text("Đã nhập xong tệp can-bo-sua.csv")).to_be_visible()

    page.get_by_role("link", name="Cấp phiếu tài khoản cho người mới").click()
    page.get_by_role("button", name=re.compile(r"Cấp và in \d phiếu")).click()
    slip = page.locator(".slip", has_text="Hoàng Thị Mỷ")
    code = slip.locator("code").inner_text()

    newcomer = chromium.new_context(base_url=address, java_script_enabled=script).new_page()
    newcomer.goto("/sign-in")
    newcomer.get_by_role("link", name="Kích hoạt tài khoản bằng mã trên phiếu").click()
    newcomer.get_by_label("Mã kích hoạt").fill(code.lower().replace("-", " "))
    newcomer.get_by_role("button", name="Tiếp tục").click()
    expect(newcomer.get_by_text("Hoàng Thị Mỷ")).to_be_visible()
    newcomer.get_by_label("Mật khẩu mới", exact=True).fill("mua xuan chin tren doi")
    newcomer.get_by_label("Nhập lại mật khẩu mới").fill("mua xuan chin tren doi")
    newcomer.get_by_role("button", name="Kích hoạt và đăng nhập").click()
    expect(newcomer.get_by_role("heading", name="Thông báo xử lý dữ liệu cá nhân")).to_be_visible()
    newcomer.get_by_role("button", name="Đã đọc, tiếp tục").click()
    expect(newcomer.get_by_role("heading", name="Việc của tôi")).to_be_visible()
    newcomer.context.close()
