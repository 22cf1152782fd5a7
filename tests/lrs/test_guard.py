"""Communication 1.4, 2.8, 3.2, 3.3: credentials, versions, headers and errors."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask

from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.kit.db import Database
from lms.lrs import operations, queries
from tests.lrs.making import SECRET, Store, make_credential, new_id, statement

VERSION = "X-Experience-API-Version"
CONSISTENT = "X-Experience-API-Consistent-Through"


STRANGERS = [None, "Basic", "Basic !!!", "Basic dGh1OnNhaQ==", "Bearer x", "Basic a2hvbmc6Y28=", "Basic AHRodTp4"]  # the last: NUL


@pytest.mark.parametrize("authorization", STRANGERS, ids=str)
def test_without_a_valid_credential_the_answer_is_401_and_says_how(store: Store, authorization: str | None) -> None:
    response = store.get(headers={"Authorization": authorization})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Basic ")
    assert response.json["error"]["code"] == "credential_required"


def test_a_signed_in_person_has_no_way_in(store: Store) -> None:
    assert store.open("GET", headers={"Authorization": None}).status_code == 401


def test_a_revoked_credential_is_refused_at_once(store: Store, database: Database) -> None:
    assert store.get().status_code == 200
    with database.transaction() as session:
        operations.revoke_credential(session, SERVICE, "thu", now())
    assert store.get().status_code == 401


@pytest.mark.parametrize(
    ("scopes", "reads", "writes"),
    [
        (("statements/write",), 403, 200),
        (("statements/read",), 200, 403),
        (("all/read",), 200, 403),
        (("statements/read/mine",), 200, 403),
        (("state", "profile", "define"), 403, 403),
        (("all",), 200, 200),
    ],
)
def test_scopes_open_what_they_name(app: Flask, database: Database, scopes: tuple[str, ...], reads: int, writes: int) -> None:
    make_credential(database, *scopes)
    store = Store(app.test_client())
    assert store.get().status_code == reads
    assert store.post(statement()).status_code == writes
    assert store.put(new_id(), statement()).status_code == (204 if writes == 200 else 403)


def test_read_mine_shows_only_what_the_credential_stored(app: Flask, database: Database, store: Store) -> None:
    make_credential(database, "statements/write", "statements/read/mine", key="rieng")
    narrow = Store(app.test_client(), key="rieng")
    theirs, own = store.stored(), narrow.stored()
    assert narrow.ids() == narrow.ids(agent=statement()["actor"]) == [own]
    assert narrow.get(statementId=theirs).status_code == 404
    assert set(store.ids()) == {theirs, own}


def test_the_use_of_a_credential_is_noted(store: Store, database: Database) -> None:
    store.get()
    with database.reading() as session:
        used = queries.credentials(session)[0].last_used_at
    assert used is not None
    assert now() - used < timedelta(minutes=1)


def test_the_secret_is_not_kept(store: Store, database: Database) -> None:
    with database.reading() as session:
        assert SECRET.encode() not in queries.credentials(session)[0].secret_hash


@pytest.mark.parametrize("version", ["1.0", "1.0.0", "1.0.1", "1.0.3", "1.0.9", "2.0", "2.0.0", "2.0.1"])
def test_both_versions_are_spoken_and_answered_in(store: Store, version: str) -> None:
    response = store.get(headers={VERSION: version})
    assert response.status_code == 200
    assert response.headers[VERSION] == ("1.0.3" if version.startswith("1") else "2.0.0")


@pytest.mark.parametrize("version", [None, "", "0.9", "0.95", "1.1.0", "1.0.x", "2.1.0", "3.0.0", "2", "x", " 1.0.3", "1.0.3\u0661"])
def test_a_missing_or_other_version_is_refused_with_those_there_are(store: Store, version: str | None) -> None:
    for authorization in (store.headers["Authorization"], None):
        response = store.get(headers={VERSION: version, "Authorization": authorization})  # type: ignore[dict-item]
        assert response.status_code == 400
        assert "1.0.3" in response.json["error"]["message"]
        assert response.headers[VERSION] == "2.0.0"


def test_about_needs_neither_credential_nor_version(app: Flask) -> None:
    response = app.test_client().get("/xapi/about")
    assert response.status_code == 200
    assert "1.0.3" in response.json["version"]
    assert response.headers[VERSION] == "2.0.0"


@pytest.mark.parametrize("version", ["1.0.3", "2.0.0"])
def test_about_lists_the_versions_its_reader_can_know(app: Flask, version: str) -> None:
    response = app.test_client().get("/xapi/about", headers={VERSION: version})
    assert response.headers[VERSION] == version
    assert "1.0.1" in response.json["version"]
    assert ("2.0.0" in response.json["version"]) == (version == "2.0.0")


def test_every_answer_tells_the_version_errors_included(store: Store) -> None:
    answers = [
        store.get(),
        store.get(foo="1"),
        store.get(headers={"Authorization": None}),
        store.get(statementId=new_id()),
        store.open("DELETE"),
        store.open("GET", "no/such/resource"),
        store.post(b"{"),
    ]
    assert [answer.status_code for answer in answers] == [200, 400, 401, 404, 405, 404, 400]
    assert {answer.headers.get(VERSION) for answer in answers} == {"1.0.3"}
    assert all(answer.json["error"]["code"] for answer in answers[1:])


def test_every_answer_about_statements_tells_how_current_it_is(store: Store) -> None:
    answers = [
        store.get(),
        store.post(statement()),
        store.put(new_id(), statement()),
        store.get(foo="1"),
        store.open("DELETE"),
        store.post(b""),
    ]
    for answer in answers:
        moment = datetime.fromisoformat(answer.headers[CONSISTENT])
        assert timedelta(0) <= now() - moment < timedelta(minutes=1)


def test_what_is_being_stored_is_not_promised_yet(store: Store, database: Database) -> None:
    """While a writer is between its clock and its commit, the promise stays before it."""
    if database.is_sqlite:
        return  # it shows no writers: it has one at a time, for milliseconds
    with database.transaction() as session:
        operations.take_turn(session, [])
        at = now()
        assert datetime.fromisoformat(store.get().headers[CONSISTENT]) < at
    assert datetime.fromisoformat(store.get().headers[CONSISTENT]) >= at.replace(microsecond=at.microsecond // 1000 * 1000)
