"""The example of content for authors (docs/examples), in a real browser: it says what its own learner watched and nothing of others."""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, Route, expect

from lms.kit.db import Database
from tests.factories import make_agency, make_person
from tests.lrs.making import Store, make_credential

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
Phone = Callable[..., BrowserContext]


def film() -> bytes:
    """Two seconds of silence, which a video element plays like any film."""
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setparams((1, 1, 8000, 0, "NONE", ""))
        file.writeframes(bytes([128]) * 16000)
    return sound.getvalue()


def beside_the_service(route: Route) -> None:
    """As a reverse proxy would serve the folder."""
    name = route.request.url.rsplit("/", 1)[-1]
    if name == "film.mp4":
        content = film()
        begin = int(route.request.headers.get("range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        place = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        headers = {"Content-Range": place, "Accept-Ranges": "bytes", "Content-Type": "audio/wav"}
        route.fulfill(status=206, body=content[begin:], headers=headers)
    else:
        route.fulfill(path=EXAMPLES / name)


@pytest.fixture
def learner(database: Database) -> str:
    with database.transaction() as session:
        return str(make_person(session, agency=make_agency(session, "Sở Nội vụ"), login="an"))


@pytest.fixture
def store(app: Flask, database: Database) -> Store:
    make_credential(database)
    return Store(app.test_client())


def opened(context: BrowserContext, *, told: bool = True) -> Page:
    context.route("**/hoc-lieu/**", beside_the_service)
    page = context.new_page()
    page.goto("/hoc-lieu/video-lesson.html")
    if told:
        expect(page.locator("#film[data-told]")).to_be_attached()
    return page


def statements(store: Store) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = store.get(ascending="true").json["statements"]
    return found


def test_what_is_watched_is_told_as_the_learner_by_the_video_profile(phone: Phone, store: Store, learner: str) -> None:
    page = opened(phone("an"))
    page.evaluate("film.muted = true; film.play()")
    page.wait_for_function("film.ended")
    with page.expect_response(lambda answer: "terminated" in (answer.request.post_data or "")):
        page.evaluate("dispatchEvent(new Event('pagehide'))")
    told = statements(store)
    assert [one["verb"]["id"].rsplit("/", 1)[-1] for one in told] == ["initialized", "played", "paused", "completed", "terminated"]
    assert {one["actor"]["account"]["name"] for one in told} == {learner}
    assert all(learner in {one["account"]["name"] for one in said["authority"]["member"]} for said in told)
    assert len({one["context"]["registration"] for one in told}) == 1
    assert all(one["context"]["contextActivities"]["category"][0]["id"] == "https://w3id.org/xapi/video" for one in told)
    assert told[3]["result"]["completion"] is True


def test_it_goes_on_where_it_was_left(phone: Phone, store: Store, learner: str) -> None:
    context = phone("an")
    page = opened(context)
    with page.expect_response(lambda answer: answer.request.method == "PUT"):
        page.evaluate("film.currentTime = 1.25; film.dispatchEvent(new Event('pause'))")
    page.close()
    again = opened(context)
    assert again.evaluate("film.currentTime") == pytest.approx(1.25)


def test_its_key_says_nothing_of_anybody_else(phone: Phone, store: Store, learner: str) -> None:
    page = opened(phone("an"))
    said = {
        "actor": {"account": {"homePage": "http://127.0.0.1:8000", "name": "somebody-else"}},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/completed"},
        "object": {"id": "http://127.0.0.1:8000/hoc-lieu/phim-1"},
    }
    status = page.evaluate(
        "async (body) => (await (await openStore()).ask('statements', {method: 'POST', body})).status",
        json.dumps(said),
    )
    assert status == 403
    assert all(one["actor"]["account"]["name"] == learner for one in statements(store))


def test_without_scripts_the_film_is_there(phone: Phone, store: Store, learner: str) -> None:
    page = opened(phone("an", java_script_enabled=False), told=False)
    expect(page.locator("#film")).to_be_visible()
    assert statements(store) == []


def test_somebody_who_is_not_signed_in_sees_the_film_and_nothing_is_told(phone: Phone, store: Store, learner: str) -> None:
    context = phone("an")
    context.clear_cookies()
    page = opened(context, told=False)
    page.wait_for_load_state("networkidle")
    expect(page.locator("#film")).to_be_visible()
    assert statements(store) == []
