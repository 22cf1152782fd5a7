"""An outside program with the tincan library, over a real socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from threading import Thread

import pytest
from flask import Flask
from tincan import Attachment
from werkzeug.serving import make_server

from lms.kit.clock import now
from lms.kit.db import Database
from lms.lrs.building import Activity, ActivityDefinition, Agent, AgentAccount, LanguageMap, RemoteLRS, Statement, StatementRef, Verb
from tests.lrs.making import SECRET, Store, make_credential, new_id

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


def attached(**changes: object) -> Statement:
    mine = made()
    content = b"minutes of a meeting"
    said = {"usage_type": "http://e.vn/minutes", "display": LanguageMap({"vi": "Biên bản"}), "content_type": "text/plain"}
    mine.attachments = [Attachment(length=len(content), sha2=sha256(content).hexdigest(), **said, **changes)]
    return mine


def test_it_leaves_the_contents_of_attachments_behind(remote: RemoteLRS) -> None:
    response = remote.save_statement(attached())
    assert not response.success
    assert response.response.status == 400  # what is declared must come along, and it has no way to send it
    elsewhere = remote.save_statement(attached(fileurl="https://hoc.example.vn/bien-ban.txt"))
    assert elsewhere.success, elsewhere.data


def test_a_batch_with_ids_that_are_known_already_is_sent_again_whole_or_not_at_all(remote: RemoteLRS) -> None:
    batch = [made(), made("cb-002")]
    for one, id_ in zip(batch, ("8f87ccde-bb56-4c2e-ab83-44982ef22df0", "8f87ccde-bb56-4c2e-ab83-44982ef22df1"), strict=True):
        one.id = id_
    assert remote.save_statements(batch).success
    assert remote.save_statements(batch).success
    other = made("cb-003")
    other.id = batch[1].id
    assert remote.save_statements([made("cb-004"), other]).response.status == 409
    found = remote.query_statements({"ascending": True})
    assert [str(one.id) for one in found.content.statements] == [str(one.id) for one in batch]


def test_it_cannot_read_back_what_others_stored_under_ids_of_version_7(app: Flask, remote: RemoteLRS) -> None:
    ours = Store(app.test_client())
    newer = ours.stored(id="019aa000-1111-7222-8333-444444444444")
    with pytest.raises(ValueError, match="UUID"):
        remote.retrieve_statement(newer)
    with pytest.raises(TypeError, match="statements"):  # and of a page with such a one it reads nothing
        remote.query_statements({})


def test_what_it_reads_and_sends_again_is_another_statement(app: Flask, remote: RemoteLRS) -> None:
    ours = Store(app.test_client())
    kept = ours.stored(id=new_id(), timestamp="2026-11-22T09:21:07.123456789Z", result={"duration": "PT007S", "score": {"raw": 10}})
    said = ours.get(statementId=kept).json
    assert said["result"] == {"duration": "PT007S", "score": {"raw": 10}}
    again = remote.retrieve_statement(kept).content
    again.id = new_id()
    assert remote.save_statement(again).success
    written = ours.get(statementId=str(again.id)).json
    assert (written["result"]["duration"], written["timestamp"]) != (said["result"]["duration"], said["timestamp"])


def test_it_waits_for_a_store_that_says_nothing() -> None:
    """As long as that store likes: what has a time-out is over after this."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        remote = RemoteLRS(version="1.0.3", endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}/xapi/", username="a", password="b")
        outcome: list[object] = []

        def ask() -> None:
            try:
                remote.about()
            except OSError as error:
                outcome.append(error)

        waiting = Thread(target=ask)
        waiting.start()
        connection, _address = silent.accept()
        assert connection.recv(1)
        assert connection.gettimeout() is None
        waiting.join(0.3)
        assert waiting.is_alive()
        assert outcome == []
        connection.close()
    waiting.join()
    assert outcome
