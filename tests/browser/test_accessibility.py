"""What the accessibility statement promises: a machine finds nothing serious on the main pages, in any of their looks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from lms.kit.actors import Role
from lms.kit.clock import local_date, now
from lms.kit.db import Database
from tests.factories import grant, make_agency, make_person
from tests.quizzes.making import ZONE, fill_bank, make_learners, make_round

LARGEST = "en.200.high"
LOOKS = ("vi.100.normal", LARGEST, "vi.125.grey")
FOR_ALL = ("/sign-in", "/activate", "/accessibility", "/no-such-page")
FOR_LEARNERS = ("/", "/courses/", "/rounds/", "/rounds/2026-Q4/", "/rounds/2026-Q4/start", "/account")
FOR_ORGANISERS = (
    "/manage/",
    "/manage/people",
    "/manage/people/slips",
    "/manage/people/statistics/",
    "/manage/imports/roster",
    "/manage/agencies/",
    "/manage/agencies/import",
    "/manage/agencies/changes/",
    "/manage/agencies/changes/new",
    "/manage/agencies/changes/new/merge",
    "/manage/agencies/changes/new/split",
    "/manage/permissions",
    "/manage/rounds",
    "/manage/rounds/2026-Q4/",
    "/manage/questions",
    "/manage/rounds/new",
    "/manage/rounds/calendar",
    "/manage/rounds/2026-Q4/audience",
    "/manage/rounds/2026-Q4/blocks",
    "/manage/rounds/2026-Q4/make-up",
    "/manage/rounds/2026-Q4/forms",
    "/manage/rounds/2026-Q4/edit/windows",
    "/manage/rounds/2026-Q4/close",
    "/manage/round-lists/2026-Q4",
    "/manage/questions/import",
    "/manage/questions/export",
    "/manage/questions/expiring",
    "/manage/questions/review",
    "/manage/questions/pairs",
    "/manage/rulings",
    "/manage/appeals",
    "/manage/item-reports",
    "/manage/accommodations/",
    "/manage/accommodations/new",
    "/manage/late",
    "/manage/statistics",
    "/manage/mail/",
    "/manage/xapi/",
    "/reports/",
    "/reports/2026-Q4/",
)


@pytest.fixture(autouse=True)
def a_round_is_open(database: Database) -> None:
    at = now()
    with database.transaction() as session:
        make_learners(session, "an")
        agency = make_agency(session, "Ủy ban nhân dân tỉnh Thái Nguyên", kind="province", code="H55")
        grant(session, make_person(session, "Nguyễn Diệu Hiền", agency=agency, login="hien"), Role.DEPARTMENT)
        fill_bank(session)
        make_round(session, opens_at=at - timedelta(days=1), closes_at=at + timedelta(days=9), cutoff_day=local_date(at, ZONE))


def trouble(page: Page, address: str) -> list[str]:
    """What hinders people on a page: findings of weight, more than one main heading, text cut off at the side."""
    page.goto(address)
    found = [
        f"{address}: {finding['id']} at {finding['nodes'][0]['html'][:160]}"
        for finding in Axe().run(page).response["violations"]
        if finding["impact"] in ("serious", "critical")
    ]
    if page.locator("h1").count() != 1:
        found.append(f"{address}: {page.locator('h1').count()} main headings")
    width = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    if width[0] > width[1]:
        found.append(f"{address}: {width[0]} pixels wide on a screen of {width[1]}")
    return found


@pytest.mark.parametrize("look", LOOKS)
def test_nothing_serious_on_the_pages_of_strangers_learners_and_organisers(
    chromium: Browser, phone: Callable[..., BrowserContext], address: str, look: str
) -> None:
    stranger = chromium.new_context(viewport={"width": 360, "height": 740}, base_url=address)
    found = []
    # The looks differ in the style sheet alone, and organisers' pages are many: they are tried in the largest.
    organisers = FOR_ORGANISERS if look == LARGEST else ()
    for context, pages in ((stranger, FOR_ALL), (phone("an"), FOR_LEARNERS), (phone("hien"), organisers)):
        context.add_cookies([{"name": "lms_display", "value": look, "url": address}])
        page = context.new_page()
        found += [line for one in pages for line in trouble(page, one)]
    stranger.close()
    assert found == []
