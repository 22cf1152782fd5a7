"""The real erasure, and what the record store holds of a person: statements keep their worth under a pseudonym, all else goes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, insert, select

from lms.accounts.rules.pseudonyms import account_name
from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.kit.db import Database
from lms.lrs.jobs import discard_tokens
from lms.lrs.models import Credential, Document, ForwardFault, ForwardTarget, Statement, StatementId
from lms.lrs.operations import issue_content_token
from lms.privacy.operations import erase_person
from tests.lrs.attaching import TEXT, attachment, part, parts_of, post, signature
from tests.lrs.making import Store, make_credential, new_id, statement
from tests.lrs.signing import sign
from tests.privacy.making import BASE, Known, drain, leave_service, live, make_known, make_world, occurrences, open_the_round
from tests.quizzes.making import AT

ACTIVITY = "http://example.vn/hoc-lieu/1"
OCTETS = {"Content_Type": "application/octet-stream"}


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(AT, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def known(app: Flask, database: Database) -> Known:
    with database.transaction() as session:
        agency = make_world(session)
        person = make_known(session, agency, 1, "Đặng Thị Kim Chi")
        open_the_round(session)
        live(session, person)
    drain(app)
    return person


@pytest.fixture
def store(app: Flask, database: Database) -> Store:
    make_credential(database)
    return Store(app.test_client())


@pytest.fixture
def content(app: Flask, database: Database, known: Known) -> Store:
    with database.transaction() as session:
        made = issue_content_token(session, known.id, "Bài 1", AT)
    return Store(app.test_client(), made.key, made.secret)


def self_of(person: Known) -> dict[str, Any]:
    return {"objectType": "Agent", "account": {"homePage": BASE, "name": str(person.id)}}


def erase(database: Database, person: Known) -> str:
    with database.transaction() as session:
        leave_service(session, person.id)
        return account_name(erase_person(session, SERVICE, person.id, AT.date(), AT))


def worth(database: Database) -> list[tuple[Any, ...]]:
    """What statistics and lists go by, person apart."""
    with database.reading() as session:
        columns = (Statement.position, Statement.verb, Statement.activity, Statement.registration, Statement.timestamp, Statement.stored)
        return [tuple(row) for row in session.execute(select(*columns).order_by(Statement.position))]


def test_statements_say_the_same_of_the_pseudonym_and_are_found_by_everything_else(
    app: Flask, database: Database, store: Store, content: Store, known: Known
) -> None:
    said = statement(id=new_id(), actor=self_of(known), result={"duration": "PT007S", "score": {"scaled": 0.50}})
    assert content.post(said).status_code == 200
    before = worth(database)
    pseudonym = erase(database, known)
    assert worth(database) == before
    kept = store.get(statementId=said["id"])
    assert kept.json["actor"] == {"objectType": "Agent", "account": {"homePage": BASE, "name": pseudonym}}
    assert kept.json["result"]["duration"] == "PT007S"
    assert str(known.id) not in kept.text
    assert store.ids(agent=self_of(known)) == []
    ours = {"account": {"homePage": BASE, "name": pseudonym}}
    assert said["id"] in store.ids(agent=ours, limit=500)
    assert set(store.ids(agent=ours, verb=said["verb"]["id"], activity=said["object"]["id"])) == {said["id"]}
    with database.reading() as session:
        assert [place for place, _ in occurrences(session, (str(known.id),)) if place.startswith("xapi_")] == []


def test_keys_of_their_content_open_nothing_and_their_documents_are_gone(
    database: Database, store: Store, content: Store, known: Known
) -> None:
    place = {"activityId": ACTIVITY, "agent": json.dumps(self_of(known)), "stateId": "resume"}
    assert content.open("PUT", "activities/state", {"time": 12}, query_string=place).status_code == 204
    other = {**place, "agent": json.dumps({"mbox": "mailto:binh@example.vn"})}
    assert store.open("PUT", "activities/state", {"time": 1}, query_string=other).status_code == 204
    erase(database, known)
    assert content.get().status_code == 401
    assert store.open("GET", "activities/state", query_string=place).status_code == 404
    assert store.open("GET", "activities/state", query_string=other).status_code == 200
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Document)) == 1
        assert session.scalar(select(func.count()).select_from(Credential).where(Credential.person_id.is_not(None))) == 0


def test_what_they_attached_and_what_they_signed_goes_and_the_statements_say_that_it_was_there(
    database: Database, store: Store, known: Known
) -> None:
    with_file = statement(id=new_id(), actor=self_of(known), attachments=[attachment(TEXT)])
    bare = statement(id=new_id(), actor=self_of(known))
    jws = sign(bare)
    signed = {**bare, "attachments": [signature(jws)]}
    others = statement(id=new_id(), attachments=[attachment(TEXT)])
    assert post(store, with_file, part()).status_code == 200
    assert post(store, signed, part(jws, **OCTETS)).status_code == 200
    assert post(store, others, part()).status_code == 200
    pseudonym = erase(database, known)
    for one in (with_file, signed):
        answer = store.get(statementId=one["id"], attachments="true")
        assert len(parts_of(answer)) == 1  # the statement alone
        kept = store.get(statementId=one["id"]).json
        assert kept["actor"]["account"]["name"] == pseudonym
        assert [said["sha2"] for said in kept["attachments"]] == [said["sha2"] for said in one["attachments"]]
    assert [found for _headers, found in parts_of(store.get(statementId=others["id"], attachments="true"))[1:]] == [TEXT]


def test_what_a_store_outside_said_about_them_goes(database: Database, store: Store, known: Known) -> None:
    store.post(statement(id=new_id(), actor=self_of(known)))
    with database.transaction() as session:
        of_them = session.execute(select(StatementId.position, StatementId.id).order_by(StatementId.position.desc()).limit(1)).one()
        target = {"name": "ioc", "endpoint": "https://kho.vn/", "username": "k", "password": b"x", "version": "1.0.3", "verbs": []}
        row = {**target, "cursor": of_them.position, "sent": 0, "failures": 0, "created_at": AT}
        session.execute(insert(ForwardTarget).values(row))
        fault = {"target": "ioc", "statement_id": of_them.id, "status": 400, "set_aside_at": AT}
        session.add(ForwardFault(**fault, position=of_them.position, reason=f"actor {known.id} unknown"))
    erase(database, known)
    with database.reading() as session:
        assert session.scalars(select(ForwardFault.reason)).all() == [""]


def test_a_key_of_content_is_thrown_away_after_its_hours(
    app: Flask, database: Database, content: Store, clock: time_machine.Coordinates
) -> None:
    clock.shift(timedelta(hours=5))
    assert content.get().status_code == 401
    with app.app_context():
        discard_tokens(now())
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Credential)) == 0
