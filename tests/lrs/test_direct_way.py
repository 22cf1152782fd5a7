"""The short way of a request answers as the application does, and leaves to it whatever is out of the ordinary."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.kit.db import Database
from lms.lrs import operations
from lms.lrs.api.direct import DirectWay
from tests.lrs.making import SECRET, Store, make_credential, new_id, statement

MOVING = {"X-Request-Id", "X-Experience-API-Consistent-Through", "Vary", "Content-Type"}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The methods of requests that the application had to answer."""
    found: list[str] = []
    known = DirectWay.__call__

    def watched(way: DirectWay, environ: Any, start_response: Any) -> Any:
        application = way.application

        def counting(given: Any, start: Any) -> Any:
            found.append(given["REQUEST_METHOD"])
            return application(given, start)

        monkeypatch.setattr(way, "application", counting)
        try:
            return known(way, environ, start_response)
        finally:
            monkeypatch.setattr(way, "application", application)

    monkeypatch.setattr(DirectWay, "__call__", watched)
    return found


def used(store: Store, asked: list[str]) -> Store:
    """The first use of a key is noted by the application."""
    store.post(statement())
    asked.clear()
    return store


def test_storing_and_getting_by_id_do_without_the_application(store: Store, asked: list[str]) -> None:
    used(store, asked)
    statement_id = new_id()
    assert store.put(statement_id, statement()).status_code == 204
    assert store.post([statement(), statement()]).status_code == 200
    assert store.get(statementId=statement_id).status_code == 200
    assert asked == []


@pytest.mark.parametrize(
    "ordinary",
    [
        lambda store: store.post(statement()),
        lambda store: store.put(new_id(), statement()),
        lambda store: store.get(statementId=store.post(statement()).json[0]),
    ],
    ids=["post", "put", "get"],
)
def test_answers_have_the_headers_of_the_application(store: Store, asked: list[str], ordinary: Callable[[Store], TestResponse]) -> None:
    used(store, asked)
    short = ordinary(store)
    assert not asked
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lms.lrs.api.direct._PATH", "/nirgends")
        long = ordinary(store)
    assert asked
    assert short.status_code == long.status_code
    assert {name: value for name, value in short.headers if name not in MOVING} | {"Content-Length": ""} == {
        name: value for name, value in long.headers if name not in MOVING
    } | {"Content-Length": ""}
    assert {name for name, _value in long.headers} - {name for name, _value in short.headers} <= {"Vary", "Content-Type"}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"headers": {"X-Experience-API-Version": "0.9"}}, 400),
        ({"headers": {"X-Experience-API-Version": None}}, 400),
        ({"headers": {"Authorization": "Basic !!!"}}, 401),
        ({"headers": {"Content-Type": "text/plain"}}, 400),
        ({"query_string": {"statementId": new_id()}}, 400),
        ({"body": b'{"actor":1}'}, 400),
        ({"body": b"\xff"}, 400),
        ({"body": statement(id="x")}, 400),
    ],
)
def test_what_is_refused_is_refused_by_the_application(store: Store, asked: list[str], changes: dict[str, Any], status: int) -> None:
    used(store, asked)
    answer = store.open("POST", **{"body": statement(), **changes})
    assert (answer.status_code, asked) == (status, ["POST"])
    assert answer.json["error"]["message"]
    assert len(store.ids()) == 1


def test_an_id_that_is_taken_is_told_by_the_application(store: Store, asked: list[str]) -> None:
    statement_id = str(used(store, asked).post(statement()).json[0])
    assert store.put(statement_id, statement(actor={"mbox": "mailto:khac@e.vn"})).status_code == 409
    assert asked == ["PUT"]
    assert store.get(statementId=statement_id).json["actor"]["name"] == "An"


def test_a_key_that_is_revoked_is_refused_with_the_next_request(store: Store, database: Database, asked: list[str]) -> None:
    used(store, asked)
    assert store.post(statement()).status_code == 200
    with database.transaction() as session:
        operations.revoke_credential(session, SERVICE, "thu", now())
    assert store.post(statement()).status_code == 401
    assert asked == ["POST"]


def test_scopes_hold(app: Flask, database: Database, asked: list[str]) -> None:
    make_credential(database, "statements/read", key="doc", secret=SECRET)
    reader = Store(app.test_client(), "doc", SECRET)
    reader.get()
    assert reader.post(statement()).status_code == 403
    make_credential(database, "statements/write", key="ghi", secret=SECRET)
    writer = Store(app.test_client(), "ghi", SECRET)
    writer.post(statement())
    stored = writer.post(statement()).json[0]
    assert writer.get(statementId=stored).status_code == 403
    assert asked[-1] == "GET"


def test_limits_of_a_key_hold(app: Flask, database: Database) -> None:
    with database.transaction() as session:
        operations.add_credential(session, SERVICE, "Hẹp", ["all"], now(), key="hep", secret=SECRET, requests_per_minute=3, max_body=1024)
    store = Store(app.test_client(), "hep", SECRET)
    assert store.post([statement()] * 20).status_code == 413
    assert [store.post(statement()).status_code for _ in range(3)] == [200, 200, 429]


def test_a_defect_is_told_and_nothing_is_stored_twice(store: Store, asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    used(store, asked)
    calls = []

    def broken(*_given: Any, **_more: Any) -> None:
        calls.append(1)
        raise RuntimeError("broken")

    monkeypatch.setattr("lms.lrs.operations.store_statements", broken)
    with pytest.raises(RuntimeError, match="broken"):
        store.post(statement())
    assert (calls, asked) == ([1], ["POST"])
