"""A learner's content has a key for a few hours, and with it is that learner and nobody else."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from lms.accounts.models import Account
from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.kit.db import Database
from lms.lrs import operations
from lms.lrs.models import Credential, Statement
from lms.lrs.operations.forgetting import forget_agent
from lms.lrs.queries import authority_term
from lms.lrs.rules.credentials import CONTENT_HOURS
from lms.lrs.rules.terms import agent_identity
from tests.factories import make_agency, make_person
from tests.lrs.making import Store, statement, voiding


@pytest.fixture
def learners(database: Database) -> list[UUID]:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Nội vụ")
        return [make_person(session, agency=agency, login=login) for login in ("an", "binh")]


@pytest.fixture
def content(app: Flask, database: Database, learners: list[UUID]) -> Store:
    """What runs in the browser of the first of them."""
    return issue(app, database, learners[0])


def issue(app: Flask, database: Database, person: UUID) -> Store:
    with database.transaction() as session:
        made = operations.issue_content_token(session, person, "Bài 1", now())
    return Store(app.test_client(), made.key, made.secret)


def account(app: Flask, person: UUID, **more: object) -> dict[str, object]:
    return {"account": {"homePage": app.extensions["lms.settings"].base_url, "name": str(person)}, **more}


def test_it_says_what_its_own_learner_did_who_answers_for_it(app: Flask, content: Store, learners: list[UUID]) -> None:
    own = account(app, learners[0])
    stored = content.stored(actor=own)
    got = content.get(statementId=stored)
    assert got.status_code == 200
    program, person = got.json["authority"]["member"]
    assert got.json["authority"]["objectType"] == "Group"
    assert program["account"]["name"] == "content"
    assert person["account"] == own["account"]


def test_all_keys_of_one_learner_are_one_authority(app: Flask, database: Database, content: Store, learners: list[UUID]) -> None:
    own = account(app, learners[0])
    one = content.stored(actor=own)
    again = issue(app, database, learners[0])
    assert again.ids() == content.ids() == [one]
    assert again.post(voiding(one, actor=own)).status_code == 200
    assert one not in content.ids()


def test_each_of_the_two_who_answer_is_found(app: Flask, store: Store, content: Store, learners: list[UUID]) -> None:
    one = content.stored(actor=account(app, learners[0]))
    for answering in store.get(statementId=one).json["authority"]["member"]:
        assert store.ids(agent=answering, related_agents="true") == [one]


def test_who_is_forgotten_answers_under_the_other_name(app: Flask, database: Database, store: Store, learners: list[UUID]) -> None:
    one = issue(app, database, learners[0]).stored(actor=account(app, learners[0]))
    base_url = app.extensions["lms.settings"].base_url
    with database.transaction() as session:
        known_as = {agent_identity(account(app, learners[0])) or ""}
        forget_agent(session, known_as, base_url, "da-xoa-1")
        authority = session.scalar(select(Statement.authority).where(Statement.id == UUID(one)))
    got = store.get(statementId=one).json["authority"]
    assert got["member"][1]["account"] == {"homePage": base_url, "name": "da-xoa-1"}
    assert str(learners[0]) not in store.get(statementId=one).text
    assert authority == authority_term(got)


@pytest.mark.parametrize("way", ["another", "group", "stranger"])
def test_nothing_is_said_of_anybody_else(app: Flask, content: Store, learners: list[UUID], way: str) -> None:
    own = account(app, learners[0])
    actor = {
        "another": account(app, learners[1]),
        "group": {"objectType": "Group", "member": [own]},
        "stranger": {"mbox": "mailto:a@example.vn"},
    }[way]
    response = content.post([statement(actor=own), statement(actor=actor)])
    assert response.status_code == 403
    assert response.json["error"]["field"] == "statements[1].actor"
    assert content.ids() == []


def test_it_reads_its_own_statements_alone(app: Flask, database: Database, store: Store, content: Store, learners: list[UUID]) -> None:
    theirs = store.stored(actor=account(app, learners[0]))
    other = issue(app, database, learners[1])
    elsewhere = other.stored(actor=account(app, learners[1]))
    own = content.stored(actor=account(app, learners[0]))
    assert content.ids() == [own]
    assert content.get(statementId=theirs).status_code == content.get(statementId=elsewhere).status_code == 404
    assert content.get(agent=account(app, learners[1])).status_code == 403


@pytest.mark.parametrize("path", ["activities/state", "agents/profile"])
def test_documents_are_its_own_learners(app: Flask, content: Store, learners: list[UUID], path: str) -> None:
    def query(person: UUID) -> dict[str, str]:
        agent = {"agent": json.dumps(account(app, person))}
        return {**agent, "activityId": "http://example.vn/a", "stateId": "x"} if path.endswith("state") else {**agent, "profileId": "x"}

    headers = {"If-None-Match": "*"}
    assert content.open("PUT", path, b"{}", query_string=query(learners[0]), headers=headers).status_code == 204
    assert content.open("GET", path, query_string=query(learners[0])).status_code == 200
    for method in ("GET", "PUT", "POST", "DELETE"):
        body = b"{}" if method in ("PUT", "POST") else None
        assert content.open(method, path, body, query_string=query(learners[1]), headers=headers).status_code == 403


def test_an_activity_profile_is_read_and_not_changed(content: Store) -> None:
    query = {"activityId": "http://example.vn/a", "profileId": "x"}
    assert content.open("PUT", "activities/profile", b"{}", query_string=query, headers={"If-None-Match": "*"}).status_code == 403
    assert content.open("GET", "activities/profile", query_string=query).status_code == 404


def test_it_ends_by_itself_and_is_thrown_away(content: Store, database: Database) -> None:
    assert content.get().status_code == 200
    with time_machine.travel(now() + timedelta(hours=CONTENT_HOURS, seconds=1)):
        assert content.get().status_code == 401
        with database.transaction() as session:
            assert operations.discard_expired(session, now()) == 1


def test_it_ends_with_the_account_and_when_it_is_taken_back(app: Flask, database: Database, content: Store, learners: list[UUID]) -> None:
    with database.transaction() as session:
        session.execute(update(Account).where(Account.person_id == learners[0]).values(disabled_at=now()))
    assert content.get().status_code == 401
    other = issue(app, database, learners[1])
    assert other.get().status_code == 200
    with database.transaction() as session:
        assert operations.revoke_content_tokens(session, learners) == 2
        assert session.scalars(select(Credential)).all() == []
    assert other.get().status_code == 401


def test_requests_of_a_minute_and_octets_of_a_request_are_limited(app: Flask, database: Database) -> None:
    with database.transaction() as session:
        made = operations.add_credential(session, SERVICE, "Hẹp", ("all",), now(), requests_per_minute=2, max_body=2048)
    narrow = Store(app.test_client(), made.key, made.secret)
    with time_machine.travel(now().replace(second=10), tick=False) as clock:
        assert [narrow.get().status_code for _ in range(3)] == [200, 200, 429]
        assert narrow.get().headers["Retry-After"] == "50"
        clock.shift(timedelta(minutes=1))
        assert narrow.post(statement()).status_code == 200
        big = narrow.post([statement() for _ in range(20)])
        assert big.status_code == 413
        clock.shift(timedelta(minutes=1))
        assert len(narrow.ids()) == 1


def test_documents_of_one_learner_have_room_for_so_much_together(
    monkeypatch: pytest.MonkeyPatch, app: Flask, store: Store, content: Store, learners: list[UUID]
) -> None:
    monkeypatch.setattr("lms.lrs.api.documents.CONTENT_QUOTA", 10 * 1024)
    place = {"activityId": "urn:a", "agent": json.dumps(account(app, learners[0]))}

    def put(by: Store, name: str, octets: int, method: str = "PUT") -> int:
        headers = {"Content-Type": "text/plain"}
        return by.open(method, "activities/state", b"x" * octets, query_string={**place, "stateId": name}, headers=headers).status_code

    assert [put(content, "a", 4096), put(content, "b", 4096), put(content, "a", 4096)] == [204, 204, 204]
    refused = content.open("PUT", "activities/state", b"x", query_string={**place, "stateId": "c"}, headers={"Content-Type": "text/plain"})
    assert (refused.status_code, refused.json["error"]["code"]) == (413, "quota_exceeded")
    assert put(content, "c", 1, "POST") == 413
    assert put(content, "a", 4097) == 413
    assert put(store, "c", 1) == 204
    assert content.open("DELETE", "activities/state", query_string={**place, "stateId": "b"}).status_code == 204
    assert put(content, "b", 2048) == 204
