"""A real browser against the running application. Where there is no Chromium these tests are skipped, with the reason."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright
from werkzeug.serving import make_server

CHROMIUM = Path("/usr/bin/chromium")
PHONE = {"width": 360, "height": 740}
PATIENCE = 30_000  # milliseconds; a busy build machine is slower than any phone
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="package")  # its driver keeps an event loop running, with which others that need one could not run
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"no browser: {CHROMIUM} is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """What a browser sees does not depend on the database; one kind is enough here."""
    path = tmp_path / "lms.db"
    path.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{path}"


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Where the application is served for this test."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, name="test-server")
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def phone(chromium: Browser, address: str, sign_in: Callable[[str], FlaskClient]) -> Iterator[Callable[..., BrowserContext]]:
    """`phone("an")`: a phone's browser in which that person is signed in; more options as for a browser context."""
    opened: list[BrowserContext] = []

    def open_phone(login: str, **options: object) -> BrowserContext:
        cookie = sign_in(login).get_cookie("lms_session")
        assert cookie is not None
        context = chromium.new_context(viewport=PHONE, base_url=address, locale="vi-VN", **options)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        context.add_cookies([{"name": "lms_session", "value": cookie.value, "url": address}])
        opened.append(context)
        return context

    yield open_phone
    for context in opened:
        context.close()
