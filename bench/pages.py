"""What pages weigh beside their budgets, and whether a real browser asks anybody but this host."""

from __future__ import annotations

import http.client
import shutil
from urllib.parse import urlsplit

from playwright.sync_api import Page, Request, sync_playwright

from bench.browser import Browser
from bench.data import AGENCY_CODE, COURSE, PASSWORD, Province
from bench.processes import gunicorn
from bench.requests import loaded
from bench.tables import machine, print_table
from bench.weights import KILO, Weight, weigh_all

CHROMIUM = shutil.which("chromium")


def run() -> None:
    print(machine())
    with (
        loaded("sqlite", people=1000) as (where, province),
        gunicorn("wsgi:app", where.environment, where.folder / "service.log") as (port, _),
    ):
        weights = weigh_all(lambda: Browser(http.client.HTTPConnection("127.0.0.1", port)), province)
        print("\n## Page weights, first visit, as sent; KB of 1,000 bytes\n")
        _print(weights)
        print("\n## Who is asked\n")
        if CHROMIUM is None:
            print("not looked at: there is no chromium here")
        else:
            _walk(f"http://127.0.0.1:{port}", province)


def _print(weights: list[Weight]) -> None:
    rows = []
    for one in weights:
        budget = one.budget
        rows.append(
            [
                one.name,
                *(f"{size / KILO:.1f}" for size in (one.html, one.styles, one.scripts, one.images, one.total)),
                f"{budget.kilobytes:g}" if budget else "–",
                str(one.requests),
                str(budget.requests) if budget and budget.requests else "–",
                f"{budget.scripts:g}" if budget and budget.scripts else "–",
                f"{one.later / KILO:.1f}",
                "over" if one.faults else "ok",
            ]
        )
    header = ["page", "HTML", "CSS", "JS", "images", "KB", "≤", "requests", "≤", "JS ≤", "images later", ""]
    print_table(header, rows)
    for fault in (fault for one in weights for fault in one.faults):
        print(f"over: {fault}")


def _walk(root: str, province: Province) -> None:
    """A learner's and a manager's way in Chromium on a phone's screen, every request noted."""
    asked: list[Request] = []
    saves: list[Request] = []

    def note(request: Request) -> None:
        asked.append(request)
        if request.method == "POST" and request.url.endswith("/answers"):
            saves.append(request)

    def sign_in(page: Page, login: str) -> None:
        page.goto(f"{root}/sign-in")
        page.fill("input[name=login]", login)
        page.fill("input[name=password]", PASSWORD)
        page.click("main form button[type=submit]")
        page.wait_for_url(f"{root}/")

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        context = browser.new_context(viewport={"width": 360, "height": 740}, locale="vi-VN")
        context.on("request", note)
        page = context.new_page()
        sign_in(page, province.learners[-2])
        for address in _every_link_of_the_bar(page):
            page.goto(root + address)
        page.goto(f"{root}/courses/{COURSE}/")
        page.goto(f"{root}/courses/{COURSE}/{province.lesson}")
        for image in page.locator("main img").all():
            image.scroll_into_view_if_needed()
        page.goto(f"{root}/rounds/{province.open_quarter}/start")
        page.check("#read")
        page.click("main form button[type=submit]")
        for _ in range(3):
            with page.expect_response(lambda response: response.url.endswith("/answers")):
                page.locator("#question input").first.check()
            page.get_by_role("button", name="Câu tiếp").click()
        attempt = page.url.partition("?")[0]
        page.goto(f"{attempt}/review")
        page.click("#hand-in button[type=submit]")
        page.wait_for_url("**/receipt")
        page.goto(f"{attempt}/result")
        context.clear_cookies()
        sign_in(page, province.department)
        for address in _every_link_of_the_bar(page):
            page.goto(root + address)
        page.goto(f"{root}/reports/{province.past_quarter}/{AGENCY_CODE}")
        page.goto(f"{root}/preferences?locale=en&next=/")
        hosts = sorted({urlsplit(request.url).hostname or urlsplit(request.url).scheme for request in asked})
        print(f"{len(asked)} requests of Chromium to: {', '.join(hosts)}")
        for request in saves[:1]:
            sizes = {name: size for name, size in request.sizes().items() if size}
            parts = ", ".join(f"{name} {size}" for name, size in sizes.items())
            print(f"one save in Chromium's own count, HTTP/1.1: {sum(sizes.values())} bytes ({parts})")
        browser.close()


def _every_link_of_the_bar(page: Page) -> list[str]:
    links = page.locator("nav.nav a").all()
    return [link.get_attribute("href") or "/" for link in links]
