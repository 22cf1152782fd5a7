"""One-time codes, recovery codes, and what they open."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pyotp
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.accounts.models import Account, Authenticator, RecoveryCode
from lms.config import Settings
from lms.kit.actors import Role
from lms.kit.audit import AuditEntry
from lms.kit.db import Database
from tests.factories import grant, make_agency, make_person

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
PASSWORD = "Chợ Mới 2026 đông vui"
SignInAs = Callable[[str], FlaskClient]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, require_second_factor=True)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(AT, tick=False) as clock:
        yield clock


@pytest.fixture
def people(database: Database) -> dict[str, UUID]:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Nội vụ")
        found = {
            login: make_person(session, name, agency=agency, login=login, password=PASSWORD)
            for login, name in (("chu", "Triệu Thị Chủ"), ("hoc", "Nông Văn Học"), ("dau", "Lê Thị Đầu"))
        }
        grant(session, found["chu"], Role.DEPARTMENT)
        grant(session, found["dau"], Role.FOCAL_POINT, agency)
        for person in found.values():
            account = session.get_one(Account, person)
            account.password_set_at = account.last_sign_in_at = AT - timedelta(days=1)
        return found


def password(app: Flask, login: str, **fields: str) -> tuple[FlaskClient, object]:
    client = app.test_client()
    return client, client.post("/sign-in", data={"login": login, "password": PASSWORD, **fields})


def secret_on(page: str) -> str:
    match = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page)
    assert match
    return match[1].replace(" ", "")


def set_up(client: FlaskClient) -> tuple[str, list[str]]:
    """The secret and the recovery codes, as the pages showed them."""
    secret = secret_on(client.get("/account/second-factor").text)
    page = client.post("/account/second-factor", data={"code": code_of(secret)}).text
    return secret, re.findall(r"\b[34679A-Y]{4}-[34679A-Y]{4}-[34679A-Y]{4}\b", page)


def code_of(secret: str) -> str:
    return pyotp.TOTP(secret).at(datetime.now(UTC))


def test_a_manager_sets_it_up_before_anything_is_managed(app: Flask, people: dict[str, UUID]) -> None:
    client, response = password(app, "chu", next="/manage/people")
    assert response.location == "/account/second-factor"
    assert client.get("/manage/people").location == "/account/second-factor"
    assert client.get("/manage/people", headers={"Accept": "application/json"}).json["error"]["code"] == "second_factor"
    assert client.get("/").status_code == 200  # what every learner may open stays open
    _secret, codes = set_up(client)
    assert len(set(codes)) == 10
    assert client.get("/manage/people").status_code == 200


def test_learners_are_asked_for_nothing_more(app: Flask, people: dict[str, UUID]) -> None:
    client, response = password(app, "hoc")
    assert response.location == "/"
    assert "Thiết lập" in client.get("/account/second-factor").text


def test_from_then_on_the_password_alone_opens_nothing(app: Flask, people: dict[str, UUID], clock: time_machine.Coordinates) -> None:
    secret, _codes = set_up(password(app, "chu")[0])
    clock.shift(60)
    client, response = password(app, "chu", next="/manage/people")
    assert response.location == "/sign-in/code"
    assert client.get("/account").status_code == 302
    response = client.post("/sign-in/code", data={"code": code_of(secret)})
    assert response.location == "/manage/people"
    assert client.get("/manage/people").status_code == 200


def test_a_code_is_taken_once(app: Flask, people: dict[str, UUID], clock: time_machine.Coordinates) -> None:
    secret, _codes = set_up(password(app, "chu")[0])
    clock.shift(60)
    code = code_of(secret)
    assert password(app, "chu")[0].post("/sign-in/code", data={"code": code}).status_code == 303
    again = password(app, "chu")[0].post("/sign-in/code", data={"code": code})
    assert again.status_code == 422
    assert "đã dùng" in again.text
    clock.shift(30)
    assert password(app, "chu")[0].post("/sign-in/code", data={"code": code}).status_code == 422
    assert password(app, "chu")[0].post("/sign-in/code", data={"code": code_of(secret)}).status_code == 303


def test_wrong_codes_lock_like_wrong_passwords(app: Flask, people: dict[str, UUID], clock: time_machine.Coordinates) -> None:
    secret, _codes = set_up(password(app, "chu")[0])
    clock.shift(60)
    client, _response = password(app, "chu")
    for _try in range(4):
        assert "Mã không đúng" in client.post("/sign-in/code", data={"code": "000000"}).text
    assert "quá nhiều lần" in client.post("/sign-in/code", data={"code": "000000"}).text
    assert "quá nhiều lần" in client.post("/sign-in/code", data={"code": code_of(secret)}).text
    assert "Tạm khóa đăng nhập" in password(app, "chu")[1].text


def test_going_back_to_the_password_does_not_start_the_count_anew(
    app: Flask, people: dict[str, UUID], clock: time_machine.Coordinates
) -> None:
    set_up(password(app, "chu")[0])
    clock.shift(60)
    for _try in range(5):
        password(app, "chu")[0].post("/sign-in/code", data={"code": "000000"})
    assert "Tạm khóa đăng nhập" in password(app, "chu")[1].text


def test_the_half_done_sign_in_ends_after_ten_minutes_and_belongs_to_its_browser(
    app: Flask, people: dict[str, UUID], clock: time_machine.Coordinates
) -> None:
    secret, _codes = set_up(password(app, "chu")[0])
    clock.shift(60)
    client, _response = password(app, "chu")
    stranger = app.test_client()
    assert stranger.get("/sign-in/code").location == "/sign-in"
    assert stranger.post("/sign-in/code", data={"code": code_of(secret)}).location == "/sign-in"
    clock.shift(timedelta(minutes=10))
    assert client.post("/sign-in/code", data={"code": code_of(secret)}).location == "/sign-in"


def test_a_recovery_code_works_once_and_is_kept_as_a_hash(
    app: Flask, people: dict[str, UUID], database: Database, clock: time_machine.Coordinates
) -> None:
    _secret, codes = set_up(password(app, "chu")[0])
    with database.reading() as session:
        kept = session.scalars(select(RecoveryCode.code_hash)).all()
        sealed = session.scalars(select(Authenticator.secret_sealed)).one()
    assert not set(codes) & set(kept)
    assert _secret.encode() not in sealed
    clock.shift(60)
    assert password(app, "chu")[0].post("/sign-in/code", data={"code": codes[0].lower().replace("-", " ")}).status_code == 303
    assert password(app, "chu")[0].post("/sign-in/code", data={"code": codes[0]}).status_code == 422
    client, _response = password(app, "chu")
    client.post("/sign-in/code", data={"code": codes[1]})
    assert '<dd class="summary__value">8</dd>' in client.get("/account/second-factor").text


def test_new_recovery_codes_replace_the_old(app: Flask, people: dict[str, UUID], clock: time_machine.Coordinates) -> None:
    client, _response = password(app, "chu")
    _secret, old = set_up(client)
    page = client.post("/account/second-factor/codes").text
    assert "chỉ hiện một lần" in page
    clock.shift(60)
    assert password(app, "chu")[0].post("/sign-in/code", data={"code": old[0]}).status_code == 422


def test_an_open_session_found_later_changes_nothing(app: Flask, people: dict[str, UUID], clock: time_machine.Coordinates) -> None:
    client, _response = password(app, "hoc", remember="y")
    secret = secret_on(client.get("/account/second-factor").text)
    clock.shift(timedelta(minutes=16))
    assert "Đăng nhập lại" in client.get("/account/second-factor").text
    for address in ("/account/second-factor", "/account/second-factor/codes", "/account/second-factor/remove"):
        response = client.post(address, data={"code": code_of(secret)})
        assert response.status_code == 303
        assert "again=yes" in response.location, address


def test_a_slip_replaces_the_password_but_not_the_second_factor(
    app: Flask, people: dict[str, UUID], clock: time_machine.Coordinates
) -> None:
    secret, _codes = set_up(password(app, "dau")[0])
    set_up_by_department, _codes = set_up(department := password(app, "chu")[0])
    assert set_up_by_department != secret
    clock.shift(60)
    page = department.post(f"/manage/people/{people['dau']}/reset").text
    code = re.search(r"<code>([0-9A-Z-]{19})</code>", page)
    assert code
    client, new = app.test_client(), "Suối Mỏ Gà 2027 trong xanh"
    client.post("/activate", data={"code": code[1]})
    assert client.post("/activate/password", data={"password": new, "again": new}).location == "/sign-in"
    assert client.get("/account").status_code == 302


def test_the_department_takes_the_second_factor_away_from_one_who_lost_it(
    app: Flask, people: dict[str, UUID], database: Database, clock: time_machine.Coordinates
) -> None:
    theirs, _response = password(app, "dau")
    set_up(theirs)
    department, _response = password(app, "chu")
    set_up(department)
    assert department.post(f"/manage/people/{people['dau']}/second-factor/reset").status_code == 303
    assert theirs.get("/account").status_code == 302
    assert password(app, "dau")[1].location == "/account/second-factor"
    assert theirs.post(f"/manage/people/{people['chu']}/second-factor/reset").status_code == 302
    with database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "accounts.reset_second_factor")).one()
    assert (entry.actor_id, entry.subject) == (people["chu"], str(people["dau"]))
    assert entry.details["removed"]["recovery_code"] == 10


def test_a_role_given_in_mid_session_asks_for_it_at_once(app: Flask, people: dict[str, UUID], database: Database) -> None:
    client, _response = password(app, "hoc")
    with database.transaction() as session:
        grant(session, people["hoc"], Role.DEPARTMENT)
    assert client.get("/manage/people").location == "/account/second-factor"
    assert client.get("/").status_code == 200


def test_pages_with_the_secret_are_not_kept_by_browsers(app: Flask, people: dict[str, UUID]) -> None:
    page = password(app, "hoc")[0].get("/account/second-factor")
    assert page.headers["Cache-Control"] == "no-store"
    assert "<svg" in page.text
    assert "style=" not in page.text.split("<svg", 1)[1].split("</svg>", 1)[0]
