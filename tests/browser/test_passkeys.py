"""A passkey made and used in a real browser, whose machine is a virtual one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect
from werkzeug.serving import make_server

import courses
import quizzes
from lms.app import create_app
from lms.config import Settings
from lms.kit.db import Database
from tests.browser.conftest import PATIENCE, PHONE
from tests.factories import make_agency, make_person

PASSWORD = "ruộng bậc thang"


@pytest.fixture
def place(settings: Settings) -> Iterator[str]:
    """The application under a name: browsers make no passkeys for a bare number."""
    served: list[Flask] = []  # its address is known only once the server stands
    server = make_server("127.0.0.1", 0, lambda environ, start: served[0](environ, start), threaded=True)  # noqa: PLW0108  # not there yet
    address = f"http://localhost:{server.port}"
    app = create_app(replace(settings, base_url=address), features=(courses.feature, quizzes.feature))
    app.extensions["lms.features"] = tuple(replace(feature, first_pages=()) for feature in app.extensions["lms.features"])
    served.append(app)
    database: Database = app.extensions["lms.database"]
    with database.transaction() as session:
        make_person(session, "Nông Văn Dũng", agency=make_agency(session, "Sở Y tế"), login="dung", password=PASSWORD)
    thread = threading.Thread(target=server.serve_forever, name="test-server")
    thread.start()
    yield address
    server.shutdown()
    thread.join()
    server.server_close()
    database.dispose()


def test_a_finger_instead_of_a_password(chromium: Browser, place: str) -> None:
    context = chromium.new_context(viewport=PHONE, base_url=place, locale="vi-VN")  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    machine = context.new_cdp_session(page)
    machine.send("WebAuthn.enable")
    abilities = {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True}
    machine.send("WebAuthn.addVirtualAuthenticator", {"options": {"protocol": "ctap2", "transport": "internal", **abilities}})

    page.goto("/sign-in?next=/account/passkeys")
    page.get_by_label("Tên đăng nhập hoặc mã cán bộ").fill("dung")
    page.get_by_label("Mật khẩu", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập", exact=True).click()
    page.get_by_label("Đặt tên cho khóa").fill("Điện thoại của Dũng")
    page.get_by_role("button", name="Thêm khóa truy cập").click()
    expect(page.get_by_text("Đã thêm khóa truy cập “Điện thoại của Dũng”.")).to_be_visible()
    page.get_by_role("button", name="Đăng xuất", exact=True).click()

    page.get_by_role("link", name="Đăng nhập bằng khóa truy cập").click()
    page.get_by_role("button", name="Đăng nhập bằng khóa truy cập").click()
    expect(page.get_by_role("link", name="Nông Văn Dũng")).to_be_visible()
    page.goto("/account/passkeys")
    expect(page.get_by_text("dùng lần cuối")).to_be_visible()
    context.close()


def test_a_machine_without_the_key_says_so_and_the_password_is_at_hand(chromium: Browser, place: str) -> None:
    context = chromium.new_context(viewport=PHONE, base_url=place, locale="vi-VN")  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    machine = context.new_cdp_session(page)
    machine.send("WebAuthn.enable")
    machine.send("WebAuthn.addVirtualAuthenticator", {"options": {"protocol": "ctap2", "transport": "internal"}})
    page.goto("/sign-in/passkey")
    page.get_by_role("button", name="Đăng nhập bằng khóa truy cập").click()
    expect(page.get_by_text("Chưa có xác nhận.")).to_be_visible()
    page.get_by_role("link", name="Đăng nhập bằng mật khẩu").click()
    expect(page.get_by_role("heading", name="Đăng nhập", exact=True)).to_be_visible()
    context.close()
