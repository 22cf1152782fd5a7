"""An outside program with the tincan library, over a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from flask import Flask
from werkzeug.serving import make_server

from lms.kit.clock import now
from lms.kit.db import Database
from lms.lrs.building import Activity, ActivityDefinition, Agent, AgentAccount, LanguageMap, RemoteLRS, Statement, StatementRef, Verb
from tests.lrs.making import SECRET, make_credential

HOME = "https://hoc.example.vn"


@pytest.fixture
def remote(app: Flask, database: Database) -> Iterator[RemoteLRS]:
    make_credential(database)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield RemoteLRS(version="1.0.3", endpoint=f"http://127.0.0.1:{server.port}/xapi/", username="thu", password=SECRET)
    server.shutdown()
    thread.join()
    server.server_close()


def made(name: str = "cb-001", verb: str = "completed") -> Statement:
    return Statement(
        actor=Agent(name="Nguyễn Văn An", account=AgentAccount(home_page=HOME, name=name)),
        verb=Verb(id=f"http://adlnet.gov/expapi/verbs/{verb}", display=LanguageMap({"vi": "đã học xong"})),
        object=Activity(id=f"{HOME}/courses/CB1", definition=ActivityDefinition(name=LanguageMap({"vi": "Nền tảng"}))),
    )


def test_about_tells_the_versions(remote: RemoteLRS) -> None:
    response = remote.about()
    assert response.success
    assert "1.0.3" in response.content.version


def test_a_statement_without_id_gets_one(remote: RemoteLRS) -> None:
    response = remote.save_statement(made())
    assert response.success, response.data
    assert response.content.id is not None


def test_a_statement_comes_back_as_it_was_saved(remote: RemoteLRS) -> None:
    mine = made()
    mine.id = "8f87ccde-bb56-4c2e-ab83-44982ef22df0"
    mine.timestamp = datetime(2026, 11, 22, 9, 21, 7, 125000, tzinfo=UTC)
    assert remote.save_statement(mine).success
    assert remote.save_statement(mine).success  # the same again
    got = remote.retrieve_statement(mine.id)
    assert got.success
    assert got.content.actor.name == "Nguyễn Văn An"
    assert got.content.verb.display == mine.verb.display
    assert got.content.object.definition.name == mine.object.definition.name
    assert got.content.timestamp == mine.timestamp
    assert got.content.authority.account.name == "thu"
    assert got.content.stored is not None


def test_another_statement_under_a_known_id_is_refused(remote: RemoteLRS) -> None:
    mine = remote.save_statement(made()).content
    other = made("cb-002")
    other.id = mine.id
    response = remote.save_statement(other)
    assert not response.success
    assert response.response.status == 409


def test_several_at_once_and_page_by_page(remote: RemoteLRS) -> None:
    saved = remote.save_statements([made() for _ in range(5)])
    assert saved.success, saved.data
    wanted = [str(entry.id) for entry in saved.content]
    page = remote.query_statements({"agent": made().actor, "limit": 2, "ascending": True})
    assert page.success, page.data
    got = [str(entry.id) for entry in page.content.statements]
    while page.content.more:
        page = remote.more_statements(page.content)
        assert page.success, page.data
        got += [str(entry.id) for entry in page.content.statements]
    assert got == wanted


def test_filters_by_agent_verb_activity_and_time(remote: RemoteLRS) -> None:
    remote.save_statement(made())
    remote.save_statement(made("cb-002", "passed"))
    query = {
        "agent": made("cb-002").actor,
        "verb": made(verb="passed").verb,
        "activity": made().object,
        "since": now() - timedelta(minutes=1),
        "until": (now() + timedelta(minutes=1)).isoformat(),
        "related_activities": True,
    }
    found = remote.query_statements(query)
    assert found.success, found.data
    assert [entry.actor.account.name for entry in found.content.statements] == ["cb-002"]


def test_a_voided_statement_is_found_as_such(remote: RemoteLRS) -> None:
    mine = remote.save_statement(made()).content
    void = made()
    void.verb = Verb(id="http://adlnet.gov/expapi/verbs/voided")
    void.object = StatementRef(id=mine.id)
    assert remote.save_statement(void).success
    assert not remote.retrieve_statement(mine.id).success
    assert remote.retrieve_voided_statement(mine.id).content.id == mine.id


def test_a_wrong_secret_is_refused(remote: RemoteLRS) -> None:
    stranger = RemoteLRS(version="1.0.3", endpoint=remote.endpoint, username="thu", password="sai")
    response = stranger.save_statement(made())
    assert not response.success
    assert response.response.status == 401
