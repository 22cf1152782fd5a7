"""What happened becomes statements: in order, once in effect, and a bad note does not stop the others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.errors import DomainError
from lms.lrs import queries
from lms.lrs.jobs import store_outbox
from lms.lrs.operations import retry_entry
from lms.lrs.outbox import OutboxEntry, emit
from lms.lrs.vocabulary import statement_id
from tests.lrs.making import Store, statement


def build(_session: Session, reference: Mapping[str, Any], happened_at: datetime) -> list[dict[str, Any]]:
    if reference.get("poison") == "error":
        raise RuntimeError("không có lượt làm bài này")
    if reference.get("poison") == "invalid":
        return [statement(verb={"id": "x"})]
    return [
        statement(id=str(statement_id(reference["name"], part)), timestamp=happened_at.isoformat()) for part in range(reference["parts"])
    ]


@pytest.fixture(autouse=True)
def builder(app: Flask) -> None:
    app.extensions["lms.statement_builders"]["test.built"] = build


def happen(database: Database, *references: dict[str, Any], kind: str = "test.built") -> None:
    at = now()
    with database.transaction() as session:
        for reference in references:
            emit(session, kind, {"parts": 1, **reference}, at)


def drain(app: Flask) -> None:
    with app.app_context():
        store_outbox(now())


def entries(database: Database) -> list[OutboxEntry]:
    with database.reading() as session:
        return list(session.scalars(select(OutboxEntry).order_by(OutboxEntry.id)))


def test_what_happened_is_stored_in_the_order_it_was_noted(app: Flask, database: Database, store: Store) -> None:
    names = [f"việc {number}" for number in range(30)]
    happen(database, *({"name": name, "parts": 2} for name in names))
    drain(app)
    assert store.ids(ascending="true") == [str(statement_id(name, part)) for name in names for part in range(2)]
    assert all(entry.stored_at for entry in entries(database))
    authority = store.get().json["statements"][0]["authority"]
    assert authority["account"] == {"homePage": "http://127.0.0.1:8000", "name": "lms"}


def test_more_than_one_batch_is_stored_in_one_go_and_in_order(app: Flask, database: Database, store: Store) -> None:
    names = [f"việc {number}" for number in range(120)]
    happen(database, *({"name": name} for name in names))
    drain(app)
    assert store.ids(ascending="true") == [str(statement_id(name, 0)) for name in names]


def test_storing_again_after_a_crash_changes_nothing(app: Flask, database: Database, store: Store) -> None:
    happen(database, {"name": "một"})
    drain(app)
    before = store.get().data
    with database.transaction() as session:
        session.execute(update(OutboxEntry).values(stored_at=None))  # as if the worker died before it could note it
    drain(app)
    assert store.get().data == before
    assert entries(database)[0].stored_at is not None


def test_the_same_event_noted_twice_is_one_statement(app: Flask, database: Database, store: Store) -> None:
    happen(database, {"name": "một"}, {"name": "một"})
    drain(app)
    assert len(store.ids()) == 1
    assert all(entry.stored_at for entry in entries(database))


@pytest.mark.parametrize("poison", [{"poison": "error"}, {"poison": "invalid"}, {"kind": "unknown"}], ids=str)
def test_a_bad_note_lets_the_others_pass_and_is_set_aside_with_its_reason(
    app: Flask, database: Database, store: Store, poison: dict[str, str]
) -> None:
    happen(database, {"name": "trước"})
    happen(database, {"name": "hỏng", **poison}, kind=poison.get("kind", "test.built"))
    happen(database, {"name": "sau"})
    with time_machine.travel(now(), tick=False) as clock:
        drain(app)
        assert store.ids(ascending="true") == [str(statement_id("trước", 0)), str(statement_id("sau", 0))]
        for _ in range(6):
            clock.shift(timedelta(minutes=2))
            drain(app)
    bad = entries(database)[1]
    assert bad.stored_at is None
    assert bad.set_aside_at is not None
    assert bad.tries == 5
    assert bad.error
    assert len(store.ids()) == 2


def test_a_failed_note_waits_before_it_is_tried_again(app: Flask, database: Database) -> None:
    happen(database, {"name": "hỏng", "poison": "error"})
    drain(app)
    drain(app)
    assert entries(database)[0].tries == 1


def test_what_was_set_aside_can_be_tried_again_once_mended(app: Flask, database: Database, store: Store) -> None:
    happen(database, {"name": "một"})
    with database.transaction() as session:
        session.execute(update(OutboxEntry).values(set_aside_at=now(), tries=5, error="x"))
    drain(app)
    assert store.ids() == []
    with database.reading() as session:
        assert queries.outbox_state(session).waiting == 0
        entry = queries.outbox_state(session).set_aside[0]
    with database.transaction() as session:
        retry_entry(session, SERVICE, entry.id, now())
    drain(app)
    assert len(store.ids()) == 1
    with pytest.raises(DomainError), database.transaction() as session:
        retry_entry(session, SERVICE, entry.id, now())


def test_nothing_is_noted_when_the_change_is_undone(app: Flask, database: Database) -> None:
    with pytest.raises(RuntimeError), database.transaction() as session:
        emit(session, "test.built", {"name": "một"}, now())
        raise RuntimeError
    assert entries(database) == []


def test_the_worker_does_it_every_second(app: Flask) -> None:
    assert {periodic.name: periodic.seconds for periodic in app.extensions["lms.periodic"]}["lrs.outbox"] == 1
