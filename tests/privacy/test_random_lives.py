"""Whatever two records did, their merge loses nothing of it; whoever is forgotten, no column tells of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses.models import LessonProgress
from lms.accounts.operations.merging import merge_persons
from lms.accounts.operations.roster_changes import Change, keep_changes, kept_changes
from lms.kit.actors import SERVICE
from lms.kit.db import Database
from lms.kit.following import followers_of
from lms.kit.imports.models import ImportRun
from lms.lrs.queries import statements_about
from lms.lrs.rules.forgetting import identities
from lms.privacy.operations import NewRequest, erase_person, make_request
from lms.privacy.operations.notices import read_notice
from lms.privacy.rules.requests import RequestKind
from lms.results.models import Expectation, Outcome
from quizzes.models import Attempt, Response
from tests.courses.making import FIRST, SECOND, THIRD
from tests.factories import make_person
from tests.privacy.making import BASE, Known, drain, leave_service, live, make_known, make_world, occurrences, open_the_round, references_to
from tests.quizzes.making import AT, ZONE

LEFT = {"account.person_id", "sign_in.person_id", "activation_code.person_id", "person_merge.absorbed_id"}
ONCE = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
KINDS = tuple(kind for kind in RequestKind if kind is not RequestKind.CORRECTION)
LIVES = st.fixed_dictionaries(
    {
        "sittings": st.integers(0, 2),
        "right": st.integers(0, 6),
        "lessons": st.sets(st.sampled_from((FIRST, SECOND, THIRD))).map(lambda found: tuple(sorted(found))),
        "notice": st.booleans(),
        "asks": st.sets(st.sampled_from(KINDS)),
    }
)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def world(app: Flask, database: Database) -> UUID:
    """The agency everybody works in. Examples follow one another in one province: each makes its own two people."""
    with database.transaction() as session:
        agency = make_world(session)
        make_person(session, "Lê Văn Trước", agency=agency)
        open_the_round(session)
    return agency


NUMBERS = iter(range(1000, 10_000))  # of one length, so that none is part of another


def born(session: Session, agency: UUID, life: dict[str, Any], name: str) -> Known:
    number = next(NUMBERS)
    person = make_known(session, agency, number, f"{name} {number}")
    expect(session, person)
    for turn in range(life["sittings"]):
        live(session, person, right=life["right"], lessons=life["lessons"] if turn == 0 else ())
    if life["notice"]:
        read_notice(session, person.actor, "2026-11", AT)
    for kind in life["asks"]:
        make_request(session, person.actor, person.id, NewRequest(kind, f"của {person.names[0]}"), AT, zone=ZONE)
    return person


def expect(session: Session, person: Known) -> None:
    """Rounds that are open expect those who were there; these came later and are added by hand."""
    like = session.scalars(select(Expectation).limit(1)).first()
    if like is not None:
        values = {
            column.key: getattr(like, column.key) for column in Expectation.__table__.columns if column.key not in ("id", "person_id")
        }
        session.add(Expectation(person_id=person.id, **values))
        session.flush()


def known_of(session: Session, people: tuple[UUID, ...]) -> dict[str, Any]:
    """All that counts about some people, added up."""

    def count(model: Any) -> int:
        return session.scalar(select(func.count()).select_from(model).where(model.person_id.in_(people))) or 0

    lessons = session.scalars(select(LessonProgress.lesson_slug).where(LessonProgress.person_id.in_(people)))
    attempts = select(Attempt.id).where(Attempt.person_id.in_(people))
    best = session.scalar(select(func.max(Outcome.score)).where(Outcome.person_id.in_(people), Outcome.superseded_by.is_(None)))
    return {
        "attempts": count(Attempt),
        "responses": session.scalar(select(func.count()).where(Response.attempt_id.in_(attempts))),
        "lessons": set(lessons),
        "best": best,
        "statements": len(statements_about(session, identities(BASE, [str(each) for each in people], []))),
    }


@ONCE
@given(one=LIVES, other=LIVES)
def test_a_merge_loses_nothing_whatever_the_two_records_did(
    app: Flask, database: Database, world: UUID, one: dict[str, Any], other: dict[str, Any]
) -> None:
    with database.transaction() as session:
        kept, absorbed = born(session, world, one, "Đặng Kim"), born(session, world, other, "Đặng Kim")
    drain(app)
    with database.reading() as session:
        before = known_of(session, (kept.id, absorbed.id))
    with database.transaction() as session:
        merge_persons(session, SERVICE, kept.id, absorbed.id, {}, at=AT)
    with database.reading() as session:
        assert set(references_to(session, absorbed.id)) <= LEFT
        after = known_of(session, (kept.id,))
        assert {name: after[name] for name in after if name != "statements"} == {
            name: before[name] for name in before if name != "statements"
        }
        assert known_of(session, (kept.id, absorbed.id))["statements"] >= before["statements"]
        told = {s.heading: len(s.rows) for f in followers_of(session).persons for s in f.disclose(session, kept.id)}
        assert told["Lượt làm bài"] == before["attempts"]
        numbers = session.scalars(select(Attempt.number).where(Attempt.person_id == kept.id)).all()
        assert len(set(numbers)) == len(numbers)
        standing = select(func.count()).select_from(Outcome).where(Outcome.person_id == kept.id, Outcome.superseded_by.is_(None))
        assert session.scalar(standing) in (0, 1)


@ONCE
@given(one=LIVES, other=LIVES, merged=st.booleans())
def test_no_column_tells_of_the_forgotten_whatever_they_did(
    app: Flask, database: Database, world: UUID, one: dict[str, Any], other: dict[str, Any], merged: bool
) -> None:
    with database.transaction() as session:
        person, twin = born(session, world, one, "Vũ Thị Hà"), born(session, world, other, "Vũ Thị Hà")
        for run in session.scalars(select(ImportRun.id).where(ImportRun.created_by == person.id).limit(1)):
            keep_changes(session, run, [Change(person.id, "changed", "s", 2, {"full_name": person.names[0]}, {"email": "x"})], AT)
    drain(app)
    with database.transaction() as session:
        if merged:
            merge_persons(session, SERVICE, person.id, twin.id, {}, at=AT)
        for each in (person, twin):
            leave_service(session, each.id)
    with database.reading() as session:
        before = {model: session.scalar(select(func.count()).select_from(model)) for model in (Attempt, Response, Outcome, LessonProgress)}
    with database.transaction() as session:
        erase_person(session, SERVICE, person.id, AT.date(), AT)
    with database.reading() as session:
        names = person.names[:-1] + (twin.names[:-1] if merged else ())  # the title is everybody's
        assert list(occurrences(session, names)) == []
        assert before == {model: session.scalar(select(func.count()).select_from(model)) for model in before}
        for run in session.scalars(select(ImportRun.id)):
            assert all(change.person_id != person.id for changes in kept_changes(session, run) for change in changes)
