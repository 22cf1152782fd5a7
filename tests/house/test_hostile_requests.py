"""What no browser of ours would send: refused in words, never answered with a failure of the service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from lms.kit.actors import Role
from lms.kit.db import Database
from quizzes.operations.attempts import start_attempt
from tests.factories import grant
from tests.quizzes.making import AT, QUARTER, fill_bank, make_learners, make_round

SignInAs = Callable[[str], FlaskClient]
NOBODY = "00000000-0000-7000-8000-000000000000"
PARAMETERS = (
    "q",
    "search",
    "agency",
    "group",
    "topic",
    "level",
    "after",
    "before",
    "list",
    "on",
    "form",
    "slot",
    "qualification",
    "it_duty",
)
HUGE = ("9" * 19, "9" * 30, "9" * 5000)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def learner(database: Database) -> UUID:
    """`hocvien` with an open attempt, who also holds every role; the attempt's id."""
    with database.transaction() as session:
        fill_bank(session)
        [actor] = make_learners(session, "hocvien")
        make_round(session)
        assert actor.person_id is not None
        for role in (Role.DEPARTMENT, Role.SYSTEM):
            grant(session, actor.person_id, role)
        return start_attempt(session, actor, QUARTER, AT).attempt_id


def test_a_nul_in_an_address_is_no_address(app: Flask, learner: UUID, sign_in: SignInAs) -> None:
    client = sign_in("hocvien")
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or set()) or not rule.arguments or rule.rule.startswith(("/xapi/", "/static/")):
            continue
        words = {name for name, converter in rule._converters.items() if type(converter).__name__ == "UnicodeConverter"}
        for hostile in words:
            filling = {"UnicodeConverter": QUARTER, "IntegerConverter": 1}
            values = {name: filling.get(type(converter).__name__, NOBODY) for name, converter in rule._converters.items()}
            values[hostile] = "a\x00b"
            with app.test_request_context():
                address = app.url_for(rule.endpoint, **values)
            assert client.get(address).status_code == 404, address


def test_a_nul_in_a_parameter_is_a_bad_request(app: Flask, learner: UUID, sign_in: SignInAs) -> None:
    client = sign_in("hocvien")
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or set()) or rule.arguments or rule.rule.startswith(("/xapi/", "/static/")):
            continue
        for name in PARAMETERS:
            response = client.get(rule.rule, query_string={name: f"a\x00b~{NOBODY}"})
            assert response.status_code == 400, (rule.rule, name)
            assert "Kiểm tra lại thông tin" in response.text


def test_text_with_control_characters_in_a_form_is_read_without_them(app: Flask, learner: UUID, sign_in: SignInAs) -> None:
    client = app.test_client()
    assert client.post("/sign-in", data={"login": "hoc\x00vien", "password": "\x00"}).status_code == 422
    assert client.post("/activate", data={"code": "\x00"}).status_code == 422
    assert sign_in("hocvien").post("/account/devices/end", data={"device": "a\x00b"}).status_code == 400


@pytest.mark.parametrize("number", HUGE)
def test_numbers_no_database_holds_are_not_found_or_refused(number: str, learner: UUID, sign_in: SignInAs) -> None:
    client = sign_in("hocvien")
    assert client.get(f"/manage/rounds/{QUARTER}/?form={number}").status_code in (200, 404)
    assert client.post(f"/manage/xapi/outbox/{number}/retry").status_code == 404
    answers = f"/attempts/{learner}/answers"
    for data in ({"slot": number, "takeover": "1"}, {"slot": "1", "takeover": number}):
        assert client.post(answers, data=data).status_code == 422, data
    assert client.post(answers, data={"slot": "1", "takeover": "1", "go": number}).location.endswith("slot=1")


@pytest.mark.parametrize("cookie", [f"vi.{'9' * 5000}.normal", "vi.².normal", "....", "\u0662.\u0662"])
def test_a_spoilt_display_cookie_gives_the_defaults(app: Flask, cookie: str) -> None:
    response = app.test_client().get("/sign-in", headers={"Cookie": f"lms_display={cookie}".encode().decode("latin-1")})
    assert response.status_code == 200
    assert 'data-text="100"' in response.text


def test_no_redirect_repeats_the_host_a_request_claims(app: Flask) -> None:
    client = app.test_client()
    for address in ("/courses", "/reports", "/public/2026-Q4/../2026-Q3", "/courses//x", "//evil.example/courses"):
        location = client.get(address, base_url="http://evil.example/").headers.get("Location", "/")
        assert location.startswith("/"), (address, location)
        assert not location.startswith("//"), (address, location)
