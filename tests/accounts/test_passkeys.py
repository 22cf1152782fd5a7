"""Passkeys: made, used, listed, removed; and every way in which an answer proves nothing."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from lms.accounts.models import Account, Passkey
from lms.accounts.rules import passkeys
from lms.config import Settings
from lms.kit.actors import Role
from lms.kit.audit import AuditEntry
from lms.kit.db import Database
from tests.accounts.authenticator import SoftwareKey
from tests.factories import grant, make_agency, make_person

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
ORIGIN, SITE = "http://localhost:8000", "localhost"
PASSWORD = "Chợ Mới 2026 đông vui"
SignInAs = Callable[[str], FlaskClient]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, base_url=ORIGIN, require_second_factor=True)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(AT, tick=False) as clock:
        yield clock


@pytest.fixture
def owner(database: Database) -> UUID:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Nội vụ")
        make_person(session, "Lê Thị Khác", agency=agency, login="khac", password=PASSWORD)
        person = make_person(session, "Nông Văn Dũng", agency=agency, login="dung", password=PASSWORD)
        grant(session, person, Role.DEPARTMENT)
        session.get_one(Account, person).last_sign_in_at = AT - timedelta(days=1)
        session.get_one(Account, person).password_set_at = AT - timedelta(days=1)
        return person


def post(client: FlaskClient, address: str, json: Any) -> Any:
    return client.post(address, json=json, headers={"Accept": "application/json"})


def signed_in(app: Flask, login: str = "dung") -> FlaskClient:
    client = app.test_client()
    client.post("/sign-in", data={"login": login, "password": PASSWORD})
    return client


def make_key(client: FlaskClient, **changed: Any) -> SoftwareKey:
    key = SoftwareKey(**{"origin": ORIGIN, "site": SITE, **changed})
    options = post(client, "/account/passkeys/options", {}).json
    response = post(client, "/account/passkeys", {"credential": key.make(options), "name": "Điện thoại"})
    assert response.status_code == 200, response.text
    return key


def use(client: FlaskClient, key: SoftwareKey, **more: Any) -> Any:
    options = post(client, "/sign-in/passkey/options", {}).json
    return post(client, "/sign-in/passkey", {"credential": key.answer(options), **more})


def test_a_passkey_is_both_factors_at_once(app: Flask, owner: UUID) -> None:
    key = make_key(signed_in(app))
    client = app.test_client()
    response = use(client, key, next="/manage/people")
    assert response.json == {"next": "/manage/people"}
    assert client.get("/manage/people").status_code == 200


def test_setting_one_up_is_enough_to_manage(app: Flask, owner: UUID) -> None:
    client = signed_in(app)
    assert client.get("/manage/people").status_code == 303
    make_key(client)
    assert client.get("/manage/people").status_code == 200


def test_a_manager_with_a_passkey_alone_does_not_get_in_by_password_alone(app: Flask, owner: UUID) -> None:
    make_key(signed_in(app))
    response = app.test_client().post("/sign-in", data={"login": "dung", "password": PASSWORD})
    assert response.location == "/sign-in/code"


def test_a_learner_still_gets_in_by_password_on_a_borrowed_machine(app: Flask, owner: UUID) -> None:
    make_key(signed_in(app, "khac"))
    response = app.test_client().post("/sign-in", data={"login": "khac", "password": PASSWORD})
    assert response.location == "/"


def test_one_is_not_sent_to_other_sites(app: Flask, owner: UUID) -> None:
    key = make_key(signed_in(app))
    assert use(app.test_client(), key, next="//evil.example/x").json == {"next": "/"}
    assert use(app.test_client(), key, next=7).json == {"next": "/"}


def test_an_answer_is_taken_once(app: Flask, owner: UUID) -> None:
    key, client = make_key(signed_in(app)), app.test_client()
    answer = key.answer(post(client, "/sign-in/passkey/options", {}).json)
    assert post(client, "/sign-in/passkey", {"credential": answer}).status_code == 200
    again = post(app.test_client(), "/sign-in/passkey", {"credential": answer})
    assert again.status_code == 422
    assert again.json["error"]["code"] == "passkey_refused"


def test_a_challenge_is_good_for_ten_minutes(app: Flask, owner: UUID, clock: time_machine.Coordinates) -> None:
    key, client = make_key(signed_in(app)), app.test_client()
    answer = key.answer(post(client, "/sign-in/passkey/options", {}).json)
    clock.shift(timedelta(minutes=10))
    assert post(client, "/sign-in/passkey", {"credential": answer}).status_code == 422


def test_a_copied_key_is_noticed_by_its_count(app: Flask, owner: UUID, database: Database) -> None:
    key = make_key(signed_in(app))
    stolen = copy.copy(key)
    for _use in range(3):
        assert use(app.test_client(), key).status_code == 200
    assert use(app.test_client(), stolen).status_code == 422
    with database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "accounts.refuse_passkey")).one()
    assert "sign count" in entry.details["reason"]


@pytest.mark.parametrize(
    "wrong",
    [{"origin": "https://lms.example.com"}, {"site": "example.com"}, {"verifies": False}, {"credential_id": b"unknown"}],
    ids=["another origin", "another site", "nobody verified", "unknown key"],
)
def test_what_proves_nothing_is_refused_in_the_same_words(app: Flask, owner: UUID, wrong: dict[str, Any]) -> None:
    key, client = make_key(signed_in(app)), app.test_client()
    for name, value in wrong.items():
        setattr(key, name, value)
    response = use(client, key)
    assert response.status_code == 422
    assert "Không đăng nhập được bằng khóa truy cập này" in response.json["error"]["message"]
    assert client.get("/account").status_code == 302


def test_another_key_does_not_sign_for_this_one(app: Flask, owner: UUID) -> None:
    key = make_key(signed_in(app))
    forged = SoftwareKey(ORIGIN, SITE, credential_id=key.credential_id)
    assert use(app.test_client(), forged).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"credential": None},
        {"credential": "x"},
        {"credential": {"response": 7}},
        {"credential": {"id": "a", "response": {"clientDataJSON": "!!"}}},
    ],
)
def test_nonsense_is_refused(app: Flask, owner: UUID, body: Any) -> None:
    assert post(app.test_client(), "/sign-in/passkey", body).status_code == 422
    assert post(signed_in(app), "/account/passkeys", body).status_code == 422


def test_locked_and_closed_accounts_stay_so(app: Flask, owner: UUID, database: Database) -> None:
    key = make_key(signed_in(app))
    for values in ({"locked_until": AT + timedelta(minutes=5)}, {"locked_until": None, "disabled_at": AT}):
        with database.transaction() as session:
            session.execute(update(Account).where(Account.person_id == owner).values(values))
        assert use(app.test_client(), key).status_code == 422


def test_a_key_answers_only_the_person_who_asked(app: Flask, owner: UUID) -> None:
    mine, theirs = signed_in(app), signed_in(app, "khac")
    key = SoftwareKey(ORIGIN, SITE)
    made = key.make(post(mine, "/account/passkeys/options", {}).json)
    assert post(theirs, "/account/passkeys", {"credential": made}).status_code == 422


def test_a_key_known_already_is_not_added_twice(app: Flask, owner: UUID) -> None:
    client = signed_in(app)
    key = make_key(client)
    assert key.credential_id
    again = post(client, "/account/passkeys", {"credential": key.make(post(client, "/account/passkeys/options", {}).json)})
    assert again.status_code == 409


def test_keys_are_listed_and_removed_by_their_owner_alone(app: Flask, owner: UUID, database: Database) -> None:
    client = signed_in(app)
    key = make_key(client)
    assert "Điện thoại" in client.get("/account/passkeys").text
    with database.reading() as session:
        passkey = str(session.scalars(select(Passkey.id)).one())
    signed_in(app, "khac").post("/account/passkeys/remove", data={"passkey": passkey})
    assert use(app.test_client(), key).status_code == 200
    client.post("/account/passkeys/remove", data={"passkey": passkey})
    assert use(app.test_client(), key).status_code == 422


def test_a_key_is_added_only_soon_after_signing_in(app: Flask, owner: UUID, clock: time_machine.Coordinates) -> None:
    client = app.test_client()
    client.post("/sign-in", data={"login": "khac", "password": PASSWORD, "remember": "y"})
    clock.shift(timedelta(minutes=16))
    response = post(client, "/account/passkeys/options", {})
    assert response.json["error"]["code"] == "sign_in_again"


@pytest.mark.parametrize(
    ("address", "offered"),
    [
        ("https://lms.example.vn", True),
        ("http://localhost:8000", True),
        ("http://127.0.0.1:8000", False),
        ("https://10.0.0.7", False),
        ("http://lms.example.vn", False),
    ],
)
def test_passkeys_are_offered_where_browsers_make_them(address: str, offered: bool) -> None:
    assert passkeys.offered(address) is offered
