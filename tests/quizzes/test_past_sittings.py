"""Sittings brought in many at a time are told to the record store like any others."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.kit.db import Database
from lms.lrs.jobs import store_outbox
from lms.lrs.operations.forgetting import drop_notes_about
from lms.lrs.outbox import OutboxEntry
from quizzes.jobs.sittings import build_finished, build_started
from quizzes.models import Attempt
from quizzes.operations.history import record_sittings
from quizzes.queries.attempts import papers_of_round
from quizzes.sample import sample_sitting
from tests.lrs.making import Store, make_credential
from tests.quizzes.making import AT, fill_bank, make_learners, make_round, minutes

PEOPLE = 15


@pytest.fixture
def store(app: Flask, database: Database) -> Store:
    make_credential(database)
    return Store(app.test_client())


def bring_in(database: Database, **how: Any) -> None:
    """Of fifteen people, each begins a minute after the one before and sits for twelve: they overlap."""
    with database.transaction() as session:
        people = make_learners(session, *(f"p{number}" for number in range(PEOPLE)))
        fill_bank(session)
        round_id = make_round(session)
    with database.transaction() as session:
        papers = papers_of_round(session, round_id)
        sittings = [
            sample_sitting(papers, one.person_id, ability=0.6, started_at=AT + minutes(number), minutes=12, random=Random(number))
            for number, one in enumerate(people)
            if one.person_id is not None
        ]
        record_sittings(session, SERVICE, round_id, sittings[::-1], now(), **how)


def notes(database: Database) -> list[OutboxEntry]:
    with database.reading() as session:
        return list(session.scalars(select(OutboxEntry).order_by(OutboxEntry.id)))


def tell(app: Flask) -> None:
    with app.app_context():
        store_outbox(now())


def as_if_live(app: Flask, database: Database) -> list[str]:
    """Ids of what these sittings would have been told as while they took place, in order."""
    with app.app_context(), database.reading() as session:
        attempts = session.scalars(select(Attempt)).all()
        events = [(one.started_at, build_started, one.id) for one in attempts]
        events += [(one.submitted_at, build_finished, one.id) for one in attempts if one.submitted_at is not None]
        return [
            made["id"]
            for _at, build, attempt_id in sorted(events, key=lambda event: (event[0], event[1] is build_finished))
            for made in build(session, {"attempt": str(attempt_id)}, AT)
        ]


def test_they_are_told_in_the_order_in_which_they_began_and_ended(app: Flask, database: Database, store: Store) -> None:
    bring_in(database)
    tell(app)
    expected = as_if_live(app, database)
    found = store.ids(ascending="true", limit=500)
    assert len(found) == len(expected) > 6 * PEOPLE
    assert set(found) == set(expected)
    told = [one for one in store.get(ascending="true", limit=500).json["statements"] if not one["verb"]["id"].endswith("/answered")]
    assert [one["timestamp"] for one in told] == sorted(one["timestamp"] for one in told)
    for person in {one["actor"]["account"]["name"] for one in told}:
        verbs = [one["verb"]["id"].rsplit("/", 1)[-1] for one in told if one["actor"]["account"]["name"] == person]
        assert verbs in (["initialized", "passed", "completed"], ["initialized", "failed", "completed"])


def test_a_note_holds_many_and_told_again_nothing_changes(app: Flask, database: Database, store: Store) -> None:
    bring_in(database)
    assert len(notes(database)) == 2  # 15 beginnings and 15 ends, twenty in a row
    tell(app)
    before = store.get(limit=500).data
    with database.transaction() as session:
        session.execute(update(OutboxEntry).values(stored_at=None))  # as if the worker had died before it could note it
    tell(app)
    assert store.get(limit=500).data == before
    assert all(note.stored_at for note in notes(database))


def test_single_answers_may_be_left_out(app: Flask, database: Database, store: Store) -> None:
    bring_in(database, tells_answers=False)
    tell(app)
    assert len(store.ids(limit=500)) == 3 * PEOPLE


def test_who_is_forgotten_is_taken_out_of_a_note_that_was_set_aside(app: Flask, database: Database, store: Store) -> None:
    bring_in(database, tells_answers=False)
    with database.transaction() as session:
        session.execute(update(OutboxEntry).values(set_aside_at=now()))
        gone = session.execute(select(Attempt.id, Attempt.person_id).order_by(Attempt.started_at)).first()
        assert gone is not None
        drop_notes_about(session, [str(gone.id)])
        session.execute(update(OutboxEntry).values(set_aside_at=None))
    tell(app)
    told = store.get(limit=500).json["statements"]
    assert len(told) == 3 * (PEOPLE - 1)
    assert str(gone.person_id) not in {one["actor"]["account"]["name"] for one in told}
